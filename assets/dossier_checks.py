"""Checks on dossiers: nothing lost, not too much quarantined, sums that add up, months that join.

Belongs here: what must hold of tables too long for Great Expectations, and between tables. Does
not: a table's own expectations (``checks``), or the rules for a row (its contract).
"""

from collections import Counter

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.partitions import month_of
from assets.resources import Workspace
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.dossier_flow import NOT_TAKEN_IN
from cchc_pipeline.indicators.dossier_statistics import ALL, unbalanced_sums
from cchc_pipeline.sources.dossiers.month import UNKNOWN_UNIT

_SHOWN = 5
_PLACE = ["file", "row"]
_FATES = ("not_received", "carried_over", "received")
"""What an accepted row is, one of the three."""


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
    """What is kept of each file and unit is what its account says, and no row has two fates."""
    month, lake = month_of(context), workspace.lake
    lines = [
        f"{month} {line}"
        for line in unaccounted_rows(
            lake.read("dossier_accounts", month),
            pq.read_table(lake.path("dossiers", month), columns=[*_PLACE, "unit_code", "status"]),
            lake.read("dossier_quarantine", month),
        )
    ]
    told = "; ".join(lines[:_SHOWN]) + " -> report it as a fault" if lines else ""
    return dg.AssetCheckResult(passed=not lines, description=told)


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
    """Fields add up to ALL, units to the city, and each unit to the rows accepted of it."""
    month, root = month_of(context), workspace.settings.root_unit
    statistics = workspace.lake.read("dossier_statistics", month)
    accounts = workspace.lake.read("dossier_accounts", month)
    lines = [*unbalanced_sums(statistics, root), *uncounted_rows(statistics, accounts, root)]
    return dg.AssetCheckResult(passed=not lines, description="; ".join(lines[:_SHOWN]))


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
        if row["field_code"] == ALL
    }
    return [
        f"{unit}: {accepted[unit]} rows accepted, {counted.get(unit, 0)} counted"
        for unit in sorted((accepted.keys() | counted.keys()) - {UNKNOWN_UNIT})
        if accepted[unit] != counted.get(unit, 0)
    ]


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
