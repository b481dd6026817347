"""The plan's targets counted from dossiers, as the plan's data say, month and year to date.

Belongs here: the formulas in ``schemas/plan/<year>/measures.yaml``, judged against the plan and the
measures there are; a month's counts by them; the values of the month and of the year, and which
months and units lack. Does not: the sums of the year (``year_to_date``), or the published rows
(``plan_indicators``).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, read_yaml, refuse, typed
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_measures import COUNTED_NAMES, unknown_without
from cchc_pipeline.indicators.dossier_statistics import LACKS, UNKNOWN, lacked, summed
from cchc_pipeline.indicators.plan_indicators import MISSING, Key, Measured
from cchc_pipeline.indicators.year_to_date import Place, Tally
from cchc_pipeline.plan import Filled, Plan, load_plan, plan_of

_Measures = Annotated[tuple[Filled, ...], Field(min_length=1)]
UnitsOf = Callable[[Month], frozenset[str]]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Formula:
    """What a target's share is counted from.

    Attributes:
        target: The target's id.
        counted: ``dossiers``, added up over months, or distinct ``procedures`` with such a dossier.
        numerator: The measures that are added up above the line.
        denominator: Those below it.
    """

    target: Filled
    counted: Literal["dossiers", "procedures"]
    numerator: _Measures
    denominator: _Measures

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that it needs."""
        return (*self.numerator, *self.denominator)

    def is_known(self, absent: frozenset[str]) -> bool:
        """Whether it can be counted without these columns of ``dossiers``."""
        return unknown_without(absent).isdisjoint(self.measures)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Formulas:
    basis: Filled
    measures: tuple[Formula, ...]


@cache
def load_formulas(year: int) -> tuple[Formula, ...]:
    """The formulas of a year's plan; none for a year without a plan.

    Raises:
        SchemaDataError: They do not fit the plan, or name a measure that is not counted.
    """
    plan = load_plan(year)
    if plan is None:
        return ()
    path = f"plan/{year}/measures.yaml"
    return parse_formulas(read_yaml(path), plan, f"schemas/{path}")


def parse_formulas(content: Any, plan: Plan, where: str) -> tuple[Formula, ...]:
    """Type and judge the formulas of a plan: one for each target measured from dossiers.

    Args:
        content: The decoded file.
        plan: The plan that it belongs to.
        where: The file's name, for the reader of an error.

    Raises:
        SchemaDataError: Something lacks or contradicts; one line names all of it.
    """
    formulas = typed(_Formulas, content, where).measures
    refuse(_problems(formulas, plan), where)
    return formulas


def _problems(formulas: tuple[Formula, ...], plan: Plan) -> Iterable[str]:
    given = Counter(formula.target for formula in formulas)
    wanted = {target.id for target in plan.targets if target.measured_from == "dossiers"}
    yield from (f"{name}: no measures" for name in sorted(wanted - given.keys()))
    yield from (f"{name}: not measured from dossiers" for name in sorted(given.keys() - wanted))
    yield from (f"{name}: stands there twice" for name, times in given.items() if times > 1)
    for formula in formulas:
        for name in sorted(set(formula.measures) - set(COUNTED_NAMES)):
            yield f"{formula.target}: {name} is no measure"


@dataclass(frozen=True)
class _Tallies:
    """A month's counts.

    Attributes:
        root: The city's code, under which everything stands once more.
        absent: The columns that no file with an accepted row has.
        lacks: By unit, the columns that a file of its rows does not have.
        dossiers: By unit and measure, how many.
        procedures: By unit and measure, which.
    """

    root: str
    absent: frozenset[str]
    lacks: Mapping[str, frozenset[str]]
    dossiers: Mapping[str, Mapping[str, int]]
    procedures: Mapping[str, Mapping[str, frozenset[str]]]

    def tells(self, formula: Formula, unit: str) -> bool:
        """Whether it says anything of a unit, or of the city, and has what the formula needs."""
        return unit in self.dossiers and formula.is_known(self.absent)

    def places(self, formula: Formula, unit: str) -> tuple[list[str], list[str]]:
        """Those whose counts make up a unit's or the city's value, and those that lack columns."""
        if formula.is_known(self.lacks[unit]):
            return [unit], []
        below = [code for code in self.dossiers if code != self.root]
        asked = below if unit == self.root else [unit]
        lacking = [code for code in asked if not formula.is_known(self.lacks[code])]
        return [code for code in asked if code not in lacking], lacking


def month_tallies(
    month: Month, root: str, units: Collection[str], counts: pa.Table | None
) -> dict[Place, Tally]:
    """What a month's export counts towards each target of the year's plan, by unit.

    A unit has none if the month has no export, if the export has nothing of the unit, or if no file
    of it has a column that the target rests on. A unit with rows of a file that lacks such a column
    does not have the target in that month, and is named: the city's tally is that of the others.

    Args:
        month: The month.
        root: The city's code; the city counts every dossier of the export.
        units: The codes of the units below the root that are valid in the month.
        counts: The month's ``dossier_counts``; None where there was no export.
    """
    formulas = load_formulas(month.year) if plan_of(root, month.year) else ()
    if counts is None or not formulas:
        return {}
    tallied = _tallied(counts, root, formulas)
    return {
        (unit, formula.target): _tally(formula, unit, tallied)
        for formula in formulas
        for unit in sorted({*units, root})
        if tallied.tells(formula, unit)
    }


def dossier_values(
    month: Month,
    root: str,
    units_of: UnitsOf,
    own: Mapping[Place, Tally],
    to_date: Mapping[Place, Tally],
) -> dict[Key, Measured]:
    """Each target of the year's plan that is measured from dossiers.

    For the month: from its own counts. For the year to date: dossiers are summed over the months of
    the year, procedures are distinct over all of them. A unit's months are those in which it is
    valid; a month lacks if there is no tally of it. Without any month, the value is missing (O).
    The year to date over some months only is provisional (P). A share of nothing cannot exist (M),
    unless months lack in which it may: then it is missing (O).

    A unit with rows of a file that lacks such a column does not have the target in that month: the
    city's value is taken over the units that have it, and is provisional (P) or, where that is
    none, missing (O). The other units are named as owing, after the plan's own bodies where months
    lack too, and nothing is said of attainment, which they could turn (domain, section 5).

    Args:
        month: The month.
        root: The city's code.
        units_of: The codes of the units below the root that are valid in a month.
        own: The month's own tallies.
        to_date: The year's, the month among them.

    Returns:
        By unit, target and basis; empty for a year without a plan.
    """
    plan, formulas = plan_of(root, month.year), load_formulas(month.year)
    if plan is None:
        return {}
    bodies = {target.id: target.owed_by for target in plan.targets}
    valid = [units_of(m) | {root} for m in Month(month.year, 1).to(month)]
    months = Counter(unit for units in valid for unit in units)
    return {
        (unit, formula.target, basis): _measured(
            tallies.get((unit, formula.target)), due, bodies[formula.target]
        )
        for unit in sorted(valid[-1])
        for formula in formulas
        for basis, tallies, due in ((Basis.MONTH, own, 1), (Basis.YTD, to_date, months[unit]))
    }


def _tallied(counts: pa.Table, root: str, formulas: Iterable[Formula]) -> _Tallies:
    """The sums that the formulas need; the city's are those of all rows."""
    needed = sorted({name for formula in formulas for name in formula.measures})
    distinct = {
        name for formula in formulas if formula.counted == "procedures" for name in formula.measures
    }
    dossiers = {row["unit_code"]: row for row in summed(counts, ["unit_code"], needed)}
    dossiers[root] = next(iter(summed(counts, [], needed)))
    lacks = {unit: row.pop(LACKS) for unit, row in dossiers.items()}
    sets = [lacked([text]) for text in counts[LACKS].unique().to_pylist()]
    procedures: dict[str, dict[str, frozenset[str]]] = {}
    for name in sorted(distinct):
        for unit, codes in _procedures_with(counts, name, root).items():
            procedures.setdefault(unit, {})[name] = frozenset(codes)
    absent = frozenset.intersection(*sets) if sets else frozenset()
    return _Tallies(root, absent, lacks, dossiers, procedures)


def _procedures_with(counts: pa.Table, measure: str, root: str) -> dict[str, set[str]]:
    """The procedures with a dossier in a measure, by unit; the city's under ``root``."""
    some = counts.filter(pc.greater(counts[measure], 0))
    by_unit: dict[str, set[str]] = {root: set()}
    pairs = zip(some["unit_code"].to_pylist(), some["procedure_code"].to_pylist(), strict=True)
    for unit, procedure in pairs:
        by_unit.setdefault(unit, set()).add(procedure)
        by_unit[root].add(procedure)
    return by_unit


def _tally(formula: Formula, unit: str, month: _Tallies) -> Tally:
    """A month's count of a formula for a unit, over the places that have what it needs."""
    having, without = month.places(formula, unit)
    lacking = frozenset(without) - {UNKNOWN}
    if formula.counted == "dossiers":
        numerator, denominator = (
            sum(month.dossiers[place][name] for place in having for name in names)
            for names in (formula.numerator, formula.denominator)
        )
        return Tally(numerator, denominator, lacking=lacking)
    empty: Mapping[str, frozenset[str]] = {}
    found = [month.procedures.get(place, empty) for place in having]
    met, among = (
        frozenset(code for by_name in found for name in names for code in by_name.get(name, ()))
        for names in (formula.numerator, formula.denominator)
    )
    return Tally(len(met), len(among), lacking=lacking, met=met, among=among)


def _measured(tally: Tally | None, due: int, bodies: Sequence[str]) -> Measured:
    """The value of a tally of which so many months are due."""
    if tally is None:
        return MISSING
    every_month = tally.months == due
    if every_month and not tally.lacking:
        return Measured.share(tally.numerator, tally.denominator)
    owing = (*(() if every_month else bodies), *sorted(tally.lacking)) if tally.lacking else ()
    owed_by = "; ".join(owing) or None
    if not tally.denominator:
        return Measured(owed_by=owed_by)
    share = Measured.share(tally.numerator, tally.denominator, status="P", owed_by=owed_by)
    return replace(share, conclusive=not tally.lacking)
