"""Real places on this machine: ``rclone serve`` as SFTP, S3 and WebDAV, and what may go wrong.

Belongs here: starting and ending them, the web server beside them that readers ask. Does not: bad
lines to them (``lines``), assertions.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cchc_pipeline.government import PlaceWords
from publish.places.declared import DeclaredPlace
from tests.serving import served

RCLONE = shutil.which("rclone", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
MARK = pytest.mark.skipif(
    RCLONE is None and not os.environ.get("CCHC_TEST_ALL"), reason="rclone is not installed"
)
PASSWORD = "mot-mat-khau-thu"  # noqa: S105 - of a server of the tests
_EAGER = {"sftp": ("--vfs-cache-mode", "writes", "--vfs-write-back", "0s")}
"""rclone writes to its own folder at once, and a file may be renamed as soon as it was closed."""
TITLE = PlaceWords("Nơi thử", "Trial place")


@dataclass(frozen=True)
class Server:
    """A server that takes files."""

    kind: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    known_hosts: Path | None = None

    def remote(self, **more: str) -> Mapping[str, str]:
        """Rclone's options for it."""
        address = f"http://127.0.0.1:{self.port}"
        options = {
            "sftp": {
                "host": "127.0.0.1", "port": str(self.port), "user": "cchc", "shell_type": "none",
                "known_hosts_file": str(self.known_hosts),
            },
            "s3": {"provider": "Rclone", "endpoint": address, "force_path_style": "true"},
            "webdav": {"url": address, "vendor": "rclone", "user": "cchc"},
        }  # fmt: skip
        return {"type": self.kind, **options[self.kind], **more}

    @property
    def path(self) -> str:
        """The folder or bucket that the place is."""
        return "noi-thu" if self.kind == "s3" else "/noi-thu"

    @property
    def root(self) -> Path:
        """Where what it takes lies."""
        return self.folder / "noi-thu"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(kind: str, folder: Path, port: int = 0) -> Iterator[Server]:
    """``rclone serve`` on a folder."""
    (folder / "noi-thu").mkdir(parents=True, exist_ok=True)
    port, cache = port or free_port(), folder.with_name(f"{folder.name}-cache")
    access = {
        "sftp": ["--user", "cchc", "--pass", PASSWORD],
        "s3": ["--auth-key", f"cchc,{PASSWORD}"],
        "webdav": ["--user", "cchc", "--pass", PASSWORD],
    }[kind]
    command = [
        str(RCLONE), "serve", kind, str(folder), "--addr", f"127.0.0.1:{port}", *access,
        "--cache-dir", str(cache), *_EAGER.get(kind, ()),
    ]  # fmt: skip
    environment = {**os.environ, "RCLONE_CONFIG": ""}
    log = (folder.parent / f"{kind}.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_for(port, process)
        yield Server(kind, folder, port, process, _known(cache, port) if kind == "sftp" else None)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        log.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the server does not answer")


def _known(cache: Path, port: int) -> Path:
    """The public keys of the server, pinned as an operator would have them."""
    keys = (path.read_text().split() for path in sorted((cache / "serve-sftp").glob("*.pub")))
    known = cache / "known_hosts"
    known.write_text("".join(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n" for key in keys))
    return known


def also_known(server: Server, port: int) -> None:
    """Have the keys of a server expected on another port too."""
    if server.known_hosts is not None:
        text = server.known_hosts.read_text()
        server.known_hosts.write_text(text + text.replace(f":{server.port} ", f":{port} "))


def secrets_of(kind: str, password: str = PASSWORD) -> Mapping[str, str]:
    """The environment that gives rclone the password of the place ``noi_thu``."""
    if kind == "s3":
        return {
            "RCLONE_CONFIG_NOI_THU_ACCESS_KEY_ID": "cchc",
            "RCLONE_CONFIG_NOI_THU_SECRET_ACCESS_KEY": password,
        }
    hidden = subprocess.run(
        [str(RCLONE), "obscure", password], capture_output=True, check=True, text=True
    )
    return {"RCLONE_CONFIG_NOI_THU_PASS": hidden.stdout.strip()}


@contextmanager
def place_at(server: Server, pointer: str = "page", **more: object) -> Iterator[DeclaredPlace]:
    """The place that a server is, with a web server for its readers."""
    with served(server.root) as address:
        values = {"remote": server.remote(), "required": True, "wait_seconds": 1, **more}
        yield DeclaredPlace.model_validate({
            "name": "noi_thu", "title": {"vi": TITLE.vi, "en": TITLE.en}, "kind": "files",
            "shown_at": address, "path": server.path, "pointer": pointer, **values,
        })  # fmt: skip


@contextmanager
def mounted(folder: Path, pointer: str, **more: object) -> Iterator[DeclaredPlace]:
    """A folder on this machine as a place, with a web server for its readers."""
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / "current" if pointer == "link" else folder
    with served(root, [folder]) as address:
        yield DeclaredPlace.model_validate({
            "name": "noi_thu", "title": {"vi": TITLE.vi, "en": TITLE.en}, "kind": "files",
            "shown_at": address, "path": str(folder), "pointer": pointer, "required": True,
            "remote": {"type": "local"}, "wait_seconds": 1, **more,
        })  # fmt: skip
