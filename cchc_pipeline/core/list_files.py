"""The small CSV lists that people keep in the inbox: units, successions, publications.

Belongs here: from a file to rows of clean texts under folded headings, numbered as a spreadsheet
does, and what is wrong with a file or a cell. Does not: what a column means, which the module of
each list says; the exports of a month, which are read in bulk (``sources.readers``).
"""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.masking import quoted, visible

_LARGEST = 4 << 20
_TRIMMED = " \t\u00a0\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"
_FORMULA = "=+-@"
_DELIMITERS = ";,\t"
Row = dict[str, str]


def read_rows(path: Path, required: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The rows that hold anything, each with its number in the file.

    Args:
        path: The list; a file that is not there has no rows.
        required: The columns that it must have; others are passed on too.

    Raises:
        SchemaDataError: It is no such list; the line names file and row.
    """
    if not (path.exists() or path.is_symlink()):
        return
    text = _text(path).removeprefix("sep=;\n").removeprefix("sep=,\n")
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    done = 0  # a quote that stays open swallows lines: the row that it began in is to be named
    try:
        for cells in reader:
            if names is None:
                names = _headings(cells, required, str(path))
            elif any(cell.strip(_TRIMMED) for cell in cells):
                yield reader.line_num, _row(names, cells, f"{path}, row {reader.line_num}")
            done = reader.line_num
    except csv.Error as error:
        raise SchemaDataError(
            f"not CSV: {visible(str(error))}",
            where=f"{path}, row {done + 1}",
            todo="correct that row",
        ) from None
    if names is None:
        _headings([], required, str(path))


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would never end
            raise SchemaDataError(
                "cannot be read: it is no regular file", where=str(path), todo="put a CSV there"
            )
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise SchemaDataError(
                f"longer than {_LARGEST} bytes", where=str(path), todo="it is no such list"
            )
        text = unicodedata.normalize("NFC", content.decode("utf-8-sig"))
        return text.replace("\r\n", "\n")
    except UnicodeDecodeError:
        what, todo = "not UTF-8 text", "save it as CSV UTF-8"
    except OSError as error:
        what, todo = f"cannot be read: {error.strerror}", "check the file and its permissions"
    raise SchemaDataError(what, where=str(path), todo=todo)


def _headings(cells: Iterable[str], required: Sequence[str], where: str) -> list[str]:
    """The columns' names, by the spelling of the required ones."""
    usual = {_folded(name): name for name in required}
    names = [usual.get(_folded(cell), _folded(cell)) for cell in cells]
    missing = [name for name in required if name not in names]
    todo = f"the heading row is {','.join(required)}"
    if missing:
        raise SchemaDataError(f"no column {', '.join(missing)}", where=where, todo=todo)
    twice = [name for name, times in Counter(names).items() if times > 1 and name]
    if twice:
        raise SchemaDataError(f"two columns {visible(twice[0])}", where=where, todo="keep one")
    return names


def _folded(heading: str) -> str:
    """A heading without what offices vary: accents, case, spacing."""
    letters = unicodedata.normalize("NFKD", heading.strip(_TRIMMED).casefold())
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    return "_".join(plain.replace("đ", "d").replace("-", " ").replace("_", " ").split())


def _row(names: Sequence[str], cells: Sequence[str], where: str) -> Row:
    if len(cells) != len(names):
        raise SchemaDataError(
            f"another number of cells than the heading row ({len(cells)}, not {len(names)})",
            where=where,
            todo="give each column one cell",
        )
    row = {}
    for name, cell in zip(names, cells, strict=True):
        value = _bare(cell)
        if visible(value, None) != value:
            raise SchemaDataError(
                f"{visible(name) or 'a cell'} holds a control character or a line break: "
                f"{visible(value)}", where=where, todo="type that cell anew",
            )  # fmt: skip
        if value and not name:
            raise SchemaDataError(
                f"{quoted(value)} stands below no heading", where=where, todo="remove it"
            )
        row[name] = value
    return row


def _bare(cell: str) -> str:
    """A cell without the guards that keep a spreadsheet from guessing: ``'…`` and ``="…"``."""
    text = cell.strip(_TRIMMED)
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'").strip(_TRIMMED)


def require_text(text: str, what: str, where: str, longest: int = 200) -> str:
    """A text that is published: not too long, and none that a spreadsheet would compute.

    Raises:
        SchemaDataError: It is one of these.
    """
    if unicodedata.normalize("NFKC", text)[:1].startswith(tuple(_FORMULA)):
        raise SchemaDataError(
            f"{what} begins like a formula", where=where, todo="remove the first character"
        )
    if len(text) > longest:
        raise SchemaDataError(
            f"{what} is longer than {longest} characters", where=where, todo="shorten it"
        )
    return text


def require_day(text: str, where: str) -> date:
    """A day as ``YYYY-MM-DD``, between 1900 and 2200.

    Raises:
        SchemaDataError: It is none.
    """
    try:
        day = date.fromisoformat(text)
        if len(text) == len("YYYY-MM-DD") and text[4] == "-" and 1900 <= day.year < 2200:
            return day
    except ValueError:
        pass
    raise SchemaDataError(
        f"{quoted(text)} is not a date", where=where, todo="write it as YYYY-MM-DD"
    )
