"""Mending a damaged installation: what is set aside, rebuilt, or taken from a backup.

Belongs here: the acts of ``cchc mend``, each on one finding. Does not: finding what is damaged
(``damage``, ``assets.damage``), making months again, which a run does, or reading an archive
(``backup``).

Nothing is thrown away: what is in the way goes to ``damaged/<moment>`` in the home, under the path
that it had.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from cchc_pipeline.core.files import digest_of_file, files_below, write_whole
from cchc_pipeline.core.modes import PRIVATE, PUBLIC, SHOWN
from cchc_pipeline.core.modes import mend as mend_rights
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import LAST
from cchc_pipeline.storage.lake import Lake
from publish.installation.findings import Damage
from publish.store.journal import ENDED, Line
from publish.store.store import Portal, switch

ASIDE = "damaged"
_OF_SQLITE = ("", "-wal", "-shm", "-journal")


def set_aside(home: Path, name: str, now: datetime) -> Path | None:
    """Move a file out of the way; where it went, or None if it is not there.

    Args:
        home: The installation.
        name: The file's path below it.
        now: The moment, which names the folder.
    """
    path, place = home / name, home / ASIDE / f"{now:%Y-%m-%dT%H%M%S}" / name
    if not path.exists():
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    state, here = path.lstat(), place.parent.stat()
    if state.st_nlink == 1 and state.st_dev == here.st_dev:
        path.rename(place)
    else:  # another name of it may be whole, or it is on another disk
        place.write_bytes(path.read_bytes())
        path.unlink()
    if not place.is_symlink():
        place.chmod(PRIVATE.file)
    return place


def mend_here(settings: Settings, found: Iterable[Damage], now: datetime) -> Iterator[Damage]:
    """Mend what can be mended with what lies in the home and the inbox; what was, one by one."""
    home = settings.home
    for one in found:
        if one.mend in {"again", "aside", "anew"}:
            if _is_moved(home, one, now):
                yield one
        elif one.mend == "rebuilt":
            set_aside(home, one.path, now)
            if _is_rebuilt(settings, one.path, now):
                yield one
        elif one.path.startswith("raw/blobs/") and _taken_from_inbox(settings, one, now):
            yield one
    if any(one.is_of_rights for one in found):
        mend_rights(home)
        yield from (one for one in found if one.is_of_rights)


def _is_moved(home: Path, one: Damage, now: datetime) -> bool:
    """Set a finding aside; a database with what SQLite keeps beside it."""
    endings = _OF_SQLITE if one.mend == "anew" else ("",)
    moved = [set_aside(home, f"{one.path}{ending}", now) for ending in endings]
    return any(moved) or one.mend == "anew"


def _taken_from_inbox(settings: Settings, one: Damage, now: datetime) -> bool:
    """Put bytes back into the archive that still lie in the inbox."""
    digest = Path(one.path).name
    for path in files_below(settings.inbox_dir):
        if digest_of_file(path) == digest:
            set_aside(settings.home, one.path, now)
            RawArchive(settings.raw_dir).put_file(path)
            return True
    return False


def _is_rebuilt(settings: Settings, name: str, now: datetime) -> bool:
    portal = Portal(settings.portal_dir)
    if name == "portal/current":
        sites = sorted(portal.sites.glob("*"))
        if sites:
            switch(portal, sites[-1])
        return bool(sites)
    if name == "portal/shown":
        portal.record_shown()
        return True
    if name == "portal/journal.jsonl":
        return _journal_rebuilt(portal, settings.home, now)
    return Path(name).name == LAST and _last_rebuilt(settings, settings.home / name)


def _journal_rebuilt(portal: Portal, home: Path, now: datetime) -> bool:
    """Of each act its end; what is whole of the old one stays where it was set aside."""
    for number, act in enumerate(portal.acts(), start=1):
        site = f"{number:04d}-{act.release}"
        portal.journal.write(Line(act.kind, str(act.release), site, ENDED, act.at, 0))
    return True


def _last_rebuilt(settings: Settings, last: Path) -> bool:
    """Which delivery stands: the one that the lake was made from, else the only one there is."""
    record, month = last.parent.parent.name, Month.parse(last.parent.name)
    known = {path.stem for path in last.parent.glob("*.json")}
    rows = Lake(settings.lake_dir, settings.root_unit).read(f"raw_{record}", month).to_pylist()
    stands = {row["delivery_id"] for row in rows} or known
    if len(stands) != 1 or not stands <= known:
        return False
    write_whole(last, f"{stands.pop()}\n".encode())
    return True


def put_back(home: Path, staged: Path, found: Iterable[Damage], now: datetime) -> Iterator[Damage]:
    """Put files that were taken from a backup where damaged ones are.

    Args:
        home: The installation.
        staged: A folder with the files, by their paths below the home.
        found: What is damaged.
        now: The moment.
    """
    for one in found:
        source, path = staged / one.path, home / one.path
        if source.is_file():
            set_aside(home, one.path, now)
            write_whole(path, source.read_bytes())
            if Path(one.path).parts[:2] in SHOWN:
                path.chmod(PUBLIC.file)
            yield one
