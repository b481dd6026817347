"""The smaller inputs: the procedure catalogue, petitions and agency forms, from files to rows.

Belongs here: one step that reads all three. Does not: how they are judged
(``cchc_pipeline.sources``), or what is computed of them (``compute``).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.extract import OWNERS
from assets.partitions import MONTHS, month_of
from assets.resources import Workspace, versioned
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.sources.deliveries import delivery_from_rows
from cchc_pipeline.sources.other_inputs import (
    Circumstances,
    Reading,
    read_agency_forms,
    read_petitions,
    read_procedures,
)
from cchc_pipeline.store import table_from_rows

RECORDS = ("procedures", "petitions", "agency_forms")
SUBMISSIONS = "input_submissions"
NOT_READ, NOTHING = "not_read", "none"
"""What the metadata of ``SUBMISSIONS`` tells of files that cannot be read, and of none."""
TABLES = (
    "procedure_catalogue", "procedure_quarantine", "petitions", "petition_quarantine",
    "agency_reports", "agency_quarantine", SUBMISSIONS,
)  # fmt: skip


@dg.multi_asset(
    name="read_inputs",
    partitions_def=MONTHS,
    group_name="validate",
    deps=["portal_units", *(f"raw_{record}" for record in RECORDS)],
    outs={
        name: dg.AssetOut(
            owners=OWNERS, kinds={"parquet"}, description=load_contract(name).description.en
        )
        for name in TABLES
    },
)
def read_month(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.Output[pa.Table]]:
    """Read the month's catalogue, petitions and forms from the archive, and judge every row."""
    readings = _readings(workspace, context)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for reading in readings:
        for name, found in reading.tables.items():
            rows[SUBMISSIONS if name == "submissions" else name] += found
    refused = [line for reading in readings for line in reading.refused]
    for line in refused:
        context.log.warning(line)
    for name in TABLES:
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
            record: delivery_from_rows(
                record, month, workspace.lake.read(f"raw_{record}", month).to_pylist()
            )
            for record in RECORDS
        },
    )
    return [read(about) for read in (read_procedures, read_petitions, read_agency_forms)]
