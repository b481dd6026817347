"""What was delivered for a month: files of one record, kept before they are read.

Belongs here: finding the files in the inbox by their names, archiving them, the record of a
delivery, and replaying the last one. Does not: opening a file (``readers``).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cchc_pipeline.core.errors import FROM_BACKUP, SourceError, UsageError
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.sources.inbox.files import (
    FORMS,
    is_of_record,
    plain_name,
    told_path,
    unread_ending,
)
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.readers.upload_schema import UploadSchema

_ID_LENGTH = 16
LAST = "last"
"""The file that names the delivery of a record and month that stands."""
_LONGEST_NAME = 120


@dataclass(frozen=True)
class DeliveredFile:
    """A kept file: the name it was dropped under, its bytes, when it first came (UTC)."""

    name: str
    sha256: str
    size: int
    received_at: str


@dataclass(frozen=True)
class Delivery:
    """All files of one record for one month, as they were in the inbox together."""

    record: str
    month: Month
    files: tuple[DeliveredFile, ...]

    @property
    def delivery_id(self) -> str:
        """A digest of names and contents, not of time: the same files are the same delivery."""
        content = [self.record, str(self.month), [[file.name, file.sha256] for file in self.files]]
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]

    def without(self, name: str) -> "Delivery":
        """The same without the files of a name."""
        return replace(self, files=tuple(file for file in self.files if file.name != name))

    @property
    def received_at(self) -> str:
        """When the delivery was whole."""
        return max(file.received_at for file in self.files)


def take_in(
    inbox_month: Path,
    upload: UploadSchema,
    month: Month,
    received_at: datetime,
    archive: RawArchive,
) -> Delivery | None:
    """The delivery of a month: what the inbox holds, else what was taken in last.

    Args:
        inbox_month: ``inbox/<month>``; it may be absent.
        upload: The record's upload schema, whose ``files`` begins the names.
        month: The month.
        received_at: The moment of reading, aware.
        archive: Keeps the files and the record.

    Returns:
        The delivery as first recorded; None if nothing ever came.

    Raises:
        SourceError: A name says what cannot be read (all such names in one line), or what was kept
            is no longer whole.
    """
    paths = delivered_paths(inbox_month, upload)
    if not paths:
        return _replayed(upload, month, archive)
    received = utc_text(received_at)
    files = tuple(_kept(path, received, archive) for path in paths)
    return keep_record(Delivery(upload.record, month, files), archive)


def keep_record(delivery: Delivery, archive: RawArchive) -> Delivery:
    """Record a delivery, once, as the last of its record and month.

    Returns:
        The record that stands: the first one of these names and contents.

    Raises:
        SourceError: It is not as it was written.
    """
    folder = archive.root / "deliveries" / delivery.record / str(delivery.month)
    path = folder / f"{delivery.delivery_id}.json"
    if path.exists():
        delivery = record_at(path)
    else:
        write_whole(path, _record_bytes(delivery))
    if not _is_last(folder, delivery):
        write_whole(folder / LAST, f"{delivery.delivery_id}\n".encode())
    return delivery


def last_delivery(archive: RawArchive, record: str, month: Month) -> Delivery | None:
    """The delivery of a month that stands as long as the inbox offers no other; None without one.

    Raises:
        SourceError: Its record is not as it was written.
    """
    folder = archive.root / "deliveries" / record / str(month)
    last = folder / LAST
    if not last.exists() and any(folder.glob("*.json")):
        raise SourceError(
            "which delivery stands is not told any more", where=told_path(last), todo="cchc mend"
        )
    named = last.read_text(encoding="utf-8", errors="replace").strip() if last.exists() else ""
    return record_at(folder / f"{named}.json") if named else None


def make_last(delivery: Delivery, archive: RawArchive) -> None:
    """Let a delivery be the last of its record and month; one without files stands for none."""
    if delivery.files:
        keep_record(delivery, archive)
        return
    folder = archive.root / "deliveries" / delivery.record / str(delivery.month)
    write_whole(folder / LAST, b"\n")


def recorded_deliveries(archive: RawArchive) -> Iterator[Delivery]:
    """Every delivery that was ever recorded, replaced ones too.

    Raises:
        SourceError: A record is not as it was written.
    """
    for path in sorted((archive.root / "deliveries").glob("*/*/*.json")):
        yield record_at(path)


def delivery_from_rows(
    record: str, month: Month, rows: Iterable[Mapping[str, Any]]
) -> Delivery | None:
    """The delivery that rows of a ``raw_…`` table tell of; None without any."""
    files = tuple(
        DeliveredFile(row["file"], row["sha256"], row["bytes"], row["received_at"]) for row in rows
    )
    return Delivery(record, month, files) if files else None


def delivered_paths(inbox_month: Path, upload: UploadSchema) -> tuple[Path, ...]:
    """The record's files in a folder, by name; litter and manifests are passed over.

    A form that cannot be read holds nobody up: it was not handed in, and the account of the inbox
    tells of it.

    Raises:
        SourceError: A name begins as the record's do, and ends in no format that is read.
    """
    if not inbox_month.is_dir():
        return ()
    paths = sorted(path for path in inbox_month.iterdir() if is_of_record(path.name, upload))
    if upload.record == FORMS:
        return tuple(path for path in paths if not any(_name_problems(path, upload)))
    problems = [problem for path in paths for problem in _name_problems(path, upload)]
    if problems:
        line = " | ".join(problems)
        todo = f"formats that are read: {', '.join(upload.formats)}, plain or as .gz or .zst"
        raise SourceError(line, where=told_path(inbox_month), todo=todo)
    return tuple(paths)


def _name_problems(path: Path, upload: UploadSchema) -> Iterator[str]:
    name = visible(plain_name(path.name), _LONGEST_NAME)
    if not path.is_file():
        yield f"{name} is no file: put what it holds beside it, or rename it"
    elif todo := unread_ending(path.name, upload):
        yield f"{name} cannot be read: {todo}"


def _kept(path: Path, received: str, archive: RawArchive) -> DeliveredFile:
    try:
        sha256, size = archive.put_file(path)
    except OSError as error:
        what = f"cannot be kept: {error.strerror}"
        todo = "check the file's permissions and the free space"
        raise SourceError(what, where=told_path(path), todo=todo) from None
    return DeliveredFile(plain_name(path.name), sha256, size, received)


def _replayed(upload: UploadSchema, month: Month, archive: RawArchive) -> Delivery | None:
    """The last delivery, if there was one, after its bytes have been looked at."""
    delivery = last_delivery(archive, upload.record, month)
    for file in delivery.files if delivery else ():
        archive.check(file.sha256)
    return delivery


def _is_last(folder: Path, delivery: Delivery) -> bool:
    last = folder / LAST
    return last.exists() and last.read_text("utf-8", "replace").strip() == delivery.delivery_id


def _record_bytes(delivery: Delivery) -> bytes:
    record = {**asdict(delivery), "month": str(delivery.month), "id": delivery.delivery_id}
    return json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def record_at(path: Path) -> Delivery:
    """A recorded delivery, by its file.

    Raises:
        SourceError: It is missing, or is not as it was written.
    """
    try:
        record: Mapping[str, Any] = json.loads(path.read_bytes())
        files = tuple(DeliveredFile(**file) for file in record["files"])
        delivery = Delivery(record["record"], Month.parse(record["month"]), files)
        whole = path.stem == record["id"] == delivery.delivery_id
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        whole = False
    if not whole:
        todo = FROM_BACKUP
        raise SourceError(
            "record of a delivery is missing or altered", where=told_path(path), todo=todo
        )
    return delivery
