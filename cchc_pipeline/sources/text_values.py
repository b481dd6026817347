"""Values in small tables as people write them: dates, numbers, yes and no, units.

Belongs here: pure readers of one text each, for agency forms, the procedure catalogue and
petitions. Does not: dossiers, whose amounts are read in DuckDB (``dossiers.values``), or what a
value must obey.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache

from cchc_pipeline.period import TIMEZONE, Month
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.record_files.record_form import fold_heading
from cchc_pipeline.units import Unit, UnitRegister, fold_name

_CLOCK = r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?)?"
_WRITTEN_DATE = re.compile(
    rf"(?P<day>\d{{1,2}})[/.-](?P<month>\d{{1,2}})[/.-](?P<year>\d{{4}}){_CLOCK}"
)
_COMPACT = re.compile(r"\d{14}|\d{8}")
_SERIAL = re.compile(r"\d{5}(\.\d+)?(e0)?")
_SERIAL_ZERO = datetime(1899, 12, 30)
_GROUPED = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?")
_PLAIN = re.compile(r"-?\d+([.,]\d+)?(e0)?")
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


def read_moment(text: str) -> Moment:
    """A moment as ``dd/mm/yyyy[ HH:MM[:SS]]``, ISO 8601, ``yyyyMMdd[HHmmss]`` or an Excel serial.

    A zone is turned into the city's. A midnight that is written out is an instant; a whole serial
    is a day.

    Raises:
        ValueError: It is none of these, or no such day or time exists.
    """
    written = _WRITTEN_DATE.fullmatch(text)
    if written is not None:
        return _from_parts(written)
    if _SERIAL.fullmatch(text):
        return _from_serial(Decimal(text))
    if _COMPACT.fullmatch(text):
        form = "%Y%m%d%H%M%S" if len(text) == 14 else "%Y%m%d"
        return Moment(datetime.strptime(text, form), len(text) == 14)
    return _from_iso(text)


def _from_parts(match: re.Match[str]) -> Moment:
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    if match["hour"] is None:
        return Moment(datetime.combine(day, time()), False)
    clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    return Moment(datetime.combine(day, clock), True)


def _from_serial(serial: Decimal) -> Moment:
    at = _SERIAL_ZERO + timedelta(seconds=round(serial * 86_400))
    return Moment(at, at.time() != time())


def _from_iso(text: str) -> Moment:
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        return Moment(at.astimezone(TIMEZONE).replace(tzinfo=None, microsecond=0), True)
    return Moment(at.replace(microsecond=0), len(text) > len("2024-03-05"))


def read_number(text: str) -> Decimal:
    """A number in Vietnamese writing (``1.234.567,8``) or with a decimal point (``12.5``).

    Groups of three after a dot are thousands, so ``1.234`` is 1234; ``1.234e0`` is what a
    spreadsheet's own number looks like as text, and keeps its point.

    Raises:
        ValueError: It is no number.
    """
    bare = re.sub(r"\s", "", text)
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(".", "")
    elif not _PLAIN.fullmatch(bare):
        raise ValueError("not a number")
    try:
        return Decimal(bare.replace(",", "."))
    except InvalidOperation:
        raise ValueError("not a number") from None


def read_flag(text: str) -> bool:
    """Yes or no, by the words of ``schemas/forms/words.yaml``.

    Raises:
        ValueError: It is neither.
    """
    answer = _flag_words().get(fold_heading(text))
    if answer is None:
        raise ValueError("neither yes nor no")
    return answer


@cache
def _flag_words() -> dict[str, bool]:
    words = read_yaml("forms/words.yaml")["flags"]
    answers = {"yes": True, "no": False}
    return {fold_heading(word): answers[key] for key in words for word in words[key]}


def read_code(text: str, codes: dict[str, list[str]]) -> str:
    """The code whose own name or words the text is, whatever its case, accents and spacing.

    Args:
        text: What is written.
        codes: The words of each code.

    Raises:
        ValueError: It is none of them.
    """
    said = fold_heading(text)
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


def unit_of(text: str, register: UnitRegister, root: str, month: Month) -> Unit | None:
    """The unit of the month, at or below the root, that a text names by code or by name.

    Names meet by case, spacing and tone placement, never without accents. None if there is none.
    """
    valid = (*register.below(root, month), *(u for u in register.valid_in(month) if u.code == root))
    by_code = {unit.code: unit for unit in valid}
    if text.upper() in by_code:
        return by_code[text.upper()]
    return {fold_name(unit.name_vi): unit for unit in valid}.get(fold_name(text))
