"""Bars: against their own maximum, in parts of a whole, and shades of a table.

Belongs here: geometry and marks of bars and stacks, and the class of a shaded cell. Does not:
colours, words, or the choice of what to draw (``publish.site.pages``).

The parts of a stack differ by class and stand in one order everywhere; their counts are written on
them where there is room, so that colour is not their only mark.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publish.site.charts.frame import box, clamped, frame, number, text

SHADES = 5
ROW = 48
"""Height of one bar with its line of text, in CSS pixels."""
_TEXT = Markup('<text class="{kind}" x="{x}" y="{y}">{text}</text>')
_RECT = Markup('<rect class="{kind}" x="0" y="{y}" width="{width}%" height="12" rx="2"/>')
_STACK_ROW, _STACK, _KEY = 46, 22, 22
_ROOM = 9.0
"""The narrowest part, in per cent of the width, on which its count can be read on a phone."""


def shade(value: float | None, maximum: float | None) -> str:
    """The class of a cell: ``h0`` far from the maximum to ``h4`` at it; empty without a value."""
    if value is None or not maximum:
        return ""
    return f"h{min(int(clamped(value / maximum, 0, 1) * SHADES), SHADES - 1)}"


@dataclass(frozen=True)
class Bar:
    """One bar: a value against its own maximum.

    Args:
        label: What is measured.
        value: The value, or None where there is none: then no bar is drawn, only ``text``.
        maximum: What the full width stands for; above 0.
        text: The value as the reader sees it.
    """

    label: str
    value: float | None
    maximum: float
    text: str

    @property
    def share(self) -> float | None:
        """The part of the width that is filled, in per cent from 0 to 100."""
        if self.value is None or self.maximum <= 0:
            return None
        return clamped(100 * self.value / self.maximum, 0.0, 100.0)


def bar_chart(bars: Sequence[Bar], title: str, description: str, identifier: str) -> Markup:
    """Horizontal bars, each as long as its share of its maximum.

    Args:
        bars: The bars from top to bottom.
        title: What the chart shows, as a finding.
        description: How to read it, for those who do not see it.
        identifier: Unique on the page; an HTML id.
    """
    return frame("bars", ROW * len(bars), (title, description, identifier), _bar_marks(bars))


def _bar_marks(bars: Iterable[Bar]) -> Iterable[Markup]:
    for place, bar in enumerate(bars):
        top = place * ROW
        yield _text("0", top + 17, "label", bar.label)
        yield _text("100%", top + 17, "value", bar.text)
        share = bar.share
        yield _track(top + 25, "track" if share is not None else "track none", 100.0)
        if share:
            yield _track(top + 25, "fill", share)


def _text(x: str, y: int, kind: str, text: str) -> Markup:
    return _TEXT.format(kind=kind, x=x, y=y, text=text)


def _track(y: int, kind: str, share: float) -> Markup:
    return _RECT.format(kind=kind, y=y, width=number(share))


@dataclass(frozen=True)
class Part:
    """A part of a row.

    Args:
        kind: Its class, the same in every row.
        count: How many.
        text: The count as the reader sees it.
        said: Name and count, for a pointer that rests on it.
    """

    kind: str
    count: float
    text: str
    said: str


@dataclass(frozen=True)
class Stack:
    """A row.

    Args:
        label: What it is of.
        note: What is said at its end.
        parts: Its parts in order; nothing is drawn where they are all 0.
    """

    label: str
    note: str
    parts: tuple[Part, ...]


def stack_chart(
    rows: Sequence[Stack], key: Sequence[tuple[str, str]], names: tuple[str, str, str]
) -> Markup:
    """Rows of parts, each row as wide as all others.

    Args:
        rows: From top to bottom.
        key: Class and name of each kind of part, in their order.
        names: The finding, how to read the chart, and an id that is unique on the page.
    """
    top = _KEY * len(key) + 8
    return frame("stack", top + _STACK_ROW * len(rows), names, _stack_marks(rows, key, top))


def _stack_marks(
    rows: Sequence[Stack], key: Sequence[tuple[str, str]], top: float
) -> Iterator[Markup]:
    for place, (kind, name) in enumerate(key):
        y = _KEY * place
        yield Markup('<rect class="part {}" x="0" y="{}" width="12" height="12"/>').format(
            kind, y + 3
        )
        yield text("name", 0, y + 14, name, 18)
    for place, row in enumerate(rows):
        yield from _row(row, top + place * _STACK_ROW)


def _row(row: Stack, top: float) -> Iterator[Markup]:
    yield text("label", 0, top + 14, row.label)
    yield text("note", 100, top + 14, row.note)
    whole = sum(part.count for part in row.parts)
    if not whole:
        yield box("none", 0, top + 20, 100, _STACK)
    x = 0.0
    for part in row.parts if whole else ():
        width = 100 * part.count / whole
        if width:
            yield box(f"part {part.kind}", x, top + 20, width, _STACK, part.said)
        if width >= _ROOM:
            yield text(f"count {part.kind}", x + width / 2, top + 36, part.text)
        x += width
