"""What is damaged of an installation: raw archive, portal, Dagster's databases, rights.

Belongs here: holding files to their digests, and registers to what they must say. Does not: what a
finding is and how it is told (``findings``), the lake, whose record is ``assets.staleness``
(``assets.damage``), mending (``mending``), or a release's own figures (``publish.verify``).
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from cchc_pipeline.core.errors import CchcError, CheckFailedError
from cchc_pipeline.core.modes import deviations
from cchc_pipeline.settings import Settings, dagster_url
from cchc_pipeline.sources.raw.archive import RawArchive, snapshot_at
from cchc_pipeline.sources.raw.deliveries import LAST, record_at
from publish.installation.findings import Damage, Kind, Look, kind_of, since
from publish.model import SUMS, ReleaseId
from publish.package.signature import SIGNATURE
from publish.site.kept import RECORD as PAGES
from publish.store.journal import damaged_lines
from publish.store.reading import read_sums
from publish.store.store import INDEX, SITE_SUMS, Portal

_QUICK_RELEASES = 2
"""A quick look goes through the newest releases: the next one is made from these."""
_HEX = frozenset("0123456789abcdef")
_LAST_FORM = re.compile(r"[0-9a-f]{16}\n")
_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""What Dagster makes as it begins, besides a database for each run."""
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def rights_damage(settings: Settings) -> Iterator[Damage]:
    """Places that others may read, or that the web server may not."""
    for one in deviations(settings.home):
        details = {"found": f"{one.found:04o}", "declared": f"{one.declared:04o}"}
        kind: Kind = "wide" if one.is_wider else "narrow"
        path = one.path.relative_to(settings.home).as_posix()
        yield Damage(path, kind, "rights", since(one.path), details)


def raw_damage(settings: Settings, look: Look) -> Iterator[Damage]:
    """The raw archive: records as they were written, and every byte that they name."""
    archive, named = RawArchive(settings.raw_dir), dict[str, int]()
    for folder in sorted(archive.root.glob("deliveries/*/*")):
        yield from _register_of_deliveries(folder, look, named)
    for path in sorted(archive.root.glob("portal/*/*/*")):
        yield from _snapshot_damage(path, look, named)
    for digest, size in named.items():
        yield from look.damage(archive.path_of(digest), digest, "backup", size)
    for path in sorted(archive.root.glob("blobs/**/*")):
        if path.is_file() and path.name not in named:
            yield from _unnamed_damage(path, look)


def _register_of_deliveries(folder: Path, look: Look, named: dict[str, int]) -> Iterator[Damage]:
    for path in sorted(folder.iterdir()):
        yield from _delivery_damage(path, look, named)
    if any(folder.glob("*.json")) and not (folder / LAST).exists():
        yield look.told(folder / LAST, "missing", "rebuilt")


def _delivery_damage(path: Path, look: Look, named: dict[str, int]) -> Iterator[Damage]:
    look.files += 1
    if path.name == LAST:
        yield from _damage_of_last(path, look)
    elif path.suffix == ".json" and set(path.stem) <= _HEX:
        try:
            named |= {file.sha256: file.size for file in record_at(path).files}
        except CchcError:
            yield look.told(path, kind_of(path), "backup")
    elif path.suffix != ".part":
        yield look.told(path, "foreign", "aside")


def _damage_of_last(path: Path, look: Look) -> Iterator[Damage]:
    """What names the delivery that stands; a line without a name stands for none."""
    text = path.read_text(encoding="utf-8", errors="replace")
    record = path.with_name(f"{text.strip()}.json")
    if not text or (text.strip() and not _LAST_FORM.fullmatch(text)):
        yield look.told(path, "altered" if text else "empty", "rebuilt")
    elif text.strip() and not record.exists():
        if any(path.parent.glob("*.json")):
            yield look.told(path, "altered", "rebuilt")
        else:
            yield look.told(record, "missing", "backup")


def _snapshot_damage(path: Path, look: Look, named: dict[str, int]) -> Iterator[Damage]:
    look.files += 1
    if path.suffix not in {".json", ".withdrawn"}:
        if path.suffix != ".part":
            yield look.told(path, "foreign", "aside")
        return
    try:
        snapshot = snapshot_at(path)
        named |= {answer.sha256: answer.size for answer in snapshot.answers}
    except CchcError:
        yield look.told(path, kind_of(path), "backup")


def _unnamed_damage(path: Path, look: Look) -> Iterator[Damage]:
    """Bytes that no record names, as of an answer that was refused."""
    if len(path.name) == 64 and set(path.name) <= _HEX and path.name[:2] == path.parent.name:
        yield from look.damage(path, path.name, "backup")
    elif path.suffix != ".part":
        yield look.told(path, "foreign", "aside")


def portal_damage(settings: Settings, look: Look) -> Iterator[Damage]:
    """The portal: what lists everything, each release against its digests, pages, registers."""
    portal = Portal(settings.portal_dir)
    site = portal.current_site()
    if site is None:
        if portal.current.is_symlink() or portal.ledger.exists():
            yield look.told(portal.current, "missing", "rebuilt")
        return
    site = portal.sites / site.name
    yield from _site_damage(site, look)
    try:
        index = json.loads((site / INDEX).read_bytes())
        listed = {ReleaseId.parse(one["id"]): one["digest"] for one in index["releases"]}
    except (OSError, ValueError, KeyError, TypeError, CchcError):
        if not (site / SITE_SUMS).exists():
            yield look.told(site / INDEX, kind_of(site / INDEX), "backup")
        return
    for release, digest in list(listed.items())[-_QUICK_RELEASES if look.is_quick else 0 :]:
        yield from _release_damage(portal.release_folder(release), digest, look)
        yield from _page_damage(portal.pages_folder(release), look)
    yield from _register_damage(portal, index, look)


def _site_damage(site: Path, look: Look) -> Iterator[Damage]:
    """The files of a site that are its own; of an earlier version's nothing is known."""
    sums = site / SITE_SUMS
    if sums.exists():
        try:
            listed = read_sums(sums.read_bytes())
        except CheckFailedError:
            listed = {}
        if not listed:
            yield look.told(sums, kind_of(sums), "backup")
            return
        for name, digest in listed.items():
            yield from look.damage(site / name, digest, "backup")
        yield from _foreign_damage(site, {*listed, SITE_SUMS}, look)


def _foreign_damage(folder: Path, known: Collection[str], look: Look) -> Iterator[Damage]:
    """Files that nothing lists; links lead to what is looked at where it lies."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name not in known and path.is_file() and not path.is_symlink():
            yield look.told(path, "foreign", "aside")


def _release_damage(folder: Path, digest: str, look: Look) -> Iterator[Damage]:
    sums = folder / SUMS
    found = list(look.damage(sums, digest, "backup"))
    yield from found
    if found:
        return
    lines = (line.partition("  ") for line in sums.read_text(encoding="utf-8").splitlines())
    listed = {name: said for said, _, name in lines}
    for name, said in listed.items():
        yield from look.damage(folder / name, said, "backup")
    yield from _foreign_damage(folder, {*listed, SUMS, SIGNATURE}, look)


def _page_damage(folder: Path, look: Look) -> Iterator[Damage]:
    try:
        record = json.loads((folder / PAGES).read_bytes())
        pages = [
            (name, digest)
            for page in record.values()
            for name, digest in zip(page["files"], page.get("digests", ()), strict=False)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield look.told(folder / PAGES, kind_of(folder / PAGES), "backup")
        return
    for name, digest in pages:
        yield from look.damage(folder / name, digest, "backup")
    if pages:
        yield from _foreign_damage(folder, {PAGES, *(name for name, _ in pages)}, look)


def _register_damage(portal: Portal, index: Mapping[str, object], look: Look) -> Iterator[Damage]:
    """The journal and the list of what was ever shown: both follow from the index."""
    look.files += 2
    acts = index["acts"]
    known = {(one["at"], one["release"]) for one in acts} if isinstance(acts, list) else set()
    path, is_ended = portal.journal.path, portal.journal.unfinished() is None
    if not path.exists():
        yield look.told(path, "missing", "rebuilt")
    elif not path.stat().st_size:
        yield look.told(path, "empty", "rebuilt")
    elif any(damaged_lines(path, known)):
        yield look.told(path, "altered", "rebuilt")
    elif not is_ended and not portal.is_locked():
        yield look.told(path, "unended", "ended")
    if is_ended or len(known) > 1:
        yield from _ledger_damage(portal.ledger, {release for _, release in known}, look)


def _ledger_damage(path: Path, releases: Collection[str], look: Look) -> Iterator[Damage]:
    if not path.exists():
        yield look.told(path, "missing", "rebuilt")
        return
    words = path.read_text(encoding="utf-8", errors="replace").split()
    is_short = len({*releases} - {*words}) > 1  # the newest may just have been shown
    if not words or is_short or not all(map(_is_release, words)):
        yield look.told(path, kind_of(path), "rebuilt")


def _is_release(text: str) -> bool:
    try:
        ReleaseId.parse(text)
    except CchcError:
        return False
    return True


def dagster_damage(folder: Path, look: Look) -> Iterator[Damage]:
    """Dagster's SQLite databases; a quick look passes over those of single runs."""
    always = {folder / name for name in _DATABASES}
    there = {path for path in always if path.exists()}
    for path in sorted(there if look.is_quick else {*there, *folder.rglob("*.db")}):
        look.files += 1
        if not is_sound_database(path):
            yield look.told(path, kind_of(path), "anew")
    if there:
        yield from (look.told(path, "missing", "anew") for path in sorted(always - there))


def is_sound_database(path: Path) -> bool:
    """Whether SQLite finds a database whole; a file without a byte is none."""
    if not path.stat().st_size:
        return False
    try:
        place = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=30)) as database:
            return bool(database.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode not in _BROKEN


def found_without_lake(settings: Settings, look: Look) -> Iterator[Damage]:
    """Everything but the lake, which has its own record."""
    yield from raw_damage(settings, look)
    yield from portal_damage(settings, look)
    if dagster_url() is None:
        yield from dagster_damage(settings.dagster_dir, look)
