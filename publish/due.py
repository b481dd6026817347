"""Which months may go out, and which must: by the announced dates and by what was asked for.

Belongs here: choosing months. Does not: the dates (``cchc_pipeline.release_calendar``), starting
anything (``assets.automation``), or who approves (``approval``).
"""

from collections.abc import Container, Iterable
from datetime import datetime

from cchc_pipeline.period import Month
from cchc_pipeline.release_calendar import ReleaseCalendar


def ready_months(
    computed: Iterable[Month],
    out: Container[Month],
    asked: Container[Month],
    calendar: ReleaseCalendar,
    at: datetime,
) -> tuple[Month, ...]:
    """The months that a release may contain; the others wait for their announced date.

    Args:
        computed: The months that are computed.
        out: Those that the release before contains.
        asked: Those that whoever publishes named.
        calendar: The announced dates.
        at: The moment of publication.
    """
    return tuple(
        month
        for month in computed
        if month in out or month in asked or calendar.release_date(month).moment <= at
    )


def due_months(
    computed: Iterable[Month], out: Container[Month], calendar: ReleaseCalendar, at: datetime
) -> tuple[Month, ...]:
    """The computed months whose date has come and that are not out."""
    return tuple(m for m in ready_months(computed, (), (), calendar, at) if m not in out)


def days_late(month: Month, calendar: ReleaseCalendar, at: datetime) -> int:
    """How many days after its announced date a month goes out; 0 on the day."""
    return max(0, (at.date() - calendar.release_date(month).moment.date()).days)


def open_months(out: Iterable[Month], first: Month, at: datetime) -> tuple[Month, ...]:
    """The months that are over and not out, from the last one that is out, oldest first.

    Args:
        out: The months that are out.
        first: Where to begin if none is.
        at: The moment.
    """
    start = max((month.next() for month in out), default=first)
    ended = (month for month in start.to(Month(at.year, at.month)) if month.has_ended(at))
    return tuple(ended)
