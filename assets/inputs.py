"""The smaller inputs: every source that its declaration names a reader for, from files to rows.

Belongs here: one step that reads them all. Does not: which they are (``schemas/sources``), how they
are judged (``cchc_pipeline.sources``), or what is computed of them (``compute``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.partitions import MONTHS, month_of
from assets.resources import Workspace, versioned
from assets.told import of_table
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.sources.deliveries import delivery_from_rows
from cchc_pipeline.sources.other_inputs import Circumstances, read_sources, reader_of
from cchc_pipeline.sources.record_rows import SUBMISSIONS as HANDED_IN
from cchc_pipeline.sources.record_rows import Reading
from cchc_pipeline.store import table_from_rows

SUBMISSIONS = "input_submissions"
NOT_READ, NOTHING = "not_read", "none"
"""What the metadata of ``SUBMISSIONS`` tells of files that cannot be read, and of none."""
TABLES = (*(table for source in read_sources() for table in source.read), SUBMISSIONS)


@dg.multi_asset(
    name="read_inputs",
    partitions_def=MONTHS,
    group_name="validate",
    deps=["portal_units", *(source.raw for source in read_sources())],
    outs={
        name: dg.AssetOut(
            description=load_contract(name).description.en, **of_table(name, "parquet")
        )
        for name in TABLES
    },
)
def read_month(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.Output[pa.Table]]:
    """Read what came of each smaller source from the archive, and judge every row."""
    readings = _readings(workspace, context)
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in TABLES}
    for reading in readings:
        for name, found in reading.tables.items():
            rows[SUBMISSIONS if name == HANDED_IN else name] += found
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
            source.input: delivery_from_rows(
                source.input, month, workspace.lake.read(source.raw, month).to_pylist()
            )
            for source in read_sources()
        },
    )
    return [reader_of(source)(about) for source in read_sources()]
