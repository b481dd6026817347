"""Finding a release: in the home, in a folder, on a web server that cannot be trusted."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from cchc_pipeline.core.errors import CheckFailedError, SourceError, UsageError
from publish.model import SUMS, ReleaseId
from publish.store.reading import Subject
from publish.store.store import INDEX, Portal
from publish.verify.checks import verify
from publish.verify.places import Bounds, Download, home_subject, load_bounds, subject_at
from tests.publish.small_release import APRIL, MARCH
from tests.publish.verify.damaged_release import whole_release

FIRST, SECOND = ReleaseId(MARCH, 1), ReleaseId(MARCH, 2)
DIGEST = "0" * 64


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    """A portal that shows a small release."""
    portal = Portal(tmp_path / "portal")
    folder = whole_release(portal.release_folder(FIRST))
    site = portal.current
    (site / "releases" / "2024-03").mkdir(parents=True)
    (site / "releases" / FIRST.path).symlink_to(folder)
    (site / "latest").symlink_to(folder)
    listed(portal)
    return portal


def listed(portal: Portal, status: str = "current", **index: Any) -> None:
    """Write the index."""
    entry = {
        "id": str(FIRST), "path": f"releases/{FIRST.path}/", "status": status, "digest": DIGEST,
    }  # fmt: skip
    content = {"latest": str(FIRST), "releases": [entry], "acts": []} | index
    (portal.current / INDEX).write_text(json.dumps(content))


def retracted(portal: Portal) -> None:
    act = {"kind": "retracted", "release": str(FIRST), "reason": "Số liệu sai", "at": "x"}
    listed(portal, "retracted", latest=None, acts=[act])


def test_the_release_that_is_shown_is_found_in_the_home(portal: Portal) -> None:
    found = home_subject(portal, None)
    assert (found.name, found.state, found.digest) == ("2024-03.r1", "current", DIGEST)
    assert found.folder == portal.release_folder(FIRST)


def test_a_retracted_release_is_found_in_the_home_with_its_reason(portal: Portal) -> None:
    retracted(portal)
    found = home_subject(portal, FIRST)
    assert (found.state, found.reason) == ("retracted", "Số liệu sai")
    assert (found.folder / SUMS).exists()


def test_the_release_before_is_at_hand_in_the_home(portal: Portal) -> None:
    folder = whole_release(portal.release_folder(SECOND))
    record = json.loads((folder / "release.json").read_bytes()) | {"previous": str(FIRST)}
    (folder / "release.json").write_text(json.dumps(record))
    entry = {"id": str(SECOND), "path": f"releases/{SECOND.path}/", "digest": DIGEST}
    listed(portal, releases=[entry], latest=str(SECOND))
    assert home_subject(portal, None).previous == portal.release_folder(FIRST)


def test_a_home_that_published_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cchc run"):
        home_subject(Portal(tmp_path), None)


def test_a_release_that_was_never_published_is_told_with_those_that_were(portal: Portal) -> None:
    with pytest.raises(UsageError, match=r"2024-03\.r1"):
        home_subject(portal, ReleaseId(APRIL, 1))


def test_where_all_were_retracted_none_is_shown(portal: Portal) -> None:
    retracted(portal)
    with pytest.raises(UsageError, match="no release is shown"):
        home_subject(portal, None)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"latest": "x", "releases": [{"id": 1}]}'])
def test_what_is_no_index_is_refused(content: str, portal: Portal) -> None:
    (portal.current / INDEX).write_text(content)
    with pytest.raises(CheckFailedError, match="no index"):
        home_subject(portal, None)


def test_an_index_that_leads_elsewhere_is_refused(portal: Portal) -> None:
    entry = {"id": str(FIRST), "path": "../../etc/", "digest": DIGEST}
    listed(portal, releases=[entry])
    with pytest.raises(CheckFailedError, match="no index"):
        home_subject(portal, None)


Answer = tuple[int, bytes, Mapping[str, str]]


class Server:
    """A web server of a folder, some of whose answers are another."""

    def __init__(self, root: Path) -> None:
        self.root, self.special = root, dict[str, Callable[[], Answer]]()
        self.asked: list[str] = []

    def answer(self, path: str) -> Answer:
        """The answer to a path."""
        self.asked.append(path)
        if path in self.special:
            return self.special[path]()
        file = self.root / path.lstrip("/")
        return (200, file.read_bytes(), {}) if file.is_file() else (404, b"", {})


@pytest.fixture
def server(portal: Portal) -> Server:
    """The site of the portal, for the web."""
    return Server(portal.current)


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """Where the server answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, headers = server.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


def found(
    address: str, scratch: Path, release: ReleaseId | None = None, **bounds: float
) -> Subject:
    """What is found at an address, within the shipped bounds or narrower ones."""
    scratch.mkdir(exist_ok=True)
    limits: Bounds = replace(load_bounds(), **bounds)
    with httpx.Client(timeout=5) as client:
        return subject_at(address, release, Download(client, lambda: 0.0, limits), scratch)


@pytest.mark.parametrize("path", ["", "/", "/releases/2024-03/r1", "/releases/2024-03/r1/", "/latest/"])  # noqa: E501  # fmt: skip
def test_a_portal_and_its_releases_are_verified_by_their_addresses(
    path: str, address: str, tmp_path: Path
) -> None:
    subject = found(address + path, tmp_path / "scratch")
    assert (subject.name, subject.state, subject.digest) == ("2024-03.r1", "current", DIGEST)
    results = {one.name: one.result for one in verify(subject)}
    assert results.pop("digests_are_those_of_the_index") == "failed"  # the index has another
    assert results["no_file_is_unlisted"] == "not checked"
    assert "failed" not in results.values()


def test_a_copy_of_a_release_without_a_portal_is_verified(tmp_path: Path) -> None:
    folder = whole_release(tmp_path / "copy of it")
    subject = found(folder.as_uri(), tmp_path / "scratch")
    assert subject.folder == folder
    assert "failed" not in {one.result for one in verify(subject)}
    assert not list((tmp_path / "scratch").iterdir())


def test_a_portal_on_another_disk_is_verified_in_place(portal: Portal, tmp_path: Path) -> None:
    subject = found(portal.current.as_uri(), tmp_path / "scratch")
    assert subject.folder == portal.current / "releases" / FIRST.path
    assert subject.is_whole


def test_a_file_that_the_server_does_not_have_is_missing(
    portal: Portal, address: str, tmp_path: Path
) -> None:
    (portal.release_folder(FIRST) / "LICENSE.md").unlink()
    subject = found(address, tmp_path / "scratch")
    failures = {one.name: one.failures for one in verify(subject)}["files_match_digests"]
    assert failures == ("LICENSE.md is missing",)


def test_a_retracted_release_is_told_with_its_reason(
    portal: Portal, address: str, tmp_path: Path
) -> None:
    retracted(portal)
    with pytest.raises(CheckFailedError, match="Số liệu sai"):
        found(address, tmp_path / "scratch", FIRST)


def test_an_address_of_one_release_and_the_name_of_another_do_not_go_together(
    address: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"not of 2024-04\.r1"):
        found(f"{address}/releases/2024-03/r1/", tmp_path / "s", ReleaseId(APRIL, 1))


@pytest.mark.parametrize("wrong", ["ftp://host/", "host/portal", "", "http://host/?a=1"])
def test_what_is_no_address_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not an address"):
        found(wrong, tmp_path / "scratch")


def test_an_address_of_something_else_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither"):
        found(f"{address}/elsewhere/", tmp_path / "scratch")


def test_a_redirect_on_the_same_host_is_followed(
    server: Server, address: str, tmp_path: Path
) -> None:
    server.special["/old/index.json"] = lambda: (302, b"", {"Location": "/index.json"})
    assert Download(httpx.Client(), lambda: 0.0).get(f"{address}/old/index.json") is not None


@pytest.mark.parametrize("target", ["http://host.invalid/", "//127.0.0.2/", "file:///etc/hosts"])
def test_a_redirect_to_another_host_is_refused_before_it_is_asked(
    target: str, server: Server, address: str, tmp_path: Path
) -> None:
    server.special["/index.json"] = lambda: (302, b"", {"Location": target})
    with pytest.raises(SourceError, match="another host"):
        found(address, tmp_path / "scratch")


def test_redirects_end(server: Server, address: str, tmp_path: Path) -> None:
    server.special["/index.json"] = lambda: (302, b"", {"Location": "/index.json"})
    with pytest.raises(SourceError, match="too many redirects"):
        found(address, tmp_path / "scratch")
    assert len(server.asked) == load_bounds().most_redirects + 1


@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ({"largest_file_bytes": 1_000}, "longer than 1000 bytes"),
        ({"largest_release_bytes": 20_000}, "release is longer"),
        ({"most_files": 5}, "too many files"),
        ({"whole_seconds": -1.0}, "took more than"),
    ],
)
def test_what_goes_beyond_a_bound_is_refused(
    bounds: dict[str, float], says: str, address: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=says):
        found(address, tmp_path / "scratch", **bounds)


def test_an_error_of_the_server_is_told(server: Server, address: str, tmp_path: Path) -> None:
    server.special["/index.json"] = lambda: (500, b"", {})
    with pytest.raises(SourceError, match="answered 500"):
        found(address, tmp_path / "scratch")


def test_a_server_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="check the address"):
        found("http://127.0.0.1:1/", tmp_path / "scratch")


@pytest.mark.parametrize("name", ["../../evil", "/evil", "..\\evil"])
def test_no_file_is_written_outside_the_scratch_folder(
    name: str, portal: Portal, address: str, tmp_path: Path
) -> None:
    (portal.release_folder(FIRST) / SUMS).write_text(f"{DIGEST}  {name}\n")
    with pytest.raises(CheckFailedError, match="not a line of digests"):
        found(address, tmp_path / "scratch")
    assert list(tmp_path.rglob("*evil*")) == []
