"""The time that a task is given, from its words to days.

Belongs here: the forms in which plans write a time. Does not: mending a time that is a slip, or
whether a task is late.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from cchc_pipeline.period import Month

_QUARTERS = ("I", "II", "III", "IV")
_OF_YEAR = r"(?:\s*/\s*(?P<year>\d{4}))?"


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
