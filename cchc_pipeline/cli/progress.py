"""Telling what goes on: plain lines, or on a terminal one line for a month that keeps moving.

Belongs here: how progress looks on stderr, and the count of a backfill. Does not: what is told
(``cchc_pipeline.core.telling``), or the words and summaries (``run_summary``).
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import typer

from cchc_pipeline.cli.interruption import copy_of
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.wording import worded

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from cchc_pipeline.cli.run_summary import Speech
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.core.telling import Begun, StepEvent, Telling, Turn

_OF_A_JOB = {"years": "backfill_years", "preview": "previewing"}
"""The line that a job without a month begins with."""
_ENOUGH_STEPS = 4
_TIMES_A_SECOND = 4


@dataclass
class Screen:
    """What is being done now, and how it is shown.

    Args:
        speech: The language.
        has_steps: Each step of Dagster's that ended is a line, for engineers.
        stream: Where lines go.
        live: The line of the terminal; None elsewhere.
    """

    speech: "Speech"
    has_steps: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    live: "Live | None" = None
    begun: "Begun | None" = None
    at: float = 0.0
    done: int = 0
    doing: str = ""

    def text(self, now: float) -> str:
        """The live line: month, step, what is being done, elapsed, time left."""
        if self.begun is None:
            return ""
        told = self.speech.say(
            "live",
            month=self.begun.month or self.speech.say(f"job_{self.begun.job}"),
            step=min(self.done + 1, self.begun.steps),
            steps=self.begun.steps,
            what=self.doing,
            elapsed=_clock(now - self.at),
        )
        left = self._left(now - self.at)
        return f"{told}  {self.speech.say('live_left', left=_clock(left))}" if left else told

    def _left(self, elapsed: float) -> float | None:
        """By how long such a job took last; beyond that, by the steps that are left."""
        before, steps = (self.begun.seconds, self.begun.steps) if self.begun else (None, 0)
        if before and elapsed < before:
            return before - elapsed
        return elapsed * (steps - self.done) / self.done if self.done >= _ENOUGH_STEPS else None

    def began(self, begun: "Begun") -> None:
        """Another job runs from now on."""
        self.begun, self.at, self.done, self.doing = (
            begun,
            time.monotonic(),
            0,
            self.speech.say("ready"),
        )

    def stepped(self, step: "StepEvent") -> None:
        """A step begins, or has ended."""
        self.done += step.has_ended
        self.doing = self.speech.doing(step.name)
        if step.has_ended and self.has_steps:
            self.line(f"  {step.name}")

    def made(self, month: "Month") -> None:
        """A month is made: by itself, or as one of many."""
        if self.begun is not None and self.begun.month is None:
            self.done += 1
            self.line(self.speech.say("backfill_ended", month=month))
        else:
            self.begun = None  # the live line goes before the line that ends it
            seconds = round(time.monotonic() - self.at)
            self.line(self.speech.say("ended", month=month, seconds=seconds))

    def line(self, text: str) -> None:
        """Say a line; nothing raw is in it."""
        shown = visible(worded(text, self.speech.language), None)
        if self.live is None:
            typer.echo(shown, file=self.stream)
        else:
            self.live.refresh()  # what it shows below the line is as of now
            self.live.console.print(_plain(shown), soft_wrap=True)


_screen: Screen | None = None


def _current() -> Screen:
    """How it is shown now: in English and as lines where no command said otherwise."""
    from cchc_pipeline.cli.run_summary import Speech

    return _screen or Screen(Speech())


def tell(telling: "Telling") -> None:
    """Show what is told: lines as they are, everything else in the reader's words."""
    from cchc_pipeline.core.telling import SIDE_BY_SIDE, Begun, Made, Turn

    screen = _current()
    if isinstance(telling, str):
        screen.line(telling)
    elif isinstance(telling, Turn):
        screen.line(_turn(telling, screen.speech))
    elif isinstance(telling, Begun):
        screen.began(telling)
        if telling.month is None and telling.job != SIDE_BY_SIDE:
            line = _OF_A_JOB.get(telling.job, "publishing")
            screen.line(screen.speech.say(line, months=telling.steps))
    elif isinstance(telling, Made):
        screen.made(telling.month)
    else:
        screen.stepped(telling)


def _turn(turn: "Turn", speech: "Speech") -> str:
    work = speech.say("whole_month" if turn.is_whole else "year_to_date")
    if turn.why:
        return speech.say("began_again", month=turn.month, work=work, why=", ".join(turn.why))
    return speech.say("began", month=turn.month, work=work)


def speak(speech: "Speech") -> None:
    """Tell in this language from now on."""
    _current().speech = speech


@contextmanager
def shown(speech: "Speech", *, has_steps: bool = False) -> Iterator[None]:
    """Tell in a language, on a terminal with a live line that is gone at the end."""
    global _screen  # noqa: PLW0603 - a process has one stderr
    before = _screen
    with _own_stderr() as stream:
        _screen = Screen(speech, has_steps, stream)
        try:
            if stream.isatty():
                with _living(_screen) as _screen.live:
                    yield
            else:
                yield
        finally:
            _screen = before


@contextmanager
def _own_stderr() -> Iterator[TextIO]:
    """Stderr under a number of its own: within a step Dagster lets the usual one lead to a file."""
    if sys.stderr is not sys.__stderr__:
        yield sys.stderr
        return
    number = copy_of(2)
    with open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1) as stream:  # noqa: PTH123 - a number
        yield stream


def _living(screen: Screen) -> "Live":
    from rich.console import Console
    from rich.live import Live

    return Live(
        get_renderable=lambda: _plain(screen.text(time.monotonic())),
        console=Console(file=screen.stream, highlight=False),
        refresh_per_second=_TIMES_A_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _plain(text: str) -> "Text":
    from rich.text import Text

    return Text(text, overflow="ellipsis", no_wrap=True)


def _clock(seconds: float | None) -> str:
    whole = max(0, round(seconds or 0))
    return f"{whole // 60}:{whole % 60:02d}"


@dataclass
class Count:
    """Months done of a backfill, and the time that the others will take.

    Args:
        months: How many are to be made.
        begun: When the first was begun.
        here: How many ended.
    """

    months: int
    begun: float = field(default_factory=time.monotonic)
    here: int = 0

    def tell(self, month: "Month", line: str) -> None:
        """Say that a month ended, with the line of its error or an empty text."""
        from cchc_pipeline.core.telling import StepEvent

        self.here += 1
        speech = _current().speech
        first = line.partition("\n")[0]
        ended = speech.say("backfill_failed" if line else "backfill_ended", month=month, line=first)
        tell(StepEvent(str(month), has_ended=True))
        tell(f"{ended}{self._rest(speech)}")

    def _rest(self, speech: "Speech") -> str:
        left = self.months - self.here
        if left <= 0:
            return ""
        seconds = left * (time.monotonic() - self.begun) / self.here
        return speech.say("backfill_left", left=left, minutes=max(1, round(seconds / 60)))
