"""The view that dossiers are read from: which of its columns and rows are asked for.

Belongs here: its name, the fields that its columns mean, and the one query of a month. Does not: a
connection (``database``), or what a value means (``values``).

Only columns that the record names stand in the query, so that no other leaves the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

import pyarrow as pa
import sqlalchemy as sa
from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.readers.headings import match_keys
from cchc_pipeline.sources.readers.upload_schema import UploadSchema, shown
from cchc_pipeline.sources.records.values import value_words

Kind = Literal["text", "whole", "number", "float", "flag", "day", "moment", "instant", "list"]
_DATED = ("day", "moment", "instant")
_RECEIVED, _SUBMITTED = "NgayTiepNhan", "NgayNopHoSo"
_ENDED, _RETURNED = "NgayKetThucXuLy", "NgayTra"
_STATUS, _REFUSED = "TrangThaiHoSo", 3
_TOLD = 20

_ARROW: Mapping[Kind, Any] = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.string(),
    "float": pa.float64(),
    "flag": pa.bool_(),
    "day": pa.string(),
    "moment": pa.string(),
    "instant": pa.string(),
    "list": pa.string(),
}
"""How each kind is kept; decimals as text, for a column of them has no one scale; lists as JSON."""

_DAY, _MOMENT = "YYYY-MM-DD", 'YYYY-MM-DD"T"HH24:MI:SS'


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class DatabaseFault:
    """What a refusal means, and what can be done about it."""

    what: str
    todo: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class DatabaseRules:
    """The rules in ``schemas/records/_database.yaml``, where each is explained."""

    basis: str
    file: str
    connect_seconds: int
    statement_seconds: int
    silence_seconds: int
    rows: int
    faults: Mapping[str, DatabaseFault]
    connecting: Mapping[str, str]
    lost: str
    unreachable: str


@cache
def database_rules() -> DatabaseRules:
    """How a database is read.

    Raises:
        SchemaDataError: The rules do not fit.
    """
    name = "records/_database.yaml"
    return load(DatabaseRules, name)


@dataclass(frozen=True)
class ViewName:
    """A view by its name, and by its schema where that is not the account's own."""

    name: str
    schema: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ViewName":
        """Read ``view`` or ``schema.view``; the setting has been held to that form."""
        schema, _, name = text.rpartition(".")
        return cls(name, schema or None)

    @property
    def folded(self) -> "ViewName":
        """The name as PostgreSQL keeps one that was not quoted."""
        return ViewName(self.name.lower(), self.schema.lower() if self.schema else None)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class ViewColumn:
    """A column of the view that means a field of the record."""

    field: str
    name: str
    type: sa.types.TypeEngine[Any]
    kind: Kind


@dataclass(frozen=True)
class Choice:
    """The columns to ask for, in the record's order, and what is said of the others."""

    columns: tuple[ViewColumn, ...]
    notes: tuple[str, ...]

    @property
    def arrow_schema(self) -> Any:
        """How the rows are kept: the record's names, a type for each kind."""
        return pa.schema([(column.field, _ARROW[column.kind]) for column in self.columns])

    @property
    def dated(self) -> Mapping[str, ViewColumn]:
        """By field, the columns that the database can compare with a moment."""
        return {column.field: column for column in self.columns if column.kind in _DATED}


def choose_columns(
    found: Sequence[tuple[str, sa.types.TypeEngine[Any]]], upload: UploadSchema, where: str
) -> Choice:
    """Match the columns of a view to the record's fields, as the headings of a file are.

    Args:
        found: Name and type of every column.
        upload: The record's upload schema.
        where: The view, for the reader of an error.

    Raises:
        SourceError: A required field has no column, two columns mean one, or a column's type does
            not do.
    """
    match, types = match_keys([name for name, _ in found], upload, where), dict(found)
    fields = [(field.name, match.fields.get(field.name)) for field in upload.fields]
    lists = [(item.name, match.lists.get(item.name)) for item in upload.nested]
    columns = (
        *(
            ViewColumn(field, key, types[key], _kind(field, types[key], where))
            for field, key in fields
            if key is not None
        ),
        *(
            ViewColumn(item, key, types[key], _list_kind(item, types[key], where))
            for item, key in lists
            if key is not None
        ),
    )
    choice = Choice(columns, tuple(_notes(match.unknown)))
    _require_dates(choice, where)
    return choice


def _kind(field: str, found: sa.types.TypeEngine[Any], where: str) -> Kind:
    """The kind of a column's type; the narrower types come first."""
    if isinstance(found, sa.DateTime):
        return "instant" if found.timezone else "moment"
    kinds: tuple[tuple[type[Any], Kind], ...] = (
        (sa.Date, "day"),
        (sa.Boolean, "flag"),
        (sa.Integer, "whole"),
        (sa.Float, "float"),
        (sa.Numeric, "number"),
        (sa.String, "text"),
    )
    for kind, name in kinds:
        if isinstance(found, kind):
            return name
    what = f"{field} is of the type {found}, which is not read"
    raise SourceError(what, where=where, todo="make it text, a number or a date in the view")


def _list_kind(item: str, found: sa.types.TypeEngine[Any], where: str) -> Kind:
    """A list of objects stands in a view as JSON, or as text that holds JSON."""
    if isinstance(found, sa.JSON | sa.String):
        return "list"
    what = f"{item} is of the type {found}, which is not read"
    raise SourceError(what, where=where, todo="make it json or jsonb in the view, or leave it out")


def _notes(unknown: Sequence[str]) -> Iterator[str]:
    """What is said of columns that are not asked for."""
    if unknown:
        yield f"columns not asked for: {', '.join(f'{name!r:.40}' for name in unknown[:_TOLD])}"


def _require_dates(choice: Choice, where: str) -> None:
    """The month is chosen in the database, by dates that it can compare."""
    for column in choice.columns:
        if column.field in (_RECEIVED, _ENDED, _RETURNED) and column.kind not in _DATED:
            what = f"{shown(column.name)} is of the type {column.type}, by which no month is found"
            raise SourceError(what, where=where, todo="make it a timestamp or a date in the view")


def month_query(view: ViewName, choice: Choice, month: Month) -> sa.Select[Any]:
    """The dossiers that were open at some time in a month, in an order that never varies.

    A dossier that was not received yet is open from its submission on; one whose reception was
    refused belongs to the month of its submission only, for nothing says when that was. One of
    which neither moment is known belongs to every month, so that its fault is told.

    Args:
        view: The view.
        choice: Its columns.
        month: The month.
    """
    table = sa.table(
        view.name, *(sa.column(c.name, c.type) for c in choice.columns), schema=view.schema
    )
    held = {column.field: table.c[column.name] for column in choice.columns}
    by_bytes = held["MaHoSo"].collate("C")  # the same whatever the database's language
    asked = [_asked(column, held[column.field]) for column in choice.columns]
    others = [label for label in asked if label.name != "MaHoSo"]
    return (
        sa.select(*asked)
        .where(_came(choice, held, month), _not_over(choice, held, month))
        .order_by(by_bytes, *others)
    )


def _asked(column: ViewColumn, value: sa.ColumnClause[Any]) -> sa.Label[Any]:
    """A column under the record's name; a list as text, a moment as text on the city's clock.

    A slip such as the year 20240 is a row's fault then, and nothing that a driver stumbles over.
    """
    if column.kind == "list":
        return sa.cast(value, sa.Text).label(column.field)
    if column.kind not in _DATED:
        return value.label(column.field)
    form = _DAY if column.kind == "day" else _MOMENT
    return sa.func.to_char(value, form).label(column.field)


def _came(
    choice: Choice, held: Mapping[str, sa.ColumnClause[Any]], month: Month
) -> sa.ColumnElement[bool]:
    """Received before the month's end; or not received, submitted by then, and not refused."""
    before = held[_RECEIVED] < _bound(choice.dated[_RECEIVED], month.end)
    pending: sa.ColumnElement[bool] = held[_RECEIVED].is_(None)
    submitted = choice.dated.get(_SUBMITTED)
    if submitted is not None:
        at = held[_SUBMITTED]
        start, end = _bound(submitted, month.start), _bound(submitted, month.end)
        waiting = sa.or_(at >= start, _not_refused(choice, held))
        pending = sa.and_(pending, sa.or_(at.is_(None), sa.and_(at < end, waiting)))
    return sa.or_(before, pending)


def _not_refused(
    choice: Choice, held: Mapping[str, sa.ColumnClause[Any]]
) -> sa.ColumnElement[bool]:
    """Its status does not say, as code or word, that it was not received."""
    status, words = held[_STATUS], value_words().codes[_STATUS].words[_REFUSED]
    kinds = {column.field: column.kind for column in choice.columns}
    said = [str(_REFUSED), *words] if kinds[_STATUS] == "text" else [_REFUSED]
    return sa.or_(status.is_(None), status.not_in(said))


def _not_over(
    choice: Choice, held: Mapping[str, sa.ColumnClause[Any]], month: Month
) -> sa.ColumnElement[bool]:
    """Not finished before the month began; the finish is the end of work, else the return."""
    open_still: sa.ColumnElement[bool] = sa.true()
    for field in (_RETURNED, _ENDED):
        if field in choice.dated:
            since = held[field] >= _bound(choice.dated[field], month.start)
            open_still = sa.or_(since, sa.and_(held[field].is_(None), open_still))
    return open_still


def _bound(column: ViewColumn, at: datetime) -> date | datetime:
    """A moment as the column's type says it: a day, the city's clock, or an instant."""
    if column.kind == "day":
        return at.date()
    return at if column.kind == "instant" else at.replace(tzinfo=None)
