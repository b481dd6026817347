"""Compute: scores, ranks and the plan, from validated rows.

Belongs here: one asset a table. Does not: formulas (``cchc_pipeline.indicators``).
"""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.extract import OWNERS
from assets.partitions import MONTHS, month_of
from assets.resources import Workspace, versioned
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.plan_rows import plan_indicator_rows, plan_task_rows
from cchc_pipeline.indicators.scores import (
    ScoreContext,
    latest_observations,
    ranking_rows,
    recomputation_rows,
    score_rows,
)
from cchc_pipeline.period import Month
from cchc_pipeline.store import table_from_rows
from publish.publication_log import read_publications


def _table(name: str, rows: list[dict[str, Any]]) -> dg.Output[pa.Table]:
    return versioned(table_from_rows(load_contract(name), rows))


def _context(month: Month, workspace: Workspace) -> ScoreContext:
    settings = workspace.settings
    return ScoreContext(
        month, settings.root_unit, workspace.register, workspace.methodology,
        settings.provisional_days,
    )  # fmt: skip


JUDGED = ("portal_units", "portal_quarantine", "portal_findings", "portal_submissions")
"""What must have passed its checks before anything is computed from ``portal_scores``."""


def _computed(*deps: str) -> Callable[[Callable[..., dg.Output[pa.Table]]], dg.AssetsDefinition]:
    """A monthly table of this group; ``deps`` are what it reads from the lake by itself."""
    return dg.asset(
        deps=deps, partitions_def=MONTHS, group_name="compute", owners=OWNERS, kinds={"parquet"}
    )


@_computed(*JUDGED)
def score_recomputation(
    context: dg.AssetExecutionContext, workspace: Workspace, portal_scores: pa.Table
) -> dg.Output[pa.Table]:
    """Scores recomputed from the published counts by the rules of Decision 766."""
    latest = latest_observations(portal_scores.to_pylist())
    rows = recomputation_rows(latest, _context(month_of(context), workspace))
    return _table("score_recomputation", rows)


@_computed(*JUDGED)
def unit_rankings(
    context: dg.AssetExecutionContext, workspace: Workspace, portal_scores: pa.Table
) -> dg.Output[pa.Table]:
    """Ranks among comparable peers: provinces, agencies and communes apart, ties sharing a rank."""
    latest = latest_observations(portal_scores.to_pylist())
    rows = ranking_rows(latest, _context(month_of(context), workspace))
    return _table("unit_rankings", rows)


@_computed(*JUDGED)
def scores(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    portal_scores: pa.Table,
    score_recomputation: pa.Table,
    unit_rankings: pa.Table,
) -> dg.Output[pa.Table]:
    """The latest published score of each unit and metric, the recomputed one beside it."""
    rows = score_rows(
        latest_observations(portal_scores.to_pylist()),
        score_recomputation.to_pylist(),
        unit_rankings.to_pylist(),
        _context(month_of(context), workspace),
    )
    return _table("scores", rows)


@_computed()
def plan_indicators(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """Every target of the year's plan, with its value or with who owes it."""
    settings, month = workspace.settings, month_of(context)
    log = read_publications(
        workspace.portal,
        settings.inbox_dir,
        month=month,
        now=workspace.now,
        production=settings.production,
    )
    rows = plan_indicator_rows(month, settings.root_unit, log)
    return _table("plan_indicators", rows)


@_computed()
def plan_tasks(
    context: dg.AssetExecutionContext, workspace: Workspace, plan_indicators: pa.Table
) -> dg.Output[pa.Table]:
    """The rows of the plan's annex with their state."""
    rows = plan_task_rows(month_of(context), plan_indicators.to_pylist())
    return _table("plan_tasks", rows)


@_computed("portal_scores", *JUDGED[:-1])
def submissions(
    context: dg.AssetExecutionContext, portal_submissions: pa.Table
) -> dg.Output[pa.Table]:
    """Who handed in what: rows received, accepted, quarantined, duplicated."""
    return _table("submissions", portal_submissions.to_pylist())
