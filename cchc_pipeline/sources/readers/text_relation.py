"""A table of a file as DuckDB sees it, and the SQL that makes its texts clean.

Belongs here: the type that every reader gives, quoting, and cleaning, as SQL and for a text in
hand. Does not: the readers, or the words that stand for nothing (``schemas/records/_files.yaml``).
"""

import errno
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import duckdb

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.sql import literal
from cchc_pipeline.sources.readers.upload_schema import file_rules

BLANKS = " \t\r\n\v\f\u00a0\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
"""What is trimmed from both ends of a text; from U+00A0 on nobody sees them in an editor."""

_ANY_BLANKS = f"[{BLANKS}]*"
_GUARD = re.compile(rf"(?s)^{_ANY_BLANKS}(?:'(.*)|=\"(.*)\"{_ANY_BLANKS})$")
_LONGEST_NOTHING = 24
"""The bytes of a cell that may be a word for nothing, with blanks around it."""
_OF_THE_QUERY = (
    duckdb.CatalogException,
    duckdb.BinderException,
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.ConnectionException,
    duckdb.InterruptException,
)
_DISK_NUMBERS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.EMFILE}
)
_DISK_WORDS = tuple(os.strerror(number) for number in sorted(_DISK_NUMBERS))


@dataclass(frozen=True)
class TextRelation:
    """One table of a file, in the file's order; every column is an SQL expression over ``source``.

    Attributes:
        file: The dropped file's name.
        sheet: The sheet, where a workbook gave several tables.
        source: What stands after FROM; any DuckDB connection of the process can read it.
        columns: Field name to its text: VARCHAR that is trimmed, NFC, and NULL where empty; for a
            nested field a list of structs of VARCHAR.
        row: The row's number as an editor or spreadsheet shows it; None: ``first_row`` + place.
        first_row: The number of the first row of ``source``.
        row_fault: VARCHAR, why the row cannot be read, else NULL; None where that cannot happen.
        is_total: BOOLEAN, never NULL: the line is no record, but a line of sums or a blank one.
        is_blank: BOOLEAN, never NULL: the line is blank; None where none is.
        dropped: Headings and keys that are not passed on.
        notes: What its sender should know, and nothing was refused for.
    """

    file: str
    sheet: str | None
    source: str
    columns: Mapping[str, str]
    row: str | None
    first_row: int
    row_fault: str | None
    is_total: str | None
    is_blank: str | None
    dropped: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def where(self) -> str:
        """How a message calls it."""
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"


@dataclass(frozen=True)
class Spelling:
    """What the texts of a file may need.

    Attributes:
        has_marks: Combining marks, which NFC joins to their letters.
        has_odd_blanks: More than spaces to be trimmed.
        has_guards: Cells with a guard against spreadsheets: ``'text`` or ``="text"``.
        has_nothings: Cells that say that nothing is in them: ``-``, ``NULL``.
    """

    has_marks: bool = True
    has_odd_blanks: bool = True
    has_guards: bool = True
    has_nothings: bool = True


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Tell of a file that DuckDB cannot read in one line; its own words may quote the content.

    A wrong query, an interrupt and a full disk are not the file's fault and pass as they are.

    Raises:
        SourceError: DuckDB failed on the file.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        what, todo = "needs more memory than reading may take", "split it into several files"
        raise SourceError(what, where=where, todo=todo) from error
    except duckdb.Error as error:
        if isinstance(error, _OF_THE_QUERY) or is_of_the_disk(error):
            raise
        todo = "export the file again"
        raise SourceError("is damaged and cannot be read", where=where, todo=todo) from error


def is_of_the_disk(error: Exception) -> bool:
    """Whether the operating system refused, which is nothing about a file's content."""
    if isinstance(error, OSError):
        return error.errno in _DISK_NUMBERS
    return isinstance(error, duckdb.IOException) and any(word in str(error) for word in _DISK_WORDS)


def clean(sql: str, spelling: Spelling) -> str:
    """A text trimmed, without its guard, in NFC, and NULL where nothing is left or meant."""
    text = sql
    if spelling.has_guards:
        text = (
            f"CASE WHEN contains({sql}, '''') OR contains({sql}, '=\"')"
            f" THEN regexp_replace({sql}, {literal(_GUARD.pattern)}, '\\1\\2') ELSE {sql} END"
        )
    if spelling.has_nothings:
        text = f"CASE WHEN {_is_nothing(sql)} THEN '' ELSE {text} END"
    text = _trimmed(text, spelling)
    return f"nullif({f'nfc_normalize({text})' if spelling.has_marks else text}, '')"


def clean_text(text: str) -> str:
    """What ``clean`` makes of a text in hand; empty where that is NULL."""
    if len(text.encode(errors="replace")) <= _LONGEST_NOTHING and re.fullmatch(_nothing(), text):
        return ""
    bare = text.strip(BLANKS)
    if guarded := _GUARD.fullmatch(bare):
        bare = (guarded[2] if guarded[1] is None else guarded[1]).strip(BLANKS)
    return unicodedata.normalize("NFC", bare)


def nothing_notes(source: str, texts: Iterable[str], spelling: Spelling) -> tuple[str, ...]:
    """A note that counts the cells which say that nothing is in them; none where none does.

    Args:
        source: What stands after FROM.
        texts: The SQL of the columns that are read, before cleaning.
        spelling: As for ``clean``.
    """
    counts = [f"count(*) FILTER ({_is_nothing(text)})" for text in texts]
    if not counts or not spelling.has_nothings:
        return ()
    query = f"SELECT {' + '.join(counts)} FROM {source}"  # noqa: S608 - a reader's SQL
    with duckdb.connect() as connection:
        count = connection.execute(query).fetchall()[0][0]
    return (file_rules().notes.nothings.format(count=count),) if count else ()


def _trimmed(sql: str, spelling: Spelling) -> str:
    return f"trim({sql}, {literal(BLANKS)})" if spelling.has_odd_blanks else f"trim({sql})"


def _is_nothing(sql: str) -> str:
    """Short texts only: a long one is not looked at, which costs nothing.

    A pattern, because of a long list of words DuckDB makes a join for each column.
    """
    matches = f"regexp_full_match({sql}, {literal(_nothing())})"
    return f"coalesce(strlen({sql}) <= {_LONGEST_NOTHING} AND {matches}, false)"


@cache
def _nothing() -> str:
    """The words for nothing with blanks around them, as they stand and with a guard."""
    word = f"(?:{'|'.join(map(re.escape, file_rules().nothings))})"
    return f"""(?is){_ANY_BLANKS}(?:'?{word}|="{word}"){_ANY_BLANKS}"""


def number_text(sql: str) -> str:
    """The text of a floating number: digits where it is whole, else marked by an exponent.

    ``1.5`` becomes ``1.5e0``, which nobody can take for a thousand and five hundred.
    """
    text = f"CAST({sql} AS VARCHAR)"
    return (
        f"CASE WHEN isnan({sql}) THEN NULL"
        f" WHEN abs({sql}) < 1e15 AND {sql} = trunc({sql})"
        f" THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR)"
        f" WHEN isinf({sql}) OR contains({text}, 'e') THEN {text} ELSE {text} || 'e0' END"
    )
