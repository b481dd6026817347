"""Many units on one axis: a dot each, and where the middle lies.

Belongs here: geometry and marks of this kind of chart. Does not: colours, words, or the choice of
what to draw.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publish.site.charts.frame import clamped, dot, frame, line, text

_BINS = 48
"""Dots of one bin stand above each other; as many bins as dots fit beside each other on a phone."""
_STEP, _RADIUS = 9, 3.5
_LEFT, _RIGHT = 2.0, 98.0
_HEAD, _FOOT = 34, 30


@dataclass(frozen=True)
class Dot:
    """A unit.

    Args:
        value: Its value.
        text: Its name and value as the reader sees them.
        is_marked: Whether it is the one that the page is about.
    """

    value: float
    text: str
    is_marked: bool = False


@dataclass(frozen=True)
class Axis:
    """The axis and the middle.

    Args:
        low: The value at the left.
        high: The value at the right; above ``low``.
        ticks: Values that are marked, each with its text.
        median: The value in the middle of all, with its text.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    median: tuple[float, str]

    def x(self, value: float) -> float:
        """Where a value lies, in per cent of the width."""
        return _LEFT + (_RIGHT - _LEFT) * self.share(value)

    def share(self, value: float) -> float:
        """The part of the axis below a value, from 0 to 1."""
        return clamped((value - self.low) / (self.high - self.low), 0.0, 1.0)


def dot_plot(dots: Sequence[Dot], axis: Axis, names: tuple[str, str, str]) -> Markup:
    """A dot for each unit; those of nearly the same value stand above each other.

    Args:
        dots: The units in any order.
        axis: The axis.
        names: The finding, how to read the chart, and an id that is unique on the page.
    """
    tallest = max(Counter(_bin(item, axis) for item in dots).values(), default=1)
    foot = _HEAD + tallest * _STEP
    return frame("dots", foot + _FOOT, names, _marks(dots, axis, foot))


def _marks(dots: Sequence[Dot], axis: Axis, foot: float) -> Iterator[Markup]:
    yield line("grid", (_LEFT, foot), (_RIGHT, foot))
    for value, said in axis.ticks:
        yield line("grid", (axis.x(value), foot), (axis.x(value), foot + 5))
        yield text(f"tick {_side(axis.x(value))}", axis.x(value), foot + 20, said)
    middle, said = axis.median
    yield line("median", (axis.x(middle), _HEAD - 12), (axis.x(middle), foot))
    yield text(f"median-name {_side(axis.x(middle))}", axis.x(middle), _HEAD - 18, said)
    heights: Counter[int] = Counter()
    for item in sorted(dots, key=lambda item: (not item.is_marked, item.value, item.text)):
        place = _bin(item, axis)
        y = foot - _STEP * heights[place] - _STEP / 2
        heights[place] += 1
        x = _LEFT + (_RIGHT - _LEFT) * (place + 0.5) / _BINS
        kind, radius = ("dot marked", _RADIUS + 1.5) if item.is_marked else ("dot", _RADIUS)
        yield dot(kind, x, y, radius, item.text)


def _bin(item: Dot, axis: Axis) -> int:
    return min(int(axis.share(item.value) * _BINS), _BINS - 1)


def _side(x: float) -> str:
    """Where a text is held, so that it does not leave the frame."""
    return "start" if x < 20 else "end" if x > 80 else "middle"
