"""Collecting a month: the inbox first, the network if it is switched on, else the archive.

Belongs here: the choice between the ways in. Does not: how any of them works.
"""

import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.national_portal.drop import read_drop
from cchc_pipeline.sources.national_portal.legacy_client import legacy_requests, refusal
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway, service_of
from cchc_pipeline.sources.national_portal.request import refusals, snapshot_requests
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot

_Wanted = TypeVar("_Wanted")


@dataclass(frozen=True)
class Collected:
    """The snapshots of a month that stand, the earliest capture first, and what happened."""

    snapshots: tuple[Snapshot, ...]
    notes: tuple[str, ...]


def collect_national_portal(
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
        notes += _fetch_legacy(month, settings, archive, now)
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
    """One snapshot of each service, basis and capture time, in the order given.

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

    standing: dict[tuple[str, Basis, str], Snapshot] = {}
    for snapshot in kept:
        key = (service_of(snapshot), snapshot.basis, snapshot.captured_at)
        standing[key] = max(snapshot, standing.get(key, snapshot), key=claim)
    return tuple(standing.values())


def _fetch(month: Month, settings: Settings, archive: RawArchive, now: datetime) -> list[str]:
    from cchc_pipeline.sources.national_portal.client import NationalPortalClient  # noqa: PLC0415 - only if asked

    wanted = snapshot_requests(month, settings.root_unit, settings.root_department_id, now)
    with NationalPortalClient(
        settings.portal_base_url, archive, lambda: datetime.now(TIMEZONE), time.sleep
    ) as client:
        fetched = _fetched(client.fetch_snapshot, wanted, month)
    return [
        *(f"fetched {snapshot.basis} ({snapshot.snapshot_id})" for snapshot in fetched),
        *(f"not asked for {refusal.basis}: {refusal.reason}" for refusal in refusals(month, now)),
    ]


def _fetch_legacy(
    month: Month, settings: Settings, archive: RawArchive, now: datetime
) -> list[str]:
    """Ask the legacy gateway about a month of its time; notes say what came or why it was not."""
    from cchc_pipeline.sources.national_portal.legacy_client import LegacyClient  # noqa: PLC0415 - if asked

    if month > load_gateway().last_month:
        return []
    why = refusal(month, settings.legacy_ids, now)
    if why:
        return [f"the legacy gateway was not asked: {why}"]
    wanted = legacy_requests(month, settings.root_unit, settings.legacy_ids, now)
    with LegacyClient(
        settings.legacy_base_url, archive, lambda: datetime.now(TIMEZONE), time.sleep
    ) as client:
        fetched = _fetched(client.fetch_snapshot, wanted, month)
    return [f"fetched legacy {item.basis} ({item.snapshot_id})" for item in fetched]


def _fetched(
    fetch: Callable[[_Wanted], Snapshot], wanted: Iterable[_Wanted], month: Month
) -> list[Snapshot]:
    """Ask for each snapshot; a refusal tells the other way in."""
    try:
        return [fetch(one) for one in wanted]
    except SourceError as error:
        again = error.todo or "try again later"
        todo = f"{again}, or drop the answers into inbox/{month}/portal"
        raise SourceError(error.what, where=error.where, todo=todo) from None
