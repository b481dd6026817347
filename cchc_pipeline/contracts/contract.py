"""A table as declared, and the forms it takes: expectations, Table Schema, dictionary.

Belongs here: the table's own answers about its columns; the expectations that its shape, key and
fields imply beside the rules declared; its descriptor; its dictionary, in one language. Does not:
how it is read and judged (``reading``), running an expectation (``checks``), the descriptor of a
release (``publish.package.descriptor``), or words (``schemas/tables/_words.yaml``).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import StrictBool
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.model import (
    ROW_CONDITION,
    Basis,
    Expectation,
    Field,
    FieldType,
    ForeignKey,
    Language,
    Name,
    Rule,
    Text,
    shared_words,
)
from cchc_pipeline.core.data import NO_EXTRAS
from cchc_pipeline.core.errors import SchemaDataError

if TYPE_CHECKING:
    import pyarrow as pa


YEARMONTH = r"\d{4}-(0[1-9]|1[0-2])"
TABLE_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Contract:
    """A table as declared."""

    table: Name
    title: Text
    description: Text
    basis: Basis
    public: StrictBool
    partitioned: StrictBool
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    fields: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()

    def field(self, name: str) -> Field:
        """The column of that name.

        Raises:
            SchemaDataError: There is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise SchemaDataError(
            "no such column", where=f"{self.table}.{name}", todo="see the table's declaration"
        )

    @property
    def value_columns(self) -> tuple[str, ...]:
        """The columns, keys included, whose change is a revision."""
        return tuple(field.name for field in self.fields if not field.volatile)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole declaration, shared fields and code lists resolved."""
        content = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def arrow_schema(self) -> "pa.Schema":
        """The schema of the table in Parquet, labelled with its name and the contract's digest."""
        import pyarrow as pa  # noqa: PLC0415 - who only reads declarations need not load it

        types = {name: pa.type_for_alias(held.arrow) for name, held in _HELD.items()}
        types["datetime"] = pa.timestamp("s", "UTC")  # an alias has no zone
        return pa.schema(
            [pa.field(field.name, types[field.type]) for field in self.fields],
            metadata={"table": self.table, "contract": self.digest},
        )

    def sql_types(self) -> Mapping[str, str]:
        """The types of the columns in DuckDB's SQL, in order."""
        return {field.name: _HELD[field.type].sql for field in self.fields}

    def ibis_types(self) -> Mapping[str, str]:
        """The types of the columns as Ibis writes them, in order."""
        return {field.name: _HELD[field.type].ibis for field in self.fields}

    def headings(self, language: Language) -> tuple[str, ...]:
        """The titles of the columns, in order; no two are alike."""
        return tuple(field.title.of(language) for field in self.fields)

    def expectations(self) -> tuple[Expectation, ...]:
        """All that must hold: shape and key, then each field, then the table's rules."""
        return tuple(expectations_of(self))

    def table_schema(self, language: Language) -> dict[str, Any]:
        """A Table Schema of Data Package 2.0.

        The words in the other language stand beside those of ``language`` under the same name
        with ``En`` or ``Vi`` behind it; ``unit`` is a property of ours. Resources are named as
        the tables, with hyphens.
        """
        return table_schema(self, language)


def expectations_of(contract: "Contract") -> Iterator[Expectation]:
    """All that must hold: shape and key, then each field, then the table's rules."""
    names = [field.name for field in contract.fields]
    yield Expectation(
        f"{contract.table}.columns", "expect_table_columns_to_match_ordered_list",
        {"column_list": names}, "error", _message("columns"),
    )  # fmt: skip
    yield _key_expectation(contract)
    for field in contract.fields:
        for kind, type_, kwargs, message in _implied(field):
            yield Expectation(
                f"{contract.table}.{field.name}.{kind}", type_, kwargs, "error", message
            )
    texts = [field.name for field in contract.fields if field.type == "string" and not field.enum]
    if contract.public and texts:
        yield Expectation(
            f"{contract.table}.text", ROW_CONDITION,
            {"sql": " AND ".join(_clean_text(name) for name in texts)}, "error", _message("text"),
        )  # fmt: skip
    for rule in contract.rules:
        yield Expectation(
            f"{contract.table}.{rule.id}", rule.expectation, rule.kwargs, rule.severity,
            rule.message,
        )  # fmt: skip


def _key_expectation(contract: "Contract") -> Expectation:
    """GX takes a compound key from two columns on."""
    columns = list(contract.primary_key)
    titles = [contract.field(name).title for name in columns]
    message = Text(
        _message("primary_key", columns=", ".join(title.vi for title in titles)).vi,
        _message("primary_key", columns=", ".join(title.en for title in titles)).en,
    )
    kind, kwargs = "expect_column_values_to_be_unique", dict[str, Any](column=columns[0])
    if len(columns) > 1:
        kind, kwargs = "expect_compound_columns_to_be_unique", {"column_list": columns}
    return Expectation(f"{contract.table}.primary_key", kind, kwargs, "error", message)


def _implied(field: Field) -> Iterator[tuple[str, str, Mapping[str, Any], Text]]:
    """What a field's declaration implies: kind, GX type or row condition, arguments, message."""
    column, quoted = {"column": field.name}, f'"{field.name}"'
    pattern = YEARMONTH if field.type == "yearmonth" else field.pattern
    if field.required:
        yield (
            "required", "expect_column_values_to_not_be_null", column, _message("required", field)
        )  # fmt: skip
    if field.enum:
        yield (
            "allowed", "expect_column_values_to_be_in_set",
            {**column, "value_set": list(field.enum)},
            _message("allowed", field, values=", ".join(field.enum)),
        )  # fmt: skip
    if pattern is not None:
        yield (
            "pattern", "expect_column_values_to_match_regex",
            {**column, "regex": f"^(?:{_without_captures(pattern)})$"}, _message("pattern", field),
        )  # fmt: skip
    if field.minimum is not None or field.maximum is not None:
        yield (
            "range", "expect_column_values_to_be_between",
            {**column, "min_value": field.minimum, "max_value": field.maximum},
            _message("range", field, bounds=field.bounds),
        )  # fmt: skip
    if field.decimals is not None:
        exact = f"isfinite({quoted}) AND {quoted} = round({quoted}, {field.decimals})"
        yield (
            "decimals", ROW_CONDITION, {"sql": f"{quoted} IS NULL OR ({exact})"},
            _message("decimals", field, decimals=str(field.decimals)),
        )  # fmt: skip


def _without_captures(pattern: str) -> str:
    """The pattern with groups that capture nothing: pandas warns of those that do.

    Escapes and character classes are stepped over, since a bracket in them opens no group.
    """
    return re.sub(
        r"\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)",
        lambda found: "(?:" if found[0] == "(" else found[0],
        pattern,
    )


def _clean_text(column: str) -> str:
    """A condition: no empty text, stray space or control character; NFC; not like a formula.

    A plain negative number, such as an old value in the log of revisions, is not run by any.
    """
    name = f'"{column}"'
    return (
        f"({name} IS NULL OR ({name} <> '' AND {name} = trim({name})"
        f" AND {name} = nfc_normalize({name})"
        rf" AND NOT regexp_matches({name}, '^[=+@]|[\x00-\x1f\x7f]')"
        rf" AND ({name}[1] <> '-' OR regexp_full_match({name}, '-\d+(\.\d+)?'))))"
    )


def _message(kind: str, field: Field | None = None, **values: str) -> Text:
    """The message of a derived expectation; it names the column by its heading."""
    words = shared_words()["messages"][kind]
    if field is None:
        return Text(words.vi.format(**values), words.en.format(**values))
    return Text(
        words.vi.format(column=field.title.vi, **values),
        words.en.format(column=field.title.en, **values),
    )


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


@dataclass(frozen=True)
class DictionaryRow:
    """A column as the data dictionary shows it, in one language."""

    name: str
    title: str
    type: str
    unit: str
    required: bool
    description: str
    values: str
    basis: str


class _Held(NamedTuple):
    """What a declared type is in Arrow (by its name), in DuckDB's SQL and in Ibis."""

    arrow: str
    sql: str
    ibis: str


_HELD: Mapping[FieldType, _Held] = {
    "string": _Held("string", "VARCHAR", "string"),
    "yearmonth": _Held("string", "VARCHAR", "string"),
    "date": _Held("date32", "DATE", "date"),
    "datetime": _Held("timestamp[s]", "TIMESTAMPTZ", "timestamp('UTC', 0)"),
    "local_datetime": _Held("timestamp[us]", "TIMESTAMP", "timestamp(6)"),
    "integer": _Held("int64", "BIGINT", "int64"),
    "number": _Held("float64", "DOUBLE", "float64"),
    "boolean": _Held("bool", "BOOLEAN", "boolean"),
}
"""The one map of types."""


def dictionary_rows(contract: Contract, language: Language) -> tuple[DictionaryRow, ...]:
    """The data dictionary of a table: a row a column, in one language."""
    types = shared_words()["types"]
    return tuple(
        DictionaryRow(
            name=field.name,
            title=field.title.of(language),
            type=types[field.type].of(language),
            unit=field.unit.of(language),
            required=field.required,
            description=field.description.of(language),
            values=_values(field, language),
            basis=field.basis,
        )
        for field in contract.fields
    )


def _values(field: Field, language: Language) -> str:
    """What a column may hold, as text; empty where its type says all."""
    if field.codes:
        return "; ".join(f"{code.code}: {code.name.of(language)}" for code in field.codes)
    return "; ".join(field.enum) or field.bounds
