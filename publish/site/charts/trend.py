"""A course over months: a line with its target, its gaps and its breaks.

Belongs here: geometry and marks of this kind of chart. Does not: colours, words, or the choice of
what to draw.

A month without a value interrupts the line. What is provisional is dashed and its dot is hollow.
Nothing is joined across a break: what lies on its two sides was not measured alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from cchc_pipeline.core.period import Month
from publish.site.charts.frame import clamped, dot, frame, line, text

_TOP, _PLOT, _FOOT = 26, 180, 26
_LEFT, _RIGHT = 14.0, 96.0
_LABELS = 5
"""So many months are named below the axis, so that they stand apart on a phone."""
_SPARK_TOP, _SPARK, _SPARK_FOOT = 8, 34, 22


@dataclass(frozen=True)
class Point:
    """A month of the course.

    Args:
        label: The month, short.
        value: The value; None interrupts the line.
        text: Month and value as the reader sees them.
        is_provisional: Whether the value may still change.
        has_break: Whether it was measured otherwise than what lies before it.
    """

    label: str
    value: float | None
    text: str
    is_provisional: bool = False
    has_break: bool = False


@dataclass(frozen=True)
class Scale:
    """The axis.

    Args:
        low: The value at the foot.
        high: The value at the top; above ``low``.
        ticks: Values that are marked, each with its text.
        target: A value that should be reached, with its text; None where there is none.
        note: What is said of an axis that shows a part of the scale only.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    target: tuple[float, str] | None = None
    note: str = ""

    def y(self, value: float, top: float = _TOP, height: float = _PLOT) -> float:
        """Where a value lies, in pixels from the top; inside the plot."""
        share = clamped((value - self.low) / (self.high - self.low), 0.0, 1.0)
        return top + height * (1 - share)


def in_time(given: Sequence[tuple[Month, Point]]) -> list[Point]:
    """Points on a true axis of time: months that lie between them have places, and no values.

    Args:
        given: Months in order, each with its point.
    """
    if not given:
        return []
    by_month = dict(given)
    return [
        by_month.get(m) or Point(month_label(m), None, "") for m in given[0][0].to(given[-1][0])
    ]


def month_label(month: Month) -> str:
    """A month as an axis names it: ``3/24``."""
    return f"{month.month}/{month.year % 100:02d}"


def spark_chart(
    points: Sequence[Point], scale: Scale, names: tuple[str, str, str], ends: tuple[str, str]
) -> Markup:
    """A small line without an axis, which names its two ends.

    Args:
        points: The months in order, those without a value too; the first and the last have one.
        scale: The axis, which is not drawn; its target is.
        names: What it shows, how to read it, and an id that is unique on the page.
        ends: The texts of the first and the last point.
    """
    marks = _spark_marks(points, scale, ends)
    return frame("trend spark", _SPARK_TOP + _SPARK + _SPARK_FOOT, names, marks)


def _spark_marks(points: Sequence[Point], scale: Scale, ends: tuple[str, str]) -> Iterator[Markup]:
    xs = [1 + 98 * place / (len(points) - 1) for place in range(len(points))]
    ys = [
        scale.y(point.value, _SPARK_TOP, _SPARK) if point.value is not None else None
        for point in points
    ]
    if scale.target is not None:
        aim = scale.y(scale.target[0], _SPARK_TOP, _SPARK)
        yield line("target", (1, aim), (99, aim))
    for (x1, y1), (x2, y2) in pairwise(zip(xs, ys, strict=True)):
        if y1 is not None and y2 is not None:
            yield line("course", (x1, y1), (x2, y2))
    for x, y, point in zip(xs, ys, points, strict=True):
        if y is not None:
            kind = "point provisional" if point.is_provisional else "point"
            yield dot(kind, x, y, 3.5, point.text)
    foot = _SPARK_TOP + _SPARK + 18
    yield text("start", 0, foot, ends[0])
    yield text("end last-value", 100, foot, ends[1])


def trend_chart(
    points: Sequence[Point], scale: Scale, names: tuple[str, str, str], last: str = ""
) -> Markup:
    """The course of a figure.

    Args:
        points: The months in order, those without a value too.
        scale: The axis.
        names: The finding, how to read the chart, and an id that is unique on the page.
        last: The text beside the last value.
    """
    return frame("trend", _TOP + _PLOT + _FOOT, names, _marks(points, scale, last))


def _marks(points: Sequence[Point], scale: Scale, last: str) -> Iterator[Markup]:
    yield from _axis(scale)
    yield from _months(points)
    xs = [_x(place, len(points)) for place in range(len(points))]
    for (x1, before), (x2, after) in pairwise(zip(xs, points, strict=True)):
        if after.has_break:
            middle = (x1 + x2) / 2
            yield line("break", (middle, _TOP), (middle, _TOP + _PLOT))
        elif before.value is not None and after.value is not None:
            kind = "course provisional" if after.is_provisional else "course"
            yield line(kind, (x1, scale.y(before.value)), (x2, scale.y(after.value)))
    for x, point in zip(xs, points, strict=True):
        if point.value is not None:
            kind = "point provisional" if point.is_provisional else "point"
            yield dot(kind, x, scale.y(point.value), 4, point.text)
    yield from _last(points, xs, scale, last)


def _axis(scale: Scale) -> Iterator[Markup]:
    for value, said in scale.ticks:
        yield line("grid", (_LEFT, scale.y(value)), (100, scale.y(value)))
        yield text("tick", _LEFT, scale.y(value) + 4, said, -6)
    if scale.note:
        yield text("axis-note", 0, 12, scale.note)
    if scale.target is not None:
        value, said = scale.target
        yield line("target", (_LEFT, scale.y(value)), (100, scale.y(value)))
        above = scale.y(value) - 6 if scale.y(value) > _TOP + 16 else scale.y(value) + 16
        yield text("target-name", _LEFT, above, said, 6)


def _months(points: Sequence[Point]) -> Iterator[Markup]:
    """Some months by name, the first and the last always."""
    count = len(points)
    step = max(1, -(-(count - 1) // (_LABELS - 1)))
    for place in range(count - 1, -1, -step):
        end = "first" if count > 1 and place == 0 else "last" if place == count - 1 else "middle"
        yield text(f"month {end}", _x(place, count), _TOP + _PLOT + 18, points[place].label)


def _last(
    points: Sequence[Point], xs: Sequence[float], scale: Scale, said: str
) -> Iterator[Markup]:
    given = [(x, point) for x, point in zip(xs, points, strict=True) if point.value is not None]
    if given and said:
        x, point = given[-1]
        assert point.value is not None  # noqa: S101 - chosen just above
        side = "end" if x > (_LEFT + _RIGHT) / 2 else "start"
        yield text(f"last-value {side}", x, scale.y(point.value) - 10, said)


def _x(place: int, count: int) -> float:
    return _LEFT + 2 + (_RIGHT - _LEFT - 2) * (place / (count - 1) if count > 1 else 0.5)
