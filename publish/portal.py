"""The portal folder: the immutable store of releases, the sites made of links, the one pointer.

Belongs here: what lies where, reading what is published, and the small moves (stage, link,
switch). Does not: what a release contains, or the order of the moves (``publication``).

Layout below ``CCHC_HOME/portal``: ``store/<month>/r<N>`` (releases, never changed),
``sites/<release>`` (pages, and links into the store), ``current`` (a link to one site),
``shown`` (the releases that were ever shown, a line each: what it names is never removed).
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.durable import sync_folder, write_whole
from cchc_pipeline.errors import CheckFailedError, LockedError
from cchc_pipeline.period import Month
from publish.release import PUBLISHED_TABLES, Published, ReleaseId, instant

_HELD: set[Path] = set()
SUMS = "SHA256SUMS"
RECORD = "release.json"


@dataclass(frozen=True)
class Portal:
    """The portal under one folder."""

    root: Path

    @property
    def store(self) -> Path:
        """The immutable releases."""
        return self.root / "store"

    @property
    def sites(self) -> Path:
        """The assembled sites."""
        return self.root / "sites"

    @property
    def current(self) -> Path:
        """The web root: a link to one site."""
        return self.root / "current"

    @property
    def scratch(self) -> Path:
        """Where drafts are built; emptied by the next publication."""
        return self.root / "scratch"

    @property
    def ledger(self) -> Path:
        """Which releases were ever shown."""
        return self.root / "shown"

    def release_folder(self, release: ReleaseId) -> Path:
        """Where a release is kept."""
        return self.store / release.path

    def current_site(self) -> Path | None:
        """The site that is being shown, or None before the first publication."""
        return self.current.resolve() if self.current.exists() else None

    def shown(self) -> frozenset[ReleaseId]:
        """Every release that a reader may have seen, even if the current site does not name it."""
        return frozenset((*self._ledger(), *(release.id for release in self.published())))

    def record_shown(self) -> None:
        """Add what the current site shows to the ledger of releases that are never removed."""
        if frozenset(self._ledger()) != self.shown():
            lines = "".join(f"{release}\n" for release in sorted(self.shown()))
            write_whole(self.ledger, lines.encode())

    def _ledger(self) -> tuple[ReleaseId, ...]:
        if not self.ledger.exists():
            return ()
        return tuple(ReleaseId.parse(line) for line in self.ledger.read_text().split())

    def published(self) -> tuple[Published, ...]:
        """The releases that the current site shows, oldest first.

        Raises:
            CheckFailedError: Releases were shown before, and the link to their site is gone.
        """
        site = self.current_site()
        if site is None and self._ledger():
            raise CheckFailedError(
                f"the link is gone, and {max(self._ledger())} was published",
                where=str(self.current),
                todo=f"link it again to a folder in {self.sites}",
            )
        if site is None:
            return ()
        index = json.loads((site / "index.json").read_text(encoding="utf-8"))
        return tuple(self.read(ReleaseId.parse(entry["id"])) for entry in index["releases"])

    def latest(self) -> Published | None:
        """The release that was published last, or None."""
        return next(reversed(self.published()), None)

    def read(self, release: ReleaseId) -> Published:
        """A published release from its record."""
        folder = self.release_folder(release)
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Published(
            release,
            record["version"],
            record["published_at"],
            record["provenance"],
            tuple(Month.parse(text) for text in record["periods"]),
            record["schema_digests"],
            folder,
            hashlib.sha256((folder / SUMS).read_bytes()).hexdigest(),
        )

    @contextmanager
    def lock(self, at: datetime) -> Iterator[None]:
        """Be the only publisher; the lock ends with the process that holds it.

        A process that holds it already goes on: a run locks around the assets that lock.

        Raises:
            LockedError: Another process holds it; the line says who.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        place = self.root.resolve()
        if place in _HELD:
            yield
            return
        with (self.root / ".lock").open("a+") as file:
            _claim(file, self.root)
            file.truncate(0)
            file.write(f"pid {os.getpid()} on {socket.gethostname()} since {instant(at)}")
            file.flush()
            with _held(place):
                yield


def _claim(file: TextIO, root: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise LockedError(
            f"another publisher is at work ({file.read().strip()})",
            where=str(root),
            todo="wait until it has ended",
        ) from None


@contextmanager
def _held(place: Path) -> Iterator[None]:
    _HELD.add(place)
    try:
        yield
    finally:
        _HELD.discard(place)


def read_tables(release: Published) -> dict[str, pa.Table]:
    """The tables of a published release, from its Parquet files, in today's declared schema.

    A column that did not exist then, or was of a type that cannot become today's, is empty. A
    table that is published no more is left out.
    """
    paths = {name: release.folder / "formats" / f"{name}.parquet" for name in PUBLISHED_TABLES}
    return {
        name: _conform(pq.read_table(path), name) for name, path in paths.items() if path.exists()
    }


def _conform(table: pa.Table, name: str) -> pa.Table:
    schema = load_contract(name).arrow_schema()
    return pa.Table.from_arrays([_column(table, field) for field in schema], schema=schema)


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name in table.column_names:
        try:
            return table.column(field.name).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass  # the meaning changed with the type: nothing to compare with
    return pa.nulls(table.num_rows, field.type)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a fresh folder and everything below it through to the disk.

    Raises:
        FileExistsError: The folder exists.
    """
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    sync_tree(folder)


def sync_tree(folder: Path) -> None:
    """Make durable every name in a folder and below it, links included, and the folder's own."""
    below = (path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())
    for path in (*below, folder, folder.parent):
        sync_folder(path)


def move_into_place(built: Path, place: Path) -> None:
    """Rename a built folder to its final place.

    Raises:
        CheckFailedError: The place is taken.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        built.rename(place)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            raise
        raise CheckFailedError(
            "the release exists already", where=str(place), todo="run again"
        ) from None
    for folder in (place.parent, *place.parent.parents[:2]):
        sync_folder(folder)


def verify_sums(folder: Path) -> None:
    """Re-read every file of a release against its ``SHA256SUMS``.

    Raises:
        CheckFailedError: A file is missing, changed or not listed.
    """
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    present = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != SUMS
    }
    if present != listed:
        names = sorted(n for n in present.keys() | listed.keys() if present.get(n) != listed.get(n))
        raise CheckFailedError(f"digests differ: {', '.join(names)}", where=str(folder))


def switch(portal: Portal, site: Path) -> None:
    """Show another site: the one commit point, a rename of a link."""
    scratch = portal.root / ".current.next"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(os.path.relpath(site, portal.root))
    scratch.replace(portal.current)
    sync_folder(portal.root)


def discard(folder: Path) -> None:
    """Remove what a crash left in a folder that nobody sees."""
    if folder.exists():
        shutil.rmtree(folder)
