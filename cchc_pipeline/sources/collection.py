"""Collecting a month: the inbox first, the network if it is switched on, else the archive.

Belongs here: the choice between the ways in. Does not: how any of them works.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cchc_pipeline.errors import SourceError
from cchc_pipeline.period import TIMEZONE, Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.archive import RawArchive, Snapshot
from cchc_pipeline.sources.file_drop import read_drop
from cchc_pipeline.sources.portal_request import plan_requests, refusals


@dataclass(frozen=True)
class Collected:
    """All complete snapshots that the archive holds of a month, and what happened on the way."""

    snapshots: tuple[Snapshot, ...]
    notes: tuple[str, ...]


def collect_portal(
    month: Month, settings: Settings, archive: RawArchive, inbox: Path, now: datetime
) -> Collected:
    """Take in what there is to take for a month; what was archived earlier stays.

    Raises:
        SourceError: Files were dropped that cannot be taken, or the portal refused.
    """
    drop = read_drop(inbox / "portal", month, settings.root_unit, now, archive)
    notes = list(drop.notes)
    if not drop.snapshots and settings.portal_fetch:
        notes += _fetch(month, settings, archive, now)
    snapshots = archive.snapshots(month)
    notes.append(f"{len(snapshots)} snapshot(s) of the portal in the archive for {month}")
    return Collected(snapshots, tuple(notes))


def _fetch(month: Month, settings: Settings, archive: RawArchive, now: datetime) -> list[str]:
    from cchc_pipeline.sources.portal_api import PortalClient  # noqa: PLC0415 - only if asked

    plans = plan_requests(month, settings.root_unit, settings.root_department_id, now)
    with PortalClient(
        settings.portal_base_url, archive, lambda: datetime.now(TIMEZONE), time.sleep
    ) as client:
        try:
            fetched = [client.fetch_snapshot(plan) for plan in plans]
        except SourceError as error:
            raise SourceError(
                error.what,
                where=error.where,
                todo=f"{error.todo or 'try again later'}, or drop the answers into {_inbox_hint(month)}",
            ) from None
    return [
        *(f"fetched {snapshot.basis} ({snapshot.snapshot_id})" for snapshot in fetched),
        *(f"not asked for {refusal.basis}: {refusal.reason}" for refusal in refusals(month, now)),
    ]


def _inbox_hint(month: Month) -> str:
    """Where the answers of a month can be dropped instead."""
    return f"inbox/{month}/portal"
