"""JSON Lines and JSON documents: one object a record, read by its own names.

Belongs here: lines to texts as SQL, which keys a file has, and telling a bad line. Does not:
whether the text is sound (``text_inspection``), or what a value means.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.errors import SourceError
from cchc_pipeline.sources.record_files.record_form import (
    ColumnMatch,
    Limits,
    NestedField,
    RecordForm,
    check_match,
    file_rules,
    shown,
)
from cchc_pipeline.sources.record_files.text_inspection import inspect_text
from cchc_pipeline.sources.record_files.text_relation import (
    Spelling,
    TextRelation,
    clean,
    literal,
    name,
    number_text,
    reading,
)

_KEYS_LOOKED_AT = 10_000
_LINE_OF_DUCKDB = 2_000_000
_JSON_BLANKS = "' \t\r'"
_FRACTION = r"-?\d+(\.\d+)?([eE][+-]?\d+)?"


def read_json_lines(
    file: str,
    path: Path,
    form: RecordForm,
    scratch: Path,
    limits: Limits,
    connection: duckdb.DuckDBPyConnection,
) -> TextRelation:
    """The table of a JSON Lines file; a line's number is its place.

    Args:
        file: The dropped file's name.
        path: The plain text.
        form: The record's form.
        scratch: The folder for lines that DuckDB cannot read in place.
        limits: What is too much.
        connection: Looks through the file for its keys.

    Raises:
        SourceError: The text is not sound, holds no object, or lacks a field of the form.
    """
    facts = inspect_text(file, path, limits.line_bytes)
    if facts.has_mixed_ends:
        path = _with_even_ends(path, scratch)
    longest = f", max_line_size={facts.longest + 16}" if facts.longest > _LINE_OF_DUCKDB else ""
    lines = (
        f"read_csv({literal(path)}, auto_detect=false, header=false, delim='', quote='',"
        f" escape='', compression='none'{longest}, columns={{'line': 'VARCHAR'}})"
    )
    return _relation(file, lines, None, facts.spelling, form, connection)


def read_json_document(
    file: str,
    path: Path,
    form: RecordForm,
    scratch: Path,
    limits: Limits,
    connection: duckdb.DuckDBPyConnection,
) -> TextRelation:
    """The table of a JSON document: an array of objects, or ``{"data": [...]}``.

    A record's number is its place in the array. The arguments are those of ``read_json_lines``.

    Raises:
        SourceError: It is too long, no JSON, no such array, or lacks a field of the form.
    """
    if path.stat().st_size > limits.document_bytes:
        todo = "split it, or write one object a line (.jsonl)"
        raise SourceError("is too long for one JSON document", where=file, todo=todo)
    inspect_text(file, path, limits.document_bytes)
    records = _records(file, path)
    scratch.mkdir(parents=True, exist_ok=True)
    staged = scratch / f"{path.name[:24]}.lines.parquet"
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    numbers = pa.array(range(1, len(lines) + 1), pa.int64())
    pq.write_table(pa.table({"line": pa.array(lines, pa.string()), "row_number": numbers}), staged)
    source = f"read_parquet({literal(staged)})"
    return _relation(file, source, "row_number", Spelling(), form, connection)


def _with_even_ends(path: Path, scratch: Path) -> Path:
    """A copy whose lines all end alike; a return within a line becomes a space, as JSON has it."""
    scratch.mkdir(parents=True, exist_ok=True)
    even = scratch / f"{path.name[:24]}.lines.jsonl"
    with path.open("rb") as source, even.open("wb") as target:
        for line in source:
            target.write(line.rstrip(b"\r\n").replace(b"\r", b" ") + b"\n")
    return even


def _records(file: str, path: Path) -> Sequence[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        what = "is no whole JSON document"
        raise SourceError(what, where=file, todo="export the file again") from None
    records = content.get("data") if isinstance(content, dict) else content
    if not isinstance(records, list):
        what = "is no array of records"
        raise SourceError(what, where=file, todo='write [...] or {"data": [...]}')
    return records


def _relation(
    file: str,
    lines: str,
    row: str | None,
    spelling: Spelling,
    form: RecordForm,
    connection: duckdb.DuckDBPyConnection,
) -> TextRelation:
    with reading(file):
        keys, objects, filled = _first_keys(lines, connection)
        present = _present(lines, keys, form, connection)
    if filled and not objects:
        todo = "write one object {…} a line"
        raise SourceError("holds no JSON object a line", where=file, todo=todo)
    unknown = tuple(shown(key) for key in sorted(keys.difference(form.names)))
    columns = {item.name: 0 for item in form.fields if item.name in present}
    if filled:
        check_match(ColumnMatch(columns, (), unknown), form, file)
    nested = [item for item in form.nested if item.name in present]
    leaves = {field: _leaf(field, spelling) for field in columns}
    is_blank = f"coalesce(trim(line, {_JSON_BLANKS}), '') = ''"
    return TextRelation(
        file=file,
        sheet=None,
        source=_parsed(lines, columns, nested),
        columns={**leaves, **{item.name: _list(item, spelling) for item in nested}},
        row=row,
        first_row=1,
        row_fault=_fault(is_blank, nested),
        is_total=f"({is_blank})",
        is_blank=f"({is_blank})",
        dropped=unknown,
        notes=() if filled else ("there is no record in it",),
    )


def _first_keys(lines: str, connection: duckdb.DuckDBPyConnection) -> tuple[set[str], int, int]:
    """The keys of the first lines, how many of these are objects, and how many are not blank."""
    first = f"SELECT line FROM {lines} LIMIT {_KEYS_LOOKED_AT}"  # noqa: S608 - own expression
    objects = (
        "CASE WHEN json_valid(line) THEN CASE WHEN json_type(line) = 'OBJECT' THEN line END END"
    )
    query = (
        f"SELECT list_distinct(flatten(list(json_keys({objects})))),"  # noqa: S608
        f" count({objects}), count(nullif(trim(line), '')) FROM ({first})"
    )
    [(keys, objects_met, filled)] = connection.execute(query).fetchall()
    return set(keys or ()), objects_met, filled


def _present(
    lines: str, keys: set[str], form: RecordForm, connection: duckdb.DuckDBPyConnection
) -> set[str]:
    """The form's fields that some line has; those not met early are looked for in all lines."""
    names = form.names
    late = [field for field in names if field not in keys]
    if not late:
        return set(names)
    found = ", ".join(
        f"coalesce(bool_or(CASE WHEN contains(line, {literal(json.dumps(field))})"
        f" THEN CASE WHEN json_valid(line) THEN json_exists(line, {literal(_path(field))}) END"
        f" END), false)"
        for field in late
    )
    [answers] = connection.execute(f"SELECT {found} FROM {lines}").fetchall()  # noqa: S608
    seen = {field for field, answer in zip(late, answers, strict=True) if answer}
    return seen | (set(names) & keys)


def _path(field: str) -> str:
    return f'$."{field}"'


def _parsed(lines: str, fields: Iterable[str], nested: Iterable[NestedField]) -> str:
    """Each line with its record; a bad line's is NULL."""
    structure = json.dumps(
        {**dict.fromkeys(fields, "VARCHAR"), **{item.name: "JSON" for item in nested}}
    )
    record = f"try(from_json(line, {literal(structure)}))"
    return f"(SELECT *, {record} AS record FROM {lines})"  # noqa: S608 - own expressions


def _leaf(field: str, spelling: Spelling) -> str:
    """A field's text; a number with a fraction and a truth value show that they are none."""
    text = f"record.{name(field)}"
    plain = clean(text, spelling)
    # What sorts before ":" begins with a digit or a sign; the costlier questions wait for it.
    return (
        f"CASE WHEN {text} < ':' THEN"
        f" CASE WHEN (contains({text}, '.') OR contains({text}, 'e'))"
        f" AND regexp_full_match({text}, {literal(_FRACTION)})"
        f" AND json_type(line, {literal(_path(field))}) <> 'VARCHAR'"
        f" THEN {_number(text)} ELSE {plain} END"
        f" WHEN {text} IN ('true', 'false') THEN upper({text}) ELSE {plain} END"
    )


def _list(item: NestedField, spelling: Spelling) -> str:
    """A list of structs of texts; its leaves are raw JSON first, so that numbers can be told."""
    structure = json.dumps([dict.fromkeys(item.leaves, "JSON")])
    packed = ", ".join(
        f"{literal(leaf)}: {_raw_leaf(f'entry.{name(leaf)}', spelling)}" for leaf in item.leaves
    )
    raw = f"CAST(record.{name(item.name)} AS VARCHAR)"
    return f"list_transform(from_json({raw}, {literal(structure)}), lambda entry: {{{packed}}})"


def _raw_leaf(raw: str, spelling: Spelling) -> str:
    text, plain = f"CAST({raw} AS VARCHAR)", f"json_extract_string({raw}, '$')"
    return (
        f"CASE WHEN {raw} IS NULL OR {text} = 'null' THEN NULL"
        f" WHEN {text}[1:1] = '\"' THEN {clean(plain, spelling)}"
        f" WHEN {text} IN ('true', 'false') THEN upper({text})"
        f" WHEN contains({text}, '.') OR contains({text}, 'e') THEN {_number(text)}"
        f" ELSE {text} END"
    )


def _number(text: str) -> str:
    """A JSON number with a fraction or exponent as every reader writes numbers."""
    return number_text(f"try_cast({text} AS DOUBLE)")


def _fault(is_blank: str, nested: Sequence[NestedField]) -> str:
    """Why a line is no record, in Vietnamese, as it ends a message."""
    faults = file_rules().faults
    lists = "".join(
        f" WHEN CAST(record.{name(item.name)} AS VARCHAR)[1:1] <> '['"
        f" THEN {literal(faults.not_list.format(name=item.name))}"
        for item in nested
    )
    other = f"CASE WHEN json_valid(line) THEN {literal(faults.not_object)}"
    other += f" ELSE {literal(faults.not_json)} END"
    return (
        f"CASE WHEN {is_blank} THEN NULL"
        f" WHEN ltrim(line, {_JSON_BLANKS})[1:1] <> '{{' THEN {other}"
        f" WHEN record IS NULL THEN {literal(faults.not_json)}{lists} END"
    )
