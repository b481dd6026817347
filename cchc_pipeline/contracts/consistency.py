"""Judging a declaration as a whole: its names, its headings, its keys, its rules.

Belongs here: what several entries, or several tables, must agree on. Does not: what one entry may
say (``reading``), or whether a table's rows obey it (``quality``).
"""

from collections.abc import Iterable
from typing import get_args

from cchc_pipeline.contracts.contract import Contract
from cchc_pipeline.contracts.declarations import contract_names, with_shared
from cchc_pipeline.contracts.model import ForeignKey, Language
from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.typed_data import first_repeated, mapping_of


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
    for field in contract.fields:
        if contract.public and field.personal:
            raise SchemaDataError(
                "is personal, and the table is public",
                where=f"{where}, {contract.table}.{field.name}",
                todo="leave the column out",
            )


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
