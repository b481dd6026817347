"""All measures of dossiers in the order of their columns, and which are unknown without a column.

Belongs here: the list. Does not: what a measure counts, which each topic's module says, or what it
rests on, which the contract of ``dossier_statistics`` declares.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators import (
    dossier_flow,
    integration,
    online_service,
    payments,
    satisfaction,
    timeliness,
)
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

Condition = Callable[["Table", Month], "BooleanValue"]


@dataclass(frozen=True)
class Measure:
    """A count of dossiers in a month.

    Attributes:
        name: Its column in ``dossier_counts`` and ``dossier_statistics``.
        condition: Whether a dossier counts, as a boolean expression; null is no.
        rests_on: The columns of ``dossiers`` that a file may lack; where rows of such a file are
            counted the measure is unknown, not 0.
    """

    name: str
    condition: Condition
    rests_on: frozenset[str] = frozenset()


_RESTS_ON = {field.name: field.rests_on for field in load_contract("dossier_statistics").fields}


def _measure(condition: Condition) -> Measure:
    name = condition.__name__
    return Measure(name, condition, frozenset(_RESTS_ON.get(name, ())))


MEASURES: tuple[Measure, ...] = (
    _measure(dossier_flow.not_received),
    _measure(dossier_flow.carried_over),
    _measure(dossier_flow.received),
    _measure(dossier_flow.finished),
    _measure(dossier_flow.withdrawn),
    _measure(timeliness.no_deadline),
    _measure(timeliness.early),
    _measure(timeliness.on_time),
    _measure(timeliness.late),
    _measure(timeliness.open_in_time),
    _measure(timeliness.open_overdue),
    _measure(online_service.received_direct),
    _measure(online_service.received_online),
    _measure(online_service.received_postal),
    _measure(online_service.fully_online),
    _measure(online_service.identified),
    _measure(integration.synced),
    _measure(integration.digitised),
    _measure(payments.fee_bearing),
    _measure(payments.paid_online),
    _measure(payments.paid_on_dvcqg),
    _measure(satisfaction.rated),
    _measure(satisfaction.satisfied),
    _measure(integration.e_result),
    _measure(integration.circulated),
    _measure(integration.circulated_electronically),
    _measure(integration.multi_supplement),
)
"""The measures that are published."""

OF_YEAR: tuple[Measure, ...] = (
    _measure(timeliness.early_of_year),
    _measure(timeliness.on_time_of_year),
    _measure(timeliness.late_of_year),
)
"""The counts that targets need beside them."""

MEASURE_NAMES: tuple[str, ...] = tuple(measure.name for measure in MEASURES)
COUNTED_NAMES: tuple[str, ...] = tuple(measure.name for measure in (*MEASURES, *OF_YEAR))


def unknown_without(absent: frozenset[str]) -> frozenset[str]:
    """The measures that are unknown where rows are counted whose files lack these columns."""
    return frozenset(measure.name for measure in MEASURES if measure.rests_on & absent)
