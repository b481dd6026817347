"""Freshness by month: what is published must be there by the announced date.

Belongs here: one check for each published monthly table, with the deadline of the release
calendar. Does not: the publication itself, whose lateness is an alert (``alerting``).

Dagster's ``build_time_partition_freshness_checks`` takes its deadline as a cron expression. Ours
moves with weekends, holidays and announced changes, which no such expression can say. An
``AutomationCondition`` on the checks would wait until the tables are made again, which is what they
complain of.
"""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from assets.awake import schedule_status
from assets.resources import Workspace
from cchc_pipeline.period import TIMEZONE, Month
from cchc_pipeline.release_calendar import ReleaseCalendar, ReleaseDate, load_calendar
from publish.assemble import MONTHLY

FRESH = "is_there_by_its_date"
FRESHNESS_JOB = "freshness"
_DAILY = "45 8 * * *"


def newest_due(calendar: ReleaseCalendar, at: datetime) -> ReleaseDate:
    """The newest month whose announced date has passed."""
    local = at.astimezone(TIMEZONE)
    month = Month(local.year, local.month).previous()
    while calendar.release_date(month).moment > at:
        month = month.previous()
    return calendar.release_date(month)


@dg.multi_asset_check(
    name="look_at_freshness",
    specs=[
        dg.AssetCheckSpec(
            FRESH,
            asset=table,
            blocking=False,
            description="The newest month that should be public by now has been computed.",
        )
        for table in MONTHLY
    ],
    can_subset=True,
)
def freshness(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> Iterator[dg.AssetCheckResult]:
    """Of each table whether it has the newest month that is due; it warns and never blocks.

    A job that selects some of the tables brings their checks with it, hence ``can_subset``.
    """
    due = newest_due(load_calendar(), workspace.now)
    asked = {key.asset_key.to_user_string() for key in context.selected_asset_check_keys}
    for table in (name for name in MONTHLY if name in asked):
        held = workspace.lake.months(table)
        line = f"{due.month} was due on {due.moment:%Y-%m-%d %H:%M} and is not there"
        passed = due.month in held
        yield dg.AssetCheckResult(
            passed=passed,
            asset_key=table,
            check_name=FRESH,
            severity=dg.AssetCheckSeverity.WARN,
            description="" if passed else f"{line} -> see cchc status, then cchc run {due.month}",
            metadata={
                "month": str(due.month),
                "deadline": due.moment.isoformat(),
                "newest": str(max(held)) if held else "none",
            },
        )


FRESHNESS_CHECKS = [freshness]
FRESHNESS = dg.AssetSelection.checks(*FRESHNESS_CHECKS)
"""To be taken from the selection of jobs that work on one month: they say nothing of the newest."""

freshness_job = dg.define_asset_job(
    FRESHNESS_JOB,
    selection=FRESHNESS,
    description="Whether every published table has the newest month that is due.",
)


def freshness_schedule(*, is_on: bool = False) -> dg.ScheduleDefinition:
    """When it is looked at by itself."""
    return dg.ScheduleDefinition(
        name="daily_freshness",
        job=freshness_job,
        cron_schedule=_DAILY,
        execution_timezone=TIMEZONE.key,
        default_status=schedule_status(is_on=is_on),
        description="Looks each day after the hour of publication.",
    )
