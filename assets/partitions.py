"""The monthly partitions that every asset before publication is cut into.

Belongs here: the partitions definition, and how a month depends on the one before it. Does not:
calendar arithmetic (``cchc_pipeline.period``).

What rests on earlier months says so by these mappings. Three things do not, on purpose: the units
that the source named in earlier months extend the lists of units, and are part of the record of
what a month was made from (``made_from``); the log of publications is one list for all months; and
what disclosure control hid before is read from the release before, not from a month.
"""

import warnings

import dagster as dg

from cchc_pipeline.decision766 import FIRST_MONTH
from cchc_pipeline.period import TIMEZONE, Month

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

MONTHS = dg.MonthlyPartitionsDefinition(
    start_date=str(FIRST_MONTH), fmt="%Y-%m", timezone=TIMEZONE.key
)
BEFORE = dg.TimeWindowPartitionMapping(
    start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
)
"""A month rests on the one before it; the first on nothing."""
WITH_THE_ONE_BEFORE = dg.TimeWindowPartitionMapping(
    start_offset=-1, end_offset=0, allow_nonexistent_upstream_partitions=True
)


def month_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Month:
    """The month that a step works on."""
    return Month.parse(context.partition_key)
