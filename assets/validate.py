"""Validate: archived answers as typed rows, what was refused, and what is odd about them.

Belongs here: the assets that parse. Does not: their expectations (``checks``).
"""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa

from assets.partitions import MONTHS, month_of
from assets.resources import Workspace, versioned
from assets.told import of_table
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.declared_sources import source_named
from cchc_pipeline.sources.portal_reading import read_month
from cchc_pipeline.store import table_from_rows

PORTAL_TABLES = source_named("scores").read


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
