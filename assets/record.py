"""The steps that keep the record of what was made from what: the first and the last of each stage.

Belongs here: assets that leave no table. Does not: what is compared (``made_from``).

They are part of the jobs, so that every way of running leaves the record true: a command, a
backfill, a schedule, a click in the UI.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.checks import CHECKED_TABLES
from assets.extract import BEGUN
from assets.made_from import ALONE, OF_YEAR, REST_ON_EARLIER_MONTHS, MadeFrom, Stage
from assets.partitions import MONTHS, month_of
from assets.resources import Workspace
from assets.told import of_asset
from cchc_pipeline.sources.other_inputs import read_sources

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
