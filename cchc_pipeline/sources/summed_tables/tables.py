"""A summed table found in a workbook: its columns by what stands above them, its rows as text.

Belongs here: opening XLSX and XLS, the heading rows, merged headings, the row of column numbers,
the block above the table. Does not: judging figures (``judging``), or the words
(``schemas/forms/summed_tables.yaml``).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import python_calamine

from cchc_pipeline.sources.readers.upload_schema import fold_heading
from cchc_pipeline.sources.summed_tables.layout import SummedLayout, summed_layout

Grid = Sequence[Sequence[str]]
_COLUMN_NUMBER = re.compile(r"\(?([0-9]{1,2}|[A-Z])\)?(\s*=.*)?")
_FEWEST = 5
"""The cells that make a row one of column numbers, or one of figures."""


@dataclass(frozen=True)
class SummedRow:
    """A row: its number in the sheet, the texts that may name its unit, its cells by column."""

    number: int
    labels: tuple[str, ...]
    cells: Mapping[str, str]


@dataclass(frozen=True)
class SummedTable:
    """A table of a workbook.

    Attributes:
        form: Its form, as far as the words above it show.
        by_unit: Whether its rows are units; else they are fields of one unit.
        unit: The unit that the block above the table names; empty if it names none.
        period: Month and year that the block names; None if it names none.
        columns: The columns that are known.
        rows: Its rows without the total.
        total: The row of the total; None if there is none.
        is_sample: Whether it says that it is DỮ LIỆU MẪU.
    """

    form: str
    by_unit: bool
    unit: str
    period: tuple[int, int] | None
    columns: frozenset[str]
    rows: tuple[SummedRow, ...]
    total: SummedRow | None
    is_sample: bool


def tables_in(name: str, path: Path) -> tuple[SummedTable, ...]:
    """The summed tables of a workbook, one a sheet.

    Args:
        name: What the file is called.
        path: Its bytes, unpacked.

    Raises:
        SourceError: It is no workbook, or none of its sheets holds such a table.
    """
    layout = summed_layout()
    if path.stat().st_size > layout.limits.bytes:
        raise layout.refusal("size", name)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(path.open("rb"))
        grids = [_grid(book.get_sheet_by_name(sheet), layout) for sheet in book.sheet_names]
    except (python_calamine.CalamineError, OSError, ValueError):
        raise layout.refusal("unreadable", name) from None
    found = [table for grid in grids if (table := _table(grid, name, layout)) is not None]
    if not found:
        raise layout.refusal("no_table", name)
    return tuple(found)


def _grid(sheet: python_calamine.CalamineSheet, layout: SummedLayout) -> Grid:
    most = layout.limits
    rows = sheet.to_python(skip_empty_area=False, nrows=most.rows)
    return [[_text(cell) for cell in row[: most.columns]] for row in rows]


def _text(cell: object) -> str:
    """A cell as text; a broken number keeps the mark of a file's own number."""
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else f"{cell}e0"
    return unicodedata.normalize("NFC", " ".join(str(cell).split()))


def _table(grid: Grid, name: str, layout: SummedLayout) -> SummedTable | None:
    top = next(
        (number for number, row in enumerate(grid[: layout.limits.heading_rows])
         if len({layout.group_of(cell) for cell in row} - {""}) > 1),
        None,
    )  # fmt: skip
    if top is None:
        return None
    end, data = _heading_end(grid, top)
    paths = _paths(grid[top:end])
    columns = {
        place: column for place, path in enumerate(paths) if (column := _column(path, layout))
    }
    units = _labels(paths, layout.unit_headings)
    labels = units or _labels(paths, layout.field_headings)
    if not labels:
        raise layout.refusal("no_label", name)
    block = [cell for row in grid[:top] for cell in row if cell]
    rows = list(_rows(grid, data, labels, columns))
    totals = {fold_heading(word) for word in layout.total}
    total = next((row for row in rows if _is_total(row, totals)), None)
    return SummedTable(
        form=_form(" ".join(block), layout),
        by_unit=bool(units),
        unit=_reporting_unit(block, layout),
        period=_period(" ".join(block), layout),
        columns=frozenset(columns.values()),
        rows=tuple(row for row in rows if not _is_total(row, totals)),
        total=total,
        is_sample=any("DỮ LIỆU MẪU" in cell.upper() for row in grid for cell in row),
    )


def _heading_end(grid: Grid, top: int) -> tuple[int, int]:
    """Where the headings end, and where the rows begin: below the row of column numbers, if any."""
    for number in range(top + 1, len(grid)):
        cells = [cell for cell in grid[number] if cell]
        if len(cells) < _FEWEST:
            continue
        if _are_column_numbers(cells):
            return number, number + 1
        if sum(cell.isdigit() for cell in cells) >= _FEWEST:
            return number, number
    return len(grid), len(grid)


def _are_column_numbers(cells: Sequence[str]) -> bool:
    matches = [_COLUMN_NUMBER.fullmatch(cell) for cell in cells]
    if not all(matches):
        return False
    numbers = [int(match[1]) for match in matches if match and match[1].isdigit()]
    first = numbers[0] if numbers else 0
    return len(numbers) >= _FEWEST and numbers == list(range(first, first + len(numbers)))


def _paths(heading: Grid) -> list[tuple[str, ...]]:
    """The texts above each column, the outermost first; a merged one stands above all it spans."""
    width = max(len(row) for row in heading)
    paths: list[list[str]] = [[] for _ in range(width)]
    for row in heading:
        above = [tuple(path) for path in paths]
        for place in range(width):
            text = row[place] if place < len(row) else ""
            if not text and place and above[place] == above[place - 1]:
                text = paths[place - 1][-1] if len(paths[place - 1]) > len(above[place]) else ""
            paths[place] = [*above[place], *([text] if text else [])]
    return [tuple(path) for path in paths]


def _column(path: Sequence[str], layout: SummedLayout) -> str:
    """What a column is: by its group, the lowest text that names one, and what stands below it."""
    named = [place for place, text in enumerate(path) if layout.group_of(text)]
    if not named:
        return ""
    group, below = layout.group_of(path[named[-1]]), path[named[-1] + 1 :]
    return layout.column_of(group, " ".join(below or path[named[-1] :]))


def _labels(paths: Sequence[Sequence[str]], headings: Sequence[str]) -> list[int]:
    known = {fold_heading(heading) for heading in headings}
    return [place for place, path in enumerate(paths) if {*map(fold_heading, path)} & known]


def _rows(
    grid: Grid, data: int, labels: Sequence[int], columns: Mapping[int, str]
) -> Iterator[SummedRow]:
    """The rows with a figure; of two columns of one meaning the first that is filled counts."""
    for number, row in enumerate(grid[data:], data + 1):
        cells: dict[str, str] = {}
        for place, column in columns.items():
            if place < len(row) and row[place]:
                cells.setdefault(column, row[place])
        said = [row[place] for place in range(max(labels) + 1) if place < len(row) and row[place]]
        named = [row[place] for place in labels if place < len(row) and row[place]]
        if said and any(cell[-1:].isdigit() or cell.endswith("e0") for cell in cells.values()):
            yield SummedRow(number, tuple(named or said), cells)


def _is_total(row: SummedRow, totals: set[str]) -> bool:
    return any(fold_heading(label) in totals for label in row.labels)


def _form(block: str, layout: SummedLayout) -> str:
    fold = fold_heading(block)
    shown = (one.code for one in layout.forms if all(fold_heading(w) in fold for w in one.words))
    return next(shown)


def _reporting_unit(block: Sequence[str], layout: SummedLayout) -> str:
    """What stands behind the words, in their cell or in the next one."""
    known = {fold_heading(word) for word in layout.reporting_unit}
    for cell, after in zip(block, [*block[1:], ""], strict=True):
        head, _, rest = cell.partition(":")
        if fold_heading(head) in known:
            return rest.strip() or after
    return ""


def _period(block: str, layout: SummedLayout) -> tuple[int, int] | None:
    found = re.search(layout.period, block, re.IGNORECASE)
    return (int(found[2]), int(found[1])) if found else None
