"""Which months may go out, and which must: by the announced dates and by what was asked for.

Belongs here: choosing months. Does not: the dates (``cchc_pipeline.release_calendar``), starting
anything (``assets.automation``), or who approves (``approval``).
"""

from collections.abc import Container, Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.period import Month
from cchc_pipeline.release_calendar import ReleaseCalendar

CATCH_UP = 3
"""How many months are made up for after a machine was off."""


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


def speaks(rows: pa.Table) -> bool:
    """Whether any source or unit gave figures for a month.

    Args:
        rows: The month's rows of ``submissions``; without an accepted row nobody said anything,
            whatever files came.
    """
    return bool(pc.any(pc.greater(rows["accepted"], 0)).as_py())


def due_months(
    computed: Iterable[Month], out: Container[Month], calendar: ReleaseCalendar, at: datetime
) -> tuple[Month, ...]:
    """The computed months whose date has come and that are not out."""
    return tuple(m for m in ready_months(computed, (), (), calendar, at) if m not in out)


def days_late(month: Month, calendar: ReleaseCalendar, at: datetime) -> int:
    """How many days after its announced date a month goes out; 0 on the day."""
    return max(0, (at.date() - calendar.release_date(month).moment.date()).days)


def open_months(out: Iterable[Month], at: datetime) -> tuple[Month, ...]:
    """The months that are over and not out, oldest first: what is to be done without being asked.

    Of an empty portal the last month only; never more than ``CATCH_UP`` months: what lies farther
    back is a backfill's, which somebody decides on.

    Args:
        out: The months that are out.
        at: The moment.
    """
    this = Month(at.year, at.month)
    newest = max(out, default=this.previous().previous())
    earliest = this
    for _ in range(CATCH_UP):
        earliest = earliest.previous()
    return tuple(m for m in max(newest.next(), earliest).to(this) if m.has_ended(at))
