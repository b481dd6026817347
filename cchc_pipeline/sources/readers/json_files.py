"""JSON Lines and JSON documents: one object a record, read by its own names.

Belongs here: opening them, cutting them into records, and telling a file that was cut off. Does
not: whether the text is sound (``text_inspection``), or what the records hold (``json_relation``).
"""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.sql import literal
from cchc_pipeline.sources.readers.json_relation import JsonLines, json_relation, unframed
from cchc_pipeline.sources.readers.text_inspection import inspect_text
from cchc_pipeline.sources.readers.text_relation import Spelling, TextRelation
from cchc_pipeline.sources.readers.upload_schema import UploadLimits, UploadSchema

_LINE_OF_DUCKDB = 2_000_000


def read_json_lines(
    file: str,
    path: Path,
    upload: UploadSchema,
    scratch: Path,
    limits: UploadLimits,
    connection: duckdb.DuckDBPyConnection,
) -> TextRelation:
    """The table of a JSON Lines file; a line's number is its place.

    Args:
        file: The dropped file's name.
        path: The plain text.
        upload: The record's upload schema.
        scratch: The folder for lines that DuckDB cannot read in place.
        limits: What is too much.
        connection: Looks through the file for its keys.

    Raises:
        SourceError: The text is not sound, is cut off, holds no object, lacks a field of the schema
            or has two names for one.
    """
    facts = inspect_text(file, path, limits.line_bytes)
    _check_end(file, path, limits)
    if facts.has_mixed_ends:
        path = _with_even_ends(path, scratch)
    longest = f", max_line_size={facts.longest + 16}" if facts.longest > _LINE_OF_DUCKDB else ""
    lines = (
        f"read_csv({literal(path)}, auto_detect=false, header=false, delim='', quote='',"
        f" escape='', compression='none'{longest}, columns={{'line': 'VARCHAR'}})"
    )
    framed = f"(SELECT {unframed('line')} AS line, line AS raw FROM {lines})"  # noqa: S608
    return json_relation(JsonLines(file, framed, None, facts.spelling), upload, connection)


def read_json_document(
    file: str,
    path: Path,
    upload: UploadSchema,
    scratch: Path,
    limits: UploadLimits,
    connection: duckdb.DuckDBPyConnection,
) -> TextRelation:
    """The table of a JSON document: an array of objects, or ``{"data": [...]}``.

    A record's number is its place in the array. The arguments are those of ``read_json_lines``.

    Raises:
        SourceError: It is too long, no JSON, no such array, or lacks a field of the schema.
    """
    if path.stat().st_size > limits.document_bytes:
        todo = "split it, or write one object a line (.jsonl)"
        raise SourceError("is too long for one JSON document", where=file, todo=todo)
    inspect_text(file, path, limits.document_bytes)
    staged = scratch / f"{path.name[:24]}.lines.parquet"
    scratch.mkdir(parents=True, exist_ok=True)
    lines = pa.array(records_of_document(file, path.read_bytes()), pa.string())
    table = pa.table({"line": lines, "raw": lines, "row": pa.array(range(1, len(lines) + 1))})
    pq.write_table(table, staged)
    source = f"read_parquet({literal(staged)})"
    return json_relation(JsonLines(file, source, "row", Spelling()), upload, connection)


def _with_even_ends(path: Path, scratch: Path) -> Path:
    """A copy whose lines all end alike; a return within a line becomes a space, as JSON has it."""
    scratch.mkdir(parents=True, exist_ok=True)
    even = scratch / f"{path.name[:24]}.lines.jsonl"
    with path.open("rb") as source, even.open("wb") as target:
        for line in source:
            target.write(line.rstrip(b"\r\n").replace(b"\r", b" ") + b"\n")
    return even


def _check_end(file: str, path: Path, limits: UploadLimits) -> None:
    """Refuse a file whose last line has no end and is no whole JSON: it was cut off."""
    with path.open("rb") as content:
        size = content.seek(0, 2)
        content.seek(max(0, size - limits.line_bytes))
        last = content.read().rpartition(b"\n")[2]
    text = last.decode(errors="replace").lstrip("\ufeff").strip(" \t\r,")
    bare = text.removeprefix("[").removesuffix("]").strip(" \t\r,")
    if bare and not (_is_whole(text) or _is_whole(bare)):
        todo = "its last line is not whole; export or copy the file again"
        raise SourceError("is cut off", where=file, todo=todo)


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Pairs(list[tuple[str, Any]]):
    """An object as it stands there, with every name that it has twice."""


class _Number(str):
    """A number as it stands there."""


def records_of_document(file: str, content: bytes) -> list[str]:
    """The records of a JSON document, each as JSON of one line.

    Read are an array, ``{"data": […]}`` and ``{"data": {"items": […]}}``.

    Args:
        file: Its name, for the reader of an error.
        content: Its bytes.

    Raises:
        SourceError: It is no JSON in UTF-8, or holds no such array.
    """
    try:
        said = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_Pairs,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_Number,
        )
        for key in ("data", "items"):
            said = _inner(said, key)
        if isinstance(said, list) and not isinstance(said, _Pairs):
            return [_as_json(record) for record in said]
    except (ValueError, RecursionError):
        what = "is no whole JSON document"
        raise SourceError(what, where=file, todo="export the file again") from None
    todo = 'write [...] or {"data": [...]}'
    raise SourceError("is no array of records", where=file, todo=todo)


def _inner(said: Any, key: str) -> Any:
    """What an object holds under a key that it has once; anything else is itself."""
    held = [value for name, value in said if name == key] if isinstance(said, _Pairs) else []
    return held[0] if len(held) == 1 else said


def _as_json(value: Any) -> str:
    """A value as JSON again, with doubled names."""
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{json.dumps(k)}:{_as_json(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_as_json, value)) + "]"
    return value if isinstance(value, _Number) else json.dumps(value)
