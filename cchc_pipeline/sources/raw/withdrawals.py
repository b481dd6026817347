"""Taking a delivered file back; what stands, now and at a moment, whatever the inbox holds.

Belongs here: finding the file among what was delivered, the log of withdrawals, the notes on
replayed deliveries; a second archive of just what stood at a moment, for making a release again.
Does not: the record of a delivery (``deliveries``) or of a snapshot (``archive``). Bytes and
records stay in the archive: a withdrawal only says that they stand no more. The second archive
links to the bytes, after their digests have been looked at.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.core.files import append_line, digest_of_file
from cchc_pipeline.core.masking import mask, visible
from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.sources.inbox.account import InboxFile
from cchc_pipeline.sources.inbox.files import (
    FOLDERS,
    FORMS_FOLDER,
    PORTAL_FOLDER,
    RECORDS,
    SCORES,
    is_of_record,
    month_named,
    plain_name,
)
from cchc_pipeline.sources.national_portal.legacy_gateway import service_of
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot
from cchc_pipeline.sources.raw.deliveries import (
    Delivery,
    keep_record,
    last_delivery,
    make_last,
    recorded_deliveries,
)
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema

_LONGEST = 120
Stood = Mapping[tuple[str, str], str]
"""By record and month: when the delivery that stood had been received."""


@dataclass(frozen=True)
class Withdrawal:
    """A file that was taken back.

    Attributes:
        month: As ``2024-03``.
        record: Of which record it was, or ``scores``.
        file: The name under which it was delivered.
        withdrawn: The id of the delivery or snapshot that stands no more.
        left: The id of the delivery that stands instead; empty if none does.
        at: When, in UTC.
        by: The office that took it back.
        reason: Why.
    """

    month: str
    record: str
    file: str
    withdrawn: str
    left: str
    at: str
    by: str
    reason: str

    def line(self) -> str:
        """The act in one line."""
        file, by, why = (
            mask(visible(t, _LONGEST), _LONGEST) for t in (self.file, self.by, self.reason)
        )
        return f"{self.month}: {file} ({self.record}) was withdrawn at {self.at} by {by}: {why}"


@dataclass(frozen=True)
class Said:
    """Who withdraws, when (UTC) and why."""

    at: str
    by: str
    reason: str


def withdrawals(archive: RawArchive, month: Month) -> tuple[Withdrawal, ...]:
    """What was taken back of a month, in the order of time; a line cut off by a crash is none."""
    path, found = archive.withdrawal_log(month), []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(Withdrawal(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return tuple(found)


def months_known(inbox: Path, archive: RawArchive) -> list[Month]:
    """The months that have a folder in the inbox, or of which something was delivered."""
    kept = (archive.root.glob(f"{kind}/*/") for kind in ("deliveries/*", "portal"))
    places = (inbox.glob("*/"), *kept)
    names = {path.name for found in places for path in found}
    return sorted(month for name in names if (month := month_named(name)) is not None)


def withdraw(archive: RawArchive, month: Month, file: str, folder: Path, said: Said) -> Withdrawal:
    """Take a delivered file back: what it was part of stands without it from now on.

    Args:
        archive: What was delivered.
        month: The month.
        file: The file as it was named, with or without its folder; or a snapshot's id.
        folder: The month's folder in the inbox.
        said: Who, when and why.

    Raises:
        UsageError: It was not delivered for this month, or several are meant.
        SourceError: It still lies in the inbox, or a record was altered.
    """
    path = PurePosixPath(plain_name(file).replace("\\", "/"))
    deliveries = list(_deliveries(archive, month))
    found = [d for d in deliveries if _holds(d, path)]
    snapshots = [s for s in archive.snapshots(month) if s.channel == "file"]
    captures = [] if found else [s for s in snapshots if _is_of(s, path)]
    if len(found) + len(captures) != 1:
        raise _not_one(
            path.name,
            month,
            deliveries,
            found,
            captures or snapshots,
            several_captures=bool(captures),
        )
    _require_gone(folder, path.name, captures)
    if captures:
        return _set_aside(archive, captures[0], path.name, said)
    return _taken_out(archive, found[0], path.name, said)


def replay_lines(
    archive: RawArchive, month: Month, folder: Path, account: Iterable[InboxFile]
) -> Iterator[str]:
    """What is said of files that were delivered and are no longer in the inbox.

    Args:
        archive: What was delivered.
        month: The month.
        folder: Its folder in the inbox.
        account: What that holds.
    """
    taken = [(file.kind, PurePosixPath(file.path).name) for file in account if file.fate == "taken"]
    for delivery in _deliveries(archive, month):
        offered = {name for kind, name in taken if kind == delivery.record}
        for file in delivery.files:
            name = visible(file.name, _LONGEST)
            if name in offered or not is_of_record(file.name, load_upload_schema(delivery.record)):
                continue
            gone = f"{name} of {month} is no longer in the inbox"
            if offered:
                yield f"{gone}: what lies there now is used, not what came at {file.received_at}"
            else:
                yield f"{gone}: {_used(month, name, file.received_at)}"
    yield from _replayed_captures(archive, month, folder / PORTAL_FOLDER)


def _replayed_captures(archive: RawArchive, month: Month, folder: Path) -> Iterator[str]:
    """The captures of files that stand, and are not among the inbox's."""
    dropped = [one for one in archive.snapshots(month) if one.channel == "file"]
    if not dropped:
        return
    offered = {digest_of_file(path) for path in folder.rglob("*.json") if path.is_file()}
    for snapshot in dropped:
        if not offered.issuperset(answer.sha256 for answer in snapshot.answers):
            name, at = snapshot.snapshot_id, snapshot.answers[0].received_at
            gone = f"the {snapshot.basis} captured at {snapshot.captured_at}, {name}"
            yield f"{gone}, of {month} is no longer in the inbox: {_used(month, name, at)}"


def _used(month: Month, name: str, received_at: str) -> str:
    return (
        f"what was taken in at {received_at} is used -> to take it back: "
        f'cchc withdraw {month} "{name}" --reason …'
    )


def _deliveries(archive: RawArchive, month: Month) -> Iterator[Delivery]:
    """The deliveries that stand for a month, one a record at most."""
    for record in RECORDS:
        delivery = last_delivery(archive, record, month)
        if delivery is not None:
            yield delivery


def _holds(delivery: Delivery, path: PurePosixPath) -> bool:
    named = {*path.parts[:-1]}
    said = named & {*FOLDERS.values()}
    fits = FOLDERS[delivery.record] in said if said else PORTAL_FOLDER not in named
    return fits and any(file.name == path.name for file in delivery.files)


def _is_of(snapshot: Snapshot, path: PurePosixPath) -> bool:
    named = {plain_name(str(answer.request.get("file"))) for answer in snapshot.answers}
    return path.name == snapshot.snapshot_id or path.name in named


def _not_one(
    name: str,
    month: Month,
    deliveries: Sequence[Delivery],
    found: Sequence[Delivery],
    snapshots: Sequence[Snapshot],
    *,
    several_captures: bool,
) -> UsageError:
    """Nothing is meant, or more than one thing; the line lists what could be."""
    captures = [f"{s.snapshot_id} ({s.basis} captured at {s.captured_at})" for s in snapshots]
    shown = visible(name, _LONGEST)
    if len(found) > 1:
        todo = f"say {FORMS_FOLDER}/{shown} if the form is meant"
        return UsageError(f"{shown} was delivered as several records", where=str(month), todo=todo)
    if several_captures:
        todo = f"say which: {', '.join(captures)}"[:300]
        return UsageError(f"{shown} is of several captures", where=str(month), todo=todo)
    names = [visible(file.name, _LONGEST) for d in deliveries for file in d.files] + captures
    what = f"no file {shown} stands for this month"
    todo = f"what stands: {', '.join(names)}"[:300] if names else "nothing was delivered for it"
    return UsageError(what, where=str(month), todo=todo)


def _require_gone(folder: Path, name: str, captures: Sequence[Snapshot]) -> None:
    """The file is out of the inbox, or it would be taken in again by the next run.

    Raises:
        SourceError: It lies there.
    """
    names = {name} | {str(a.request.get("file")) for s in captures for a in s.answers}
    sums = {a.sha256 for s in captures for a in s.answers}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if (
            path.is_file()
            and plain_name(path.name) in names
            and (not sums or digest_of_file(path) in sums)
        ):
            raise SourceError(
                "it still lies in the inbox, and would be taken in again",
                where=visible(str(path), 200), todo="remove it first",
            )  # fmt: skip


def _taken_out(archive: RawArchive, delivery: Delivery, name: str, said: Said) -> Withdrawal:
    rest = delivery.without(name)
    act = Withdrawal(
        str(delivery.month), delivery.record, name, delivery.delivery_id,
        rest.delivery_id if rest.files else "", said.at, said.by, said.reason,
    )  # fmt: skip
    _log(archive, delivery.month, act)
    make_last(rest, archive)
    return act


def _set_aside(archive: RawArchive, snapshot: Snapshot, name: str, said: Said) -> Withdrawal:
    act = Withdrawal(
        str(snapshot.month), SCORES, name, snapshot.snapshot_id, "", said.at, said.by, said.reason
    )
    _log(archive, snapshot.month, act)
    archive.set_aside(snapshot)
    return act


def _log(archive: RawArchive, month: Month, act: Withdrawal) -> None:
    line = json.dumps(asdict(act), ensure_ascii=False, sort_keys=True)
    append_line(archive.withdrawal_log(month), line.encode())


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
