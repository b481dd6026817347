"""What is damaged of an installation: raw archive, portal, Dagster's files; in one line each.

Belongs here: holding files to their digests, and registers to what they must say; what a finding is
and how it is told (``schemas/commands/damage.yaml``). Does not: the lake, whose record is
``assets.staleness`` (``assets.damage``), mending (``mending``), or a release's own figures
(``publish.verify``).

Whoever looks says how a digest is known (``Look``): by reading every byte, or, before each
publication, from memory where the file system says that nobody wrote to the file.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from cchc_pipeline.contracts import Language, Text
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.errors import CchcError, CheckFailedError
from cchc_pipeline.core.files import FileDigests, digest_of_file
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.modes import deviations
from cchc_pipeline.core.period import TIMEZONE
from cchc_pipeline.settings import Settings, dagster_url
from cchc_pipeline.sources.raw.archive import RawArchive, snapshot_at
from cchc_pipeline.sources.raw.deliveries import LAST, record_at
from publish.model import SUMS, ReleaseId
from publish.package.signature import SIGNATURE
from publish.site.kept import RECORD as PAGES
from publish.store.journal import damaged_lines
from publish.store.reading import read_sums
from publish.store.store import INDEX, SITE_SUMS, Portal

Kind = Literal[
    "missing", "empty", "altered", "unreadable", "foreign", "unended", "wide", "narrow",
    "unreachable",
]  # fmt: skip
Mend = Literal["again", "anew", "rebuilt", "aside", "ended", "backup", "rights", "postgres"]
_WORDS = "commands/damage.yaml"
_SMALL, _SMALL_RAW = 256 << 10, 8 << 20
"""Bytes: a quick look reads what is not larger, if it is not known from before."""
_QUICK_RELEASES = 2
"""A quick look goes through the newest releases: the next one is made from these."""
_HEX = frozenset("0123456789abcdef")
_LAST_FORM = re.compile(r"[0-9a-f]{16}\n")
_PARQUET = b"PAR1"
_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""What Dagster makes as it begins, besides a database for each run."""
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SHOWN = 20
"""Findings of one kind that are told one by one."""


@dataclass(frozen=True)
class DamageWords:
    """The words; the fields are those of the file."""

    basis: str
    line: Text
    kinds: Mapping[str, Text]
    mends: Mapping[str, Text]
    says: Mapping[str, Text]

    def say(self, name: str, language: Language, **values: object) -> str:
        """One of the further sentences."""
        return _in(self.says[name], language).format_map(values)


@cache
def damage_words() -> DamageWords:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used.
    """
    return typed(DamageWords, read_yaml(_WORDS), f"schemas/{_WORDS}")


def _in(text: Text, language: Language) -> str:
    return text.vi if language == "vi" else text.en


@dataclass(frozen=True)
class Damage:
    """A file that is not what it should be.

    Attributes:
        path: Its path below the home, as text.
        kind: What is wrong.
        mend: What mends it.
        since: The earliest moment at which it can have happened, ISO 8601 in the city's time.
        details: What the words of the kind name besides.
    """

    path: str
    kind: Kind
    mend: Mend
    since: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_of_rights(self) -> bool:
        """Whether the file is whole, and only who may read it is not as declared."""
        return self.mend == "rights"

    def line(self, language: Language) -> str:
        """The finding in one line: what, where, since when, and the command that mends it."""
        words = damage_words()
        return _in(words.line, language).format_map(
            {
                "path": visible(self.path, 200),
                "what": _in(words.kinds[self.kind], language).format_map(self.details),
                "since": self.since,
                "mend": _in(words.mends[self.mend], language),
            }
        )

    def as_dict(self) -> dict[str, str]:
        """The finding for a script; ``line`` is in English."""
        told = {"path": self.path, "kind": self.kind, "mend": self.mend, "since": self.since}
        return {**told, **self.details, "line": self.line("en")}


def damage_lines(found: Iterable[Damage], language: Language) -> Iterator[str]:
    """The findings as lines; of many that are alike, as in a folder that is gone, the first."""
    groups: dict[tuple[str, str, str], list[Damage]] = {}
    for one in found:
        groups.setdefault((one.path.partition("/")[0], one.kind, one.mend), []).append(one)
    for alike in groups.values():
        yield from (one.line(language) for one in alike[:_SHOWN])
        if len(alike) > _SHOWN:
            yield damage_words().say("more", language, count=len(alike) - _SHOWN)


@dataclass
class Look:
    """How closely files are looked at.

    Args:
        home: The installation.
        memory: Known digests, for a quick look; None reads every byte.
        files: How many files were looked at.
    """

    home: Path
    memory: FileDigests | None = None
    files: int = 0

    @property
    def is_quick(self) -> bool:
        """Whether only what is known to be unchanged, small, or of another size is told."""
        return self.memory is not None

    def damage(
        self, path: Path, digest: str, mend: Mend, size: int | None = None
    ) -> Iterator[Damage]:
        """What is wrong with a file that must have a digest, and a size where that is known.

        Sizes are known of raw bytes, which nothing else can stand in for.
        """
        self.files += 1
        try:
            found = path.stat().st_size
            if size not in (None, found) or (not found and digest != _EMPTY):
                yield self.told(path, "altered" if found else "empty", mend)
            elif (read := self._digest(path, found, is_raw=size is not None)) and read != digest:
                yield self.told(path, "altered", mend)
        except FileNotFoundError:
            yield self.told(path, "missing", mend)
        except OSError:
            yield self.told(path, "unreadable", mend)

    def _digest(self, path: Path, size: int, *, is_raw: bool) -> str:
        """The digest; empty if a quick look does not know it."""
        if self.memory is None:
            return digest_of_file(path)
        is_known = str(path) in self.memory.known or str(path) in self.memory.seen
        most = _SMALL_RAW if is_raw else _SMALL
        return self.memory.of(path) if is_known or size <= most else ""

    def told(self, path: Path, kind: Kind, mend: Mend, **details: str) -> Damage:
        """A finding on a path below the home."""
        return Damage(path.relative_to(self.home).as_posix(), kind, mend, since(path), details)


_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of no bytes: a file may be empty rightly."""


def since(path: Path) -> str:
    """When a file was written to last; of one that is gone, when its folder changed last."""
    place = next(place for place in (path, *path.parents) if place.exists())
    return datetime.fromtimestamp(place.stat().st_mtime, UTC).astimezone(TIMEZONE).isoformat()[:19]


def looks_like_parquet(path: Path) -> bool:
    """Whether a file begins and ends as Parquet does."""
    with path.open("rb") as file:
        begins = file.read(4) == _PARQUET
        size = file.seek(0, 2)
        file.seek(max(size - 4, 0))
        return begins and size > 12 and file.read(4) == _PARQUET


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
            yield look.told(path, _kind_of(path), "backup")
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
        yield look.told(path, _kind_of(path), "backup")


def _unnamed_damage(path: Path, look: Look) -> Iterator[Damage]:
    """Bytes that no record names, as of an answer that was refused."""
    if len(path.name) == 64 and set(path.name) <= _HEX and path.name[:2] == path.parent.name:
        yield from look.damage(path, path.name, "backup")
    elif path.suffix != ".part":
        yield look.told(path, "foreign", "aside")


def _kind_of(path: Path) -> Kind:
    return "altered" if path.exists() and path.stat().st_size else "empty"


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
            yield look.told(site / INDEX, _kind_of(site / INDEX), "backup")
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
            yield look.told(sums, _kind_of(sums), "backup")
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
        kind = _kind_of(folder / PAGES) if (folder / PAGES).exists() else "missing"
        yield look.told(folder / PAGES, kind, "backup")
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
        yield look.told(path, _kind_of(path), "rebuilt")


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
            yield look.told(path, _kind_of(path), "anew")
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
