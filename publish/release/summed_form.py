"""A released month as the summed table that offices know: II.06a by unit, as a workbook.

Belongs here: the rows of ``dossier_statistics`` of all fields as such a table, with its headings,
for A4 across. Does not: reading one (``cchc_pipeline.sources.summed_tables``), or its words
(``schemas/forms/summed_tables.yaml``). The form is believed: no official one was seen.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.sources.summed_tables.layout import WrittenColumn, WrittenForm, summed_layout

FORMS = ("II.06a",)
"""The forms that can be written."""
_LABELS, _TOP = 3, 5
"""The columns that name a row, and the lines above the headings."""
_WIDTHS = (5, 14, 38)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class FormOfMonth:
    """What a form tells of: a month of a release, its rows, the names of units."""

    month: Month
    release: str
    root: str
    rows: Sequence[Row]
    names: Mapping[str, str]

    @property
    def units(self) -> list[Row]:
        """The units with figures, in the order of their codes."""
        return sorted(
            (row for row in self.rows
             if row["unit_code"] != self.root and row["field_code"] == ALL
             and row["carried_over"] is not None),
            key=lambda row: row["unit_code"],
        )  # fmt: skip

    @property
    def is_sample(self) -> bool:
        """Whether sample data went into one of the rows."""
        return any(row["provenance"] == "sample" for row in self.units)


def cells_of(row: Row) -> list[int | None]:
    """The figures of a row in the order of the form's columns; one with an unknown part is None."""
    return [_added(row, column) for column in columns()]


def columns() -> list[WrittenColumn]:
    """The columns of figures, in their order."""
    return [column for group in summed_layout().written.groups for column in group.columns]


def _added(row: Row, column: WrittenColumn) -> int | None:
    parts, less = ([row[name] for name in names] for names in (column.sum, column.less))
    return None if None in (*parts, *less) else sum(parts) - sum(less)


def totals_of(rows: Iterable[Row]) -> list[int | None]:
    """The sum of each column; None where a unit's figure is not known."""
    listed = [cells_of(row) for row in rows]
    return [None if None in told else sum(told) for told in map(list, zip(*listed, strict=True))]


def summed_workbook(form: FormOfMonth) -> bytes:
    """The form as XLSX; the same month of the same release gives the same bytes.

    Raises:
        UsageError: No unit has figures of the month.
    """
    units, words = form.units, summed_layout().written
    if not units:
        raise UsageError(f"no unit has figures of {form.month}", where=f"release {form.release}")
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"created": datetime(form.month.year, form.month.month, 1)})
    sheet = book.add_worksheet("II.06a")
    styles = {
        "title": book.add_format({"bold": True, "font_name": "Times New Roman", "font_size": 13}),
        "text": book.add_format({"font_name": "Times New Roman", "text_wrap": True, "border": 1}),
        "note": book.add_format({"font_name": "Times New Roman", "italic": True}),
        "head": book.add_format({
            "font_name": "Times New Roman", "bold": True, "border": 1, "text_wrap": True,
            "align": "center", "valign": "vcenter",
        }),
        "count": book.add_format({
            "font_name": "Times New Roman", "border": 1, "num_format": "#,##0",
        }),
    }  # fmt: skip
    for number, line in enumerate(_block(form, words)):
        sheet.write_string(number, 0, line, styles["title" if number < 2 else "note"])
    _write_headings(sheet, words, styles["head"])
    first = _TOP + 4
    for number, row in enumerate(units):
        name = form.names.get(row["unit_code"], row["unit_code"])
        labels = (str(number + 1), row["unit_code"], name)
        _write_row(sheet, first + number, labels, cells_of(row), styles)
    last = first + len(units)
    _write_row(sheet, last, ("", "", words.total), totals_of(units), styles)
    sheet.write_string(last + 2, 0, words.note, styles["note"])
    _lay_out(sheet, first)
    book.close()
    return sink.getvalue()


def _block(form: FormOfMonth, words: WrittenForm) -> Iterator[str]:
    yield words.number
    yield words.title
    yield words.period.format(month=form.month.month, year=form.month.year)
    yield words.release.format(release=form.release)
    if form.is_sample:
        yield words.sample


def _write_headings(sheet: Any, words: WrittenForm, style: Any) -> None:
    """Three rows of headings, merged as the form has them, and the row of column numbers."""
    for place, title in enumerate(words.heading.values()):
        sheet.merge_range(_TOP, place, _TOP + 2, place, title, style)
    for start, end, title in _groups(words):
        sheet.merge_range(_TOP, start, _TOP, end, title, style)
    for start, end, title in _within():
        sheet.merge_range(_TOP + 1, start, _TOP + 1, end, title, style)
    for place, column in enumerate(columns(), _LABELS):
        if column.within:
            sheet.write_string(_TOP + 2, place, column.title, style)
        else:
            sheet.merge_range(_TOP + 1, place, _TOP + 2, place, column.title, style)
    for number in range(_LABELS + len(columns())):
        sheet.write_string(_TOP + 3, number, f"({number + 1})", style)


def _groups(words: WrittenForm) -> Iterator[tuple[int, int, str]]:
    """The outermost headings of figures: from, to, text."""
    place = _LABELS
    for group in words.groups:
        yield place, place + len(group.columns) - 1, group.title
        place += len(group.columns)


def _within() -> Iterator[tuple[int, int, str]]:
    """The headings between a group's and those of single columns: from, to, text."""
    titles = [column.within for column in columns()]
    for title in dict.fromkeys(title for title in titles if title):
        places = [place for place, named in enumerate(titles) if named == title]
        yield _LABELS + places[0], _LABELS + places[-1], title


def _write_row(
    sheet: Any, number: int, labels: Sequence[str], counts: Sequence[int | None],
    styles: Mapping[str, Any],
) -> None:  # fmt: skip
    for place, label in enumerate(labels):
        sheet.write_string(number, place, label, styles["text"])
    for place, count in enumerate(counts, len(labels)):
        if count is None:
            sheet.write_blank(number, place, None, styles["count"])
        else:
            sheet.write_number(number, place, count, styles["count"])


def _lay_out(sheet: Any, first: int) -> None:
    """A4 across, headings on each page, all columns on its width."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TOP, first - 1)
    sheet.set_row(_TOP + 2, 48)
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.set_column(_LABELS, _LABELS + len(columns()) - 1, 10)
