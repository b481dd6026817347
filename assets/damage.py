"""What is damaged of an installation, the lake included; and what a command does about it.

Belongs here: the lake against the record of what was made, Dagster's database wherever it is, all
findings together; what a run may go on with. Does not: the other places and the words
(``publish.installation.damage``), mending (``publish.installation.mending``), or Dagster.

What lies in the lake is made from the raw archive, so a run goes on with a damaged table: it sets
aside what cannot be read, sees that the rest is not what was recorded, and makes the month again.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from assets.staleness import MadeFrom, Recorded
from cchc_pipeline.core.errors import CheckFailedError, DamagedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.storage.lake import PART, Lake
from publish.installation.damage import found_without_lake, rights_damage
from publish.installation.findings import Damage, Look, damage_lines, looks_like_parquet
from publish.installation.mending import mend_here, put_back, set_aside
from publish.installation.restoring import take_out

_RECORD = "made-from"
_OF_RAW = "raw_"
_GOES_ON = frozenset({"lake", _RECORD, "raw"})
"""The zones whose damage stops no publication: they are made again, or are not what is shown."""


def whole_look(settings: Settings, now: datetime) -> tuple[list[Damage], int]:
    """Read every byte.

    Returns:
        What was found, and how many files were looked at.
    """
    look = Look(settings.home)
    made_from = MadeFrom(settings, now)
    found = [*lake_damage(settings, made_from, look), *delivery_damage(settings, look)]
    found += found_without_lake(settings, look)
    return unique([*found, *rights_damage(settings)]), look.files


def quick_look(settings: Settings, made_from: MadeFrom) -> list[Damage]:
    """Sizes, registers, small files, and whatever changed since its digest was known."""
    look = Look(settings.home, made_from.digests)
    return unique([*lake_damage(settings, made_from, look), *found_without_lake(settings, look)])


def unique(found: Iterable[Damage]) -> list[Damage]:
    """One finding a file: the first."""
    return list({one.path: one for one in reversed(list(found))}.values())[::-1]


def lake_damage(settings: Settings, made_from: MadeFrom, look: Look) -> Iterator[Damage]:
    """The lake against the record: what each stage left, and what nobody left there."""
    lake = Lake(settings.lake_dir, settings.root_unit)
    known: set[Path] = set()
    for record in made_from.recorded():
        known |= {settings.home / name for name in record.files or ()}
        yield from _recorded_damage(settings.home, record, look)
    for path in lake.paths():
        if path.name != PART:
            yield look.told(path, "foreign", "aside")
        elif path not in known and not _is_readable(path):
            yield look.told(path, "unreadable", "again")


def _recorded_damage(home: Path, record: Recorded, look: Look) -> Iterator[Damage]:
    if record.files is None:
        yield look.told(record.path, "altered", "again")
        return
    for name, digest in record.files.items():
        path = home / name
        if record.is_at_rest:
            yield from look.damage(path, digest, "again")
        elif path.exists() and not _is_readable(path):
            yield look.told(path, "unreadable", "again")


def _is_readable(path: Path) -> bool:
    try:
        return looks_like_parquet(path)
    except OSError:
        return False


def delivery_damage(settings: Settings, look: Look) -> Iterator[Damage]:
    """The records of what was delivered, as far as the lake tells which there must be."""
    lake, raw = Lake(settings.lake_dir, settings.root_unit), settings.raw_dir
    tables = sorted(path.name for path in lake.root.glob(f"{_OF_RAW}*"))
    for table in tables:
        for month in lake.months(table):
            try:
                rows = lake.read(table, month).to_pylist()
            except DamagedError:
                continue
            for row in rows:
                places = _records_of(raw, table.removeprefix(_OF_RAW), month, row)
                if not any(place.exists() for place in places):
                    yield look.told(places[0], "missing", "backup")


def _records_of(raw: Path, record: str, month: Month, row: dict[str, object]) -> tuple[Path, ...]:
    """Where the record that a row of the lake rests on can be."""
    if "snapshot_id" in row:
        place = raw / "portal" / str(month) / str(row["basis"]) / f"{row['snapshot_id']}.json"
        return place, place.with_suffix(".withdrawn")
    return (raw / "deliveries" / record / str(month) / f"{row['delivery_id']}.json",)


def clear_the_way(settings: Settings, made_from: MadeFrom, now: datetime) -> list[Damage]:
    """Before a run: what is damaged; tables that cannot be read are set aside, to be made again.

    Raises:
        CheckFailedError: Something is damaged that no run makes again.
    """
    found = quick_look(settings, made_from)
    require_sound(found, settings)
    for one in found:
        if one.path.startswith("lake/") and one.mend in {"again", "aside"}:
            set_aside(settings.home, one.path, now)
    return found


def require_sound(found: Iterable[Damage], settings: Settings) -> None:
    """Hold that nothing is damaged of what a publication rests on and no run makes again.

    Raises:
        CheckFailedError: Something is; one line for each finding.
    """
    stopping = [
        one
        for one in found
        if one.mend in {"backup", "rebuilt", "anew"} and one.path.partition("/")[0] not in _GOES_ON
    ]
    if stopping:
        lines = list(damage_lines(stopping, settings.lang))
        what = lines[0] if len(lines) == 1 else "\n  ".join([f"{len(lines)}", *lines])
        raise CheckFailedError(what)


def mended(
    settings: Settings, now: datetime, backup: Path | None, identity: Path | None
) -> list[Damage]:
    """Mend what is damaged, with what lies here, then with a backup; what was mended.

    A month of which a table was set aside is made again by the next run.
    """
    found, _ = whole_look(settings, now)
    done = list(mend_here(settings, found, now))
    left = [one for one in found if one not in done and one.mend in {"backup", "rebuilt"}]
    if backup is not None and left:
        with TemporaryDirectory(prefix=".mending-", dir=settings.home) as staged:
            take_out(backup, [one.path for one in left], Path(staged), identity)
            done += put_back(settings.home, Path(staged), left, now)
    return done
