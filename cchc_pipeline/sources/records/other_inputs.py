"""The month's smaller inputs: how the module of a declared source is found, and what it reads with.

Belongs here: the one protocol of readers, what every one of them is given, and the rows of archived
files. Does not: judging a row (each source's module), or dossiers, which are too many for Python.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

import duckdb

from cchc_pipeline.contracts.sources import DeclaredSource, listed_sources
from cchc_pipeline.core.errors import SchemaDataError, SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.scratch import scratch_folder
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import DeliveredFile, Delivery
from cchc_pipeline.sources.readers.reading import read_plain
from cchc_pipeline.sources.readers.staged_rows import rows_of_relation
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.rows import Reading, RecordRow
from cchc_pipeline.storage.duckdb_engine import Means, open_reader


@dataclass(frozen=True)
class Circumstances:
    """What every input of a month is read with; deliveries by the name of their record."""

    month: Month
    root: str
    register: UnitRegister
    archive: RawArchive
    means: Means
    deliveries: Mapping[str, Delivery | None] = field(default_factory=dict)

    def files(self, record: str) -> Sequence[DeliveredFile]:
        """The files of a record's delivery; none if nothing came."""
        delivery = self.deliveries.get(record)
        return delivery.files if delivery else ()

    def rows(self, record: str) -> tuple[list[RecordRow], tuple[str, ...]]:
        """The rows of the record's files that can be read, and a line for each other one."""
        rows: list[RecordRow] = []
        refused = []
        with (
            scratch_folder(self.means.scratch) as scratch,
            open_reader(self.means.memory_limit, scratch) as connection,
        ):
            for file in self.files(record):
                path = self.archive.path_of(file.sha256)
                try:
                    rows += _rows_of_file(record, file.name, path, scratch, connection)
                except SourceError as error:
                    refused.append(str(error))
        return rows, tuple(refused)


Reader = Callable[[Circumstances], Reading]
"""Reads a month of a source from the archive: rows by the source's tables and ``submissions``."""


def read_sources() -> tuple[DeclaredSource, ...]:
    """The sources that are read by a function which their declaration names, in order."""
    return tuple(one for one in listed_sources() if one.reader is not None)


@cache
def reader_of(source: DeclaredSource) -> Reader:
    """The function that reads a source.

    Raises:
        SchemaDataError: Its declaration names none that is there.
    """
    module, _, name = (source.reader or "").partition(":")
    try:
        reader: Reader = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        where = f"schemas/sources/{source.source}.yaml"
        raise SchemaDataError(f"no reader {source.reader!r}: {error}", where=where) from None
    return reader


def _rows_of_file(
    record: str, name: str, path: Path, scratch: Path, connection: duckdb.DuckDBPyConnection
) -> list[RecordRow]:
    relations = read_plain(name, path, load_upload_schema(record), scratch, connection)
    return [row for relation in relations for row in rows_of_relation(relation, connection)]
