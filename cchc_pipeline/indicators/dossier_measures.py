"""All measures of dossiers in the order of their columns, and the columns that each rests on.

Belongs here: the list, and which measures are unknown where files lack a column. Does not: what a
measure counts, which each topic's module says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def _measure(condition: Condition, *rests_on: str) -> Measure:
    return Measure(condition.__name__, condition, frozenset(rests_on))


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
    _measure(online_service.received_direct, "channel"),
    _measure(online_service.received_online, "channel"),
    _measure(online_service.received_postal, "channel"),
    _measure(online_service.fully_online, "channel", "service_level"),
    _measure(online_service.identified, "channel", "is_identified"),
    _measure(integration.synced, "is_synced"),
    _measure(integration.digitised, "is_digitised"),
    _measure(payments.fee_bearing, "fee"),
    _measure(payments.paid_online, "fee", "online_payment"),
    _measure(payments.paid_on_dvcqg, "fee", "online_payment"),
    _measure(satisfaction.rated, "rating"),
    _measure(satisfaction.satisfied, "rating"),
    _measure(integration.e_result, "has_e_result"),
    _measure(integration.circulated, "circulation"),
    _measure(integration.circulated_electronically, "circulation"),
    _measure(integration.multi_supplement, "supplements"),
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
