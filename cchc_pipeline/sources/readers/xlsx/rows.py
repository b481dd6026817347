"""The rows of a worksheet as a stream: texts of cells at their places, and what is odd about them.

Belongs here: cells and rows, formulas without a kept value, what is hidden. Does not: the parts and
their bounds (``parts``), how numbers read (``contents``), or which rows are a table.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.xlsx.contents import (
    SheetPart,
    Workbook,
    moment_text,
    number_text,
    plain_text,
    run_text,
)
from cchc_pipeline.sources.readers.xlsx.parts import DAMAGE, damaged, local

_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576
_DIGITS = "0123456789"
_TRUE = ("1", "true")
_BOOLEANS = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}
_TEXTS = ("str", "inlineStr")
_SHARING = ("array", "dataTable")
_KINDS: Mapping[str, Callable[[str], str]] = {
    "str": plain_text,
    "inlineStr": str,
    "b": lambda raw: _BOOLEANS.get(raw.strip(), raw),
    "d": lambda raw: moment_text(raw.strip()),
    "e": str.strip,
}


class SheetRow(NamedTuple):
    """A row with something in it.

    Attributes:
        number: As Excel shows it.
        cells: The texts from column A to the last that is not empty.
        unkept: The columns, from 0, whose formula has no kept value.
        is_hidden: Whether Excel hides it, also by a filter.
    """

    number: int
    cells: list[str]
    unkept: tuple[int, ...]
    is_hidden: bool


class Merged(NamedTuple):
    """Cells that are one over several rows: its first and last column from 0, and its last row."""

    left: int
    right: int
    bottom: int
    ref: str


class SheetReader:
    """A worksheet that is read from its start, once; what is hidden is known as far as it is read.

    Attributes:
        hidden_columns: Ranges of hidden columns, from 0, both ends included.
        merged: The ranges of cells that are one over several rows: columns, rows, as written.
    """

    def __init__(self, book: Workbook, sheet: SheetPart) -> None:
        self._book, self._sheet = book, sheet
        self._last, self._count = 0, 0
        self._array_ends: dict[int, int] = {}
        self.hidden_columns: list[tuple[int, int]] = []
        self.merged: list[Merged] = []

    def rows(self) -> Iterator[SheetRow]:
        """The rows that are not empty.

        Raises:
            SourceError: The sheet is damaged, or holds more than is sensible.
        """
        parts = self._book.parts
        for around, element in parts.items(self._sheet.part, 2):
            self._count += 1 + len(element)
            try:
                row = self._row_of(around, element)
            except DAMAGE:
                raise damaged(parts.file) from None
            if self._count > parts.limits.workbook_cells:
                raise self._too_many()
            if row is not None:
                yield row

    def _row_of(self, around: str, element: Element) -> SheetRow | None:
        """The row that an element of the sheet is, unless it is an empty one, or something else."""
        if around == "cols":
            self._note_column(element)
        if around == "mergeCells" and local(element.tag) == "mergeCell":
            self._note_merged(element.get("ref", ""))
        if around != "sheetData":
            return None
        if local(element.tag) != "row":
            raise ValueError("something else than rows")
        row = _Row(self._book, element, self._last)
        row.read(element)
        self._last = row.number
        for column, last in row.arrays:
            self._array_ends[column] = max(last, self._array_ends.get(column, 0))
        if self._array_ends:
            row.add_arrays(self._array_ends)
        if not row.cells and not row.unkept:
            return None
        return SheetRow(row.number, row.cells, tuple(sorted(row.unkept)), row.is_hidden)

    def _note_column(self, column: Element) -> None:
        if column.get("hidden") in _TRUE:
            if len(self.hidden_columns) == _MOST_COLUMNS:
                raise ValueError("more columns than a sheet has")
            first, last = int(column.attrib["min"]) - 1, int(column.attrib["max"]) - 1
            self.hidden_columns.append((max(first, 0), min(last, _MOST_COLUMNS)))

    def _note_merged(self, ref: str) -> None:
        ends = [(end.rstrip(_DIGITS), end[len(end.rstrip(_DIGITS)) :]) for end in ref.split(":")]
        if len(ends) != 2 or not all(row for _, row in ends):
            return
        (left, top), (right, bottom) = ends
        if int(top) < int(bottom):
            self.merged.append(Merged(column_of(left), column_of(right), int(bottom), ref))

    def _too_many(self) -> SourceError:
        most = self._book.parts.limits.workbook_cells
        where = f"{self._book.parts.file}, sheet {self._sheet.shown}"
        todo = "delete what stands below and beside the table, or split the export"
        return SourceError(f"has more than {most:,} cells", where=where, todo=todo)


class _Row:
    """A row while its cells are put into their places."""

    def __init__(self, book: Workbook, row: Element, last: int) -> None:
        self._book = book
        self.number = _row_number(row, last)
        self.is_hidden = row.get("hidden") in _TRUE
        self.cells: list[str] = []
        self.unkept: set[int] = set()
        self.arrays: list[tuple[int, int]] = []

    def read(self, row: Element) -> None:
        """Take the cells of a row: a million rows have twenty million, so steps are few here.

        Raises:
            ValueError: Two are of one address, or one is of another row.
            LookupError: One is of an unknown kind, or refers to what is not there.
        """
        cells, column, number = self.cells, -1, str(self.number)
        if len(row) > _MOST_COLUMNS:
            raise ValueError("more columns than a sheet has")
        for cell in row:
            if local(cell.tag) != "c":
                continue
            address = cell.get("r")
            column = column + 1 if address is None else column_of(address.removesuffix(number))
            if not len(cell) and cell.get("t") != "e":
                continue
            kind = cell.get("t", "n")
            raw, formula = _raw(cell)
            if (formula is not None or kind == "e") and _is_unkept(kind, raw):
                self._add_unkept(column, formula)
                continue
            text = "" if raw is None else self._text(cell, kind, raw)
            if text and column == len(cells):
                cells.append(text)
            elif text:
                self._put(column, text)

    def _text(self, cell: Element, kind: str, raw: str) -> str:
        book = self._book
        if kind == "n":
            return number_text(raw, book.styles[cell.get("s")], book.is_1904)
        return book.texts[raw] if kind == "s" else _KINDS[kind](raw)

    def add_arrays(self, ends: Mapping[int, int]) -> None:
        """Count the empty cells that share a formula without a value.

        Args:
            ends: The last row of such formulas, by column.
        """
        for column, last in ends.items():
            is_empty = column >= len(self.cells) or not self.cells[column]
            if last >= self.number and is_empty:
                self.unkept.add(column)

    def _add_unkept(self, column: int, formula: Element | None) -> None:
        self.unkept.add(column)
        if formula is not None and formula.get("t") in _SHARING and formula.get("ref"):
            self.arrays += self._shared_by(formula)

    def _put(self, column: int, text: str) -> None:
        """Put a text beyond the last, or, where a program wrote cells in odd order, among them."""
        if column >= _MOST_COLUMNS:
            raise ValueError("more columns than a sheet has")
        if column >= len(self.cells):
            self.cells.extend([""] * (column - len(self.cells)))
            self.cells.append(text)
        elif self.cells[column]:
            raise ValueError("two cells of one address")
        else:
            self.cells[column] = text

    def _shared_by(self, formula: Element) -> list[tuple[int, int]]:
        """The columns of the cells that share a formula without a value, with the last row."""
        first, _, last = formula.attrib["ref"].partition(":")
        end = last or first
        left, right = (column_of(address.rstrip(_DIGITS)) for address in (first, end))
        if right - left >= self._book.parts.limits.workbook_columns:
            raise ValueError("a formula over more columns than a table has")
        number = int(end[len(end.rstrip(_DIGITS)) :])
        return [(column, number) for column in range(left, right + 1)]


def _row_number(row: Element, last: int) -> int:
    """Where a row stands: as it says, else as its first cell says, else below the last one.

    Raises:
        ValueError: It stands above the last one, or below every sheet.
    """
    said = row.get("r")
    if said is None:
        address = next((address for cell in row if (address := cell.get("r"))), None)
        said = address and address[len(address.rstrip(_DIGITS)) :]
    number = last + 1 if said is None else int(said)
    if not last < number <= _MOST_ROWS:
        raise ValueError("rows out of order")
    return number


def _raw(cell: Element) -> tuple[str | None, Element | None]:
    """What a cell says, None where it says nothing, and its formula."""
    if len(cell) == 1 and local(cell[0].tag) == "v":
        return cell[0].text or "", None
    raw: str | None = None
    formula = None
    for child in cell:
        tag = local(child.tag)
        if tag == "v":
            raw = (raw or "") + (child.text or "")
        elif tag == "f":
            formula = child
        elif tag == "is":
            raw = (raw or "") + run_text(child)
    return raw, formula


def _is_unkept(kind: str, raw: str | None) -> bool:
    """Whether a formula, or an error, has no value; a kept "" is a value."""
    return raw is None or (kind not in _TEXTS and not raw.strip())


@lru_cache(maxsize=_MOST_COLUMNS)
def column_of(letters: str) -> int:
    """The place of a column from 0.

    Raises:
        ValueError: No sheet has such a column.
    """
    place = 0
    for letter in letters:
        if not "A" <= letter <= "Z" or place > _MOST_COLUMNS:
            raise ValueError("no column")
        place = place * 26 + ord(letter) - ord("A") + 1
    if not 1 <= place <= _MOST_COLUMNS:
        raise ValueError("no column")
    return place - 1


def address_of(column: int, row: int) -> str:
    """A cell's address as Excel shows it: column from 0, row from 1."""
    letters, rest = "", column + 1
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(ord("A") + place) + letters
    return f"{letters}{row}"
