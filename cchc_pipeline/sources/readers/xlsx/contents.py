"""What a workbook says of itself: its sheets, its date system, its shared texts, its date styles.

Belongs here: reading the parts that sheets refer to. Does not: the sheets' cells (``rows``),
or opening the file (``parts``).
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.upload_schema import UploadLimits
from cchc_pipeline.sources.readers.xlsx.parts import Parts, damaged, local, open_parts, resolve
from cchc_pipeline.sources.readers.xlsx.values import NumberStyle, number_style, plain_text

_TRUE = ("1", "true")
_SHOWN_LETTERS = 40


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
