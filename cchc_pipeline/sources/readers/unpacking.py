"""Opening a kept file: unpacked within bounds, and the old encoding it seems to be in.

Belongs here: what a name promises, what the first bytes give away, unpacking to a scratch file and
how far it may go; a guess at an old encoding, for the message that refuses it. Does not: what a
text holds (``text_inspection``), or the parts of a workbook (``readers.xlsx.parts``).
"""

import re
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.upload_schema import FileFormat, UploadLimits

_CHUNK = 4 << 20
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PK\x03\x04": "a workbook or a zip",
    _CFB: "an old Excel or Word file",
    b"PAR1": "Parquet",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "RAR",
    b"%PDF": "PDF",
}
_PACKINGS = {".gz": ("gzip", b"\x1f\x8b"), ".zst": ("zstd", b"\x28\xb5\x2f\xfd")}
_AGAIN = "export the file again"
_LOW_LETTERS = re.compile(rb"[\xa7-\xae\xb5-\xbe]")
"""TCVN3 (ABC) has its commonest letters here, where VNI and Windows-1258 have signs."""
_HIGH = re.compile(rb"[\x80-\xff]")
_VNI = re.compile(rb"[aeiouyAEIOUY\xf4\xf6\xd4\xd6][\xe0-\xe5\xe8-\xeb\xef\xf5\xf8-\xfc]|\xf1|\xd1")
_WINDOWS = re.compile(rb"[aeiouy\xe2\xe3\xea\xf4\xf5\xfd][\xcc\xd2\xde\xec\xf2]|\xf0")


def format_of(file: str) -> tuple[str, str]:
    """What a file's name promises: its format (``csv``, …) and its packing (``.gz`` or none)."""
    parts = file.casefold().rsplit(".", 2)
    if len(parts) == 3 and f".{parts[2]}" in _PACKINGS:
        return parts[1], f".{parts[2]}"
    return (parts[-1] if len(parts) > 1 else ""), ""


def unpack(file: str, blob: Path, scratch: Path, limits: UploadLimits) -> Path:
    """The plain content of a kept file.

    Args:
        file: The dropped file's name.
        blob: Its bytes in the archive.
        scratch: The folder for what is unpacked.
        limits: What is too much.

    Returns:
        ``blob`` itself where the file is plain, else a file in ``scratch``.

    Raises:
        SourceError: It is empty, not what its name says, damaged, cut off or a bomb.
    """
    packing = format_of(file)[1]
    path = _unpacked(file, blob, scratch, limits) if packing else blob
    if not path.stat().st_size:
        raise SourceError("is empty", where=file, todo=_AGAIN)
    return path


def check_kind(file: str, path: Path, expected: FileFormat) -> None:
    """What the first bytes of a file give away does not contradict the format.

    Raises:
        SourceError: They are those of another kind of file.
    """
    with path.open("rb") as content:
        check_start(file, content, expected)


def check_start(file: str, content: BinaryIO, expected: FileFormat) -> None:
    """As ``check_kind``, of an open file, which is left at some place.

    Raises:
        SourceError: It is empty, or its first bytes are those of another kind of file.
    """
    content.seek(0)
    start = content.read(8)
    if not start:
        raise SourceError("is empty", where=file, todo=_AGAIN)
    found = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)
    promised = {"xlsx": "a workbook or a zip", "parquet": "Parquet"}.get(expected)
    if expected == "xlsx" and start == _CFB:
        raise _compound_file(file, content)
    if found != promised:
        what = f"is no {expected.upper()}" + (f" but {found}" if found else "")
        raise SourceError(what, where=file, todo="give it the right ending, or export it again")


def check_unpacked_size(file: str, size: int, packed: int, most: int, limits: UploadLimits) -> None:
    """Hold what a file unpacks to against its size.

    Args:
        file: The name that messages call it by.
        size: What it unpacks to, in bytes.
        packed: Its own size.
        most: The most that it may unpack to.
        limits: The ratio, and from which size on it counts.

    Raises:
        SourceError: It is more than is sensible.
    """
    if size > most:
        what = f"unpacks to more than {most // 1_000_000} MB"
    elif size > limits.ratio_from_bytes and size > limits.ratio * packed:
        what = f"unpacks to more than {limits.ratio} times its size"
    else:
        return
    raise SourceError(what, where=file, todo="split the export into several files")


def _unpacked(file: str, blob: Path, scratch: Path, limits: UploadLimits) -> Path:
    packing, magic = _PACKINGS[format_of(file)[1]]
    with blob.open("rb") as packed:
        if packed.read(len(magic)) != magic:
            what = f"is no {packing} file, whatever its name says"
            raise SourceError(what, where=file, todo="give it the right ending, or pack it again")
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"{blob.name[:24]}{format_of(file)[1]}.unpacked"
    try:
        with pa.input_stream(str(blob), compression=packing) as source, path.open("wb") as target:
            _copy(file, source, target, blob.stat().st_size, limits)
    except (OSError, pa.ArrowException):
        path.unlink(missing_ok=True)
        raise _damaged(file) from None
    except SourceError:
        path.unlink(missing_ok=True)
        raise
    return path


def _copy(
    file: str, source: pa.NativeFile, target: BinaryIO, packed: int, limits: UploadLimits
) -> None:
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        check_unpacked_size(file, size, packed, limits.unpacked_bytes, limits)
        target.write(chunk)


def _compound_file(file: str, content: BinaryIO) -> SourceError:
    """A workbook with a password and an old workbook begin alike; their parts' names differ."""
    names = content.read(1 << 28)
    is_locked = "EncryptedPackage".encode("utf-16-le") in names
    if "Workbook".encode("utf-16-le") in names and not is_locked:
        todo = "open it in Excel and save it as XLSX"
        return SourceError("is an old workbook (XLS), not XLSX", where=file, todo=todo)
    return _password(file)


def _password(file: str) -> SourceError:
    return SourceError("has a password", where=file, todo="save it without a password")


def _damaged(file: str) -> SourceError:
    return SourceError("is damaged or cut off", where=file, todo=_AGAIN)


def name_encoding(content: bytes) -> str | None:
    """The old encoding that bytes look like, or None.

    Args:
        content: Bytes that are not UTF-8, best a line or more of text.
    """
    high = len(_HIGH.findall(content))
    if not high:
        return None
    if len(_LOW_LETTERS.findall(content)) * 5 >= high:
        return "TCVN3 (ABC)"
    vni, windows = len(_VNI.findall(content)), len(_WINDOWS.findall(content))
    if max(vni, windows) * 4 < high:
        return None
    return "VNI" if vni > windows else "Windows-1258"


def name_font(text: str) -> str | None:
    """The old font encoding that letters look like, in which they were saved as UTF-8, or None.

    Args:
        text: The first rows of a file none of whose headings is known.
    """
    if re.search("[\u1ea0-\u1ef9ăđơư]", text):
        return None
    guess = name_encoding(text.encode("cp1252", errors="ignore"))
    return guess if guess in {"TCVN3 (ABC)", "VNI"} else None
