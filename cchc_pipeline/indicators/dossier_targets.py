"""The plan's targets measured from dossiers, for the city and each unit, month and year to date.

Belongs here: adding a year's counts up by the plan's formulas, and saying which months lack. Does
not: the formulas (``target_formulas``), or the published rows (``plan_rows``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.indicators.dossier_counts import MonthCounts
from cchc_pipeline.indicators.dossier_statistics import summed
from cchc_pipeline.indicators.measured import MISSING, Key, Measured
from cchc_pipeline.indicators.target_formulas import Formula, load_formulas
from cchc_pipeline.period import Basis, Month

UnitsOf = Callable[[Month], frozenset[str]]


@dataclass(frozen=True)
class _Tallies:
    """A month's counts, by unit: dossiers by measure, and procedures by measure."""

    absent: frozenset[str]
    dossiers: Mapping[str, Mapping[str, int]]
    procedures: Mapping[str, Mapping[str, frozenset[str]]]


def dossier_values(
    month: Month,
    root: str,
    units_of: UnitsOf,
    counted: Mapping[Month, MonthCounts | None],
) -> dict[Key, Measured]:
    """Each target of the year's plan that is measured from dossiers.

    For the month: from its own counts. For the year to date: dossiers are summed over the months of
    the year, procedures are distinct over all of them. A unit's months are those in which it is
    valid; a month lacks if it has no export, if the export has nothing of the unit, or if no file
    of it has a column that the target rests on. Without any month, the value is missing (O). The
    year to date over some months only is provisional (P). A share of nothing cannot exist (M),
    unless months lack in which it may: then it is missing (O).

    Args:
        month: The month.
        root: The city's code; the city counts every dossier of the exports.
        units_of: The codes of the units below the root that are valid in a month.
        counted: What was counted in the months of the year so far; None or no entry where there was
            no export.

    Returns:
        By unit, target and basis; empty for a year without a plan.
    """
    formulas = load_formulas(month.year)
    if not formulas:
        return {}
    of_year = tuple(Month(month.year, 1).to(month))
    tallies = {m: _tallied(part, root, formulas) for m in of_year if (part := counted.get(m))}
    valid = {m: units_of(m) | {root} for m in of_year}
    windows = {Basis.MONTH: (month,), Basis.YTD: of_year}
    return {
        (unit, formula.target, basis): _measured(
            formula, unit, [tallies.get(m) for m in window if unit in valid[m]]
        )
        for unit in sorted(valid[month])
        for formula in formulas
        for basis, window in windows.items()
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


def _measured(formula: Formula, unit: str, months: Sequence[_Tallies | None]) -> Measured:
    known = [
        tally
        for tally in months
        if tally is not None and unit in tally.dossiers and formula.is_known(tally.absent)
    ]
    numerator = _count(formula, formula.numerator, unit, known)
    denominator = _count(formula, formula.denominator, unit, known)
    if len(known) == len(months):
        return Measured.share(numerator, denominator)
    return Measured.share(numerator, denominator, status="P") if denominator else MISSING


def _count(formula: Formula, measures: Iterable[str], unit: str, months: Iterable[_Tallies]) -> int:
    if formula.counted == "dossiers":
        return sum(month.dossiers[unit][name] for month in months for name in measures)
    empty: Mapping[str, frozenset[str]] = {}
    found = (month.procedures.get(unit, empty) for month in months)
    return len({code for by_name in found for name in measures for code in by_name.get(name, ())})
