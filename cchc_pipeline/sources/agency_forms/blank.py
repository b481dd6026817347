"""The empty form as an Excel workbook, and writing it.

Belongs here: sheets, locked and open cells, lists, validation, print set-up. Does not: the rows
and the words (``items``), or reading a form back. The bytes depend on the form alone.
"""

import io
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.paper import FONT, on_a4, row_height
from cchc_pipeline.sources.agency_forms.items import (
    FIGURES,
    NOT_REPORTED,
    Form,
    FormItem,
    FormLayout,
    load_layout,
)

_LARGEST = 10**15
_GUIDE_WIDTH = 90
_VIETNAMESE_DATE = "dd/mm/yyyy"


@cache
def status_words() -> dict[str, str]:
    """The words of the drop-down list and their codes: the code list's, less *not reported*."""
    codes = load_code_list("task_status").codes
    return {code.name.vi: code.code for code in codes if code.code != NOT_REPORTED}


def write_form(path: Path, form: Form) -> None:
    """Write the empty form; the same form written again changes nothing.

    Raises:
        UsageError: Another file stands there: it may be a form that someone filled in.
    """
    content = form_bytes(form)
    if path.is_dir():
        raise UsageError("is a folder", where=str(path), todo="give the name of a file")
    if not path.exists():
        write_whole(path, content)
    elif path.read_bytes() != content:
        raise UsageError(
            "another file stands there, it may be filled in",
            where=str(path),
            todo="move it away, or give another name",
        )


def form_bytes(form: Form) -> bytes:
    """The empty form: the sheet to fill in and the guide."""
    out = io.BytesIO()
    nothing_guessed = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(out, {"in_memory": True, **nothing_guessed})
    layout = load_layout()
    title = layout.title.format(year=form.month.year)
    created = datetime.combine(form.month.first_day, time())
    book.set_properties({"title": title, "created": created})
    _report_sheet(book, form, layout)
    _guide_sheet(book, layout)
    book.close()
    return out.getvalue()


def _report_sheet(book: Workbook, form: Form, layout: FormLayout) -> None:
    sheet, styles = book.add_worksheet(layout.sheet), _styles(book)
    top = _heading_block(sheet, form, layout, styles)
    for number, column in enumerate(layout.columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(top, number, column.headings[0], styles["heading"])
    for row, item in enumerate(form.items, start=top + 1):
        _item_row(sheet, row, item, form, styles)
    sheet.freeze_panes(top + 1, 2)
    on_a4(sheet, top)
    sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})


def _heading_block(
    sheet: Worksheet, form: Form, layout: FormLayout, styles: dict[str, Format]
) -> int:
    """Write title and block; the number of the row for the column headings."""
    last_day = form.month.last_day.strftime("%d/%m/%Y")
    lines = [layout.title.format(year=form.month.year)]
    lines.append(layout.subtitle.format(year=form.month.year, last_day=last_day))
    if form.unit.provenance == "sample":
        lines.append(layout.sample_notice)
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, styles["title"])
    said = {
        "unit_code": form.unit.code, "unit_name": form.unit.name_vi, "period": str(form.month),
    }  # fmt: skip
    for row, entry in enumerate(layout.block, start=len(lines)):
        sheet.write_string(row, 0, entry.headings[0], styles["plain"])
        sheet.write_string(row, 1, said[entry.key], styles["title"])
    return len(lines) + len(layout.block) + 1


def _item_row(
    sheet: Worksheet, row: int, item: FormItem, form: Form, styles: dict[str, Format]
) -> None:
    layout = load_layout()
    texts = {"item_id": item.id, "content": item.text}
    widths: dict[str, float] = {column.key: column.width for column in layout.columns}
    sheet.set_row(row, row_height((text, widths[key]) for key, text in texts.items()))
    for number, column in enumerate(layout.columns):
        if column.key in texts:
            sheet.write_string(row, number, texts[column.key], styles["text"])
            continue
        is_open = column.key in _open_columns(item)
        sheet.write_blank(row, number, None, styles[_style(column.key) if is_open else "shut"])
        if is_open and column.key != "note":
            sheet.data_validation(row, number, row, number, _validation(column.key, item, form))


def _open_columns(item: FormItem) -> set[str]:
    """The columns that a unit fills in, in a row."""
    figures = set(FIGURES) if item.is_share else {"value"}
    return {
        "note",
        *(figures if item.target else ()),
        *(("status", "completed_on") if item.task else ()),
    }


def _style(key: str) -> str:
    return {"completed_on": "date", "status": "open", "note": "open"}.get(key, "number")


def _validation(key: str, item: FormItem, form: Form) -> dict[str, Any]:
    hints = load_layout().entry_hints
    kind = {"status": "status", "completed_on": "date"}.get(key, "number")
    hint = hints["signed" if kind == "number" and item.signed else kind]
    rules: dict[str, dict[str, Any]] = {
        "status": {"validate": "list", "source": list(status_words())},
        "date": {
            "validate": "date", "criteria": "between",
            "minimum": earliest_day(form.month.year), "maximum": form.month.last_day,
        },
        "number": {
            "validate": "decimal", "criteria": "between",
            "minimum": -_LARGEST if item.signed else 0, "maximum": _LARGEST,
        },
    }  # fmt: skip
    said = {"input_title": hint.title, "input_message": hint.text}
    return rules[kind] | said | {"error_title": hint.title, "error_message": hint.text}


def earliest_day(year: int) -> date:
    """The earliest day on which a task of a year's plan can have been done: tasks begin before it.

    The plan for 2024 gives December 2023 for its first task.
    """
    return date(year - 1, 1, 1)


def _styles(book: Workbook) -> dict[str, Format]:
    cell = {"border": 1, "text_wrap": True, "valign": "top", **FONT}
    is_open = {**cell, "locked": False, "bg_color": "#FFFFE5"}
    return {
        "title": book.add_format({"bold": True, **FONT}),
        "plain": book.add_format(FONT),
        "heading": book.add_format({**cell, "bold": True, "bg_color": "#DDE8F0"}),
        "text": book.add_format({**cell, "num_format": "@"}),
        "shut": book.add_format({**cell, "bg_color": "#E6E6E6"}),
        "open": book.add_format({**is_open, "num_format": "@"}),
        "number": book.add_format({**is_open, "num_format": "#,##0.######"}),
        "date": book.add_format({**is_open, "num_format": _VIETNAMESE_DATE}),
    }


def _guide_sheet(book: Workbook, layout: FormLayout) -> None:
    sheet = book.add_worksheet(layout.guide_sheet)
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, 1, _GUIDE_WIDTH)
    wrap = book.add_format({"text_wrap": True, "valign": "top", **FONT})
    for row, line in enumerate(layout.guide):
        sheet.set_row(row, row_height([(line, _GUIDE_WIDTH)]))
        sheet.write_number(row, 0, row + 1, wrap)
        sheet.write_string(row, 1, line, wrap)
    on_a4(sheet, upright=True)
    sheet.protect("")
