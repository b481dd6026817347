"""Dossiers: from the city's export to accepted rows, quarantine, account, and sheets for units.

Belongs here: the assets of the group ``validate`` that read dossiers. Does not: how they are read
(``cchc_pipeline.sources``), counted (``compute``), or their checks (``dossier_checks``).

Tables as long as the export are written by DuckDB straight into the lake, not handed from step to
step.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from assets.partitions import MONTHS, month_of
from assets.resources import Workspace
from assets.told import ROWS, of_asset, of_table
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.declared_sources import source_named
from cchc_pipeline.durable import put_in_place
from cchc_pipeline.error_sheets import write_error_sheets
from cchc_pipeline.period import Month
from cchc_pipeline.sources.deliveries import delivery_from_rows
from cchc_pipeline.sources.dossiers.month import (
    RECORD,
    DossierReading,
    Results,
    account_rows,
    files_of,
    read_dossiers,
)
from cchc_pipeline.sources.dossiers.quarantine import CODES_SCHEMA, sheet_rows
from cchc_pipeline.store import content_digest, table_from_rows

TABLES = source_named(RECORD).read


@dg.multi_asset(
    name="read_dossiers",
    partitions_def=MONTHS,
    specs=[
        dg.AssetSpec(
            name,
            group_name="validate",
            description=load_contract(name).description.en,
            deps=["raw_dossiers", "portal_units"],
            **of_table(name, "duckdb", "parquet"),
        )
        for name in TABLES
    ],
)
def read_month(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.MaterializeResult[None]]:
    """Read the delivery from the archive, judge every row, account for each."""
    month = month_of(context)
    raw = workspace.lake.read("raw_dossiers", month).to_pylist()
    delivery = delivery_from_rows(RECORD, month, raw)
    results = Results.below(workspace.settings.raw_dir / "results" / str(month))
    if delivery is None:
        _write_empty(results)
        accounts: list[dict[str, Any]] = []
        metadata: dict[str, Any] = {"state": "no export"}
    else:
        files = files_of(delivery, workspace.archive)
        reading = read_dossiers(
            files, workspace.unit_texts(month), workspace.means_for(month), results
        )
        accounts, metadata = account_rows(month, reading), _metadata(reading)
        for note in reading.notes:
            context.log.warning(f"{month} {note}")
    table = table_from_rows(load_contract("dossier_accounts"), accounts)
    workspace.lake.write("dossier_accounts", month, table)
    _put_in_place(workspace, month, results)
    for name in TABLES:
        yield _result(name, workspace.lake.path(name, month), metadata)


def codes_path(workspace: Workspace, month: Month) -> Path:
    """Where the dossier codes of quarantined rows are kept, in the raw zone."""
    return workspace.settings.raw_dir / "quarantine" / RECORD / f"{month}.parquet"


def _put_in_place(workspace: Workspace, month: Month, results: Results) -> None:
    workspace.lake.put("dossiers", month, results.accepted)
    workspace.lake.put("dossier_quarantine", month, results.quarantine)
    put_in_place(results.codes, codes_path(workspace, month))
    results.accepted.parent.rmdir()


def _write_empty(results: Results) -> None:
    """A month without an export has tables without rows."""
    schemas = {
        results.accepted: load_contract("dossiers").arrow_schema(),
        results.quarantine: load_contract("dossier_quarantine").arrow_schema(),
        results.codes: CODES_SCHEMA,
    }
    for path, schema in schemas.items():
        pq.write_table(schema.empty_table(), path)


def _metadata(reading: DossierReading) -> dict[str, Any]:
    return {
        "rows": reading.rows,
        "quarantined": reading.quarantined,
        "provenance": reading.provenance,
        "warnings": ", ".join(f"{rule}: {count}" for rule, count in reading.warned.items())
        or "none",
        "notes": "\n".join(reading.notes) or "none",
    }


def _result(name: str, path: Path, metadata: dict[str, Any]) -> dg.MaterializeResult[None]:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return dg.MaterializeResult(
        asset_key=name,
        data_version=dg.DataVersion(digest[:16]),
        metadata={
            **metadata,
            ROWS: pq.read_metadata(path).num_rows,
            "bytes": path.stat().st_size,
            "path": dg.MetadataValue.path(path),
        },
    )


@dg.asset(
    deps=["dossier_quarantine"],  # not the accounts: a month that is stopped needs its sheets most
    partitions_def=MONTHS,
    group_name="validate",
    **of_asset("excel"),
)
def error_sheets(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    """For each unit a workbook of its quarantined rows, to be sent back; never published."""
    month = month_of(context)
    folder = workspace.settings.error_sheets_dir / str(month)
    rows = sheet_rows(
        workspace.lake.path("dossier_quarantine", month), codes_path(workspace, month)
    )
    accounts = workspace.lake.read("dossier_accounts", month)
    names = {unit.code: unit.name_vi for unit in workspace.register.valid_in(month)}
    paths = write_error_sheets(folder, rows, month, names, _handed_in(accounts))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content_digest(accounts)[:16]),
        metadata={"sheets": len(paths), "folder": dg.MetadataValue.path(folder)},
    )


def _handed_in(accounts: pa.Table) -> dict[str, int]:
    """How many rows each unit handed in."""
    counts: dict[str, int] = {}
    for row in accounts.to_pylist():
        counts[row["unit"]] = counts.get(row["unit"], 0) + row["rows"]
    return counts
