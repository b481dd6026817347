"""Checks on dossiers: nothing lost, not too much quarantined, sums that add up, months that join.

Belongs here: what must hold of tables too long for Great Expectations, and between tables. Does
not: a table's own expectations (``checks``), or the rules for a row (its contract).
"""

from collections import Counter

import dagster as dg
import pyarrow.parquet as pq

from assets.partitions import month_of
from assets.resources import Workspace
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.dossier_statistics import unbalanced_sums

_SHOWN = 5


@dg.asset_check(asset="dossiers", blocking=True)
def columns_are_those_declared(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> dg.AssetCheckResult:
    """Accepted dossiers have the columns and types of their contract, and no other."""
    path = workspace.lake.path("dossiers", month_of(context))
    found, declared = (
        [f"{field.name}: {field.type}" for field in schema]
        for schema in (pq.read_schema(path), load_contract("dossiers").arrow_schema())
    )
    odd = ", ".join(name for name in found if name not in declared) or "their order"
    passed = found == declared
    return dg.AssetCheckResult(passed=passed, description="" if passed else f"not declared: {odd}")


@dg.asset_check(asset="dossier_accounts", blocking=True)
def no_row_is_lost(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> dg.AssetCheckResult:
    """The accepted and quarantined rows are as many as the accounts say."""
    month, lake = month_of(context), workspace.lake
    accounts = lake.read("dossier_accounts", month).to_pylist()
    told = {name: sum(row[name] for row in accounts) for name in ("accepted", "quarantined")}
    kept = {
        "accepted": pq.read_metadata(lake.path("dossiers", month)).num_rows,
        "quarantined": lake.read("dossier_quarantine", month)
        .select(["file", "row"])
        .group_by(["file", "row"])
        .aggregate([])
        .num_rows,
    }
    line = f"{month} dossiers: accounted for {told}, kept {kept} -> report it as a fault"
    return dg.AssetCheckResult(passed=told == kept, description="" if told == kept else line)


@dg.asset_check(asset="dossier_accounts", blocking=True, name="quarantine_within_limit")
def dossiers_within_limit(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> dg.AssetCheckResult:
    """Not more than the set share of the month's dossier rows was quarantined."""
    month, settings = month_of(context), workspace.settings
    accounts = workspace.lake.read("dossier_accounts", month).to_pylist()
    rows, refused = (sum(row[name] for row in accounts) for name in ("rows", "quarantined"))
    passed = refused <= settings.quarantine_limit * rows
    description = "" if passed else (
        f"{refused} of {rows} rows were quarantined, more than {settings.quarantine_limit:.2%}"
        f" ({_commonest(workspace, context)}) -> send back"
        f" {settings.error_sheets_dir / str(month)}, or raise CCHC_QUARANTINE_LIMIT"
    )  # fmt: skip
    return dg.AssetCheckResult(
        passed=passed, description=description, metadata={"rows": rows, "quarantined": refused}
    )


def _commonest(workspace: Workspace, context: dg.AssetCheckExecutionContext) -> str:
    rules = workspace.lake.read("dossier_quarantine", month_of(context)).column("rule")
    counted = Counter(rules.to_pylist()).most_common(_SHOWN)
    return ", ".join(f"{rule}: {count}" for rule, count in counted)


@dg.asset_check(asset="dossier_statistics", blocking=True)
def sums_add_up(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> dg.AssetCheckResult:
    """Fields add up to ALL, and units to the city."""
    statistics = workspace.lake.read("dossier_statistics", month_of(context))
    lines = unbalanced_sums(statistics, workspace.settings.root_unit)
    return dg.AssetCheckResult(passed=not lines, description="; ".join(lines[:_SHOWN]))


@dg.asset_check(asset="dossier_continuity")
def months_join(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> dg.AssetCheckResult:
    """What a month carried over is what the month before left open."""
    rows = workspace.lake.read("dossier_continuity", month_of(context)).to_pylist()
    breaks = [row for row in rows if row["difference"]]
    told = ", ".join(f"{row['unit_code']}: {row['difference']:+}" for row in breaks[:_SHOWN])
    return dg.AssetCheckResult(
        passed=not breaks,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{month_of(context)}: {told}" if breaks else "",
        metadata={"units": len(breaks)},
    )


DOSSIER_CHECKS = [
    columns_are_those_declared,
    no_row_is_lost,
    dossiers_within_limit,
    sums_add_up,
    months_join,
]
