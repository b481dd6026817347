"""The portal folder: the immutable store of releases, the sites made of links, the one pointer.

Belongs here: what lies where, reading what is published, and the small moves (stage, link,
switch). Does not: what a release contains, the lock (``journal``), or the order of the moves
(``publish.portal.acts``).

Layout below ``CCHC_HOME/portal``: ``store/<month>/r<N>`` (releases, never changed),
``pages/<release>`` (the pages that came with it, never changed), ``sites/<number>-<release>``
(one for each act: links into both, and the files that list everything), ``current`` (a link to
one site), ``shown`` (the releases that were ever shown, a line each: what it names is never
removed), ``journal.jsonl`` (what was done, step by step).
"""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import FROM_BACKUP, CheckFailedError, DamagedError, UsageError
from cchc_pipeline.core.files import sync_all, sync_folder, write_whole
from cchc_pipeline.core.modes import PUBLIC, let_in
from cchc_pipeline.core.period import Month
from publish.model import DESCRIPTOR, PUBLISHED_TABLES, RECORD, SUMS, Published, ReleaseId
from publish.package.signature import PUBLIC_KEY
from publish.store.journal import Journal, is_held, publisher_lock
from publish.store.state import Act, shown_after

INDEX = "index.json"
KEPT_SITES = 5
PREVIEW = "preview"
"""The folder of a home that holds the portal of a preview."""
_STAGED = ".part"
SITE_SUMS = ".sums"
"""The digests of a site's own files, which are no links; written with them."""


@dataclass(frozen=True)
class Portal:
    """The portal under one folder."""

    root: Path

    @property
    def store(self) -> Path:
        """The immutable releases."""
        return self.root / "store"

    @property
    def pages(self) -> Path:
        """The pages of each release."""
        return self.root / "pages"

    @property
    def sites(self) -> Path:
        """The sites that were put together."""
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

    @property
    def journal(self) -> Journal:
        """What was done, step by step."""
        return Journal(self.root / "journal.jsonl")

    @property
    def public_key(self) -> Path:
        """What signatures are checked with; there once a release was signed."""
        return self.root / PUBLIC_KEY

    def lock(self, at: datetime) -> AbstractContextManager[None]:
        """Be the only publisher (see ``publisher_lock``)."""
        return publisher_lock(self.root, at)

    def is_locked(self) -> bool:
        """Whether a command, or a publication, is at work."""
        return is_held(self.root)

    def release_folder(self, release: ReleaseId) -> Path:
        """Where a release is kept."""
        return self.store / release.path

    def pages_folder(self, release: ReleaseId) -> Path:
        """Where the pages of a release are kept."""
        return self.pages / str(release)

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

    def _index(self) -> Mapping[str, list[dict[str, str]]]:
        """The list of releases and acts that the current site shows.

        Raises:
            CheckFailedError: Releases were shown before, and the link to their site is gone.
        """
        site = self.current_site()
        if site is None and self._ledger():
            raise CheckFailedError(
                f"the link is gone, and {max(self._ledger())} was published",
                where=str(self.current),
                todo=f"link it again to the newest folder in {self.sites}",
            )
        if site is None:
            return {"releases": [], "acts": []}
        index: Mapping[str, list[dict[str, str]]] = _json_of(site / INDEX)
        return index

    def published(self) -> tuple[Published, ...]:
        """Every release that was published, in the order of publication, retracted ones too.

        Raises:
            CheckFailedError: Releases were shown before, and the link to their site is gone.
        """
        entries = self._index()["releases"]
        return tuple(self.read(ReleaseId.parse(entry["id"])) for entry in entries)

    def acts(self) -> tuple[Act, ...]:
        """Everything that was done in public, oldest first."""
        return tuple(
            Act(
                entry["at"],
                entry["kind"],  # type: ignore[arg-type]  # written by us from an Act
                ReleaseId.parse(entry["release"]),
                entry["reason"],
                entry["approved_by"],
            )
            for entry in self._index()["acts"]
        )

    def latest(self) -> Published | None:
        """The release that is shown, or None."""
        chosen = shown_after(self.acts())
        return self.read(chosen) if chosen else None

    def require_package(self, name: str) -> None:
        """Refuse to publish another place's figures where one place's are out.

        Raises:
            UsageError: The release that is shown is of a data package of another name.
        """
        shown = self.latest()
        if shown is None:
            return
        found = _json_of(shown.folder / DESCRIPTOR)["name"]
        if found != name:
            raise UsageError(
                f"this portal shows {found}, and the settings would publish {name}",
                where=str(self.root),
                todo="set CCHC_ROOT_UNIT as it was, and name the other place by --root",
            )

    def read(self, release: ReleaseId) -> Published:
        """A published release from its record."""
        folder = self.release_folder(release)
        record = _json_of(folder / RECORD)
        return Published(
            release,
            record["version"],
            record["published_at"],
            record["provenance"],
            tuple(Month.parse(text) for text in record["periods"]),
            record["schema_digests"],
            folder,
            hashlib.sha256((folder / SUMS).read_bytes()).hexdigest(),
            record["input_digest"],
            bool(record.get("backfill")),
        )

    def descriptor(self, release: ReleaseId) -> Mapping[str, object]:
        """The ``datapackage.json`` of a release."""
        path = self.release_folder(release) / DESCRIPTOR
        content: Mapping[str, object] = _json_of(path)
        return content


def _json_of(path: Path) -> Any:
    """What was written as JSON.

    Raises:
        DamagedError: It is not there as it was written.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise DamagedError(path, FROM_BACKUP) from None


def read_tables(release: Published) -> dict[str, pa.Table]:
    """The tables of a published release, from its Parquet files, in today's declared schema.

    A column that did not exist then, or was of a type that cannot become today's, is empty. A
    table that is published no more is left out.
    """
    return {name: read_table(release, name) for name in PUBLISHED_TABLES if _has(release, name)}


def read_table(release: Published, name: str) -> pa.Table:
    """One table of a published release, as ``read_tables`` reads it."""
    return _conform(stored_table(_parquet(release, name)), name)


def stored_table(path: Path) -> pa.Table:
    """A table as a release's own Parquet file holds it.

    Raises:
        DamagedError: It is not there as it was written.
    """
    try:
        return pq.read_table(path)
    except (pa.ArrowMemoryError, PermissionError):
        raise
    except (pa.ArrowException, OSError, ValueError):
        raise DamagedError(path, FROM_BACKUP) from None


def _has(release: Published, name: str) -> bool:
    return _parquet(release, name).exists()


def _parquet(release: Published, name: str) -> Path:
    return release.folder / "formats" / f"{name}.parquet"


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


def write_files(folder: Path, files: Mapping[str, bytes], like: Path | None = None) -> None:
    """Write a fresh folder and everything below it, as ``add_files`` does, through to the disk.

    Raises:
        FileExistsError: The folder exists.
    """
    folder.mkdir(parents=True)
    add_files(folder, files, like)
    sync_tree(folder)


def add_files(folder: Path, files: Mapping[str, bytes], like: Path | None = None) -> None:
    """Write files into a folder; they are on the disk once it was synced (``sync_tree``).

    Args:
        folder: A folder that has none of them.
        files: Their bytes by their paths.
        like: A folder whose files are never changed: one of the same path and bytes is linked.

    Raises:
        FileExistsError: The folder has one of them.
    """
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if like is None or not _is_linked(like / name, path, content):
            with path.open("xb") as file:
                file.write(content)


def _is_linked(earlier: Path, path: Path, content: bytes) -> bool:
    """Link a file that has these very bytes; not on a disk without links, or on another one."""
    if not earlier.is_file() or earlier.read_bytes() != content:
        return False
    try:
        os.link(earlier, path)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def sync_tree(folder: Path) -> None:
    """Open a folder to readers, and make durable every file and name in and below it."""
    let_in(folder)
    sync_all(path for path in folder.rglob("*") if not path.is_symlink())
    for path in (folder, folder.parent):
        sync_folder(path)


def move_into_place(built: Path, place: Path) -> None:
    """Rename a built folder to its final place, by way of a copy if that is on another disk.

    Raises:
        CheckFailedError: The place is taken.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        _rename(built, place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _rename(_copy_beside(built, place), place)
    for folder in (place.parent, *place.parent.parents[:2]):
        sync_folder(folder)


def _rename(built: Path, place: Path) -> None:
    try:
        built.rename(place)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            raise
        raise CheckFailedError(
            "the release exists already", where=str(place), todo="run again"
        ) from None


def _copy_beside(built: Path, place: Path) -> Path:
    """A copy on the disk of the final place, under a name that no release has."""
    staged = place.with_name(f".{place.name}{_STAGED}")
    discard(staged)
    content = (path for path in built.rglob("*") if path.is_file())
    write_files(staged, {p.relative_to(built).as_posix(): p.read_bytes() for p in content})
    return staged


def switch(portal: Portal, site: Path) -> None:
    """Show another site: the one commit point, a rename of a link."""
    _open_ways(portal)
    scratch = portal.root / ".current.next"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(os.path.relpath(site, portal.root))
    scratch.replace(portal.current)
    sync_folder(portal.root)


def _open_ways(portal: Portal) -> None:
    """Let readers pass to what is shown; what a release or a page holds was opened with it."""
    months = portal.store.iterdir() if portal.store.is_dir() else ()
    for folder in (portal.root, portal.store, portal.pages, portal.sites, *months):
        if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) != PUBLIC.folder:
            folder.chmod(PUBLIC.folder)


def discard(folder: Path) -> None:
    """Remove what a crash left in a folder that nobody sees."""
    if folder.exists():
        shutil.rmtree(folder)


def clear_leftovers(portal: Portal) -> None:
    """Remove releases, pages and sites that a crash left without ever showing them.

    What a reader may have seen is never removed, even if the current site does not name it.
    """
    portal.record_shown()
    shown = portal.shown()
    kept = {portal.release_folder(release) for release in shown}
    kept |= {portal.pages_folder(release) for release in shown}
    made = (
        *portal.store.glob("*/r*"), *portal.store.glob(f"*/.r*{_STAGED}"), *portal.pages.glob("*")
    )  # fmt: skip
    for folder in made:
        if folder not in kept:
            discard(folder)
    current = portal.current_site()
    for site in portal.sites.glob("*"):
        if current is None or site.name > current.name:
            discard(site)


def keep_newest_sites(portal: Portal) -> None:
    """Remove the oldest sites; they are links and lists, and can be made again."""
    for site in sorted(portal.sites.glob("*"))[:-KEPT_SITES]:
        discard(site)
