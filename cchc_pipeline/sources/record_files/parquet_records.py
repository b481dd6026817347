"""Parquet files: native records with nested lists, or flat ones under headings.

Belongs here: which columns are fields, and the SQL that makes texts of their types. Does not: what
a text means.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.record_files.record_form import (
    Limits,
    NestedField,
    RecordForm,
    check_match,
    match_headings,
)
from cchc_pipeline.sources.record_files.text_relation import (
    Spelling,
    TextRelation,
    clean,
    literal,
    name,
    number_text,
)
from cchc_pipeline.sources.record_files.total_lines import total_rule

_CITY = "'Asia/Ho_Chi_Minh'"
_MOMENT, _DAY = "'%Y-%m-%dT%H:%M:%S'", "'%Y-%m-%d'"
_ROW = "file_row_number"


def read_parquet(file: str, path: Path, form: RecordForm, limits: Limits) -> TextRelation:
    """The table of a Parquet file; a row's number is its place.

    Args:
        file: The dropped file's name.
        path: The plain file.
        form: The record's form.
        limits: What is too much.

    Raises:
        SourceError: It is damaged, unpacks to too much, or lacks a field of the form.
    """
    schema, rows = _schema(file, path, limits)
    nested = {item.name: item for item in form.nested if item.name in schema.names}
    match = match_headings(["" if n in nested else n for n in schema.names], form)
    check_match(match, form, file)
    columns = {
        field: clean(_text(name(schema.names[at]), schema.field(at).type), Spelling())
        for field, at in match.columns.items()
    }
    lists = {key: _list(file, item, schema.field(key).type) for key, item in nested.items()}
    first = f"coalesce({', '.join(columns.values())})"
    is_blank = f"{first} IS NULL"
    return TextRelation(
        file=file,
        sheet=None,
        source=f"read_parquet({literal(path)}, file_row_number=true)",
        columns={**columns, **lists},
        row=f"({_ROW} + 1)",
        first_row=1,
        row_fault=None,
        is_total=total_rule(form).no_record(first, is_blank, columns),
        is_blank=f"({is_blank})",
        dropped=match.unknown,
        notes=() if rows else ("there is no record in it",),
    )


def _schema(file: str, path: Path, limits: Limits) -> tuple[Any, int]:
    try:
        with pq.ParquetFile(path) as content:
            metadata, schema = content.metadata, content.schema_arrow
            size = sum(
                metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)
            )
    except (pa.ArrowException, OSError):
        todo = "export the file again"
        raise SourceError("is damaged or cut off", where=file, todo=todo) from None
    if size > limits.unpacked_bytes:
        what = f"unpacks to more than {limits.unpacked_bytes // 1_000_000} MB"
        raise SourceError(what, where=file, todo="split the export into several files")
    return schema, metadata.num_rows


def _text(sql: str, kind: Any) -> str:
    """A value's text; a moment with a zone is the city's time, one without is local."""
    if pa.types.is_dictionary(kind):
        return _text(sql, kind.value_type)
    if pa.types.is_temporal(kind):
        return _moment_text(sql, kind)
    if pa.types.is_floating(kind):
        return number_text(f"CAST({sql} AS DOUBLE)" if pa.types.is_float16(kind) else sql)
    if pa.types.is_decimal(kind):
        return _decimal_text(sql)
    text = f"CAST({sql} AS VARCHAR)"
    return f"upper({text})" if pa.types.is_boolean(kind) else text


def _moment_text(sql: str, kind: Any) -> str:
    if pa.types.is_date(kind):
        return f"strftime({sql}, {_DAY})"
    if not pa.types.is_timestamp(kind):
        return f"CAST({sql} AS VARCHAR)"
    local = f"timezone({_CITY}, {sql})" if kind.tz else f"CAST({sql} AS TIMESTAMP)"
    return f"strftime({local}, {_MOMENT})"


def _decimal_text(sql: str) -> str:
    """The text of a decimal, exactly: digits where it is whole, else marked by an exponent."""
    text = f"CAST({sql} AS VARCHAR)"
    whole = f"CAST(CAST({sql} AS HUGEINT) AS VARCHAR)"
    return f"CASE WHEN {sql} = trunc({sql}) THEN {whole} ELSE {text} || 'e0' END"


def _list(file: str, item: NestedField, kind: Any) -> str:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not is_list or not pa.types.is_struct(kind.value_type):
        todo = "write it as a list of structs, or leave it out"
        raise SourceError(f"{item.name} is no list of objects", where=file, todo=todo)
    entries = kind.value_type
    packed = ", ".join(f"{literal(leaf)}: {_leaf(leaf, entries)}" for leaf in item.leaves)
    return f"list_transform({name(item.name)}, lambda entry: {{{packed}}})"


def _leaf(leaf: str, entries: Any) -> str:
    place = entries.get_field_index(leaf)
    if place < 0:
        return "CAST(NULL AS VARCHAR)"
    return clean(_text(f"entry.{name(leaf)}", entries.field(place).type), Spelling())
