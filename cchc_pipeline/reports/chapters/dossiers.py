"""The chapters on dossiers and petitions: received, finished, in time; by unit; online and paid.

Belongs here: which counts are told, beside which, and saying them. Does not: adding them up over
months (``flows``), or counting.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.written import collation_key
from cchc_pipeline.reports.chapters.flows import FlowSum, share_trend, sum_of
from cchc_pipeline.reports.chapters.trend import Trend
from cchc_pipeline.reports.charts import ShareBar, bar_picture
from cchc_pipeline.reports.document import (
    Block,
    Lines,
    PaperColumn,
    PaperTable,
    Picture,
    Title,
)
from cchc_pipeline.reports.released import ALL, Released, Row
from cchc_pipeline.reports.span import ReportKind, ReportSpan
from cchc_pipeline.reports.wording import (
    DASH,
    count,
    limit,
    listed,
    marked,
    month_name,
    percent,
    remark,
    say,
    source_note,
    span_name,
    status_word,
    trend_cell,
    trend_text,
    two,
)

IN_TIME = (("early", "on_time"), ("early", "on_time", "late"))
MEASURES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "online": (("received_online",), ("received",)),
    "fully_online": (("fully_online",), ("received",)),
    "identified": (("identified",), ("received_online",)),
    "synced": (("synced",), ("received",)),
    "digitised": (("digitised",), ("received",)),
    "e_result": (("e_result",), ("finished", "-withdrawn")),
    "circulated": (("circulated_electronically",), ("circulated",)),
    "paid_online": (("paid_online",), ("fee_bearing",)),
    "paid_on_dvcqg": (("paid_on_dvcqg",), ("fee_bearing",)),
    "satisfied": (("satisfied",), ("rated",)),
}
"""The shares beside dossiers in time: which counts, of which."""
_CONFIDENTIAL, _SUMMED = "C", "summed"


@dataclass(frozen=True)
class DossierFacts:
    """What is known of dossiers in a span.

    Args:
        whole: Of the root unit.
        units: Of each unit below it by its code.
        fields: Of each field of the root by its code.
        own: The root's rows of every month that is at hand, for their course.
    """

    whole: FlowSum
    units: Mapping[str, FlowSum]
    fields: Mapping[str, FlowSum]
    own: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows that are told of."""
        parts = (self.whole, *self.units.values())
        return tuple(row for part in parts for row in part.rows)


def dossier_facts(released: Released, span: ReportSpan) -> DossierFacts:
    """What the release knows of dossiers in a span."""
    of_units: dict[str, list[Row]] = {}
    for row in released.rows("dossier_statistics", span.months, field_code=ALL):
        of_units.setdefault(row["unit_code"], []).append(row)
    root = released.root
    of_fields: dict[str, list[Row]] = {}
    for row in released.rows("dossier_statistics", span.months, unit_code=root):
        if row["field_code"] != ALL:
            of_fields.setdefault(row["field_code"], []).append(row)
    sums = {code: sum_of(rows, span.months) for code, rows in of_units.items()}
    return DossierFacts(
        sums.pop(root, sum_of((), span.months)),
        sums,
        {code: sum_of(rows, span.months) for code, rows in of_fields.items()},
        released.rows("dossier_statistics", released.months, unit_code=root, field_code=ALL),
    )


# What is said of them


def dossier_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """The chapter of a report."""
    facts = dossier_facts(released, span)
    if facts.whole.is_empty:
        rows = released.rows(
            "dossier_statistics", span.months, unit_code=released.root, field_code=ALL
        )
        reason = status_word(rows[-1] if rows else None)
        return (
            Title(say("dossiers.title", number=number)),
            Lines(say("dossiers.none", span=span_name(span), reason=reason)),
            Lines(source_note(released, say("dossiers.table"), rows), "note"),
        )
    return (
        Title(marked(say("dossiers.title", number=number), facts.rows)),
        *(Lines(text) for text in flow_sentences(facts, span)),
        *_course_picture(facts, span),
        Title(say("dossiers.measures_title"), 2),
        measure_grid(facts, span),
        *(Lines(text) for text in measure_sentences(facts, span)),
        Title(say("dossiers.units_title"), 2),
        *_units_part(released, facts, span),
        Lines(source_note(released, say("dossiers.table"), facts.rows), "note"),
    )


def flow_sentences(facts: DossierFacts, span: ReportSpan) -> Iterable[str]:
    """What came, what was finished and when, what is open."""
    whole = facts.whole
    numbers = {name: _shown(value) for name, value in whole.counts.items()}
    if whole.lacking:
        months = ", ".join(month_name(month) for month in whole.lacking)
        yield say("dossiers.lacking", months=months, span=span_name(span))
    status = remark(whole.rows[-1])
    yield say("dossiers.received", span=span_name(span), **numbers) + (
        f" ({status})." if status else "."
    )
    in_time = whole.share(*IN_TIME)
    said = say("dossiers.finished", in_time=percent(in_time), **numbers)
    moved = trend_text(share_trend(facts.own, span, *IN_TIME), say("common.percentage_points"))
    yield f"{said}; {moved}." if moved and in_time is not None else f"{said}."
    yield say("dossiers.open", month=month_name(span.last), **numbers)
    if apart := _left_out(facts):
        yield say("dossiers.left_out", count=count(apart))


def _left_out(facts: DossierFacts) -> int:
    """How many units sent a summed table for a month that the whole is counted of dossiers in."""
    counted = {row["period"] for row in facts.whole.rows if row.get("source") != _SUMMED}
    return sum(
        any(row.get("source") == _SUMMED and row["period"] in counted for row in unit.rows)
        for unit in facts.units.values()
    )


def _shown(value: int | None) -> str:
    return DASH if value is None else count(value)


def _course_picture(facts: DossierFacts, span: ReportSpan) -> Iterable[Block]:
    """The share in time month by month, of this year's months that have one."""
    months = list(Month(span.last.year, 1).to(span.last))
    sums = [(month, sum_of(facts.own, (month,))) for month in months]
    shares = [(month, flow.share(*IN_TIME)) for month, flow in sums if not flow.is_empty]
    if len(shares) < 2:
        return
    bars = [
        ShareBar(
            month_name(month), float(value) / 100 if value is not None else None, percent(value)
        )
        for month, value in shares
    ]
    yield Picture(bar_picture(bars), marked(say("dossiers.picture"), facts.rows))


def measure_sentences(facts: DossierFacts, span: ReportSpan) -> Iterable[str]:
    """Which shares rose and fell, which are not known, of which there were no cases."""
    told: dict[str, list[str]] = {}
    before = ""
    for name, (part, whole) in MEASURES.items():
        trend = share_trend(facts.own, span, part, whole)
        key = _fate(facts.whole, part, whole, trend)
        told.setdefault(key, []).append(_with_size(say(f"measures.{name}"), trend))
        before = before or (month_name(trend.before) if trend and trend.before else "")
    for key in ("rise", "fall", "same", "unknown", "no_cases"):
        if key in told:
            yield say(f"dossiers.measures_{key}", before=before, names="; ".join(told[key]))


def _fate(flow: FlowSum, part: Sequence[str], whole: Sequence[str], trend: Trend | None) -> str:
    cases, of = flow.total(part), flow.total(whole)
    if cases is None or of is None:
        return "unknown"
    if of == 0:
        return "no_cases"
    return str(trend.move) if trend else ""


def _with_size(name: str, trend: Trend | None) -> str:
    """A share's name, by how much it rose or fell, and for which time on end."""
    if trend is None or not trend.difference:
        return name
    again = ""
    if trend.times > 1:
        period = say("trend.period_month")
        again = f", {say(f'trend.again_{trend.move}', period=period, times=trend.times)}"
    size = two(abs(trend.difference))
    return say("dossiers.moved", name=name, size=size, again=again)


def measure_grid(facts: DossierFacts, span: ReportSpan) -> PaperTable:
    """The shares with their counts; beside a month, what became of them."""
    pairs = {"in_time": IN_TIME, **MEASURES}
    columns = [
        PaperColumn(say("dossiers.measure_name"), 48),
        PaperColumn(say("dossiers.part"), 13, is_number=True),
        PaperColumn(say("dossiers.whole"), 13, is_number=True),
        PaperColumn(say("dossiers.share"), 13, is_number=True),
        PaperColumn(say("dossiers.change"), 13, is_number=True),
    ]
    rows = [
        (
            say(f"measures.{name}"), _shown(facts.whole.total(part)),
            _shown(facts.whole.total(whole)), percent(facts.whole.share(part, whole)),
            trend_cell(share_trend(facts.own, span, part, whole)),
        )
        for name, (part, whole) in pairs.items()
    ]  # fmt: skip
    shown = len(columns) if span.kind is ReportKind.MONTH else len(columns) - 1
    return PaperTable(
        marked(say("dossiers.measures", span=span_name(span)), facts.rows),
        tuple(columns[:shown]),
        tuple(row[:shown] for row in rows),
    )


def _units_part(released: Released, facts: DossierFacts, span: ReportSpan) -> Iterable[Block]:
    """Where most was late; all units stand in the annex."""
    known = {code: flow for code, flow in facts.units.items() if not flow.is_empty}
    silent = len(facts.units) - len(known)
    yield Lines(
        say("dossiers.units", all=count(len(facts.units)), known=count(len(known)),
            silent=count(silent))
    )  # fmt: skip
    late = sorted(known, key=lambda code: (-_late(known[code]), code))
    late = [code for code in late if _late(known[code]) > 0][: limit("late_units")]
    if not late:
        yield Lines(say("dossiers.none_late"))
        return
    yield PaperTable(
        marked(say("dossiers.late_units", span=span_name(span)), facts.rows),
        (
            PaperColumn(say("common.unit"), 40),
            PaperColumn(say("dossiers.finished_head"), 12, is_number=True),
            PaperColumn(say("dossiers.late_head"), 11, is_number=True),
            PaperColumn(say("dossiers.in_time_head"), 13, is_number=True),
            PaperColumn(say("dossiers.overdue_head"), 12, is_number=True),
            PaperColumn(say("common.remark"), 12),
        ),
        tuple(
            (
                released.name(code, span.last), *(_shown(known[code].counts[n]) for n in
                ("finished", "late")), percent(known[code].share(*IN_TIME)),
                _shown(known[code].counts["open_overdue"]), lacking_text(known[code]),
            )
            for code in late
        ),
    )  # fmt: skip


def _late(flow: FlowSum) -> int:
    return (flow.counts["late"] or 0) + (flow.counts["open_overdue"] or 0)


def lacking_text(flow: FlowSum) -> str:
    """Status of a unit's figures, and why how many months of the span have none."""
    why = remark(flow.absent[-1] if flow.absent else None)
    if not flow.rows:
        return why
    words = [remark(flow.rows[-1])]
    if any(row.get("source") == _SUMMED for row in flow.rows):
        words.append(say("dossiers.summed"))
    if flow.lacking:
        words.append(say("dossiers.lacks", why=why, count=len(flow.lacking)))
    return "; ".join(word for word in words if word)


def annex(released: Released, span: ReportSpan) -> tuple[Block, ...]:
    """All units, and all fields of the whole, in the columns of form II.06a as it is understood."""
    facts = dossier_facts(released, span)
    if facts.whole.is_empty:
        return ()
    names = {code: released.name(code, span.last) for code in facts.units}
    units = sorted(facts.units, key=lambda code: collation_key(names[code]))
    of_units = [(names[code], facts.units[code]) for code in units]
    fields = sorted(facts.fields, key=lambda code: (code in _own_fields(), code))
    of_fields = [(_field_name(released, code), facts.fields[code]) for code in fields]
    field_rows = [row for _, flow in of_fields for row in flow.rows]
    by_field = (
        _annex_grid(say("annex.fields", span=span_name(span)), of_fields, facts),
        Lines(source_note(released, say("dossiers.table"), field_rows), "note"),
    )
    return (
        Title(say("annex.dossiers_title"), 2),
        Lines(say("annex.believed"), "note"),
        _annex_grid(say("annex.units", span=span_name(span)), of_units, facts),
        Lines(source_note(released, say("dossiers.table"), facts.rows), "note"),
        *(by_field if of_fields else ()),
    )


def _own_fields() -> Mapping[str, str]:
    return {code.code: code.name.vi for code in load_code_list("field_codes").codes}


def _field_name(released: Released, code: str) -> str:
    return released.fields.get(code) or _own_fields().get(code) or code


ANNEX_COUNTS: tuple[tuple[str, ...], ...] = (
    ("carried_over", "received"), ("received_online",), ("received_direct", "received_postal"),
    ("carried_over",), ("finished",), ("early",), ("on_time",), ("late",),
    ("no_deadline", "withdrawn"), ("open_in_time", "open_overdue"), ("open_in_time",),
    ("open_overdue",),
)  # fmt: skip
"""What each column of the annex is the sum of."""


def _annex_grid(caption: str, lines: list[tuple[str, FlowSum]], facts: DossierFacts) -> PaperTable:
    titles = listed("annex.columns")
    rows = [
        (str(number), name, *_annex_cells(flow)) for number, (name, flow) in enumerate(lines, 1)
    ]
    rows.append(("", say("annex.whole"), *_annex_cells(facts.whole)))
    return PaperTable(
        marked(caption, facts.rows),
        (
            PaperColumn(say("common.number"), 4, is_number=True),
            PaperColumn(say("annex.name"), 20),
            *(PaperColumn(title, 5.7, is_number=True) for title in titles),
            PaperColumn(say("common.remark"), 8),
        ),
        tuple(rows),
        frozenset({len(rows) - 1}),
    )


def _annex_cells(flow: FlowSum) -> tuple[str, ...]:
    is_merged = any(row.get("conf_status") == _CONFIDENTIAL for row in flow.rows)
    words = [lacking_text(flow), *([say("annex.merged")] if is_merged else [])]
    return (
        *(_shown(flow.total(names)) for names in ANNEX_COUNTS),
        "; ".join(word for word in words if word),
    )


# Petitions


def petition_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """What came, what was answered and when, what people thought of it."""
    rows = released.rows("petition_statistics", span.months, unit_code=released.root)
    flow = sum_of(rows, span.months)
    if flow.is_empty:
        reason = status_word(rows[-1] if rows else None)
        blocks = [Lines(say("petitions.none", span=span_name(span), reason=reason))]
    else:
        blocks = [Lines(text) for text in petition_sentences(flow, rows, span)]
    return (
        Title(marked(say("petitions.title", number=number), rows)),
        *blocks,
        Lines(source_note(released, say("petitions.table"), rows), "note"),
    )


def petition_sentences(flow: FlowSum, rows: Iterable[Row], span: ReportSpan) -> Iterable[str]:
    """The sentences on petitions that were counted."""
    numbers = {name: _shown(value) for name, value in flow.counts.items()}
    pair = (("on_time",), ("on_time", "late"))
    if flow.lacking:
        months = ", ".join(month_name(month) for month in flow.lacking)
        yield say("dossiers.lacking", months=months, span=span_name(span))
    said = say(
        "petitions.flow", span=span_name(span), in_time=percent(flow.share(*pair)), **numbers
    )
    moved = trend_text(share_trend(rows, span, *pair), say("common.percentage_points"))
    yield f"{said}; {moved}." if moved and flow.share(*pair) is not None else f"{said}."
    yield say("petitions.open", month=month_name(span.last), **numbers)
    if flow.counts["rated"]:
        satisfied = percent(flow.share(("satisfied",), ("rated",)))
        yield say("petitions.satisfied", share=satisfied, **numbers)
