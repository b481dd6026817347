"""The chapter on the plan's targets: attained or not, what nobody reported, what is still needed.

Belongs here: choosing these figures and saying them. Does not: judging attainment, which is
released.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cchc_pipeline.core.period import Basis
from cchc_pipeline.plan import RunRateReason, plan_of, required_run_rate
from cchc_pipeline.reports.document import Block, Lines, PaperColumn, PaperTable, Title
from cchc_pipeline.reports.released import Released, Row
from cchc_pipeline.reports.span import ReportKind, ReportSpan
from cchc_pipeline.reports.wording import (
    DASH,
    PER_CENT,
    count,
    limit,
    marked,
    month_name,
    named,
    plain,
    remark,
    say,
    source_note,
    two,
)

TargetVerdict = Literal["attained", "missed", "open", "absent"]
_SIGNS = {"ge": "≥", "gt": ">", "eq": "="}


@dataclass(frozen=True)
class TargetState:
    """A target of the plan: its row of the month, and that of the year so far."""

    indicator: Row
    month: Row | None
    year: Row
    still: RunRateReason | None

    @property
    def verdict(self) -> TargetVerdict:
        """Whether it is attained so far; a month's value is judged only where the year has none."""
        row = self.judged
        if row["value"] is None:
            return "absent"
        if row["attained"] is None:
            return "open"
        return "attained" if row["attained"] else "missed"

    @property
    def judged(self) -> Row:
        """The row that speaks for it."""
        month = self.month
        has_only_month = self.year["value"] is None and month and month["value"] is not None
        return month if has_only_month and month else self.year

    @property
    def code(self) -> str:
        """Its identifier."""
        return str(self.year["indicator_id"])

    @property
    def name(self) -> str:
        """What it asks for."""
        return str(self.indicator["name_vi"])


@dataclass(frozen=True)
class PlanTargets:
    """All targets of a year as they stand at the end of a span."""

    states: tuple[TargetState, ...]

    def of(self, verdict: TargetVerdict) -> tuple[TargetState, ...]:
        """Those of one verdict."""
        return tuple(state for state in self.states if state.verdict == verdict)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows that are told of."""
        return tuple(row for s in self.states for row in (s.month, s.year) if row is not None)


def target_facts(released: Released, span: ReportSpan) -> PlanTargets:
    """The targets at the end of a span; none where the year has no plan."""
    rows = released.rows("plan_indicators", (span.last,), unit_code=released.root)
    by_place = {(row["indicator_id"], row["basis"]): row for row in rows}
    known = {r["indicator_id"]: r for r in released.tables.get("indicators", ())
             if r["year"] == span.last.year}  # fmt: skip
    ids = dict.fromkeys(row["indicator_id"] for row in rows)
    states = (
        TargetState(known[one], by_place.get((one, Basis.MONTH.value)), year, _still(year, span,
                    released.root))
        for one in ids
        if one in known and (year := by_place.get((one, Basis.YTD.value))) is not None
    )  # fmt: skip
    return PlanTargets(tuple(sorted(states, key=lambda state: _order(known, state.code))))


def _order(known: Mapping[str, Row], code: str) -> tuple[bool, int, str]:
    """The order of the plan: section II, then the annex by number."""
    digits = "".join(char for char in code if char.isdigit())
    return not code.startswith("II"), int(digits or 0), code


def _still(row: Row, span: ReportSpan, root: str) -> RunRateReason | None:
    """What is needed until the year's end, from the released counts; None where it is not asked."""
    plan = plan_of(root, span.last.year)
    target = next((one for one in plan.targets if one.id == row["indicator_id"]), None) if plan \
        else None  # fmt: skip
    if target is None or not target.run_rate or target.base != "arriving":
        return None
    if None in (row["value"], row["numerator"], row["denominator"]):
        return None
    counts = Decimal(str(row["numerator"])), Decimal(str(row["denominator"]))
    return required_run_rate(*counts, span.last.month, target.target, target.comparator).reason


# What is said of them


def target_chapter(released: Released, span: ReportSpan, number: str) -> tuple[Block, ...]:
    """The chapter of a report."""
    facts = target_facts(released, span)
    if not facts.states:
        return (
            Title(say("targets.title", number=number)),
            Lines(say("targets.no_plan", year=span.last.year)),
        )
    return (
        Title(marked(say("targets.title", number=number), facts.rows)),
        Lines(summary_sentence(facts, span)),
        *_missed_lines(facts),
        *_grid(facts, span),
        *_absent_lines(facts),
        Title(say("targets.rate_title"), 2),
        Lines(say("targets.rate_how")),
        *(Lines(text, "item") for text in rate_sentences(facts)),
        *_conflict_lines(facts),
        Lines(source_note(released, say("targets.table"), facts.rows), "note"),
    )


def summary_sentence(facts: PlanTargets, span: ReportSpan) -> str:
    """How many targets stand how."""
    counts = {name: count(len(facts.of(name))) for name in ("attained", "missed", "open", "absent")}
    return say(
        "targets.summary", all=count(len(facts.states)), month=month_name(span.last), **counts
    )


def _missed_lines(facts: PlanTargets) -> Iterable[Block]:
    missed = facts.of("missed")
    if missed:
        parts = "; ".join(
            say("targets.missed_one", code=s.code, name=s.name, value=value_text(s.judged, s),
                target=target_text(s))
            for s in missed
        )  # fmt: skip
        yield Lines(say("targets.missed", targets=parts))


def value_text(row: Row | None, state: TargetState) -> str:
    """A value with its unit, or a dash."""
    if row is None or row["value"] is None:
        return DASH
    if state.indicator["unit"] == "percent":
        return f"{two(row['value'])}{PER_CENT}"
    return plain(row["value"])


def target_text(state: TargetState) -> str:
    """``≥ 50 %``."""
    target = plain(state.year["target"])
    unit = PER_CENT if state.indicator["unit"] == "percent" else ""
    return f"{_SIGNS[state.year['comparator']]}\u00a0{target}{unit}"


def _grid(facts: PlanTargets, span: ReportSpan) -> Iterable[Block]:
    """Those that have a value; the others are listed by who owes them."""
    valued = [state for state in facts.states if state.verdict != "absent"]
    if not valued:
        return
    has_month = span.kind is ReportKind.MONTH
    columns = [
        PaperColumn(say("targets.code"), 8),
        PaperColumn(say("targets.target"), 28),
        PaperColumn(say("targets.aim"), 13, is_number=True),
        *([PaperColumn(say("targets.month"), 13, is_number=True)] if has_month else []),
        PaperColumn(say("targets.year"), 13, is_number=True),
        PaperColumn(say("targets.verdict"), 12),
        PaperColumn(say("targets.needed"), 12, is_number=True),
        PaperColumn(say("common.remark"), 10),
    ]
    rows = [
        (
            s.code, s.name, target_text(s), *([value_text(s.month, s)] if has_month else []),
            value_text(s.year, s), say(f"targets.is_{s.verdict}"), needed_text(s),
            remark(s.judged),
        )
        for s in valued
    ]  # fmt: skip
    yield PaperTable(
        marked(say("targets.grid", month=month_name(span.last)), facts.rows),
        tuple(columns), tuple(rows),
    )  # fmt: skip


def needed_text(state: TargetState) -> str:
    """The share still needed; or that it is safe, or out of reach."""
    rate = state.year["required_run_rate"]
    if rate is not None:
        return f"{two(rate)}{PER_CENT}"
    if state.still in (RunRateReason.SAFE, RunRateReason.UNREACHABLE):
        return say(f"targets.{state.still}_cell")
    return DASH


def rate_sentences(facts: PlanTargets) -> list[str]:
    """What is needed until 31/12 for each target that is not attained so far."""
    said = [text for state in facts.of("missed") if (text := _rate_sentence(state))]
    return said or [say("targets.no_rate")]


def _rate_sentence(state: TargetState) -> str:
    if state.still is None or state.still is RunRateReason.NO_CASES:
        return ""
    rate = state.year["required_run_rate"]
    key = state.still.value
    if state.still is RunRateReason.NEEDED:
        key = "needed_above" if state.year["comparator"] == "gt" else "needed_at_least"
    return say(
        f"targets.rate_{key}", code=state.code, name=state.name, target=target_text(state),
        value=value_text(state.year, state),
        rate=f"{two(rate)}{PER_CENT}" if rate is not None else DASH,
    )  # fmt: skip


def _absent_lines(facts: PlanTargets) -> Iterable[Block]:
    """What has no value, by why and by who owes it."""
    owed: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for state in facts.of("absent"):
        row = state.year
        if row["obs_status"] == "O":
            owed.setdefault(str(row["owed_by"] or DASH), []).append(state.code)
        else:
            others.setdefault(remark(row), []).append(state.code)
    if owed:
        yield Lines(say("targets.owed"))
        for who, codes in owed.items():
            names = named(who.split("; "), limit("names"))
            yield Lines(say("targets.owed_one", who=names, codes=", ".join(codes)), "item")
    for why, codes in others.items():
        yield Lines(say("targets.valueless", why=why, codes=", ".join(codes)))


def _conflict_lines(facts: PlanTargets) -> Iterable[Block]:
    """Two targets for one matter: both are told, and that they do not agree."""
    pairs = {
        frozenset((s.code, str(s.indicator["conflicts_with"])))
        for s in facts.states
        if s.indicator["conflicts_with"]
    }
    for pair in sorted(sorted(pair) for pair in pairs):
        yield Lines(say("targets.conflict", one=pair[0], other=pair[-1]), "note")
