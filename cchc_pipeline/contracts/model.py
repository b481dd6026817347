"""What a declaration consists of: texts, codes, columns, keys, rules, and what they demand.

Belongs here: these types, as plain data. Does not: the table that they make up (``contract``), or
how they are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["vi", "en"]
Severity = Literal["error", "warning"]
FieldType = Literal[
    "string", "yearmonth", "date", "datetime", "local_datetime", "integer", "number", "boolean"
]
"""``datetime`` is an instant in UTC; ``local_datetime`` the city's clock, in unpublished tables."""

ROW_CONDITION = "row_condition"
"""The kind of expectation whose ``sql`` (DuckDB) must hold for each row; others are GX types."""


@dataclass(frozen=True)
class Text:
    """Words for readers in both languages, neither empty, in NFC."""

    vi: str
    en: str

    def of(self, language: Language) -> str:
        """The words in one language."""
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True)
class Code:
    """An entry of a code list; ``value_allowed`` is given by ``obs_status`` only."""

    code: str
    name: Text
    description: Text
    value_allowed: bool | None = None


@dataclass(frozen=True)
class CodeList:
    """A closed list of codes, in the order for readers."""

    name: str
    title: Text
    basis: str
    codes: tuple[Code, ...]


@dataclass(frozen=True)
class Field:
    """A column: its type, its bounds, and what readers are told of it.

    ``enum`` holds the codes allowed, ``codes`` what is known of them; ``codes`` without ``enum``
    explains the parts of a value that joins codes. ``pattern`` is matched against the whole value.
    A change of a ``volatile`` column alone is no revision. ``rests_on`` names the columns of the
    accepted records without which a count is unknown.
    """

    name: str
    type: FieldType
    title: Text
    description: Text
    unit: Text
    basis: str
    required: bool = False
    personal: bool = False
    volatile: bool = False
    decimals: int | None = None
    enum: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    rests_on: tuple[str, ...] = ()

    @property
    def bounds(self) -> str:
        """The bounds as readers see them, such as ``≥ 0, ≤ 100``; empty where there are none."""
        parts = [
            f"{sign} {bound:g}"
            for sign, bound in (("≥", self.minimum), ("≤", self.maximum))
            if bound is not None
        ]
        return ", ".join(parts)


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values stand in the columns ``reference`` of ``table``."""

    fields: tuple[str, ...]
    table: str
    reference: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A declared rule of a table, beyond what its fields imply."""

    id: str
    expectation: str
    kwargs: Mapping[str, Any]
    severity: Severity
    message: Text
    basis: str


@dataclass(frozen=True)
class Expectation:
    """What must hold of a table, as plain data: a GX type, or a row condition in DuckDB's SQL.

    ``id`` is stable: ``<table>.<column>.<kind>``, ``<table>.primary_key``, ``<table>.<rule id>``.
    """

    id: str
    type: str
    kwargs: Mapping[str, Any]
    severity: Severity
    message: Text
