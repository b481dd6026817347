"""What every chart shares: its frame, and marks placed by shares of the width.

Belongs here: the SVG element with its names for those who do not see it, texts, lines, boxes. Does
not: any kind of chart.

Positions across are shares of the width in per cent and those down are CSS pixels; there is no view
box: text keeps its size on a phone while the drawing gives way.
"""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape

_FRAME = Markup(
    '<svg class="{kind}" role="img" width="100%" height="{height}" '
    'aria-labelledby="{id}-t {id}-d" xmlns="http://www.w3.org/2000/svg">'
    '<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>{marks}</svg>'
)


_FLAT = 0.02
"""An axis is no finer than this share of its values: what hardly moves looks so."""
_MOST_TICKS = 6


def frame(kind: str, height: float, names: tuple[str, str, str], marks: Iterable[Markup]) -> Markup:
    """A chart.

    Args:
        kind: Its class, by which the style sheet colours it.
        height: In CSS pixels.
        names: What it shows as a finding, how to read it, and an id that is unique on the page.
        marks: What is drawn, from back to front.
    """
    title, description, identifier = names
    return _FRAME.format(
        kind=kind, height=number(height), id=identifier, title=title, description=description,
        marks=Markup("").join(marks),
    )  # fmt: skip


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def text(kind: str, x: float, y: float, said: str, shift: float = 0) -> Markup:
    """A text.

    Args:
        kind: Its class.
        x: In per cent of the width.
        y: The base line, in pixels.
        said: What it says.
        shift: Pixels to the right of ``x``.
    """
    moved = f' dx="{number(shift)}"' if shift else ""
    return _mark(f'<text class="{kind}" x="{number(x)}%" y="{number(y)}"{moved}>', said, "</text>")


def line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> Markup:
    """A line between two points, each in per cent across and pixels down."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{number(x1)}%" y1="{number(y1)}" x2="{number(x2)}%" y2="{number(y2)}"'
    return _mark(f'<line class="{kind}" {ends}/>')


def box(kind: str, x: float, y: float, width: float, height: float, said: str = "") -> Markup:
    """A box; ``x`` and ``width`` in per cent, ``said`` is what a pointer that rests on it reads."""
    size = f'width="{number(width)}%" height="{number(height)}"'
    drawn = f'<rect class="{kind}" x="{number(x)}%" y="{number(y)}" {size}'
    if not said:
        return _mark(f"{drawn}/>")
    return _mark(f"{drawn}><title>", said, "</title></rect>")


def dot(kind: str, x: float, y: float, radius: float, said: str) -> Markup:
    """A dot; ``said`` is what a pointer that rests on it reads."""
    place = f'cx="{number(x)}%" cy="{number(y)}" r="{number(radius)}"'
    return _mark(f'<circle class="{kind}" {place}><title>', said, "</title></circle>")


def _mark(begin: str, said: str = "", end: str = "") -> Markup:
    """A mark of our own numbers and class names, with a text from anywhere: that is escaped."""
    return Markup(f"{begin}{escape(said)}{end}")  # noqa: S704


def clamped(value: float, low: float, high: float) -> float:
    """The value, or the nearer end where it lies outside."""
    return min(max(value, low), high)


def round_ends(
    values: Sequence[float], low: float | None = None, high: float | None = None
) -> tuple[float, float, tuple[float, ...]]:
    """An axis that shows how values differ: round numbers beyond both ends, and its ticks.

    Args:
        values: What is drawn.
        low: What the axis must not fall below, where there is such a value.
        high: What it must not pass.
    """
    least, most = min(values, default=0.0), max(values, default=1.0)
    step = _step(max(most - least, _FLAT * max(abs(most), abs(least), 1.0)))
    start, end = floor(least / step) * step, ceil(most / step) * step
    start -= step if start == end else 0
    end += step if most == end and (high is None or end < high) else 0
    start = start if low is None else max(start, low)
    end = end if high is None else max(min(end, high), start + step)
    count = round((end - start) / step)
    ticks = (start, *(round(start + step * n, 6) for n in range(1, count)), end)
    return start, end, ticks if len(ticks) <= _MOST_TICKS else (*ticks[:-1:2], end)


def _step(span: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … by which a span takes at most four steps."""
    size = 10.0 ** floor(log10(span / 4))
    return next(size * part for part in (1, 2, 5, 10) if size * part * 4 >= span * 0.999)
