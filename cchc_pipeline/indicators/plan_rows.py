"""The plan's targets of a month, as rows: with a value, or with who owes it.

Belongs here: projecting targets onto ``plan_indicators``. Does not: the plan itself
(``cchc_pipeline.plan``), its tasks (``task_progress``), or the measures of dossiers, forms and
catalogues.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cchc_pipeline.indicators.measured import MISSING, Counted, Key, Measured, two_decimals
from cchc_pipeline.indicators.release_log import PublicationLog, months_on_time
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.plan import (
    Exact,
    RunRate,
    Target,
    attained,
    load_plan,
    required_run_rate,
)

_BASES = (Basis.MONTH, Basis.YTD)
_NOTHING: Mapping[Key, Measured] = MappingProxyType({})


def plan_indicator_rows(
    month: Month, root: str, log: PublicationLog, measured: Mapping[Key, Measured] = _NOTHING
) -> list[dict[str, Any]]:
    """Every target of the year's plan for the root, and what was measured of units below it.

    A value that nobody reported is missing (O) with its owing unit, never left out and never 0. A
    year without a plan has no rows. Published values are rounded once; what is attained is judged
    on the exact value.

    Args:
        month: The month.
        root: The unit that the plan binds; it has a row for every target and basis.
        log: What is known of publications, the measure of target 31.
        measured: What dossiers, forms and catalogues say; each unit in it has the rows that it has.
            Targets that are not the plan's are left out.
    """
    plan = load_plan(month.year)
    if plan is None:
        return []
    units = sorted({unit for unit, _, _ in measured} - {root})
    keys = [(root, target, basis) for target in plan.targets for basis in _BASES]
    keys += [
        (unit, target, basis)
        for unit in units
        for target in plan.targets
        for basis in _BASES
        if (unit, target.id, basis) in measured
    ]
    return [
        _row(target, month, unit, basis, measured.get((unit, target.id, basis), MISSING))
        | (_published(target, month, basis, log) if unit == root else {})
        for unit, target, basis in keys
    ]


def run_rate(target: Target, month: Month, basis: Basis, measured: Measured) -> RunRate | None:
    """The share still needed until 31/12, with the reason where it has none.

    Returns:
        None on rows of the month, without a value, and for targets whose cases do not keep coming.
        A year to date that lacks months gives the share under the assumption that those were like
        the others.
    """
    numerator, denominator = measured.numerator, measured.denominator
    applies = basis is Basis.YTD and target.run_rate and target.base == "arriving"
    if not applies or measured.value is None or numerator is None or denominator is None:
        return None
    return required_run_rate(numerator, denominator, month.month, target.target, target.comparator)


def _row(
    target: Target, month: Month, unit: str, basis: Basis, measured: Measured
) -> dict[str, Any]:
    rate = run_rate(target, month, basis, measured)
    owed = measured.owed_by or "; ".join(target.owed_by)
    return {
        "period": str(month),
        "unit_code": unit,
        "indicator_id": target.id,
        "basis": basis.value,
        "numerator": _number(measured.numerator),
        "denominator": _number(measured.denominator),
        "value": _number(measured.value),
        "comparator": target.comparator.code,
        "target": float(target.target),
        "attained": attained(measured.value, target.comparator, target.target)
        if measured.conclusive
        else None,
        "required_run_rate": _number(rate.percent if rate else None),
        "obs_status": measured.status,
        "owed_by": owed if measured.status in "OP" else measured.owed_by,
        "release": None,
    }


def _number(value: Exact | Counted | None) -> float | None:
    return None if value is None else float(two_decimals(value))


def _published(target: Target, month: Month, basis: Basis, log: PublicationLog) -> dict[str, Any]:
    """What our own log alone can say of a target; nothing for most."""
    if target.measured_from != "release_log":
        return {}
    first = month if basis is Basis.MONTH else Month(month.year, 1)
    months = tuple(first.to(month))
    places = tuple(place.code for place in target.places)
    count, in_time = months_on_time(log, months, places)
    whole_year = len(months) == 12
    due = 1.0 if basis is Basis.MONTH else float(target.target)
    if count is None:
        return {"target": due}
    return {
        "numerator": float(count),
        "denominator": float(len(months)),
        "value": float(count),
        "target": due,
        "attained": in_time if in_time is False or basis is Basis.MONTH or whole_year else None,
        "obs_status": "A" if in_time is not None else "P",
        "owed_by": None if in_time is not None else "; ".join(target.owed_by),
    }
