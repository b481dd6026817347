"""How the plan's targets are counted from dossiers, as the plan's data say.

Belongs here: typing ``schemas/plan/<year>/measures.yaml``, and judging it against the plan and the
measures there are. Does not: the counting (``dossier_targets``).
"""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.indicators.dossier_measures import COUNTED_NAMES, unknown_without
from cchc_pipeline.plan import Filled, Plan, load_plan
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.typed_data import refuse, typed

_Measures = Annotated[tuple[Filled, ...], Field(min_length=1)]


@typed_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Formula:
    """What a target's share is counted from.

    Attributes:
        target: The target's id.
        counted: ``dossiers``, added up over months, or distinct ``procedures`` with such a dossier.
        numerator: The measures that are added up above the line.
        denominator: Those below it.
    """

    target: Filled
    counted: Literal["dossiers", "procedures"]
    numerator: _Measures
    denominator: _Measures

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure that it needs."""
        return (*self.numerator, *self.denominator)

    def is_known(self, absent: frozenset[str]) -> bool:
        """Whether it can be counted without these columns of ``dossiers``."""
        return unknown_without(absent).isdisjoint(self.measures)


@typed_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Formulas:
    basis: Filled
    measures: tuple[Formula, ...]


@cache
def load_formulas(year: int) -> tuple[Formula, ...]:
    """The formulas of a year's plan; none for a year without a plan.

    Raises:
        SchemaDataError: They do not fit the plan, or name a measure that is not counted.
    """
    plan = load_plan(year)
    if plan is None:
        return ()
    path = f"plan/{year}/measures.yaml"
    return parse_formulas(read_yaml(path), plan, f"schemas/{path}")


def parse_formulas(content: Any, plan: Plan, where: str) -> tuple[Formula, ...]:
    """Type and judge the formulas of a plan: one for each target measured from dossiers.

    Args:
        content: The decoded file.
        plan: The plan that it belongs to.
        where: The file's name, for the reader of an error.

    Raises:
        SchemaDataError: Something lacks or contradicts; one line names all of it.
    """
    formulas = typed(_Formulas, content, where).measures
    refuse(_problems(formulas, plan), where)
    return formulas


def _problems(formulas: tuple[Formula, ...], plan: Plan) -> Iterable[str]:
    given = Counter(formula.target for formula in formulas)
    wanted = {target.id for target in plan.targets if target.measured_from == "dossiers"}
    yield from (f"{name}: no measures" for name in sorted(wanted - given.keys()))
    yield from (f"{name}: not measured from dossiers" for name in sorted(given.keys() - wanted))
    yield from (f"{name}: stands there twice" for name, times in given.items() if times > 1)
    for formula in formulas:
        for name in sorted(set(formula.measures) - set(COUNTED_NAMES)):
            yield f"{formula.target}: {name} is no measure"
