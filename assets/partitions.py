"""The monthly partitions that every asset before publication is cut into.

Belongs here: the partitions definition. Does not: calendar arithmetic (``cchc_pipeline.period``).
"""

import dagster as dg

from cchc_pipeline.period import TIMEZONE, Month

FIRST_MONTH = Month(2022, 6)
"""Decision 766/QĐ-TTg took effect on 23/6/2022; nothing can be published for an earlier month."""

MONTHS = dg.MonthlyPartitionsDefinition(
    start_date=str(FIRST_MONTH), fmt="%Y-%m", timezone=TIMEZONE.key
)


def month_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Month:
    """The month that a step works on."""
    return Month.parse(context.partition_key)
