"""The log of publications: our own releases, and what was confirmed of other places.

Belongs here: reading the releases' records, the journal of places and ``inbox/publications.csv``.
Does not: judging them against the plan (``cchc_pipeline.indicators.plan_indicators``), or looking
at places (``publish.places``).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cchc_pipeline.core.errors import SchemaDataError, UsageError
from cchc_pipeline.core.list_files import read_rows
from cchc_pipeline.core.masking import quoted
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.plan import Publication, PublicationLog
from publish.store.place_log import PLACE_LOG, PlaceLine, PlaceLog, confirmed_months
from publish.store.store import Portal

OWN_PLACE = "city_portal"
PLACES = frozenset({OWN_PLACE, "one_stop"})
_COLUMNS = ("period", "place", "published_at")


def read_publications(
    portal: Portal, inbox: Path, *, month: Month, now: datetime, production: bool
) -> PublicationLog:
    """Every publication that is known.

    A release counts for the city portal only where this portal is that portal (``production``),
    and from the first that was sent to a place of that name on only as it was seen there; sample
    data and what was retracted never count. The month in the making counts as published now, since
    what is computed from this log is seen only once it is.

    Raises:
        SchemaDataError: ``publications.csv`` cannot be used.
    """
    confirmed = tuple(_confirmed(inbox / "publications.csv"))
    lines = PlaceLog(portal.root.parent / PLACE_LOG).lines()
    retracted = {act.release for act in portal.acts() if act.kind == "retracted"} if lines else ()
    seen = (Publication(*found) for found in confirmed_months(lines, retracted))
    own = (*_own(portal, lines), Publication(month, OWN_PLACE, now)) if production else ()
    return PublicationLog((*own, *seen, *confirmed))


def _own(portal: Portal, lines: Iterable[PlaceLine]) -> Iterable[Publication]:
    """The releases that readers saw here, before they were sent to a place that is the portal."""
    retracted = {act.release for act in portal.acts() if act.kind == "retracted"}
    sent = {line.release for line in lines if line.place == OWN_PLACE and line.counts}
    for release in portal.published():
        if str(release.id) in sent:
            return
        if not release.is_sample and release.id not in retracted:
            moment = datetime.fromisoformat(release.published_at)
            for month in release.periods:
                yield Publication(month, OWN_PLACE, moment)


def _confirmed(path: Path) -> Iterable[Publication]:
    seen: dict[Publication, int] = {}
    for number, row in read_rows(path, _COLUMNS):
        where = f"{path}, row {number}"
        found = _publication(row, where)
        before = seen.setdefault(found, number)
        if before != number:
            what = f"the same publication stands in row {before}"
            raise SchemaDataError(what, where=where, todo="keep one of the rows")
        yield found


def _publication(row: Mapping[str, str], where: str) -> Publication:
    if row["place"] not in PLACES:
        raise SchemaDataError(
            f"place {quoted(row['place'])} is unknown",
            where=where,
            todo=f"use one of {', '.join(sorted(PLACES))}",
        )
    try:
        moment = datetime.fromisoformat(row["published_at"])
        aware = moment if moment.tzinfo else moment.replace(tzinfo=TIMEZONE)
        aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SchemaDataError(
            f"published_at {quoted(row['published_at'])} is not a moment",
            where=where,
            todo="write it like 2026-10-12T08:30:00+07:00",
        ) from None
    return Publication(_month(row["period"], where), row["place"], aware)


def _month(text: str, where: str) -> Month:
    try:
        return Month.parse(text)
    except UsageError as error:
        raise SchemaDataError(error.what, where=where, todo=error.todo) from None
