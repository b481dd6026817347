"""Collecting a month's dossiers: the inbox first, else the database, else the archive.

Belongs here: the choice between the ways in. Does not: how any of them works.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.dossiers.database import DossierDatabase, deliver
from cchc_pipeline.sources.dossiers.rules import RECORD
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import Delivery, delivered_paths, take_in
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema

Way = Literal["inbox", "database", "archive"]


@dataclass(frozen=True)
class WayIn:
    """The way that is taken, and why where that is not plain."""

    way: Way
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CollectedDossiers:
    """The delivery that stands, or None if nothing ever came, and what happened."""

    delivery: Delivery | None
    notes: tuple[str, ...]


def database_of(settings: Settings) -> DossierDatabase | None:
    """The database that dossiers are read from, if one is named."""
    url = settings.dossiers_url
    return DossierDatabase(url, settings.dossiers_view) if url else None


def way_in(month: Month, now: datetime, *, has_files: bool, has_database: bool) -> WayIn:
    """How a month's dossiers come in.

    A database knows how dossiers stand now, so it is asked for a month from its end until the end
    of the month that follows.

    Args:
        month: The month.
        now: The moment of the run, aware.
        has_files: Whether the inbox holds an export of the month.
        has_database: Whether a database is named.
    """
    if has_files:
        notes = ("the inbox holds an export: the database is not asked",) if has_database else ()
        return WayIn("inbox", notes)
    if not has_database:
        return WayIn("archive")
    if month.end <= now < month.next().end:
        return WayIn("database")
    first, last = month.next().first_day, month.next().last_day
    note = f"a database only knows now: it is asked for {month} from {first} to {last}"
    return WayIn("archive", (f"{note}; the archive is replayed",))


def foreseen_ways(
    months: Iterable[Month], source: DossierDatabase | None, inbox: Path, now: datetime
) -> Iterator[str]:
    """For a dry run, a line for each month; none where no database is named.

    Args:
        months: The months.
        source: The database, if one is named; it is not asked.
        inbox: The folder that holds the months' folders.
        now: The moment of the run.

    Raises:
        SourceError: Files were dropped that cannot be taken.
    """
    if source is None:
        return
    for month in months:
        has_files = bool(delivered_paths(inbox / str(month), load_upload_schema(RECORD)))
        chosen = way_in(month, now, has_files=has_files, has_database=True)
        asked = (f"dossiers are read from {source.where}",) if chosen.way == "database" else ()
        yield from (f"{month}: {line}" for line in (*asked, *chosen.notes))


def collect_dossiers(
    month: Month,
    source: DossierDatabase | None,
    archive: RawArchive,
    inbox: Path,
    now: datetime,
) -> CollectedDossiers:
    """Take in what there is to take for a month; what was archived earlier stays.

    Args:
        month: The month.
        source: The database, if there is one to ask.
        archive: Keeps every delivery for good.
        inbox: The month's folder of dropped files.
        now: The moment of the run.

    Raises:
        SourceError: Files were dropped that cannot be taken, or the database refused.
        UsageError: The database's address is none, or its driver is not installed.
    """
    form = load_upload_schema(RECORD)
    has_files = bool(delivered_paths(inbox, form))
    chosen = way_in(month, now, has_files=has_files, has_database=source is not None)
    if source is None or chosen.way != "database":
        return CollectedDossiers(take_in(inbox, form, month, now, archive), chosen.notes)
    try:
        delivery, notes = deliver(source, month, now, archive)
    except SourceError as error:
        todo = f"{error.todo}; or drop the export into inbox/{month}"
        raise SourceError(error.what, where=error.where, todo=todo) from None
    return CollectedDossiers(delivery, (*chosen.notes, *notes))
