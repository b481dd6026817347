"""What is told at the end of a month and of a release, in words, and the same as plain data.

Belongs here: which line says which fact, and the shape of it for ``--json``. Does not: the facts
(``publish.installation.month_summary``, ``publish.installation.release_summary``), or the words
(``run_words``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from cchc_pipeline.cli.run_words import Speech, load_run_words
from cchc_pipeline.contracts import load_code_list, load_contract
from cchc_pipeline.contracts.sources import source_named
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

TOTAL = "TOTAL"
WITH_SHEETS = "dossiers"
"""The source whose refused rows go back to units in error sheets."""


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
