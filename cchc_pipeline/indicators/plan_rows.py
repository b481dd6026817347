"""The plan's targets and tasks of a month, as rows: with a value, or with who owes it.

Belongs here: projecting the plan onto ``plan_indicators`` and ``plan_tasks``. Does not: the plan
itself (``cchc_pipeline.plan``), or the measures taken from dossiers, forms and catalogues.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cchc_pipeline.indicators.release_log import PublicationLog, months_on_time
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.plan import Plan, Target, Task, load_plan

_BASES = (Basis.MONTH, Basis.YTD)


def plan_indicator_rows(month: Month, root: str, log: PublicationLog) -> list[dict[str, Any]]:
    """Every target of the year's plan for the root, month and year to date.

    A value that nobody reported is missing (O) with its owing unit, never left out and never 0. A
    year without a plan has no rows.

    Args:
        month: The month.
        root: The unit that the plan binds.
        log: What is known of publications, the measure of target 31.
    """
    plan = load_plan(month.year)
    if plan is None:
        return []
    return [
        _missing(target, month, root, basis) | _measured(target, month, basis, log)
        for target in plan.targets
        for basis in _BASES
    ]


def _missing(target: Target, month: Month, root: str, basis: Basis) -> dict[str, Any]:
    return {
        "period": str(month),
        "unit_code": root,
        "indicator_id": target.id,
        "basis": basis.value,
        "numerator": None,
        "denominator": None,
        "value": None,
        "comparator": target.comparator.code,
        "target": float(target.target),
        "attained": None,
        "required_run_rate": None,
        "obs_status": "O",
        "owed_by": "; ".join(target.owed_by),
        "release": None,
    }


def _measured(target: Target, month: Month, basis: Basis, log: PublicationLog) -> dict[str, Any]:
    """What the portal and our own log alone can say of a target; nothing for most."""
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


def plan_task_rows(month: Month, indicators: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every row of the annex that is to be tracked; a state that nobody reported says so.

    Args:
        month: The month.
        indicators: Its rows of ``plan_indicators``, from which the state of task 31 follows.
    """
    plan = load_plan(month.year)
    if plan is None:
        return []
    derived = _derived_states(indicators)
    return [_task_row(plan, task, month, derived.get(task.id)) for task in plan.tasks]


def _derived_states(indicators: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Task 31 is under way once a month is confirmed, and done when the year is."""
    states = {}
    for row in indicators:
        if row["indicator_id"] == "31" and row["basis"] == "ytd" and row["value"] is not None:
            states["31"] = "DONE" if row["attained"] else "IN_PROGRESS"
    return states


def _task_row(plan: Plan, task: Task, month: Month, state: str | None) -> dict[str, Any]:
    window = plan.window(task)
    heading = next((h.title for h in plan.headings if h.id == task.parent), None)
    return {
        "period": str(month),
        "task_id": task.id,
        "parent_id": task.parent,
        "title": f"{heading}: {task.title}" if heading else task.title,
        "leads": "; ".join(task.leads),
        "coordinators": "; ".join(task.coordinators) or None,
        "time_text": task.time_text,
        "due_from": window.due_from,
        "due_to": window.due_to,
        "product": _without_dash(task.product),
        "status": state or "NOT_REPORTED",
        "note": " ".join(slip.note.vi for slip in plan.slips_of(task.id)) or None,
    }


def _without_dash(text: str | None) -> str | None:
    """A spreadsheet would run a cell that begins with the dash of a list."""
    return text.removeprefix("- ") if text else None
