"""What a command has done so far: told while it goes, as one document at its end, or on a signal.

Belongs here: gathering it, and the shape of the document (``docs/commands.md``). Does not: the
facts, their words (``run_summary``), or how lines look (``progress``).
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cchc_pipeline.cli import interruption, progress
from cchc_pipeline.cli.options import language
from cchc_pipeline.cli.run_summary import Speech
from cchc_pipeline.core.errors import DEBUG, CchcError
from cchc_pipeline.core.unforeseen import foreseen

if TYPE_CHECKING:
    from cchc_pipeline.cli.run_request import Job
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.core.telling import Telling
    from publish.installation.release_summary import ReleaseSummary

MADE, CURRENT, FAILED, LEFT = "made", "current", "failed", "not_made"
"""The states of a month in the document."""


@dataclass
class RunReport:
    """A command's doings.

    Args:
        command: Its name.
        as_json: Whether it tells them as one document.
        job: What was asked for; None while that is judged.
        months: Each month with its state, why it was made, and its facts.
        turn: The month that is being made.
        foreseen: The lines of a dry run.
        release: The release that went out, or would; None if there is no news.
        page: The address to look at: the front page of the portal, or of the preview.
        places: What each place beside the portal came to.
        results: The lines of the result.
        is_shown: Whether the last step, which shows it, has begun.
        is_done: Whether nothing is left but to tell it.
    """

    command: str
    as_json: bool
    speech: Speech = field(default_factory=Speech)
    job: "Job | None" = None
    months: "dict[Month, dict[str, Any]]" = field(default_factory=dict)
    turn: "Month | None" = None
    foreseen: list[str] | None = None
    release: dict[str, Any] | None = None
    page: str | None = None
    places: list[dict[str, Any]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    is_shown: bool = False
    is_done: bool = False

    def begin(self, job: "Job") -> None:
        """What was asked for is known from here on."""
        self.job, self.speech = job, Speech(job.settings.lang)
        progress.speak(self.speech)
        self.due(dict.fromkeys(job.months, ()))

    def due(self, months: "Mapping[Month, Sequence[str]]") -> None:
        """These months are to be made, each with what is not current of it."""
        for month, why in months.items():
            self.months.setdefault(month, {"state": LEFT, "why": list(why)})

    def say(self, name: str, **values: object) -> None:
        """Tell a line by its name."""
        progress.tell(self.speech.say(name, **values))

    def lines(self, lines: Iterable[str]) -> None:
        """Tell lines."""
        for line in lines:
            progress.tell(line)

    def tell(self, telling: "Telling") -> None:
        """Be told of what happens: show it, keep what is left, and sum a month up once it is made.

        That is what ``assets`` tells.
        """
        from cchc_pipeline.core.telling import Begun, Made, StepEvent, Turn

        progress.tell(telling)
        if isinstance(telling, Turn):
            self.due({telling.month: telling.why})
            self.turn = telling.month
        elif isinstance(telling, Made):
            self._made(telling.month, telling.why)
            self.turn = None
        elif isinstance(telling, StepEvent) and telling.name == "publication":
            self.is_shown = True
        elif isinstance(telling, Begun):
            self.is_shown = False

    def _made(self, month: "Month", why: Sequence[str]) -> None:
        self.months[month] = {"state": MADE, "why": list(why), **self._facts(month, told=True)}

    def _facts(self, month: "Month", *, told: bool) -> dict[str, Any]:
        """The facts of a month for the document; where there is none, told as lines."""
        from cchc_pipeline.cli.run_summary import as_data, month_lines
        from publish.installation.month_summary import month_summary

        if self.job is None:
            return {}
        summary = month_summary(self.job.settings, month)
        if not self.as_json and told:
            self.lines(month_lines(summary, self.speech))
        data: dict[str, Any] = as_data(summary)
        return data

    def stands(self, month: "Month") -> None:
        """A month is passed over, since it is current: one line."""
        self.say("stands", month=month)
        facts = self._facts(month, told=False) if self.as_json else {}
        self.months[month] = {"state": CURRENT, "why": [], **facts}

    def failed(self, month: "Month", line: str) -> None:
        """A month failed, by an error of this line."""
        self.months[month] = {"state": FAILED, "why": [], "line": line}

    def released(self, summary: "ReleaseSummary", page: Path, own_page: Path) -> None:
        """A release is out, or would go out.

        Args:
            summary: What it changed.
            page: The front page to look at.
            own_page: The page of the release.
        """
        from cchc_pipeline.cli.run_summary import as_data, release_lines

        self.release, self.page = {**as_data(summary), "page": str(own_page)}, str(page)
        if not self.as_json:
            self.lines(release_lines(summary, str(own_page), self.speech))

    def result(self, name: str, **values: object) -> None:
        """A result: a line on stdout once the live line is gone; in the document it is data."""
        self.results.append(self.speech.say(name, **values))

    def document(self, error: CchcError | None = None) -> str:
        """Everything for a script; its fields are those of ``docs/commands.md``."""
        content = {
            "command": self.command,
            "exit_code": error.exit_code if error else 0,
            "error": error.parts if error else None,
            "months": [{"month": str(m), **facts} for m, facts in sorted(self.months.items())],
            "release": self.release,
            "page": self.page,
            "places": self.places,
        }
        if self.foreseen is not None:
            content["plan"] = self.foreseen
        return json.dumps(content, ensure_ascii=False, indent=2)

    def interrupted(self, signal: str) -> interruption.Ending | None:
        """What is said if a signal ends the process now."""
        if self.is_done:
            return None
        error = CchcError(self._standing(signal), todo=self.speech.say("again"))
        document = f"{self.document(error)}\n" if self.as_json else ""
        return interruption.Ending(f"cchc: {error}", document, error.exit_code)

    def _standing(self, signal: str) -> str:
        """How far it came, and what is left."""
        interrupted = self.speech.say("interrupted", signal=signal)
        if self.is_shown:
            return self.speech.say("in_the_switch", interrupted=interrupted)
        if self.job is None:
            return self.speech.say("nothing_begun", interrupted=interrupted)
        made = [str(month) for month, facts in sorted(self.months.items()) if _is_good(facts)]
        left = [str(month) for month, facts in sorted(self.months.items()) if not _is_good(facts)]
        last = self.speech.say("job_preview" if self.command == "preview" else "job_publish")
        return self.speech.say(
            "left_over",
            interrupted=interrupted,
            made=_short(made) or self.speech.say("nothing"),
            left=", ".join(filter(None, [_short(left), last.lower()])),
        )


def _is_good(facts: dict[str, Any]) -> bool:
    return facts["state"] in (MADE, CURRENT)


def _short(months: Sequence[str]) -> str:
    """At most two months, or the first and the last with how many there are."""
    return ", ".join(months) if len(months) <= 2 else f"{months[0]} … {months[-1]} ({len(months)})"


@contextmanager
def reported(command: str, *, as_json: bool) -> Iterator[RunReport]:
    """Tell of a command: its document is written at the end, also if it ends by an error.

    The line of an error is for whoever catches it.
    """
    report = RunReport(command, as_json, Speech(language()))
    interruption.explain(report.interrupted)
    try:
        with progress.shown(report.speech, has_steps=DEBUG in sys.argv):
            yield report
    except BaseException as error:
        interruption.give_way()
        if not isinstance(error, Exception):
            raise
        report.is_done = True
        if report.turn is not None:
            report.failed(report.turn, str(foreseen(error)))
        for text in [report.document(foreseen(error))] if as_json else report.results:
            typer.echo(text)
        raise
    report.is_done = True
    for text in [report.document()] if as_json else report.results:
        typer.echo(text)
