"""The chapter on the figures themselves: who did not report, what was set aside, what was revised.

Belongs here: choosing these rows and saying them. Does not: judging figures, which the gates of a
release do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.contracts.sources import listed_sources
from cchc_pipeline.core.period import Month
from cchc_pipeline.reports.chapters.compared import compared_part
from cchc_pipeline.reports.document import Block, Lines, PaperColumn, PaperTable, Title
from cchc_pipeline.reports.released import Released, Row
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import (
    count,
    limit,
    marked,
    month_name,
    named,
    say,
    source_note,
    span_name,
)

_OBSERVED = ("scores", "plan_indicators", "dossier_statistics", "petition_statistics")
_COUNTS = ("rows", "accepted", "quarantined", "duplicates")


@dataclass(frozen=True)
class SourceState:
    """What came of a source in a month: its rows, and who owes it (the root: all of it)."""

    month: Month
    source: str
    name: str
    counts: dict[str, int]
    came: bool
    missing_whole: bool
    missing_units: tuple[str, ...]


def source_states(released: Released, span: ReportSpan) -> tuple[SourceState, ...]:
    """Every source and month of a span of which anything was due."""
    return tuple(
        state
        for month in span.months
        for source in listed_sources()
        if (state := _state(released, month, source.source, source.name.vi)) is not None
    )


def _state(released: Released, month: Month, source: str, name: str) -> SourceState | None:
    rows = released.rows("submissions", (month,), table=source)
    due = [row for row in rows if row["status"] != "not_expected"]
    if not due:
        return None
    whole = [row for row in due if row["unit_code"] == released.root]
    came = [row for row in due if row["status"] in ("received", "partial")]
    counted = [row for row in whole if row in came] or came
    missing = [row["unit_code"] for row in due if row["status"] == "missing"]
    return SourceState(
        month, source, name,
        {column: sum(row[column] or 0 for row in counted) for column in _COUNTS},
        bool(came), released.root in missing,
        tuple(sorted(code for code in missing if code != released.root)),
    )  # fmt: skip


def quality_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """The chapter of a report."""
    rows = released.rows("submissions", span.months)
    states = source_states(released, span)
    return (
        Title(marked(say("quality.title", number=number), rows)),
        *(Lines(text) for text in silent_sentences(released, span, states)),
        *_account(states, rows),
        *(Lines(text) for text in revision_sentences(released, span)),
        *compared_part(released, span),
        *(Lines(text, "note") for text in _legend(released, span)),
        Lines(source_note(released, say("quality.table"), rows), "note"),
    )


def silent_sentences(
    released: Released, span: ReportSpan, states: Iterable[SourceState]
) -> Iterable[str]:
    """Who did not report, month by month and source by source; or that all did, or is not known."""
    known = tuple(states)
    told = not known
    if not known:
        yield say("quality.nothing_known", span=span_name(span))
    if missing := tuple(m for m in span.months if m not in released.months):
        told = True
        yield say("quality.unreleased", months=", ".join(month_name(m) for m in missing))
    for state in known:
        month = month_name(state.month)
        if state.missing_whole:
            told = True
            yield say("quality.whole_missing", name=state.name, month=month)
        elif state.missing_units:
            told = True
            names = [released.name(code, state.month) for code in state.missing_units]
            yield say(
                "quality.units_missing", name=state.name, month=month, count=count(len(names)),
                names=named(names, limit("names")),
            )  # fmt: skip
    if not told:
        yield say("quality.all_came", span=span_name(span))


def silent_annex(released: Released, span: ReportSpan) -> tuple[Block, ...]:
    """All units that did not report, where the chapter names only the first of them."""
    cut = [s for s in source_states(released, span) if len(s.missing_units) > limit("names")]
    if not cut:
        return ()
    lines = (
        Lines(
            say(
                "quality.all_silent", name=state.name, month=month_name(state.month),
                names="; ".join(released.name(code, state.month) for code in state.missing_units),
            ),
            "item",
        )
        for state in cut
    )  # fmt: skip
    return Title(say("quality.silent_title"), 2), *lines


def _account(states: tuple[SourceState, ...], rows: Iterable[Row]) -> Iterable[Block]:
    came = [state for state in states if state.came]
    if not came:
        return
    yield PaperTable(
        marked(say("quality.account"), rows),
        (
            PaperColumn(say("quality.month"), 16),
            PaperColumn(say("quality.source"), 36),
            *(PaperColumn(say(f"quality.{name}"), 12, is_number=True) for name in _COUNTS),
        ),
        tuple(
            (month_name(s.month), s.name, *(count(s.counts[name]) for name in _COUNTS))
            for s in came
        ),
    )


def revision_sentences(released: Released, span: ReportSpan) -> Iterable[str]:
    """How many published values of the span this release corrected, and why."""
    periods = {f"period={month}" for month in span.months}
    found: dict[str, int] = {}
    for row in released.tables.get("revisions", ()):
        if row["release"] == released.release and periods & set(str(row["key"]).split(";")):
            found[row["reason_code"]] = found.get(row["reason_code"], 0) + 1
    if not found:
        yield say("quality.unrevised", release=released.release, span=span_name(span))
        return
    names = {code.code: code.name.vi.lower() for code in load_code_list("reason_codes").codes}
    parts = ", ".join(f"{count(n)} ({names.get(code, code)})" for code, n in sorted(found.items()))
    yield say(
        "quality.revised", release=released.release, span=span_name(span),
        count=count(sum(found.values())), parts=parts,
    )  # fmt: skip


def _legend(released: Released, span: ReportSpan) -> Iterable[str]:
    """What the words in the last columns of tables mean, as far as they stand there."""
    used = {row["obs_status"] for table in _OBSERVED for row in released.rows(table, span.months)}
    codes = [code for code in load_code_list("obs_status").codes if code.code in used - {"A"}]
    parts = (f"{code.name.vi.lower()}: {_inside(code.description.vi)}" for code in codes)
    if codes:
        yield say("quality.legend", words="; ".join(parts))


def _inside(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
