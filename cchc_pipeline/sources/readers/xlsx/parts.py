"""The parts of an XLSX file, opened within bounds: the one door for every workbook that comes in.

Belongs here: what makes a file no workbook, the bounds of its zip, and each part as a stream of
elements. Does not: what the parts say (``contents``, ``rows``). Memory grows with
what is kept of a part, never with what a cell's address claims: nothing is laid out as a rectangle.
"""

import io
import os
import posixpath
import struct
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO
from xml.parsers import expat

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.unpacking import check_start, check_unpacked_size
from cchc_pipeline.sources.readers.upload_schema import UploadLimits

_CHUNK = 1 << 14
_ENTRY = b"PK\x01\x02"
_KNOWN_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, SyntaxError, OSError, EOFError,
    ValueError, LookupError, OverflowError, RuntimeError, MemoryError,
)  # fmt: skip
_DAMAGED, _CUT_OFF = "is a damaged workbook", "is damaged or cut off"
_AGAIN = "open it in Excel and save it again as XLSX"


@dataclass(frozen=True)
class Parts:
    """An open workbook: its parts by their names in lower case, without a leading slash."""

    file: str
    limits: UploadLimits
    archive: zipfile.ZipFile
    by_name: Mapping[str, zipfile.ZipInfo]

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.casefold() in self.by_name

    def size(self, name: str) -> int:
        """What a part unpacks to at most, in bytes."""
        return self.by_name[name.casefold()].file_size if self.has(name) else 0

    def items(self, name: str, depth: int) -> Iterator[tuple[str, ET.Element]]:
        """The elements of a part, each when it is whole and then forgotten.

        Args:
            name: The part.
            depth: How deep the elements stand that are wanted whole, below the root; those above
                them come too, after what they hold, and empty.

        Yields:
            The local name of the element around, and the element.

        Raises:
            SourceError: The part lacks, is damaged, or holds what no program writes.
        """
        steps = _items(self, name, depth)
        while True:
            with damage_told(self.file):
                found = next(steps, None)
            if found is None:
                return
            yield from found

    def elements(self, name: str) -> list[tuple[str, ET.Element]]:
        """All elements of a small part, down to the second level below its root.

        Raises:
            SourceError: As for ``items``, or the part is not small.
        """
        most = self.limits.workbook_part_bytes
        if self.size(name) > most:
            what = f"a list in it ({name:.40}) is larger than {most // 1_000_000} MB"
            raise SourceError(what, where=self.file, todo=_AGAIN)
        return list(self.items(name, 2))


@contextmanager
def open_parts(file: str, content: BinaryIO, limits: UploadLimits) -> Iterator[Parts]:
    """Open a workbook.

    Args:
        file: The name that messages call it by.
        content: Its bytes.
        limits: What is too much.

    Raises:
        SourceError: It is no XLSX, has a password, is damaged, or is a bomb.
    """
    check_start(file, content, "xlsx")
    with damage_told(file, _CUT_OFF):
        size = content.seek(0, os.SEEK_END)
        _check_entries(file, content, limits)
        archive = zipfile.ZipFile(content)
    with archive:
        with damage_told(file, _CUT_OFF):
            by_name = _checked(file, archive, size, limits)
            if archive.testzip() is not None:
                raise damaged(file, _CUT_OFF)
        yield Parts(file, limits, archive, by_name)


@contextmanager
def damage_told(file: str, what: str = _DAMAGED) -> Iterator[None]:
    """Whatever unpacking and parsing raise is a damaged file.

    Args:
        file: The name that messages call it by.
        what: What is said of it.

    Raises:
        SourceError: Something was raised.
    """
    try:
        yield
    except DAMAGE:
        raise damaged(file, what) from None


def damaged(file: str, what: str = _DAMAGED) -> SourceError:
    """What is said of a workbook whose parts contradict each other or cannot be read."""
    return SourceError(what, where=file, todo=_AGAIN)


@lru_cache(maxsize=1024)
def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def resolve(part: str, target: str) -> str:
    """The part that a relation of another part names."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


_Found = list[tuple[str, ET.Element]]


def _items(parts: Parts, name: str, depth: int) -> Iterator[_Found]:
    """What each piece of a part completes.

    An element is complete when the next one has begun. What goes on without completing any is no
    row and no text: so a part's memory stays small, however it is nested.
    """
    builder = ET.TreeBuilder()
    top = builder.start("", {})
    parser = ET.XMLParser(target=builder)  # noqa: S314 - documents with a DOCTYPE are refused
    prolog, waiting = _Prolog(parts.file), 0
    with parts.archive.open(parts.by_name[name.casefold()]) as content:
        while chunk := content.read(_CHUNK):
            prolog.check(chunk)
            parser.feed(chunk)
            found = _completed(top, depth + 1)
            waiting = 0 if found else waiting + len(chunk)
            if waiting > parts.limits.workbook_item_bytes:
                raise ValueError("an element without an end")
            yield found
    parser.feed(b"")
    builder.end("")
    parser.close()
    yield _completed(top, depth + 1, is_whole=True)


def _completed(around: ET.Element, depth: int, is_whole: bool = False) -> _Found:
    """Take what is complete out of an element; the last that it holds may be open still."""
    found: _Found = []
    children = list(around)
    for child in children:
        is_closed = is_whole or child is not children[-1]
        if depth > 1:
            found += _completed(child, depth - 1, is_closed)
        if is_closed:
            found.append((local(around.tag), child))
    del around[: len(children) if is_whole else -1]
    return found


class _Prolog:
    """Looks for a DOCTYPE, which must stand before the first element."""

    def __init__(self, file: str) -> None:
        self._parser: expat.XMLParserType | None = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = _no_doctype(file)
        self._parser.StartElementHandler = self._is_over
        self._over = False

    def check(self, chunk: bytes) -> None:
        """Look at the next piece.

        Raises:
            SourceError: A DOCTYPE is declared.
        """
        if self._parser is not None:
            self._parser.Parse(chunk, False)
            self._parser = None if self._over else self._parser

    def _is_over(self, *_: object) -> None:
        self._over = True


def _no_doctype(file: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise SourceError("declares entities, which no workbook does", where=file, todo=_AGAIN)

    return refuse


def _check_entries(file: str, content: BinaryIO, limits: UploadLimits) -> None:
    """Refuse a zip of countless entries before its directory is read into memory."""
    count, tail = 0, b""
    content.seek(0)
    while chunk := content.read(io.DEFAULT_BUFFER_SIZE * 64):
        count += (tail + chunk).count(_ENTRY)
        tail = chunk[-(len(_ENTRY) - 1) :]
    if count > limits.workbook_parts:
        what = f"has more than {limits.workbook_parts} parts"
        raise SourceError(what, where=file, todo=_AGAIN)


def _checked(
    file: str, archive: zipfile.ZipFile, packed: int, limits: UploadLimits
) -> Mapping[str, zipfile.ZipInfo]:
    """The parts by name; what they say of themselves bounds what ``zipfile`` gives of them."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.flag_bits & 1 for info in infos):
        raise SourceError("has a password", where=file, todo="save it without a password")
    check_unpacked_size(
        file, sum(info.file_size for info in infos), packed, limits.workbook_bytes, limits
    )
    names = [info.filename.replace("\\", "/").lstrip("/").casefold() for info in infos]
    if len(set(names)) < len(names):
        raise SourceError("holds two parts of one name", where=file, todo=_AGAIN)
    if any(info.compress_type not in _KNOWN_PACKINGS for info in infos):
        raise damaged(file, _CUT_OFF)
    return dict(zip(names, infos, strict=True))
