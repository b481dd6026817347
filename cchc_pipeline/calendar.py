"""When the results of a month are published: the announced dates, by rule and by logged change.

Belongs here: working days of Việt Nam, the rule, the changes of single dates
(``schemas/calendar``). Does not: starting a publication on that day, or pages.

The library ``holidays`` knows the public holidays, the lunar new year included; it is loaded when
the first date is asked for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal

from cchc_pipeline.core.data import read_yaml, refuse, typed
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import TIMEZONE, Month

_PATH = "calendar/calendar.yaml"
_COUNTRY = "VN"


@dataclass(frozen=True)
class CalendarWords:
    """Words in both languages."""

    vi: str
    en: str


@dataclass(frozen=True)
class DateChange:
    """A date that was moved after it had been announced."""

    period: str
    was: date
    to: date
    announced: date
    reason: CalendarWords


@dataclass(frozen=True)
class Swapped:
    """A day on which offices work otherwise than the calendar says."""

    day: date
    kind: Literal["off", "working"]
    basis: str


@dataclass(frozen=True)
class DateRule:
    """The day of the following month, or the next working day."""

    day: int
    time: str
    status: Literal["decided", "believed"]
    basis: CalendarWords


@dataclass(frozen=True)
class ReleaseDate:
    """When a month's results are published, and the change that moved it, if one did."""

    month: Month
    moment: datetime
    change: DateChange | None = None

    def days_late(self, at: datetime) -> int:
        """Whole days since the date; 0 before it is over."""
        return max((at.astimezone(TIMEZONE).date() - self.moment.date()).days, 0)


@dataclass(frozen=True)
class ReleaseCalendar:
    """The announced dates."""

    rule: DateRule
    changes: tuple[DateChange, ...] = ()
    swapped: tuple[Swapped, ...] = ()

    def release_date(self, month: Month) -> ReleaseDate:
        """When the results of a month are published."""
        change = next((c for c in self.changes if c.period == str(month)), None)
        day = change.to if change else self.day_by_rule(month)
        at = datetime.combine(day, time.fromisoformat(self.rule.time), TIMEZONE)
        return ReleaseDate(month, at, change)

    def day_by_rule(self, month: Month) -> date:
        """The rule's day of the following month, or the next working day."""
        following = month.next()
        day = date(following.year, following.month, self.rule.day)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def is_working_day(self, day: date) -> bool:
        """Whether offices work: no weekend, no public holiday, or swapped by the Government."""
        for swapped in self.swapped:
            if swapped.day == day:
                return swapped.kind == "working"
        return day.weekday() < 5 and not _is_holiday(day)

    def next_release(self, after: datetime) -> ReleaseDate:
        """The first date that lies after a moment."""
        return self.upcoming(after, 1)[0]

    def missed(
        self, published: Collection[Month], begun: datetime, at: datetime
    ) -> tuple[ReleaseDate, ...]:
        """The months whose date has passed and that are not out.

        Args:
            published: The months that are out.
            begun: When anything was published first; a gap that was due before it is none.
            at: The moment.
        """
        found: list[ReleaseDate] = []
        newest = max(published, default=None)
        month = min(published, default=None)
        while month and newest and (due := self.release_date(month)).moment <= at:
            if month not in published and (month > newest or due.moment >= begun):
                found.append(due)
            month = month.next()
        return tuple(found)

    def upcoming(self, after: datetime, count: int = 12) -> tuple[ReleaseDate, ...]:
        """The next dates, 12 months ahead if nothing else is said."""
        local = after.astimezone(TIMEZONE)
        month = Month(local.year, local.month).previous().previous()
        found: list[ReleaseDate] = []
        while len(found) < count:
            due = self.release_date(month)
            if due.moment > after:
                found.append(due)
            month = month.next()
        return tuple(found)


@cache
def _holidays() -> Mapping[date, str]:
    import holidays  # noqa: PLC0415 - half a second that only a publication pays

    known: Mapping[date, str] = holidays.country_holidays(_COUNTRY)
    return known


def _is_holiday(day: date) -> bool:
    return day in _holidays()


@cache
def load_calendar() -> ReleaseCalendar:
    """The shipped calendar.

    Raises:
        SchemaDataError: It cannot be used; the line says where.
    """
    return parse_calendar(read_yaml(_PATH), f"schemas/{_PATH}")


def parse_calendar(tree: object, where: str) -> ReleaseCalendar:
    """Type the calendar and refuse changes that contradict it.

    Args:
        tree: The content of the file.
        where: What errors call it.

    Raises:
        SchemaDataError: As for ``load_calendar``.
    """
    calendar = typed(ReleaseCalendar, _named(tree), where)
    refuse(
        (
            f"change of {change.period}: {_fault(calendar, change)}"
            for change in calendar.changes
            if _fault(calendar, change)
        ),
        where,
    )
    return calendar


def _named(tree: object) -> object:
    """``from`` is a word of Python, so the field is called otherwise here."""
    if not isinstance(tree, dict) or not isinstance(tree.get("changes"), list):
        return tree
    changes = [
        {("was" if name == "from" else name): value for name, value in change.items()}
        for change in tree["changes"]
    ]
    return {**tree, "changes": changes}


def _fault(calendar: ReleaseCalendar, change: DateChange) -> str:
    try:
        by_rule = calendar.day_by_rule(Month.parse(change.period))
    except UsageError as error:
        return str(error)
    if change.was != by_rule:
        return f"moved from {change.was}, and the rule gives {by_rule}"
    if change.announced >= min(change.was, change.to):
        return f"announced on {change.announced}, which is not before both dates"
    if sum(other.period == change.period for other in calendar.changes) > 1:
        return "the period is moved twice -> keep one entry with the final date"
    return ""
