"""Months, quarters, year-to-date: the time that a figure speaks of.

Belongs here: calendar arithmetic in the city's time zone. Does not: a clock; whoever needs to
know whether a month is over passes the moment in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from cchc_pipeline.core.errors import UsageError

TIMEZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class Basis(StrEnum):
    """The window of a figure that is published for a month."""

    MONTH = "month"
    QUARTER = "quarter"
    YTD = "ytd"


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, the partition of everything here; written ``2024-03``."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read ``YYYY-MM``.

        Raises:
            UsageError: The text is not a month.
        """
        match = _MONTH.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} is not a month", todo="write it as YYYY-MM, say 2024-03")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        """The month's first day."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The month's last day."""
        return self.next().first_day - timedelta(days=1)

    @property
    def start(self) -> datetime:
        """The month's first instant in the city's time zone."""
        return datetime(self.year, self.month, 1, tzinfo=TIMEZONE)

    @property
    def end(self) -> datetime:
        """The next month's first instant."""
        return self.next().start

    @property
    def quarter(self) -> int:
        """The quarter that the month lies in, 1 to 4."""
        return (self.month + 2) // 3

    @property
    def closes_quarter(self) -> bool:
        """Whether the quarter is over with this month."""
        return self.month % 3 == 0

    def next(self) -> "Month":
        """The month after this one."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> "Month":
        """The month before this one."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def to(self, last: "Month") -> Iterator["Month"]:
        """Every month from this one to ``last``, both included."""
        month = self
        while month <= last:
            yield month
            month = month.next()

    def has_ended(self, at: datetime) -> bool:
        """Whether the month is over at the moment ``at`` (aware)."""
        return at >= self.end


def require_ended(month: Month, at: datetime) -> None:
    """Refuse a month that is still running or lies ahead.

    Raises:
        UsageError: ``at`` is before the end of ``month``.
    """
    if not month.has_ended(at):
        state = "is still running" if at >= month.start else "lies in the future"
        raise UsageError(
            f"{month} {state}",
            todo=f"run it from {month.next().first_day.isoformat()} on",
        )


def utc_text(moment: datetime) -> str:
    """Write an aware moment as ``2026-10-05T21:00:44Z``; fractions of a second are cut."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _month(value: object) -> Month:
    try:
        return Month.parse(str(value))
    except UsageError as error:
        raise ValueError(str(error)) from None


MonthText = Annotated[Month, BeforeValidator(_month)]
"""A month as data files write it: ``2024-03``."""
