"""What a declaration consists of: texts, codes, columns, keys, rules, and what they demand.

Belongs here: these types, and what each may hold; finding the files of ``schemas/tables``, and
laying a field over the shared one that it uses. Does not: the table that they make up
(``contract``), or how they are read and what several must agree on (``reading``).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, StrictBool, model_validator
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, ROOT, load
from cchc_pipeline.core.errors import SchemaDataError

Language = Literal["vi", "en"]
Severity = Literal["error", "warning"]
FieldType = Literal[
    "string", "yearmonth", "date", "datetime", "local_datetime", "integer", "number", "boolean"
]
"""``datetime`` is an instant in UTC; ``local_datetime`` the city's clock, in unpublished tables."""

ROW_CONDITION = "row_condition"
"""The kind of expectation whose ``sql`` (DuckDB) must hold for each row; others are GX types."""
NAME = re.compile(r"[a-z][a-z0-9_]*")
_GX_TYPE = re.compile(r"expect_[a-z_]+")


def _word(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return unicodedata.normalize("NFC", text.strip())


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("is not snake_case: use a-z, 0-9 and _")
    return text


def _pattern(pattern: str) -> str:
    """A pattern without anchors, since XML Schema's (Table Schema's) have none: it is the whole."""
    if pattern.startswith("^") or pattern.endswith("$"):
        raise ValueError(f"{pattern!r} has anchors: the whole value is matched, leave out ^ and $")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    return pattern


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("is not a number")
    return value


def _kind(text: str) -> str:
    if text != ROW_CONDITION and not _GX_TYPE.fullmatch(text):
        raise ValueError(f"{text!r} is unknown: use {ROW_CONDITION} or a type expect_…")
    return text


Word = Annotated[str, AfterValidator(_word)]
Basis = Annotated[str, AfterValidator(lambda text: unicodedata.normalize("NFC", text.strip()))]
"""What a column rests on; that of a table which only its descriptor tells of is not known."""
Name = Annotated[Word, AfterValidator(_name)]
_Number = Annotated[int | float | None, BeforeValidator(_number)]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Text:
    """Words for readers in both languages, neither empty, in NFC."""

    vi: Word
    en: Word

    def of(self, language: Language) -> str:
        """The words in one language."""
        return self.vi if language == "vi" else self.en


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Code:
    """An entry of a code list; ``value_allowed`` is given by ``obs_status`` only."""

    code: Word
    name: Text
    description: Text
    value_allowed: StrictBool | None = None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class CodeList:
    """A closed list of codes, in the order for readers."""

    name: str
    title: Text
    basis: Word
    codes: tuple[Code, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Field:
    """A column: its type, its bounds, and what readers are told of it.

    ``enum`` holds the codes allowed, ``codes`` what is known of them; ``codes`` without ``enum``
    explains the parts of a value that joins codes. ``pattern`` is matched against the whole value.
    A change of a ``volatile`` column alone is no revision. ``rests_on`` names the columns of the
    accepted records without which a count is unknown.
    """

    name: Name
    type: FieldType
    title: Text
    description: Text
    unit: Text
    basis: Basis
    required: StrictBool = False
    personal: StrictBool = False
    volatile: StrictBool = False
    decimals: int | None = None
    enum: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    pattern: Annotated[Word, AfterValidator(_pattern)] | None = None
    minimum: _Number = None
    maximum: _Number = None
    rests_on: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _options_belong_to_the_type(self) -> Self:
        if (self.enum or self.codes or self.pattern) and self.type != "string":
            raise ValueError(f"codes or a pattern on the type {self.type}: they are for strings")
        is_bounded = self.minimum is not None or self.maximum is not None
        if is_bounded and self.type not in {"integer", "number"}:
            raise ValueError(f"bounds on the type {self.type}: they are for numbers")
        return self

    @property
    def bounds(self) -> str:
        """The bounds as readers see them, such as ``≥ 0, ≤ 100``; empty where there are none."""
        parts = [
            f"{sign} {bound:g}"
            for sign, bound in (("≥", self.minimum), ("≤", self.maximum))
            if bound is not None
        ]
        return ", ".join(parts)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class ForeignKey:
    """Columns whose values stand in the columns ``reference`` of ``table``."""

    fields: tuple[str, ...]
    table: Word
    reference: tuple[str, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Rule:
    """A declared rule of a table, beyond what its fields imply.

    A declaration gives a row condition its ``sql`` and any other kind its ``kwargs``; here both
    are arguments.
    """

    id: Name
    expectation: Annotated[Word, AfterValidator(_kind)]
    kwargs: Mapping[str, Any]
    severity: Severity
    message: Text
    basis: Word


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


@cache
def contract_names() -> tuple[str, ...]:
    """The tables that are declared, in alphabetical order."""
    files = (entry.name for entry in ROOT.joinpath("tables").iterdir())
    return tuple(
        sorted(
            name.removesuffix(".yaml")
            for name in files
            if name.endswith(".yaml") and not name.startswith("_")
        )
    )


@cache
def read_shared_fields() -> Mapping[str, Mapping[str, Any]]:
    """The declarations of ``schemas/tables/_fields.yaml`` by name, as they stand there."""
    path = "tables/_fields.yaml"
    return load(dict[str, dict[str, Any]], path)


def with_shared(declared: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """A field's declaration with the shared one below it that it uses.

    Raises:
        SchemaDataError: There is no such shared field.
    """
    if "use" not in declared:
        return declared
    used = declared["use"]
    shared = read_shared_fields().get(used)
    if shared is None:
        what, todo = f"{used!r} is no shared field", "declare it in _fields.yaml"
        raise SchemaDataError(what, where=where, todo=todo)
    own = {name: value for name, value in declared.items() if name != "use"}
    return {"name": used, **shared, **own}


@cache
def shared_words() -> Mapping[str, Mapping[str, Text]]:
    """The words that all tables share (``_words.yaml``) by part (``types``, ``messages``) and name.

    Raises:
        SchemaDataError: A word lacks one of its languages.
    """
    path = "tables/_words.yaml"
    return load(dict[str, dict[str, Text]], path)
