"""What the page of a plan's year shows: targets and their course, tasks, who owes what.

Belongs here: choosing and ordering rows of one year. Does not: the verdicts (the domain), charts
(``plan_charts``), words, HTML. The state in one month is ``month_plan``'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cchc_pipeline.period import Month
from cchc_pipeline.plan import Comparator, Plan, RunRateReason, load_plan, required_run_rate
from publish.site.extract import Extract, Row
from publish.site.month_plan import PlanFacts, TargetLine, plan_facts, plan_order


@dataclass(frozen=True)
class Course:
    """A target over the months of the year, by its rows of the year to date."""

    line: TargetLine
    months: Mapping[str, Row]

    @property
    def has_values(self) -> bool:
        """Whether any month has a value."""
        return any(row["value"] is not None for row in self.months.values())


@dataclass(frozen=True)
class Debt:
    """Who owes figures, and the targets that lack them."""

    body: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class PlanYear:
    """Everything that the page of a plan's year says."""

    year: int
    newest: Month
    months: tuple[Month, ...]
    facts: PlanFacts
    courses: tuple[Course, ...]
    debts: tuple[Debt, ...]
    plan: Plan | None
    is_sample: bool

    @property
    def conflicts(self) -> tuple[tuple[TargetLine, ...], ...]:
        """Targets that set different levels for one matter, side by side."""
        by_id = {line.id: line for line in self.facts.targets}
        pairs = {
            frozenset((line.id, other))
            for line in self.facts.targets
            for other in line.conflicts
            if other in by_id
        }
        ordered = sorted(tuple(sorted(pair, key=plan_order)) for pair in pairs)
        return tuple(tuple(by_id[i] for i in pair) for pair in ordered)

    @property
    def task_states(self) -> Mapping[str, int]:
        """How many tasks have which state, in the order in which they first occur."""
        found: dict[str, int] = {}
        for group in self.facts.groups:
            for task in group.tasks:
                found[task["status"]] = found.get(task["status"], 0) + 1
        return found


def plan_year(extract: Extract) -> PlanYear:
    """Choose and order what the page of a year shows."""
    months = tuple(Month.parse(text) for text in extract.more["months"])
    facts = plan_facts(extract, months[-1])
    if facts is None:
        raise ValueError(f"no plan of {months[-1].year}")  # such a year has no page
    plan = load_plan(facts.year)
    return PlanYear(
        facts.year, months[-1], months, facts, tuple(_courses(facts, extract)),
        tuple(_debts(facts.targets)), plan, extract.is_sample,
    )  # fmt: skip


def _courses(facts: PlanFacts, extract: Extract) -> Iterable[Course]:
    rows: dict[str, dict[str, Row]] = {}
    for row in extract.rows("plan_indicators"):
        if row["basis"] == "ytd" and row["unit_code"] == extract.identity.root_unit:
            rows.setdefault(row["indicator_id"], {})[row["period"]] = row
    for line in facts.targets:
        yield Course(line, rows.get(line.id, {}))


def _debts(lines: Sequence[TargetLine]) -> Iterable[Debt]:
    """The targets without figures, by who owes them; each body with its targets in order."""
    owed: dict[str, list[str]] = {}
    for line in lines:
        if line.attained is None:
            row = line.judged
            bodies = (row["owed_by"] if row else None) or line.indicator["owed_by"] or ""
            for body in bodies.split("; "):
                owed.setdefault(body, []).append(line.id)
    for body, ids in sorted(owed.items(), key=lambda item: -len(item[1])):
        yield Debt(body, tuple(ids))


def gap(line: TargetLine) -> Decimal | None:
    """The value less the target, in the target's unit; None without a value."""
    row = line.judged
    if row is None or row["value"] is None:
        return None
    return Decimal(str(row["value"])) - Decimal(str(line.indicator["target"]))


def outlook(line: TargetLine, plan: Plan | None) -> RunRateReason | None:
    """Whether the target can still be reached by 31/12; None where nothing is worked out."""
    row = line.ytd
    target = next((t for t in plan.targets if t.id == line.id), None) if plan else None
    if row is None or target is None or not target.run_rate or target.base != "arriving":
        return None
    if row["attained"] is None or row["denominator"] is None:
        return None
    month = Month.parse(row["period"]).month
    counts = (Decimal(str(row["numerator"])), Decimal(str(row["denominator"])))
    return required_run_rate(*counts, month, target.target, Comparator(target.comparator)).reason
