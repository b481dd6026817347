"""XLSX workbooks: every sheet with a heading row, cell by cell, as texts.

Belongs here: which sheets are tables, and the text of a cell. Does not: whether the file is a sound
workbook (``unpacking``), or what a text means.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
)

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.record_files.delimited import no_heading
from cchc_pipeline.sources.record_files.heading_row import HeadingRow, find_heading
from cchc_pipeline.sources.record_files.record_form import Limits, RecordForm, check_match
from cchc_pipeline.sources.record_files.staged_rows import Staging, stage_rows
from cchc_pipeline.sources.record_files.text_relation import Spelling, TextRelation
from cchc_pipeline.sources.record_files.unpacking import check_workbook

_LARGEST_WHOLE = 1e15


def read_workbook(
    file: str, path: Path, form: RecordForm, scratch: Path, limits: Limits
) -> list[TextRelation]:
    """The tables of a workbook, one a sheet with a heading row.

    Args:
        file: The dropped file's name.
        path: The workbook.
        form: The record's form.
        scratch: The folder for the rows.
        limits: What is too much.

    Raises:
        SourceError: It is damaged, has a password, or no sheet has a heading row that fits.
    """
    errors = check_workbook(file, path, limits)
    try:
        with path.open("rb") as content, CalamineWorkbook.from_filelike(content) as workbook:
            return _tables(file, workbook, form, scratch / f"{path.name[:24]}", errors, limits)
    except PasswordError:
        todo = "save it without a password"
        raise SourceError("has a password", where=file, todo=todo) from None
    except CalamineError:
        todo = "open it in Excel and save it again as XLSX"
        raise SourceError("is a damaged workbook", where=file, todo=todo) from None


def cell_text(cell: object) -> str:
    """The text of a cell: a whole number as digits, another marked by an exponent (``1.5e0``).

    A date, and a moment at midnight, become ``YYYY-MM-DD``, which is how Excel keeps both.
    """
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return float_text(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return cell.date().isoformat() if midnight else cell.isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def float_text(number: float) -> str:
    """The text of a floating number: digits where it is whole, else marked by an exponent."""
    if number.is_integer() and abs(number) < _LARGEST_WHOLE:
        return str(int(number))
    text = repr(number)
    return text if "e" in text or "n" in text else f"{text}e0"


def _tables(
    file: str,
    workbook: CalamineWorkbook,
    form: RecordForm,
    stem: Path,
    errors: int,
    limits: Limits,
) -> list[TextRelation]:
    names = [
        sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    headings, first_text = {}, ""
    for name in names:
        rows = list(islice(_rows(workbook.get_sheet_by_name(name)), limits.heading_rows))
        first_text += " ".join(cell for _, cells in rows for cell in cells)
        heading = find_heading(rows, form)
        if heading is not None:
            headings[name] = heading
    if not headings:
        raise no_heading(file, first_text[:20_000], form, limits)
    tables = [
        _table(file, sheet, workbook, heading, form, stem.with_name(f"{stem.name}.{place}.parquet"))
        for place, (sheet, heading) in enumerate(headings.items())
    ]
    return _noted(tables, names, list(headings), errors)


def _table(
    file: str,
    sheet: str,
    workbook: CalamineWorkbook,
    heading: HeadingRow,
    form: RecordForm,
    path: Path,
) -> TextRelation:
    check_match(heading.match, form, f"{file}, sheet {sheet}, row {heading.row}")
    rows = islice(_rows(workbook.get_sheet_by_name(sheet)), heading.row, None)
    return stage_rows(Staging(file, sheet, form, heading, path, Spelling()), rows)


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows of a sheet by the numbers that Excel shows."""
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, [cell_text(cell) for cell in cells]


def _noted(
    tables: list[TextRelation], names: Sequence[str], read: Sequence[str], errors: int
) -> list[TextRelation]:
    """The tables, the first with what is to be said of the workbook."""
    others = [name for name in names if name not in read]
    notes = [f"sheet {name} has no heading row and was not read" for name in others]
    if errors:
        notes.append(f"{errors} cells hold an error such as #N/A and were read as empty")
    first, *rest = tables
    sheet = first.sheet if rest else None
    return [_with_notes(first, sheet, tuple(notes)), *rest]


def _with_notes(table: TextRelation, sheet: str | None, notes: tuple[str, ...]) -> TextRelation:
    return TextRelation(**{**vars(table), "sheet": sheet, "notes": table.notes + notes})
