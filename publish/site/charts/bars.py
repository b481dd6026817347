"""Bars, each against its own maximum.

Belongs here: geometry and marks of this kind of chart. Does not: colours, words, or the choice of
what to draw.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from publish.site.charts.frame import clamped, frame, number

ROW = 48
"""Height of one bar with its line of text, in CSS pixels."""

_TEXT = Markup('<text class="{kind}" x="{x}" y="{y}">{text}</text>')
_RECT = Markup('<rect class="{kind}" x="0" y="{y}" width="{width}%" height="12" rx="2"/>')


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
    return frame("bars", ROW * len(bars), (title, description, identifier), _marks(bars))


def _marks(bars: Iterable[Bar]) -> Iterable[Markup]:
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
