"""A real PostgreSQL for the tests: its own data folder, on 127.0.0.1, ended with the session.

Belongs here: starting and ending a server, and the databases and roles in it. Does not:
assertions. The fixture ``postgres_server`` (``tests/conftest.py``) starts one a session.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ops.nginx import free_port

ADMIN = "chu_mau"
"""The server's superuser."""

_ACCOUNT = "postgres"
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
_FOUND = shutil.which("initdb", path=os.pathsep.join(map(str, [*reversed(_PLACES)])))
INITDB = _FOUND or shutil.which("initdb")
MARK = pytest.mark.skipif(
    INITDB is None and not os.environ.get("CCHC_TEST_ALL"), reason="no PostgreSQL here"
)
"""Skipped where PostgreSQL is absent, unless ``CCHC_TEST_ALL`` forbids skipping."""

_SETPRIV = shutil.which("setpriv")
_WITH_US = [_SETPRIV, "--pdeathsig", "INT"] if _SETPRIV else []
"""A session that is killed takes its server with it."""
_SERVER = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "40",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Server:
    """A running server; ``log`` is what it says, ``process`` its own."""

    port: int
    password: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def url(
        self, database: str = "postgres", user: str = ADMIN, password: str | None = None
    ) -> str:
        """An address for SQLAlchemy; the superuser's if no user is named."""
        said = self.password if password is None else password
        return f"postgresql://{user}:{said}@127.0.0.1:{self.port}/{database}"

    def dagster_url(self, database: str = "postgres") -> str:
        """The same with the driver, as Dagster's storage wants it."""
        return self.url(database).replace("postgresql://", "postgresql+psycopg2://")

    def connect(self, database: str = "postgres") -> Any:
        """A connection of the superuser; each statement is its own transaction."""
        import psycopg2  # noqa: PLC0415 - absent where these tests are skipped

        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=ADMIN,
            password=self.password,
            dbname=database,
        )
        connection.autocommit = True
        return connection

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """An empty database, dropped afterwards with whoever is still connected."""
        self.execute(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def postgres() -> Iterator[Server]:
    """Make a data folder, serve it, and remove both."""
    assert INITDB is not None
    # Not in pytest's folder: that one is closed to the account that the server runs as.
    work = Path(tempfile.mkdtemp(prefix="cchc-postgres-"))
    password = secrets.token_hex(12)
    try:
        (work / "password").write_text(password, encoding="utf-8")
        for path in (work, work / "password"):
            _give(path)
        with _served(work, password) as server:
            yield server
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _served(work: Path, password: str) -> Iterator[Server]:
    data, port, log = work / "data", free_port(), work / "log"
    _initdb(data, work)
    chosen = _SERVER | {"port": str(port), "unix_socket_directories": str(work)}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    binary = Path(str(INITDB)).with_name("postgres")
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*_WITH_US, binary, "-D", data, *options],
            cwd=work,
            stdout=said,
            stderr=said,
            **_as_nobody(),
        )
    server = Server(port, password, log, process)
    try:
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # ends the sessions that are left
        process.wait(20)


def _initdb(data: Path, work: Path) -> None:
    subprocess.run(
        [str(INITDB), "-D", data, "-U", ADMIN, "-A", "scram-sha-256",
         f"--pwfile={work / 'password'}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        cwd=work, check=True, capture_output=True, **_as_nobody(),
    )  # fmt: skip


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    return {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, _ACCOUNT, _ACCOUNT)


def _wait(server: Server) -> None:
    """Until it lets somebody in; psycopg2's errors are those of a server that still starts."""
    for _ in range(200):
        assert server.process.poll() is None, server.log.read_text(encoding="utf-8")
        try:
            server.connect().close()
        except Exception:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PostgreSQL does not answer")
