"""The Parquet lake: one file a table and month, written whole or not at all.

Belongs here: paths, atomic writes, the digest of a table's content. Does not: what the rows mean;
the declared schema comes from the table's contract.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.durable import write_whole
from cchc_pipeline.errors import CheckFailedError
from cchc_pipeline.period import Month


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
    digest = hashlib.sha256(json.dumps(chosen.column_names).encode())
    for row in chosen.to_pylist():
        line = json.dumps(list(row.values()), ensure_ascii=False, default=_as_text)
        digest.update(line.encode())
    return digest.hexdigest()


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


@dataclass(frozen=True)
class Lake:
    """The tables under one folder: ``<root>/<table>/<month>.parquet``."""

    root: Path

    def path(self, table: str, month: Month) -> Path:
        """Where the month of a table is kept."""
        return self.root / table / f"{month}.parquet"

    def write(self, table: str, month: Month, data: pa.Table) -> Path:
        """Replace the month of a table."""
        sink = pa.BufferOutputStream()
        pq.write_table(data, sink, compression="zstd")
        path = self.path(table, month)
        write_whole(path, sink.getvalue().to_pybytes())
        return path

    def read(self, table: str, month: Month) -> pa.Table:
        """The month of a table; no rows if it was never written."""
        path, schema = self.path(table, month), load_contract(table).arrow_schema()
        return pq.read_table(path, schema=schema) if path.exists() else schema.empty_table()

    def months(self, table: str) -> tuple[Month, ...]:
        """The months that a table holds, in order."""
        return tuple(
            sorted(Month.parse(path.stem) for path in (self.root / table).glob("*.parquet"))
        )

    def paths(self, month: Month | None = None) -> list[Path]:
        """The files of all tables; those of one month, if one is given."""
        return sorted(self.root.glob(f"*/{month or '*'}.parquet"))

    def read_all(self, table: str) -> pa.Table:
        """Every month of a table, in order."""
        parts = [self.read(table, month) for month in self.months(table)]
        schema = load_contract(table).arrow_schema()
        return pa.concat_tables([schema.empty_table(), *parts])
