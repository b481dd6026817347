"""Reading a table's declaration into a ``Contract``.

Belongs here: the names that a declaration may have, and each entry's options. Does not: how entries
agree with each other and with other tables (``consistency``). A field or a rule without a ``basis``
has its table's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, get_args

from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.contracts.consistency import NAME, check_contract
from cchc_pipeline.contracts.contract import Contract
from cchc_pipeline.contracts.declarations import with_shared
from cchc_pipeline.contracts.model import (
    ROW_CONDITION,
    Code,
    Field,
    FieldType,
    ForeignKey,
    Rule,
    Severity,
)
from cchc_pipeline.contracts.node import Node
from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.reference import read_yaml

_GX_TYPE = re.compile(r"expect_[a-z_]+")
_BOUNDED = frozenset({"integer", "number"})
_FIELD_KEYS = frozenset(
    {
        "name", "type", "title", "description", "unit", "basis", "required", "personal",
        "volatile", "decimals", "enum", "code_list", "subset", "explained_by", "pattern",
        "minimum", "maximum", "rests_on",
    }
)  # fmt: skip
_TABLE_KEYS = frozenset(
    {
        "table", "title", "description", "basis", "public", "partitioned", "primary_key",
        "foreign_keys", "fields", "rules",
    }
)  # fmt: skip
_RULE_KEYS = frozenset({"id", "expectation", "kwargs", "sql", "severity", "message", "basis"})


@cache
def load_contract(table: str) -> Contract:
    """The contract of a table, from ``schemas/tables/<table>.yaml``.

    Raises:
        SchemaDataError: There is none, or it cannot be used.
    """
    path = f"tables/{table}.yaml"
    contract = parse_contract(read_yaml(path), f"schemas/{path}")
    if contract.table != table:
        raise SchemaDataError(
            f"declares the table {contract.table!r}", where=f"schemas/{path}", todo="rename one"
        )
    return contract


def parse_contract(mapping: object, where: str) -> Contract:
    """Read a declaration.

    Args:
        mapping: The content of a file of ``schemas/tables``.
        where: What errors call it.

    Raises:
        SchemaDataError: Something lacks or contradicts; the line names table and field.
    """
    node = Node.at(mapping, where)
    table = node.word("table")
    node = Node(node.content, f"{where}, {table}")
    node.only(_TABLE_KEYS)
    basis, key = node.word("basis"), node.words("primary_key")
    contract = Contract(
        table=table,
        title=node.text("title"),
        description=node.text("description"),
        basis=basis,
        public=node.flag("public", None),
        partitioned=node.flag("partitioned", None),
        primary_key=key,
        foreign_keys=tuple(_foreign_keys(node)),
        fields=tuple(_fields(node, basis, key)),
        rules=tuple(_rules(node, basis)),
    )
    check_contract(contract, where)
    return contract


def _fields(node: Node, basis: str, key: Sequence[str]) -> Iterator[Field]:
    table = node.word("table")
    file = node.where.removesuffix(f", {table}")
    for number, entry in enumerate(node.items("fields"), start=1):
        declared = Node.at(entry, f"{node.where}, field {number}")
        merged = Node({"basis": basis, **with_shared(declared)}, declared.where)
        name = merged.word("name")
        yield _field(Node(merged.content, f"{file}, {table}.{name}"), is_key=name in key)


def _field(node: Node, *, is_key: bool) -> Field:
    node.only(_FIELD_KEYS)
    enum, codes = _codes(node)
    decimals = node.number("decimals")
    kind: Any = node.choice("type", get_args(FieldType))
    field = Field(
        name=node.word("name"),
        type=kind,
        title=node.text("title"),
        description=node.text("description"),
        unit=node.text("unit"),
        basis=node.word("basis"),
        required=node.flag("required") or is_key,
        personal=node.flag("personal"),
        volatile=node.flag("volatile"),
        decimals=None if decimals is None else int(decimals),
        enum=enum,
        codes=codes,
        pattern=_pattern(node),
        minimum=node.number("minimum"),
        maximum=node.number("maximum"),
        rests_on=node.words("rests_on"),
    )
    _check_options(node, field)
    return field


def _codes(node: Node) -> tuple[tuple[str, ...], tuple[Code, ...]]:
    """The codes allowed, and what is known of the codes in the column."""
    sources = [name for name in ("enum", "code_list", "explained_by") if name in node.content]
    if len(sources) > 1:
        raise node.refusal(f"{' and '.join(sources)} stand together", "keep one")
    if "subset" in node.content and sources != ["code_list"]:
        raise node.refusal("subset without code_list", "name the code list that it is part of")
    if sources in ([], ["enum"]):
        return node.words("enum"), ()
    codes = load_code_list(node.word(sources[0])).codes
    if sources == ["explained_by"]:
        return (), codes
    chosen = _subset(node, codes)
    return tuple(code.code for code in chosen), chosen


def _subset(node: Node, codes: tuple[Code, ...]) -> tuple[Code, ...]:
    wanted = node.words("subset")
    unknown = set(wanted) - {code.code for code in codes}
    if unknown:
        raise node.refusal(f"subset names {', '.join(sorted(unknown))}, not in the code list")
    return tuple(code for code in codes if not wanted or code.code in wanted)


def _pattern(node: Node) -> str | None:
    """A pattern without anchors, since XML Schema's (Table Schema's) have none: it is the whole."""
    if "pattern" not in node.content:
        return None
    pattern = node.word("pattern")
    if pattern.startswith("^") or pattern.endswith("$"):
        raise node.refusal(
            f"pattern {pattern!r} has anchors", "leave out ^ and $: the whole value is matched"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        raise node.refusal(f"pattern {pattern!r} is no regular expression: {error}") from None
    return pattern


def _check_options(node: Node, field: Field) -> None:
    """Each option belongs to some types only."""
    if not NAME.fullmatch(field.name):
        raise node.refusal("the name is not snake_case", "use a-z, 0-9 and _")
    if (field.type == "number") != (field.decimals is not None):
        raise node.refusal(
            "a number without decimals" if field.decimals is None else "decimals without a number",
            "numbers, and only they, say how many decimals they have",
        )
    text_only = field.enum or field.codes or field.pattern
    if text_only and field.type != "string":
        raise node.refusal(f"codes or a pattern on the type {field.type}", "they are for strings")
    bounded = field.minimum is not None or field.maximum is not None
    if bounded and field.type not in _BOUNDED:
        raise node.refusal(f"bounds on the type {field.type}", "they are for numbers")


def _foreign_keys(node: Node) -> Iterator[ForeignKey]:
    for number, entry in enumerate(node.items("foreign_keys"), start=1):
        key = Node.at(entry, f"{node.where}, foreign key {number}")
        key.only(frozenset({"fields", "table", "reference"}))
        yield ForeignKey(key.words("fields"), key.word("table"), key.words("reference"))


def _rules(node: Node, basis: str) -> Iterator[Rule]:
    for number, entry in enumerate(node.items("rules"), start=1):
        rule = Node.at(entry, f"{node.where}, rule {number}")
        rule = Node({"basis": basis, **rule.content}, f"{node.where}, rule {rule.word('id')}")
        rule.only(_RULE_KEYS)
        severity: Any = rule.choice("severity", get_args(Severity))
        yield Rule(
            id=rule.word("id"),
            expectation=_expectation_type(rule),
            kwargs=_kwargs(rule),
            severity=severity,
            message=rule.text("message"),
            basis=rule.word("basis"),
        )


def _expectation_type(rule: Node) -> str:
    kind = rule.word("expectation")
    if kind != ROW_CONDITION and not _GX_TYPE.fullmatch(kind):
        raise rule.refusal(
            f"expectation {kind!r} is unknown", f"use {ROW_CONDITION} or a type expect_…"
        )
    return kind


def _kwargs(rule: Node) -> Mapping[str, Any]:
    if rule.word("expectation") == ROW_CONDITION:
        if "kwargs" in rule.content:
            raise rule.refusal("kwargs on a row condition", "it has sql")
        return {"sql": rule.word("sql")}
    if "sql" in rule.content:
        raise rule.refusal("sql on an expectation of columns", f"it is for {ROW_CONDITION}")
    return dict(Node.at(rule.content.get("kwargs", {}), rule.where).content)
