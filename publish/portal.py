"""The portal folder: the immutable store of releases, the sites made of links, the one pointer.

Belongs here: what lies where, reading what is published, and the small moves (stage, link,
switch). Does not: what a release contains, or the order of the moves (``publication``).

Layout below ``CCHC_HOME/portal``: ``store/<month>/r<N>`` (releases, never changed),
``sites/<release>`` (pages, and links into the store), ``current`` (a link to one site).
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
from cchc_pipeline.durable import sync_folder
from cchc_pipeline.errors import CheckFailedError, LockedError
from cchc_pipeline.period import Month
from publish.release import Published, ReleaseId, instant

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

    def release_folder(self, release: ReleaseId) -> Path:
        """Where a release is kept."""
        return self.store / release.path

    def current_site(self) -> Path | None:
        """The site that is being shown, or None before the first publication."""
        return self.current.resolve() if self.current.is_symlink() else None

    def published(self) -> tuple[Published, ...]:
        """The releases that the current site shows, oldest first."""
        site = self.current_site()
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

    def stored_numbers(self, month: Month) -> tuple[int, ...]:
        """The numbers used for a month, published or left behind by a crash."""
        names = (path.name for path in (self.store / str(month)).glob("r*"))
        return tuple(sorted(int(name[1:]) for name in names if name[1:].isdigit()))

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

    A table or column that did not exist then is empty.
    """
    return {
        path.stem: _conform(pq.read_table(path), path.stem)
        for path in sorted((release.folder / "formats").glob("*.parquet"))
    }


def _conform(table: pa.Table, name: str) -> pa.Table:
    schema = load_contract(name).arrow_schema()
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


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
    for path in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
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
    sync_folder(place.parent)


def verify_sums(folder: Path) -> None:
    """Re-read every file of a release against its ``SHA256SUMS``.

    Raises:
        CheckFailedError: A file is missing, changed or not listed.
    """
    listed = dict(
        reversed(line.split("  ", 1))
        for line in (folder / SUMS).read_text(encoding="utf-8").splitlines()
    )
    present = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != SUMS
    }
    if present != listed:
        names = sorted(
            n for n in present.keys() | listed.keys() if present.get(n) != listed.get(n)
        )
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
