"""The raw archive as it stood at a moment, for making a release again.

Belongs here: which records had been received by then and stood, and a second archive that holds
just these. Does not: reading what they hold.

Nothing is copied: the second archive links to the bytes of the first, after their digests have been
looked at.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.sources.national_portal.legacy_gateway import service_of
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot
from cchc_pipeline.sources.raw.deliveries import Delivery, keep_record, recorded_deliveries
from cchc_pipeline.sources.raw.withdrawals import withdrawals

Stood = Mapping[tuple[str, str], str]
"""By record and month: when the delivery that stood had been received."""


def archive_as_of(
    archive: RawArchive, moment: datetime, target: RawArchive, stood: Stood | None = None
) -> None:
    """Fill an empty archive with what stood in another at a moment.

    Args:
        archive: The archive.
        moment: Aware; what came in that very second counts.
        target: Is filled with links.
        stood: Which of several deliveries stood, where that is known; else the last received.

    Raises:
        SourceError: A record or a byte is missing, or is not what was kept.
    """
    until = utc_text(moment)
    for snapshot in _standing_snapshots(archive, until):
        _link(archive, target, (answer.sha256 for answer in snapshot.answers))
        target.save(snapshot)
    acts = [act for month in _months_withdrawn(archive) for act in withdrawals(archive, month)]
    gone = {act.withdrawn for act in acts if act.at <= until}
    gone |= {act.left for act in acts if act.at > until} - {act.withdrawn for act in acts}
    known = stood or {}
    received = (
        one
        for one in recorded_deliveries(archive)
        if one.received_at <= until and (one.delivery_id not in gone or _claim(one, known)[0])
    )
    for delivery in sorted(received, key=lambda one: _claim(one, known)):
        _link(archive, target, (file.sha256 for file in delivery.files))
        keep_record(delivery, target)


def _claim(delivery: Delivery, stood: Stood) -> tuple[bool, str, str]:
    """The delivery that is kept last is the one that stands."""
    known = stood.get((delivery.record, str(delivery.month)))
    return known == delivery.received_at, delivery.received_at, delivery.delivery_id


def _standing_snapshots(archive: RawArchive, until: str) -> Iterable[Snapshot]:
    """Of the snapshots of one capture the one that was handed in last.

    The first may have been dropped again after the second: then the log of exchanges knows, since
    the record of a snapshot is written once.
    """
    offered = _last_offers(archive, until)
    standing: dict[tuple[object, ...], tuple[str, Snapshot]] = {}
    for snapshot in _snapshots(archive, until):
        if max(answer.received_at for answer in snapshot.answers) > until:
            continue
        key = (service_of(snapshot), snapshot.month, snapshot.basis, snapshot.captured_at)
        last = min(offered.get(answer.sha256, answer.received_at) for answer in snapshot.answers)
        if key not in standing or standing[key][0] < last:
            standing[key] = (last, snapshot)
    return [snapshot for _, snapshot in standing.values()]


def _snapshots(archive: RawArchive, until: str) -> Iterator[Snapshot]:
    """Those that count, and those that were set aside only later."""
    for folder in sorted((archive.root / "portal").glob("*")):
        month = Month.parse(folder.name)
        later = {act.withdrawn for act in withdrawals(archive, month) if act.at > until}
        yield from archive.snapshots(month)
        for snapshot in archive.snapshots(month, set_aside=True):
            if snapshot.snapshot_id in later:
                yield snapshot


def _months_withdrawn(archive: RawArchive) -> list[Month]:
    return [Month.parse(log.stem) for log in (archive.root / "withdrawals").glob("*.jsonl")]


def _last_offers(archive: RawArchive, until: str) -> dict[str, str]:
    """When each answer last came in, by its digest; a line that a crash cut off is passed over."""
    offers: dict[str, str] = {}
    for path in sorted((archive.root / "exchanges").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                exchange = json.loads(line)
            except ValueError:
                continue
            sha256, at = exchange["sha256"], exchange["received_at"]
            if sha256 and at <= until:
                offers[sha256] = max(at, offers.get(sha256, ""))
    return offers


def _link(archive: RawArchive, target: RawArchive, digests: Iterable[str]) -> None:
    for sha256 in digests:
        place = target.path_of(sha256)
        if not place.exists():
            archive.check(sha256)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(archive.path_of(sha256).resolve())
