"""A real CKAN with its DataStore, on 127.0.0.1, for as long as a trial takes.

Belongs here: its databases, Redis, its configuration, an account with a token, an organization.
Does not: what is tried on it (``ckan_trial``). CKAN has its own environment, outside this one:
``python -m venv DIR && DIR/bin/pip install 'ckan[requirements]==2.12.0'``; PostgreSQL and Redis are
the machine's; Solr is a stand-in (``solr_stand_in``).
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.ops.nginx import free_port
from tests.ops.postgres import Server, postgres
from tests.ops.solr_stand_in import solr_stand_in

ORGANIZATION = "van-phong-mau"
_OWNER, _EDITOR, _STRANGER, _LONGEST = "chu_may", "nguoi_dang", "nguoi_la", 120
_PASSWORD = "mau-khong-bi-mat"  # noqa: S105 - of a server that lasts as long as the trial


@dataclass(frozen=True)
class Ckan:
    """A running CKAN.

    Args:
        address: Where it answers.
        token: Of an editor of the organization.
        log: What it says.
        stranger: The token of an account without any rights.
        ini: Its configuration.
    """

    address: str
    token: str
    log: Path
    stranger: str = ""
    ini: Path = Path()

    def ask(self, action: str, **data: object) -> object:
        """An action of its API, as the account."""
        answer = httpx.post(
            f"{self.address}/api/3/action/{action}", json=data, timeout=60,
            headers={"Authorization": self.token},
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json()["result"]


@contextmanager
def ckan(program: Path, work: Path) -> Iterator[Ckan]:
    """Start everything, make the organization, and end all of it afterwards."""
    with postgres() as database, redis(work) as redis_url, solr_stand_in() as solr_url:
        made = _configured(program, work, database, redis_url, solr_url)
        with _served(program, made, work / "ckan.log") as server:
            editor = {"name": _EDITOR, "capacity": "editor"}
            server.ask(
                "organization_create", name=ORGANIZATION, title="Văn phòng mẫu", users=[editor]
            )
            yield Ckan(server.address, _token(program, made, _EDITOR), server.log,
                       _token(program, made, _STRANGER), made)  # fmt: skip


@contextmanager
def without_datastore(program: Path, server: Ckan) -> Iterator[str]:
    """The address of the same CKAN on the same databases, with the extension turned off."""
    ini, port = server.ini.with_name("khong-kho.ini"), free_port()
    ini.write_text(server.ini.read_text())
    changed = {"ckan.site_url": f"http://127.0.0.1:{port}", "ckan.plugins": ""}
    _run(program, ini, "config-tool", str(ini), *(f"{k} = {v}" for k, v in changed.items()))
    with _served(program, ini, ini.with_suffix(".log")) as other:
        yield other.address


@contextmanager
def redis(work: Path) -> Iterator[str]:
    """Debian's Redis, which keeps nothing."""
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", work],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _configured(program: Path, work: Path, database: Server, redis_url: str, solr_url: str) -> Path:
    """The databases, ``ckan.ini``, the tables, and the account."""
    for role in ("ckan_mau", "ckan_doc"):
        database.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{_PASSWORD}'")
    for name in ("ckan_mau", "kho_du_lieu"):
        database.execute(
            f"CREATE DATABASE {name} OWNER ckan_mau ENCODING 'UTF8' TEMPLATE template0"
        )
    ini, port = work / "ckan.ini", free_port()
    subprocess.run([program, "generate", "config", ini], check=True, stdout=subprocess.DEVNULL)
    own, reader = "ckan_mau", "ckan_doc"
    options = {
        "ckan.site_url": f"http://127.0.0.1:{port}",
        "ckan.plugins": "datastore",
        "ckan.datastore.search.rows_max": "500",  # so that a table takes several pages
        "ckan.locale_default": "vi",
        "ckan.storage_path": str(work / "storage"),
        "ckan.redis.url": redis_url,
        "solr_url": solr_url,
        "sqlalchemy.url": database.url("ckan_mau", own, _PASSWORD),
        "ckan.datastore.write_url": database.url("kho_du_lieu", own, _PASSWORD),
        "ckan.datastore.read_url": database.url("kho_du_lieu", reader, _PASSWORD),
    }
    _run(program, ini, "config-tool", str(ini), *(f"{k} = {v}" for k, v in options.items()))
    _run(program, ini, "db", "init")
    rights = _run(program, ini, "datastore", "set-permissions")
    subprocess.run(
        ["psql", "-q", "-v", "ON_ERROR_STOP=1", database.url()], input=rights, text=True,
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for user in (_OWNER, _EDITOR, _STRANGER):
        email = f"email={user}@example.org"
        _run(program, ini, "user", "add", user, email, f"password={_PASSWORD}")
    _run(program, ini, "sysadmin", "add", _OWNER)
    return ini


def _run(program: Path, ini: Path, *arguments: str) -> str:
    command = [program, "-c", ini, *arguments] if arguments[0] != "config-tool" else [
        program, *arguments]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def _served(program: Path, ini: Path, log: Path) -> Iterator[Ckan]:
    address = next(
        line.partition("=")[2].strip() for line in ini.read_text().splitlines()
        if line.startswith("ckan.site_url")
    )  # fmt: skip
    with log.open("wb") as said:
        process = subprocess.Popen(
            [program, "-c", ini, "run", "-H", "127.0.0.1", "-p", address.rpartition(":")[2],
             "--disable-reloader"],
            stdout=said, stderr=said, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        _await(address, process)
        yield Ckan(address, _token(program, ini, _OWNER), log)
    finally:
        process.terminate()
        process.wait()


def _token(program: Path, ini: Path, user: str) -> str:
    return _run(program, ini, "user", "token", "add", user, "thu").split()[-1]


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + _LONGEST
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(f"{address}/api/3/action/status_show", timeout=10).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise RuntimeError("CKAN did not start: see ckan.log")
