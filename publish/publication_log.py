"""The log of publications: our own releases, and what was confirmed of other places.

Belongs here: reading the releases' records and ``inbox/publications.csv``. Does not: judging them
against the plan (``cchc_pipeline.indicators.release_log``).
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cchc_pipeline.errors import SchemaDataError, UsageError
from cchc_pipeline.indicators.release_log import Publication, PublicationLog
from cchc_pipeline.period import TIMEZONE, Month
from publish.portal import Portal

OWN_PLACE = "city_portal"
PLACES = frozenset({OWN_PLACE, "one_stop"})
_COLUMNS = ("period", "place", "published_at")


def read_publications(
    portal: Portal, inbox: Path, *, month: Month, now: datetime, production: bool
) -> PublicationLog:
    """Every publication that is known.

    A release counts for the city portal only where this portal is that portal (``production``);
    sample data and what was retracted never count. The month in the making counts as published now,
    since what is computed from this log is seen only once it is.

    Raises:
        SchemaDataError: ``publications.csv`` cannot be used.
    """
    confirmed = tuple(_confirmed(inbox / "publications.csv"))
    own = (*_own(portal), Publication(month, OWN_PLACE, now)) if production else ()
    return PublicationLog((*own, *confirmed))


def _own(portal: Portal) -> Iterable[Publication]:
    retracted = {act.release for act in portal.acts() if act.kind == "retracted"}
    for release in portal.published():
        if not release.is_sample and release.id not in retracted:
            moment = datetime.fromisoformat(release.published_at)
            for month in release.periods:
                yield Publication(month, OWN_PLACE, moment)


def _confirmed(path: Path) -> Iterable[Publication]:
    if not path.exists():
        return
    if not path.is_file():  # a pipe would never end
        todo = "put a file of that name there, or nothing"
        raise SchemaDataError("is no regular file", where=str(path), todo=todo)
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError:
        raise SchemaDataError("not UTF-8 text", where=str(path)) from None
    if tuple(reader.fieldnames or ())[:3] != _COLUMNS:
        raise SchemaDataError(
            "other columns than expected", where=str(path), todo=f"use {','.join(_COLUMNS)}"
        )
    for number, row in enumerate(reader, start=2):
        yield _publication(row, f"{path}, row {number}")


def _publication(row: dict[str, str], where: str) -> Publication:
    if row["place"] not in PLACES:
        raise SchemaDataError(
            f"place {row['place']!r} is unknown",
            where=where,
            todo=f"use one of {', '.join(sorted(PLACES))}",
        )
    try:
        moment = datetime.fromisoformat(row["published_at"])
    except (TypeError, ValueError):
        raise SchemaDataError(
            f"published_at {row['published_at']!r} is not a moment",
            where=where,
            todo="write it like 2026-10-12T08:30:00+07:00",
        ) from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=TIMEZONE)
    return Publication(_month(row["period"], where), row["place"], aware)


def _month(text: str, where: str) -> Month:
    try:
        return Month.parse(text)
    except UsageError as error:
        raise SchemaDataError(error.what, where=where, todo=error.todo) from None
