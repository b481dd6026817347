"""Lists of objects that stand as JSON: in a JSON record, or as text in a column.

Belongs here: the SQL that reads their leaves, tells the names within them, and says why one cannot
be read. Does not: the record around them (``json_files``, ``parquet_files``).

A list's *text* is NULL, ``null``, empty or ``[]`` for an empty list; else valid JSON, or ``"`` for
what is none. An absent list and an empty one are the same: both are read as the empty list.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cchc_pipeline.core.sql import identifier, literal
from cchc_pipeline.sources.readers.headings import match_leaves
from cchc_pipeline.sources.readers.text_relation import Spelling, clean, number_text
from cchc_pipeline.sources.readers.upload_schema import NestedField, file_rules

JSON_BLANKS = "' \t\r\n'"
_EMPTY = "('', '[]', 'null')"
_FLAT = r"\[\s*(\{[^{}\[\]]*\}\s*,?\s*)*\]"
"""A list of objects without anything nested: nothing can be wrong with its kinds."""


def text_of_json(raw: str) -> str:
    """A list's text out of a JSON value, which may be a JSON text that holds the list."""
    text = f"CAST({raw} AS VARCHAR)"
    inner = text_of_string(f"json_extract_string({raw}, '$')")
    return f"CASE WHEN starts_with({text}, '\"') THEN {inner} ELSE {text} END"


def text_of_string(sql: str) -> str:
    """A list's text out of a text."""
    text = f"trim({sql}, {JSON_BLANKS})"
    return f"CASE WHEN {text} = '' THEN '' WHEN json_valid({text}) THEN {text} ELSE '\"' END"


@dataclass(frozen=True)
class ListText:
    """A list of the schema that a file has, as text in ``column_of`` the list.

    Attributes:
        item: The list.
        leaves: By leaf, its name in the file.
        may_double: Whether some entry of the file has a name twice.
    """

    item: NestedField
    leaves: Mapping[str, str]
    may_double: bool


def column_of(item: NestedField) -> str:
    """The column in which a source keeps the text of a list."""
    return identifier(f"list {item.name}")


def find_lists(
    file: str, source: str, items: Sequence[NestedField], connection: duckdb.DuckDBPyConnection
) -> Sequence[ListText]:
    """Look through all rows for the names within lists.

    Args:
        file: The file's name, for the reader of an error.
        source: The SQL of the rows, which have ``column_of`` each list.
        items: The lists.
        connection: Reads the rows.

    Raises:
        SourceError: Two names mean the same leaf.
    """
    if not items:
        return ()
    within = ", ".join(f"{_names_within(column_of(item))} AS k{n}" for n, item in enumerate(items))
    every = " UNION ALL ".join(
        f"SELECT {n} AS n, unnest(k{n}) AS names FROM shapes"  # noqa: S608 - own names
        for n in range(len(items))
    )
    query = (
        f"WITH shapes AS MATERIALIZED (SELECT DISTINCT {within} FROM {source})"  # noqa: S608
        f" SELECT n, key, bool_or(doubled) FROM (SELECT n, unnest(names) AS key,"
        f" {doubles('names')} AS doubled FROM ({every})) GROUP BY ALL ORDER BY ALL"
    )
    names: dict[int, list[str]] = {n: [] for n in range(len(items))}
    doubled = set()
    for n, key, is_double in connection.execute(query).fetchall():
        names[n].append(key)
        doubled |= {n} if is_double else set()
    return [
        ListText(item, match_leaves(names[n], item, file), n in doubled)
        for n, item in enumerate(items)
    ]


def _names_within(text: str) -> str:
    """The lists of names that the entries have, NULL for an empty list; doubled names show."""
    names = f"list_distinct(json_keys({text}, '$[*]'))"
    return f"CASE WHEN starts_with({text}, '[') AND {text} <> '[]' THEN {names} END"


def doubles(names: str) -> str:
    """Whether a list of names has one of them twice."""
    return f"(len({names}) <> len(list_distinct({names})))"


def entries(found: ListText, spelling: Spelling) -> str:
    """The list of structs of texts; leaves are raw JSON first, so that numbers can be told."""
    text, item, leaves = column_of(found.item), found.item, found.leaves
    packed = ", ".join(f"{literal(leaf)}: {_leaf(leaf, leaves, spelling)}" for leaf in item.leaves)
    read = f"list_filter({_structs(text, leaves)}, lambda entry: entry IS NOT NULL)"
    return (
        f"CASE WHEN starts_with({text}, '[') AND {text} <> '[]'"
        f" THEN list_transform({read}, lambda entry: {{{packed}}}) ELSE {empty_list(item)} END"
    )


def empty_list(item: NestedField) -> str:
    """A list without entries."""
    return f"CAST([] AS {item.sql_type})"


def fault(found: ListText) -> str:
    """Why a list cannot be read, in Vietnamese; NULL where it can."""
    text, item, leaves = column_of(found.item), found.item, found.leaves
    faults = file_rules().faults
    odd = "lambda entry: NOT starts_with(CAST(entry AS VARCHAR), '{')"
    raw = f"from_json({text}, '[\"JSON\"]')"
    nested = "".join(
        f" WHEN len(list_filter({_structs(text, leaves)}, lambda entry: {_is_nested(key)})) > 0"
        f" THEN {literal(faults.not_scalar.format(name=f'{item.name}.{leaf}'))}"
        for leaf, key in leaves.items()
    )
    return (
        f"CASE WHEN coalesce({text}, '') IN {_EMPTY} THEN NULL"
        f" WHEN NOT starts_with({text}, '[') THEN {literal(faults.not_list.format(name=item.name))}"
        f"{_doubled(text, item) if found.may_double else ''}"
        f" WHEN regexp_full_match({text}, {literal(_FLAT)}) THEN NULL"
        f" WHEN len(list_filter({raw}, {odd})) > 0"
        f" THEN {literal(faults.not_objects.format(name=item.name))}{nested} END"
    )


def _doubled(text: str, item: NestedField) -> str:
    twice = f"list_filter(json_keys({text}, '$[*]'), lambda names: {doubles('names')})"
    said = file_rules().faults.doubled_within.format(name=item.name)
    return f" WHEN len({twice}) > 0 THEN {literal(said)}"


def _structs(text: str, leaves: Mapping[str, str]) -> str:
    structure = json.dumps([dict.fromkeys(leaves.values(), "JSON")] if leaves else ["JSON"])
    return f"from_json({text}, {literal(structure)})"


def _is_nested(key: str) -> str:
    text = f"CAST(entry.{identifier(key)} AS VARCHAR)"
    return f"(starts_with({text}, '{{') OR starts_with({text}, '['))"


def _leaf(leaf: str, leaves: Mapping[str, str], spelling: Spelling) -> str:
    if leaf not in leaves:
        return "CAST(NULL AS VARCHAR)"
    raw = f"entry.{identifier(leaves[leaf])}"
    text, plain = f"CAST({raw} AS VARCHAR)", f"json_extract_string({raw}, '$')"
    return (
        f"CASE WHEN {raw} IS NULL OR {text} = 'null' THEN NULL"
        f" WHEN {text}[1:1] = '\"' THEN {clean(plain, spelling)}"
        f" WHEN {text} IN ('true', 'false') THEN upper({text})"
        f" WHEN contains({text}, '.') OR contains({text}, 'e')"
        f" THEN {number_of_json(text)} ELSE {text} END"
    )


def number_of_json(text: str) -> str:
    """A JSON number with a fraction or exponent as every reader writes numbers."""
    return number_text(f"try_cast({text} AS DOUBLE)")
