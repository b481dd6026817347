"""The pages of the plan: one for each year that has one, and what it shows.

Belongs here: which years have a page, the rows that each is made from, and their choice and order.
Does not: the verdicts (``cchc_pipeline.plan``), the state in one month and its charts
(``month_plan``), words, HTML.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import Comparator, Plan, RunRateReason, load_plan, required_run_rate
from publish.site.extract import Extract, Figures, Row
from publish.site.kept import Material, PageRecipe, rows_attached
from publish.site.page import embed_of
from publish.site.pages.month_plan import (
    PlanFacts,
    TargetLine,
    attainment_chart,
    attainment_finding,
    plan_facts,
    plan_order,
)
from publish.site.pages.periods import of_year

PLANS_PAGE = "ke-hoach/index.html"
_ATTACHED = ("plan_indicators", "plan_tasks")


@dataclass(frozen=True)
class TargetCourse:
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
    courses: tuple[TargetCourse, ...]
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


def _courses(facts: PlanFacts, extract: Extract) -> Iterable[TargetCourse]:
    rows: dict[str, dict[str, Row]] = {}
    for row in extract.rows("plan_indicators"):
        if row["basis"] == "ytd" and row["unit_code"] == extract.identity.root_unit:
            rows.setdefault(row["indicator_id"], {})[row["period"]] = row
    for line in facts.targets:
        yield TargetCourse(line, rows.get(line.id, {}))


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
    """The value less the target, in the target's unit; None where nothing was judged."""
    row = line.judged
    if row is None or row["value"] is None or line.attained is None:
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


def plan_page(year: int) -> str:
    """The name of the page of a plan's year."""
    return f"ke-hoach/{year}.html"


def plan_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """A page for each year that has a plan and periods, and their list."""
    extracts = [plan_extract(figures, year) for year in planned_years(figures)]
    for extract in extracts:
        name = plan_page(extract.more["year"])
        yield PageRecipe(name, "plan.html", extract, plan_material, keeps_charts=True)
    years = sorted({month.year for month in figures.months})
    tables = {
        name: figures.whole(name).filter(
            pc.is_in(figures.whole(name)["period"], value_set=_newest(extracts))
        )
        for name in _ATTACHED
    }
    tables |= {"indicators": figures.whole("indicators"), "obs_status": figures.whole("obs_status")}
    listed = figures.extract(
        tables, years=years, newest=[extract.more["months"][-1] for extract in extracts]
    )
    yield PageRecipe(PLANS_PAGE, "plans.html", listed, plans_material)


def _newest(extracts: list[Extract]) -> pa.Array:
    return pa.array([extract.more["months"][-1] for extract in extracts], pa.string())


def planned_years(figures: Figures) -> tuple[int, ...]:
    """The years that have both targets and periods."""
    years = set(figures.whole("indicators").column("year").to_pylist())
    return tuple(sorted(years & {month.year for month in figures.months}))


def plan_extract(figures: Figures, year: int) -> Extract:
    """What the page of a year is made from."""
    months = [month for month in figures.months if month.year == year]
    tables = {
        "plan_indicators": figures.of_months("plan_indicators", *months),
        "plan_tasks": figures.of_months("plan_tasks", months[-1]),
        "indicators": of_year(figures.whole("indicators"), year),
        "obs_status": figures.whole("obs_status"),
    }
    return figures.extract(tables, year=year, months=[str(month) for month in months])


def plan_material(extract: Extract) -> Material:
    """What the template of a plan's year needs."""
    page = plan_page(extract.more["year"])
    attached = {name: rows_attached(page, name, extract.tables[name]) for name in _ATTACHED}
    values = {
        "facts": plan_year(extract),
        "attached": attached,
        "embed": embed_of(page),
        "gap": gap,
        "outlook": outlook,
        "attainment_chart": attainment_chart,
        "attainment_finding": attainment_finding,
    }
    return Material(values, {file.name: file.content for file in attached.values()})


def plans_material(extract: Extract) -> Material:
    """What the list of plans needs: each year of periods, with its plan or None."""
    newest = {text[:4]: Month.parse(text) for text in extract.more["newest"]}
    years = [
        (year, newest.get(str(year)), plan_facts(extract, newest[str(year)]))
        if str(year) in newest
        else (year, None, None)
        for year in reversed(extract.more["years"])
    ]
    return Material({"years": years, "is_sample_release": extract.is_sample})
