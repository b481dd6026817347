"""One row of a form: what it tells of its target and its task, or what is wrong with it.

Belongs here: reading and judging the cells of a row whose id is known. Does not: whether the unit
owes the row, or rows that repeat each other (``forms``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.agency_forms.blank import earliest_day
from cchc_pipeline.sources.agency_forms.cells import Cells
from cchc_pipeline.sources.agency_forms.items import FormItem
from cchc_pipeline.sources.agency_forms.layout import FIGURES, load_layout, status_words
from cchc_pipeline.sources.readers.upload_schema import fold_heading
from cchc_pipeline.sources.records.rows import Fault
from cchc_pipeline.sources.records.values import read_moment, read_number

INPUTS = (*FIGURES, "status", "completed_on")
"""The columns that a unit fills in and that count; a note alone reports nothing."""

_LARGEST = Decimal(10**15)
_MOST_DECIMALS = 6
_DECIMALS = Decimal("0.000001")
_FRACTION_DECIMALS = 2


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
    words = {fold_heading(word): code for word, code in status_words().items()}
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
