"""A copy of an installation in one file.

Belongs here: what belongs to the copy, writing it with its list of contents. Does not: making an
installation of it (``restoring``), who can read it (``encryption``), or the lock under which it is
made (``publish.store.journal``).

The file is a tar archive, packed with zstd. Its last member lists every file with its SHA-256, so
that a copy which was cut off has no list. Left out are scratch folders and locks, which belong to a
run, the preview and the record of digests, which the next run makes, what was set aside as damaged,
what steps printed, and the homes of further roots, of which each has a copy of its own. Dagster's
databases are copied by SQLite itself: the history of runs and the cursors of sensors, without which
a restored daemon would take old files for new ones. Where Dagster stores on PostgreSQL there are
none, and the database is copied by its own means.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO

import zstandard

from cchc_pipeline import __version__
from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.core.files import put_in_place
from cchc_pipeline.core.modes import ROOTS
from cchc_pipeline.core.period import utc_text
from publish.installation.encryption import sealed
from publish.store.store import Portal

LIST = ".cchc-backup.json"
FORMAT = 1
_LEVEL = 6
_CHUNK = 1 << 20
_DAGSTER = "dagster"
_MADE_AGAIN = frozenset(
    {
        "raw/scratch", "raw/results", "portal/scratch", "portal/.lock", "portal/.current.next",
        "preview", "made-from/digests.json", "damaged", "reports", ROOTS,
    }
)  # fmt: skip
_UNFINISHED = ".part"
_BESIDE_DATABASES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is open; the copy has it in itself."""
_STORAGE = frozenset(
    {"raw", "lake", "error-sheets", "portal", "portal/store", "portal/pages", "portal/sites"}
)
"""Folders that may be links to another disk; they are copied as if they were not."""


@dataclass(frozen=True)
class Contents:
    """What a copy consists of: a digest for each file, a target for each link."""

    made_by: str
    made_at: str
    release: str | None
    files: Mapping[str, str]
    links: Mapping[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class BackupPart:
    """One entry of the copy, by its path below the home."""

    path: Path
    name: str

    @property
    def is_database(self) -> bool:
        """Whether SQLite has to copy it."""
        return self.name.startswith(f"{_DAGSTER}/") and self.name.endswith(".db")


@dataclass(frozen=True)
class _Copied:
    """What was written so far, for the list."""

    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def parts_of(home: Path) -> Iterator[BackupPart]:
    """Everything that is copied, folders before what lies in them."""
    for path in sorted(home.iterdir()):
        yield from _below(BackupPart(path, path.name))


def outside_of(home: Path) -> list[str]:
    """Links that lead out of the home: what they lead to is not copied."""
    return [part.name for part in parts_of(home) if _leads_out(part)]


def _below(part: BackupPart) -> Iterator[BackupPart]:
    if not _is_kept(part.name):
        return
    if part.name in _STORAGE:
        part = BackupPart(part.path.resolve(), part.name)
    yield part
    if part.path.is_dir() and not part.path.is_symlink():
        for inner in sorted(part.path.iterdir()):
            yield from _below(BackupPart(inner, f"{part.name}/{inner.name}"))


def _is_kept(name: str) -> bool:
    """Whether a path belongs to the copy; of Dagster's folder, databases and its configuration."""
    path = PurePosixPath(name)
    if name in _MADE_AGAIN or path.name.endswith(_UNFINISHED):
        return False
    of_dagster = path.parts[0] == _DAGSTER and len(path.parts) > 1
    if of_dagster and path.name.endswith(_BESIDE_DATABASES):
        return False
    return not of_dagster or path.parts[1] in {"history", "schedules", "dagster.yaml"}


def _leads_out(part: BackupPart) -> bool:
    if not part.path.is_symlink():
        return False
    target = part.path.readlink()
    place = os.path.normpath(PurePosixPath(part.name).parent / target)
    return target.is_absolute() or place.startswith("..")


def back_up(home: Path, file: Path, moment: datetime, recipient: str = "") -> Contents:
    """Copy a home into one file, which is there whole or not at all.

    Args:
        home: The installation; the caller holds the lock of its portal.
        file: The new archive.
        moment: When this is done.
        recipient: Who alone can read it, for ``age`` or ``gpg``; empty for whoever has the file.

    Raises:
        UsageError: The archive is there already, or would lie in the home.
        CheckFailedError: Something in the home cannot be copied.
    """
    _require_place(home, file)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}{_UNFINISHED}")
    try:
        with (
            _private(unfinished) as out,
            sealed(out, recipient) as through,
            _archive(through) as tar,
        ):
            contents = _write(tar, home, moment, file.parent)
        put_in_place(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
    return contents


def _require_place(home: Path, file: Path) -> None:
    if file.exists():
        raise UsageError("is there already", where=str(file), todo="give a new name")
    if not file.parent.is_dir():
        raise UsageError("no such folder", where=str(file.parent), todo="make it first")
    if file.resolve().is_relative_to(home.resolve()):
        raise UsageError(
            "lies in the home that is copied", where=str(file), todo="name a place on another disk"
        )


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner may read: it holds the raw zone."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file


@contextmanager
def _archive(out: BinaryIO) -> Iterator[tarfile.TarFile]:
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    with (
        packer.stream_writer(out, closefd=False) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield tar


def _write(tar: tarfile.TarFile, home: Path, moment: datetime, roomy: Path) -> Contents:
    """Write every part and the list; databases are copied to where the archive has its room."""
    copied = _Copied()
    with TemporaryDirectory(prefix=".cchc-backup-", dir=roomy) as scratch:
        for part in parts_of(home):
            if not _leads_out(part):
                _add(tar, part, copied, Path(scratch))
    shown = Portal(home / "portal").latest()
    contents = Contents(
        made_by=f"cchc_pipeline {__version__}",
        made_at=utc_text(moment),
        release=str(shown.id) if shown else None,
        files=copied.files,
        links=copied.links,
    )
    text = json.dumps(asdict(contents), ensure_ascii=False, indent=1).encode()
    info = tarfile.TarInfo(LIST)
    info.size = len(text)
    tar.addfile(info, io.BytesIO(text))
    return contents


def _add(tar: tarfile.TarFile, part: BackupPart, copied: _Copied, scratch: Path) -> None:
    path = _sqlite_copy(part.path, scratch) if part.is_database else part.path
    info = _entry(tar, path, part)
    if info.issym():
        copied.links[part.name] = info.linkname
        tar.addfile(info)
    elif info.islnk():
        copied.files[part.name] = copied.files[info.linkname]
        tar.addfile(info)
    elif info.isfile():
        with path.open("rb") as file:
            reading = _Digesting(file)
            tar.addfile(info, reading)
        copied.files[part.name] = reading.digest.hexdigest()
    else:
        tar.addfile(info)


def _entry(tar: tarfile.TarFile, path: Path, part: BackupPart) -> tarfile.TarInfo:
    """A member's head, without the accounts of this machine."""
    info = tar.gettarinfo(path, part.name)
    if info is None or not (info.isfile() or info.isdir() or info.issym() or info.islnk()):
        raise CheckFailedError(
            "is neither a file nor a folder nor a link", where=str(path), todo="remove it"
        )
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _sqlite_copy(path: Path, scratch: Path) -> Path:
    """The database as of one moment, while others may write to it."""
    place = scratch / "copy.db"
    place.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(place)) as copy:
        source.backup(copy)
    return place


class _Digesting:
    """A file that is digested as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = _CHUNK) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk
