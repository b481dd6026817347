"""JSON records, one a line, as a table of texts.

Belongs here: which names the lines have, their texts as SQL, and why a line is no record. Does not:
files (``json_files``), or the lists within a record (``json_lists``).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.sql import identifier, literal
from cchc_pipeline.sources.readers import json_lists
from cchc_pipeline.sources.readers.headings import KeyMatch, has_code, match_keys
from cchc_pipeline.sources.readers.json_lists import JSON_BLANKS, ListText
from cchc_pipeline.sources.readers.passed_over import own_rule, passed_rows
from cchc_pipeline.sources.readers.text_relation import (
    Spelling,
    TextRelation,
    clean,
    nothing_notes,
    reading,
)
from cchc_pipeline.sources.readers.upload_schema import NestedField, UploadSchema, file_rules

_MOST_NAMES = 10_000
_FRACTION = r"-?\d+(\.\d+)?([eE][+-]?\d+)?"
_FRAMED = r"(?s)^[\[,]?\s*(\{.*\})\s*(,|,?\s*\]\s*,?)?$"
_FRAME_ONLY = r"(\[|\]|,|\],)?"
_NUL = r"(^|[^\\])(\\\\)*\\u0000"


@dataclass(frozen=True)
class JsonLines:
    """The lines of a file.

    Attributes:
        file: The dropped file's name.
        source: The SQL of a relation with ``raw``, a line as it stands there, and ``line``, the
            same without the frame of an array.
        row: The column with the row's number; None: its place.
        spelling: What cleaning the texts need.
    """

    file: str
    source: str
    row: str | None
    spelling: Spelling


@dataclass(frozen=True)
class _Shape:
    """What all lines of a file have: their names, how many are not blank, and what to tell."""

    names: tuple[str, ...]
    filled: int
    may_double: bool
    notes: tuple[str, ...]


def unframed(raw: str) -> str:
    """A line without what an array printed one object a line puts around it.

    That is ``[`` before the first, commas between, and ``]`` after the last.
    """
    text = f"trim({raw}, {JSON_BLANKS})"
    return (
        f"CASE WHEN {_is_plain(raw)} THEN {raw} WHEN json_valid({text}) THEN {text}"
        f" ELSE coalesce(nullif(regexp_extract({text}, {literal(_FRAMED)}, 1), ''), {text}) END"
    )


def json_relation(
    lines: JsonLines, upload: UploadSchema, connection: duckdb.DuckDBPyConnection
) -> TextRelation:
    """The table of the records in lines.

    Args:
        lines: The lines.
        upload: The record's upload schema.
        connection: Looks through the lines for their names.

    Raises:
        SourceError: No line is an object, an array around them is not whole, a field of the schema
            lacks, or two names mean one.
    """
    with reading(lines.file):
        shape = _shape(lines, connection)
        match = match_keys(shape.names, upload, lines.file) if shape.filled else _NO_KEYS
        lists = _lists(lines, match, upload, connection)
    nothing = _is_nothing("line")
    fields = {field: _leaf(key, lines.spelling) for field, key in match.fields.items()}
    source = _parsed(lines.source, match.fields, match, [found.item for found in lists])
    fault = _fault(match, lists, shape.may_double, lines.spelling)
    key = next((fields[item.name] for item in upload.required if item.name in fields), "NULL")
    with reading(lines.file):
        raw = (f"record.{identifier(key)}" for key in match.fields.values())
        nothings = nothing_notes(source, raw, lines.spelling)
        is_total, notes = _passed_over(source, fault, has_code(key), upload, connection)
    return TextRelation(
        file=lines.file,
        sheet=None,
        source=source,
        columns={
            **fields,
            **{found.item.name: json_lists.entries(found, lines.spelling) for found in lists},
        },
        row=lines.row,
        first_row=1,
        row_fault=fault,
        is_total=is_total,
        is_blank=f"({nothing})",
        dropped=match.unknown,
        notes=(*shape.notes, *notes, *nothings),
    )


_NO_KEYS = KeyMatch({}, {}, ())


def _passed_over(
    source: str,
    fault: str,
    is_coded: str,
    upload: UploadSchema,
    connection: duckdb.DuckDBPyConnection,
) -> tuple[str, tuple[str, ...]]:
    """Whether a line is no record, as SQL that is never NULL, and the notes.

    Lines without a code are judged in hand and known by their texts. Of very many of them none is
    passed over, and none whose text is a record elsewhere.
    """
    nothing, most = _is_nothing("line"), file_rules().limits.passed_lines
    judged = f"SELECT line, {fault} AS fault, {nothing} OR {is_coded} AS plain FROM {source}"  # noqa: S608
    numbered = f"SELECT *, row_number() OVER () AS number, count(*) OVER () AS last FROM ({judged})"  # noqa: S608
    query = (
        f"SELECT number, last, line FROM ({numbered}) WHERE fault IS NULL AND NOT plain"  # noqa: S608
        f" ORDER BY number LIMIT {most + 1}"
    )
    found = connection.execute(query).fetchall()
    if not found or len(found) > most:
        return f"({nothing})", ()
    texts = {number: line for number, _, line in found}
    objects = {number: json.loads(line) for number, line in texts.items()}
    names = list(dict.fromkeys(key for held in objects.values() for key in held))
    lines = {number: [_cell(held.get(key)) for key in names] for number, held in objects.items()}
    passed, notes = passed_rows(lines, found[0][1], own_rule(names, upload))
    kept = {line for number, line in texts.items() if number not in passed}
    known = ", ".join(map(literal, sorted({texts[number] for number in passed} - kept)))
    listed = f"list_contains([{known}], line)" if known else "false"
    return f"({nothing} OR (NOT {is_coded} AND {listed}))", notes


def _cell(value: object) -> str:
    """A value as the cell of a table; an empty list says nothing."""
    if value is None or value in ([], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shape(lines: JsonLines, connection: duckdb.DuckDBPyConnection) -> _Shape:
    """Look through all lines for their names, their kinds, and the frame of an array.

    Lines of the same names in the same order are one shape, so that few are left to look at.
    """
    keys = "CASE WHEN starts_with(line, '{') THEN try(json_keys(line)) END"
    kind = f"CASE WHEN keys IS NOT NULL THEN '' WHEN {_is_nothing('line')} THEN 'blank'"
    query = (
        f"WITH shapes AS MATERIALIZED (SELECT keys, {kind} ELSE 'other' END AS kind,"  # noqa: S608
        f" {_frame()} AS frame, count(*) AS lines FROM (SELECT *, {keys} AS keys"
        f" FROM {lines.source}) GROUP BY ALL)"
        " SELECT 'kind', kind, sum(lines) FROM shapes GROUP BY ALL"
        " UNION ALL SELECT 'frame', CAST(frame AS VARCHAR), sum(lines) FROM shapes"
        " WHERE kind <> 'other' GROUP BY ALL"
        f" UNION ALL SELECT 'double', '', count(*) FROM shapes WHERE {json_lists.doubles('keys')}"
        " UNION ALL SELECT 'name', key, 1 FROM (SELECT DISTINCT unnest(keys) AS key FROM shapes"
        f" LIMIT {_MOST_NAMES + 1})"
    )
    found = connection.execute(query).fetchall()
    told = {(what, which): int(count or 0) for what, which, count in found}
    names = tuple(sorted(which for what, which in told if what == "name"))
    _check_shape(lines.file, told, len(names))
    filled = told.get(("kind", ""), 0) + told.get(("kind", "other"), 0)
    return _Shape(names, filled, told["double", ""] > 0, tuple(_notes(told, filled)))


def _check_shape(file: str, told: Mapping[tuple[str, str], int], names: int) -> None:
    if told.get(("kind", "other")) and not told.get(("kind", "")):
        todo = "write one object {…} a line"
        raise SourceError("holds no JSON object a line", where=file, todo=todo)
    if told.get(("frame", "1"), 0) != told.get(("frame", "-1"), 0):
        what = "is cut off: the array that it begins or ends is not whole"
        raise SourceError(what, where=file, todo="export the file again")
    if names > _MOST_NAMES:
        what = f"has more than {_MOST_NAMES} different names of fields"
        raise SourceError(what, where=file, todo="give every record the same names")


def _notes(told: Mapping[tuple[str, str], int], filled: int) -> Iterator[str]:
    if not filled:
        yield "there is no record in it"
    if told.get(("frame", "1")):
        yield "it is an array printed one object a line; its brackets are no records"


def _lists(
    lines: JsonLines, match: KeyMatch, upload: UploadSchema, connection: duckdb.DuckDBPyConnection
) -> Sequence[ListText]:
    """The schema's lists that the file has, with the names within them over all lines."""
    items = [item for item in upload.nested if item.name in match.lists]
    source = _parsed(lines.source, (), match, items)
    return json_lists.find_lists(lines.file, source, items, connection)


def _parsed(
    source: str, fields: Iterable[str], match: KeyMatch, items: Sequence[NestedField]
) -> str:
    """Each line with its record, which is NULL for a bad line, and the texts of its lists."""
    structure = json.dumps(
        {
            **{match.fields[field]: "VARCHAR" for field in fields},
            **{match.lists[item.name]: "JSON" for item in items},
        }
    )
    record = f"try(from_json(line, {literal(structure)}))"
    texts = "".join(
        f", {json_lists.text_of_json(f'record.{identifier(match.lists[item.name])}')}"
        f" AS {json_lists.column_of(item)}"
        for item in items
    )
    return f"(SELECT *{texts} FROM (SELECT *, {record} AS record FROM {source}))"  # noqa: S608


def _leaf(key: str, spelling: Spelling) -> str:
    """A field's text; a number with a fraction and a truth value show that they are none."""
    text = f"record.{identifier(key)}"
    plain = clean(text, spelling)
    # What sorts before ":" begins with a digit or a sign; the costlier questions wait for it.
    return (
        f"CASE WHEN {text} < ':' THEN"
        f" CASE WHEN (contains({text}, '.') OR contains({text}, 'e'))"
        f" AND regexp_full_match({text}, {literal(_FRACTION)})"
        f" AND json_type(line, {literal(_pointer(key))}) <> 'VARCHAR'"
        f" THEN {json_lists.number_of_json(text)} ELSE {plain} END"
        f" WHEN {text} IN ('true', 'false') THEN upper({text}) ELSE {plain} END"
    )


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _is_plain(raw: str) -> str:
    return f"starts_with({raw}, '{{') AND ends_with({raw}, '}}')"


def _is_nothing(line: str) -> str:
    """Whether a line is blank or of the frame only; never NULL.

    DuckDB makes a join of an IN of five texts, after which rows are not in the file's order.
    """
    text = f"coalesce(trim({line}, {JSON_BLANKS}), '')"
    return (
        f"CASE WHEN starts_with({line}, '{{') THEN false"
        f" ELSE regexp_full_match({text}, {literal(_FRAME_ONLY)}) END"
    )


def _frame() -> str:
    """1 for a line that begins an array around the records, -1 for one that ends it."""
    text = f"trim(raw, {JSON_BLANKS})"
    ends = rf"regexp_matches({text}, '\]\s*,?$')"
    return (
        f"CASE WHEN {_is_plain('raw')} THEN 0 ELSE CAST(starts_with({text}, '[') AS INTEGER)"
        f" - CAST({ends} AS INTEGER) END"
    )


def _fault(match: KeyMatch, lists: Sequence[ListText], may_double: bool, spelling: Spelling) -> str:
    """Why a line is no record, in Vietnamese, as it ends a message."""
    faults = file_rules().faults
    other = f"CASE WHEN json_valid(line) THEN {literal(faults.not_object)}"
    within = "".join(f", {json_lists.fault(found)}" for found in lists)
    nul = f" WHEN regexp_matches(line, {literal(_NUL)}) THEN {literal(faults.nul)}"
    return (
        f"CASE WHEN {_is_nothing('line')} THEN NULL"
        f" WHEN NOT starts_with(line, '{{') THEN {other} ELSE {literal(faults.not_json)} END"
        f" WHEN record IS NULL THEN {literal(faults.not_json)}"
        f"{_doubled(match) if may_double else ''}{nul if spelling.has_marks else ''}"
        f" ELSE coalesce({_not_scalar(match.fields)}{within}) END"
    )


def _doubled(match: KeyMatch) -> str:
    said = file_rules().faults.doubled
    known = " ".join(
        f"WHEN len(list_filter(json_keys(line), lambda k: k = {literal(key)})) > 1"
        f" THEN {literal(said.format(name=field))}"
        for field, key in {**match.fields, **match.lists}.items()
    )
    other = literal(file_rules().faults.doubled_other)
    return f" WHEN {json_lists.doubles('json_keys(line)')} THEN CASE {known} ELSE {other} END"


def _not_scalar(fields: Mapping[str, str]) -> str:
    """The first field that holds an object or a list where one value should be."""
    said = file_rules().faults.not_scalar
    like = " OR ".join(
        f"starts_with(record.{identifier(key)}, '{sign}')"
        for key in fields.values()
        for sign in "{["
    )
    which = " ".join(
        f"WHEN json_type(line, {literal(_pointer(key))}) IN ('OBJECT', 'ARRAY')"
        f" THEN {literal(said.format(name=field))}"
        for field, key in fields.items()
    )
    return f"CASE WHEN {like or 'false'} THEN CASE {which or 'WHEN false THEN NULL'} END END"
