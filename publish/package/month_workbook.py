"""The newest month as one workbook, with names beside codes: what an office opens and prints.

Belongs here: which tables and columns it has, the names that stand beside codes, its introduction.
Does not: the form of a cell and of a printed page (``workbook``), or the whole history, which each
table's own workbook has.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.workbook import Workbook

from cchc_pipeline.contracts import Contract, Field, load_contract
from cchc_pipeline.core.data import read_yaml
from publish.model import Draft
from publish.package.workbook import INTRODUCTION, number_format, print_on_a4, write_cell

_TABLES = (
    "scores", "plan_indicators", "plan_tasks", "dossier_statistics", "petition_statistics",
    "submissions", "units", "metrics", "indicators",
)  # fmt: skip
_LEFT_OUT = frozenset({"release", "captured_at", "received_at", "methodology", "source_system"})
_NAMED_IN = {
    "unit_code": ("units", "name_vi"),
    "metric_code": ("metrics", "name_vi"),
    "indicator_id": ("indicators", "name_vi"),
}
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST, _WIDEST = 31, 48
"""Letters that the name of a sheet may have, and a column at most."""
_Named = Mapping[str, Mapping[str, str]]
_Columns = list[tuple[str, Field, Mapping[str, str] | None]]
"""A heading, the column behind it, and the names of its codes where they stand instead."""


def month_workbook(draft: Draft) -> bytes:
    """The workbook; its moment of creation is that of the release."""
    out = io.BytesIO()
    nothing_guessed = {
        "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(out, {"in_memory": True, **nothing_guessed})
    created = draft.published_at.astimezone(UTC).replace(tzinfo=None)
    words = read_yaml("pages/workbook.yaml")["vi"]
    book.set_properties({"title": words["month_title"], "created": created})
    _introduction(book, draft, words)
    names = {code: _names(draft, code) for code in _NAMED_IN}
    for table in _TABLES:
        _sheet(book, table, draft, names)
    book.close()
    return out.getvalue()


def month_workbook_name(package: str) -> str:
    """The file's name, by that of the data package."""
    return f"{package}.xlsx"


def _names(draft: Draft, column: str) -> Mapping[str, str]:
    """The last row of a code names it."""
    table, name = _NAMED_IN[column]
    columns = draft.tables[table].select([column, name]).to_pydict()
    return dict(zip(columns[column], columns[name], strict=True))


def _introduction(book: Workbook, draft: Draft, words: Mapping[str, str]) -> None:
    sheet, bold = book.add_worksheet(INTRODUCTION), book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    lines = [
        *([(words["notice"], words["sample"])] if draft.is_sample else []),
        (words["table"], words["month_title"]),
        (words["description"], words["month_text"]),
        (words["month"], str(draft.id.month)),
        (words["release"], f"{draft.id} ({draft.version})"),
        (words["published_at"], draft.published_text),
        (words["publisher"], draft.identity.publisher),
        (words["license"], draft.terms.name.vi),
    ]
    for number, (name, text) in enumerate(lines):
        sheet.write_string(number, 0, name, bold)
        sheet.write_string(number, 1, text, wrap)


def _sheet(book: Workbook, name: str, draft: Draft, names: _Named) -> None:
    contract, rows = load_contract(name), _rows(draft, name)
    columns = list(_columns(contract, names))
    sheet = book.add_worksheet(_FORBIDDEN.sub(" ", contract.title.vi)[:_LONGEST])
    forms = {code: book.add_format({"num_format": code}) for code in _formats(columns)}
    headed = [
        {"header": heading, "format": forms["@" if named else number_format(field)]}
        for heading, field, named in columns
    ]
    sheet.add_table(
        0, 0, max(rows.num_rows, 1), len(columns) - 1,
        {"name": f"bang_{name}", "columns": headed, "style": "Table Style Light 9"},
    )  # fmt: skip
    for place, (heading, field, named) in enumerate(columns):
        values, form = rows.column(field.name).to_pylist(), headed[place]["format"]
        shown = values if named is None else [_name_of(value, named) for value in values]
        for number, value in enumerate(shown, start=1):
            write_cell(sheet, number, place, value, field, form)
        sheet.set_column(place, place, _width(heading, shown))
    sheet.freeze_panes(1, 0)
    print_on_a4(sheet, contract, draft)


def _rows(draft: Draft, name: str) -> pa.Table:
    """The rows of the newest month; all of a list without periods."""
    table = draft.tables[name]
    if "period" not in table.column_names:
        return table
    return table.filter(pc.equal(table["period"], str(draft.id.month)))


def _columns(contract: Contract, names: _Named) -> Iterator[tuple[str, Field, Any]]:
    """The columns, and after each column of codes the names of them."""
    name_of = read_yaml("pages/workbook.yaml")["vi"]["name_of"]
    for field, heading in zip(contract.fields, contract.headings("vi"), strict=True):
        if field.name in _LEFT_OUT:
            continue
        yield heading, field, None
        is_own = _NAMED_IN.get(field.name, ("",))[0] == contract.table
        known = None if is_own else names.get(field.name)
        if known is None and field.codes:
            known = {code.code: code.name.vi for code in field.codes}
        if known is not None:
            yield name_of.format(heading=heading), field, known


def _name_of(value: str | None, names: Mapping[str, str]) -> str | None:
    """The names of the codes that a cell joins."""
    return None if value is None else ", ".join(names.get(v, v) for v in value.split(";"))


def _formats(columns: _Columns) -> list[str]:
    return sorted({"@", *(number_format(field) for _, field, _ in columns)})


def _width(heading: str, shown: Iterable[Any]) -> int:
    longest = max((len(value) for value in shown if isinstance(value, str)), default=0)
    return min(max(len(heading) + 2, longest + 2, 8), _WIDEST)
