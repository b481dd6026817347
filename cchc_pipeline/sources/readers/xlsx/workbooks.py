"""XLSX workbooks of records: every sheet with a heading row is a table.

Belongs here: which sheets are tables, what of a sheet is in its table, and what is told of the
rest. Does not: opening a workbook (``parts``), or the text of a cell (``rows``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import visible
from cchc_pipeline.sources.readers.headings import HeadingRow, find_heading, no_heading
from cchc_pipeline.sources.readers.staged_rows import Staging, stage_rows
from cchc_pipeline.sources.readers.text_relation import Spelling, TextRelation
from cchc_pipeline.sources.readers.upload_schema import (
    UploadLimits,
    UploadSchema,
    check_match,
    file_rules,
)
from cchc_pipeline.sources.readers.xlsx.contents import (
    SheetPart,
    Workbook,
    open_workbook,
    since_1900,
)
from cchc_pipeline.sources.readers.xlsx.rows import SheetReader, SheetRow, address_of

_UNKEPT = "=?"
"""Stands for a formula without a kept value: a line of such cells is no blank one."""
_NAMED_CELLS = 3
_FIRST_TEXT = 20_000


def read_workbook(
    file: str, path: Path, upload: UploadSchema, scratch: Path, limits: UploadLimits
) -> list[TextRelation]:
    """The tables of a workbook, one a sheet with a heading row.

    Args:
        file: The dropped file's name.
        path: The workbook.
        upload: The record's upload schema.
        scratch: The folder for the rows.
        limits: What is too much.

    Raises:
        SourceError: It is damaged, has a password, or no sheet has a heading row that fits.
    """
    with path.open("rb") as content, open_workbook(file, content, limits) as book:
        return _tables(book, upload, scratch / path.name[:24])


def _tables(book: Workbook, upload: UploadSchema, stem: Path) -> list[TextRelation]:
    file, limits = book.parts.file, book.parts.limits
    found, others, first_text = [], [], ""
    for sheet in book.sheets:
        rows = _first_rows(book, sheet)
        first_text += " ".join(cell for row in rows for cell in row.cells)[:_FIRST_TEXT]
        heading = find_heading(((row.number, row.cells) for row in rows), upload)
        if heading is None:
            others.append(sheet)
            continue
        _check_width(book, sheet, rows, heading)
        found.append(_Table(book, sheet, upload, heading))
    if not found:
        raise no_heading(file, first_text[:_FIRST_TEXT], upload, limits)
    paths = (stem.with_name(f"{stem.name}.{place}.parquet") for place in range(len(found)))
    tables = [table.stage(path) for table, path in zip(found, paths, strict=True)]
    notes = tuple(f"sheet {sheet.shown} has no heading row and was not read" for sheet in others)
    first, *rest = tables
    sheet_name = first.sheet if rest else None
    return [replace(first, sheet=sheet_name, notes=first.notes + notes), *rest]


def _first_rows(book: Workbook, sheet: SheetPart) -> list[SheetRow]:
    most = book.parts.limits.heading_rows
    return list(takewhile(lambda row: row.number <= most, SheetReader(book, sheet).rows()))


def _check_width(
    book: Workbook, sheet: SheetPart, rows: Sequence[SheetRow], heading: HeadingRow
) -> None:
    """Refuse headings far to the right, which would be passed over in silence."""
    width = next(len(row.cells) for row in rows if row.number == heading.row)
    if width > book.parts.limits.workbook_columns:
        where = f"{book.parts.file}, sheet {sheet.shown}, cell {address_of(width - 1, heading.row)}"
        raise SourceError("stands far beside the table", where=where, todo="delete that cell")


@dataclass
class _Table:
    """A sheet that is a table, and what is found in it besides while it is read."""

    book: Workbook
    sheet: SheetPart
    upload: UploadSchema
    heading: HeadingRow
    faults: dict[int, str] = field(default_factory=dict)
    hidden_rows: int = 0
    beside: list[str] = field(default_factory=list)

    def stage(self, path: Path) -> TextRelation:
        """Write the rows to a scratch file.

        Raises:
            SourceError: The sheet is damaged, or its columns do not fit the schema.
        """
        file, name = self.book.parts.file, self.sheet.shown
        check_match(
            self.heading.match, self.upload, f"{file}, sheet {name}, row {self.heading.row}"
        )
        reader = SheetReader(self.book, self.sheet)
        staging = Staging(
            file, name, self.upload, self.heading, path, Spelling(), faults=self.faults
        )  # fmt: skip
        table = stage_rows(staging, self._rows(reader))
        return replace(table, notes=table.notes + tuple(self._notes(reader)))

    def _rows(self, reader: SheetReader) -> Iterator[tuple[int, Sequence[str]]]:
        """The rows below the heading row, as wide as that; what stands beside them is counted."""
        width, columns = self.heading.width, set(self.heading.match.columns.values())
        moments = self._moments()
        for number, cells, unkept, is_hidden in reader.rows():
            if number <= self.heading.row:
                continue
            self.hidden_rows += is_hidden and any(cells[:width])
            if len(cells) > width:
                self._note_beside(number, cells, width)
            row = cells[:width] + [""] * (width - len(cells))
            for place in moments:
                row[place] = since_1900(row[place])
            if unkept and not columns.isdisjoint(unkept):
                self.faults[number] = _fault(number, [c for c in unkept if c in columns])
                for place in columns.intersection(unkept):
                    row[place] = _UNKEPT
            yield number, row

    def _moments(self) -> tuple[int, ...]:
        """The columns whose plain numbers are days since 1904."""
        columns = self.heading.match.columns
        if not self.book.is_1904:
            return ()
        return tuple(columns[name] for name in self.upload.moments if name in columns)

    def _note_beside(self, number: int, cells: Sequence[str], width: int) -> None:
        filled = (place for place in range(width, len(cells)) if cells[place])
        self.beside += [
            address_of(place, number) if len(self.beside) < _NAMED_CELLS else "" for place in filled
        ]

    def _notes(self, reader: SheetReader) -> Iterator[str]:
        name = self.sheet.shown
        if self.sheet.is_hidden:
            yield f"sheet {name} is hidden and was read"
        if self.hidden_rows:
            yield f"{self.hidden_rows} hidden rows of sheet {name} were read"
        width = self.heading.width
        hidden = {
            place
            for first, last in reader.hidden_columns
            for place in range(max(first, 0), min(last + 1, width))
        }
        if hidden:
            yield f"{len(hidden)} hidden columns of sheet {name} were read"
        yield from self._merged_notes(reader)
        if self.beside:
            yield (
                f"{len(self.beside)} cells of sheet {name} stand beside the table, such as"
                f" {self.beside[0]}, and were not read"
            )

    def _merged_notes(self, reader: SheetReader) -> Iterator[str]:
        """Cells of the table that are one over several rows: below the first they are empty."""
        columns = self.heading.match.columns.values()
        inside = [
            merged.ref
            for merged in reader.merged
            if merged.bottom > self.heading.row
            and any(merged.left <= column <= merged.right for column in columns)
        ]
        if inside:
            yield file_rules().notes.merged.format(count=len(inside), first=visible(inside[0]))


def _fault(row: int, columns: Sequence[int]) -> str:
    named = ", ".join(address_of(column, row) for column in columns[:_NAMED_CELLS])
    cells = f"{named}, …" if len(columns) > _NAMED_CELLS else named
    return file_rules().faults.formula.format(cells=f"ô {cells}")
