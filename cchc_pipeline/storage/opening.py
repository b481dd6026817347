"""Opening the engine that the settings name: the one place that tells engines apart by name.

Belongs here: the choice. Does not: an engine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cchc_pipeline.settings import EngineName
from cchc_pipeline.storage.duckdb_engine import DuckDBEngine, open_reader
from cchc_pipeline.storage.engine import Engine


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
                from cchc_pipeline.storage.spark.engine import SparkEngine  # noqa: PLC0415 - an extra

                engine = SparkEngine(reader, scratch, spark_master, memory_limit)
        try:
            yield engine
        finally:
            engine.close()
