"""Extract: raw bytes into the archive.

Belongs here: the account of the inbox, and one asset a declared source. Does not: parsing
(``validated``), or choosing the way in (``cchc_pipeline.sources``).
"""

from typing import Any

import dagster as dg
import pyarrow as pa

from assets.resources import MONTHS, Workspace, month_of, of_table, versioned
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.sources import DeclaredSource, declared_sources
from cchc_pipeline.core.period import Month, require_ended
from cchc_pipeline.sources.dossiers.collection import collect_dossiers, database_of
from cchc_pipeline.sources.inbox.account import (
    account_lines,
    account_of,
    account_rows,
    require_taken,
)
from cchc_pipeline.sources.national_portal.collection import collect_national_portal
from cchc_pipeline.sources.national_portal.tables import raw_rows
from cchc_pipeline.sources.raw.deliveries import Delivery, take_in
from cchc_pipeline.sources.raw.withdrawals import replay_lines
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.storage.lake import table_from_rows

ACCOUNT = "inbox_account"


BEGUN = "month_begun"
"""What notes, before anything is read, what a month is made from (``record``)."""


@dg.asset(
    deps=[BEGUN],
    description=load_contract(ACCOUNT).description.en,
    partitions_def=MONTHS,
    group_name="extract",
    **of_table(ACCOUNT, "file", "parquet"),
)
def inbox_account(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """The fate of each file of the month; a month of which nothing is taken ends here."""
    month = month_of(context)
    require_ended(month, workspace.now)
    folder = workspace.inbox_of(month)
    account = account_of(folder)
    require_taken(account, folder)
    for line in (*account_lines(account), *replay_lines(workspace.archive, month, folder, account)):
        context.log.info(line)
    return versioned(table_from_rows(load_contract(ACCOUNT), account_rows(account, month)))


@dg.asset(
    deps=[ACCOUNT],
    partitions_def=MONTHS,
    group_name="extract",
    **of_table("raw_portal", "file", "parquet"),
)
def raw_portal(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """Complete snapshots of the national portal's answers, archived by SHA-256 before parsing.

    Of two drops under one capture time, the one that stands.

    From the inbox, or over the network where that is switched on; else the archive is replayed.
    """
    month = month_of(context)
    require_ended(month, workspace.now)
    before = set(workspace.lake.read("raw_portal", month).column("snapshot_id").to_pylist())
    collected = collect_national_portal(
        month,
        workspace.settings_for(month),
        workspace.archive,
        workspace.inbox_of(month),
        workspace.now,
        before,
    )
    for note in collected.notes:
        context.log.info(note)
    table = table_from_rows(load_contract("raw_portal"), raw_rows(collected.snapshots))
    return versioned(table, {"notes": "\n".join(collected.notes) or "none"})


@dg.asset(
    deps=[ACCOUNT],
    description=load_contract("raw_dossiers").description.en,
    partitions_def=MONTHS,
    group_name="extract",
    **of_table("raw_dossiers", "file", "parquet"),
)
def raw_dossiers(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """From the inbox, or from a view of the one-stop system; else the archive is replayed."""
    month = month_of(context)
    require_ended(month, workspace.now)
    collected = collect_dossiers(
        month,
        database_of(workspace.settings),
        workspace.archive,
        workspace.inbox_of(month),
        workspace.now,
    )
    for note in collected.notes:
        context.log.info(note)
    table = table_from_rows(load_contract("raw_dossiers"), _file_rows(month, collected.delivery))
    return versioned(table, {"notes": "\n".join(collected.notes) or "none"})


def _raw_delivery(source: DeclaredSource) -> dg.AssetsDefinition:
    """The asset that takes in the files of a source, from its folder of the inbox's month."""

    @dg.asset(
        name=source.raw,
        deps=[ACCOUNT],
        description=load_contract(source.raw).description.en,
        partitions_def=MONTHS,
        group_name="extract",
        **of_table(source.raw, "file", "parquet"),
    )
    def taken_in(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
        month = month_of(context)
        require_ended(month, workspace.now)
        delivery = take_in(
            workspace.inbox_of(month) / source.folder,
            load_upload_schema(source.input),
            month,
            workspace.now,
            workspace.archive,
        )
        return versioned(table_from_rows(load_contract(source.raw), _file_rows(month, delivery)))

    return taken_in


def _file_rows(month: Month, delivery: Delivery | None) -> list[dict[str, Any]]:
    """One row a file of the delivery that stands; none if nothing ever came."""
    if delivery is None:
        return []
    return [
        {
            "period": str(month),
            "delivery_id": delivery.delivery_id,
            "file": file.name,
            "sha256": file.sha256,
            "bytes": file.size,
            "received_at": file.received_at,
        }
        for file in delivery.files
    ]


DELIVERIES = [
    _raw_delivery(source)
    for source in declared_sources()
    if source.kind not in ("answers", "export")
]
"""What was received of each source whose files only the inbox holds."""
