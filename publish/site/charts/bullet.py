"""Targets: how far each has come, and where it should be.

Belongs here: geometry and marks of this kind of chart. Does not: colours, words, or the choice of
what to draw.

Whether a target is attained is told by a sign and a word, not by colour alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from publish.site.charts.frame import box, clamped, frame, line, text

_ROW, _BAR, _ROOM = 68, 14, 38

Verdict = Literal["attained", "behind", "unknown"]
_SIGNS: dict[Verdict, str] = {"attained": "✓", "behind": "✗", "unknown": "?"}


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
    marks = (mark for place, bullet in enumerate(bullets) for mark in _marks(bullet, place * _ROW))
    return frame("bullets", _ROW * len(bullets), names, marks)


def _marks(bullet: Bullet, top: float) -> Iterator[Markup]:
    sign = f"{_SIGNS[bullet.verdict]} "
    yield text(f"label {bullet.verdict}", 0, top + 16, f"{sign}{shortened(bullet.label)}")
    yield text("value", 100, top + 58, bullet.text)
    if bullet.value is None:
        yield box("none", 0, top + 25, 100, _BAR)
    else:
        yield box("track", 0, top + 25, 100, _BAR)
        yield box(f"fill {bullet.verdict}", 0, top + 28, bullet.share(bullet.value), _BAR - 6)
    x = bullet.share(bullet.target)
    yield line("target", (x, top + 22), (x, top + 42))


def shortened(label: str) -> str:
    """The label as far as a phone has room for it."""
    return label if len(label) <= _ROOM else f"{label[: _ROOM - 1].rstrip()}…"
