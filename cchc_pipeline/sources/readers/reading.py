"""From a delivered file to tables of texts, whatever its format and packing.

Belongs here: the way from a kept file through unpacking to its format's reader. Does not: taking
files in (``cchc_pipeline.sources.raw.deliveries``), or what the texts mean.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cchc_pipeline.core.errors import CchcError, SourceError
from cchc_pipeline.core.unforeseen import AT_WORK
from cchc_pipeline.sources.readers.csv_files import read_csv
from cchc_pipeline.sources.readers.json_files import read_json_document, read_json_lines
from cchc_pipeline.sources.readers.parquet_files import read_parquet
from cchc_pipeline.sources.readers.text_relation import TextRelation, is_of_the_disk, reading
from cchc_pipeline.sources.readers.unpacking import check_kind, format_of, unpack
from cchc_pipeline.sources.readers.upload_schema import UploadLimits, UploadSchema, file_rules
from cchc_pipeline.sources.readers.xlsx.workbooks import read_workbook

__all__ = ["TextRelation", "read_plain", "reading"]

_Reader = Callable[[], list[TextRelation]]


def read_plain(
    file: str,
    path: Path,
    upload: UploadSchema,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
    limits: UploadLimits | None = None,
) -> list[TextRelation]:
    """The tables of a file; they stand as long as it and ``scratch`` do.

    Args:
        file: Its name, which tells format and packing.
        path: Its bytes.
        upload: The record's upload schema.
        scratch: A folder for what must be unpacked or rewritten; remove it after use.
        connection: Looks through files for their names; its memory limit holds.
        limits: What is too much, where it is not what ``schemas/records`` says.

    Raises:
        SourceError: The file cannot be read or does not fit the schema; nothing of it counts.
    """
    most = limits or file_rules().limits
    AT_WORK.file = file
    kind, _ = format_of(file)
    if kind not in upload.formats:
        todo = f"save it as {' or '.join(upload.formats)}"
        raise SourceError(f"a {kind or 'nameless'} file is not read", where=file, todo=todo)
    with _named(file), reading(file):
        plain = unpack(file, path, scratch, most)
        check_kind(file, plain, kind)
        return _read(kind, file, plain, upload, scratch, connection, most)


@contextmanager
def _named(file: str) -> Iterator[None]:
    """Make whatever goes wrong in a reader one line that names the file.

    An interrupt, and what the disk refuses, is not about the file, and passes.

    Raises:
        SourceError: A reader failed in a way that nobody foresaw; the cause is chained.
    """
    try:
        yield
    except MemoryError as error:
        what, todo = "needs more memory than there is", "split it into several files"
        raise SourceError(what, where=file, todo=todo) from error
    except (CchcError, duckdb.InterruptException):
        raise
    except Exception as error:
        if is_of_the_disk(error):
            raise
        what, todo = "cannot be read", "export it again; --debug shows where reading stopped"
        raise SourceError(what, where=file, todo=todo) from error


def _read(
    kind: str,
    file: str,
    plain: Path,
    upload: UploadSchema,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
    most: UploadLimits,
) -> list[TextRelation]:
    readers: Mapping[str, _Reader] = {
        "csv": lambda: [read_csv(file, plain, upload, scratch, most)],
        "xlsx": lambda: read_workbook(file, plain, upload, scratch, most),
        "jsonl": lambda: [read_json_lines(file, plain, upload, scratch, most, connection)],
        "json": lambda: [read_json_document(file, plain, upload, scratch, most, connection)],
        "parquet": lambda: [read_parquet(file, plain, upload, most, connection)],
    }
    return readers[kind]()
