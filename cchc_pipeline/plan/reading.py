"""Reading a year's plan from ``schemas/plan/<year>``, and judging that its parts agree.

Belongs here: the files of a plan, and what several parts must agree on. Does not: the type of each
part (``model``).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cchc_pipeline.core.data import ROOT, read_yaml, refuse, typed
from cchc_pipeline.plan.attainment import Comparator
from cchc_pipeline.plan.model import Plan, Target

_FILES = ("plan.yaml", "targets.yaml", "tasks.yaml")
_SECTION = re.compile(r"[IVX]+(\.[0-9a-zđ]+)*")


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
