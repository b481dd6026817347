"""The preview: the portal on this machine, for its operator only."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from publish.portal.server import web_root_of
from publish.store.store import Portal
from tests.publish.crash_worker import go_out, next_draft
from tests.publish.small_release import small_draft
from tests.serving import served, served_portal


@pytest.fixture
def address(portal: Portal) -> Iterator[str]:
    """A portal with a release, being served."""
    go_out(portal, small_draft())
    with served_portal(portal.root.parent) as found:
        yield found


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


def test_it_listens_on_this_machine_only(address: str) -> None:
    assert urlsplit(address).hostname == "127.0.0.1"


def test_it_says_nothing_for_each_request(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    with urlopen(address) as answer:  # noqa: S310 - our own server on 127.0.0.1
        assert answer.status == 200
        assert answer.read()
    assert capfd.readouterr() == ("", "")


def test_a_reader_who_leaves_half_way_is_no_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "large.csv").write_bytes(b"x" * 50_000_000)
    with served(tmp_path) as address:
        at = urlsplit(address)
        with socket.create_connection((str(at.hostname), at.port or 0)) as reader:
            reader.sendall(b"GET /large.csv HTTP/1.0\r\n\r\n")
            assert reader.recv(100)
        with urlopen(address + "large.csv") as answer:  # noqa: S310 - our own server
            assert answer.status == 200
    assert capfd.readouterr() == ("", "")


def test_what_lies_outside_the_site_is_not_served(address: str) -> None:
    for path, code in (("../shown", 400), ("%2e%2e/shown", 400), ("absent.html", 404)):
        with pytest.raises(HTTPError, match=str(code)):
            urlopen(address + path)  # noqa: S310 - our own server on 127.0.0.1


def test_a_new_release_is_seen_at_once(address: str, portal: Portal) -> None:
    go_out(portal, next_draft(portal))
    with urlopen(f"{address}index.json") as answer:  # noqa: S310 - our own server on 127.0.0.1
        assert b'"latest": "2024-04.r1"' in answer.read()


def test_a_link_is_followed_into_what_is_shown_and_no_further(portal: Portal) -> None:
    go_out(portal, small_draft())
    site = portal.current.resolve()
    draft = portal.scratch / "draft.csv"
    draft.parent.mkdir(exist_ok=True)
    draft.write_text("not out yet", encoding="utf-8")
    (site / "journal.txt").symlink_to(portal.journal.path)
    (site / "draft.csv").symlink_to(draft)
    with served_portal(portal.root.parent) as address:
        with urlopen(f"{address}latest/data/scores.csv") as answer:  # noqa: S310 - our own server
            assert answer.status == 200
        for path in ("journal.txt", "draft.csv"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(address + path)  # noqa: S310 - our own server on 127.0.0.1


def test_a_store_on_another_disk_is_served(portal: Portal, tmp_path: Path) -> None:
    go_out(portal, small_draft())
    portal.store.rename(tmp_path / "disk")
    portal.store.symlink_to(tmp_path / "disk")
    with (
        served_portal(portal.root.parent) as address,
        urlopen(f"{address}data/scores.csv") as answer,  # noqa: S310 - our own server
    ):
        assert answer.status == 200


def test_a_preview_shows_the_releases_of_the_portal_that_it_stands_in_for(tmp_path: Path) -> None:
    portal, stage = Portal(tmp_path / "portal"), Portal(tmp_path / "preview" / "portal")
    assert set(web_root_of(portal).within) < set(web_root_of(stage).within)
    assert portal.store in web_root_of(stage).within
