"""The preview: the portal on this machine, for its operator only."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from publish.portal.server import local_server
from publish.store.store import Portal
from tests.publish.crash_worker import go_out, next_draft
from tests.publish.small_release import small_draft


@pytest.fixture
def address(portal: Portal) -> Iterator[str]:
    """A portal with a release, being served."""
    go_out(portal, small_draft())
    server = local_server(portal.current, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("", "text/html; charset=utf-8"),
        ("data/scores.csv", "text/csv; charset=utf-8"),
        ("index.json", "application/json; charset=utf-8"),
        ("latest/CHANGES.md", "text/markdown; charset=utf-8"),
        ("latest/SHA256SUMS", "text/plain; charset=utf-8"),
        ("data/scores.parquet", "application/vnd.apache.parquet"),
        (
            "data/scores.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
def test_every_file_is_served_with_its_type(path: str, type_: str, address: str) -> None:
    with urlopen(address + path) as answer:  # noqa: S310 - our own server on 127.0.0.1
        assert answer.headers["Content-Type"] == type_
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.read()


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with local_server(tmp_path, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_it_says_nothing_for_each_request(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    with urlopen(address) as answer:  # noqa: S310 - our own server on 127.0.0.1
        assert answer.status == 200
        assert answer.read()
    assert capfd.readouterr() == ("", "")


def test_a_reader_who_leaves_half_way_is_no_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "large.csv").write_bytes(b"x" * 50_000_000)
    with local_server(tmp_path, 0) as server:
        server.daemon_threads = False  # closing waits until what answers has ended
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with socket.create_connection(server.server_address) as reader:
            reader.sendall(b"GET /large.csv HTTP/1.0\r\n\r\n")
            assert reader.recv(100)
        thread.join()
    assert capfd.readouterr() == ("", "")


def test_what_lies_outside_the_site_is_not_served(address: str) -> None:
    for path in ("../shown", "%2e%2e/shown", "absent.html"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(address + path)  # noqa: S310 - our own server on 127.0.0.1


def test_a_new_release_is_seen_at_once(address: str, portal: Portal) -> None:
    go_out(portal, next_draft(portal))
    with urlopen(f"{address}index.json") as answer:  # noqa: S310 - our own server on 127.0.0.1
        assert b'"latest": "2024-04.r1"' in answer.read()
