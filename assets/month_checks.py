"""Checks on a month as a whole: dossiers that add up and join, and figures that are there in time.

Belongs here: rules on tables too long for Great Expectations, and between tables, with a line for
each place where one does not hold; one check a published monthly table that it was made by the date
of the release calendar. Does not: the checks that ask these rules (``checks``), the rules for a row
(its contract), or a late publication, which is an alert (``alerting``).

Dagster's ``build_time_partition_freshness_checks`` takes its deadline as a cron expression. Ours
moves with weekends, holidays and announced changes, which no such expression can say. An
``AutomationCondition`` on the checks would wait until the tables are made again, which is what they
complain of.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.resources import Workspace, schedule_status
from cchc_pipeline.calendar import ReleaseCalendar, ReleaseDate, load_calendar
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.indicators.dossier_measures import NOT_TAKEN_IN
from cchc_pipeline.indicators.dossier_statistics import ALL, SUMMED, unbalanced_sums
from cchc_pipeline.sources.dossiers.rules import UNKNOWN_UNIT
from publish.release.assemble import MONTHLY

_SHOWN = 5
_PLACE = ["file", "row"]
_FATES = ("not_received", "carried_over", "received")
"""What an accepted row is, one of the three."""
FRESH = "is_there_by_its_date"
FRESHNESS_JOB = "freshness"
_DAILY = "45 8 * * *"


def undeclared_columns(workspace: Workspace, month: Month) -> Iterator[str]:
    """A line if accepted dossiers have not the columns and types of their contract."""
    path = workspace.lake.path("dossiers", month)
    found, declared = (
        [f"{field.name}: {field.type}" for field in schema]
        for schema in (pq.read_schema(path), load_contract("dossiers").arrow_schema())
    )
    if found != declared:
        odd = ", ".join(name for name in found if name not in declared) or "their order"
        yield f"not declared: {odd}"


def lost_rows(workspace: Workspace, month: Month) -> list[str]:
    """Where what is kept of a file and unit is not what its account says."""
    lake = workspace.lake
    return [
        f"{month} {line}"
        for line in unaccounted_rows(
            lake.read("dossier_accounts", month),
            pq.read_table(lake.path("dossiers", month), columns=[*_PLACE, "unit_code", "status"]),
            lake.read("dossier_quarantine", month),
        )
    ]


def unaccounted_rows(accounts: pa.Table, accepted: pa.Table, refused: pa.Table) -> list[str]:
    """Where what is kept of a file and unit is not what its account says; nothing if it all is.

    Args:
        accounts: ``dossier_accounts``; that each file's rows have one fate is a rule of its own.
        accepted: ``dossiers``, at least its columns file, row, unit_code and status.
        refused: ``dossier_quarantine``; a row stands there once a fault.

    Returns:
        A line for each file and unit, and one for rows that were accepted and refused at once.
    """
    faulty = refused.select([*_PLACE, "unit_code"]).group_by([*_PLACE, "unit_code"]).aggregate([])
    waiting = accepted.filter(pc.is_in(accepted["status"], pa.array(NOT_TAKEN_IN)))
    kept = {
        "accepted": _by_account(accepted),
        "quarantined": _by_account(faulty),
        "not_received": _by_account(waiting),
    }
    told = {(row["file"], row["unit"]): row for row in accounts.to_pylist()}
    places = sorted(told.keys() | {place for counts in kept.values() for place in counts})
    lines = [
        f"{file}, {unit}: {name} by its account {said}, kept {counts.get((file, unit), 0)}"
        for file, unit in places
        for name, counts in kept.items()
        if (said := told.get((file, unit), {}).get(name, 0)) != counts.get((file, unit), 0)
    ]
    both = faulty.join(accepted.select(_PLACE), _PLACE, join_type="left semi").num_rows
    return [*lines, *([f"{both} rows are accepted and quarantined"] if both else [])]


def _by_account(rows: pa.Table) -> dict[tuple[str, str], int]:
    """How many rows there are of each file and unit."""
    counted = rows.group_by(["file", "unit_code"]).aggregate([([], "count_all")]).to_pylist()
    return {(r["file"], r["unit_code"] or UNKNOWN_UNIT): r["count_all"] for r in counted}


def above_limit(workspace: Workspace, month: Month) -> Iterator[str]:
    """A line if more than the set share of the month's dossier rows was quarantined."""
    settings = workspace.settings
    accounts = workspace.lake.read("dossier_accounts", month).to_pylist()
    rows, refused = (sum(row[name] for row in accounts) for name in ("rows", "quarantined"))
    if refused > settings.quarantine_limit * rows:
        yield (
            f"{refused} of {rows} rows were quarantined, more than {settings.quarantine_limit:.2%}"
            f" ({_commonest(workspace, month)}) -> send back"
            f" {settings.error_sheets_dir / str(month)}, or raise CCHC_QUARANTINE_LIMIT"
        )


def _commonest(workspace: Workspace, month: Month) -> str:
    rules = workspace.lake.read("dossier_quarantine", month).column("rule")
    counted = Counter(rules.to_pylist()).most_common(_SHOWN)
    return ", ".join(f"{rule}: {count}" for rule, count in counted)


def wrong_sums(workspace: Workspace, month: Month) -> list[str]:
    """Where fields do not add up to ALL, units to the city, or a unit to its accepted rows."""
    root = workspace.settings.root_unit
    statistics = workspace.lake.read("dossier_statistics", month)
    accounts = workspace.lake.read("dossier_accounts", month)
    return [*unbalanced_sums(statistics, root), *uncounted_rows(statistics, accounts, root)]


def uncounted_rows(statistics: pa.Table, accounts: pa.Table, root: str) -> list[str]:
    """The units whose accepted rows are not all not received, carried over or received.

    Args:
        statistics: ``dossier_statistics`` before disclosure control.
        accounts: ``dossier_accounts`` of the same month.
        root: The city's code; its rows are those of all units, known or not.
    """
    accepted: Counter[str] = Counter()
    for row in accounts.to_pylist():
        accepted.update({row["unit"]: row["accepted"], root: row["accepted"]})
    counted = {
        row["unit_code"]: sum(row[name] or 0 for name in _FATES)
        for row in statistics.to_pylist()
        if row["field_code"] == ALL and row["source"] != SUMMED
    }
    return [
        f"{unit}: {accepted[unit]} rows accepted, {counted.get(unit, 0)} counted"
        for unit in sorted((accepted.keys() | counted.keys()) - {UNKNOWN_UNIT})
        if accepted[unit] != counted.get(unit, 0)
    ]


def breaks(workspace: Workspace, month: Month) -> Iterator[str]:
    """The units of which a month carried over what the month before did not leave open."""
    for row in workspace.lake.read("dossier_continuity", month).to_pylist():
        if row["difference"]:
            yield f"{month} {row['unit_code']}: {row['difference']:+}"


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
