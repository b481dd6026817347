"""Sheets of a workbook on paper: A4, as wide as the page, each wrapped text whole.

Belongs here: the set-up of a printed sheet, and how high a row has to be: a program that opens a
workbook which another wrote measures nothing, and cuts what is longer than a line. Does not: what
a sheet holds (``cchc_pipeline.reports``, ``cchc_pipeline.sources.agency_forms.blank``).
"""

from collections.abc import Iterable
from math import ceil, floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_A4 = 9
"""The number of that size of paper in a workbook."""
FONT = {"font_name": "Times New Roman", "font_size": 11}
"""The font of what an office prints; what stands in for it is as wide and as high."""
_LINE, _SPARE, _HIGHEST = 14.0, 2.0, 409.0
"""Points of a line of that font, of the room about a text, and of the highest row there can be."""
_USED = 1.05
"""Letters of that font that surely fit for each digit of a column's width."""
_LOST = 3
"""Letters of a line that a word too many leaves empty."""


def row_height(cells: Iterable[tuple[str, float]]) -> float:
    """How high a row must be for its longest text.

    Args:
        cells: Each text with the width of its column.
    """
    lines = max((_lines(text, width) for text, width in cells), default=1)
    return min(lines * _LINE + _SPARE, _HIGHEST)


def _lines(text: str, width: float) -> int:
    whole = max(floor(width * _USED), 1)
    broken = max(whole - _LOST, 1)
    parts = text.split("\n") if "\n" in text else [text]
    return sum(1 if len(part) <= whole else ceil(len(part) / broken) for part in parts)


def on_a4(sheet: "Worksheet", heading: int | None = None, *, upright: bool = False) -> None:
    """Print a sheet as wide as a page of A4, with the number of each page.

    Args:
        sheet: The sheet.
        heading: The row that each page repeats.
        upright: Whether the page stands, as a letter's does.
    """
    sheet.set_paper(_A4)
    if not upright:
        sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if heading is not None:
        sheet.repeat_rows(heading)
    sheet.set_margins(left=0.6, right=0.5, top=0.6, bottom=0.6)
    sheet.set_footer("&C&P/&N")
