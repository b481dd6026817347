"""Workbooks of quarantined rows, one a unit, which go back to the unit that can mend them.

Belongs here: their sheets, and that the folder of a month holds those of the last reading only.
Does not: what is quarantined, or publishing: the sheets hold dossier codes and are never published.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

import xlsxwriter
from pydantic.dataclasses import dataclass as typed_dataclass
from xlsxwriter.worksheet import Worksheet

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.files import put_in_place
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.dossiers.rules import UNKNOWN_UNIT

Row: TypeAlias = Mapping[str, Any]
"""file, row, unit_code, dossier_code, column, rule, message_vi, expected_vi; one fault of a row."""
ROW_LIMIT = 100_000
_UNKNOWN_FILE = "khong-ro-don-vi"
_UNFINISHED = ".unfinished-"
_WIDTHS = (28, 8, 28, 22, 60, 48)
_SUMMARY_WIDTHS = (28, 28, 70, 12)
_CELL_LIMIT = 32_767  # Excel's; xlsxwriter would drop the cell


def write_error_sheets(
    folder: Path,
    quarantine: Iterable[Row],
    month: Month,
    names: Mapping[str, str],
    handed_in: Mapping[str, int],
    row_limit: int = ROW_LIMIT,
) -> list[Path]:
    """Write ``<unit_code>.xlsx`` for each unit with faults, and remove those of units with none.

    Rows are taken one after the other; a workbook is written aside and then put in its place.

    Args:
        folder: The month's folder; only the sheets of known units in it are ever removed.
        quarantine: Faults, those of one unit together.
        month: The month that the rows were handed in for.
        names: The official name of each unit by its code.
        handed_in: How many rows each unit handed in, ``UNKNOWN`` where the unit is not known.
        row_limit: The greatest number of faults that a sheet lists; the summary counts all.

    Returns:
        The files, in the order in which their units came.

    Raises:
        ValueError: The rows of a unit do not come together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left_by_a_crash in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left_by_a_crash)
    scratch, written = Path(mkdtemp(prefix=_UNFINISHED, dir=folder)), list[Path]()
    try:
        for unit, rows in groupby(quarantine, key=lambda row: row["unit_code"]):
            path = sheet_path(folder, unit)
            if path in written:
                raise ValueError(f"the rows of {unit} do not come together")
            total = handed_in.get(UNKNOWN_UNIT if unit is None else unit)
            name = _words().unknown_unit if unit is None else names.get(unit, unit)
            _write_book(scratch / path.name, rows, _Heading(name, month, total), row_limit)
            put_in_place(scratch / path.name, path)
            written.append(path)
    finally:
        shutil.rmtree(scratch)
    for stale in {sheet_path(folder, unit) for unit in (*names, None)} - set(written):
        stale.unlink(missing_ok=True)
    return written


@dataclass(frozen=True)
class _Heading:
    unit: str
    month: Month
    handed_in: int | None


@dataclass
class _Tally:
    """What is known of a unit's faults once all of them have passed."""

    faults: int = 0
    faulty_rows: int = 0
    rules: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    _last: tuple[str, int] | None = None

    def add(self, row: Row) -> None:
        self.faults += 1
        place = row["file"], row["row"]
        self.faulty_rows += place != self._last
        self._last = place
        key = row["rule"], _text(row["column"])
        example, count = self.rules.get(key, (row["message_vi"], 0))
        self.rules[key] = example, count + 1


def _write_book(path: Path, rows: Iterable[Row], heading: _Heading, row_limit: int) -> None:
    """The sheets in one pass: the first is written last, when it is known how many rows there are.

    Everything that xlsxwriter keeps meanwhile stays beside the file, in the restricted folder.
    """
    guesses = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    options = {"constant_memory": True, "tmpdir": str(path.parent), **guesses}
    book = xlsxwriter.Workbook(str(path), options)
    created = datetime(heading.month.year, heading.month.month, 1)
    book.set_properties({"title": _words().about["title"][0], "created": created})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@",
                            "quote_prefix": True})  # fmt: skip
    sheets = {key: book.add_worksheet(name) for key, name in _words().sheets.items()}
    tally = _Tally()
    _write_rows(sheets["rows"], _listed(rows, tally, row_limit), (bold, text), _WIDTHS)
    _write_rows(sheets["summary"], _summary(tally), (bold, text), _SUMMARY_WIDTHS)
    _write_about(sheets["about"], _about(heading, tally), (bold, text))
    book.close()


def _listed(rows: Iterable[Row], tally: _Tally, limit: int) -> Iterator[Iterable[object]]:
    yield _words().columns
    for row in rows:
        tally.add(row)
        if tally.faults <= limit:
            yield (
                row["file"], row["row"], row["dossier_code"], row["column"], row["message_vi"],
                row["expected_vi"],
            )  # fmt: skip
    if tally.faults > limit:
        more, summary = _number(tally.faults - limit), _words().sheets["summary"]
        yield [_words().more.format(more=more, summary=summary)]


def _summary(tally: _Tally) -> Iterator[Iterable[object]]:
    yield _words().summary
    for (rule, column), (example, count) in sorted(tally.rules.items()):
        yield rule, column, example, _number(count)


def _about(heading: _Heading, tally: _Tally) -> Iterator[Iterable[object]]:
    told = {
        "unit": heading.unit,
        "month": f"tháng {heading.month.month}/{heading.month.year}",
        "faulty": _number(tally.faulty_rows),
        "handed_in": _number(heading.handed_in or 0),
    }
    unfit = "rows" if heading.handed_in is None else "rows_only"
    for key, line in _words().about.items():
        if key != unfit:
            yield (part.format(**told) for part in line)


def _write_rows(
    sheet: Worksheet, lines: Iterable[Iterable[object]], forms: tuple[Any, Any],
    widths: Iterable[int],
) -> None:  # fmt: skip
    """A heading that stays in sight, and text cells only: nothing in them can run."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:F1048576"})
    _write_lines(sheet, lines, lambda number, _: forms[0] if number == 0 else forms[1])


def _write_about(
    sheet: Worksheet, lines: Iterable[Iterable[object]], forms: tuple[Any, Any]
) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    _write_lines(sheet, lines, lambda _, column: forms[min(column, 1)])


def _write_lines(
    sheet: Worksheet, lines: Iterable[Iterable[object]], form: Callable[[int, int], Any]
) -> None:
    for number, line in enumerate(lines):
        for column, value in enumerate(line):
            sheet.write_string(number, column, _text(value), form(number, column))


def _text(value: object) -> str:
    return "" if value is None else str(value)[:_CELL_LIMIT]


def _number(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def sheet_path(folder: Path, unit: str | None) -> Path:
    """Where the sheet of a unit, or of none, is; no code can lead out of the folder."""
    return folder / f"{_UNKNOWN_FILE if unit is None else quote(unit, safe='')}.xlsx"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class SheetWords:
    """The content of ``schemas/pages/error_sheets.yaml``: a workbook's words, by their place."""

    sheets: Mapping[Literal["about", "rows", "summary"], str]
    unknown_unit: str
    about: Mapping[str, tuple[str, str]]
    columns: tuple[str, ...]
    more: str
    summary: tuple[str, ...]


@cache
def _words() -> SheetWords:
    return load(SheetWords, "pages/error_sheets.yaml")
