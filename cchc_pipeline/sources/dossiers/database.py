"""Dossiers out of the city's database, and what its refusals mean.

Belongs here: the connection, reading a month in pieces, its delivery; the errors of SQLAlchemy and
its drivers as ours, in the words of ``schemas/records/_database.yaml``. Does not: the query
(``view``), when it may be asked (``collection``), or what a row means (``staging``).

What a driver says itself is never passed on: it names the server, the account, or values of rows.

One transaction that may not write sees the database at one moment. Rows come through a cursor of
the server, so that memory is bounded whatever the month holds.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from cchc_pipeline.core.errors import SourceError, UsageError, with_extra
from cchc_pipeline.core.period import TIMEZONE, Month, utc_text
from cchc_pipeline.core.scratch import scratch_folder
from cchc_pipeline.sources.dossiers.rules import RECORD
from cchc_pipeline.sources.dossiers.view import (
    Choice,
    DatabaseRules,
    ViewName,
    choose_columns,
    database_rules,
    month_query,
)
from cchc_pipeline.sources.raw.archive import Exchange, RawArchive
from cchc_pipeline.sources.raw.deliveries import DeliveredFile, Delivery, keep_record
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema

_DRIVER = "postgresql+psycopg2"
_WRITING = "INSERT, UPDATE, DELETE, TRUNCATE"


@dataclass(frozen=True)
class DossierDatabase:
    """Where dossiers are read from; the address holds a password and is never shown."""

    url: str = field(repr=False)
    view: str

    @property
    def where(self) -> str:
        """How a message calls it."""
        return f"database view {self.view}"


@dataclass(frozen=True)
class DatabaseExtract:
    """What was read: how many rows, and what its reader should know."""

    rows: int
    notes: tuple[str, ...]


def deliver(
    source: DossierDatabase, month: Month, received_at: datetime, archive: RawArchive
) -> tuple[Delivery, tuple[str, ...]]:
    """Read a month and keep it as a delivery; the same rows again are the same delivery.

    Args:
        source: Where to read.
        month: The month.
        received_at: The moment of reading, aware.
        archive: Keeps the rows as a Parquet file, and the record.

    Returns:
        The delivery as first recorded, and notes.

    Raises:
        SourceError: The database refused, went away, or holds no dossier of the month; nothing is
            kept then.
        UsageError: The address is none, or its driver is not installed.
    """
    name, received = database_rules().file, utc_text(received_at)
    with scratch_folder(archive.root / "database" / str(month)) as folder:
        extract = read_month(source, month, folder / name)
        sha256, size = archive.put_file(folder / name)
    archive.record(
        Exchange(
            channel="database",
            path=source.view,
            request={"month": str(month), "rows": extract.rows},
            received_at=received,
            sha256=sha256,
            size=size,
        )
    )
    delivery = Delivery(RECORD, month, (DeliveredFile(name, sha256, size, received),))
    return keep_record(delivery, archive), extract.notes


def read_month(source: DossierDatabase, month: Month, path: Path) -> DatabaseExtract:
    """Write the dossiers of a month to a Parquet file, whose bytes follow from the rows alone.

    Args:
        source: Where to read.
        month: The month.
        path: The file.

    Raises:
        SourceError: As for ``deliver``.
        UsageError: As for ``deliver``.
    """
    rules, where = database_rules(), source.where
    with _connected(source, rules) as connection, reading(where):
        view, choice = _inspected(connection, source)
        notes = [*choice.notes, *_notes_on_rights(connection, view)]
        query = month_query(view, choice, month)
        result = connection.execute(query, execution_options={"yield_per": rules.rows})
        rows = _write(result.partitions(), choice, path, where)
    if not rows:
        todo = "see that the view holds the month, and that the account sees its rows"
        raise SourceError(f"holds no dossier of {month}", where=where, todo=todo)
    return DatabaseExtract(rows, (f"{where}: {rows} dossiers of {month}", *notes))


@contextmanager
def _connected(source: DossierDatabase, rules: DatabaseRules) -> Iterator[sa.Connection]:
    """A connection in one transaction that sees one moment and may not write."""
    with connecting(source.where):
        engine = _engine(source, rules)
        connection = engine.connect()
    try:
        with reading(source.where):
            _begin_reading(connection, rules)
        yield connection
    finally:
        connection.close()
        engine.dispose()


def _engine(source: DossierDatabase, rules: DatabaseRules) -> sa.Engine:
    """One connection, and no value of a row in any message.

    Raises:
        UsageError: It is no PostgreSQL; another may compare moments otherwise without a word.
    """
    url = sa.make_url(source.url)
    if url.drivername.partition("+")[0] != "postgresql":
        raise UsageError(
            "CCHC_DOSSIERS_URL names a database that is not PostgreSQL, which alone was tried",
            where=source.where,
            todo="write it as postgresql://…, or drop exports into the inbox",
        )
    return sa.create_engine(
        url.set(drivername=_DRIVER),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=_manners(rules),
    )


def _manners(rules: DatabaseRules) -> dict[str, Any]:
    """Time-outs of the connection, for libpq; a server that fell silent is found out."""
    return {
        "connect_timeout": rules.connect_seconds,
        "application_name": "cchc_pipeline",
        "client_encoding": "utf8",
        "keepalives_idle": rules.silence_seconds // 2,
        "keepalives_interval": max(1, rules.silence_seconds // 6),
        "keepalives_count": 3,
        "tcp_user_timeout": rules.silence_seconds * 1000,
    }


def _begin_reading(connection: sa.Connection, rules: DatabaseRules) -> None:
    """Read only, of one moment, on the city's clock, with a time-out for each step.

    Set by statements, not as options of the connection, which poolers refuse.
    """
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    chosen = {"statement_timeout": f"{rules.statement_seconds}s", "TimeZone": TIMEZONE.key}
    for name, value in chosen.items():
        connection.execute(sa.select(sa.func.set_config(name, value, True)))


def _inspected(connection: sa.Connection, source: DossierDatabase) -> tuple[ViewName, Choice]:
    """The view under the name that the database knows it by, and what is asked of it."""
    inspector, named = sa.inspect(connection), ViewName.parse(source.view)
    view = named
    if not inspector.has_table(named.name, schema=named.schema):
        view = named.folded
    found = inspector.get_columns(view.name, schema=view.schema)
    columns = [(column["name"], column["type"]) for column in found]
    return view, choose_columns(columns, load_upload_schema(RECORD), source.where)


def _notes_on_rights(connection: sa.Connection, view: ViewName) -> Iterator[str]:
    """An account that could write is told of."""
    quoted = connection.dialect.identifier_preparer
    parts = [quoted.quote(part) for part in (view.schema, view.name) if part]
    right = sa.func.has_table_privilege(".".join(parts), _WRITING)
    if connection.execute(sa.select(right)).scalar():
        yield "the account may also write to the view; give it SELECT only"


def _write(batches: Iterable[Any], choice: Choice, path: Path, where: str) -> int:
    """Write rows in pieces; returns how many there were."""
    schema, rows = choice.arrow_schema, 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(_table(batch, choice, schema, where))
            rows += len(batch)
    return rows


def _table(batch: Any, choice: Choice, schema: Any, where: str) -> Any:
    """Rows as a table of the schema."""
    arrays = []
    for column, values in zip(choice.columns, zip(*batch, strict=True), strict=True):
        held = map(_number_text, values) if column.kind == "number" else values
        try:
            arrays.append(pa.array(held, schema.field(column.field).type))
        except (pa.ArrowException, ValueError, OverflowError):
            what = f"{column.field} holds a value that its type {column.type} does not allow"
            raise SourceError(what, where=where, todo="correct the view") from None
    return pa.Table.from_arrays(arrays, schema=schema)


def _number_text(value: Decimal | None) -> str | None:
    """A decimal's digits; an exponent marks one that has decimals, as readers of records expect."""
    if value is None or not value.is_finite():
        return None if value is None else str(value)
    return f"{value:f}e0" if value % 1 else f"{value:.0f}"


@contextmanager
def connecting(where: str) -> Iterator[None]:
    """Tell in one line why there is no connection.

    Raises:
        SourceError: The server refused or was not found.
        UsageError: The address is none, or its driver is not installed.
    """
    try:
        yield
    except ImportError:
        todo = with_extra("postgres")
        raise UsageError("PostgreSQL's driver is not installed", where=where, todo=todo) from None
    except (sa.exc.ArgumentError, ValueError):
        raise UsageError(
            "CCHC_DOSSIERS_URL is no address of a database",
            where=where,
            todo="write it as postgresql://account:password@server:5432/database",
        ) from None
    except sa.exc.DBAPIError as error:
        rules = database_rules()
        raise _fault(_code(error) or _code_by_words(error, rules), where, rules) from None


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Tell in one line why the rows did not come.

    Raises:
        SourceError: The server refused, or went away.
    """
    rules = database_rules()
    try:
        yield
    except sa.exc.NoSuchTableError:
        raise _fault("42P01", where, rules) from None
    except sa.exc.DBAPIError as error:
        raise _fault(_code(error) or rules.lost, where, rules) from None


def _code(error: sa.exc.DBAPIError) -> str:
    """The SQLSTATE, where the driver gives one."""
    code = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
    return str(code or "")


def _code_by_words(error: sa.exc.DBAPIError, rules: DatabaseRules) -> str:
    _, _, said = str(error.orig).partition("failed: ")  # before it stands the server's name
    codes = (code for words, code in rules.connecting.items() if words in said)
    return next(codes, rules.unreachable)


def _fault(code: str, where: str, rules: DatabaseRules) -> SourceError:
    known = rules.faults.get(code)
    if known is None:
        todo = "ask whoever runs the database what this code means"
        return SourceError(f"the database refused (SQLSTATE {code})", where=where, todo=todo)
    return SourceError(known.what, where=where, todo=known.todo)
