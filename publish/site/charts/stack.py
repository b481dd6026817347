"""Parts of a whole, a bar a row: how what was finished falls into early, on time, late.

Belongs here: geometry and marks of this kind of chart. Does not: colours, words, or the choice of
what to draw.

The parts differ by class and stand in one order everywhere; their counts are written on them where
there is room, so that colour is not their only mark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publish.site.charts.frame import box, frame, text

_ROW, _BAR, _KEY = 46, 22, 22
_ROOM = 9.0
"""The narrowest part, in per cent of the width, on which its count can be read on a phone."""


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
    return frame("stack", top + _ROW * len(rows), names, _marks(rows, key, top))


def _marks(rows: Sequence[Stack], key: Sequence[tuple[str, str]], top: float) -> Iterator[Markup]:
    for place, (kind, name) in enumerate(key):
        y = _KEY * place
        yield Markup('<rect class="part {}" x="0" y="{}" width="12" height="12"/>').format(
            kind, y + 3
        )
        yield text("name", 0, y + 14, name, 18)
    for place, row in enumerate(rows):
        yield from _row(row, top + place * _ROW)


def _row(row: Stack, top: float) -> Iterator[Markup]:
    yield text("label", 0, top + 14, row.label)
    yield text("note", 100, top + 14, row.note)
    whole = sum(part.count for part in row.parts)
    if not whole:
        yield box("none", 0, top + 20, 100, _BAR)
    x = 0.0
    for part in row.parts if whole else ():
        width = 100 * part.count / whole
        if width:
            yield box(f"part {part.kind}", x, top + 20, width, _BAR, part.said)
        if width >= _ROOM:
            yield text(f"count {part.kind}", x + width / 2, top + 36, part.text)
        x += width
