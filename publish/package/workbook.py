"""A table as an Excel workbook, the product for people who open files in Excel.

Belongs here: sheets, headings, number formats, how they print, the introduction and the code list
sheet. Does not: CSV, JSON, Parquet (``formats``), or the workbook of a month (``month_workbook``).
xlsxwriter with a fixed creation time is byte-stable.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import python_calamine
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from cchc_pipeline.contracts import Contract, Field
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import CheckFailedError
from publish.model import Draft
from publish.package.formats import Rows, cell_text, distinct, filled, require_columns

INTRODUCTION = "Giới thiệu"
CODE_SHEET = "Danh mục mã"
_TYPES = {"number": "#,##0.00", "integer": "#,##0", "date": "dd/mm/yyyy"}
_UNGROUPED_BELOW = 10_000
_A4 = 9
"""The number of that size of paper in a workbook."""


def to_xlsx(table: pa.Table, contract: Contract, draft: Draft) -> bytes:
    """A workbook of three sheets: what it is, the table, the codes in it.

    xlsxwriter writes the first cell of each distinct value of a column, which takes a fraction of
    the time that all cells take; the others are these again in their places. The bytes are those
    that it would have written.

    Args:
        table: The table, in its order.
        contract: Its contract: headings, types, codes.
        draft: The release that it belongs to; its moment is the workbook's time of creation.
    """
    columns = [distinct(column) for column in table.columns]
    firsts = [np.unique(places, return_index=True)[1].tolist() for _, places in columns]
    written = sorted({row for rows in firsts for row in rows} | {*range(table.num_rows)[-1:]})
    place = {row: number for number, row in enumerate(written)}
    sparse = workbook_of(_first_cells(columns, firsts, place), len(written), contract, draft)
    forms_at = [[place[row] for row in rows] for rows in firsts]
    return _filled_up(sparse, columns, forms_at) if table.num_rows else sparse


Column = tuple[list[Any], list[int]]
"""The distinct values of a column, and which of them each row has."""
Cells = Iterable[tuple[int, int, Any]]
"""Row and column from 0, the heading not counted, and the value; by rows, then by columns."""


def _first_cells(
    columns: Sequence[Column], firsts: Sequence[Sequence[int]], place: Mapping[int, int]
) -> Cells:
    """Each value of each column where it comes first, and the last row, which ends the table.

    Args:
        columns: The columns.
        firsts: For each column, the rows in which its values come first.
        place: The rows that have such a cell, moved together: their new numbers.
    """
    cells = {(row, number) for number, rows in enumerate(firsts) for row in rows}
    last = {(row, number) for row in list(place)[-1:] for number in range(len(columns))}
    for row, number in sorted(cells | last):
        values, positions = columns[number]
        yield place[row], number, values[positions[row]]


def workbook_of(cells: Cells, rows: int, contract: Contract, draft: Draft) -> bytes:
    """The workbook with these cells of the table.

    Args:
        cells: The cells that are written.
        rows: How many rows the table has.
        contract: Its contract.
        draft: The release that it belongs to.
    """
    out = io.BytesIO()
    nothing_guessed = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(out, {"in_memory": True, **nothing_guessed})
    created = draft.published_at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": contract.title.vi, "created": created})
    _introduction(book, contract, draft)
    print_on_a4(_table_sheet(book, cells, rows, contract), contract, draft)
    _code_sheet(book, contract)
    book.close()
    return out.getvalue()


_SHEET, _TEXTS = "xl/worksheets/sheet2.xml", "xl/sharedStrings.xml"
_TABLE = "xl/tables/table1.xml"
_CELL = re.compile(r'<c r="([A-Z]+)(\d+)"([^>]*/>|[^>]*>.*?</c>)')
_BODY = re.compile(r'<row r="2" .*(?=</sheetData>)')
_COUNT = re.compile(r'(?<= count=")\d+')
_RANGE = re.compile(r'(?<= ref=")(A1:[A-Z]+)\d+(?=")')
_IS_TEXT = ' t="s"'
_HEAD = 200
_PLAIN = re.compile(rb'<\?xml version="1\.0" encoding="UTF-8"[^<>]*\?>\s*<[A-Za-z]')
"""How each part of ours begins: no document type between the declaration and the root element."""


def _filled_up(
    sparse: bytes, columns: Sequence[Column], forms_at: Sequence[Sequence[int]]
) -> bytes:
    """The workbook with every cell of the table, out of one with the first cells.

    Args:
        sparse: The workbook with the first cells, their rows moved together.
        columns: The columns of the whole table.
        forms_at: For each column, the rows of ``sparse`` that have its distinct values.
    """
    book, out = zipfile.ZipFile(io.BytesIO(sparse)), io.BytesIO()
    parts = {entry.filename: book.read(entry).decode("utf-8") for entry in book.infolist()}
    sheet = parts[_SHEET]
    body = _BODY.search(sheet)
    if body is None:
        raise ValueError(f"{_SHEET} has no rows")
    forms = _forms(body[0], forms_at)
    more = _texts(forms, columns) - body[0].count(_IS_TEXT)
    lines = _row_lines(forms, columns)
    parts[_SHEET] = "".join(
        (_stretched(sheet[: body.start()], columns), *lines, sheet[body.end() :])
    )
    parts[_TABLE] = _stretched(parts[_TABLE], columns)
    parts[_TEXTS] = _COUNT.sub(lambda count: str(int(count[0]) + more), parts[_TEXTS], count=1)
    with zipfile.ZipFile(out, "w") as whole:
        for entry in book.infolist():
            head = zipfile.ZipInfo(entry.filename, entry.date_time)
            head.compress_type = entry.compress_type
            whole.writestr(head, parts[entry.filename].encode("utf-8"))
    return out.getvalue()


def _stretched(part: str, columns: Sequence[Column]) -> str:
    """A part in which the table's range reaches its last row."""
    return _RANGE.sub(rf"\g<1>{len(columns[0][1]) + 1}", part)


def _forms(body: str, forms_at: Sequence[Sequence[int]]) -> list[list[str]]:
    """For each column, how each of its distinct values is written after the name of its cell."""
    written = {(letters, int(row)): form for letters, row, form in _CELL.findall(body)}
    return [
        [written[letters, row + 2] for row in rows]
        for letters, rows in zip(_letters(forms_at), forms_at, strict=True)
    ]


def _letters(columns: Sequence[Any]) -> list[str]:
    return [xl_col_to_name(number) for number in range(len(columns))]


def _texts(forms: Sequence[Sequence[str]], columns: Sequence[Column]) -> int:
    """How many cells hold text."""
    return sum(
        sum(filled([_IS_TEXT in form for form in written], positions))
        for written, (_, positions) in zip(forms, columns, strict=True)
    )


def _row_lines(forms: Sequence[Sequence[str]], columns: Sequence[Column]) -> Iterator[str]:
    """The rows of the sheet, the first below the heading."""
    cells = "".join(f'<c r="{letters}%d"%s' for letters in _letters(columns))
    row = f'<row r="%d" spans="1:{len(columns)}">{cells}</row>'
    numbers = range(2, len(columns[0][1]) + 2)
    parts = [
        part
        for written, (_, positions) in zip(forms, columns, strict=True)
        for part in (numbers, filled(written, positions))
    ]
    return map(row.__mod__, zip(numbers, *parts, strict=True))


def from_xlsx(content: bytes, contract: Contract) -> Rows:
    """Read the table's sheet back; a number written as text stays text, so that it is noticed.

    Raises:
        CheckFailedError: The headings are not those of the contract, or a part declares entities.
    """
    _require_plain_parts(content)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    heading, *rows = book.get_sheet_by_name(_sheet_name(contract)).to_python() or [[]]
    names = dict(zip(contract.headings("vi"), (f.name for f in contract.fields), strict=True))
    require_columns((names.get(str(text), str(text)) for text in heading), contract)
    columns = list(zip(*rows, strict=True)) or [()] * len(contract.fields)
    cells = zip(*map(_read_column, columns, contract.fields), strict=True)
    return [row for row in cells if any(value is not None for value in row)]


def _require_plain_parts(content: bytes) -> None:
    """Refuse a part that does not begin with its root element: entities are declared before it.

    What expands or fetches them would show each reader another table.
    """
    book = zipfile.ZipFile(io.BytesIO(content))
    for entry in book.infolist():
        with book.open(entry) as part:
            if not _PLAIN.match(part.read(_HEAD)):
                raise CheckFailedError("is not safe to read", where=entry.filename)


def _read_column(cells: Sequence[Any], field: Field) -> list[Any]:
    """A column's values, each distinct one read once; 1 and true, which are equal, are not one."""
    if bool in set(map(type, cells)):
        return [_cell(value, field.type) for value in cells]
    values = {value: _cell(value, field.type) for value in set(cells)}
    return list(map(values.__getitem__, cells))


def _cell(value: Any, kind: str) -> Any:
    """Excel has one type of number, and neither empty cells nor moments with a zone."""
    if value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        whole = kind == "integer" and float(value).is_integer()
        return int(value) if whole else float(value)
    if kind == "datetime" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _sheet_name(contract: Contract) -> str:
    return contract.table[:31]


def _introduction(book: Workbook, contract: Contract, draft: Draft) -> None:
    sheet, bold = book.add_worksheet(INTRODUCTION), book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for number, (name, text) in enumerate(_introduction_lines(contract, draft)):
        sheet.write_string(number, 0, name, bold)
        sheet.write_string(number, 1, text, wrap)


def _introduction_lines(contract: Contract, draft: Draft) -> Iterable[tuple[str, str]]:
    words = read_yaml("pages/workbook.yaml")["vi"]
    if draft.is_sample:
        yield words["notice"], words["sample"]
    yield words["table"], contract.title.vi
    yield words["description"], contract.description.vi
    yield words["release"], f"{draft.id} ({draft.version})"
    yield words["published_at"], draft.published_text
    yield words["publisher"], draft.identity.publisher
    yield words["license"], draft.terms.name.vi
    yield words["basis"], contract.basis
    for field in contract.fields:
        yield field.title.vi, f"{field.name} – {field.description.vi} [{field.unit.vi}]"


def print_on_a4(sheet: Worksheet, contract: Contract, draft: Draft) -> None:
    """Print a sheet as wide as a page of A4 across, its heading on each page, with what it is."""
    words = read_yaml("pages/workbook.yaml")["vi"]
    mark = f"&C&B{words['mark']}" if draft.is_sample else ""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{contract.title.vi.replace('&', '&&')}{mark}&R{draft.id}")
    sheet.set_footer(f"&L{words['page']} &P/&N&R{draft.published_text[:10]}")


def _table_sheet(book: Workbook, cells: Cells, rows: int, contract: Contract) -> Worksheet:
    sheet = book.add_worksheet(_sheet_name(contract))
    codes = {number_format(field) for field in contract.fields}
    formats = {code: book.add_format({"num_format": code}) for code in sorted(codes)}
    columns = [
        {"header": heading, "format": formats[number_format(field)]}
        for heading, field in zip(contract.headings("vi"), contract.fields, strict=True)
    ]
    sheet.add_table(
        0, 0, max(rows, 1), len(columns) - 1,
        {"name": f"bang_{contract.table}", "columns": columns, "style": "Table Style Light 9"},
    )  # fmt: skip
    for row, column, value in cells:
        write_cell(
            sheet, row + 1, column, value, contract.fields[column], columns[column]["format"]
        )
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(contract.headings("vi")):
        sheet.set_column(column, column, min(max(len(heading) + 4, 12), 40))
    return sheet


def number_format(field: Field) -> str:
    """The format of a column; what stays below 10 000, such as a year, is not grouped."""
    if field.type == "integer" and (field.maximum or _UNGROUPED_BELOW) < _UNGROUPED_BELOW:
        return "0"
    return _TYPES.get(field.type, "@")


def write_cell(
    sheet: Worksheet, row: int, column: int, value: Any, field: Field, form: Any
) -> None:
    """Each type by its own call, so that Excel guesses nothing; a moment is text, as in the CSV."""
    if value is None:
        sheet.write_blank(row, column, None, form)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, form)
    elif field.type == "date":
        sheet.write_datetime(row, column, value, form)
    else:
        sheet.write_string(row, column, cell_text(value, field), form)


def _code_sheet(book: Workbook, contract: Contract) -> None:
    sheet, bold = book.add_worksheet(CODE_SHEET), book.add_format({"bold": True})
    words = read_yaml("pages/workbook.yaml")["vi"]
    for column, heading in enumerate((words["column"], words["code"], words["meaning"])):
        sheet.write_string(0, column, heading, bold)
    sheet.set_column(0, 1, 24)
    sheet.set_column(2, 2, 80)
    number = 0
    for field in contract.fields:
        for code in field.codes:
            number += 1
            sheet.write_string(number, 0, field.title.vi)
            sheet.write_string(number, 1, code.code)
            sheet.write_string(number, 2, f"{code.name.vi}: {code.description.vi}")
