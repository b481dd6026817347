"""Shades of a table of units and groups, by how near each score is to its maximum.

Belongs here: the class of a cell. Does not: the table, whose cells carry the scores themselves.
"""

from publish.site.charts.frame import clamped

SHADES = 5


def shade(value: float | None, maximum: float | None) -> str:
    """The class of a cell: ``h0`` far from the maximum to ``h4`` at it; empty without a value."""
    if value is None or not maximum:
        return ""
    return f"h{min(int(clamped(value / maximum, 0, 1) * SHADES), SHADES - 1)}"
