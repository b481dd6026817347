"""What a unit owes in a month: the rows of its form.

Belongs here: which targets and tasks of the plan a unit reports on. Does not: how the form looks
(``layout``, ``workbook``), or whether it came back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cchc_pipeline.agency_form.bodies import Bodies, load_bodies
from cchc_pipeline.agency_form.layout import load_layout
from cchc_pipeline.errors import UsageError
from cchc_pipeline.period import Month
from cchc_pipeline.plan import Plan, Target, Task, load_plan
from cchc_pipeline.units import Unit, UnitRegister


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
    plan, bodies = load_plan(month.year), load_bodies(month.year)
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


def owing_forms(month: Month, register: UnitRegister, root: str) -> tuple[Form, ...]:
    """The forms of all units that owe one in a month, in the register's order.

    A year without a plan has none.
    """
    plan, bodies = load_plan(month.year), load_bodies(month.year)
    if plan is None or bodies is None:
        return ()
    forms = (
        Form(unit, month, items_of(plan, bodies, unit)) for unit in register.below(root, month)
    )
    return tuple(form for form in forms if form.items)


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
