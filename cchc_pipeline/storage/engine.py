"""What an engine can do: the only face of it that the rest of the package sees.

Belongs here: the protocol and its types. Does not: an engine, or a query.

Queries are written once, in DuckDB's dialect; an engine that speaks another translates them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class Texts:
    """The texts of one table of a file, which DuckDB reads whatever the engine.

    Attributes:
        sql: The query; its column ``row_no`` is NULL where the file does not number its rows.
        first_row: The number of its first row, in that case.
    """

    sql: str
    first_row: int


class Engine(Protocol):
    """Relations under names, made of queries, for the length of one month's work."""

    @property
    def reader(self) -> "duckdb.DuckDBPyConnection":
        """The connection that reads files; its memory limit holds."""
        ...

    def stage(self, name: str, texts: Texts, query: str) -> None:
        """Compute a query over one file's texts and keep its rows in the scratch folder.

        Args:
            name: What the rows are called from now on; in them, ``row_no`` is never NULL.
            texts: What the query finds as the relation ``texts``.
            query: Passes ``row_no`` on.
        """
        ...

    def put(self, name: str, table: "pa.Table") -> None:
        """Give a small table a name."""
        ...

    def open(self, name: str, file: Path) -> None:
        """Give the rows of a Parquet file a name."""
        ...

    def view(self, name: str, query: str) -> None:
        """Give a query a name; it is computed anew whenever it is read."""
        ...

    def table(self, name: str, query: str) -> None:
        """Give the rows of a query a name; they are kept until the engine is closed."""
        ...

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a batch in memory at a time; a struct is a dict.

        They are read to the end before anything else is asked of the engine.
        """
        ...

    def write(self, query: str, columns: Sequence[str], order: Sequence[str], path: Path) -> None:
        """Write columns of a query's rows as one Parquet file.

        Args:
            query: Passes on the order of the rows of staged files.
            columns: What is written.
            order: The columns of the query that tell the order of its rows.
            path: The new file.
        """
        ...

    def arrow(self, query: str) -> "pa.Table":
        """The rows of a query as one table in memory."""
        ...

    def close(self) -> None:
        """Let go of everything that was given a name."""
        ...
