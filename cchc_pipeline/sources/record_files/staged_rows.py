"""Rows in hand, written to a scratch table with their numbers, where DuckDB cannot read the file.

Belongs here: judging a row blank, a total or faulty, and the scratch Parquet. Does not: where the
rows come from (``delimited``, ``workbooks``). Only the form's columns are written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.sources.record_files.heading_row import HeadingRow
from cchc_pipeline.sources.record_files.record_form import RecordForm, file_rules
from cchc_pipeline.sources.record_files.text_relation import (
    BLANKS,
    Spelling,
    TextRelation,
    clean,
    literal,
    name,
)
from cchc_pipeline.sources.record_files.total_lines import total_rule

_BATCH = 20_000
_ROW, _FAULT, _TOTAL = "_row", "_fault", "_total"


class _Row(NamedTuple):
    number: int
    cells: Sequence[str | None]
    fault: str | None
    is_total: bool


@dataclass(frozen=True)
class Staging:
    """Where rows come from, and where they go: the scratch file ``path``.

    ``faults`` says of rows by their numbers why they cannot be read, whatever their cells hold; it
    may be filled while the rows are.
    """

    file: str
    sheet: str | None
    form: RecordForm
    heading: HeadingRow
    path: Path
    spelling: Spelling
    faults: Mapping[int, str] = field(default_factory=dict)


def stage_rows(staging: Staging, rows: Iterable[tuple[int, Sequence[str]]]) -> TextRelation:
    """Write rows to a scratch table.

    Args:
        staging: From where to where.
        rows: Number and cells of the rows below the heading row; blank ones are skipped.
    """
    heading, path = staging.heading, staging.path
    names = list(heading.match.columns)
    texts = [pa.field(column, pa.string()) for column in names]
    schema = pa.schema([(_ROW, pa.int64()), *texts, (_FAULT, pa.string()), (_TOTAL, pa.bool_())])
    judged = _judged(rows, staging)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        while batch := list(islice(judged, _BATCH)):
            writer.write_table(_table(batch, schema))
            written += len(batch)
    return TextRelation(
        file=staging.file,
        sheet=staging.sheet,
        source=f"read_parquet({literal(path)})",
        columns={column: clean(name(column), staging.spelling) for column in names},
        row=name(_ROW),
        first_row=heading.row + 1,
        row_fault=name(_FAULT),
        is_total=name(_TOTAL),
        is_blank=None,
        dropped=heading.match.unknown,
        notes=() if written else ("there is nothing below the heading row",),
    )


def _judged(rows: Iterable[tuple[int, Sequence[str]]], staging: Staging) -> Iterator[_Row]:
    """The rows as they are written; those whose cells are all empty are left out."""
    places, width = staging.heading.match.columns, staging.heading.width
    rule = total_rule(staging.form)
    nothing = [None] * len(places)
    for number, cells in rows:
        first = next((text for cell in cells if cell and (text := cell.strip(BLANKS))), None)
        fault = staging.faults.get(number)
        if first is None and fault is None:
            continue
        if first and rule.begins(first) and rule.holds(_texts(cells, places)):
            yield _Row(number, nothing, None, True)
        elif fault is not None:
            yield _Row(number, nothing, fault, False)
        elif len(cells) == width or _fits(cells, width):
            yield _Row(number, [cells[place] for place in places.values()], None, False)
        else:
            # Its cells may stand in wrong columns, where a message could quote something personal.
            fault = file_rules().faults.cells.format(cells=len(cells), headings=width)
            yield _Row(number, nothing, fault, False)


def _texts(cells: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {
        name: cells[place].strip(BLANKS) for name, place in places.items() if place < len(cells)
    }


def _fits(cells: Sequence[str], width: int) -> bool:
    """Whether a row that is too long is so by empty cells only."""
    return len(cells) > width and not any(cell.strip(BLANKS) for cell in cells[width:])


def _table(batch: Sequence[_Row], schema: pa.Schema) -> pa.Table:
    columns = zip(*(row.cells for row in batch), strict=True)
    arrays = [
        pa.array([row.number for row in batch], pa.int64()),
        *(pa.array(column, pa.string()) for column in columns),
        pa.array([row.fault for row in batch], pa.string()),
        pa.array([row.is_total for row in batch], pa.bool_()),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
