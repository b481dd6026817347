"""The monthly partitions that every asset before publication is cut into.

Belongs here: the partitions definition. Does not: calendar arithmetic (``cchc_pipeline.period``).
"""

import dagster as dg

from cchc_pipeline.decision766 import FIRST_MONTH
from cchc_pipeline.period import TIMEZONE, Month

MONTHS = dg.MonthlyPartitionsDefinition(
    start_date=str(FIRST_MONTH), fmt="%Y-%m", timezone=TIMEZONE.key
)


def month_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Month:
    """The month that a step works on."""
    return Month.parse(context.partition_key)
