"""What a text means, read one at a time: moments, numbers, codes, words; and the forms of each.

Belongs here: the patterns that a value must have, which SQL and Python share, and the readers of
one text each, for agency forms, the procedure catalogue and petitions. Does not: the same rules in
SQL (``dossiers.values``), units (``cchc_pipeline.registers.units``), or what a value must
obey.

A value is told by its form, never by its length; what has none of the forms is refused. A pattern
stands in a subset that Python, DuckDB and Spark understand alike, digits as ``[0-9]``.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cache

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.readers.upload_schema import fold_heading

BLANK = "[ \u00a0\u202f]"
_ZONE = rf"(?:{BLANK}?(Z|UTC|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?))?"
_SIXTY, _FRACTION = "([0-5][0-9])", "(?:[.,][0-9]+)?"
WRITTEN = (
    r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"|[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|[.][0-9]{1,2}[.])[0-9]{4})"
    rf"(?:(?:T|{BLANK}+)([01]?[0-9]|2[0-3]):{_SIXTY}(?::{_SIXTY}{_FRACTION})?{_ZONE})?"
)
"""A moment with separators: day, hour, minute, second, zone; without an hour it is a whole day."""
COMPACT = rf"([0-9]{{8}})(?:T?([01][0-9]|2[0-3]){_SIXTY}{_SIXTY})?(?:[.,]0+)?"
"""``yyyyMMdd[HHmmss]``: day, hour, minute, second; a program that takes it for a number adds .0."""
SERIAL = r"[0-9]{5}(?:[.,][0-9]+)?(?:e0)?"
"""A day of Excel's, with any number of decimals; ``e0`` is the mark of a file's own number."""
EARLIEST, LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)
"""What a moment of this record can be; a year of two digits or a slip of centuries is none."""
HOURS_AHEAD = 7  # Asia/Ho_Chi_Minh has had no other offset since 1975

_REST = "(?:[0-9]{1,2}|[0-9]{4,})"
MARKED = r"-?[0-9]+[.][0-9]+e0"
"""A number of a file's own type, whose point begins its decimals, however many they are."""
POINTED = rf"-?[1-9][0-9]{{0,2}}(?:(?:[.][0-9]{{3}})+|(?:{BLANK}[0-9]{{3}})+)(?:,{_REST})?"
COMMAED = rf"-?[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+(?:[.]{_REST})?"
"""Thousands in groups: a point, comma or blank before exactly three last digits makes a group."""
DECIMAL = rf"-?[0-9]+[.,]{_REST}|-?0[.,][0-9]{{3}}"
WHOLE = "[0-9]{1,4}(?:[.,](?:0{1,2}|0{4,}))?(?:[eE][+]?[0-9])?"
"""A whole number as programs write it: ``10``, ``10.0``, ``1e1``; ``1.000`` could be a thousand."""
PROCEDURE = r"([0-9][.][0-9]{6})(?:[.][0-9]{3}[.][0-9]{2}[.][0-9]{2}[.][A-Z][0-9]{2})?"
"""A procedure's code, with or without its local suffix."""
PROCEDURE_NUMBER = r"([0-9])[.,]([0-9]{3,6})(?:e0)?"
"""The code where a program took it for a number: up to three last zeros are lost, never more."""
_FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True)
class Moment:
    """A moment by the city's clock; a day without a time is ``timed`` False and lies at 00:00."""

    at: datetime
    timed: bool

    @property
    def as_due(self) -> datetime:
        """The last instant that is in time: a day without a time ends at 23:59:59."""
        return self.at if self.timed else self.at + timedelta(hours=23, minutes=59, seconds=59)

    def before(self, other: "Moment") -> bool:
        """Whether it lies before another; by date where one of them has no time (domain: 5)."""
        if self.timed and other.timed:
            return self.at < other.at
        return self.at.date() < other.at.date()


def begins_like_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text."""
    return text.startswith(_FORMULA)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class CodeWords:
    """The words for each code of a field; ``empty`` is what a blank one means, if anything."""

    words: Mapping[int, tuple[str, ...]]
    empty: int | None = None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class ValueWords:
    """The content of ``schemas/records/dossier_values.yaml``."""

    basis: str
    codes: Mapping[str, CodeWords]
    reserved_fields: tuple[str, ...]
    cell_errors: tuple[str, ...]


@cache
def value_words() -> ValueWords:
    """How the texts of coded fields are read, and what no field may hold.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return load(ValueWords, "records/dossier_values.yaml")


@cache
def cell_errors() -> str:
    """The pattern of what stands in a cell whose formula failed."""
    return "|".join(value_words().cell_errors)


def is_cell_error(text: str) -> bool:
    """Whether a text is a spreadsheet's word for a formula that failed."""
    return re.fullmatch(cell_errors(), text) is not None


def without_mark(text: str) -> str:
    """A text as it stands in its file: without the mark of a file's own number."""
    return re.sub(r"(?<=[0-9])e0(?![0-9A-Za-z])", "", text)


def read_moment(text: str) -> Moment:
    """A moment in one of the forms ``WRITTEN``, ``COMPACT`` and ``SERIAL``, in whole seconds.

    A zone is turned into the city's. A midnight that is written out is an instant; a serial at
    midnight is a day. 24:00 and a year of two digits are none.

    Raises:
        ValueError: It is none of these, or no such day exists, or none that a record can have.
    """
    if re.fullmatch(SERIAL, text):
        found = _from_serial(text)
    else:
        match = re.fullmatch(WRITTEN, text) or re.fullmatch(COMPACT, text)
        if match is None:
            raise ValueError("no moment")
        found = _from_parts(*match.groups())
    if not EARLIEST <= found.at <= LATEST:
        raise ValueError("not plausible")
    return found


def _from_parts(
    day: str,
    hour: str | None,
    minute: str | None,
    second: str | None,
    zone: str | None = None,
) -> Moment:
    numbers = re.split("[-/.]", day)
    if len(numbers) == 1:
        numbers = [day[:4], day[4:6], day[6:]]
    year, month, of_month = numbers if len(numbers[0]) == 4 else reversed(numbers)
    at = datetime(int(year), int(month), int(of_month))
    if hour is None:
        return Moment(at, False)
    at += timedelta(hours=int(hour), minutes=int(minute or 0), seconds=int(second or 0))
    return Moment(at if zone is None else at + _to_city(zone), True)


def _to_city(zone: str) -> timedelta:
    ahead = timedelta(hours=HOURS_AHEAD)
    if zone in ("Z", "UTC"):
        return ahead
    minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    return ahead - timedelta(minutes=minutes if zone[0] == "+" else -minutes)


def _from_serial(text: str) -> Moment:
    days = float(text.removesuffix("e0").replace(",", "."))
    at = datetime(1899, 12, 30) + timedelta(seconds=int(days * 86_400 + 0.5))
    return Moment(at, at.time() != time())


def read_number(text: str) -> Decimal:
    """A number as offices write it: ``1.234.567,8``, ``1,234,567``, ``12500,5``, ``12.5``.

    A point, comma or blank before exactly three last digits groups thousands, so ``1.234`` and
    ``1,234`` are 1234; ``1.234e0`` is a spreadsheet's own number, and keeps its point.

    Raises:
        ValueError: It is no number.
    """
    if re.fullmatch(MARKED, text):
        return Decimal(text.removesuffix("e0"))
    if re.fullmatch(f"-?[0-9]+|{DECIMAL}", text):
        return Decimal(text.replace(",", "."))
    if re.fullmatch(POINTED, text):
        return Decimal(re.sub(f"[.]|{BLANK}", "", text).replace(",", "."))
    if re.fullmatch(COMMAED, text):
        return Decimal(text.replace(",", ""))
    raise ValueError("not a number")


def read_whole(text: str) -> int:
    """A whole number from 0 with at most four digits.

    Raises:
        ValueError: It is none.
    """
    if not re.fullmatch(WHOLE, text) or (number := float(text.replace(",", "."))) > 9999:
        raise ValueError("no whole number")
    return int(number)


def read_procedure_code(text: str) -> str:
    """The national code of a procedure, six decimals, without the local suffix.

    Raises:
        ValueError: It is malformed.
    """
    if match := re.fullmatch(PROCEDURE, text):
        return match[1]
    if match := re.fullmatch(PROCEDURE_NUMBER, text):
        return f"{match[1]}.{match[2]:0<6}"
    raise ValueError("no procedure code")


def fold_word(word: str) -> str:
    """A word without case, accents, spacing and punctuation."""
    bare = unicodedata.normalize("NFD", word.casefold().replace("đ", "d"))
    return re.sub(r"[^a-z0-9]", "", bare)


def read_coded(field: str, text: str) -> int:
    """The code of a coded field, from the code itself, a number that stands for it, or a word.

    Raises:
        ValueError: It is none of its codes or words.
    """
    words = value_words().codes[field].words
    if re.fullmatch(WHOLE, text):
        said = [number for number in words if number == read_whole(text)]
    else:
        word = fold_word(text)
        said = [n for n, known in words.items() if word in {fold_word(one) for one in known}]
    if not said:
        raise ValueError("unknown code")
    return said[0]


def read_flag(text: str) -> bool:
    """Yes or no, in the words of a dossier's flags.

    Raises:
        ValueError: It is neither.
    """
    return read_coded("HoSoCoThanhPhanSoHoa", text) == 1


def read_code(text: str, codes: dict[str, list[str]]) -> str:
    """The code whose own name or words the text is, whatever its case, accents and spacing.

    Args:
        text: What is written.
        codes: The words of each code.

    Raises:
        ValueError: It is none of them.
    """
    said = str(read_whole(text)) if re.fullmatch(WHOLE, text) else fold_heading(text)
    for code, words in codes.items():
        if said in {fold_heading(word) for word in (code, *words)}:
            return code
    raise ValueError("unknown code")


def read_month(text: str) -> Month:
    """A month as ``2024-03``, ``03/2024`` or ``Tháng 3 năm 2024``, or a day in it.

    Raises:
        ValueError: It is none of these.
    """
    numbers = re.findall(r"\d+", text)
    match [len(number) for number in numbers]:
        case [4, 1 | 2]:
            year, month = int(numbers[0]), int(numbers[1])
        case [1 | 2, 4]:
            year, month = int(numbers[1]), int(numbers[0])
        case _:
            at = read_moment(text).at
            year, month = at.year, at.month
    if not 1 <= month <= 12:
        raise ValueError("no such month")
    return Month(year, month)
