"""Collecting a month: the inbox first, the network if it is switched on, else the archive.

Belongs here: the choice between the ways in. Does not: how any of them works.
"""

import time
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cchc_pipeline.errors import SourceError
from cchc_pipeline.period import TIMEZONE, Basis, Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.archive import RawArchive, Snapshot
from cchc_pipeline.sources.file_drop import read_drop
from cchc_pipeline.sources.portal_request import plan_requests, refusals


@dataclass(frozen=True)
class Collected:
    """The snapshots of a month that stand, the earliest capture first, and what happened."""

    snapshots: tuple[Snapshot, ...]
    notes: tuple[str, ...]


def collect_portal(
    month: Month,
    settings: Settings,
    archive: RawArchive,
    inbox: Path,
    now: datetime,
    before: Container[str] = (),
) -> Collected:
    """Take in what there is to take for a month; what was archived earlier stays.

    Args:
        month: The month.
        settings: Which root is meant, and whether the network may be asked.
        archive: Keeps every answer for good.
        inbox: The month's folder of dropped files.
        now: The moment of the run.
        before: The ids of the snapshots that stood before this run.

    Raises:
        SourceError: Files were dropped that cannot be taken, or the portal refused.
    """
    drop = read_drop(inbox / "portal", month, settings.root_unit, now, archive)
    notes = list(drop.notes)
    if not drop.snapshots and settings.portal_fetch:
        notes += _fetch(month, settings, archive, now)
    kept = archive.snapshots(month)
    offered = {snapshot.snapshot_id for snapshot in drop.snapshots}
    standing = standing_snapshots(kept, offered, before)
    notes.append(f"{len(kept)} snapshot(s) of the portal in the archive for {month}")
    notes += [
        f"set aside {item.snapshot_id}: another drop of {item.captured_at} stands in its place"
        for item in kept
        if item not in standing
    ]
    return Collected(standing, tuple(notes))


def standing_snapshots(
    kept: Iterable[Snapshot], offered: Container[str], before: Container[str]
) -> tuple[Snapshot, ...]:
    """One snapshot of each basis and capture time, in the order given.

    Files that were corrected and dropped again under the same capture time leave both versions in
    the archive. What the inbox offers now stands, else what stood before, else what came in last.

    Args:
        kept: Every snapshot of a month.
        offered: Ids of those that the inbox holds now.
        before: Ids of those that stood before.
    """

    def claim(snapshot: Snapshot) -> tuple[bool, bool, str]:
        identity = snapshot.snapshot_id
        received = max(answer.received_at for answer in snapshot.answers)
        return identity in offered, identity in before, received

    standing: dict[tuple[Basis, str], Snapshot] = {}
    for snapshot in kept:
        key = (snapshot.basis, snapshot.captured_at)
        standing[key] = max(snapshot, standing.get(key, snapshot), key=claim)
    return tuple(standing.values())


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
                todo=f"{error.todo or 'try again later'}, or drop the answers into {_place(month)}",
            ) from None
    return [
        *(f"fetched {snapshot.basis} ({snapshot.snapshot_id})" for snapshot in fetched),
        *(f"not asked for {refusal.basis}: {refusal.reason}" for refusal in refusals(month, now)),
    ]


def _place(month: Month) -> str:
    """Where the answers of a month can be dropped instead."""
    return f"inbox/{month}/portal"
