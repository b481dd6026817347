"""The parts of a plan: the decision, its groups, reports, targets, tasks, slips and contradictions.

Belongs here: their types, what the plan itself can answer about them, reading them from
``schemas/plan/<year>``, and judging that they agree. Does not: any comparison with a value
(``attainment``).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.model import Text
from cchc_pipeline.core.data import NO_EXTRAS, ROOT, read_yaml, refuse, typed
from cchc_pipeline.core.period import Month
from cchc_pipeline.government import government_of
from cchc_pipeline.plan.attainment import Comparator, Window, parse_window

TargetUnit = Literal["percent", "count", "months"]
MeasuredFrom = Literal[
    "agency_form", "task_tracker", "dossiers", "procedure_catalogue", "release_log"
]
Base = Literal["arriving", "fixed"]
Confidence = Literal["confirmed", "believed"]

_FILES = ("plan.yaml", "targets.yaml", "tasks.yaml")
_SECTION = re.compile(r"[IVX]+(\.[0-9a-zđ]+)*")


def _written(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("is not in Unicode form NFC")
    return text


def _in_both_languages(text: Text) -> Text:
    _written(text.vi)
    _written(text.en)
    return text


Filled = Annotated[str, AfterValidator(_written)]
Words = Annotated[Text, AfterValidator(_in_both_languages)]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Decision:
    """The decision that issues the plan."""

    number: Filled
    date: date
    title: Words
    issuer: Words


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class TaskGroup:
    """A group of the annex, by its Roman number."""

    number: Filled
    title: Words


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Report:
    """A report that is due before a day of each of some months."""

    kind: Filled
    title: Words
    before_day: Annotated[int, Field(ge=1, le=28)]
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Reporting:
    """The reporting calendar, the phrase that sets it, and who receives the reports."""

    section: Filled
    quote: Filled
    addressee: Filled
    reports: tuple[Report, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Slip:
    """A slip of the plan's text: as it is written, and what is believed to be meant.

    It stands either in a ``section`` of the plan or in a ``task`` of the annex.
    """

    id: Filled
    as_written: Filled
    believed: Filled
    note: Words
    section: Filled | None = None
    task: Filled | None = None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Conflict:
    """Two targets for one matter that do not agree; both are kept."""

    targets: tuple[Filled, Filled]
    note: Words


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Place:
    """A place where the plan wants something made public."""

    code: Filled
    title: Words


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Deadline:
    """By when a month's results are to be public."""

    rule: Literal["end_of_following_month"]
    confidence: Confidence
    note: Words

    def last_day(self, month: Month) -> date:
        """The last day on which the month's results are public in time."""
        return month.next().last_day


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Target:
    """A measurable target of the plan.

    Attributes:
        target: In ``unit``: per cent, a count, or months.
        section: The section of the plan or the task of the annex that sets it, by ``quote``.
        owed_by: Who owes the data, in the plan's wording, as ``owed_by_section`` has it.
        related_metric: A metric of Decision 766 to show beside it, never as it.
        run_rate: Whether a share still needed is worked out for it.
        base: ``arriving``: cases keep coming through the year; ``fixed``: what the share is taken
            of is known from the start, so no cases come.
        places: Where it is to be public; for months only, as is ``deadline``.
    """

    id: Filled
    name: Words
    definition: Words
    numerator: Words
    comparator: Comparator
    target: Decimal
    unit: TargetUnit
    section: Filled
    quote: Filled
    measured_from: MeasuredFrom
    owed_by: Annotated[tuple[Filled, ...], Field(min_length=1)]
    owed_by_section: Filled
    related_metric: Filled | None
    run_rate: bool
    base: Base
    denominator: Words | None = None
    note: Words | None = None
    places: tuple[Place, ...] = ()
    deadline: Deadline | None = None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Heading:
    """A numbered row of the annex that only heads the tasks below it."""

    id: Filled
    number: int
    group: Filled
    title: Filled


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Task:
    """A row of the annex to be tracked, in its own words.

    Attributes:
        number: The number that the annex gives it; None for sub-rows and the row without one.
        parent: The heading above a sub-row.
        leads: The leading bodies, cut from ``leads_text``, the cell as written.
        coordinators: The co-ordinating bodies, cut from ``coordinators_text``; may be none.
        time_text: The time as written; ``Plan.window`` reads it.
        product: What is to come of it; None where the cell is empty.
        measured_from: What shows that work on it goes on, beside the leads' own reports.
    """

    id: Filled
    number: int | None
    group: Filled
    title: Filled
    leads: Annotated[tuple[Filled, ...], Field(min_length=1)]
    leads_text: Filled
    coordinators: tuple[Filled, ...]
    coordinators_text: Filled | None
    time_text: Filled
    product: Filled | None
    parent: Filled | None = None
    measured_from: Literal["procedure_catalogue"] | None = None

    @property
    def text(self) -> str:
        """All that the annex writes in the row, for finding a phrase in it."""
        cells = (self.title, self.leads_text, self.coordinators_text, self.time_text, self.product)
        return "\n".join(cell for cell in cells if cell is not None)


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_Identified)


def _by_id(items: Iterable[_Item], wanted: str) -> _Item:
    for item in items:
        if item.id == wanted:
            return item
    raise KeyError(wanted)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Plan:
    """The plan of one year. ``tasks`` are the rows to track, in order, without the headings."""

    year: int
    decision: Decision
    groups: tuple[TaskGroup, ...]
    reporting: Reporting
    slips: tuple[Slip, ...]
    conflicts: tuple[Conflict, ...]
    targets: tuple[Target, ...]
    headings: tuple[Heading, ...]
    tasks: tuple[Task, ...]

    @property
    def rows(self) -> tuple[Heading | Task, ...]:
        """Every row of the annex that is named here: the headings, then the tasks."""
        return (*self.headings, *self.tasks)

    def target(self, target_id: str) -> Target:
        """The target of an id.

        Raises:
            KeyError: There is none.
        """
        return _by_id(self.targets, target_id)

    def task(self, task_id: str) -> Task:
        """The tracked task of an id.

        Raises:
            KeyError: There is none; a heading is no task.
        """
        return _by_id(self.tasks, task_id)

    def tasks_of(self, group: str) -> tuple[Task, ...]:
        """The tracked tasks of a group, by its Roman number."""
        return tuple(task for task in self.tasks if task.group == group)

    def window(self, task: Task) -> Window:
        """The days that a task is given, read literally: slips are not mended."""
        return parse_window(task.time_text, self.year)

    def last_day(self, task: Task) -> date | None:
        """The day by which a task is late; None where there is none, or where it is a slip.

        A slip is kept as written, and nobody is late by it: task 57 of 2024 says the whole of 2021.
        """
        if any(slip.as_written == task.time_text for slip in self.slips_of(task.id)):
            return None
        return self.window(task).due_to

    def slips_of(self, task_id: str) -> tuple[Slip, ...]:
        """The slips in the text of a task."""
        return tuple(slip for slip in self.slips if slip.task == task_id)

    def conflicts_with(self, target_id: str) -> str | None:
        """The id of the target that does not agree with this one, or None."""
        for conflict in self.conflicts:
            if target_id in conflict.targets:
                return next(other for other in conflict.targets if other != target_id)
        return None


def plan_years() -> tuple[int, ...]:
    """The years that have a folder in ``schemas/plan``, the oldest first."""
    folders = (entry.name for entry in ROOT.joinpath("plan").iterdir() if entry.is_dir())
    return tuple(sorted(int(name) for name in folders if name.isdecimal()))


@cache
def load_plan(year: int) -> Plan | None:
    """The plan of a year, from ``schemas/plan/<year>``; None for a year without one.

    Raises:
        SchemaDataError: The year has a plan whose data are not usable.
    """
    folder = f"plan/{year}"
    if not ROOT.joinpath(folder).is_dir():
        return None
    content: dict[str, Any] = {}
    for name in _FILES:
        part = read_yaml(f"{folder}/{name}")
        refuse(_merge_problems(content, part), f"schemas/{folder}/{name}")
        content |= part
    plan = parse_plan(content, f"schemas/{folder}")
    refuse([] if plan.year == year else [f"year is {plan.year}"], f"schemas/{folder}")
    return plan


def plan_of(root: str, year: int) -> Plan | None:
    """The plan that binds a province or city in a year; another one's is none of its own."""
    return load_plan(year) if government_of(root).has_plan(year) else None


def parse_plan(content: Any, where: str) -> Plan:
    """Type and judge a year's plan.

    Args:
        content: The mappings of the plan's files, merged into one.
        where: Its name, for the reader of an error.

    Raises:
        SchemaDataError: Something lacks or contradicts; one line names all of it.
    """
    plan = typed(Plan, content, where)
    rules = (_identity_problems, _task_problems, _target_problems, _slip_problems)
    refuse([problem for rule in rules for problem in rule(plan)], where)
    return plan


def _merge_problems(content: Mapping[str, Any], part: object) -> list[str]:
    if not isinstance(part, dict):
        return ["is not a mapping"]
    return [f"{key} stands in another file already" for key in part if key in content]


def _identity_problems(plan: Plan) -> Iterable[str]:
    lists = {
        "groups": [group.number for group in plan.groups],
        "slips": [slip.id for slip in plan.slips],
        "targets": [target.id for target in plan.targets],
        "tasks": [row.id for row in plan.rows],
        "conflicts": [name for conflict in plan.conflicts for name in conflict.targets],
    }
    for name, ids in lists.items():
        for repeated in (key for key, count in Counter(ids).items() if count > 1):
            yield f"{name}: {repeated} stands there twice"
    for unknown in sorted(set(lists["conflicts"]) - set(lists["targets"])):
        yield f"conflicts: {unknown} is no target"


def _task_problems(plan: Plan) -> Iterable[str]:
    groups = {group.number for group in plan.groups}
    headings = {heading.id for heading in plan.headings}
    for row in plan.rows:
        if row.group not in groups:
            yield f"tasks.{row.id}.group: {row.group} is no group"
    for task in plan.tasks:
        if task.parent is not None and task.parent not in headings:
            yield f"tasks.{task.id}.parent: {task.parent} is no heading"


def _target_problems(plan: Plan) -> Iterable[str]:
    rows = {row.id for row in plan.rows}
    for target in plan.targets:
        for name in ("section", "owed_by_section"):
            place = getattr(target, name)
            if place not in rows and not _SECTION.fullmatch(place):
                yield f"targets.{target.id}.{name}: {place} is neither a section nor a task"
        yield from (f"targets.{target.id}.{problem}" for problem in _own_problems(target))


def _own_problems(target: Target) -> Iterable[str]:
    exactly = target.comparator is Comparator.EXACTLY
    if target.unit == "percent" and target.denominator is None:
        yield "denominator: a share needs one"
    if target.run_rate and target.unit != "percent":
        yield "run_rate: only a share has one"
    if target.run_rate and exactly and target.target != 100:
        yield "run_rate: exactly a share is a floor at 100 only"
    if target.unit == "months" and not (target.places and target.deadline):
        yield "places: months need places and a deadline"


def _slip_problems(plan: Plan) -> Iterable[str]:
    texts = {task.id: task.text for task in plan.tasks}
    for slip in plan.slips:
        if (slip.section is None) == (slip.task is None):
            yield f"slips.{slip.id}: give either section or task"
        elif slip.task is not None and slip.as_written not in texts.get(slip.task, ""):
            yield f"slips.{slip.id}.as_written: does not stand in task {slip.task}"
