"""A table as declared, and the forms it takes.

Belongs here: the table's own answers about its columns, and the way from it to each projection.
Does not: how it is read and judged (``reading``, ``consistency``), or a projection's details.
"""

import hashlib
import json
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import StrictBool
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.contracts.descriptors import table_schema
from cchc_pipeline.contracts.expectations import expectations_of
from cchc_pipeline.contracts.model import (
    STRICT,
    Expectation,
    Field,
    ForeignKey,
    Language,
    Name,
    Rule,
    Text,
    Word,
)
from cchc_pipeline.errors import SchemaDataError

if TYPE_CHECKING:
    import pyarrow as pa


@typed_dataclass(frozen=True, config=STRICT)
class Contract:
    """A table as declared."""

    table: Name
    title: Text
    description: Text
    basis: Word
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

        types = {
            "string": pa.string(), "yearmonth": pa.string(), "date": pa.date32(),
            "datetime": pa.timestamp("s", "UTC"), "local_datetime": pa.timestamp("us"),
            "integer": pa.int64(),
            "number": pa.float64(), "boolean": pa.bool_(),
        }  # fmt: skip
        return pa.schema(
            [pa.field(field.name, types[field.type]) for field in self.fields],
            metadata={"table": self.table, "contract": self.digest},
        )

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
