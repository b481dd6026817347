"""The cells of a form that came back: opening the workbook safely, and finding what stands where.

Belongs here: refusing what is no form, the heading block, the columns, the rows as texts. Does not:
whether a row is right (``forms``). Bounds are checked before the workbook is unpacked.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import python_calamine

from cchc_pipeline.agency_form.layout import FormLayout, load_layout
from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.record_files.record_form import fold_heading

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OPTIONAL = frozenset({"content", "note"})
_WIDEST = 200
_DAMAGED = "is not an XLSX workbook, or is damaged"
_SAVE = "save the form that cchc made as .xlsx, without a password"

Cells = Mapping[str, str]
"""The filled cells of a row, by the key of their column."""


@dataclass(frozen=True)
class FormCells:
    """A form as it came: its heading block, and its rows with their numbers as Excel shows them."""

    file: str
    block: Mapping[str, str]
    rows: tuple[tuple[int, Cells], ...]


def open_form(content: bytes, file: str) -> FormCells:
    """The cells of a form.

    The heading block and the columns are found by their headings, wherever they stand.

    Raises:
        SourceError: It is no workbook, has a password, is too large, or no sheet or more than one
            has the form's headings.
    """
    _refuse_unsafe(content, file)
    layout = load_layout()
    found = [form for name, rows in _sheets(content, file, layout)
             if (form := _form_of(rows, f"{file}, {name}", layout)) is not None]  # fmt: skip
    if not found:
        headings = ", ".join(column.headings[0] for column in layout.columns)
        raise SourceError("no sheet has the form's headings", where=file, todo=f"keep {headings}")
    if len(found) > 1:
        raise SourceError("two sheets have the form's headings", where=file, todo="keep one")
    return FormCells(file, *found[0])


def _refuse_unsafe(content: bytes, file: str) -> None:
    limits = load_layout().limits
    if not content:
        raise SourceError("is empty", where=file, todo="hand in the filled form")
    if content.startswith(_OLE):
        locked = _ENCRYPTED in content
        what = "has a password" if locked else "is an old .xls or another Office file"
        raise SourceError(what, where=file, todo=_SAVE)
    if len(content) > limits.file_bytes:
        raise SourceError("is too large for a form", where=file, todo=_SAVE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > limits.unpacked_bytes or size > limits.ratio * max(len(content), 10_000):
                raise SourceError("unpacks to far more than a form", where=file, todo=_SAVE)
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise SourceError(
            "is not an XLSX workbook, or is damaged", where=file, todo=_SAVE
        ) from None
    if damaged is not None:
        raise SourceError(_DAMAGED, where=file, todo=_SAVE)


def _sheets(
    content: bytes, file: str, layout: FormLayout
) -> Iterator[tuple[str, Sequence[Sequence[Any]]]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > layout.limits.rows or sheet.total_width > _WIDEST:
                raise SourceError("has far more cells than a form", where=f"{file}, {name}",
                                  todo="delete what stands below and beside the form")  # fmt: skip
            yield name, sheet.to_python(skip_empty_area=False)
    except python_calamine.CalamineError:
        raise SourceError(
            "is not an XLSX workbook, or is damaged", where=file, todo=_SAVE
        ) from None


def _form_of(
    rows: Sequence[Sequence[Any]], where: str, layout: FormLayout
) -> tuple[dict[str, str], tuple[tuple[int, Cells], ...]] | None:
    texts = [[_text(cell) for cell in row] for row in rows]
    for number, row in enumerate(texts):
        columns = _columns(row, where, layout)
        if columns is not None:
            found = (
                (line, {key: cells[place] for place, key in columns.items() if cells[place]})
                for line, cells in enumerate(texts[number + 1 :], start=number + 2)
            )
            return _block(texts[:number], layout), tuple(row for row in found if row[1])
    return None


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


def _text(cell: object) -> str:
    """A cell as text; a number of Excel's own keeps its point behind a mark (``read_number``)."""
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() else f"{Decimal(f'{cell:.15g}'):f}e0"
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
        case date():
            return cell.isoformat()
        case _:
            return " ".join(str(cell).split())
