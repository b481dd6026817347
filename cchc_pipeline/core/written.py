"""Numbers, dates and names as readers expect them, in Vietnamese and English.

Belongs here: pure forms of single values, the order of names. Does not: sentences, which are data,
or the canonical text of a cell (``publish.package.formats``).
"""

import unicodedata
from datetime import date, datetime
from typing import Literal

from cchc_pipeline.core.period import TIMEZONE, Basis, Month

Language = Literal["vi", "en"]

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = ("\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
"""Huyền, hỏi, ngã, sắc, nặng: the order of dictionaries; no tone comes first."""

_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_QUARTERS = ("I", "II", "III", "IV")
_FULL_STOPS = str.maketrans(",.", ".,")


def number_text(value: float, decimals: int, language: Language) -> str:
    """A number with grouped thousands: ``1.234.567`` and ``86,97``, or ``1,234,567`` and ``86.97``.

    Args:
        value: A value that was rounded when it was computed.
        decimals: Digits after the decimal mark, kept even if they are zeros.
        language: Whose marks to use.
    """
    text = f"{value:,.{decimals}f}"
    if not any(char in "123456789" for char in text):
        text = text.removeprefix("-")
    text = text.replace("-", "−")
    return text.translate(_FULL_STOPS) if language == "vi" else text


def date_text(day: date, language: Language) -> str:
    """``05/4/2024`` or ``5 April 2024``."""
    if language == "en":
        return f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"
    return f"{day.day:02d}/{_month_number(day.month)}/{day.year}"


def _month_number(month: int) -> str:
    """January and February take a zero before them, the others do not.

    Source: Nghị định 30/2020/NĐ-CP, Phụ lục I, on the date of a document.
    """
    return f"{month:02d}" if month <= 2 else str(month)


def moment_text(stated: str, language: Language) -> str:
    """An ISO day, or an instant in the city's time: ``14:00 ngày 10/10/2026``.

    Args:
        stated: ``2026-10-10`` or ``2026-10-10T07:00:40Z``; a day stays a day.
        language: The language of the text.
    """
    if len(stated) == 10:
        return date_text(date.fromisoformat(stated), language)
    moment = datetime.fromisoformat(stated).astimezone(TIMEZONE)
    joint = "ngày" if language == "vi" else "on"
    return f"{moment:%H:%M} {joint} {date_text(moment.date(), language)}"


def day_of(stated: str) -> date:
    """The day in the city's time of an ISO day or instant."""
    if len(stated) == 10:
        return date.fromisoformat(stated)
    return datetime.fromisoformat(stated).astimezone(TIMEZONE).date()


def month_text(month: Month, language: Language, *, inside: bool = False) -> str:
    """``Tháng 3/2024``, ``tháng 3/2024`` inside a sentence, or ``March 2024``."""
    if language == "en":
        return f"{_ENGLISH_MONTHS[month.month - 1]} {month.year}"
    return f"{'t' if inside else 'T'}háng {_month_number(month.month)}/{month.year}"


def window_text(month: Month, basis: Basis, language: Language, *, inside: bool = False) -> str:
    """The span that a figure of the month speaks of: the month, its quarter, or the year so far.

    ``inside`` a sentence it begins with a small letter, unless it is an English month.
    """
    if basis is Basis.MONTH:
        return month_text(month, language, inside=inside)
    quarter = _QUARTERS[month.quarter - 1]
    spans = {
        ("quarter", "vi"): f"Quý {quarter}/{month.year}",
        ("quarter", "en"): f"Quarter {month.quarter} of {month.year}",
        ("ytd", "vi"): f"Lũy kế năm {month.year}",
        ("ytd", "en"): f"Year {month.year} to date",
    }
    text = spans[basis.value, language]
    return text[0].lower() + text[1:] if inside else text


def collation_key(name: str) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """A key that sorts names as Vietnamese readers do: letters first, then tones.

    Ă, Â, Đ, Ê, Ô, Ơ and Ư are letters of their own; a tone decides only between words of the same
    letters. Code-point order puts Ân and Đồ after Vĩnh.
    """
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", name.casefold()):
        letter, tone = _letter_and_tone(char)
        position = _ALPHABET.find(letter)
        letters.append(position + 0x110000 if position >= 0 else ord(letter))
        tones.append(tone)
    return tuple(letters), tuple(tones), name


def _letter_and_tone(char: str) -> tuple[str, int]:
    parts = unicodedata.normalize("NFD", char)
    tone = next((_TONES.index(part) + 1 for part in parts if part in _TONES), 0)
    bare = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
    return bare[:1] or char, tone
