"""Lines of a CSV file to rows of cells, where quotes may be wrong.

Belongs here: which lines a quoted cell spans, quotes that are never closed or escaped by a
backslash, and a last line that is cut off. Does not: finding the heading row (``csv_files``), or
judging a row.

A quoted cell may span lines. Where it swallows lines that look like records, or its end is no end
of a cell, its quote was never closed: then each of these lines is one row that cannot be read.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.headings import CODE, SHORTEST_CODE
from cchc_pipeline.sources.readers.passed_over import Cells, LineRule, Unreadable
from cchc_pipeline.sources.readers.text_relation import BLANKS
from cchc_pipeline.sources.readers.upload_schema import UploadLimits, file_rules

_Lines = Iterator[tuple[int, str]]
_NEAR_WIDTH = 0.8
_FEWEST_CELLS = 4
_MOST_CELLS = 20_000  # Excel has 16,384 columns, and writes a delimiter for each

csv.field_size_limit(1 << 26)  # a line is bounded before; the default of 128 KB is below that


class _OpenError(Exception):
    """A quoted cell does not end where the lines do."""


@dataclass(frozen=True)
class CsvLines:
    """How the lines of a file are cut.

    Attributes:
        file: The dropped file's name.
        delimiter: Stands between cells.
        rule: Tells records from other lines; knows the heading row.
        limits: What is too much.
    """

    file: str
    delimiter: str
    rule: LineRule
    limits: UploadLimits

    @property
    def width(self) -> int:
        """The cells of the heading row."""
        return self.rule.heading.width

    def rows(self, path: Path) -> Iterator[tuple[int, Cells]]:
        """The rows below the heading row, each with the number of the line on which it begins.

        Args:
            path: The plain text.

        Raises:
            SourceError: The text is cut off, or a quote swallows more lines than a cell may have.
        """
        with path.open(encoding="utf-8-sig", newline="") as text:
            lines = enumerate(text, start=1)
            for number, line in lines:
                if number > self.rule.heading.row:
                    yield from self._row(number, line, lines)

    def _row(self, number: int, line: str, more: _Lines) -> Iterator[tuple[int, Cells]]:
        if line.count(self.delimiter) >= _MOST_CELLS:
            yield number, Unreadable(self._cells_fault(line.count(self.delimiter) + 1))
            return
        cells = self.alone(line)
        if cells is None:
            yield from self._joined(number, line, more)
            return
        if not line.endswith(("\n", "\r")) and len(cells) < self.width:
            self._check_end(number, cells)
        yield number, cells

    def alone(self, line: str) -> list[str] | None:
        """The cells of a line, or None where a quoted cell does not end on it."""
        if '"' not in line:
            return line.rstrip("\r\n").split(self.delimiter)
        cells = self._well_formed([line])
        if cells is not None:
            return cells
        try:
            return next(csv.reader(_until_end([line]), delimiter=self.delimiter))
        except _OpenError:
            return None

    def _well_formed(self, lines: Sequence[str]) -> list[str] | None:
        """The cells of lines whose quotes are all doubled, or escaped, and fill the width."""
        for escape in (None, "\\") if '\\"' in "".join(lines) else (None,):
            reader = csv.reader(
                _until_end(lines), delimiter=self.delimiter, escapechar=escape, strict=True
            )
            try:
                cells = next(reader)
            except (csv.Error, _OpenError):
                continue
            if self._fits(cells):
                return cells
        return None

    def _fits(self, cells: Sequence[str]) -> bool:
        beyond = cells[self.width :]
        return len(cells) >= self.width and not any(cell.strip(BLANKS) for cell in beyond)

    def _joined(self, number: int, line: str, more: _Lines) -> Iterator[tuple[int, Cells]]:
        """The row of a quoted cell that spans lines, or each of these lines as unreadable."""
        lines = [line]
        try:
            cells: list[str] | None = next(
                csv.reader(self._taken(number, lines, more), delimiter=self.delimiter)
            )
        except csv.Error:
            raise self._not_closed(number) from None
        except _OpenError:
            cells = None
            self._check_open_end(number, lines)
        well_formed = self._well_formed(lines)
        swallows = any(
            self._is_like_record(taken, is_last=place == len(lines))
            for place, taken in enumerate(lines[1:], start=2)
        )
        if well_formed is not None and not swallows:
            yield number, well_formed
        elif cells is not None and not swallows and self._is_strict(lines):
            yield number, cells
        else:
            words = file_rules().faults.open_quote
            fault = Unreadable(words.format(first=number, last=number + len(lines) - 1))
            for place, taken in enumerate(lines):
                if taken.strip(BLANKS + self.delimiter):
                    yield number + place, fault

    def _taken(self, number: int, lines: list[str], more: _Lines) -> Iterator[str]:
        yield lines[0]
        for _, line in more:
            lines.append(line)
            if len(lines) > self.limits.quoted_lines:
                raise self._not_closed(number)
            yield line
        raise _OpenError

    def _is_strict(self, lines: Sequence[str]) -> bool:
        try:
            next(csv.reader(_until_end(lines), delimiter=self.delimiter, strict=True))
        except (csv.Error, _OpenError):
            return False
        return True

    def _is_like_record(self, line: str, *, is_last: bool) -> bool:
        """Whether a line within a quoted cell looks like a record: a code, or as many cells.

        The last line of an honest cell goes on with the record's other cells, so it counts by its
        code only. A delimiter before a space is one of a sentence, as commas in addresses are.
        """
        bare = line.rstrip("\r\n")
        cells = bare.split(self.delimiter)
        key = self.rule.key
        if key is not None and key < len(cells) and len(cells) >= max(2, self.width // 2):
            text = cells[key].strip(BLANKS)
            code = text[1:-1] if text[:1] == text[-1:] == '"' else text
            if len(code) >= SHORTEST_CODE and CODE.fullmatch(code):
                return True
        near = len(re.split(rf"{re.escape(self.delimiter)}(?! )", bare))
        return not is_last and near >= max(_FEWEST_CELLS, self.width * _NEAR_WIDTH)

    def _check_end(self, number: int, cells: list[str]) -> None:
        """A last line without its end and its cells is cut off, unless it is no record.

        Raises:
            SourceError: It is cut off.
        """
        if self.rule.kind(cells) is None and not self.rule.begins_signature(cells):
            raise self._cut_off(number, len(cells))

    def _check_open_end(self, number: int, lines: Sequence[str]) -> None:
        """A text that ends within a quoted cell is cut off, unless its last line has its cells.

        Raises:
            SourceError: It is cut off.
        """
        last = lines[-1]
        cells = last.count(self.delimiter) + 1
        has_end = last.endswith(("\n", "\r"))
        if cells < self.width or (len(lines) == 1 and not has_end):
            raise self._cut_off(number + len(lines) - 1, cells)

    def _cut_off(self, line: int, cells: int) -> SourceError:
        what = f"is cut off: its last line ends within a record, at cell {cells} of {self.width}"
        todo = "wait until it is copied whole, or export it again"
        return SourceError(what, where=f"{self.file}, line {line}", todo=todo)

    def _not_closed(self, line: int) -> SourceError:
        what = "a quoted cell begins here and does not end"
        todo = 'close it, or remove the "'
        return SourceError(what, where=f"{self.file}, line {line}", todo=todo)

    def _cells_fault(self, cells: int) -> str:
        return file_rules().faults.cells.format(cells=cells, headings=self.width)


def _until_end(lines: Sequence[str]) -> Iterator[str]:
    yield from lines
    raise _OpenError
