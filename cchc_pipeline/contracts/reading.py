"""Reading a table's declaration into a ``Contract``, and judging that its parts agree.

Belongs here: fields, keys, rules and code lists as the declaration gives them, and what several
entries, or several tables, must agree on. Does not: finding a file or what a single
entry may hold (``model``), or whether a table's rows obey it (``checks``).

A field that several tables share is declared in ``schemas/tables/_fields.yaml`` and taken with
``use``; what the table says beside it wins. A field or a rule without a ``basis`` has its table's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, get_args

from cchc_pipeline.contracts.contract import Contract
from cchc_pipeline.contracts.model import (
    ROW_CONDITION,
    Code,
    CodeList,
    Field,
    ForeignKey,
    Language,
    contract_names,
    with_shared,
)
from cchc_pipeline.core.data import first_repeated, mapping_of, read_yaml, refuse, typed
from cchc_pipeline.core.errors import SchemaDataError

_CODED = ("enum", "code_list", "subset", "explained_by")


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


def parse_contract(declared: object, where: str) -> Contract:
    """Read a declaration.

    Args:
        declared: The content of a file of ``schemas/tables``.
        where: What errors call it.

    Raises:
        SchemaDataError: Something lacks or contradicts; the line names table and field.
    """
    said = mapping_of(declared, where)
    place = f"{where}, {said.get('table')}"
    fields = [_field(entry, said, place) for entry in _entries(said, "fields")]
    rules = [_rule(entry, said, place) for entry in _entries(said, "rules")]
    contract = typed(Contract, {**said, "fields": fields, "rules": rules}, place)
    check_contract(contract, where)
    return contract


def _entries(said: Mapping[str, Any], name: str) -> list[Any]:
    """The entries of a list; what is no list of mappings is left for its type to refuse."""
    entries = said.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise SchemaDataError(f"{name} is no list of mappings", where=str(said.get("table")))
    return entries


def _basis(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table[name] for name in ("basis",) if name in table}


def _field(entry: Mapping[str, Any], table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A field with what it shares, what its table says for it, and its codes."""
    field: dict[str, Any] = {**_basis(table), **with_shared(entry, where)}
    if field.get("name") in (table.get("primary_key") or ()):
        field["required"] = True
    own = {name: value for name, value in field.items() if name not in _CODED}
    return own | _codes(field, f"{where}.{field.get('name')}")


def _codes(field: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The codes allowed (``enum``), and what is known of the codes in the column (``codes``)."""
    sources = [name for name in ("enum", "code_list", "explained_by") if name in field]
    if len(sources) > 1:
        raise SchemaDataError(f"{' and '.join(sources)} stand together", where=where)
    if "subset" in field and sources != ["code_list"]:
        raise SchemaDataError("subset without code_list", where=where)
    if sources in ([], ["enum"]):
        return {"enum": field.get("enum", ())}
    codes = load_code_list(field[sources[0]]).codes
    if sources == ["explained_by"]:
        return {"codes": codes}
    chosen = _subset(codes, field.get("subset") or (), where)
    return {"enum": tuple(code.code for code in chosen), "codes": chosen}


def _subset(codes: Sequence[Code], wanted: Sequence[str], where: str) -> tuple[Code, ...]:
    unknown = {*wanted} - {code.code for code in codes}
    if unknown:
        what = f"subset names {', '.join(sorted(unknown))}, not in the code list"
        raise SchemaDataError(what, where=where)
    return tuple(code for code in codes if not wanted or code.code in wanted)


def _rule(entry: Mapping[str, Any], table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A rule whose condition, or whose arguments, are its ``kwargs``."""
    rule = {**_basis(table), "kwargs": {}, **entry}
    place = f"{where}, rule {rule.get('id')}"
    is_condition, sql = rule.get("expectation") == ROW_CONDITION, rule.pop("sql", None)
    refuse(["no sql"] * (is_condition and not sql), place)
    refuse([f"sql is for {ROW_CONDITION}"] * (sql is not None and not is_condition), place)
    refuse(["kwargs on a row condition: it has sql"] * (is_condition and "kwargs" in entry), place)
    return rule | ({"kwargs": {"sql": str(sql).strip()}} if is_condition else {})


@cache
def load_code_list(name: str) -> CodeList:
    """The code list ``schemas/code-lists/<name>.yaml``.

    Raises:
        SchemaDataError: There is none, or it cannot be used.
    """
    path = f"code-lists/{name}.yaml"
    return parse_code_list(name, read_yaml(path), f"schemas/{path}")


def parse_code_list(name: str, declared: object, where: str) -> CodeList:
    """Read a code list.

    Raises:
        SchemaDataError: Something lacks, or a code stands twice.
    """
    found = typed(CodeList, {**mapping_of(declared, where), "name": name}, where)
    twice = first_repeated(code.code for code in found.codes)
    refuse(["no codes"] * (not found.codes), where)
    refuse([f"the code {twice!r} stands twice"] * (twice is not None), where)
    return found


def check_contract(contract: Contract, where: str) -> None:
    """Refuse a declaration whose entries contradict each other or other tables.

    Args:
        contract: The table as read.
        where: The file's name, for the reader of an error.

    Raises:
        SchemaDataError: A contradiction; the line names table and column.
    """
    for check in (_check_fields, _check_keys, _check_rules):
        check(contract, where)


def _check_fields(contract: Contract, where: str) -> None:
    names = [field.name for field in contract.fields]
    if not names:
        raise SchemaDataError("no fields", where=f"{where}, {contract.table}")
    twice = first_repeated(names)
    if twice is not None:
        raise SchemaDataError("stands twice", where=f"{where}, {contract.table}.{twice}")
    for language in get_args(Language):
        heading = first_repeated(contract.headings(language))
        if heading is not None:
            same = [f.name for f in contract.fields if f.title.of(language) == heading]
            raise SchemaDataError(
                f"title.{language} {heading!r} is also that of {same[0]}",
                where=f"{where}, {contract.table}.{same[-1]}",
                todo="tell them apart",
            )
    refuse((["basis: is empty"] * (not contract.basis)), f"{where}, {contract.table}")
    for field in contract.fields:
        refuse(_problems(field, contract), f"{where}, {contract.table}: fields.{field.name}")


def _problems(field: Field, contract: Contract) -> Iterator[str]:
    """What only a declaration can lack, and a descriptor of a release does not tell."""
    if contract.public and field.personal:
        yield "is personal, and the table is public: leave the column out"
    if not field.basis:
        yield "basis: is empty"
    if (field.type == "number") != (field.decimals is not None):
        yield "a number without decimals" if field.decimals is None else "decimals on no number"


def _check_keys(contract: Contract, where: str) -> None:
    names = {field.name for field in contract.fields}
    if not contract.primary_key:
        raise SchemaDataError("no primary_key", where=f"{where}, {contract.table}")
    _refuse_unknown(contract.primary_key, names, f"{where}, {contract.table}", "primary_key")
    for key in contract.foreign_keys:
        _refuse_unknown(key.fields, names, f"{where}, {contract.table}", "foreign_keys")
        if not key.fields or len(key.fields) != len(key.reference):
            raise SchemaDataError(
                f"a foreign key of {len(key.fields)} columns onto {len(key.reference)}",
                where=f"{where}, {contract.table}",
            )
        target = names if key.table == contract.table else _declared_columns(contract, key, where)
        _refuse_unknown(key.reference, target, f"{where}, {key.table}", "foreign_keys")


def _refuse_unknown(columns: Iterable[str], known: Iterable[str], where: str, key: str) -> None:
    for column in columns:
        if column not in known:
            raise SchemaDataError(
                f"{key} names a column that is not declared", where=f"{where}.{column}",
                todo="declare it, or correct the name",
            )  # fmt: skip


def _declared_columns(contract: Contract, key: ForeignKey, where: str) -> frozenset[str]:
    """The columns of another table, unparsed: two tables may refer to each other."""
    if key.table not in contract_names():
        raise SchemaDataError(
            f"foreign_keys refers to the table {key.table!r}, which is not declared",
            where=f"{where}, {contract.table}.{key.fields[0]}",
            todo="declare it in schemas/tables",
        )
    path = f"tables/{key.table}.yaml"
    entries = mapping_of(read_yaml(path), f"schemas/{path}").get("fields") or ()
    return frozenset(with_shared(entry, f"schemas/{path}").get("name", "") for entry in entries)


def _check_rules(contract: Contract, where: str) -> None:
    place = f"{where}, {contract.table}"
    names = {field.name for field in contract.fields}
    for rule in contract.rules:
        if "column" in rule.kwargs:
            _refuse_unknown([rule.kwargs["column"]], names, place, f"rule {rule.id}")
    twice = first_repeated(item.id for item in contract.expectations())
    if twice is not None:
        raise SchemaDataError(f"the rule id gives {twice} twice", where=place, todo="rename it")
