"""What a database's refusals mean, as one line without a secret.

Belongs here: turning the errors of SQLAlchemy and its drivers into ours. Does not: the words,
which stand in ``schemas/records/_database.yaml``.

What a driver says itself is never passed on: it names the server, the account, or values of rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from cchc_pipeline.errors import SourceError, UsageError
from cchc_pipeline.sources.dossier_view import DatabaseRules, database_rules


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
        todo = "pip install cchc-pipeline[postgres]"
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
