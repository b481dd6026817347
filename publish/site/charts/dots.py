"""Dots on one axis: many units and the middle; targets and how far each has come.

Belongs here: geometry and marks of a plot of dots and of bullets. Does not: colours, words, or the
choice of what to draw (``publish.site.pages``).

Whether a target is attained is told by a sign, a word and the form of its bar, not by colour alone.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from markupsafe import Markup

from publish.site.charts.frame import box, clamped, dot, frame, line, text

_LINE, _BULLET, _ROOM = 18, 14, 44
"""Height of a line of a label, height of a bar, and the letters that a phone has room for."""

Verdict = Literal["attained", "behind", "unknown"]
_BELOW = 50
_INSET: dict[Verdict, float] = {"attained": 0, "behind": 4, "unknown": 2}
"""A bar of what is attained is full, one of what is behind is thin, an unknown one a frame."""
_SIGNS: dict[Verdict, str] = {"attained": "✓", "behind": "✗", "unknown": "?"}
_BINS = 48
"""Dots of one bin stand above each other; as many bins as dots fit beside each other on a phone."""
_STEP, _RADIUS = 9, 3.5
_LEFT, _RIGHT = 2.0, 98.0
_HEAD, _FOOT = 34, 30


@dataclass(frozen=True)
class Bullet:
    """A target.

    Args:
        label: What it is, short.
        value: What was reached; None where nobody knows.
        target: What must be reached.
        maximum: What the full width stands for; above 0.
        verdict: Whether it is attained.
        text: Value and target as the reader sees them.
    """

    label: str
    value: float | None
    target: float
    maximum: float
    verdict: Verdict
    text: str

    def share(self, value: float) -> float:
        """A value as a part of the width, in per cent from 0 to 100."""
        return clamped(100 * value / self.maximum, 0.0, 100.0)


def bullet_chart(bullets: Sequence[Bullet], names: tuple[str, str, str]) -> Markup:
    """A bar for each value, with a tick where its target lies.

    Args:
        bullets: From top to bottom.
        names: The finding, how to read the chart, and an id that is unique on the page.
    """
    marks: list[Markup] = []
    top = 0.0
    for bullet in bullets:
        lines = wrapped(f"{_SIGNS[bullet.verdict]} {bullet.label}")
        marks += _bullet_marks(bullet, lines, top)
        top += _LINE * len(lines) + _BELOW
    return frame("bullets", top, names, marks)


def _bullet_marks(bullet: Bullet, lines: Sequence[str], top: float) -> Iterator[Markup]:
    for place, said in enumerate(lines):
        yield text(f"label {bullet.verdict}", 0, top + 16 + place * _LINE, said)
    bar = top + _LINE * len(lines) + 7
    yield text("value", 100, bar + 33, bullet.text)
    if bullet.value is None:
        yield box("none", 0, bar, 100, _BULLET)
    else:
        yield box("track", 0, bar, 100, _BULLET)
        inset = _INSET[bullet.verdict]
        width = bullet.share(bullet.value)
        yield box(f"fill {bullet.verdict}", 0, bar + inset, width, _BULLET - 2 * inset)
    x = bullet.share(bullet.target)
    yield line("target", (x, bar - 3), (x, bar + 17))


def wrapped(label: str) -> list[str]:
    """The label in lines that a phone has room for."""
    return wrap(label, _ROOM) or [""]


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
        quarters: Between which values the middle half lies, where that is drawn.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    median: tuple[float, str]
    quarters: tuple[float, float] | None = None

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
    return frame("dots", foot + _FOOT, names, _dot_marks(dots, axis, foot))


def _dot_marks(dots: Sequence[Dot], axis: Axis, foot: float) -> Iterator[Markup]:
    if axis.quarters is not None:
        low, high = (axis.x(value) for value in axis.quarters)
        yield box("quarters", low, _HEAD - 12, high - low, foot - _HEAD + 12)
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
