"""What a simulation rests on: chance, whatever the order of asking, and the days offices work.

Belongs here: numbers in [0, 1) as a pure function of seed, month, topic and index, so that any part
of a simulation can be made alone, in pieces, and again; when offices work, and counting in working
days. Does not: what is drawn, or how long anything takes.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from cchc_pipeline.core.period import Month
from cchc_pipeline.simulation.profile import Profile

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_WORD = (1 << 64) - 1
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
DAY = 86400
_AHEAD = 200
_THURSDAY = 3  # the weekday of day 0, 1970-01-01


@dataclass(frozen=True)
class Draws:
    """The chance of one seed and month of reception."""

    seed: int
    month: Month

    def share(self, topic: str, index: Ints) -> Floats:
        """One number in [0, 1) for each index, by SplitMix64; topics are independent."""
        with np.errstate(over="ignore"):
            mixed = index.astype(np.uint64) * np.uint64(_STEP) + np.uint64(self._key(topic))
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
            mixed ^= mixed >> np.uint64(31)
        return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, topic: str, index: Ints, chance: float | Floats) -> Bools:
        """Whether each index is among the share ``chance``."""
        drawn: Bools = self.share(topic, index) < chance
        return drawn

    def whole(self, topic: str, index: Ints, limit: int | Ints) -> Ints:
        """A whole number from 0 to below ``limit`` for each index."""
        return (self.share(topic, index) * limit).astype(np.int64)

    def choice(self, topic: str, index: Ints, weights: Sequence[float] | Floats) -> Ints:
        """The place of a weight for each index, by the weights."""
        bounds = np.cumsum(weights)
        return np.searchsorted(bounds / bounds[-1], self.share(topic, index), side="right")

    def _key(self, topic: str) -> int:
        key = self.seed & _WORD
        for part in (self.month.year * 12 + self.month.month, zlib.crc32(topic.encode())):
            key = _mixed((key ^ part) + _STEP)
        return key


def _mixed(value: int) -> int:
    value &= _WORD
    value = (value ^ (value >> 30)) * _FIRST & _WORD
    value = (value ^ (value >> 27)) * _SECOND & _WORD
    return value ^ (value >> 31)


def draw_of_name(seed: int, name: str, topic: str) -> float:
    """One number in [0, 1) for a name, the same in every month."""
    index = np.array([zlib.crc32(name.encode())], dtype=np.int64)
    return float(Draws(seed, Month(1, 1)).share(topic, index)[0])


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
