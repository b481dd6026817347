"""The plan's targets measured from dossiers, for the city and each unit, month and year to date.

Belongs here: a month's counts by the plan's formulas, the values of the month and of the year, and
which months lack. Does not: the formulas (``target_formulas``), the sums of the year
(``year_to_date``), or the published rows (``plan_rows``).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.indicators.dossier_counts import MonthCounts
from cchc_pipeline.indicators.dossier_statistics import summed
from cchc_pipeline.indicators.measured import MISSING, Key, Measured
from cchc_pipeline.indicators.target_formulas import Formula, load_formulas
from cchc_pipeline.indicators.year_to_date import Place, Tally
from cchc_pipeline.period import Basis, Month

UnitsOf = Callable[[Month], frozenset[str]]


@dataclass(frozen=True)
class _Tallies:
    """A month's counts, by unit: dossiers by measure, and procedures by measure."""

    absent: frozenset[str]
    dossiers: Mapping[str, Mapping[str, int]]
    procedures: Mapping[str, Mapping[str, frozenset[str]]]


def month_tallies(
    month: Month, root: str, units: Collection[str], part: MonthCounts | None
) -> dict[Place, Tally]:
    """What a month's export counts towards each target of the year's plan, by unit.

    A unit has none if the month has no export, if the export has nothing of the unit, or if no file
    of it has a column that the target rests on.

    Args:
        month: The month.
        root: The city's code; the city counts every dossier of the export.
        units: The codes of the units below the root that are valid in the month.
        part: What was counted; None where there was no export.
    """
    formulas = load_formulas(month.year)
    if part is None or not formulas:
        return {}
    tallied = _tallied(part, root, formulas)
    return {
        (unit, formula.target): _tally(formula, unit, tallied)
        for formula in formulas
        if formula.is_known(tallied.absent)
        for unit in sorted({*units, root} & tallied.dossiers.keys())
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
    valid. Without any month, the value is missing (O). The year to date over some months only is
    provisional (P). A share of nothing cannot exist (M), unless months lack in which it may: then
    it is missing (O).

    Args:
        month: The month.
        root: The city's code.
        units_of: The codes of the units below the root that are valid in a month.
        own: The month's own tallies.
        to_date: The year's, the month among them.

    Returns:
        By unit, target and basis; empty for a year without a plan.
    """
    formulas = load_formulas(month.year)
    if not formulas:
        return {}
    valid = [units_of(m) | {root} for m in Month(month.year, 1).to(month)]
    months = Counter(unit for units in valid for unit in units)
    return {
        (unit, formula.target, basis): _measured(tallies.get((unit, formula.target)), due)
        for unit in sorted(valid[-1])
        for formula in formulas
        for basis, tallies, due in ((Basis.MONTH, own, 1), (Basis.YTD, to_date, months[unit]))
    }


def _tallied(part: MonthCounts, root: str, formulas: Iterable[Formula]) -> _Tallies:
    """The sums that the formulas need; the city's are those of all rows."""
    needed = sorted({name for formula in formulas for name in formula.measures})
    distinct = {
        name for formula in formulas if formula.counted == "procedures" for name in formula.measures
    }
    dossiers = {row["unit_code"]: row for row in summed(part.counts, ["unit_code"], needed)}
    dossiers[root] = next(iter(summed(part.counts, [], needed)))
    procedures: dict[str, dict[str, frozenset[str]]] = {}
    for name in sorted(distinct):
        for unit, codes in _procedures_with(part.counts, name, root).items():
            procedures.setdefault(unit, {})[name] = frozenset(codes)
    return _Tallies(part.absent, dossiers, procedures)


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
    """A month's count of a formula for one unit."""
    if formula.counted == "dossiers":
        counted = month.dossiers[unit]
        numerator, denominator = (
            sum(counted[name] for name in names)
            for names in (formula.numerator, formula.denominator)
        )
        return Tally(numerator, denominator)
    found = month.procedures.get(unit, {})
    met, among = (
        frozenset(code for name in names for code in found.get(name, ()))
        for names in (formula.numerator, formula.denominator)
    )
    return Tally(len(met), len(among), met=met, among=among)


def _measured(tally: Tally | None, due: int) -> Measured:
    """The value of a tally of which so many months are due."""
    if tally is None:
        return MISSING
    if tally.months == due:
        return Measured.share(tally.numerator, tally.denominator)
    if not tally.denominator:
        return MISSING
    return Measured.share(tally.numerator, tally.denominator, status="P")
