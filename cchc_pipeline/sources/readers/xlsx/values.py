"""Numbers and texts of Excel's own, as the texts that every reader hands over.

Belongs here: what a number is meant as by its format, serial days, escapes. Does not: which cell
holds them (``rows``), or what a field makes of a text.
"""

import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

NumberStyle = Literal["number", "date", "elapsed"]
"""What a number format makes of a number: itself, a day or time of day, or hours that go on."""

_LARGEST_WHOLE = 2.0**53
_SMALLEST_WRITTEN_OUT = 1e-12
_DAYS_BEFORE_1904 = 1462
_ZERO = datetime(1899, 12, 30)
_FALSE_DAY, _LAST_DAYS = 60, 2_957_000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SERIAL = re.compile(r"\d{1,5}(\.\d+)?(e0)?", re.ASCII)
_DATE_FORMATS = frozenset(
    map(str, (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59), *range(71, 82)))
)
_ELAPSED_FORMATS = frozenset({"46"})
_NOT_SHOWN_LETTERS = re.compile(r'"[^"]*"?|\\.|[_*].|general|am/pm|a/p', re.IGNORECASE | re.DOTALL)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]?")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def number_style(number: str, code: str) -> NumberStyle:
    """What a number format is for.

    Args:
        number: Its number; those below 164 have a meaning without a code.
        code: Its code, such as ``dd/mm/yyyy`` or ``"ngày" dd``; empty where none is declared.
    """
    if not code:
        known: NumberStyle = "elapsed" if number in _ELAPSED_FORMATS else "number"
        return "date" if number in _DATE_FORMATS else known
    letters = _NOT_SHOWN_LETTERS.sub("", code)
    is_elapsed = _ELAPSED.search(letters) is not None
    shown = _BRACKETS.sub("", letters).lower()
    if any(letter in shown for letter in "dy"):
        return "date"
    if is_elapsed:
        return "elapsed"
    return "date" if any(letter in shown for letter in "mhs") else "number"


@lru_cache(maxsize=1 << 16)
def number_text(raw: str, style: NumberStyle, is_1904: bool) -> str:
    """The text of a cell that holds a number.

    Args:
        raw: The number as the file writes it; what is none is passed on as it stands.
        style: What its format makes of it.
        is_1904: Whether the workbook counts days from 1904.
    """
    text = raw.strip()
    if _NUMBER.fullmatch(text) is None:
        return text
    number = float(text)
    if style == "number" or abs(number) >= _LAST_DAYS:
        return float_text(number) if abs(number) < float("inf") else text
    if style == "elapsed" and number >= 1:
        minutes, seconds = divmod(round(number * 86_400), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return _serial_text(number, is_1904)


def float_text(number: float) -> str:
    """The text of a floating number: digits where it is whole, else marked by an exponent.

    Fifteen digits count, as Excel shows them; ``1.5e0`` nobody can take for 1500.
    """
    if number.is_integer() and abs(number) < _LARGEST_WHOLE:
        return str(int(number))
    text = f"{number:.15g}"
    if "e" not in text:
        return f"{text}e0" if "." in text else text
    return f"{Decimal(text):f}e0" if _SMALLEST_WRITTEN_OUT <= abs(number) < 1 else text


def moment_text(text: str) -> str:
    """The text of a cell that holds an ISO moment: midnight is a day, as Excel keeps both."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo else _day_or_moment(moment)


def since_1900(text: str) -> str:
    """A serial day of a workbook that counts from 1904, as one that counts from 1900.

    What is no serial is given back: in a column of dates also texts stand.
    """
    if _SERIAL.fullmatch(text) is None:
        return text
    serial = Decimal(text) + _DAYS_BEFORE_1904
    return f"{serial:f}e0" if "." in text else f"{serial:f}"


def plain_text(text: str) -> str:
    """A text without Excel's escapes (``_x000D_``); half a letter becomes a replacement mark."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _serial_text(serial: float, is_1904: bool) -> str:
    """A day, a moment or a time of day; Excel's false 29/2/1900 stays one, and is no date."""
    if serial < 0:
        return float_text(serial)
    if serial < 1:
        return (_ZERO + timedelta(seconds=min(round(serial * 86_400), 86_399))).time().isoformat()
    at = _ZERO + timedelta(seconds=round(serial * 86_400))
    if is_1904:
        return _day_or_moment(at + timedelta(days=_DAYS_BEFORE_1904))
    if int(serial) == _FALSE_DAY:
        return "1900-02-29"
    return _day_or_moment(at if serial > _FALSE_DAY else at + timedelta(days=1))


def _day_or_moment(at: datetime) -> str:
    return at.date().isoformat() if at.time() == time() else at.isoformat(timespec="seconds")
