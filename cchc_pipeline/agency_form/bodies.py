"""Whom the plan means: its wordings of leads and owing bodies, as units of a month.

Belongs here: reading ``schemas/plan/<year>/bodies.yaml`` and finding the units. Does not: what they
owe (``items``), or the plan itself.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.agency_form.layout import load_layout
from cchc_pipeline.period import Month
from cchc_pipeline.plan import Filled, Plan, load_plan
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.typed_data import refuse, typed
from cchc_pipeline.units import LEVELS, Unit, UnitRegister, fold_name

_NO_EXTRAS = ConfigDict(extra="forbid")


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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


def named_in_short(names: Iterable[str]) -> str | None:
    """Names joined by "; ", of many only the first and how many more; None of nobody."""
    known, words = tuple(dict.fromkeys(names)), load_layout().missing_units
    further = len(known) - words.shown
    if further <= 0:
        return "; ".join(known) or None
    return "; ".join((*known[: words.shown], words.more.format(count=further)))


@typed_dataclass(frozen=True, config=_NO_EXTRAS)
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
    bodies = typed(Bodies, read_yaml(where), f"schemas/{where}")
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
