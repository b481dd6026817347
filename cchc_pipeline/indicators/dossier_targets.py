"""The plan's targets measured from dossiers, for the city and each unit, month and year to date.

Belongs here: adding a year's counts up by the plan's formulas, and saying which months and units
lack. Does not: the formulas (``target_formulas``), or the published rows (``plan_rows``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.indicators.dossier_counts import LACKS, UNKNOWN, lacked
from cchc_pipeline.indicators.dossier_statistics import summed
from cchc_pipeline.indicators.measured import Key, Measured
from cchc_pipeline.indicators.target_formulas import Formula, load_formulas
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.plan import load_plan

UnitsOf = Callable[[Month], frozenset[str]]


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


_Part = tuple[_Tallies, str]
"""A month, and the unit (or the city) whose counts in it are added."""


def dossier_values(
    month: Month,
    root: str,
    units_of: UnitsOf,
    counted: Mapping[Month, pa.Table | None],
) -> dict[Key, Measured]:
    """Each target of the year's plan that is measured from dossiers.

    For the month: from its own counts. For the year to date: dossiers are summed over the months of
    the year, procedures are distinct over all of them. A unit's months are those in which it is
    valid; a month lacks if it has no export, if the export has nothing of the unit, or if no file
    of it has a column that the target rests on. Without any month, the value is missing (O). The
    year to date over some months only is provisional (P). A share of nothing cannot exist (M),
    unless months lack in which it may: then it is missing (O).

    A unit with rows of a file that lacks such a column does not have the target in that month: the
    city's value is taken over the units that have it, and is provisional (P) or, where that is
    none, missing (O). The other units are named as owing, after the plan's own bodies where months
    lack too, and nothing is said of attainment, which they could turn (domain, section 5).

    Args:
        month: The month.
        root: The city's code; the city counts every dossier of the exports.
        units_of: The codes of the units below the root that are valid in a month.
        counted: ``dossier_counts`` of the months of the year so far; None or no entry where there
            was no export.

    Returns:
        By unit, target and basis; empty for a year without a plan.
    """
    plan, formulas = load_plan(month.year), load_formulas(month.year)
    if plan is None:
        return {}
    bodies = {target.id: target.owed_by for target in plan.targets}
    of_year = tuple(Month(month.year, 1).to(month))
    tallies = {
        m: _tallied(counts, root, formulas)
        for m in of_year
        if (counts := counted.get(m)) is not None
    }
    valid = {m: units_of(m) | {root} for m in of_year}
    windows = {Basis.MONTH: (month,), Basis.YTD: of_year}
    return {
        (unit, formula.target, basis): _measured(
            formula,
            unit,
            [tallies.get(m) for m in window if unit in valid[m]],
            bodies[formula.target],
        )
        for unit in sorted(valid[month])
        for formula in formulas
        for basis, window in windows.items()
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


def _measured(
    formula: Formula, unit: str, months: Sequence[_Tallies | None], bodies: Sequence[str]
) -> Measured:
    told = [tally for tally in months if tally is not None and tally.tells(formula, unit)]
    parts, lacking = list[_Part](), set[str]()
    for tally in told:
        having, without = tally.places(formula, unit)
        parts += [(tally, place) for place in having]
        lacking |= {*without} - {UNKNOWN}
    numerator = _count(formula, formula.numerator, parts)
    denominator = _count(formula, formula.denominator, parts)
    every_month = len(told) == len(months)
    if every_month and not lacking:
        return Measured.share(numerator, denominator)
    owing = (*(() if every_month else bodies), *sorted(lacking)) if lacking else ()
    owed_by = "; ".join(owing) or None
    if not denominator:
        return Measured(owed_by=owed_by)
    share = Measured.share(numerator, denominator, status="P", owed_by=owed_by)
    return replace(share, conclusive=not lacking)


def _count(formula: Formula, measures: Iterable[str], parts: Iterable[_Part]) -> int:
    if formula.counted == "dossiers":
        return sum(month.dossiers[place][name] for month, place in parts for name in measures)
    empty: Mapping[str, frozenset[str]] = {}
    found = (month.procedures.get(place, empty) for month, place in parts)
    return len({code for by_name in found for name in measures for code in by_name.get(name, ())})
