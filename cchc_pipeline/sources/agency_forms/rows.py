"""The rows of a form that came back: what stands where in its workbook, and what each row tells.

Belongs here: the heading block, the columns, the rows as texts; reading and judging the cells of a
row whose id is known. Does not: opening a workbook within bounds (``readers.xlsx.parts``), whether
the unit owes the row, or rows that repeat each other (``forms``).
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.agency_forms.blank import earliest_day, status_words
from cchc_pipeline.sources.agency_forms.items import FIGURES, FormItem, FormLayout, load_layout
from cchc_pipeline.sources.readers.text_relation import clean_text
from cchc_pipeline.sources.readers.upload_schema import UploadLimits, file_rules, fold_heading
from cchc_pipeline.sources.readers.xlsx.contents import (
    SheetPart,
    Workbook,
    open_workbook,
    since_1900,
)
from cchc_pipeline.sources.readers.xlsx.rows import SheetReader, SheetRow, address_of
from cchc_pipeline.sources.records.rows import Fault
from cchc_pipeline.sources.records.values import read_moment, read_number

_OPTIONAL = frozenset({"content", "note"})
_READ = frozenset({"item_id", *FIGURES, "status", "completed_on"})
_DAY = "completed_on"
_WIDEST = 200
_RATIO_FROM_BYTES = 2_000_000
_SAVE = "save the form that cchc made as .xlsx, without a password"

Cells = Mapping[str, str]
"""The filled cells of a row, by the key of their column."""
INPUTS = (*FIGURES, "status", "completed_on")
"""The columns that a unit fills in and that count; a note alone reports nothing."""

_LARGEST = Decimal(10**15)
_MOST_DECIMALS = 6
_DECIMALS = Decimal("0.000001")
_FRACTION_DECIMALS = 2


@dataclass(frozen=True)
class FormCells:
    """A form as it came: its heading block, and its rows with their numbers as Excel shows them.

    ``unkept`` names the cells of a row, by its number, whose formula has no kept value;
    ``is_sample`` is whether its head says that it is sample data.
    """

    file: str
    block: Mapping[str, str]
    rows: tuple[tuple[int, Cells], ...]
    unkept: Mapping[int, str]
    is_sample: bool = False


def open_form(content: bytes, file: str) -> FormCells:
    """The cells of a form.

    The heading block and the columns are found by their headings, wherever they stand.

    Raises:
        SourceError: It is no workbook, has a password, is too large, or no sheet or more than one
            has the form's headings.
    """
    layout = load_layout()
    if len(content) > layout.limits.file_bytes:
        raise SourceError("is too large for a form", where=file, todo=_SAVE)
    with open_workbook(file, io.BytesIO(content), _limits(layout)) as book:
        found = [form for sheet in book.sheets
                 if (form := _form_of(book, sheet, layout)) is not None]  # fmt: skip
    if not found:
        headings = ", ".join(column.headings[0] for column in layout.columns)
        raise SourceError("no sheet has the form's headings", where=file, todo=f"keep {headings}")
    if len(found) > 1:
        raise SourceError("two sheets have the form's headings", where=file, todo="keep one")
    return found[0]


def cleaned(text: str) -> str:
    """A cell's text as every reader cleans it, with its blanks made one space each."""
    return " ".join(clean_text(text).split())


def _limits(layout: FormLayout) -> UploadLimits:
    """The bounds of every workbook, narrower where a form needs less."""
    return replace(
        file_rules().limits,
        workbook_bytes=layout.limits.unpacked_bytes,
        ratio=layout.limits.ratio,
        ratio_from_bytes=_RATIO_FROM_BYTES,
        workbook_cells=layout.limits.rows * _WIDEST,
    )


def _rows(book: Workbook, sheet: SheetPart, layout: FormLayout) -> Iterator[SheetRow]:
    """The rows of a sheet with their texts cleaned.

    Raises:
        SourceError: The sheet is damaged, or something stands far below or beside the form.
    """
    for row in SheetReader(book, sheet).rows():
        if row.number > layout.limits.rows or len(row.cells) > _WIDEST:
            cell = address_of(max(len(row.cells), 1) - 1, row.number)
            raise SourceError("has far more cells than a form",
                              where=f"{book.parts.file}, {sheet.shown}, cell {cell}",
                              todo="delete what stands below and beside the form")  # fmt: skip
        yield row._replace(cells=[cleaned(cell) for cell in row.cells])


def _form_of(book: Workbook, sheet: SheetPart, layout: FormLayout) -> FormCells | None:
    above: list[Sequence[str]] = []
    rows = _rows(book, sheet, layout)
    for row in rows:
        columns = _columns(row.cells, f"{book.parts.file}, {sheet.shown}", layout)
        if columns is not None:
            unkept: dict[int, str] = {}
            found = tuple(_filled(rows, columns, book.is_1904, unkept))
            notice = fold_heading(layout.sample_notice)
            said = any(notice in fold_heading(text) for line in above for text in line)
            return FormCells(book.parts.file, _block(above, layout), found, unkept, said)
        above.append(row.cells)
    return None


def _filled(
    rows: Iterator[SheetRow], columns: Mapping[int, str], is_1904: bool, unkept: dict[int, str]
) -> Iterator[tuple[int, Cells]]:
    """The filled cells of the rows below the headings; cells without a kept value are noted."""
    for row in rows:
        cells = {
            columns[place]: text
            for place, text in enumerate(row.cells)
            if text and place in columns
        }
        if is_1904 and _DAY in cells:
            cells[_DAY] = since_1900(cells[_DAY])
        lacking = [place for place in row.unkept if columns.get(place) in _READ]
        if lacking:
            unkept[row.number] = ", ".join(address_of(place, row.number) for place in lacking)
        if cells or lacking:
            yield row.number, cells


def _columns(row: Sequence[str], where: str, layout: FormLayout) -> dict[int, str] | None:
    """The key of each column, if this is the heading row: it has the id's heading and two more.

    Raises:
        SourceError: A needed heading lacks, or two columns have the same meaning.
    """
    known: dict[str, str] = {
        fold_heading(text): column.key for column in layout.columns for text in column.headings
    }
    places = {i: known[f] for i, text in enumerate(row) if (f := fold_heading(text)) in known}
    keys = list(places.values())
    if "item_id" not in keys or len(set(keys)) < 3:
        return None
    for column in layout.columns:
        if keys.count(column.key) > 1:
            raise SourceError(
                f"two columns are {column.headings[0]!r}", where=where, todo="keep one of them"
            )
        if column.key not in keys and column.key not in _OPTIONAL:
            raise SourceError(
                f"no column {column.headings[0]!r}", where=where, todo="use the form as it was made"
            )
    return places


def _block(rows: Sequence[Sequence[str]], layout: FormLayout) -> dict[str, str]:
    """The heading block: a label with its value to the right, or behind a colon; the first wins."""
    known = {fold_heading(text): line.key for line in layout.block for text in line.headings}
    found: dict[str, str] = {}
    for row in rows:
        for place, text in enumerate(row):
            label, _, behind = text.partition(":")
            key = known.get(fold_heading(label))
            value = behind.strip() or next((t for t in row[place + 1 :] if t), "")
            if key is not None and value:
                found.setdefault(key, value)
    return found


@dataclass(frozen=True)
class ReportedValue:
    """What a row tells; with ``faults``, nothing else counts."""

    numerator: Decimal | None = None
    denominator: Decimal | None = None
    value: Decimal | None = None
    status: str | None = None
    completed_on: date | None = None
    faults: tuple[Fault, ...] = ()


@dataclass
class _Row:
    cells: Cells
    item: FormItem
    faults: list[Fault] = field(default_factory=list)

    def fault(self, rule: str, key: str = "", value: str = "", **words: str) -> None:
        column = load_layout().heading(key) if key else ""
        self.faults.append(Fault(rule, column, value, tuple(sorted(words.items()))))


def judge_row(cells: Cells, item: FormItem, month: Month) -> ReportedValue:
    """What a row tells of its item.

    A share needs both its parts; a value beside them must agree with them, in per cent, or as a
    fraction as a cell in Excel's per cent format holds it. A task that is done needs its day.

    Args:
        cells: The filled cells.
        item: What the unit owes under the row's id.
        month: The month of the form.
    """
    row = _Row(cells, item)
    figures = _figures(row)
    status, day = _progress(row, month)
    if row.faults:
        return ReportedValue(faults=tuple(row.faults))
    return ReportedValue(*figures, status, day)


def _figures(row: _Row) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    if row.item.target is None:
        _refuse_filled(row, FIGURES)
        return None, None, None
    read: dict[str, Decimal] = {key: _number(row, key) for key in FIGURES if key in row.cells}
    if row.faults or not read:
        return None, None, None
    return _share(row, read) if row.item.is_share else _count(row, read)


def _refuse_filled(row: _Row, keys: Iterable[str]) -> None:
    for key in keys:
        if key in row.cells:
            row.fault("FIGURE_NOT_ASKED", key)


def _number(row: _Row, key: str) -> Decimal:
    """The number in a cell, to 6 decimals: more of them are noise of a spreadsheet's formula."""
    text = row.cells[key]
    try:
        number = read_number(text.removesuffix("%").strip() if key == "value" else text)
    except ValueError:
        row.fault("NUMBER_UNREADABLE", key, text)
        return Decimal(0)
    if abs(number) >= _LARGEST:
        row.fault("NUMBER_TOO_LARGE", key)
        return Decimal(0)
    if number < 0 and not (row.item.signed and key != "denominator"):
        row.fault("NUMBER_NEGATIVE", key)
    decimals = -int(number.as_tuple().exponent)
    return number if decimals <= _MOST_DECIMALS else number.quantize(_DECIMALS)


def _share(
    row: _Row, read: dict[str, Decimal]
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    if "numerator" not in read or "denominator" not in read:
        row.fault("SHARE_NEEDS_PARTS")
        return None, None, None
    numerator, denominator = read["numerator"], read["denominator"]
    if numerator > denominator:
        row.fault("NUMERATOR_ABOVE_DENOMINATOR")
        return None, None, None
    exact = Fraction(numerator) * 100 / Fraction(denominator) if denominator else None
    if "value" in read and not _agrees(read["value"], exact):
        expected = "Để trống" if exact is None else _vietnamese(exact)
        row.fault("VALUE_CONTRADICTS", "value", row.cells["value"].removesuffix("e0"),
                  expected=expected)  # fmt: skip
    return numerator, denominator, None if exact is None else _decimal(exact)


def _agrees(value: Decimal, exact: Fraction | None) -> bool:
    """Whether a value is the share rounded as it is written, in per cent or as a fraction of 1.

    A fraction has two decimals at least, or is exact: 1 is no rounding of 0.6.
    """
    if exact is None:
        return False
    decimals = max(0, -int(value.as_tuple().exponent))
    slack = Fraction(1, 2 * 10**decimals)
    off = abs(Fraction(value) - exact / 100)
    is_fraction = off == 0 or (decimals >= _FRACTION_DECIMALS and off <= slack)
    return abs(Fraction(value) - exact) <= slack or is_fraction


def _decimal(exact: Fraction) -> Decimal:
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_DECIMALS)


def _vietnamese(exact: Fraction) -> str:
    return f"{_decimal(exact):.2f}".replace(".", ",") + " (tử số chia mẫu số, tính bằng phần trăm)"


def _count(
    row: _Row, read: dict[str, Decimal]
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """A count stands under Giá trị or under Tử số; under both it must be the same."""
    _refuse_filled(row, ("denominator",))
    told = [read[key] for key in ("value", "numerator") if key in read]
    if not told:
        return None, None, None
    if told[0] != told[-1]:
        row.fault("VALUE_CONTRADICTS", "value", row.cells["value"], expected=f"{told[-1]:f}")
    if told[0] != told[0].to_integral_value():
        row.fault("NUMBER_NOT_WHOLE", "value", f"{told[0]:f}")
    return told[0], None, told[0]


def _progress(row: _Row, month: Month) -> tuple[str | None, date | None]:
    written = [key for key in ("status", "completed_on") if key in row.cells]
    if row.item.task is None:
        if written:
            row.fault("STATUS_NOT_ASKED", written[0])
        return None, None
    if not written:
        return None, None
    status, day = _status(row), _day(row, month)
    if not row.faults:
        _agree_on_done(row, status, day)
    return status, day


def _status(row: _Row) -> str | None:
    text = row.cells.get("status")
    if text is None:
        return None
    known = load_layout().former_status_words | status_words()
    words = {fold_heading(word): code for word, code in known.items()}
    code = words.get(fold_heading(text))
    if code is None:
        row.fault("STATUS_UNKNOWN", "status", text, expected="; ".join(status_words()))
    return code


def _day(row: _Row, month: Month) -> date | None:
    text = row.cells.get("completed_on")
    if text is None:
        return None
    try:
        day = read_moment(text).at.date()
    except ValueError:
        row.fault("DATE_UNREADABLE", "completed_on", text)
        return None
    first = earliest_day(month.year)
    if day > month.last_day:
        row.fault("DATE_AFTER_PERIOD", "completed_on", last_day=f"{month.last_day:%d/%m/%Y}")
    elif day < first:
        row.fault("DATE_TOO_EARLY", "completed_on", first_day=f"{first:%d/%m/%Y}")
    return day


def _agree_on_done(row: _Row, status: str | None, day: date | None) -> None:
    if status is None:
        row.fault("STATUS_MISSING", "status")
    elif status == "DONE" and day is None:
        row.fault("DONE_WITHOUT_DATE", "completed_on")
    elif status != "DONE" and day is not None:
        row.fault("DATE_WITHOUT_DONE", "completed_on")
