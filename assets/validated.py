"""Validate: archived bytes as typed rows, what was refused, and what is odd about them.

Belongs here: one step a kind of source that reads its month (portal, dossiers, the smaller inputs),
and the sheets of refused rows. Does not: which inputs there are (``schemas/sources``), how they are
read and judged (``cchc_pipeline.sources``), their checks (``checks``, ``month_checks``), or what is
computed of them (``computed``).

Tables as long as the export are written by DuckDB straight into the lake, not handed from step to
step.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from assets.resources import MONTHS, ROWS, Workspace, month_of, of_asset, of_table, versioned
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.sources import source_named
from cchc_pipeline.core.files import digest_of_file, put_in_place
from cchc_pipeline.core.period import Month
from cchc_pipeline.reports.error_sheets import write_error_sheets
from cchc_pipeline.sources.dossiers.month import (
    DossierReading,
    Results,
    account_rows,
    files_of,
    read_dossiers,
)
from cchc_pipeline.sources.dossiers.quarantine import CODES_SCHEMA, sheet_rows
from cchc_pipeline.sources.dossiers.rules import RECORD
from cchc_pipeline.sources.national_portal.tables import read_month
from cchc_pipeline.sources.raw.deliveries import delivery_from_rows
from cchc_pipeline.sources.records.other_inputs import Circumstances, read_sources, reader_of
from cchc_pipeline.sources.records.rows import SUBMISSIONS as HANDED_IN
from cchc_pipeline.sources.records.rows import Reading
from cchc_pipeline.storage.lake import content_digest, table_from_rows

PORTAL_TABLES = source_named("scores").read
SUBMISSIONS = "input_submissions"
NOT_READ, NOTHING = "not_read", "none"
"""What the metadata of ``SUBMISSIONS`` tells of files that cannot be read, and of none."""
INPUT_TABLES = (*(table for source in read_sources() for table in source.read), SUBMISSIONS)
DOSSIER_TABLES = source_named(RECORD).read


@dg.multi_asset(
    name="read_portal",
    partitions_def=MONTHS,
    group_name="validate",
    ins={"raw_portal": dg.AssetIn()},
    outs={
        name: dg.AssetOut(
            description=load_contract(name).description.en, **of_table(name, "parquet")
        )
        for name in PORTAL_TABLES
    },
)
def read_portal(
    context: dg.AssetExecutionContext, workspace: Workspace, raw_portal: pa.Table
) -> Iterator[dg.Output[pa.Table]]:
    """Replay the archive: every snapshot of the month that stands, through the one parser."""
    rows = read_month(
        month_of(context),
        workspace.archive,
        workspace.methodology,
        workspace.shipped_register,
        workspace.settings,
        set(raw_portal.column("snapshot_id").to_pylist()),
    )
    for name in PORTAL_TABLES:
        table = table_from_rows(load_contract(name), rows[name])
        output = versioned(table)
        yield dg.Output(table, output_name=name, data_version=output.data_version)


@dg.multi_asset(
    name="read_inputs",
    partitions_def=MONTHS,
    group_name="validate",
    deps=["portal_units", *(source.raw for source in read_sources())],
    outs={
        name: dg.AssetOut(
            description=load_contract(name).description.en, **of_table(name, "parquet")
        )
        for name in INPUT_TABLES
    },
)
def read_inputs(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.Output[pa.Table]]:
    """Read what came of each smaller source from the archive, and judge every row."""
    readings = _readings(workspace, context)
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in INPUT_TABLES}
    for reading in readings:
        for name, found in reading.tables.items():
            rows[SUBMISSIONS if name == HANDED_IN else name] += found
    refused = [line for reading in readings for line in reading.refused]
    for line in refused:
        context.log.warning(line)
    for name in INPUT_TABLES:
        output = versioned(table_from_rows(load_contract(name), rows[name]))
        metadata = {NOT_READ: "\n".join(refused) or NOTHING} if name == SUBMISSIONS else None
        yield dg.Output(
            output.value, output_name=name, data_version=output.data_version, metadata=metadata
        )


def _readings(workspace: Workspace, context: dg.AssetExecutionContext) -> list[Reading]:
    month = month_of(context)
    about = Circumstances(
        month,
        workspace.settings.root_unit,
        workspace.register,
        workspace.archive,
        workspace.means_for(month),
        {
            source.input: delivery_from_rows(
                source.input, month, workspace.lake.read(source.raw, month).to_pylist()
            )
            for source in read_sources()
        },
    )
    return [reader_of(source)(about) for source in read_sources()]


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
        for name in DOSSIER_TABLES
    ],
)
def judge_dossiers(
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
    for name in DOSSIER_TABLES:
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
    return dg.MaterializeResult(
        asset_key=name,
        data_version=dg.DataVersion(digest_of_file(path)[:16]),
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
    sender = workspace.identity.publisher
    paths = write_error_sheets(folder, rows, month, names, _handed_in(accounts), sender=sender)
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
