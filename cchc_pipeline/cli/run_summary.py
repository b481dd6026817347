"""What is told at the end of a month and of a release, in words, and the same as plain data.

Belongs here: which language is spoken, filling in the words of ``schemas/commands/run.yaml``, lists
that are cut short; which line says which fact, and the shape of it for ``--json``. Does not: the
facts (``publish.installation.month_summary``, ``publish.installation.release_summary``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.contracts import Language, Text, load_code_list, load_contract
from cchc_pipeline.contracts.sources import source_named
from cchc_pipeline.core.data import load
from cchc_pipeline.core.period import Month

if TYPE_CHECKING:
    from publish.installation.month_summary import (
        Came,
        Missing,
        MonthSummary,
        RowAccount,
        Score,
        Sheet,
    )
    from publish.installation.release_summary import ReleaseSummary, Revision

_PATH = "commands/run.yaml"
WHOLE_LIST = "cchc status --json"
"""Where a list that was cut short is whole."""
TOTAL = "TOTAL"
WITH_SHEETS = "dossiers"
"""The source whose refused rows go back to units in error sheets."""


@dataclass(frozen=True)
class Doing:
    """What is being done while one of some steps runs."""

    steps: tuple[str, ...]
    words: Text


@dataclass(frozen=True)
class RunWords:
    """All words; the fields are those of the file."""

    basis: str
    listed_at_most: int
    largest_at_most: int
    lines: Mapping[str, Text]
    bases: Mapping[str, Text]
    doing: tuple[Doing, ...]


@cache
def load_run_words() -> RunWords:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used; the line says where.
    """
    return load(RunWords, _PATH)


@dataclass(frozen=True)
class Speech:
    """One language, in which everything of a run is said."""

    language: Language = "en"

    def say(self, name: str, **values: object) -> str:
        """A line by its name, its braces filled; whole numbers are grouped."""
        told = {
            key: self.number(value) if type(value) is int else value
            for key, value in values.items()
        }
        return self.of(load_run_words().lines[name]).format_map(told)

    def of(self, text: Text | CalendarWords) -> str:
        """A text in the language."""
        return text.vi if self.language == "vi" else text.en

    def basis(self, code: str) -> str:
        """What a figure is for: the month, the quarter, the year to date."""
        return self.of(load_run_words().bases[code])

    def doing(self, step: str) -> str:
        """What is being done in a step of Dagster's, for who does not know its name."""
        for doing in load_run_words().doing:
            if any(fnmatchcase(step, pattern) for pattern in doing.steps):
                return self.of(doing.words)
        return step

    def number(self, number: float) -> str:
        """A number with its thousands grouped, as the language writes it."""
        text = f"{number:,}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text

    def score(self, score: float | None) -> str:
        """A score with two decimals, or without any if it is whole."""
        return "–" if score is None else self.number(round(score, 2) if score % 1 else int(score))

    def listed(self, parts: Sequence[str], where: str = WHOLE_LIST, mark: str = ", ") -> str:
        """The first of them; where there are more, how many, and where all are."""
        most = load_run_words().listed_at_most
        rest = [self.say("more", count=len(parts) - most, where=where)] if len(parts) > most else []
        return mark.join([*parts[:most], *rest])


def month_lines(summary: "MonthSummary", speech: Speech) -> Iterator[str]:
    """What came in, what is to be sent back, what is missing, the score."""
    yield from _came_lines(summary, speech)
    yield from _sent_back_lines(summary, speech)
    yield from _missing_lines(summary, speech)
    yield from _score_lines(summary, speech)


def _came_lines(summary: "MonthSummary", speech: Speech) -> Iterator[str]:
    month = summary.month
    if not summary.came:
        yield speech.say("nothing_came", month=month)
    for came in summary.came:
        line, source = "came_partly" if came.is_partial else "came", _source(came.table, speech)
        if came.is_partial or len(came.by_file) != 1:
            account = _account(came.account, speech)
            yield speech.say(line, month=month, source=source, files=came.files, account=account)
        for file, rows in came.by_file.items():
            account = _account(rows, speech)
            yield speech.say("came_file", month=month, source=source, file=file, account=account)


def _account(account: "RowAccount", speech: Speech) -> str:
    return speech.say("account", **asdict(account))


def _source(table: str, speech: Speech) -> str:
    return speech.of(source_named(table).name)


def _sent_back_lines(summary: "MonthSummary", speech: Speech) -> Iterator[str]:
    month, folder = summary.month, str(summary.sheets_folder)
    if summary.sheets:
        sheets = speech.listed([_sheet(sheet, speech) for sheet in summary.sheets], folder)
        count = len(summary.sheets)
        yield speech.say("sheets", month=month, count=count, folder=folder, sheets=sheets)
    for came in _set_aside_without_sheets(summary.came):
        source, rows = _source(came.table, speech), came.account.quarantined
        yield speech.say("set_aside_elsewhere", month=month, rows=rows, source=source)
    if summary.not_taken:
        files = [f"{file.path} -> {file.todo}" for file in summary.not_taken]
        told = speech.listed(files, f"cchc run {month} --dry-run", "; ")
        yield speech.say("left", month=month, count=len(files), files=told)


def _set_aside_without_sheets(came: "Iterable[Came]") -> "Iterator[Came]":
    return (item for item in came if item.account.quarantined and item.table != WITH_SHEETS)


def _sheet(sheet: "Sheet", speech: Speech) -> str:
    unit = sheet.unit.name if sheet.unit else speech.say("unknown_unit")
    return speech.say("sheet", file=sheet.path.name, unit=unit, rows=sheet.rows)


def _missing_lines(summary: "MonthSummary", speech: Speech) -> Iterator[str]:
    month = summary.month
    for missing in summary.missing:
        yield _missing(missing, month, speech)
    if summary.owed:
        ids = {indicator for owed in summary.owed for indicator in owed.indicators}
        units = [
            speech.say("owed_unit", unit=owed.unit.name, ids=", ".join(owed.indicators))
            for owed in summary.owed
        ]
        yield speech.say("owed", month=month, count=len(ids), units=speech.listed(units, mark="; "))
    if not summary.missing and not summary.owed:
        yield speech.say("all_there", month=month)


def _missing(missing: "Missing", month: object, speech: Speech) -> str:
    source = _source(missing.table, speech)
    if missing.units:
        units = speech.listed([unit.name for unit in missing.units])
        count = len(missing.units)
        return speech.say("missing_units", month=month, source=source, count=count, units=units)
    owes = source_named(missing.table).owes
    told = speech.of(owes) if owes else ""
    return speech.say("missing", month=month, source=source, owes=told)


def _score_lines(summary: "MonthSummary", speech: Speech) -> Iterator[str]:
    month, unit = summary.month, summary.root.name
    for basis in dict.fromkeys(score.basis for score in summary.scores):
        scores = [score for score in summary.scores if score.basis == basis]
        groups = [_group(score, speech) for score in scores if score.metric_code != TOTAL]
        yield speech.say(
            "score",
            month=month,
            unit=unit,
            basis=speech.basis(basis),
            total=_total(scores, speech),
            groups=", ".join(groups) or speech.say("no_groups"),
        )
    if not summary.scores:
        yield speech.say("no_score", month=month, unit=unit)
    if summary.corrections:
        yield speech.say("corrected", month=month, count=summary.corrections)


def _total(scores: "Iterable[Score]", speech: Speech) -> str:
    for score in scores:
        if score.metric_code == TOTAL:
            return speech.say("total", **_points(score, speech))
    return speech.say("no_total")


def _group(score: "Score", speech: Speech) -> str:
    return speech.say("group", group=speech.of(score.name), **_points(score, speech))


def _points(score: "Score", speech: Speech) -> dict[str, str]:
    ranked = score.rank is not None and score.peers is not None
    rank = speech.say("rank", rank=score.rank, peers=score.peers)
    return {
        "score": speech.score(score.score),
        "max": speech.score(score.max_score),
        "rank": rank if ranked else speech.say("no_rank"),
    }


def release_lines(summary: "ReleaseSummary", page: str, speech: Speech) -> Iterator[str]:
    """What changed against the last release.

    Args:
        summary: The facts.
        page: The page of the release, which lists all.
        speech: The language.
    """
    if summary.previous is None:
        yield speech.say("first_release", release=summary.release, page=page)
        return
    cells = sum(summary.revised_cells.values())
    tables = [
        speech.say("revised_table", table=speech.of(load_contract(name).title), cells=count)
        for name, count in summary.revised_cells.items()
    ]
    revised = speech.say("revised", cells=cells, tables="; ".join(tables))
    yield speech.say(
        "changed",
        release=summary.release,
        previous=summary.previous,
        added=summary.rows_added,
        revised=revised if cells else speech.say("none_revised"),
        page=page,
    )
    shown = summary.largest[: load_run_words().largest_at_most]
    yield from (f"  {_revision(revision, speech)}" for revision in shown)
    if cells > len(shown):
        yield f"  {speech.say('more_revised', count=cells - len(shown))}"


def _revision(revision: "Revision", speech: Speech) -> str:
    contract = load_contract(revision.table)
    reasons = {code.code: code.name for code in load_code_list("reason_codes").codes}
    reason = reasons.get(revision.reason_code or "")
    return speech.say(
        "revision",
        place=" ".join([f"{speech.of(contract.title)}:", *revision.names]),
        column=speech.of(contract.field(revision.column).title),
        old=revision.old or speech.say("new_row"),
        new=revision.new or speech.say("new_row"),
        reason=speech.of(reason) if reason else speech.say("no_reason"),
    )


def as_data(value: object) -> Any:
    """Facts for a script: fields by their names; months and paths as texts."""
    if is_dataclass(value) and not isinstance(value, Month):
        return {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_data(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(part) for part in value]
    return value if isinstance(value, str | int | float | None) else str(value)
