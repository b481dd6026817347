"""What can be said of a figure's course: first time, rise, fall, unchanged, for the n-th time.

Belongs here: that decision, and nothing is said where two figures were not measured alike. Does
not: words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cchc_pipeline.core.period import Basis, Month


class Move(StrEnum):
    """What became of a figure since the period before."""

    FIRST = "first"
    GAP = "gap"
    BREAK = "break"
    RISE = "rise"
    FALL = "fall"
    SAME = "same"


@dataclass(frozen=True)
class CoursePoint:
    """A figure of a period; ``starts_anew`` if it cannot be compared with the one before."""

    month: Month
    value: Decimal | None
    starts_anew: bool = False


@dataclass(frozen=True)
class Trend:
    """What became of a figure.

    Args:
        move: Of which kind.
        before: The period that it is compared with, or the last that has a figure.
        difference: By how much; None where it cannot be told.
        times: For the how-many-th period on end it rose, or fell.
    """

    move: Move
    before: Month | None = None
    difference: Decimal | None = None
    times: int = 0


def trend_of(course: Sequence[CoursePoint]) -> Trend | None:
    """What became of the last figure of a course; None where there is none.

    Args:
        course: Every period up to the one told of, oldest first, those without a figure too.
    """
    if not course or course[-1].value is None:
        return None
    earlier = [point for point in course[:-1] if point.value is not None]
    if not earlier:
        return Trend(Move.FIRST)
    if course[-2].value is None:
        return Trend(Move.GAP, earlier[-1].month)
    if course[-1].starts_anew:
        return Trend(Move.BREAK, course[-2].month)
    steps = _steps(course)
    kinds = [_kind(step) for step in steps]
    times = next((n for n, kind in enumerate(kinds) if kind is not kinds[0]), len(kinds))
    return Trend(kinds[0], course[-2].month, steps[0], times)


def _steps(course: Sequence[CoursePoint]) -> list[Decimal]:
    """The differences that can be told without a gap, the latest first."""
    found: list[Decimal] = []
    for before, after in zip(reversed(course[:-1]), reversed(course), strict=False):
        if before.value is None or after.value is None or after.starts_anew:
            break
        found.append(after.value - before.value)
    return found


def _kind(step: Decimal) -> Move:
    if step == 0:
        return Move.SAME
    return Move.RISE if step > 0 else Move.FALL


def course_months(first: Month, last: Month, basis: Basis) -> tuple[Month, ...]:
    """The periods of a course of one basis, oldest first; the year so far begins with its year.

    Args:
        first: The oldest month that there is.
        last: The month told of.
        basis: The window of its figures.
    """
    if basis is Basis.YTD:
        return tuple(max(first, Month(last.year, 1)).to(last))
    step = 3 if basis is Basis.QUARTER else 1
    return tuple(month for month in first.to(last) if (last.month - month.month) % step == 0)


def course_of(
    months: Sequence[Month], value_of: Callable[[Month], tuple[Decimal | None, bool]]
) -> tuple[CoursePoint, ...]:
    """A course by what each period has: its figure, and whether it starts anew."""
    return tuple(CoursePoint(month, *value_of(month)) for month in months)
