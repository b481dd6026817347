"""The tables of a release as its own descriptor declares them, not as today's contracts do.

Belongs here: the way from a Table Schema back to a contract, so that the readers of every format
can be used on a release of any age. Does not: today's contracts (``schemas/tables``).
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, get_args

from cchc_pipeline.contracts import Contract, Field, FieldType, ForeignKey, Text
from cchc_pipeline.errors import CheckFailedError

Resource = Mapping[str, Any]


def described_contract(resource: Resource, tables: Mapping[str, str]) -> Contract:
    """The contract of a table by its resource.

    Args:
        resource: A resource with a schema.
        tables: The names of the tables by the names of their resources.

    Raises:
        CheckFailedError: The schema is not one that this project ever wrote.
    """
    name, schema = tables[resource["name"]], resource["schema"]
    try:
        return Contract(
            table=name,
            title=_text(resource, "title"),
            description=_text(resource, "description"),
            basis="",
            public=True,
            partitioned=False,
            primary_key=tuple(schema.get("primaryKey", ())),
            foreign_keys=tuple(_key(key, name, tables) for key in schema.get("foreignKeys", ())),
            fields=tuple(_field(field) for field in schema["fields"]),
            rules=(),
        )
    except (KeyError, TypeError) as error:
        raise CheckFailedError(f"the schema cannot be used: {error!r}", where=name) from None


def table_names(resources: list[Resource]) -> dict[str, str]:
    """The names of the tables, by the names of their resources."""
    return {one["name"]: PurePosixPath(one["path"]).stem for one in resources if "schema" in one}


def _field(field: Mapping[str, Any]) -> Field:
    if field["type"] not in get_args(FieldType):
        raise CheckFailedError(f"{field['type']!r} is no type of a column", where=field["name"])
    return Field(
        name=field["name"],
        type=field["type"],
        title=_text(field, "title"),
        description=_text(field, "description"),
        unit=_text(field, "unit"),
        basis="",
        required=bool(field.get("constraints", {}).get("required")),
    )


def _key(key: Mapping[str, Any], table: str, tables: Mapping[str, str]) -> ForeignKey:
    reference = key["reference"]
    target = tables[reference["resource"]] if "resource" in reference else table
    return ForeignKey(tuple(key["fields"]), target, tuple(reference["fields"]))


def _text(described: Mapping[str, Any], name: str) -> Text:
    vi = str(described.get(name, ""))
    return Text(vi, str(described.get(f"{name}En", vi)))
