"""The plan's tasks in a month: what their leads report, joined into one state, and target II.3.

Belongs here: the state of a task from the reports of the year, whether its time is over, the rows
of ``plan_tasks``. Does not: judging a form (``sources.agency_forms``), or mending the plan's text.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.plan_indicators import Measured, Values, on_both_bases
from cchc_pipeline.plan import Plan, PublicationLog, Task, load_plan, months_on_time, plan_of
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.agency_forms.items import (
    Bodies,
    UnitReport,
    load_bodies,
    load_layout,
    named,
)
from cchc_pipeline.sources.records.procedures import catalogue_rules

NOT_REPORTED, NOT_STARTED, IN_PROGRESS = "NOT_REPORTED", "NOT_STARTED", "IN_PROGRESS"
DONE, OVERDUE, NOT_APPLICABLE = "DONE", "OVERDUE", "NOT_APPLICABLE"
_UNFINISHED = frozenset({NOT_STARTED, IN_PROGRESS})


@dataclass(frozen=True)
class TaskState:
    """Where a task stands at the end of a month.

    Attributes:
        status: A code of ``task_status``.
        done_on: The day on which the last lead was done; None unless the leads report it done.
        silent: The leads that have not reported this year, by name.
        reported: Whether a lead reported; the publication log alone is no report.
        note: How many of several leads are done; None for one lead or none.
    """

    status: str
    done_on: date | None = None
    silent: tuple[str, ...] = ()
    reported: bool = False
    note: str | None = None


def task_states(
    month: Month,
    reports: Iterable[UnitReport],
    register: UnitRegister,
    root: str,
    log: PublicationLog,
    catalogued: Collection[Month] = (),
) -> dict[str, TaskState]:
    """The state of every tracked task at the end of a month.

    Each lead's latest report of the year counts, so that what is done stays done until the lead
    itself says otherwise. A task of several leads is done when all of them have reported it done or
    not applicable; until then it is under way. What a lead reports unfinished is overdue once the
    task's time is over. A task of which no lead reported stays unreported, however late. The state
    of a task with a target on publications follows from the log. A task that is measured from the
    catalogue of procedures is under way once a month of the year has one, until a lead reports.

    Args:
        month: The month.
        reports: Accepted rows of the forms of the year; later ones do not count.
        register: The units.
        root: The unit that the plan binds.
        log: What is known of publications.
        catalogued: The months of the year so far that have a catalogue of procedures.

    Returns:
        States by task id; none for a year without a plan.
    """
    plan, bodies = plan_of(root, month.year), load_bodies(month.year)
    if plan is None or bodies is None:
        return {}
    latest = _latest(reports, month)
    derived = _states_from_log(plan, month, log)
    states = {
        task.id: derived.get(task.id)
        or _state(plan, task, _Leads.of(task, latest, bodies, (month, register, root)), month)
        for task in plan.tasks
    }
    measured = [task.id for task in plan.tasks if task.measured_from and catalogued]
    return states | {task: _catalogued(states[task], month, catalogued) for task in measured}


def _catalogued(state: TaskState, month: Month, catalogued: Collection[Month]) -> TaskState:
    """A state with what the catalogues of the year show; what a lead reports stands."""
    words = catalogue_rules().task_note
    told = words.format(counted=len(catalogued), months=month.month)
    status = state.status if state.reported else IN_PROGRESS
    note = f"{state.note} {told}" if state.note else told
    return replace(state, status=status, note=note)


def _latest(reports: Iterable[UnitReport], month: Month) -> dict[tuple[str, str], UnitReport]:
    """The latest report of each task and unit since the year began."""
    known = [r for r in reports if r.month.year == month.year and r.month <= month and r.status]
    return {(r.item_id, r.unit_code): r for r in sorted(known, key=lambda r: r.month)}


@dataclass(frozen=True)
class _Leads:
    """What the leads of a task say, and which of them say nothing."""

    told: tuple[UnitReport, ...]
    silent: tuple[str, ...]

    @classmethod
    def of(
        cls,
        task: Task,
        latest: Mapping[tuple[str, str], UnitReport],
        bodies: Bodies,
        place: tuple[Month, UnitRegister, str],
    ) -> "_Leads":
        month, register, root = place
        owing = bodies.owing(task.leads, register, root, month)
        told = {u.code: latest[task.id, u.code] for u in owing.units if (task.id, u.code) in latest}
        return cls(tuple(told.values()), owing.missing(told.keys()))


def _state(plan: Plan, task: Task, leads: _Leads, month: Month) -> TaskState:
    said = [r.status for r in leads.told if r.status is not None and r.status != NOT_APPLICABLE]
    status = _joined(said, leads)
    over = plan.last_day(task)
    if status in _UNFINISHED and _UNFINISHED & set(said) and over and over <= month.last_day:
        status = OVERDUE
    days = [r.completed_on for r in leads.told if r.completed_on is not None]
    return TaskState(
        status,
        max(days) if days and status == DONE else None,
        leads.silent,
        bool(leads.told),
        _note(leads),
    )


def _joined(said: list[str], leads: _Leads) -> str:
    """One state of several; ``said`` leaves out those to whom the task does not apply."""
    if not said:
        return NOT_APPLICABLE if leads.told and not leads.silent else NOT_REPORTED
    if OVERDUE in said:
        return OVERDUE
    if set(said) == {NOT_STARTED}:
        return NOT_STARTED
    return DONE if set(said) == {DONE} and not leads.silent else IN_PROGRESS


def _note(leads: _Leads) -> str | None:
    count = len(leads.told) + len(leads.silent)
    if count < 2 or not leads.told:
        return None
    done = sum(report.status == DONE for report in leads.told)
    return load_layout().progress_note.format(done=done, leads=count, silent=len(leads.silent))


def _states_from_log(plan: Plan, month: Month, log: PublicationLog) -> dict[str, TaskState]:
    """A task on publications is under way once a month is confirmed, and done when the year is."""
    months = tuple(Month(month.year, 1).to(month))
    tasks = {task.id for task in plan.tasks}
    states = {}
    for target in plan.targets:
        if target.measured_from == "release_log" and target.id in tasks:
            places = tuple(place.code for place in target.places)
            count, in_time = months_on_time(log, months, places)
            whole = in_time is True and len(months) == 12
            if count is not None:
                states[target.id] = TaskState(DONE if whole else IN_PROGRESS)
    return states


def tracker_values(month: Month, root: str, states: Mapping[str, TaskState]) -> Values:
    """The root's values of the targets on the tasks themselves (II.3).

    Tasks done within their time, over the tasks to be tracked less those that do not apply. A task
    without a day to be late by is in time when it is done. While leads are silent the value is
    provisional (P) and names them; where no lead reported at all it is missing, and left out.
    """
    plan = plan_of(root, month.year)
    if plan is None or not any(state.reported for state in states.values()):
        return {}
    tracked = [task for task in plan.tasks if states[task.id].status != NOT_APPLICABLE]
    in_time = [task for task in tracked if _in_time(plan, task, states[task.id])]
    silent = named(name for task in tracked for name in states[task.id].silent)
    share = Measured.share(
        len(in_time), len(tracked), status="P" if silent else "A", owed_by=silent
    )
    measured = replace(share, conclusive=silent is None)
    values: dict[Any, Measured] = {}
    for target in plan.targets:
        if target.measured_from == "task_tracker":
            values |= on_both_bases(root, target.id, month, measured)
    return values


def _in_time(plan: Plan, task: Task, state: TaskState) -> bool:
    last = plan.last_day(task)
    return state.status == DONE and (last is None or state.done_on is None or state.done_on <= last)


def task_rows(month: Month, states: Mapping[str, TaskState]) -> list[dict[str, Any]]:
    """Every row of the annex that is to be tracked, for ``plan_tasks``; none without a plan."""
    plan = load_plan(month.year)
    return (
        []
        if plan is None or not states
        else [_row(plan, t, month, states[t.id]) for t in plan.tasks]
    )


def _row(plan: Plan, task: Task, month: Month, state: TaskState) -> dict[str, Any]:
    window = plan.window(task)
    heading = next((h.title for h in plan.headings if h.id == task.parent), None)
    notes = [*(slip.note.vi for slip in plan.slips_of(task.id)), state.note]
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
        "status": state.status,
        "note": " ".join(note for note in notes if note) or None,
    }


def _without_dash(text: str | None) -> str | None:
    """A spreadsheet would run a cell that begins with the dash of a list."""
    return text.removeprefix("- ") if text else None
