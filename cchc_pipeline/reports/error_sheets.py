"""Workbooks of quarantined rows, one a unit, which go back to the unit that can mend them.

Belongs here: their sheets, the first of which is a letter, ready to be printed on A4;
that the folder of a month holds those of the last reading only. Does not: what is quarantined, or
publishing: the sheets hold dossier codes and are never published.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.files import put_in_place
from cchc_pipeline.core.paper import FONT, on_a4, row_height
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.dossiers.rules import UNKNOWN_UNIT

Row: TypeAlias = Mapping[str, Any]
"""file, row, unit_code, dossier_code, column, rule, message_vi, expected_vi; one fault of a row."""
ROW_LIMIT = 100_000
_UNKNOWN_FILE = "khong-ro-don-vi"
_UNFINISHED = ".unfinished-"
_WIDTHS = (18, 7, 24, 18, 42, 34)
_SUMMARY_WIDTHS = (26, 24, 70, 10)
_LETTER_WIDTHS = (16, 74)
_BOLD = {"bold": True}
_BETWEEN = 9.0
"""Points between two lines of the letter."""
_CELL_LIMIT = 32_767  # Excel's; xlsxwriter would drop the cell


def write_error_sheets(
    folder: Path,
    quarantine: Iterable[Row],
    month: Month,
    names: Mapping[str, str],
    handed_in: Mapping[str, int],
    row_limit: int = ROW_LIMIT,
    *,
    sender: str = "",
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
        sender: The office that sends them back.

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
            _write_book(scratch / path.name, rows, _Heading(name, month, total, sender), row_limit)
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
    sender: str = ""


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
    book.set_properties({"title": _words().title, "created": created})
    cell = {"text_wrap": True, "valign": "top", **FONT}
    plain, bold = book.add_format({**cell, "num_format": "@"}), book.add_format(cell | _BOLD)
    head = book.add_format(cell | _BOLD | {"border": 1, "bg_color": "#DDE8F0"})
    text = book.add_format({**cell, "num_format": "@", "quote_prefix": True, "border": 1})
    sheets = {key: book.add_worksheet(name) for key, name in _words().sheets.items()}
    tally = _Tally()
    _write_rows(sheets["rows"], _listed(rows, tally, row_limit), (head, text), _WIDTHS)
    _write_rows(sheets["summary"], _summary(tally), (head, text), _SUMMARY_WIDTHS)
    _write_letter(sheets["about"], _letter(heading, tally), (bold, plain))
    if len(tally.rules) <= _words().worst_at_most and tally.faults <= row_limit:
        sheets["summary"].hide()  # the letter says all of it: one page less
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
    names = {code.code: code.name.vi for code in load_code_list("quarantine_rules").codes}
    for (rule, column), (example, count) in sorted(tally.rules.items()):
        yield names.get(rule, rule), column, example, _number(count)


def _letter(heading: _Heading, tally: _Tally) -> Iterator[Iterable[object]]:
    """From whom, to whom, what was wrong, what to do and by when."""
    words = _words()
    told = {
        "sender": heading.sender,
        "unit": heading.unit,
        "month": f"tháng {heading.month.month}/{heading.month.year}",
        "faulty": _number(tally.faulty_rows),
        "handed_in": _number(heading.handed_in or 0),
        "worst": _worst(tally),
        "rows_sheet": words.sheets["rows"],
        "due": f"{load_calendar().release_date(heading.month).moment:%d/%m/%Y}",
    }
    unfit = {"rows" if heading.handed_in is None else "rows_only"}
    unfit |= set() if heading.sender else {"sender"}
    yield "", words.title
    for key, line in words.about.items():
        if key not in unfit:
            yield (part.format(**told) for part in line)


def _worst(tally: _Tally) -> str:
    """The rules that were broken most often, each by an example."""
    words, found = _words(), sorted(tally.rules.values(), key=lambda one: -one[1])
    lines = [words.worst.format(example=text, count=_number(count)) for text, count in found]
    return "\n".join(lines[: words.worst_at_most])


def _write_rows(
    sheet: Worksheet, lines: Iterable[Iterable[object]], forms: tuple[Any, Any],
    widths: Sequence[int],
) -> None:  # fmt: skip
    """A heading that stays in sight, and text cells only: nothing in them can run."""
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:F1048576"})
    on_a4(sheet, 0)
    _write_lines(sheet, lines, widths, lambda number, _: forms[0] if number == 0 else forms[1])


def _write_letter(
    sheet: Worksheet, lines: Iterable[Iterable[object]], forms: tuple[Any, Any]
) -> None:
    """The title and the labels are bold; a line stands between each two."""
    on_a4(sheet, upright=True)
    bold, plain = forms
    _write_lines(
        sheet,
        lines,
        _LETTER_WIDTHS,
        lambda number, column: bold if number == 0 or column == 0 else plain,
        spare=_BETWEEN,
    )


def _write_lines(
    sheet: Worksheet,
    lines: Iterable[Iterable[object]],
    widths: Sequence[int],
    form: Callable[[int, int], Any],
    *,
    spare: float = 0.0,
) -> None:
    """Each line as high as its longest text, and ``spare`` points more."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for number, line in enumerate(lines):
        texts = [_text(value) for value in line]
        sheet.set_row(number, row_height(zip(texts, widths, strict=False)) + spare)
        for column, text in enumerate(texts):
            sheet.write_string(number, column, text, form(number, column))


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
    title: str
    about: Mapping[str, tuple[str, str]]
    worst: str
    worst_at_most: int
    columns: tuple[str, ...]
    more: str
    summary: tuple[str, ...]


@cache
def _words() -> SheetWords:
    return load(SheetWords, "pages/error_sheets.yaml")
