"""The jobs: which assets run together, and the steps that keep the record of what was made.

Belongs here: selections and their names, and the assets without a table that begin and end the
making of a month. Does not: running a job (``runner``), when one runs (``automation``), or what the
record compares (``staleness``).

These steps are part of the jobs, so that every way of running leaves the record true: a command, a
backfill, a schedule, a click in the UI.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.checks import CHECKED_TABLES
from assets.month_checks import FRESHNESS
from assets.raw import BEGUN
from assets.resources import MONTHS, Workspace, month_of, of_asset
from assets.staleness import ALONE, OF_YEAR, REST_ON_EARLIER_MONTHS, MadeFrom, Stage
from cchc_pipeline.sources.records.other_inputs import read_sources

MONTH_JOB, ALONE_JOB, FOLLOWING_JOB = "month", "month_alone", "following"
PUBLISH_JOB, PREVIEW_JOB = "publish", "preview"
PUBLISH_POOL = "publish"
"""Whatever publishes is in it, one at a time."""
OURS = {"cchc/started_by": "command line"}
"""The tag of a run that the command line started."""
_OF_A_MONTH = dg.AssetSelection.groups("extract", "validate", "compute", "record") - FRESHNESS
_RESTING = dg.AssetSelection.assets(*REST_ON_EARLIER_MONTHS, "month_record") - FRESHNESS
_FROM_ITS_BEGINNING = {"dagster/retry_strategy": "ALL_STEPS"}
"""For a job whose steps hand over in memory: after a crash there is nothing to go on from.

Such a job runs in one process, whatever executor the months have.
"""

JOBS = [
    dg.define_asset_job(
        MONTH_JOB,
        selection=_OF_A_MONTH,
        partitions_def=MONTHS,
        description="Everything of one month, from raw bytes to computed tables.",
    ),
    dg.define_asset_job(
        ALONE_JOB,
        selection=_OF_A_MONTH - _RESTING,
        partitions_def=MONTHS,
        description="What a month takes from no other: months may run side by side.",
    ),
    dg.define_asset_job(
        FOLLOWING_JOB,
        selection=_RESTING,
        partitions_def=MONTHS,
        description="What a month takes from earlier ones, after one of them changed.",
    ),
    dg.define_asset_job(
        PUBLISH_JOB,
        selection=dg.AssetSelection.groups("publish"),
        executor_def=dg.in_process_executor,
        description="The next release of all months, and the switch that shows it.",
        tags=_FROM_ITS_BEGINNING,
    ),
    dg.define_asset_job(
        PREVIEW_JOB,
        selection=dg.AssetSelection.groups("preview"),
        executor_def=dg.in_process_executor,
        description="The next release as it would go out, outside the web root.",
    ),
]


MADE_ALONE = (
    "scores", "corrections", "submissions", "quarantine_summary", "petition_statistics",
    "dossier_statistics", "error_sheets", "portal_findings",
    *(table for source in read_sources() for table in source.read),
)  # fmt: skip
"""What nothing else of the first stage is made from, and all of the smaller sources."""

ASSETS_OF: Mapping[Stage, frozenset[str]] = {
    ALONE: frozenset({BEGUN, *CHECKED_TABLES, "dossier_counts", *MADE_ALONE})
    - {*REST_ON_EARLIER_MONTHS},
    OF_YEAR: frozenset(REST_ON_EARLIER_MONTHS),
}
"""What is made in each stage before its last step; of what one step makes together, one at least.

A run's own graph does not tell: it holds what was chosen.
"""
_BACKFILL, _PARTITION = "dagster/backfill", "dagster/partition"


def begins(context: dg.AssetExecutionContext, workspace: Workspace, stage: Stage) -> None:
    """Note, before it is read, what a stage is about to be made from."""
    MadeFrom(workspace.settings, workspace.now).begin(stage, month_of(context), context.run_id)


def _ends(
    context: dg.AssetExecutionContext, workspace: Workspace, stage: Stage
) -> dg.MaterializeResult[None]:
    """Record a stage; one that was overtaken by a change is not, and stays to be made again.

    Nor is one of which only some assets were made, as a click in the lineage may choose them.
    """
    makers = _makers(context, stage)
    if not makers:
        context.log.warning("not current: only a part of it was made")
        return dg.MaterializeResult(metadata={"state": "made in part"})
    made_from = MadeFrom(workspace.settings, workspace.now)
    changed = made_from.end(stage, month_of(context), makers)
    if changed:
        context.log.warning(f"not current: {', '.join(changed)} changed while it was being made")
    return dg.MaterializeResult(metadata={"state": "overtaken" if changed else "recorded"})


def _makers(context: dg.AssetExecutionContext, stage: Stage) -> frozenset[str]:
    """The runs that made every asset of the stage; none if some were not made.

    One run, of whatever job; or those of a backfill of assets, which Dagster cuts into several
    where an asset rests on other months.
    """
    wanted, instance = ASSETS_OF[stage], context.instance
    own = frozenset({context.run_id})
    if wanted <= _made_by(instance, own):
        return own
    backfill = context.run.tags.get(_BACKFILL)
    others = dg.RunsFilter(
        tags={_BACKFILL: backfill or "", _PARTITION: context.partition_key},
        statuses=[dg.DagsterRunStatus.SUCCESS],
    )
    every = own | {run.run_id for run in (instance.get_runs(others) if backfill else ())}
    return every if wanted <= _made_by(instance, every) else frozenset()


def _made_by(instance: dg.DagsterInstance, runs: Iterable[str]) -> set[str]:
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    events = (e.dagster_event for run in runs for e in instance.all_logs(run, of_type=kind))
    return {event.asset_key.to_user_string() for event in events if event and event.asset_key}


@dg.asset(partitions_def=MONTHS, group_name="record", **of_asset("json"))
def month_begun(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    """What the month is about to be made from: digests of files, lists, settings, program."""
    begins(context, workspace, ALONE)
    return dg.MaterializeResult(metadata={"state": "begun"})


@dg.asset(deps=MADE_ALONE, partitions_def=MONTHS, group_name="record", **of_asset("json"))
def month_by_itself(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    """All that the month takes from no other is made, passed its checks, and is recorded."""
    return _ends(context, workspace, ALONE)


@dg.asset(
    deps=REST_ON_EARLIER_MONTHS, partitions_def=MONTHS, group_name="record", **of_asset("json"),
)  # fmt: skip
def month_record(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    """The month is made as a whole, with what it takes from the year, and is recorded."""
    return _ends(context, workspace, OF_YEAR)
