"""The plan's targets that units report on their forms: the city's value, or who still owes it.

Belongs here: adding up what the owing units state. Does not: judging a form
(``sources.agency_forms``), the targets of tasks (``task_progress``), or published rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cchc_pipeline.agency_form import Bodies, load_bodies, named_in_short
from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.indicators.measured import Measured
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.plan import Target, load_plan
from cchc_pipeline.sources.agency_forms.forms import Report
from cchc_pipeline.units import UnitRegister

Values = Mapping[tuple[str, str, Basis], Measured]
"""What was measured, by unit code, target id and basis; what nobody reported is not in it."""

NOT_COLLECTED = Measured(status="L")


def reported_values(
    reports: Iterable[Report], month: Month, register: UnitRegister, root: str
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
    plan, bodies = load_plan(month.year), load_bodies(month.year)
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
    told: Mapping[str, Report],
    bodies: Bodies,
    place: tuple[Month, UnitRegister, str],
) -> str | None:
    month, register, root = place
    return named_in_short(bodies.owing(target.owed_by, register, root, month).missing(told.keys()))


def _added(target: Target, told: Mapping[str, Report], silent: str | None) -> Measured:
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
