"""The Table Schema of a table (Data Package 2.0).

Belongs here: fields, constraints and keys as descriptors. Does not: the package around them
(``publish.descriptor``).
"""

from typing import TYPE_CHECKING, Any

from cchc_pipeline.contracts.model import Field, ForeignKey, Language, Text

if TYPE_CHECKING:
    from cchc_pipeline.contracts.contract import Contract

TABLE_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"


def table_schema(contract: "Contract", language: Language) -> dict[str, Any]:
    """The Table Schema of a table, as ``Contract.table_schema`` says."""
    schema: dict[str, Any] = {
        "$schema": TABLE_SCHEMA,
        "fields": [_field_descriptor(contract, field, language) for field in contract.fields],
        "missingValues": [""],
        "primaryKey": list(contract.primary_key),
    }
    if contract.foreign_keys:
        schema["foreignKeys"] = [_key_descriptor(contract, key) for key in contract.foreign_keys]
    return schema


def _field_descriptor(contract: "Contract", field: Field, language: Language) -> dict[str, Any]:
    other: Language = "en" if language == "vi" else "vi"
    suffix = other.capitalize()
    descriptor: dict[str, Any] = {
        "name": field.name,
        "type": field.type.removeprefix("local_"),
    }
    for name in ("title", "description", "unit"):
        words: Text = getattr(field, name)
        descriptor[name] = words.of(language)
        descriptor[f"{name}{suffix}"] = words.of(other)
    if field.enum and field.codes:
        descriptor["categories"] = [
            {"value": code.code, "label": code.name.of(language)} for code in field.codes
        ]
    constraints = _constraints(field, is_whole_key=contract.primary_key == (field.name,))
    return descriptor | ({"constraints": constraints} if constraints else {})


def _constraints(field: Field, *, is_whole_key: bool) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "required": field.required or None,
        "unique": is_whole_key or None,
        "enum": list(field.enum) or None,
        "pattern": _delimited(field.pattern),
        "minimum": field.minimum,
        "maximum": field.maximum,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _delimited(pattern: str | None) -> str | None:
    """Readers that set anchors around a pattern would split one with alternatives."""
    return f"({pattern})" if pattern and "|" in pattern else pattern


def _key_descriptor(contract: "Contract", key: ForeignKey) -> dict[str, Any]:
    """Of a key onto the table itself, Data Package 2.0 leaves the resource out."""
    reference: dict[str, Any] = {"fields": list(key.reference)}
    if key.table != contract.table:
        reference["resource"] = key.table.replace("_", "-")
    return {"fields": list(key.fields), "reference": reference}
