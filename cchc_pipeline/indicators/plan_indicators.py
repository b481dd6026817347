"""The plan's targets of a month as rows: measured, reported, or with who owes them.

Belongs here: the one type of a measured value, which dossiers, forms and catalogues all answer
with; adding up what the owing units state; the rows of ``plan_indicators``. Does not: the plan
(``cchc_pipeline.plan``), its tasks (``task_progress``), judging a form (``sources.agency_forms``),
or measuring (``dossier_targets``, ``records``).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.plan import (
    Exact,
    PublicationLog,
    RunRate,
    Target,
    attained,
    months_on_time,
    plan_of,
    required_run_rate,
)
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.agency_forms.items import Bodies, UnitReport, load_bodies, named

Counted = int | Decimal
Key = tuple[str, str, Basis]
"""Unit, target and basis: what a measured value is of."""
VALUELESS = frozenset("LMOQ")
"""The observation statuses (SDMX CL_OBS_STATUS) of a row without a value."""
_BASES = (Basis.MONTH, Basis.YTD)


@dataclass(frozen=True)
class Measured:
    """A target's value for a unit and a basis, exactly; the published row rounds it.

    Attributes:
        numerator: What counts; in cases, or in the target's unit.
        denominator: What it is taken of; None where the target is no share.
        value: In the target's unit, not rounded: a share times 100. None exactly when ``status`` is
            one of L, M, O, Q.
        status: A code of ``obs_status``: A reported, P some reports or months are missing, O nobody
            reported, M cannot exist (the denominator is 0), L not collected on this basis.
        owed_by: Who still owes data, joined by "; "; None leaves it to the plan, which names its
            own bodies wherever the status is O or P.
        conclusive: Whether the value says if the target is attained; not while those who have not
            reported could turn it.

    Raises:
        ValueError: Value and status contradict each other; a mistake of the code, not of a source.
    """

    numerator: Counted | None = None
    denominator: Counted | None = None
    value: Exact | None = None
    status: str = "O"
    owed_by: str | None = None
    conclusive: bool = True

    def __post_init__(self) -> None:
        """Hold value and status together."""
        if (self.value is None) != (self.status in VALUELESS):
            raise ValueError(f"status {self.status} does not go with the value {self.value}")

    @classmethod
    def share(
        cls,
        numerator: Counted,
        denominator: Counted,
        *,
        status: str = "A",
        owed_by: str | None = None,
    ) -> "Measured":
        """A share in per cent; one of a denominator of 0 cannot exist (M).

        Args:
            numerator: Cases that count.
            denominator: All cases.
            status: Of a share that exists: A, or P if some reports or months are missing.
            owed_by: Who owes what is missing.
        """
        if denominator == 0:
            return cls(numerator, denominator, None, "M", owed_by)
        value = Fraction(numerator) * 100 / Fraction(denominator)
        return cls(numerator, denominator, value, status, owed_by)

    @classmethod
    def count(cls, number: Counted, *, status: str = "A", owed_by: str | None = None) -> "Measured":
        """A count, which is its own value and has no denominator."""
        return cls(number, None, number, status, owed_by)


MISSING = Measured()
"""Nobody reported: never left out, never 0 (domain: section 6)."""


def two_decimals(value: Exact) -> Decimal:
    """Rounded once, half up, from the exact value."""
    return Decimal(math.floor(Fraction(value) * 100 + Fraction(1, 2))).scaleb(-2)


Values = Mapping[tuple[str, str, Basis], Measured]
"""What was measured, by unit code, target id and basis; what nobody reported is not in it."""

NOT_COLLECTED = Measured(status="L")


def reported_values(
    reports: Iterable[UnitReport], month: Month, register: UnitRegister, root: str
) -> Values:
    """The root's values of the targets that are measured from agency forms.

    A form states figures from 1 January to the end of its month, as Vietnamese reports do, so only
    the month's own forms speak of its year to date: an earlier form does not reach so far. The
    month alone is not collected (L), but in January, where it is the same. Numerators and
    denominators of several owing units are added; while some have not reported, the value is
    provisional (P), names them, and does not say whether the target is attained. A target of which
    no unit reported is left out: missing.

    Args:
        reports: Accepted rows of forms; those of other months do not count.
        month: The month.
        register: The units.
        root: The unit that the plan binds.

    Returns:
        Values by (root, target id, basis); none for a year without a plan.
    """
    plan, bodies = plan_of(root, month.year), load_bodies(month.year)
    if plan is None or bodies is None:
        return {}
    own = [r for r in reports if r.month == month and r.numerator is not None]
    values: dict[tuple[str, str, Basis], Measured] = {}
    for target in plan.targets:
        told = {r.unit_code: r for r in own if r.item_id == target.id}
        if target.measured_from == "agency_form" and told:
            silent = _silent(target, told, bodies, (month, register, root))
            measured = replace(_added(target, told, silent), conclusive=silent is None)
            values |= on_both_bases(root, target.id, month, measured)
    return values


def on_both_bases(root: str, target_id: str, month: Month, to_date: Measured) -> Values:
    """A value of the year to date, beside a month alone that nobody collects but in January."""
    alone = to_date if month.month == 1 else NOT_COLLECTED
    return {(root, target_id, Basis.YTD): to_date, (root, target_id, Basis.MONTH): alone}


def _silent(
    target: Target,
    told: Mapping[str, UnitReport],
    bodies: Bodies,
    place: tuple[Month, UnitRegister, str],
) -> str | None:
    month, register, root = place
    return named(bodies.owing(target.owed_by, register, root, month).missing(told.keys()))


def _added(target: Target, told: Mapping[str, UnitReport], silent: str | None) -> Measured:
    status = "A" if silent is None else "P"
    numerator = sum(r.numerator for r in told.values() if r.numerator is not None)
    if target.unit != "percent":
        return Measured.count(numerator, status=status, owed_by=silent)
    denominators = [r.denominator for r in told.values() if r.denominator is not None]
    if len(denominators) < len(told):
        raise SchemaDataError(
            f"a report of {target.id} has no denominator", where="table agency_reports"
        )
    return Measured.share(numerator, sum(denominators), status=status, owed_by=silent)


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
    plan = plan_of(root, month.year)
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
    whole_year, is_known = len(months) == 12, None not in {log.on_time(m, places) for m in months}
    due = 1.0 if basis is Basis.MONTH else float(target.target)
    if count is None:
        return {"target": due}
    return {
        "numerator": float(count),
        "denominator": float(len(months)),
        "value": float(count),
        "target": due,
        "attained": in_time if in_time is False or basis is Basis.MONTH or whole_year else None,
        "obs_status": "A" if is_known else "P",
        "owed_by": None if is_known else "; ".join(target.owed_by),
    }
