"""The Parquet lake: a folder a table, root unit and month, written whole or not at all.

Belongs here: paths, atomic writes, the digest of a table's content. Does not: what the rows mean;
the declared schema comes from the table's contract. Joining files is ``compaction``.
"""

import errno
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.durable import put_in_place, swap_folders, write_whole
from cchc_pipeline.errors import CheckFailedError
from cchc_pipeline.period import Month

PART = "part-0.parquet"
"""The file of a month that this program wrote."""
ROWS_PER_GROUP = 122_880
"""As DuckDB writes them: the statistics of a group let a query skip it."""
_FORMER = "[0-9][0-9][0-9][0-9]-[0-1][0-9].parquet"
_PARTS = "[!._]*.parquet"
_LOOKS = 5
_BATCH = 65_536
_CANNOT_SWAP = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


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


def parts_of(folder: Path) -> tuple[Path, ...]:
    """The data files of a folder, in order; what begins with a dot or a line is none."""
    return tuple(sorted(folder.glob(_PARTS)))


@dataclass(frozen=True)
class Lake:
    """The tables of a root unit: ``<root>/<table>/root_unit=<code>/month=<month>/*.parquet``.

    What lies in a month's folder is the month, for this class as for every engine that reads such
    folders. This class writes one file a month; an engine may have written several.
    """

    root: Path
    root_unit: str

    @classmethod
    def opened(cls, root: Path, root_unit: str) -> "Lake":
        """The lake below a folder; what an earlier version wrote is moved to where it belongs.

        A table's month was ``<table>/<month>.parquet`` then, and a lake held one root unit. Each
        file is moved by a rename: whoever is interrupted, or is not alone, goes on with the rest.
        """
        lake = cls(root, root_unit)
        for path in root.glob(f"*/{_FORMER}"):
            with suppress(FileNotFoundError):  # another process moved it
                lake.put(path.parent.name, Month.parse(path.stem), path)
        return lake

    def folder(self, table: str, month: Month) -> Path:
        """The folder whose files are the month."""
        return self._of(table) / f"month={month}"

    def path(self, table: str, month: Month) -> Path:
        """Where the month of a table is kept by this program: in one file."""
        return self.folder(table, month) / PART

    def files(self, table: str, month: Month) -> tuple[Path, ...]:
        """The files that the month consists of, in order; none if it was never written."""
        return parts_of(self.folder(table, month))

    def write(self, table: str, month: Month, data: pa.Table) -> Path:
        """Replace the month of a table; the same rows leave its file as it is."""
        sink = pa.BufferOutputStream()
        pq.write_table(data, sink, compression="zstd", row_group_size=ROWS_PER_GROUP)
        content, path = sink.getvalue().to_pybytes(), self.path(table, month)
        if self._is_one_file(table, month):
            if not path.exists() or path.read_bytes() != content:
                write_whole(path, content)
        else:
            staged = self.staging(table, month)
            write_whole(staged / PART, content)
            self._put_staged(staged, table, month)
        return path

    def put(self, table: str, month: Month, finished: Path) -> Path:
        """Replace the month of a table by a file that was written elsewhere on the same disk."""
        path = self.path(table, month)
        if self._is_one_file(table, month):
            put_in_place(finished, path)
        else:
            staged = self.staging(table, month)
            put_in_place(finished, staged / PART)
            self._put_staged(staged, table, month)
        return path

    def read(self, table: str, month: Month) -> pa.Table:
        """The month of a table; no rows if it was never written."""
        schema = load_contract(table).arrow_schema()
        for _ in range(_LOOKS):
            with suppress(FileNotFoundError):  # the files were joined since they were listed
                return _joined([_rows(f, schema) for f in self.files(table, month)], schema)
        raise CheckFailedError(
            "its files change all the time",
            where=str(self.folder(table, month)),
            todo="wait until whoever writes there has ended",
        )

    def months(self, table: str) -> tuple[Month, ...]:
        """The months that a table holds, in order."""
        named = (
            (place, Month.parse(place.name.partition("=")[2]))
            for place in self._of(table).glob("month=*")
        )
        return tuple(
            sorted(
                month
                for place, month in named
                if (place / PART).exists() or self.files(table, month)
            )
        )

    def paths(self, month: Month | None = None) -> list[Path]:
        """The root unit's files of all tables; those of one month, if one is given."""
        return sorted(self.root.glob(f"*/{self._unit}/month={month or '*'}/{_PARTS}"))

    def read_all(self, table: str) -> pa.Table:
        """Every month of a table, in order."""
        schema = load_contract(table).arrow_schema()
        return _joined([self.read(table, month) for month in self.months(table)], schema)

    @property
    def scratch(self) -> Path:
        """Where files are made that are to change places with a month's; empty between runs."""
        return self.root / ".scratch" / self._unit

    def staging(self, table: str, month: Month) -> Path:
        """An empty folder for the files of a month."""
        folder = self.scratch / f"{table}.{month}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def swap(self, staged: Path, table: str, month: Month) -> None:
        """Let a staged folder and the month's change places, for every reader at one moment.

        Raises:
            CheckFailedError: The file system cannot do that.
        """
        folder = self.folder(table, month)
        try:
            swap_folders(staged, folder)
        except OSError as error:
            if error.errno not in _CANNOT_SWAP:
                raise
            raise CheckFailedError(
                "this file system cannot let two folders change places",
                where=str(folder),
                todo="keep the lake on a local disk of Linux, or empty the folder by hand",
            ) from None

    def _put_staged(self, staged: Path, table: str, month: Month) -> None:
        self.swap(staged, table, month)
        shutil.rmtree(staged)

    def _is_one_file(self, table: str, month: Month) -> bool:
        """Whether a file in the month's place is all that a reader would find afterwards."""
        return {*self.files(table, month)} <= {self.path(table, month)}

    def _of(self, table: str) -> Path:
        return self.root / table / self._unit

    @property
    def _unit(self) -> str:
        return f"root_unit={quote(self.root_unit, safe='')}"


def _rows(path: Path, schema: pa.Schema) -> pa.Table:
    """A file by a schema: a column that it lacks is empty, one that is not declared is left out."""
    with pq.ParquetFile(path) as file:
        if file.schema_arrow.equals(schema):
            return pa.Table.from_arrays(file.read().columns, schema=schema)
    return pq.read_table(path, schema=schema, partitioning=None)


def _joined(tables: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables([schema.empty_table(), *tables])
