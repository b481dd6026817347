"""A table of a file as DuckDB sees it, and the SQL that makes its texts clean.

Belongs here: the type that every reader gives, quoting, and trimming. Does not: the readers.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cchc_pipeline.errors import SourceError

BLANKS = " \t\r\n\v\f\u00a0\u200b\ufeff"
"""What is trimmed from both ends of a text; the last three are invisible in an editor."""


_DAMAGE = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.SerializationException,
)


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
    """What the texts of a file may need: NFC for combining marks, more than spaces trimmed."""

    has_marks: bool = True
    has_odd_blanks: bool = True


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Tell of a file that DuckDB cannot read in one line; its own words may quote the content.

    Raises:
        SourceError: DuckDB failed on the file.
    """
    try:
        yield
    except duckdb.Error as error:
        # A damaged page is a plain Error; the other classes are memory, disk or a wrong query.
        if type(error) is not duckdb.Error and not isinstance(error, _DAMAGE):
            raise
        todo = "export the file again"
        raise SourceError("is damaged and cannot be read", where=where, todo=todo) from None


def clean(sql: str, spelling: Spelling) -> str:
    """A text trimmed, in NFC, and NULL where nothing is left."""
    trimmed = f"trim({sql}, {literal(BLANKS)})" if spelling.has_odd_blanks else f"trim({sql})"
    return f"nullif({f'nfc_normalize({trimmed})' if spelling.has_marks else trimmed}, '')"


def literal(text: str | Path) -> str:
    """A text or path as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def name(text: str) -> str:
    """A name as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'


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
