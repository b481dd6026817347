"""When offices work: the load of each day of a month, and counting in working days.

Belongs here: holidays, weekends, hours. Does not: how long anything takes.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from cchc_pipeline.core.period import Month
from cchc_pipeline.simulation.draws import Draws, Floats, Ints
from cchc_pipeline.simulation.profile import Profile

DAY = 86400
_AHEAD = 200
_THURSDAY = 3  # the weekday of day 0, 1970-01-01


@dataclass(frozen=True)
class OfficeDays:
    """The days from a month's first on; days and seconds are counted from 1970 in city time."""

    days: Ints
    load: Floats
    working: Ints
    hours: tuple[tuple[int, int], ...]

    def position(self, days: Ints) -> Ints:
        """The place among the working days of each day, or of the next one that is worked."""
        return np.searchsorted(self.working, days, side="left").astype(np.int64)

    def day_at(self, positions: Ints) -> Ints:
        """The working day of each place."""
        return self.working[np.clip(positions, 0, len(self.working) - 1)]

    def last_before(self, second: int) -> int:
        """The place of the last working day that begins before a moment."""
        return int(np.searchsorted(self.working * DAY, second, side="left")) - 1

    def hour(self, draws: Draws, topic: str, index: Ints) -> Ints:
        """A second of the day within office hours; never midnight."""
        spans = [end - begin for begin, end in self.hours]
        rest = draws.whole(topic, index, sum(spans))
        second = np.zeros(len(index), dtype=np.int64)
        for (begin, _), span in zip(self.hours, spans, strict=True):
            inside = (rest >= 0) & (rest < span)
            second[inside] = begin + rest[inside]
            rest = rest - span
        return second


def days_from(day: date) -> int:
    """A day counted from 1970."""
    return (day - date(1970, 1, 1)).days


def start_of(month: Month) -> int:
    """A month's first second, counted from 1970 in city time."""
    return days_from(month.first_day) * DAY


def office_days(profile: Profile, month: Month) -> OfficeDays:
    """The days of a month with their load, and the working days from its first on."""
    first, last = days_from(month.first_day), days_from(month.last_day)
    ahead = np.arange(first, first + _AHEAD, dtype=np.int64)
    weekdays = (ahead + _THURSDAY) % 7
    closed = np.array([_is_closed(profile, int(day)) for day in ahead])
    load = np.array(profile.week)[weekdays] * np.where(closed, 0.0, 1.0)
    load *= np.array([_slack(profile, int(day)) for day in ahead])
    inside = ahead <= last
    working = ahead[(weekdays < 5) & ~closed]
    return OfficeDays(ahead[inside], load[inside], working, profile.hours)


def _is_closed(profile: Profile, day: int) -> bool:
    begin, end = profile.lunar_closed
    festive = any(begin <= day - days_from(new) <= end for new in profile.lunar_new_year)
    return festive or date.fromordinal(day + 719163).strftime("%m-%d") in profile.holidays


def _slack(profile: Profile, day: int) -> float:
    begin, end = profile.lunar_slack.days
    slack = any(begin <= day - days_from(new) <= end for new in profile.lunar_new_year)
    return profile.lunar_slack.factor if slack else 1.0
