"""Rows in hand: written to a scratch table with their numbers, and fetched out of one.

Belongs here: the scratch Parquet, whether a row has the heading's cells; a ``TextRelation`` as
``RecordRow``s, for records of thousands of rows. Does not: where the rows come from (``csv_lines``,
``readers.xlsx.workbooks``), which are no records (``passed_over``), or judging them. Only the
schema's columns are written. Dossiers are too many to be fetched: they stay in DuckDB.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.core.sql import identifier, literal
from cchc_pipeline.sources.readers.headings import HeadingRow
from cchc_pipeline.sources.readers.passed_over import (
    Cells,
    PassedOverTally,
    Unreadable,
    line_rule,
    records,
)
from cchc_pipeline.sources.readers.text_relation import (
    BLANKS,
    Spelling,
    TextRelation,
    clean,
    nothing_notes,
)
from cchc_pipeline.sources.readers.upload_schema import UploadSchema, file_rules
from cchc_pipeline.sources.records.rows import RecordRow

_BATCH = 20_000
_ROW, _FAULT = "_row", "_fault"


class _Row(NamedTuple):
    number: int
    cells: Sequence[str | None]
    fault: str | None


@dataclass(frozen=True)
class Staging:
    """Where rows come from, and where they go: the scratch file ``path``.

    ``faults`` says of rows by their numbers why they cannot be read, whatever their cells hold; it
    may be filled while the rows are.
    """

    file: str
    sheet: str | None
    upload: UploadSchema
    heading: HeadingRow
    path: Path
    spelling: Spelling
    faults: Mapping[int, str] = field(default_factory=dict)


def stage_rows(staging: Staging, rows: Iterable[tuple[int, Cells]]) -> TextRelation:
    """Write rows to a scratch table.

    Args:
        staging: From where to where.
        rows: Number and cells of the rows below the heading row, or why they cannot be read;
            blank ones are skipped, and those that are no records counted in a note.
    """
    heading, path = staging.heading, staging.path
    names = list(heading.match.columns)
    texts = [pa.field(column, pa.string()) for column in names]
    schema = pa.schema([(_ROW, pa.int64()), *texts, (_FAULT, pa.string())])
    tally = PassedOverTally()
    found = _counted(records(rows, line_rule(heading, staging.upload), tally), heading, tally)
    judged = _judged(found, staging)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        while batch := list(islice(judged, _BATCH)):
            writer.write_table(_table(batch, schema))
            written += len(batch)
    source = f"read_parquet({literal(path)})"
    below = () if written or tally.lines else ("there is nothing below the heading row",)
    nothings = nothing_notes(source, map(identifier, names), staging.spelling)
    return TextRelation(
        file=staging.file,
        sheet=staging.sheet,
        source=source,
        columns={column: clean(identifier(column), staging.spelling) for column in names},
        row=identifier(_ROW),
        first_row=heading.row + 1,
        row_fault=identifier(_FAULT),
        is_total=None,
        is_blank=None,
        dropped=heading.match.unknown,
        notes=(
            *heading.notes,
            *below,
            *tally.notes(),
            *heading.unnamed_notes(tally.unnamed),
            *nothings,
        ),
    )


def _counted(
    rows: Iterable[tuple[int, Cells]], heading: HeadingRow, tally: PassedOverTally
) -> Iterable[tuple[int, Cells]]:
    """The rows as they are, those counted that have something below no heading."""
    unnamed = heading.unnamed
    return _with_count(rows, unnamed, tally) if unnamed else rows


def _with_count(
    rows: Iterable[tuple[int, Cells]], unnamed: Sequence[int], tally: PassedOverTally
) -> Iterator[tuple[int, Cells]]:
    for number, cells in rows:
        if not isinstance(cells, Unreadable):
            below = (cells[place] or "" for place in unnamed if place < len(cells))
            tally.unnamed += any(text.strip(BLANKS) for text in below)
        yield number, cells


def _judged(rows: Iterable[tuple[int, Cells]], staging: Staging) -> Iterator[_Row]:
    """The rows as they are written.

    The cells of a row that is too short or too long may stand in wrong columns, where a message
    could quote something personal: they are left out.
    """
    heading, faults = staging.heading, file_rules().faults
    places, width = heading.match.columns, heading.width
    nothing = [None] * len(places)
    for number, cells in rows:
        if isinstance(cells, Unreadable):
            yield _Row(number, nothing, cells.fault)
        elif number in staging.faults:
            yield _Row(number, nothing, staging.faults[number])
        elif len(cells) == width or _fits(cells, width):
            yield _Row(number, [cells[place] for place in places.values()], None)
        else:
            words = faults.cells_short if len(cells) < width else faults.cells
            yield _Row(number, nothing, words.format(cells=len(cells), headings=width))


def _fits(cells: Sequence[str | None], width: int) -> bool:
    """Whether a row that is too long is so by empty cells only."""
    return len(cells) > width and not any((cell or "").strip(BLANKS) for cell in cells[width:])


def _table(batch: Sequence[_Row], schema: pa.Schema) -> pa.Table:
    columns = zip(*(row.cells for row in batch), strict=True)
    arrays = [
        pa.array([row.number for row in batch], pa.int64()),
        *(pa.array(column, pa.string()) for column in columns),
        pa.array([row.fault for row in batch], pa.string()),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


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
