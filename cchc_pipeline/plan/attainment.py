"""How a value stands to its target by now, and the time that a task is given.

Belongs here: exact arithmetic on counts and shares, the rate that is still needed, the forms in
which plans write a time; whether months were made public in time and in every place that the plan
names. Does not: where a value or a log of publications comes from, which targets a rate is worked
out for (the plan's data say), whether a task is late, or mending a time that is a slip.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month

_QUARTERS = ("I", "II", "III", "IV")
_OF_YEAR = r"(?:\s*/\s*(?P<year>\d{4}))?"
Exact = int | Decimal | Fraction


class Comparator(StrEnum):
    """How a value must stand to its target."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    EXACTLY = "="

    @property
    def code(self) -> str:
        """Its code in published tables, where no text may begin like a formula."""
        return {">=": "ge", ">": "gt", "=": "eq"}[self.value]


class RunRateReason(StrEnum):
    """Why a share still needed has a value, or has none."""

    NEEDED = "needed"
    SAFE = "safe"
    UNREACHABLE = "unreachable"
    NO_CASES = "no_cases"


@dataclass(frozen=True)
class RunRate:
    """The share needed among the cases still to come, exactly; None unless ``reason`` is NEEDED.

    For a target of *more than* a share, this share itself is not enough, anything above it is.
    """

    share: Fraction | None
    reason: RunRateReason

    @property
    def percent(self) -> Decimal | None:
        """The share in per cent, rounded half up to 2 decimals."""
        if self.share is None:
            return None
        return Decimal(math.floor(self.share * 10_000 + Fraction(1, 2))).scaleb(-2)


def attained(value: Exact | None, comparator: Comparator, target: Exact) -> bool | None:
    """Whether a value attains a target, judged exactly; None when there is no value.

    Args:
        value: In the target's unit; a share times 100, not rounded.
        comparator: How the value must stand to the target.
        target: In its unit.
    """
    if value is None:
        return None
    reached, wanted = Fraction(value), Fraction(target)
    return {
        Comparator.AT_LEAST: reached >= wanted,
        Comparator.MORE_THAN: reached > wanted,
        Comparator.EXACTLY: reached == wanted,
    }[comparator]


def required_run_rate(
    numerator: Exact, denominator: Exact, month: int, target: Exact, comparator: Comparator
) -> RunRate:
    """The share needed among the cases to come until 31/12 for a floor target to be attained.

    As many cases are taken to come each month as the year to date had on average. *Exactly* 100 %
    is a floor of 100. For *more than* a target, the share of 0 is not yet safe and a share of 1 no
    longer enough.

    Args:
        numerator: Cases of the year to date that count.
        denominator: All cases of the year to date.
        month: The last month of the year to date, 1 to 12.
        target: In per cent.
        comparator: How the share must stand to the target at the year's end.

    Raises:
        UsageError: ``month`` is no month, or a count is negative.
    """
    if month not in range(1, 13) or numerator < 0 or denominator < 0:
        raise UsageError(
            f"no run-rate from {numerator} of {denominator} in month {month}",
            todo="give counts from 0 and a month from 1 to 12",
        )
    so_far = Fraction(denominator)
    to_come = so_far / month * (12 - month)
    if to_come == 0:
        return RunRate(None, RunRateReason.NO_CASES)
    share = (Fraction(target) / 100 * (so_far + to_come) - Fraction(numerator)) / to_come
    reason = _judge_share(share, strictly=comparator is Comparator.MORE_THAN)
    return RunRate(share if reason is RunRateReason.NEEDED else None, reason)


def _judge_share(share: Fraction, *, strictly: bool) -> RunRateReason:
    if share < 0 or (share == 0 and not strictly):
        return RunRateReason.SAFE
    if share > 1 or (share == 1 and strictly):
        return RunRateReason.UNREACHABLE
    return RunRateReason.NEEDED


@dataclass(frozen=True)
class Window:
    """The days that a task is given, both inclusive; None where the plan names no day."""

    due_from: date | None
    due_to: date | None


def parse_window(time_text: str, plan_year: int) -> Window:
    """The days that a task's time means.

    Read are a whole year, a month, one or several quarters (from the first to the last named) and
    *before a day* (which ends the day before); a year that is not written is the plan's. Anything
    else, such as a ministry's request, names no day.

    Args:
        time_text: The time as the annex writes it.
        plan_year: The year of the plan.
    """
    for pattern, read in _WINDOW_FORMS:
        match = pattern.fullmatch(time_text.strip())
        if match is not None:
            try:
                return read(match, int(match["year"] or plan_year))
            except ValueError:  # such as the 31st of a month of 30 days
                break
    return Window(None, None)


def _whole_year(_: re.Match[str], year: int) -> Window:
    return Window(date(year, 1, 1), date(year, 12, 31))


def _one_month(match: re.Match[str], year: int) -> Window:
    first = date(year, int(match["month"]), 1)
    return Window(first, Month(first.year, first.month).last_day)


def _quarters(match: re.Match[str], year: int) -> Window:
    named = [_QUARTERS.index(name) + 1 for name in re.findall("[IV]+", match["quarters"])]
    return Window(date(year, 3 * min(named) - 2, 1), Month(year, 3 * max(named)).last_day)


def _before(match: re.Match[str], year: int) -> Window:
    day = date(year, int(match["month"]), int(match["day"]))
    return Window(None, day - timedelta(days=1))


_WINDOW_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], int], Window]], ...] = (
    (re.compile(r"Cả năm(?:\s+(?P<year>\d{4}))?"), _whole_year),
    (re.compile(rf"Tháng\s+(?P<month>\d{{1,2}}){_OF_YEAR}"), _one_month),
    (
        re.compile(rf"Quý\s+(?P<quarters>(?:I{{1,3}}|IV)(?:\s*,\s*(?:I{{1,3}}|IV))*){_OF_YEAR}"),
        _quarters,
    ),
    (
        re.compile(rf"Trước ngày\s+(?P<day>\d{{1,2}})\s*/\s*(?P<month>\d{{1,2}}){_OF_YEAR}"),
        _before,
    ),
)


@dataclass(frozen=True)
class Publication:
    """The results of a month became public in a place."""

    month: Month
    place: str
    published_at: datetime


@dataclass(frozen=True)
class PublicationLog:
    """What is known of publications; nothing is known of a place without an entry."""

    entries: tuple[Publication, ...] = ()

    def on_time(self, month: Month, places: Iterable[str]) -> bool | None:
        """Whether a month was public in all places by the end of the following month.

        The plan says "hằng tháng" and sets no day; the deadline stands in the plan's data, marked
        as believed.

        Returns:
            True or False where every place is confirmed or one was late; else None.
        """
        verdicts = [self._in_time(month, place) for place in places]
        if False in verdicts:
            return False
        return None if None in verdicts else True

    def _in_time(self, month: Month, place: str) -> bool | None:
        moments = [e.published_at for e in self.entries if (e.month, e.place) == (month, place)]
        return min(moments) < month.next().end if moments else None


def months_on_time(
    log: PublicationLog, months: Iterable[Month], places: tuple[str, ...]
) -> tuple[int | None, bool | None]:
    """How many months were public on time, and whether all that are due were.

    Returns:
        The count (None if nothing is confirmed of any month) and False as soon as one was late,
        True if all are confirmed on time, None if some are unknown.
    """
    verdicts = [log.on_time(month, places) for month in months]
    if all(verdict is None for verdict in verdicts):
        return None, None
    count = sum(verdict is True for verdict in verdicts)
    if False in verdicts:
        return count, False
    return count, None if None in verdicts else True
