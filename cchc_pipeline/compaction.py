"""Months of the lake that lie in several files, joined into one file each with the same rows.

Belongs here: which months those are, and joining one. Does not: where a month lies (``store``).

An engine on a cluster leaves a file for each of its tasks. The joined file is made beside the
lake's tables, read back and compared by the digest of its rows, and changes places with the old
files at one moment. A month is its folder, so no reader finds a row missing or doubled; one that
listed the old files and opens them later finds one gone, never the old beside the new.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from cchc_pipeline.contracts import contract_names, load_contract
from cchc_pipeline.durable import put_in_place
from cchc_pipeline.errors import CheckFailedError
from cchc_pipeline.period import Month
from cchc_pipeline.store import PART, ROWS_PER_GROUP, Lake, parts_of, rows_digest

_BATCH = 32_768


@dataclass(frozen=True)
class Scattered:
    """A month of a table that lies in several files."""

    lake: Lake
    table: str
    month: Month
    files: tuple[Path, ...]

    def __str__(self) -> str:
        size = sum(path.stat().st_size for path in self.files) / 1e6
        place = f"{self.table} {self.lake.root_unit} {self.month}"
        return f"{place}: {len(self.files)} files, {size:.1f} MB"


def plan_compaction(lake: Lake) -> tuple[Scattered, ...]:
    """The months of a root unit that lie in several files, table by table."""
    return tuple(
        Scattered(lake, table, month, files)
        for table in sorted(contract_names())
        for month in lake.months(table)
        if len(files := lake.files(table, month)) > 1
    )


def clear_scratch(lake: Lake) -> None:
    """Remove what an interrupted compaction left: a file that is not used, or no longer."""
    shutil.rmtree(lake.scratch, ignore_errors=True)


def compact(scattered: Scattered) -> None:
    """Join the files of a month.

    Raises:
        CheckFailedError: The joined file does not have the same rows, somebody else wrote the month
            meanwhile, or the file system cannot do it; the month is as it was.
    """
    lake, table, month = scattered.lake, scattered.table, scattered.month
    schema = load_contract(table).arrow_schema()
    staged = lake.staging(table, month)
    made, joined = staged / "unproved", staged / PART
    before = _states(scattered.files)
    _write(made, schema, _batches(scattered.files, schema))
    _require_the_same_rows(scattered, made, schema)
    put_in_place(made, joined)
    lake.swap(staged, table, month)
    if _states(parts_of(staged)) != before:
        lake.swap(staged, table, month)
        raise _problem(scattered, "was written meanwhile")
    shutil.rmtree(staged)


def _batches(files: Iterable[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of files one after another, as ``Lake.read`` gives them."""
    for path in files:
        file = ds.dataset(path, schema=schema, format="parquet")
        yield from file.to_batches(batch_size=_BATCH, batch_readahead=1)


def _write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write row groups as long as ``Lake.write`` makes them, however short the batches are."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting = pa.Table.from_batches([], schema)
        for batch in batches:
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
            while waiting.num_rows >= ROWS_PER_GROUP:
                writer.write_table(waiting.slice(0, ROWS_PER_GROUP))
                waiting = waiting.slice(ROWS_PER_GROUP)
        if waiting.num_rows:
            writer.write_table(waiting)


def _require_the_same_rows(scattered: Scattered, made: Path, schema: pa.Schema) -> None:
    digests = (rows_digest(schema.names, _batches(f, schema)) for f in (scattered.files, [made]))
    if len({*digests}) > 1:
        raise _problem(scattered, "the joined file would not have the same rows")


def _states(files: Iterable[Path]) -> dict[str, tuple[int, int, int]]:
    """What tells whether a file is still the one that was read, by its name."""
    found = ((path.name, path.stat()) for path in files)
    return {name: (state.st_ino, state.st_size, state.st_mtime_ns) for name, state in found}


def _problem(scattered: Scattered, what: str) -> CheckFailedError:
    place = scattered.lake.folder(scattered.table, scattered.month)
    return CheckFailedError(what, where=str(place), todo="look at its files, and run again")
