"""The steps that keep the record of what was made from what: the first and the last of each stage.

Belongs here: assets that leave no table. Does not: what is compared (``made_from``).

They are part of the jobs, so that every way of running leaves the record true: a command, a
backfill, a schedule, a click in the UI.
"""

import dagster as dg

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


def begins(context: dg.AssetExecutionContext, workspace: Workspace, stage: Stage) -> None:
    """Note, before it is read, what a stage is about to be made from."""
    MadeFrom(workspace.settings, workspace.now).begin(stage, month_of(context), context.run_id)


def _ends(
    context: dg.AssetExecutionContext, workspace: Workspace, stage: Stage
) -> dg.MaterializeResult[None]:
    """Record a stage; one that was overtaken by a change is not, and stays to be made again."""
    made_from = MadeFrom(workspace.settings, workspace.now)
    changed = made_from.end(stage, month_of(context), context.run_id)
    if changed:
        context.log.warning(f"not current: {', '.join(changed)} changed while it was being made")
    return dg.MaterializeResult(metadata={"state": "overtaken" if changed else "recorded"})


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
