"""A real nginx for the tests, with the configuration that the docs ship.

Belongs here: starting and ending it on 127.0.0.1. Does not: assertions.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SHIPPED = Path(__file__).parents[2] / "docs" / "deployment" / "nginx.conf"
MARK = pytest.mark.skipif(
    NGINX is None and not os.environ.get("CCHC_TEST_ALL"), reason="no nginx here"
)
"""Skipped where nginx is absent, unless ``CCHC_TEST_ALL`` forbids skipping."""

_AROUND = """
daemon off; pid {work}/pid; error_log {work}/error.log; {user}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
    uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
    include {work}/portal.conf;
}}
"""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def nginx(
    root: Path, work: Path, changes: Mapping[str, str] | None = None, listen: str = ""
) -> Iterator[str]:
    """Serve a web root with the shipped configuration, and give its address.

    Args:
        root: The web root.
        work: A folder that is made for its files.
        changes: Lines of the configuration that are replaced, besides those to be filled in.
        listen: What else is said of the address, such as ``ssl``.
    """
    port = free_port()
    work.mkdir()
    changed = {"listen 80;": f"listen 127.0.0.1:{port} {listen};", **(changes or {})}
    changed["/var/lib/cchc/portal/current"] = str(root)
    changed["/var/lib/cchc/roots"] = str(root.parents[1] / "roots")
    shipped = SHIPPED.read_text(encoding="utf-8")
    for old, new in changed.items():
        assert shipped.count(old) == 1, old
        shipped = shipped.replace(old, new)
    (work / "portal.conf").write_text(shipped, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (work / "nginx.conf").write_text(_AROUND.format(work=work, user=user), encoding="utf-8")
    assert NGINX is not None
    server = subprocess.Popen(
        [NGINX, "-p", str(work), "-c", "nginx.conf", "-e", f"{work}/error.log"]
    )
    try:
        _wait(port, server, work)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(10)


def _wait(port: int, server: subprocess.Popen[bytes], work: Path) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert server.poll() is None, (work / "error.log").read_text(encoding="utf-8")
        time.sleep(0.05)
    raise AssertionError("nginx does not answer")
