"""The raw archive: what each source answered, byte for byte, with when and how.

Belongs here: blobs by SHA-256, the log of exchanges, the records of complete snapshots. Does not:
what an answer means, or whether it is good; nothing here reads the bytes that it keeps.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Literal

from cchc_pipeline.core.errors import FROM_BACKUP, SourceError, UsageError
from cchc_pipeline.core.files import append_line, sync_folder, write_whole
from cchc_pipeline.core.period import TIMEZONE, Basis, Month, utc_text

Channel = Literal["api", "file", "database"]
Provenance = Literal["published", "sample"]
"""The words of the archive's records; tables say ``official`` for ``published``."""
_ID_LENGTH = 16
_SET_ASIDE = "withdrawn"
_CHUNK = 4 << 20


@dataclass(frozen=True)
class Exchange:
    """One attempt to get an answer, good or bad; ``status`` and ``sha256`` may be absent.

    ``path`` is the path of the address asked, of the file below the inbox's month, or the name of
    the view; ``received_at`` is in UTC, ``size`` in bytes.
    """

    channel: Channel
    path: str
    request: Mapping[str, Any]
    received_at: str
    status: int | None = None
    sha256: str | None = None
    size: int = 0
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """One good answer of a snapshot; ``root_code`` is None for the table of provinces."""

    endpoint: str
    root_code: str | None
    request: Mapping[str, Any]
    status: int | None
    received_at: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Snapshot:
    """The complete set of answers about one month and basis, as of one capture.

    ``captured_at`` is an ISO date (of the city) or an instant in UTC. Where the source did not say
    it, ``dated_by`` is ``receipt`` and ``captured_at`` is when the bytes first came in.
    """

    month: Month
    basis: Basis
    root_code: str
    captured_at: str
    source: str
    provenance: Provenance
    channel: Channel
    answers: tuple[Answer, ...]
    dated_by: Literal["source", "receipt"] = "source"

    @property
    def snapshot_id(self) -> str:
        """A digest of what was said and when it was captured, not of when it was received.

        A time of receipt does not count, so that the same files dropped again are the same
        snapshot.
        """
        content = {
            "month": str(self.month),
            "basis": self.basis,
            "root_code": self.root_code,
            "captured_at": self.captured_at if self.dated_by == "source" else None,
            "source": self.source,
            "provenance": self.provenance,
            "channel": self.channel,
            "answers": [
                [answer.endpoint, answer.root_code, answer.request, answer.sha256]
                for answer in self.answers
            ],
        }
        return hashlib.sha256(_canonical(content)).hexdigest()[:_ID_LENGTH]


def normal_capture_time(text: str) -> str:
    """Bring a capture time into the form that ``Snapshot.captured_at`` has.

    Raises:
        ValueError: It is neither an ISO date nor an instant with its offset.
    """
    if "T" not in text:
        return date.fromisoformat(text).isoformat()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset from UTC is missing")
    return utc_text(moment)


def capture_moment(captured_at: str) -> datetime:
    """The moment of a normal capture time; a bare date is that day's first instant in the city."""
    if "T" in captured_at:
        return datetime.fromisoformat(captured_at)
    return datetime.combine(date.fromisoformat(captured_at), time(), TIMEZONE)


class RawArchive:
    """A folder of raw answers. Nothing in it is ever overwritten.

    Args:
        root: The folder; made when something is first kept.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        """Keep bytes and return their SHA-256 in hex; the same bytes are kept once."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._blob(digest)
        if not _has(path, len(content)):
            write_whole(path, content)
        return digest

    def get(self, sha256: str) -> bytes:
        """The bytes of a digest.

        Raises:
            SourceError: They are absent, or are no longer the bytes that were kept.
        """
        path = self._blob(sha256)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise _missing(path) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise _altered(path)
        return content

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def put_file(self, path: Path) -> tuple[str, int]:
        """Keep a file of any size, in one pass and bounded memory.

        It is copied, never linked: whoever dropped it may still write to it.

        Returns:
            Its SHA-256 in hex, and its size in bytes.

        Raises:
            OSError: It cannot be read, or there is no space.
        """
        folder = self._root / "blobs"
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{os.getpid()}.part"
        try:
            with path.open("rb") as source, unfinished.open("wb") as copy:
                digest, size = _copy(source, copy)
                blob = self._blob(digest)
                if _has(blob, size):
                    return digest, size
                os.fsync(copy.fileno())
            blob.parent.mkdir(exist_ok=True)
            unfinished.replace(blob)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(blob.parent)
        sync_folder(folder)
        return digest, size

    def path_of(self, sha256: str) -> Path:
        """Where the bytes of a digest stand, for a reader that needs a file; it must not write."""
        return self._blob(sha256)

    def check(self, sha256: str) -> None:
        """Hold kept bytes to their digest, in bounded memory.

        Raises:
            SourceError: They are absent, or are no longer the bytes that were kept.
        """
        path = self._blob(sha256)
        try:
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except FileNotFoundError:
            raise _missing(path) from None
        if digest != sha256:
            raise _altered(path)

    def record(self, exchange: Exchange) -> None:
        """Append one exchange to the log of the month (UTC) in which it happened."""
        path = self._root / "exchanges" / f"{exchange.received_at[:7]}.jsonl"
        append_line(path, _canonical(asdict(exchange)))

    def exchanges(self, since: str) -> Iterator[Exchange]:
        """The logged exchanges from a moment (UTC, as text) on, in the order of the log.

        A line that a crash cut off is passed over.
        """
        for path in sorted((self._root / "exchanges").glob("*.jsonl")):
            if path.stem < since[:7]:
                continue
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    exchange = Exchange(**json.loads(line))
                except (ValueError, TypeError):
                    continue
                if exchange.received_at >= since:
                    yield exchange

    def find(self, snapshot: Snapshot) -> Snapshot | None:
        """The record that this snapshot already has, or None.

        Raises:
            SourceError: The record was altered.
        """
        path = self._record(snapshot)
        return snapshot_at(path) if path.exists() else None

    def save(self, snapshot: Snapshot) -> Snapshot:
        """Record a complete snapshot, once; returns the record that stands.

        The caller vouches that the set of answers is complete.

        Raises:
            SourceError: One of its raw answers was not kept, or the standing record was altered.
        """
        standing = self.find(snapshot)
        if standing is not None:
            return standing
        for answer in snapshot.answers:
            if not self._blob(answer.sha256).exists():
                raise SourceError("raw answer was not kept", where=answer.endpoint)
        path = self._record(snapshot)
        record = {**asdict(snapshot), "month": str(snapshot.month), "snapshot_id": path.stem}
        write_whole(path, _canonical(record) + b"\n")
        return snapshot

    def withdrawal_log(self, month: Month) -> Path:
        """The log of what was taken back of a month; lines are only ever added."""
        return self._root / "withdrawals" / f"{month}.jsonl"

    def set_aside(self, snapshot: Snapshot) -> None:
        """Let a snapshot count no more, until its files are dropped again; its record stays."""
        path = self._record(snapshot)
        path.replace(path.with_suffix(f".{_SET_ASIDE}"))
        sync_folder(path.parent)

    def snapshots(self, month: Month, *, set_aside: bool = False) -> tuple[Snapshot, ...]:
        """Every recorded snapshot of a month, of all bases, the earliest capture first.

        A bare date comes before the instants of that day; equals are ordered by their id.

        Args:
            month: The month.
            set_aside: Those that were set aside, in place of those that count.

        Raises:
            SourceError: A record was altered.
        """
        folder = self._root / "portal" / str(month)
        ending = _SET_ASIDE if set_aside else "json"
        found = [snapshot_at(path) for path in folder.glob(f"*/*.{ending}")]
        return tuple(sorted(found, key=_capture_order))

    def latest(self, month: Month, basis: Basis) -> Snapshot | None:
        """The last captured snapshot of a month and basis, or None."""
        of_basis = (item for item in self.snapshots(month) if item.basis == basis)
        return max(of_basis, key=_capture_order, default=None)

    def _blob(self, sha256: str) -> Path:
        return self._root / "blobs" / sha256[:2] / sha256

    def _record(self, snapshot: Snapshot) -> Path:
        folder = self._root / "portal" / str(snapshot.month) / snapshot.basis
        return folder / f"{snapshot.snapshot_id}.json"


def _has(blob: Path, size: int) -> bool:
    """Whether the bytes are there; what was cut off since is replaced."""
    return blob.exists() and blob.stat().st_size == size


def _copy(source: BinaryIO, target: BinaryIO) -> tuple[str, int]:
    """Copy a stream; returns the SHA-256 of what was copied, and its size."""
    digest, size, buffer = hashlib.sha256(), 0, memoryview(bytearray(_CHUNK))
    while count := source.readinto(buffer):  # type: ignore[attr-defined]
        digest.update(buffer[:count])
        target.write(buffer[:count])
        size += count
    target.flush()
    return digest.hexdigest(), size


def _missing(path: Path) -> SourceError:
    return SourceError("raw answer is missing", where=str(path), todo=FROM_BACKUP)


def _altered(path: Path) -> SourceError:
    return SourceError(
        "raw answer was altered after it was kept", where=str(path), todo=FROM_BACKUP
    )


def _capture_order(snapshot: Snapshot) -> tuple[datetime, bool, str]:
    at = snapshot.captured_at
    return capture_moment(at), "T" in at, snapshot.snapshot_id


def _canonical(value: Any) -> bytes:
    """JSON that is the same for the same content."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def snapshot_at(path: Path) -> Snapshot:
    """The snapshot that a record tells of.

    Raises:
        SourceError: It is not as it was written.
    """
    try:
        record = json.loads(path.read_bytes())
        stated = record.pop("snapshot_id")
        snapshot = Snapshot(
            **{
                **record,
                "month": Month.parse(record["month"]),
                "basis": Basis(record["basis"]),
                "answers": tuple(Answer(**answer) for answer in record["answers"]),
            }
        )
        capture_moment(snapshot.captured_at)
        whole = path.stem == stated == snapshot.snapshot_id
    except (ValueError, KeyError, TypeError, AttributeError, UsageError):
        whole = False
    if not whole:
        raise SourceError("record of a snapshot was altered", where=str(path), todo=FROM_BACKUP)
    return snapshot
