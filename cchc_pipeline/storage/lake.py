"""The Parquet lake: a folder a table, root unit and month, written whole or not at all.

Belongs here: paths, atomic writes, the digest of a table's content. Does not: what the rows mean;
the declared schema comes from the table's contract.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.core.errors import MADE_AGAIN, CheckFailedError, DamagedError
from cchc_pipeline.core.files import put_in_place, write_whole
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.unforeseen import AT_WORK

PART = "part-0.parquet"
"""The one file of a month."""
ROWS_PER_GROUP = 122_880
"""As DuckDB writes them: the statistics of a group let a query skip it."""
_PARTS = "[!._]*.parquet"
_BATCH = 65_536


def table_from_rows(contract: Contract, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of the declared schema, sorted by its primary key.

    Raises:
        CheckFailedError: A value does not fit its declared type.
    """
    ordered = sorted(rows, key=lambda row: tuple(_sortable(row[k]) for k in contract.primary_key))
    try:
        return pa.Table.from_pylist(ordered, schema=contract.arrow_schema())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise CheckFailedError(
            f"a value does not fit the contract: {error}", where=f"table {contract.table}"
        ) from None


def _sortable(value: object) -> tuple[bool, str]:
    return (value is not None, str(value))


def content_digest(table: pa.Table, columns: Iterable[str] | None = None) -> str:
    """SHA-256 of the values, independent of file format and library version.

    Args:
        table: The table, in its order.
        columns: Only these columns; all if None.
    """
    chosen = table.select(list(columns)) if columns is not None else table
    return rows_digest(chosen.column_names, chosen.to_batches(max_chunksize=_BATCH))


def rows_digest(columns: Sequence[str], batches: Iterable[pa.RecordBatch]) -> str:
    """The digest of ``content_digest`` from the parts of a table, which need not fit into memory.

    Args:
        columns: The names of the columns.
        batches: The rows, in the table's order.
    """
    digest = hashlib.sha256(json.dumps(list(columns)).encode())
    for batch in batches:
        for row in batch.to_pylist():
            line = json.dumps(list(row.values()), ensure_ascii=False, default=_as_text)
            digest.update(line.encode())
    return digest.hexdigest()


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


@dataclass(frozen=True)
class Lake:
    """The tables of a root unit: ``<root>/<table>/root_unit=<code>/month=<month>/part-0.parquet``.

    An engine that is pointed at such folders reads every file in them, so a month with any other
    file beside its own is refused: it would have other rows there than here.
    """

    root: Path
    root_unit: str

    def folder(self, table: str, month: Month) -> Path:
        """The folder whose files are the month."""
        return self._of(table) / f"month={month}"

    def path(self, table: str, month: Month) -> Path:
        """Where the month of a table is kept."""
        return self.folder(table, month) / PART

    def files(self, table: str, month: Month) -> tuple[Path, ...]:
        """The file of a month; none if it was never written.

        Raises:
            CheckFailedError: Another file lies beside it.
        """
        folder, path = self.folder(table, month), self.path(table, month)
        found = sorted(folder.glob(_PARTS))
        if foreign := [file for file in found if file != path]:
            raise CheckFailedError(
                "is no file of this program, and would be read as rows of the month",
                where=str(foreign[0]),
                todo="take it out of the folder, and run again",
            )
        return tuple(found)

    def write(self, table: str, month: Month, data: pa.Table) -> Path:
        """Replace the month of a table; the same rows leave its file as it is."""
        sink = pa.BufferOutputStream()
        pq.write_table(data, sink, compression="zstd", row_group_size=ROWS_PER_GROUP)
        content, path = sink.getvalue().to_pybytes(), self.path(table, month)
        if not self.files(table, month) or path.read_bytes() != content:
            write_whole(path, content)
        return path

    def put(self, table: str, month: Month, finished: Path) -> Path:
        """Replace the month of a table by a file that was written elsewhere on the same disk."""
        path = self.path(table, month)
        put_in_place(finished, path)
        return path

    def read(self, table: str, month: Month) -> pa.Table:
        """The month of a table; no rows if it was never written."""
        schema = load_contract(table).arrow_schema()
        return _joined([_rows(file, schema) for file in self.files(table, month)], schema)

    def months(self, table: str) -> tuple[Month, ...]:
        """The months that a table holds, in order."""
        named = (
            Month.parse(place.name.partition("=")[2]) for place in self._of(table).glob("month=*")
        )
        return tuple(sorted(month for month in named if self.files(table, month)))

    def paths(self, month: Month | None = None) -> list[Path]:
        """The root unit's files of all tables; those of one month, if one is given."""
        return sorted(self.root.glob(f"*/{self._unit}/month={month or '*'}/{_PARTS}"))

    def read_all(self, table: str) -> pa.Table:
        """Every month of a table, in order."""
        schema = load_contract(table).arrow_schema()
        return _joined([self.read(table, month) for month in self.months(table)], schema)

    def _of(self, table: str) -> Path:
        return self.root / table / self._unit

    @property
    def _unit(self) -> str:
        return f"root_unit={quote(self.root_unit, safe='')}"


def _rows(path: Path, schema: pa.Schema) -> pa.Table:
    """A file by a schema: a column that it lacks is empty, one that is not declared is left out.

    Raises:
        DamagedError: It is no Parquet file, or its bytes are not those that were written.
    """
    AT_WORK.file = path.parents[2].name
    try:
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.equals(schema):
                return pa.Table.from_arrays(file.read().columns, schema=schema)
        return pq.read_table(path, schema=schema, partitioning=None)
    except (pa.ArrowMemoryError, FileNotFoundError, PermissionError):
        raise
    except (pa.ArrowException, OSError, ValueError):
        raise DamagedError(path, MADE_AGAIN) from None


def _joined(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables([schema.empty_table(), *tables])
