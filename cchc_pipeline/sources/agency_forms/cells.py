"""The cells of a form that came back: finding what stands where in its workbook.

Belongs here: the heading block, the columns, the rows as texts. Does not: opening a workbook within
bounds (``readers.xlsx.parts``), or whether a row is right (``rows``, ``forms``).
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.agency_forms.layout import FIGURES, FormLayout, load_layout
from cchc_pipeline.sources.readers.text_relation import clean_text
from cchc_pipeline.sources.readers.upload_schema import UploadLimits, file_rules, fold_heading
from cchc_pipeline.sources.readers.xlsx.contents import SheetPart, Workbook, open_workbook
from cchc_pipeline.sources.readers.xlsx.rows import SheetReader, SheetRow, address_of
from cchc_pipeline.sources.readers.xlsx.values import since_1900

_OPTIONAL = frozenset({"content", "note"})
_READ = frozenset({"item_id", *FIGURES, "status", "completed_on"})
_DAY = "completed_on"
_WIDEST = 200
_RATIO_FROM_BYTES = 2_000_000
_SAVE = "save the form that cchc made as .xlsx, without a password"

Cells = Mapping[str, str]
"""The filled cells of a row, by the key of their column."""


@dataclass(frozen=True)
class FormCells:
    """A form as it came: its heading block, and its rows with their numbers as Excel shows them.

    ``unkept`` names the cells of a row, by its number, whose formula has no kept value;
    ``is_sample`` is whether its head says that it is sample data.
    """

    file: str
    block: Mapping[str, str]
    rows: tuple[tuple[int, Cells], ...]
    unkept: Mapping[int, str]
    is_sample: bool = False


def open_form(content: bytes, file: str) -> FormCells:
    """The cells of a form.

    The heading block and the columns are found by their headings, wherever they stand.

    Raises:
        SourceError: It is no workbook, has a password, is too large, or no sheet or more than one
            has the form's headings.
    """
    layout = load_layout()
    if len(content) > layout.limits.file_bytes:
        raise SourceError("is too large for a form", where=file, todo=_SAVE)
    with open_workbook(file, io.BytesIO(content), _limits(layout)) as book:
        found = [form for sheet in book.sheets
                 if (form := _form_of(book, sheet, layout)) is not None]  # fmt: skip
    if not found:
        headings = ", ".join(column.headings[0] for column in layout.columns)
        raise SourceError("no sheet has the form's headings", where=file, todo=f"keep {headings}")
    if len(found) > 1:
        raise SourceError("two sheets have the form's headings", where=file, todo="keep one")
    return found[0]


def cleaned(text: str) -> str:
    """A cell's text as every reader cleans it, with its blanks made one space each."""
    return " ".join(clean_text(text).split())


def _limits(layout: FormLayout) -> UploadLimits:
    """The bounds of every workbook, narrower where a form needs less."""
    return replace(
        file_rules().limits,
        workbook_bytes=layout.limits.unpacked_bytes,
        ratio=layout.limits.ratio,
        ratio_from_bytes=_RATIO_FROM_BYTES,
        workbook_cells=layout.limits.rows * _WIDEST,
    )


def _rows(book: Workbook, sheet: SheetPart, layout: FormLayout) -> Iterator[SheetRow]:
    """The rows of a sheet with their texts cleaned.

    Raises:
        SourceError: The sheet is damaged, or something stands far below or beside the form.
    """
    for row in SheetReader(book, sheet).rows():
        if row.number > layout.limits.rows or len(row.cells) > _WIDEST:
            cell = address_of(max(len(row.cells), 1) - 1, row.number)
            raise SourceError("has far more cells than a form",
                              where=f"{book.parts.file}, {sheet.shown}, cell {cell}",
                              todo="delete what stands below and beside the form")  # fmt: skip
        yield row._replace(cells=[cleaned(cell) for cell in row.cells])


def _form_of(book: Workbook, sheet: SheetPart, layout: FormLayout) -> FormCells | None:
    above: list[Sequence[str]] = []
    rows = _rows(book, sheet, layout)
    for row in rows:
        columns = _columns(row.cells, f"{book.parts.file}, {sheet.shown}", layout)
        if columns is not None:
            unkept: dict[int, str] = {}
            found = tuple(_filled(rows, columns, book.is_1904, unkept))
            notice = fold_heading(layout.sample_notice)
            said = any(notice in fold_heading(text) for line in above for text in line)
            return FormCells(book.parts.file, _block(above, layout), found, unkept, said)
        above.append(row.cells)
    return None


def _filled(
    rows: Iterator[SheetRow], columns: Mapping[int, str], is_1904: bool, unkept: dict[int, str]
) -> Iterator[tuple[int, Cells]]:
    """The filled cells of the rows below the headings; cells without a kept value are noted."""
    for row in rows:
        cells = {
            columns[place]: text
            for place, text in enumerate(row.cells)
            if text and place in columns
        }
        if is_1904 and _DAY in cells:
            cells[_DAY] = since_1900(cells[_DAY])
        lacking = [place for place in row.unkept if columns.get(place) in _READ]
        if lacking:
            unkept[row.number] = ", ".join(address_of(place, row.number) for place in lacking)
        if cells or lacking:
            yield row.number, cells


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
