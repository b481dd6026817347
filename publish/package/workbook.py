"""A table as an Excel workbook, the product for people who open files in Excel.

Belongs here: sheets, headings, number formats, the introduction and the code list sheet. Does
not: CSV, JSON, Parquet (``formats``). xlsxwriter with a fixed creation time is byte-stable.
"""

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import python_calamine
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from cchc_pipeline.contracts import Contract, Field
from cchc_pipeline.core.data import read_yaml
from publish.model import Draft
from publish.package.formats import Rows, cell_text, require_columns, rows_of

INTRODUCTION = "Giới thiệu"
CODE_SHEET = "Danh mục mã"
_TYPES = {"number": "#,##0.00", "integer": "#,##0", "date": "dd/mm/yyyy"}
_UNGROUPED_BELOW = 10_000


def to_xlsx(table: pa.Table, contract: Contract, draft: Draft) -> bytes:
    """A workbook of three sheets: what it is, the table, the codes in it.

    Args:
        table: The table, in its order.
        contract: Its contract: headings, types, codes.
        draft: The release that it belongs to; its moment is the workbook's time of creation.
    """
    out = io.BytesIO()
    nothing_guessed = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(out, {"in_memory": True, **nothing_guessed})
    created = draft.published_at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": contract.title.vi, "created": created})
    _introduction(book, contract, draft)
    _table_sheet(book, table, contract)
    _code_sheet(book, contract)
    book.close()
    return out.getvalue()


def from_xlsx(content: bytes, contract: Contract) -> Rows:
    """Read the table's sheet back; a number written as text stays text, so that it is noticed.

    Raises:
        CheckFailedError: The headings are not those of the contract.
    """
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    heading, *rows = book.get_sheet_by_name(_sheet_name(contract)).to_python() or [[]]
    names = dict(zip(contract.headings("vi"), (f.name for f in contract.fields), strict=True))
    require_columns((names.get(str(text), str(text)) for text in heading), contract)
    types = [field.type for field in contract.fields]
    cells = [tuple(_cell(v, t) for v, t in zip(row, types, strict=True)) for row in rows]
    return [row for row in cells if any(value is not None for value in row)]


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
    yield words["license"], draft.identity.license_name
    yield words["basis"], contract.basis
    for field in contract.fields:
        yield field.title.vi, f"{field.name} – {field.description.vi} [{field.unit.vi}]"


def _table_sheet(book: Workbook, table: pa.Table, contract: Contract) -> None:
    sheet = book.add_worksheet(_sheet_name(contract))
    codes = {_number_format(field) for field in contract.fields}
    formats = {code: book.add_format({"num_format": code}) for code in sorted(codes)}
    rows = rows_of(table)
    columns = [
        {"header": heading, "format": formats[_number_format(field)]}
        for heading, field in zip(contract.headings("vi"), contract.fields, strict=True)
    ]
    sheet.add_table(
        0, 0, max(len(rows), 1), len(columns) - 1,
        {"name": f"bang_{contract.table}", "columns": columns, "style": "Table Style Light 9"},
    )  # fmt: skip
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            _write(sheet, number, column, value, contract.fields[column], columns[column]["format"])
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(contract.headings("vi")):
        sheet.set_column(column, column, min(max(len(heading) + 4, 12), 40))


def _number_format(field: Field) -> str:
    """The format of a column; what stays below 10 000, such as a year, is not grouped."""
    if field.type == "integer" and (field.maximum or _UNGROUPED_BELOW) < _UNGROUPED_BELOW:
        return "0"
    return _TYPES.get(field.type, "@")


def _write(sheet: Worksheet, row: int, column: int, value: Any, field: Field, form: Any) -> None:
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
