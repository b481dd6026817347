"""A table's contract: declared once in ``schemas/tables``, projected onto every form it takes.

Belongs here: reading and refusing declarations and code lists, and their projections (arrow
schema, Table Schema, expectations, headings, dictionary). Does not: running an expectation
(``quality``), file formats (``publish``), or a rule of any one table, which its declaration holds.

A field that several tables share is declared in ``schemas/tables/_fields.yaml`` and taken with
``use``; what the table says beside it wins. A field without a ``basis`` has its table's.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.reference import ROOT, read_yaml

if TYPE_CHECKING:
    import pyarrow as pa

Language = Literal["vi", "en"]
Severity = Literal["error", "warning"]
FieldType = Literal["string", "yearmonth", "date", "datetime", "integer", "number", "boolean"]

ROW_CONDITION = "row_condition"
"""The kind of expectation whose ``sql`` (DuckDB) must hold for each row; others are GX types."""

YEARMONTH = r"\d{4}-(0[1-9]|1[0-2])"
TABLE_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_GX_TYPE = re.compile(r"expect_[a-z_]+")
_BOUNDED = frozenset({"integer", "number"})
_FIELD_KEYS = frozenset(
    {
        "name", "type", "title", "description", "unit", "basis", "required", "personal",
        "volatile", "decimals", "enum", "code_list", "subset", "explained_by", "pattern",
        "minimum", "maximum",
    }
)  # fmt: skip
_TABLE_KEYS = frozenset(
    {
        "table", "title", "description", "basis", "public", "partitioned", "primary_key",
        "foreign_keys", "fields", "rules",
    }
)  # fmt: skip
_RULE_KEYS = frozenset({"id", "expectation", "kwargs", "sql", "severity", "message", "basis"})


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
    A change of a ``volatile`` column alone is no revision.
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


@dataclass(frozen=True)
class Contract:
    """A table as declared."""

    table: str
    title: Text
    description: Text
    basis: str
    public: bool
    partitioned: bool
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]

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
            "datetime": pa.timestamp("s", "UTC"), "integer": pa.int64(),
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
        return tuple(_expectations(self))

    def table_schema(self, language: Language) -> dict[str, Any]:
        """A Table Schema of Data Package 2.0.

        The words in the other language stand beside those of ``language`` under the same name
        with ``En`` or ``Vi`` behind it; ``unit`` is a property of ours. Resources are named as
        the tables, with hyphens.
        """
        schema: dict[str, Any] = {
            "$schema": TABLE_SCHEMA,
            "fields": [_field_descriptor(self, field, language) for field in self.fields],
            "missingValues": [""],
            "primaryKey": list(self.primary_key),
        }
        if self.foreign_keys:
            schema["foreignKeys"] = [_key_descriptor(self, key) for key in self.foreign_keys]
        return schema


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


@cache
def load_code_list(name: str) -> CodeList:
    """The code list ``schemas/code-lists/<name>.yaml``.

    Raises:
        SchemaDataError: There is none, or it cannot be used.
    """
    path = f"code-lists/{name}.yaml"
    return parse_code_list(name, read_yaml(path), f"schemas/{path}")


def dictionary_rows(contract: Contract, language: Language) -> tuple[DictionaryRow, ...]:
    """The data dictionary of a table: a row a column, in one language."""
    types = _words()["types"]
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
    return "; ".join(field.enum) or _bounds(field)


# Reading a declaration


@dataclass(frozen=True)
class _Node:
    """A mapping within a declaration, and the place that an error names."""

    content: Mapping[str, Any]
    where: str

    @classmethod
    def at(cls, value: object, where: str) -> "_Node":
        """Take a value that must be a mapping."""
        if not isinstance(value, Mapping):
            raise SchemaDataError("is not a mapping", where=where, todo="write it as name: value")
        return cls(value, where)

    def refusal(self, what: str, todo: str = "") -> SchemaDataError:
        return SchemaDataError(what, where=self.where, todo=todo)

    def only(self, known: frozenset[str]) -> None:
        """Refuse names that mean nothing, which are mostly misspelt ones."""
        for name in self.content:
            if name not in known:
                raise self.refusal(f"{name!r} is unknown", f"use {', '.join(sorted(known))}")

    def word(self, name: str) -> str:
        """A text that must be there."""
        value = self.content.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refusal(f"no {name}", f"give {name} as text")
        return unicodedata.normalize("NFC", value.strip())

    def words(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty if it is not there."""
        value = self.content.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refusal(f"{name} is not a list of texts", f"write {name} as [one, two]")
        return tuple(value)

    def text(self, name: str) -> Text:
        """A text in both languages."""
        inner = self.content.get(name)
        said = inner if isinstance(inner, Mapping) else {}
        for language in get_args(Language):
            if not isinstance(said.get(language), str) or not said[language].strip():
                raise self.refusal(f"no {name}.{language}", "give it in vi and en")
        for stray in said.keys() - set(get_args(Language)):
            raise self.refusal(f"{name}.{stray} is unknown", "quote a text that has a comma")
        vi, en = (unicodedata.normalize("NFC", said[key].strip()) for key in get_args(Language))
        return Text(vi, en)

    def flag(self, name: str, default: bool | None = False) -> bool:
        """A yes or no; one that must be given has the default None."""
        value = self.content.get(name, default)
        if not isinstance(value, bool):
            raise self.refusal(f"{name} is not true or false", f"say {name}: true or false")
        return value

    def number(self, name: str) -> float | None:
        """A number, or None."""
        value = self.content.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.refusal(f"{name} is not a number")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of a few words."""
        value = self.word(name)
        if value not in choices:
            raise self.refusal(f"{name} {value!r} is unknown", f"use {', '.join(choices)}")
        return value

    def items(self, name: str) -> list[Any]:
        """A list of anything, empty if it is not there."""
        value = self.content.get(name) or []
        if not isinstance(value, list):
            raise self.refusal(f"{name} is not a list")
        return value


def parse_contract(mapping: object, where: str) -> Contract:
    """Read a declaration.

    Args:
        mapping: The content of a file of ``schemas/tables``.
        where: What errors call it.

    Raises:
        SchemaDataError: Something lacks or contradicts; the line names table and field.
    """
    node = _Node.at(mapping, where)
    table = node.word("table")
    node = _Node(node.content, f"{where}, {table}")
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
    for check in (_check_fields, _check_keys, _check_rules):
        check(contract, where)
    return contract


def parse_code_list(name: str, mapping: object, where: str) -> CodeList:
    """Read a code list.

    Raises:
        SchemaDataError: Something lacks, or a code stands twice.
    """
    node = _Node.at(mapping, where)
    node.only(frozenset({"title", "basis", "codes"}))
    codes = tuple(
        _code(_Node.at(entry, f"{where}, entry {number}"))
        for number, entry in enumerate(node.items("codes"), start=1)
    )
    if not codes:
        raise node.refusal("no codes")
    twice = _first_repeated(code.code for code in codes)
    if twice is not None:
        raise node.refusal(f"the code {twice!r} stands twice", "keep one")
    return CodeList(name, node.text("title"), node.word("basis"), codes)


def _code(node: _Node) -> Code:
    node.only(frozenset({"code", "name", "description", "value_allowed"}))
    allowed = node.flag("value_allowed") if "value_allowed" in node.content else None
    return Code(node.word("code"), node.text("name"), node.text("description"), allowed)


def _fields(node: _Node, basis: str, key: Sequence[str]) -> Iterator[Field]:
    table = node.word("table")
    file = node.where.removesuffix(f", {table}")
    for number, entry in enumerate(node.items("fields"), start=1):
        declared = _Node.at(entry, f"{node.where}, field {number}")
        merged = _Node({"basis": basis, **_with_shared(declared)}, declared.where)
        name = merged.word("name")
        yield _field(_Node(merged.content, f"{file}, {table}.{name}"), is_key=name in key)


def _with_shared(declared: _Node) -> Mapping[str, Any]:
    """A field's declaration with the shared one below it that it uses."""
    if "use" not in declared.content:
        return declared.content
    used = declared.word("use")
    shared = read_shared_fields().get(used)
    if shared is None:
        raise declared.refusal(f"{used!r} is no shared field", "declare it in _fields.yaml")
    own = {name: value for name, value in declared.content.items() if name != "use"}
    return {"name": used, **shared, **own}


@cache
def read_shared_fields() -> Mapping[str, Mapping[str, Any]]:
    """The declarations of ``schemas/tables/_fields.yaml`` by name, as they stand there."""
    path = "tables/_fields.yaml"
    node = _Node.at(read_yaml(path), f"schemas/{path}")
    return {
        name: _Node.at(entry, f"{node.where}, {name}").content
        for name, entry in node.content.items()
    }


def _field(node: _Node, *, is_key: bool) -> Field:
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
    )
    _check_options(node, field)
    return field


def _codes(node: _Node) -> tuple[tuple[str, ...], tuple[Code, ...]]:
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


def _subset(node: _Node, codes: tuple[Code, ...]) -> tuple[Code, ...]:
    wanted = node.words("subset")
    unknown = set(wanted) - {code.code for code in codes}
    if unknown:
        raise node.refusal(f"subset names {', '.join(sorted(unknown))}, not in the code list")
    return tuple(code for code in codes if not wanted or code.code in wanted)


def _pattern(node: _Node) -> str | None:
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


def _check_options(node: _Node, field: Field) -> None:
    """Each option belongs to some types only."""
    if not _NAME.fullmatch(field.name):
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


def _foreign_keys(node: _Node) -> Iterator[ForeignKey]:
    for number, entry in enumerate(node.items("foreign_keys"), start=1):
        key = _Node.at(entry, f"{node.where}, foreign key {number}")
        key.only(frozenset({"fields", "table", "reference"}))
        yield ForeignKey(key.words("fields"), key.word("table"), key.words("reference"))


def _rules(node: _Node, basis: str) -> Iterator[Rule]:
    for number, entry in enumerate(node.items("rules"), start=1):
        rule = _Node.at(entry, f"{node.where}, rule {number}")
        rule = _Node({"basis": basis, **rule.content}, f"{node.where}, rule {rule.word('id')}")
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


def _expectation_type(rule: _Node) -> str:
    kind = rule.word("expectation")
    if kind != ROW_CONDITION and not _GX_TYPE.fullmatch(kind):
        raise rule.refusal(
            f"expectation {kind!r} is unknown", f"use {ROW_CONDITION} or a type expect_…"
        )
    return kind


def _kwargs(rule: _Node) -> Mapping[str, Any]:
    if rule.word("expectation") == ROW_CONDITION:
        if "kwargs" in rule.content:
            raise rule.refusal("kwargs on a row condition", "it has sql")
        return {"sql": rule.word("sql")}
    if "sql" in rule.content:
        raise rule.refusal("sql on an expectation of columns", f"it is for {ROW_CONDITION}")
    return dict(_Node.at(rule.content.get("kwargs", {}), rule.where).content)


def _check_fields(contract: Contract, where: str) -> None:
    names = [field.name for field in contract.fields]
    if not names:
        raise SchemaDataError("no fields", where=f"{where}, {contract.table}")
    twice = _first_repeated(names)
    if twice is not None:
        raise SchemaDataError("stands twice", where=f"{where}, {contract.table}.{twice}")
    for language in get_args(Language):
        heading = _first_repeated(contract.headings(language))
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
    other = _Node.at(read_yaml(path), f"schemas/{path}")
    entries = (_Node.at(entry, other.where) for entry in other.items("fields"))
    return frozenset(_Node(_with_shared(entry), entry.where).word("name") for entry in entries)


def _check_rules(contract: Contract, where: str) -> None:
    place = f"{where}, {contract.table}"
    names = {field.name for field in contract.fields}
    for rule in contract.rules:
        if not _NAME.fullmatch(rule.id):
            raise SchemaDataError("the id is not snake_case", where=f"{place}, rule {rule.id}")
        if "column" in rule.kwargs:
            _refuse_unknown([rule.kwargs["column"]], names, place, f"rule {rule.id}")
    twice = _first_repeated(item.id for item in contract.expectations())
    if twice is not None:
        raise SchemaDataError(f"the rule id gives {twice} twice", where=place, todo="rename it")


def _first_repeated(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


# Projecting a declaration


@cache
def _words() -> Mapping[str, Mapping[str, Text]]:
    """The words of ``schemas/tables/_words.yaml``: names of types, messages of expectations."""
    path = "tables/_words.yaml"
    content = read_yaml(path)
    return {
        part: {
            name: _Node.at(content[part], f"schemas/{path}, {part}").text(name)
            for name in content[part]
        }
        for part in ("types", "messages")
    }


def _message(kind: str, field: Field | None = None, **values: str) -> Text:
    """The message of a derived expectation; it names the column by its heading."""
    words = _words()["messages"][kind]
    if field is None:
        return Text(words.vi.format(**values), words.en.format(**values))
    return Text(
        words.vi.format(column=field.title.vi, **values),
        words.en.format(column=field.title.en, **values),
    )


def _expectations(contract: Contract) -> Iterator[Expectation]:
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


def _key_expectation(contract: Contract) -> Expectation:
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
            _message("range", field, bounds=_bounds(field)),
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
    """A condition: no empty text, stray space or control character; NFC; not like a formula."""
    name = f'"{column}"'
    return (
        f"({name} IS NULL OR ({name} <> '' AND {name} = trim({name})"
        f" AND {name} = nfc_normalize({name})"
        rf" AND NOT regexp_matches({name}, '^[=+\-@]|[\x00-\x1f\x7f]')))"
    )


def _bounds(field: Field) -> str:
    parts = [
        f"{sign} {bound:g}"
        for sign, bound in (("≥", field.minimum), ("≤", field.maximum))
        if bound is not None
    ]
    return ", ".join(parts)


def _field_descriptor(contract: Contract, field: Field, language: Language) -> dict[str, Any]:
    other: Language = "en" if language == "vi" else "vi"
    suffix = other.capitalize()
    descriptor: dict[str, Any] = {"name": field.name, "type": field.type}
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


def _key_descriptor(contract: Contract, key: ForeignKey) -> dict[str, Any]:
    """Of a key onto the table itself, Data Package 2.0 leaves the resource out."""
    reference: dict[str, Any] = {"fields": list(key.reference)}
    if key.table != contract.table:
        reference["resource"] = key.table.replace("_", "-")
    return {"fields": list(key.fields), "reference": reference}
