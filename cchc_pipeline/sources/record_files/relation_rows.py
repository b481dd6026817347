"""Rows of a small record out of the table that a reader found in a file.

Belongs here: fetching a ``TextRelation`` as ``RecordRow``s, for records of thousands of rows. Does
not: reading files, or judging rows. Dossiers are too many: they stay in DuckDB.
"""

from collections.abc import Iterator

import duckdb

from cchc_pipeline.sources.record_files.text_relation import TextRelation
from cchc_pipeline.sources.record_rows import RecordRow


def rows_of_relation(
    relation: TextRelation, connection: duckdb.DuckDBPyConnection
) -> Iterator[RecordRow]:
    """The rows of a table in a file, without lines of sums and blank ones.

    Args:
        relation: The table.
        connection: Any connection of the process; its rows are read to the end at once.
    """
    names = tuple(relation.columns)
    texts = "".join(f', {relation.columns[name]} AS "{name}"' for name in names)
    number = relation.row or f"{relation.first_row} + row_number() OVER () - 1"
    query = (
        f"SELECT * EXCLUDE (_total) FROM (SELECT {number} AS _row, "  # noqa: S608 - a reader's SQL
        f"{relation.row_fault or 'NULL'} AS _fault, {relation.is_total or 'false'} AS _total{texts}"
        f" FROM {relation.source}) WHERE NOT _total"
    )
    for row, fault, *cells in connection.execute(query).fetchall():
        yield RecordRow(relation.where, row, dict(zip(names, cells, strict=True)), fault)
