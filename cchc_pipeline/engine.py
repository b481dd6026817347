"""DuckDB within the limits of this machine.

Belongs here: opening a connection with its memory limit and its folder for what spills. Does not:
any query.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


@contextmanager
def engine(memory_limit: str, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
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
        yield connection
    finally:
        connection.close()
