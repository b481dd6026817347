"""Parquet files: native records with nested lists, or flat ones under headings.

Belongs here: which columns are fields, and the SQL that makes texts of their types. Does not: what
a text means, or lists that stand as JSON text (``json_lists``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.sql import identifier, literal
from cchc_pipeline.sources.readers import json_lists
from cchc_pipeline.sources.readers.headings import has_code, match_keys, match_leaves
from cchc_pipeline.sources.readers.json_lists import ListText
from cchc_pipeline.sources.readers.passed_over import own_rule, passed_rows
from cchc_pipeline.sources.readers.text_relation import (
    Spelling,
    TextRelation,
    clean,
    nothing_notes,
    number_text,
    reading,
)
from cchc_pipeline.sources.readers.upload_schema import (
    NestedField,
    UploadLimits,
    UploadSchema,
    file_rules,
)

_CITY = "'Asia/Ho_Chi_Minh'"
_MOMENT, _DAY = "'%Y-%m-%dT%H:%M:%S'", "'%Y-%m-%d'"
_ROW = "file_row_number"
_NO_VALUE = frozenset({"list", "array", "struct", "map", "union", "interval", "variant", "bit"})
_DAMAGE = (pa.ArrowException, OSError, ValueError, ArithmeticError, LookupError, TypeError,
           RuntimeError, MemoryError)  # fmt: skip
"""What pyarrow raises for a damaged file; its own classes are the least of it."""


@dataclass(frozen=True)
class _Column:
    """A column, or a leaf of a list: the SQL of its value, and its type as DuckDB sees it.

    ``members`` are the names within its entries as the file has them; DuckDB makes them differ.
    """

    sql: str
    type: Any
    is_utc: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Contents:
    """What a file says of itself: its columns in order with their names, and its rows."""

    names: tuple[str, ...]
    columns: tuple[_Column, ...]
    rows: int


def read_parquet(
    file: str,
    path: Path,
    upload: UploadSchema,
    limits: UploadLimits,
    connection: duckdb.DuckDBPyConnection,
) -> TextRelation:
    """The table of a Parquet file; a row's number is its place.

    Args:
        file: The dropped file's name.
        path: The plain file.
        upload: The record's upload schema.
        limits: What is too much.
        connection: Looks at its columns, and through lists that stand as JSON text.

    Raises:
        SourceError: It is damaged, unpacks to too much, lacks a field of the schema, has two names
            for one, or a column of a type that its field cannot have.
    """
    contents = _contents(file, path, limits, connection)
    match = match_keys(contents.names, upload, file)
    held = dict(zip(contents.names, contents.columns, strict=True))
    fields = {field: held[key] for field, key in match.fields.items()}
    items = {one: held[match.lists[one.name]] for one in upload.nested if one.name in match.lists}
    whole = f"read_parquet({literal(path)}, file_row_number=true)"
    source, told = _with_lists(file, whole, items, connection)
    raw = {field: _text(file, field, column) for field, column in fields.items()}
    columns = {field: clean(text, Spelling()) for field, text in raw.items()}
    lists = {item.name: _list(file, item, column, told) for item, column in items.items()}
    is_blank = f"(coalesce({', '.join(columns.values())}) IS NULL)"
    key = next((columns[item.name] for item in upload.required if item.name in columns), "NULL")
    told_of = {match_key: columns[field] for field, match_key in match.fields.items()}
    with reading(file):
        nothings = nothing_notes(source, raw.values(), Spelling())
        passed, notes = _passed_over(source, contents, told_of, key, upload, limits, connection)
    return TextRelation(
        file=file,
        sheet=None,
        source=source,
        columns={**columns, **lists},
        row=f"({_ROW} + 1)",
        first_row=1,
        row_fault=_fault(file, fields, items, told),
        is_total=f"CASE WHEN {has_code(key)} THEN false ELSE {is_blank} OR {passed} END",
        is_blank=is_blank,
        dropped=match.unknown,
        notes=(*notes, *nothings) if contents.rows else ("there is no record in it",),
    )


def _passed_over(
    source: str,
    contents: _Contents,
    texts: Mapping[str, str],
    key: str,
    upload: UploadSchema,
    limits: UploadLimits,
    connection: duckdb.DuckDBPyConnection,
) -> tuple[str, tuple[str, ...]]:
    """Whether a row without a code is no record, as SQL that is never NULL, and the notes.

    Of very many such rows none is passed over.
    """
    held = dict(zip(contents.names, contents.columns, strict=True))
    cells = ", ".join(
        f"CAST({texts.get(name, column.sql)} AS VARCHAR)" for name, column in held.items()
    )
    query = (
        f"SELECT {_ROW} + 1, [{cells}] FROM {source}"  # noqa: S608 - own expressions
        f" WHERE NOT {has_code(key)} ORDER BY 1 LIMIT {limits.passed_lines + 1}"
    )
    lines = dict(connection.execute(query).fetchall())
    if len(lines) > limits.passed_lines:
        return "false", ()
    passed, notes = passed_rows(lines, contents.rows, own_rule(contents.names, upload))
    return f"list_contains([{', '.join(map(str, sorted(passed)))}], {_ROW} + 1)", notes


def _contents(
    file: str, path: Path, limits: UploadLimits, connection: duckdb.DuckDBPyConnection
) -> _Contents:
    try:
        with pq.ParquetFile(path) as content:
            metadata, names = content.metadata, tuple(content.schema_arrow.names)
            utc, strange = _instants(content.schema), _durations(content.schema_arrow)
            members = [_members(kind) for kind in content.schema_arrow.types]
        groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
        unpacked = sum(group.total_byte_size for group in groups)
        is_sound = _is_sound(
            groups, metadata.num_rows, path.stat().st_size - 8 - metadata.serialized_size
        )
    except _DAMAGE:
        raise _damaged(file) from None
    if unpacked > limits.unpacked_bytes:
        what = f"unpacks to more than {limits.unpacked_bytes // 1_000_000} MB"
        raise SourceError(what, where=file, todo="split the export into several files")
    if any(key.casefold() == _ROW for key in names):
        raise SourceError(f"has a column {_ROW}", where=file, todo="rename or delete it")
    try:
        table = connection.sql(f"SELECT * FROM read_parquet({literal(path)})")  # noqa: S608
        found = list(zip(table.columns, table.types, strict=True))
    except duckdb.Error:
        raise _damaged(file) from None
    if len(found) != len(names) or not is_sound:
        raise _damaged(file)
    columns = tuple(
        _Column(identifier(held), None if key in strange else kind, key in utc, within)
        for key, (held, kind), within in zip(names, found, members, strict=True)
    )
    return _Contents(names, columns, metadata.num_rows)


def _is_sound(groups: Sequence[Any], rows: int, end: int) -> bool:
    """Whether rows add up, and what the footer points to lies before it.

    DuckDB takes the footer at its word, and counts below nothing are an error within it.
    """
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    reaches = (
        (min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset),
         chunk.total_compressed_size)
        for chunk in chunks
    )  # fmt: skip
    return (
        rows == sum(group.num_rows for group in groups)
        and all(group.num_rows >= 0 and group.total_byte_size >= 0 for group in groups)
        and all(chunk.num_values >= 0 and chunk.total_uncompressed_size >= 0 for chunk in chunks)
        and all(start >= 0 and 0 <= length <= end - start for start, length in reaches)
    )


def _instants(schema: Any) -> frozenset[str]:
    """The columns of INT96 stamps: instants in UTC that do not say so."""
    leaves = (schema.column(place) for place in range(len(schema)))
    return frozenset(leaf.path.split(".")[0] for leaf in leaves if leaf.physical_type == "INT96")


def _members(kind: Any) -> tuple[str, ...]:
    """The names within the entries of a list of structs."""
    held: Any = getattr(kind, "value_type", None)
    if held is None or not pa.types.is_struct(held):
        return ()
    return tuple(field.name for field in held)


def _durations(schema: Any) -> frozenset[str]:
    """The columns of durations, which DuckDB takes for numbers."""
    return frozenset(field.name for field in schema if pa.types.is_duration(field.type))


def _damaged(file: str) -> SourceError:
    return SourceError("is damaged or cut off", where=file, todo="export the file again")


def _with_lists(
    file: str,
    source: str,
    items: Mapping[NestedField, _Column],
    connection: duckdb.DuckDBPyConnection,
) -> tuple[str, Mapping[str, ListText]]:
    """The source with the texts of lists that stand as JSON text, and what they hold by name."""
    written = {item: _string(column) for item, column in items.items() if _is_string(column)}
    if not written:
        return source, {}
    texts = ", ".join(
        f"{json_lists.text_of_string(sql)} AS {json_lists.column_of(item)}"
        for item, sql in written.items()
    )
    held = f"(SELECT *, {texts} FROM {source})"  # noqa: S608 - own expressions
    with reading(file):
        found = json_lists.find_lists(file, held, list(written), connection)
    return held, {each.item.name: each for each in found}


def _is_string(column: _Column) -> bool:
    return column.type is not None and column.type.id in {"varchar", "blob"}


def _string(column: _Column) -> str:
    """A column's text; bytes that are no UTF-8 are NULL, and a fault of the row."""
    if column.type.id == "blob":
        return f"try(decode({column.sql}))"
    return f"CAST({column.sql} AS VARCHAR)"


def _text(file: str, field: str, column: _Column) -> str:
    """A value's text; a moment with a zone is the city's time, one without is local."""
    kind = "duration" if column.type is None else str(column.type.id)
    if kind == "duration" or kind in _NO_VALUE:
        todo = "write one text, number or moment a record"
        raise SourceError(f"{field} is a {kind} and no single value", where=file, todo=todo)
    if kind == "blob":
        return _string(column)
    if kind == "date":
        return f"strftime({column.sql}, {_DAY})"
    if kind.startswith("timestamp"):
        return _moment_text(column, kind)
    if kind in {"float", "double"}:
        return number_text(column.sql)
    if kind == "decimal":
        return _decimal_text(column.sql)
    text = _string(column)
    return f"upper({text})" if kind == "boolean" else text


def _moment_text(column: _Column, kind: str) -> str:
    at = column.sql
    if "zone" in kind or "tz" in kind:
        return f"strftime(timezone({_CITY}, CAST({at} AS TIMESTAMPTZ)), {_MOMENT})"
    plain = f"CAST({at} AS TIMESTAMP)"
    local = f"timezone({_CITY}, timezone('UTC', {plain}))" if column.is_utc else plain
    return f"strftime({local}, {_MOMENT})"


def _decimal_text(sql: str) -> str:
    """The text of a decimal, exactly: digits where it is whole, else marked by an exponent."""
    text = f"CAST({sql} AS VARCHAR)"
    whole = f"CAST(CAST({sql} AS HUGEINT) AS VARCHAR)"
    return f"CASE WHEN {sql} = trunc({sql}) THEN {whole} ELSE {text} || 'e0' END"


def _list(file: str, item: NestedField, column: _Column, told: Mapping[str, ListText]) -> str:
    """A list of structs of texts; entries that are NULL are none, and a list without any is one."""
    if item.name in told:
        return json_lists.entries(told[item.name], Spelling())
    leaves = _leaves(file, item, column)
    if leaves is None:
        return json_lists.empty_list(item)
    packed = ", ".join(
        f"{literal(leaf)}: {clean(_text(file, f'{item.name}.{leaf}', leaves[leaf]), Spelling())}"
        if leaf in leaves
        else f"{literal(leaf)}: CAST(NULL AS VARCHAR)"
        for leaf in item.leaves
    )
    held = f"list_filter({column.sql}, lambda entry: entry IS NOT NULL)"
    listed = f"list_transform({held}, lambda entry: {{{packed}}})"
    return f"coalesce({listed}, {json_lists.empty_list(item)})"


def _leaves(file: str, item: NestedField, column: _Column) -> Mapping[str, _Column] | None:
    """The leaves of a list's entries; None where its type says that there is never an entry."""
    kind = column.type
    if kind is not None and kind.id == "list":
        kind = kind.child
        if kind.id == "struct":
            held = dict(zip(column.members, kind.children, strict=True))
            names = match_leaves(column.members, item, file)
            return {
                leaf: _Column(f"entry.{identifier(held[key][0])}", held[key][1], column.is_utc)
                for leaf, key in names.items()
            }
    if kind is not None and kind.id == "null":
        return None
    todo = "write it as a list of structs, or leave it out"
    raise SourceError(f"{item.name} is no list of objects", where=file, todo=todo)


def _fault(
    file: str,
    fields: Mapping[str, _Column],
    items: Mapping[NestedField, _Column],
    told: Mapping[str, ListText],
) -> str | None:
    """Why a row cannot be read; None where nothing can be wrong with one."""
    faults = [
        *_bytes_faults(fields),
        *_leaf_faults(file, [(i, c) for i, c in items.items() if i.name not in told]),
        *_bytes_faults({i.name: c for i, c in items.items() if i.name in told}),
        *(json_lists.fault(found) for found in told.values()),
    ]
    return f"coalesce({', '.join(faults)}, NULL)" if faults else None


def _bytes_faults(columns: Mapping[str, _Column]) -> Iterator[str]:
    for field, column in columns.items():
        if column.type is not None and column.type.id == "blob":
            said = literal(file_rules().faults.not_text.format(name=field))
            yield f"CASE WHEN {_is_no_text(column)} THEN {said} END"


def _leaf_faults(file: str, lists: Iterable[tuple[NestedField, _Column]]) -> Iterator[str]:
    for item, column in lists:
        for leaf, held in (_leaves(file, item, column) or {}).items():
            if held.type.id == "blob":
                said = file_rules().faults.not_text.format(name=f"{item.name}.{leaf}")
                bad = f"list_filter({column.sql}, lambda entry: {_is_no_text(held)})"
                yield f"CASE WHEN len({bad}) > 0 THEN {literal(said)} END"


def _is_no_text(column: _Column) -> str:
    return f"({column.sql} IS NOT NULL AND {_string(column)} IS NULL)"
