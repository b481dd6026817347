"""Spark, on this machine or on a cluster.

Belongs here: what ``Engine`` asks, in Spark's terms. Does not: starting Spark (``session``),
translating a query (``dialect``).

Files are read by DuckDB here too: a table's texts are streamed into one Parquet file in the scratch
folder, and everything from there on is Spark's. Driver and executors must share that folder and the
lake. What is read several times is a Parquet folder (staged rows) or persisted (tables).
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.core.sql import literal
from cchc_pipeline.storage.engine import Texts
from cchc_pipeline.storage.spark.dialect import to_spark
from cchc_pipeline.storage.spark.session import spark_session


class SparkEngine:
    """The engine on a session with names of its own.

    Args:
        reader: Reads files, and nothing else.
        scratch: The folder for staged rows.
        master: Where Spark runs.
        memory_limit: What its driver may take.

    Raises:
        UsageError: Spark cannot be started.
    """

    def __init__(
        self, reader: duckdb.DuckDBPyConnection, scratch: Path, master: str, memory_limit: str
    ) -> None:
        self._reader, self._scratch = reader, scratch.resolve()
        self._session = spark_session(master, memory_limit, scratch)
        self._persisted: list[Any] = []

    @property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """The connection that reads files."""
        return self._reader

    def stage(self, name: str, texts: Texts, query: str) -> None:
        """See ``Engine``: DuckDB reads and numbers the rows, Spark does the rest."""
        source, staged = self._scratch / f"{name}.texts.parquet", self._scratch / name
        number = f"coalesce(row_no, {texts.first_row} + row_number() OVER () - 1)"
        self._reader.execute(
            f"COPY (SELECT * REPLACE ({number} AS row_no) FROM ({texts.sql}))"
            f" TO {literal(source)} (FORMAT parquet, COMPRESSION snappy)"
        )
        self._read("texts", source)
        self._query(query).write.parquet(_address(staged))
        source.unlink()
        self._read(name, staged)

    def put(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        path = self._scratch / f"{name}.parquet"
        pq.write_table(table, path)
        self._read(name, path)

    def open(self, name: str, file: Path) -> None:
        """See ``Engine``."""
        self._read(name, file.resolve())

    def view(self, name: str, query: str) -> None:
        """See ``Engine``."""
        self._query(query).createOrReplaceTempView(name)

    def table(self, name: str, query: str) -> None:
        """See ``Engine``."""
        rows = self._query(query).persist()
        self._persisted.append(rows)
        rows.createOrReplaceTempView(name)

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """See ``Engine``."""
        for row in self._query(query).toLocalIterator():
            yield tuple(value.asDict() if hasattr(value, "asDict") else value for value in row)

    def write(self, query: str, columns: Sequence[str], order: Sequence[str], path: Path) -> None:
        """See ``Engine``: one task sorts and writes all, since the lake has one file a month."""
        folder = self._scratch / f"{path.stem}.written"
        rows = self._query(query).repartition(1).sortWithinPartitions(*order).select(*columns)
        rows.write.parquet(_address(folder))
        [file] = folder.glob("part-*.parquet")
        file.replace(path)
        shutil.rmtree(folder)

    def arrow(self, query: str) -> pa.Table:
        """See ``Engine``."""
        return self._query(query).toArrow()

    def close(self) -> None:
        """See ``Engine``; Spark itself goes on until the process ends."""
        for rows in self._persisted:
            rows.unpersist()

    def _query(self, query: str) -> Any:
        return self._session.sql(to_spark(query))

    def _read(self, name: str, path: Path) -> None:
        self._session.read.parquet(_address(path)).createOrReplaceTempView(name)


def _address(path: Path) -> str:
    """A path as Spark takes it: of this machine's file system, not of a cluster's own.

    Spark does not decode what an URI escapes, such as the ``=`` in the lake's folders.
    """
    return f"file://{path}"
