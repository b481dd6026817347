"""The server that other tests stand on: real, closed to strangers, empty again after each test."""

from pathlib import Path

import pytest

from tests.ops.postgres import MARK, Server

pytestmark = MARK


def test_the_server_runs_as_no_root_and_asks_for_the_password(postgres_server: Server) -> None:
    import psycopg2  # noqa: PLC0415 - absent where this is skipped

    assert Path(f"/proc/{postgres_server.process.pid}").stat().st_uid != 0
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(postgres_server.url(password="sai"))  # noqa: S106 - the wrong one


def test_a_database_is_gone_after_use(postgres_server: Server) -> None:
    with postgres_server.database("thu") as name:
        postgres_server.execute("CREATE TABLE t (a int)", database=name)
    with postgres_server.database("thu") as name:
        postgres_server.execute("CREATE TABLE t (a int)", database=name)
