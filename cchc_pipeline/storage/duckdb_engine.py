"""DuckDB within the limits of this machine: the engine, unless a setting names the other.

Belongs here: opening a connection with its memory limit and its folder for what spills, the engine
on it, the one place that tells engines apart by name, and what a month's work may take of the
machine. Does not: any query.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cchc_pipeline.core.scratch import scratch_folder
from cchc_pipeline.core.sql import literal
from cchc_pipeline.settings import DEFAULT_ENGINE, DEFAULT_MASTER, EngineName
from cchc_pipeline.storage.engine import Engine, Texts

_BATCH = 10_000


@contextmanager
def open_reader(memory_limit: str, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that spills into ``scratch`` rather than take more than the limit.

    Args:
        memory_limit: As DuckDB writes it, say ``800MB``.
        scratch: A folder of the restricted raw zone; made if absent.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    spill = str(scratch / "spill")
    connection = duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": spill})
    try:
        connection.execute("SET enable_progress_bar = false")
        # The join that a long IN becomes loses the order of a file's lines, and so their numbers.
        connection.execute("SET disabled_optimizers = 'in_clause'")
        yield connection
    finally:
        connection.close()


class DuckDBEngine:
    """The engine on a connection, which the caller opens and closes.

    Args:
        reader: In memory, with its limits set.
        scratch: The folder for staged rows.
    """

    def __init__(self, reader: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._reader, self._scratch = reader, scratch

    @property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """The connection."""
        return self._reader

    def stage(self, name: str, texts: Texts, query: str) -> None:
        """See ``Engine``: a row's place in the staged file is its place in what was read."""
        path = literal(self._scratch / f"{name}.parquet")
        self._reader.execute(
            f"COPY (WITH texts AS ({texts.sql}) {query})"
            f" TO {path} (FORMAT parquet, COMPRESSION snappy)"
        )
        number = f"coalesce(row_no, {texts.first_row} + file_row_number)"
        self.view(
            name,
            f"SELECT * EXCLUDE (file_row_number) REPLACE ({number} AS row_no)"
            f" FROM read_parquet({path}, file_row_number = true)",
        )

    def put(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        self._reader.register("given", table)
        self.table(name, "SELECT * FROM given")
        self._reader.unregister("given")

    def open(self, name: str, file: Path) -> None:
        """See ``Engine``."""
        self._reader.read_parquet(str(file)).create_view(name, replace=True)

    def view(self, name: str, query: str) -> None:
        """See ``Engine``."""
        self._reader.execute(f"CREATE TEMP VIEW {name} AS {query}")

    def table(self, name: str, query: str) -> None:
        """See ``Engine``."""
        self._reader.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """See ``Engine``; they must be read before the next call, which ends them."""
        found = self._reader.execute(query)
        while batch := found.fetchmany(_BATCH):
            yield from batch

    def write(self, query: str, columns: Sequence[str], order: Sequence[str], path: Path) -> None:
        """See ``Engine``; joins on several threads do not keep an order by themselves."""
        self._reader.execute(
            f"COPY (SELECT {', '.join(columns)} FROM ({query}) ORDER BY {', '.join(order)})"
            f" TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
        )

    def arrow(self, query: str) -> pa.Table:
        """See ``Engine``."""
        return self._reader.sql(query).to_arrow_table()

    def close(self) -> None:
        """See ``Engine``: everything goes with the connection."""


@contextmanager
def open_engine(
    name: EngineName, memory_limit: str, spark_master: str, scratch: Path
) -> Iterator[Engine]:
    """An engine for one month's work.

    Args:
        name: Which one.
        memory_limit: What it may take in memory, as DuckDB writes it, say ``800MB``.
        spark_master: Where Spark runs, if it is Spark.
        scratch: A folder of the restricted raw zone for what it spills and stages; on a cluster a
            path that all its machines share.

    Raises:
        UsageError: What the engine needs is not there.
    """
    with open_reader(memory_limit, scratch) as reader:
        engine: Engine
        match name:
            case "duckdb":
                engine = DuckDBEngine(reader, scratch)
            case "spark":
                from cchc_pipeline.storage.spark_engine import SparkEngine  # noqa: PLC0415 - an extra

                engine = SparkEngine(reader, scratch, spark_master, memory_limit)
        try:
            yield engine
        finally:
            engine.close()


@dataclass(frozen=True)
class Means:
    """What a month of dossiers is read with: where scratch may lie, an engine and its limit."""

    scratch: Path
    memory_limit: str
    engine: EngineName = DEFAULT_ENGINE
    spark_master: str = DEFAULT_MASTER

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """The engine, with the scratch folder, which is gone afterwards."""
        with (
            scratch_folder(self.scratch) as folder,
            open_engine(self.engine, self.memory_limit, self.spark_master, folder) as engine,
        ):
            yield engine
