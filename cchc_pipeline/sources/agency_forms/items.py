"""What a unit is asked in a month: whom the plan's wordings mean, its form's look and rows.

Belongs here: finding the units by ``schemas/plan/<year>/bodies.yaml``, which targets and tasks each
reports on; the form's sheets, headings, guide and limits (``schemas/forms/agency_form.yaml``), on
which its writer and its reader must agree; what it reports, as a value. Does not: the plan itself
(``cchc_pipeline.plan``), writing a form (``blank``), or whether it came back (``forms``).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load, refuse
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import Filled, Plan, Target, Task, load_plan, plan_of
from cchc_pipeline.registers.units import LEVELS, Unit, UnitRegister, fold_name

ColumnKey = Literal[
    "item_id", "content", "numerator", "denominator", "value", "status", "completed_on", "note"
]
BlockKey = Literal["unit_code", "unit_name", "period"]
FIGURES: tuple[ColumnKey, ...] = ("numerator", "denominator", "value")
NOT_REPORTED = "NOT_REPORTED"
_PATH = "forms/agency_form.yaml"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class BlockLine:
    """A line of the heading block; the first heading is the one shown."""

    key: BlockKey
    headings: tuple[Filled, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Column:
    """A column of the form; the first heading is the one shown."""

    key: ColumnKey
    headings: tuple[Filled, ...]
    width: float


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Hint:
    """What a spreadsheet says beside a cell to fill in."""

    title: Filled
    text: Filled


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class FormLimits:
    """What a form that came back may weigh, packed and unpacked, and how many rows it may have."""

    file_bytes: int
    unpacked_bytes: int
    ratio: int
    rows: int


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class FormLayout:
    """All of ``schemas/forms/agency_form.yaml``."""

    basis: Filled
    sheet: Filled
    guide_sheet: Filled
    title: Filled
    subtitle: Filled
    sample_notice: Filled
    block: tuple[BlockLine, ...]
    columns: tuple[Column, ...]
    comparators: dict[str, str]
    share_text: Filled
    count_text: Filled
    task_text: Filled
    entry_hints: dict[str, Hint]
    guide: tuple[Filled, ...]
    progress_note: Filled
    former_status_words: dict[Filled, Filled]
    limits: FormLimits

    def heading(self, key: str) -> str:
        """The heading that the form shows over a column."""
        return next(column.headings[0] for column in self.columns if column.key == key)


@cache
def load_layout() -> FormLayout:
    """The layout of the form.

    Raises:
        SchemaDataError: The file is not usable.
    """
    return load(FormLayout, _PATH)


@dataclass(frozen=True)
class UnitReport:
    """What a unit reports of a target, a task, or both under one id.

    Attributes:
        numerator: Since 1 January of the plan year, as are ``denominator`` and ``value``.
        value: In the target's unit, a share in per cent rounded to 6 decimals; None of a share
            whose denominator is 0, or where no figure is reported.
        status: A code of ``task_status``; None where no status is reported.
        completed_on: The day on which the task was done.
    """

    month: Month
    unit_code: str
    item_id: str
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    value: Decimal | None = None
    status: str | None = None
    completed_on: date | None = None

    def as_row(self) -> dict[str, Any]:
        """The row of ``agency_reports``."""
        figures = {
            name: None if number is None else float(number)
            for name in ("numerator", "denominator", "value")
            for number in (getattr(self, name),)
        }
        said = {"item_id": self.item_id, "status": self.status, "completed_on": self.completed_on}
        return {"period": str(self.month), "unit_code": self.unit_code, **said, **figures}


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Body:
    """A wording of the plan: all units of some levels, or units by name; else nobody by name."""

    wording: Filled
    basis: Filled
    levels: tuple[Filled, ...] = ()
    names: tuple[Filled, ...] = ()

    def means(self, name: str, level: str) -> bool:
        """Whether a unit of this name and level is meant."""
        folded = {fold_name(known) for known in self.names}
        return level in self.levels or fold_name(name) in folded

    def is_listed(self, units: Collection[tuple[str, str]]) -> bool:
        """Whether each of its levels, and one of its names, occurs among names and levels."""
        levels = {level for _, level in units}
        return levels.issuperset(self.levels) and (
            not self.names or any(self.means(name, level) for name, level in units)
        )


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Changes:
    """Targets whose figures are changes against an earlier year, and may be negative."""

    targets: tuple[Filled, ...]
    basis: Filled


@dataclass(frozen=True)
class Owing:
    """The units that a list of wordings means in a month.

    Attributes:
        units: Those with a code, in the register's order; they can report.
        awaiting: Names of units that exist by law and have no code yet; they owe and cannot report.
        unlisted: Wordings of which some level or the named unit stands in no list of units at all.
    """

    units: tuple[Unit, ...]
    awaiting: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()

    def missing(self, reported: Collection[str]) -> tuple[str, ...]:
        """Who has not reported, by name, when the units of these codes have."""
        silent = (unit.name_vi for unit in self.units if unit.code not in reported)
        return (*silent, *self.awaiting, *self.unlisted)


def named(names: Iterable[str]) -> str | None:
    """Names joined by "; ", each once and none left out; None of nobody."""
    return "; ".join(dict.fromkeys(names)) or None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Bodies:
    """All wordings of one year's plan."""

    bodies: Annotated[tuple[Body, ...], Field(min_length=1)]
    changes: Changes

    def means(self, wordings: Iterable[str], unit: Unit) -> bool:
        """Whether one of the wordings means the unit."""
        return any(body.means(unit.name_vi, unit.level) for body in self._of(wordings))

    def owing(
        self, wordings: Iterable[str], register: UnitRegister, root: str, month: Month
    ) -> Owing:
        """The units below the root that the wordings mean in a month."""
        bodies = self._of(wordings)
        known = register.below(root, month)
        awaiting = register.awaiting_code(month)
        listed = [(unit.name_vi, unit.level) for unit in known]
        listed += [(unit.name_vi, unit.level) for unit in awaiting]
        return Owing(
            tuple(u for u in known if any(b.means(u.name_vi, u.level) for b in bodies)),
            tuple(u.name_vi for u in awaiting if any(b.means(u.name_vi, u.level) for b in bodies)),
            tuple(body.wording for body in bodies if not body.is_listed(listed)),
        )

    def _of(self, wordings: Iterable[str]) -> tuple[Body, ...]:
        wanted = set(wordings)
        return tuple(body for body in self.bodies if body.wording in wanted)


@cache
def load_bodies(year: int) -> Bodies | None:
    """Whom the plan of a year means; None for a year without a plan.

    Raises:
        SchemaDataError: ``schemas/plan/<year>/bodies.yaml`` is not usable: a wording of the plan
            lacks, a level is unknown, or a target is none.
    """
    plan = load_plan(year)
    if plan is None:
        return None
    where = f"plan/{year}/bodies.yaml"
    bodies = load(Bodies, where)
    refuse(_problems(bodies, plan), f"schemas/{where}")
    return bodies


def _problems(bodies: Bodies, plan: Plan) -> Iterable[str]:
    known = [body.wording for body in bodies.bodies]
    said = {name for target in plan.targets for name in target.owed_by}
    said |= {name for task in plan.tasks for name in task.leads}
    yield from (f"bodies: {wording!r} of the plan lacks" for wording in sorted(said - set(known)))
    yield from (f"bodies: {name!r} stands there twice" for name in known if known.count(name) > 1)
    for body in bodies.bodies:
        yield from (
            f"bodies.{body.wording}: level {level!r} is unknown"
            for level in body.levels
            if level not in LEVELS
        )
    targets = {target.id for target in plan.targets}
    unknown = sorted(set(bodies.changes.targets) - targets)
    yield from (f"changes: {target} is no target" for target in unknown)


@dataclass(frozen=True)
class FormItem:
    """A row of the form, by an id of the plan.

    A target and a task may share an id (45, 7a): they are one row then, whose figures speak of the
    target and whose status of the task.

    Attributes:
        id: The id of the target, the task, or both.
        target: Set where figures are asked for.
        task: Set where a status is asked for.
        signed: Whether the figures may be negative.
    """

    id: str
    target: Target | None
    task: Task | None
    signed: bool = False

    @property
    def is_share(self) -> bool:
        """Whether the figures are a numerator and a denominator."""
        return self.target is not None and self.target.unit == "percent"

    @property
    def text(self) -> str:
        """What the form says the row is about."""
        return "\n".join(_texts(self))


@dataclass(frozen=True)
class Form:
    """One unit's form of one month."""

    unit: Unit
    month: Month
    items: tuple[FormItem, ...]


def form_items(plan: Plan, bodies: Bodies) -> tuple[FormItem, ...]:
    """Every row that some form may have, in the plan's order: targets, then tasks.

    Targets that follow from elsewhere (dossiers, the catalogue, the task states themselves) are not
    asked for; nor is a task whose own target is the publication log's.
    """
    targets = {t.id: t for t in plan.targets if t.measured_from == "agency_form"}
    from_log = {t.id for t in plan.targets if t.measured_from == "release_log"}
    tasks = {task.id: task for task in plan.tasks if task.id not in from_log}
    signed = set(bodies.changes.targets)
    return tuple(
        FormItem(key, targets.get(key), tasks.get(key), key in signed)
        for key in dict.fromkeys((*targets, *tasks))
    )


def items_of(plan: Plan, bodies: Bodies, unit: Unit) -> tuple[FormItem, ...]:
    """The rows of a unit's form: the targets that it owes and the tasks that it leads.

    A unit whose name the plan does not say owes what its class owes.
    """
    return tuple(_owed_parts(form_items(plan, bodies), bodies, unit))


def _owed_parts(items: Iterable[FormItem], bodies: Bodies, unit: Unit) -> Iterator[FormItem]:
    """Of a row whose target and task are of different bodies, the part that this unit owes."""
    for item in items:
        target, task = item.target, item.task
        owes = target if target and bodies.means(target.owed_by, unit) else None
        leads = task if task and bodies.means(task.leads, unit) else None
        if owes or leads:
            yield FormItem(item.id, owes, leads, item.signed)


def form_for(unit_code: str, month: Month, register: UnitRegister, root: str) -> Form:
    """The form of a unit for a month.

    Args:
        unit_code: The unit's code.
        month: The month that the form is about.
        register: The units.
        root: The unit that the plan binds.

    Raises:
        UsageError: There is no plan for the year, the unit does not exist in the month below the
            root, or it owes nothing.
    """
    plan, bodies = plan_of(root, month.year), load_bodies(month.year)
    if plan is None or bodies is None:
        raise UsageError(
            f"there is no plan for {month.year}, so no unit owes a form",
            todo=f"add schemas/plan/{month.year}",
        )
    unit = next((u for u in register.below(root, month) if u.code == unit_code), None)
    if unit is None:
        raise UsageError(
            f"no unit {unit_code} below {root} in {month}",
            todo="give a code that stands in inbox/units.csv and is valid in that month",
        )
    items = items_of(plan, bodies, unit)
    if not items:
        raise UsageError(
            f"{unit_code} owes nothing by the plan for {month.year}", todo="choose another unit"
        )
    return Form(unit, month, items)


def _texts(item: FormItem) -> Iterator[str]:
    layout = load_layout()
    if item.task is not None:
        yield layout.task_text.format(title=item.task.title)
    if item.target is not None:
        denominator = item.target.denominator
        yield (layout.share_text if item.is_share else layout.count_text).format(
            name=item.target.name.vi,
            numerator=item.target.numerator.vi,
            denominator=denominator.vi if denominator else "",
            sign=layout.comparators[item.target.comparator.code],
            target=f"{item.target.target.normalize():f}",
        )
