"""Extract: raw bytes into the archive.

Belongs here: one asset a source. Does not: parsing.
"""

import dagster as dg
import pyarrow as pa

from assets.partitions import MONTHS, month_of
from assets.resources import Workspace, versioned
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.period import require_ended
from cchc_pipeline.sources.collection import collect_portal
from cchc_pipeline.sources.portal_tables import raw_rows
from cchc_pipeline.store import table_from_rows

OWNERS = ["team:du-lieu-mo"]


@dg.asset(partitions_def=MONTHS, group_name="extract", owners=OWNERS, kinds={"file", "parquet"})
def raw_portal(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """Complete snapshots of the national portal's answers, archived by SHA-256 before parsing.

    Of two drops under one capture time, the one that stands.

    From the inbox, or over the network where that is switched on; else the archive is replayed.
    """
    month = month_of(context)
    require_ended(month, workspace.now)
    before = set(workspace.lake.read("raw_portal", month).column("snapshot_id").to_pylist())
    collected = collect_portal(
        month,
        workspace.settings,
        workspace.archive,
        workspace.inbox_of(month),
        workspace.now,
        before,
    )
    for note in collected.notes:
        context.log.info(note)
    table = table_from_rows(load_contract("raw_portal"), raw_rows(collected.snapshots))
    return versioned(table, {"notes": "\n".join(collected.notes) or "none"})
