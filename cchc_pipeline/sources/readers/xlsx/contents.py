"""What a workbook says of itself: sheets, date system, shared texts, styles; its numbers as texts.

Belongs here: reading the parts that sheets refer to; what a number is meant as by its format,
serial days, escapes. Does not: which cell holds them (``rows``), opening the file (``parts``), or
what a field makes of a text.
"""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import BinaryIO, Literal
from xml.etree.ElementTree import Element

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.upload_schema import UploadLimits
from cchc_pipeline.sources.readers.xlsx.parts import Parts, damaged, local, open_parts, resolve

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
_TRUE = ("1", "true")
_SHOWN_LETTERS = 40


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


@dataclass(frozen=True)
class SheetPart:
    """A worksheet; ``is_hidden`` of one that Excel does not show, or never shows."""

    name: str
    part: str
    is_hidden: bool

    @property
    def shown(self) -> str:
        """Its name as a message quotes it: visible, on one line, cut where it is long."""
        name = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in self.name)
        return name if len(name) <= _SHOWN_LETTERS else f"{name[:_SHOWN_LETTERS]}…"


class SharedTexts:
    """The texts that cells share, as one run of UTF-8 with the place where each ends.

    Millions of separate texts would take three times the memory.
    """

    def __init__(self) -> None:
        self._bytes, self._ends = bytearray(), array("Q", (0,))

    def add(self, text: str) -> None:
        """Keep the next text."""
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: str) -> str:
        number = int(place)
        if number < 0:
            raise ValueError("no place of a text")
        return self._bytes[self._ends[number] : self._ends[number + 1]].decode()


@dataclass(frozen=True)
class Workbook:
    """An open workbook with what its cells refer to.

    Attributes:
        parts: Its parts.
        sheets: Its worksheets in their order; charts and macro sheets hold no records.
        is_1904: Whether its days are counted from 1904.
        texts: The shared texts.
        styles: How numbers are meant, by the cell's style; None is a cell without one.
    """

    parts: Parts
    sheets: tuple[SheetPart, ...]
    is_1904: bool
    texts: SharedTexts
    styles: Mapping[str | None, NumberStyle]


@contextmanager
def open_workbook(file: str, content: BinaryIO, limits: UploadLimits) -> Iterator[Workbook]:
    """Open a workbook, and read everything but its sheets.

    Args:
        file: The name that messages call it by.
        content: Its bytes.
        limits: What is too much.

    Raises:
        SourceError: It is no XLSX, has a password, is damaged, or is more than is sensible.
    """
    with open_parts(file, content, limits) as parts:
        main = _main_part(parts)
        relations = _relations(parts, main)
        elements = parts.elements(main)
        is_1904 = any(
            local(element.tag) == "workbookPr" and element.get("date1904") in _TRUE
            for _, element in elements
        )
        targets = dict(relations.values())
        yield Workbook(
            parts,
            tuple(_sheets(parts, elements, relations)),
            is_1904,
            _texts(parts, targets.get("sharedStrings")),
            _styles(parts, targets.get("styles")),
        )


def run_text(element: Element) -> str:
    """The text of a shared or an inline text: its runs, without how to pronounce them."""
    pieces = [
        run.text or ""
        for child in element
        if local(child.tag) != "rPh"
        for run in child.iter()
        if local(run.tag) == "t"
    ]
    return plain_text("".join(pieces))


_Relations = dict[str, tuple[str, str]]


def _main_part(parts: Parts) -> str:
    """The part that is the workbook, by the package's relations, else by its usual name."""
    relations = _relations(parts, "") if parts.has("_rels/.rels") else {}
    main = next((to for kind, to in relations.values() if kind == "officeDocument"), "")
    name = main if parts.has(main) else "xl/workbook.xml"
    if not parts.has(name) or not name.casefold().endswith(".xml"):
        raise _no_workbook(parts)
    return name


def _no_workbook(parts: Parts) -> SourceError:
    todo = "open it in Excel and save it as XLSX"
    return SourceError("is no XLSX workbook", where=parts.file, todo=todo)


def _relations(parts: Parts, part: str) -> _Relations:
    """What a part refers to inside of the workbook: kind and part, by the relation's id."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels".lstrip("/")
    if not parts.has(path):
        raise damaged(parts.file)
    return {
        element.attrib["Id"]: (
            element.attrib["Type"].rpartition("/")[2],
            resolve(part, element.attrib["Target"]),
        )
        for _, element in parts.elements(path)
        if local(element.tag) == "Relationship"
        and {"Id", "Type", "Target"} <= element.attrib.keys()
        and element.get("TargetMode") != "External"
    }


def _sheets(
    parts: Parts, elements: Sequence[tuple[str, Element]], relations: _Relations
) -> Iterator[SheetPart]:
    found = [
        {local(key): value for key, value in element.items()}
        for around, element in elements
        if around == "sheets" and local(element.tag) == "sheet"
    ]
    if not found:
        raise _no_workbook(parts)
    if len(found) > parts.limits.workbook_sheets:
        what = f"has more than {parts.limits.workbook_sheets} sheets"
        raise SourceError(what, where=parts.file, todo="split it into several files")
    seen: set[str] = set()
    for said in found:
        kind, part = relations.get(said.get("id", ""), ("", ""))
        if not kind or part in seen:
            raise damaged(parts.file)
        seen.add(part)
        if kind == "worksheet":
            if not parts.has(part):
                raise damaged(parts.file)
            yield SheetPart(said.get("name", ""), part, said.get("state", "visible") != "visible")


def _texts(parts: Parts, part: str | None) -> SharedTexts:
    texts = SharedTexts()
    if part is None:
        return texts
    if parts.size(part) > parts.limits.shared_text_bytes:
        raise _too_many_texts(parts)
    for _, element in parts.items(part, 1):
        if local(element.tag) == "si":
            texts.add(run_text(element))
        if len(texts) > parts.limits.shared_texts:
            raise _too_many_texts(parts)
    return texts


def _too_many_texts(parts: Parts) -> SourceError:
    limits = parts.limits
    what = f"holds more than {limits.shared_text_bytes // 1_000_000} MB or "
    what += f"{limits.shared_texts:,} texts"
    return SourceError(what, where=parts.file, todo="split the export into several files")


class _NoStyles(dict[str | None, NumberStyle]):
    def __missing__(self, _: str | None) -> NumberStyle:
        """In a workbook without styles every number is one."""
        return "number"


def _styles(parts: Parts, part: str | None) -> Mapping[str | None, NumberStyle]:
    elements = [] if part is None else parts.elements(part)
    codes = {
        element.get("numFmtId", ""): element.get("formatCode", "")
        for around, element in elements
        if around == "numFmts"
    }
    known = {number: number_style(number, code) for number, code in codes.items()}
    numbers = [element.get("numFmtId", "0") for around, element in elements if around == "cellXfs"]
    found: dict[str | None, NumberStyle] = {
        str(place): known.get(number) or number_style(number, "")
        for place, number in enumerate(numbers)
    }
    return {None: found["0"], **found} if found else _NoStyles()
