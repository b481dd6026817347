"""Dots on one axis: many units and the middle; targets and how far each has come.

Belongs here: geometry and marks of a plot of dots and of bullets. Does not: colours, words, or the
choice of what to draw (``publish.site.pages``).

Whether a target is attained is told by a sign and a word, not by colour alone.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from publish.site.charts.frame import box, clamped, dot, frame, line, text

_BULLET_ROW, _BULLET, _ROOM = 68, 14, 38

Verdict = Literal["attained", "behind", "unknown"]
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
    marks = (
        mark
        for place, bullet in enumerate(bullets)
        for mark in _bullet_marks(bullet, place * _BULLET_ROW)
    )
    return frame("bullets", _BULLET_ROW * len(bullets), names, marks)


def _bullet_marks(bullet: Bullet, top: float) -> Iterator[Markup]:
    sign = f"{_SIGNS[bullet.verdict]} "
    yield text(f"label {bullet.verdict}", 0, top + 16, f"{sign}{shortened(bullet.label)}")
    yield text("value", 100, top + 58, bullet.text)
    if bullet.value is None:
        yield box("none", 0, top + 25, 100, _BULLET)
    else:
        yield box("track", 0, top + 25, 100, _BULLET)
        yield box(f"fill {bullet.verdict}", 0, top + 28, bullet.share(bullet.value), _BULLET - 6)
    x = bullet.share(bullet.target)
    yield line("target", (x, top + 22), (x, top + 42))


def shortened(label: str) -> str:
    """The label as far as a phone has room for it."""
    return label if len(label) <= _ROOM else f"{label[: _ROOM - 1].rstrip()}…"


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
    return frame("dots", foot + _FOOT, names, _dot_marks(dots, axis, foot))


def _dot_marks(dots: Sequence[Dot], axis: Axis, foot: float) -> Iterator[Markup]:
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
