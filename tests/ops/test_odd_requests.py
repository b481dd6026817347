"""What nobody's browser asks: one table, for ``cchc serve`` and for the public's nginx.

Each request is sent as bytes. Whatever it is, the answer is one of those named, holds nothing that
lies outside the portal, and says what every answer says; and the server then still answers.
"""

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from publish.portal import server as local
from publish.portal.server import serving
from tests.command_line import copy_home
from tests.ops.nginx import MARK, nginx
from tests.serving import served_portal

SECRET = b"a line that nobody may read"
PATIENCE = 1
"""Seconds for a request, in place of those that are shipped."""


@dataclass(frozen=True)
class Place:
    """A portal that is served, and where."""

    home: Path
    address: str

    @property
    def host(self) -> tuple[str, int]:
        """As a socket wants it."""
        at = urlsplit(self.address)
        return str(at.hostname), int(at.port or 0)

    def ask(self, request: bytes, seconds: float = 10) -> bytes:
        """All that is answered until the server hangs up; a request says so itself."""
        parts = []
        with socket.create_connection(self.host, timeout=seconds) as line:
            line.sendall(request)
            with suppress(ConnectionResetError):  # it did not read all that it was sent
                while part := line.recv(65536):
                    parts.append(part)
        return b"".join(parts)


def hurried_nginx(home: Path, work: Path) -> AbstractContextManager[str]:
    changes = {"client_header_timeout 10s;": f"client_header_timeout {PATIENCE}s;"}
    return nginx(home / "portal" / "current", work, changes)


@contextmanager
def hurried_serve(home: Path, _: Path) -> Iterator[str]:
    hurried = serving().model_copy(update={"seconds_for_a_request": PATIENCE})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "serving", lambda: hurried)
        with served_portal(home) as address:
            yield address


SERVERS = [
    pytest.param(hurried_serve, id="serve"),
    pytest.param(hurried_nginx, id="nginx", marks=MARK),
]


@pytest.fixture(scope="module", params=SERVERS)
def place(
    request: pytest.FixtureRequest, published_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A portal in which somebody planted what must not be read."""
    work = tmp_path_factory.mktemp("odd")
    home = copy_home(published_home, work / "home")
    plant(home)
    start: Callable[[Path, Path], AbstractContextManager[str]] = request.param
    with ExitStack() as ended:
        yield Place(home, ended.enter_context(start(home, work / "work")))


def plant(home: Path) -> None:
    """A secret beside the portal, links to it and in circles, a closed file, a hidden one."""
    site = (home / "portal" / "current").resolve()
    outside = home / "raw" / "secret.txt"
    outside.parent.mkdir(exist_ok=True)
    outside.write_bytes(SECRET)
    _belongs_to_nobody_here(outside)
    (site / "planted.txt").symlink_to(outside)
    (site / "raw").symlink_to(outside.parent)
    (site / "circle").symlink_to("circle")
    (site / "gone.txt").symlink_to("absent")
    (site / ".hidden").write_bytes(SECRET)
    (site / "empty").mkdir()


def _belongs_to_nobody_here(path: Path) -> None:
    """What nginx goes by; without the right to give a file away it is not to be tried."""
    try:
        os.chown(path.parent, 65534, 65534)
        os.chown(path, 65534, 65534)
    except PermissionError:
        pytest.skip("only a superuser gives a file to another account")


def get(path: str | bytes, *headers: str, method: str = "GET") -> bytes:
    """A request that asks for one answer."""
    asked = path if isinstance(path, bytes) else path.encode("utf-8")
    lines = "".join(f"{header}\r\n" for header in ("Host: x", "Connection: close", *headers))
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (method.encode(), asked, lines.encode())


ABSENT, REFUSED, MALFORMED = {404}, {400, 404}, {400}
ODD: dict[str, tuple[bytes, set[int]]] = {
    # out of the folder
    "above the root": (get("/../../raw/secret.txt"), MALFORMED),
    "above the root, encoded": (get("/%2e%2e/%2e%2e/raw/secret.txt"), MALFORMED),
    "above the root, its slashes encoded": (get("/..%2f..%2fraw%2fsecret.txt"), MALFORMED),
    "above the root, encoded twice": (get("/%252e%252e/%252e%252e/raw/secret.txt"), ABSENT),
    "above the root, overlong UTF-8": (get("/%c0%ae%c0%ae/%c0%ae%c0%ae/raw/secret.txt"), ABSENT),
    "above the root, from within": (get("/en/../../../../raw/secret.txt"), MALFORMED),
    "backslashes": (get("/..\\..\\raw\\secret.txt"), ABSENT),
    "backslashes, encoded": (get("/..%5c..%5craw%5csecret.txt"), ABSENT),
    "a path of the machine": (get("//etc/passwd"), ABSENT),
    "a link that leads out": (get("/planted.txt"), ABSENT),
    "a folder by a link that leads out": (get("/raw/secret.txt"), ABSENT),
    "a link in a circle": (get("/circle"), ABSENT),
    "a link to nothing": (get("/gone.txt"), ABSENT),
    # nothing is listed or hinted at
    "a folder without a page": (get("/data/"), ABSENT),
    "the same without its slash": (get("/empty"), {301, 404}),
    "an empty folder": (get("/empty/"), ABSENT),
    "a hidden file": (get("/.hidden"), ABSENT),
    "a hidden file, encoded": (get("/%2ehidden"), ABSENT),
    "a file as a folder": (get("/index.html/"), ABSENT),
    "a file as a folder with one": (get("/index.html/index.html"), ABSENT),
    # characters
    "NUL": (get("/%00"), MALFORMED),
    "NUL at the end of a name": (get("/index.html%00.txt"), MALFORMED),
    "a NUL as it is": (get(b"/\0"), MALFORMED),
    "a line break in the name": (get("/index%0d%0aX-Mine:%20yes"), ABSENT),
    "half an encoding": (get("/%"), MALFORMED),
    "no encoding": (get("/%zz"), MALFORMED),
    "bytes that are no UTF-8": (get(b"/\xff\xfe"), REFUSED),
    "bytes that are no UTF-8, encoded": (get("/%ff%fe"), ABSENT),
    "a lone surrogate": (get("/%ed%a0%80"), ABSENT),
    "Vietnamese, not encoded": (get("/đơn-vị"), REFUSED),
    "spaces": (get("/a b c"), REFUSED),
    "a query": (get("/index.json?../../raw/secret.txt"), {200}),
    "a fragment": (get("/index.json#x"), {200, 404}),
    "a long name": (get("/" + "a" * 300), ABSENT),
    "a long path": (get("/" + "a/" * 2500), REFUSED),
    "a path that is too long": (get("/" + "a" * 20_000), {400, 404, 414}),
    "a header that is too long": (get("/", "X: " + "a" * 40_000), {200, 400, 431}),
    "dots and slashes that lead nowhere else": (get("/en/.././/index.json"), {200}),
    # forms of a request
    "an absolute address": (get("http://x/index.json"), {200}),
    "an absolute address that leads out": (get("http://x/../../raw/secret.txt"), MALFORMED),
    "another host in the address": (get("http://elsewhere/en/"), {200}),
    "no slash": (get("index.json"), {200, 400}),
    "nothing asked": (b"GET\r\n\r\n", {400}),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    "a version that is none": (get("/").replace(b"/1.1", b"/9.9"), {200, 400, 505}),
    "no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
    "two hosts": (get("/", "Host: y"), {400}),
    "a header without a name": (get("/index.json", ": x"), {200, 400}),
    "a header of NULs": (get("/", "X: \0"), {400}),
    "a length that is none": (get("/", "Content-Length: x"), {400}),
    "an upgrade": (get("/index.json", "Upgrade: websocket", "Connection: upgrade"), {200}),
    # methods
    "OPTIONS": (get("/", method="OPTIONS"), {405}),
    "TRACE": (get("/", method="TRACE"), {405}),
    "POST": (get("/index.json", "Content-Length: 0", method="POST"), {405}),
    "a body that never comes": (get("/", "Content-Length: 99999999", method="PUT"), {405, 413}),
    "DELETE": (get("/index.json", method="DELETE"), {405}),
    "PROPFIND": (get("/", "Depth: 1", method="PROPFIND"), {405}),
    "a method that is none": (get("/", method="FOO"), {405}),
    "a method in small letters": (get("/", method="get"), {400, 405}),
    # ranges
    "a range": (get("/index.json", "Range: bytes=0-3"), {206}),
    "the last bytes": (get("/index.json", "Range: bytes=-4"), {206}),
    "two ranges": (get("/index.json", "Range: bytes=0-3, 8-9"), {206}),
    "a range that is not there": (get("/index.json", "Range: bytes=999999999-"), {416}),
    "a range backwards": (get("/index.json", "Range: bytes=9-1"), {200, 400, 416}),
    "a range of letters": (get("/index.json", "Range: bytes=a-b"), {200, 400, 416}),
    "a range of something else": (get("/index.json", "Range: rows=0-3"), {200, 400}),
    "ranges by the hundred": (get("/index.json", "Range: bytes=" + "0-," * 150 + "0-"), {200}),
    "an enormous range": (get("/index.json", "Range: bytes=0-" + "9" * 400), {200, 206, 400, 416}),
}  # fmt: skip


def status_of(answer: bytes) -> int:
    told = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert told, answer[:200]
    return int(told[1])


def headers_of(answer: bytes) -> httpx.Headers:
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines)
    return httpx.Headers([(name, value.strip()) for name, _, value in pairs])


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_request_gets_one_of_the_answers_that_are_foreseen(
    odd: str, place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    request, allowed = ODD[odd]
    answer = place.ask(request)
    assert status_of(answer) in allowed
    assert SECRET not in answer
    assert b"Traceback" not in answer
    assert "X-Mine" not in headers_of(answer)
    assert status_of(place.ask(get("/index.json"))) == 200
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("path", ["/", "/index.json", "/absent", "/data/", "/en", "/../x", "/%00"])
def test_every_answer_says_what_it_may_do(path: str, place: Place) -> None:
    answer = place.ask(get(path))
    headers = headers_of(answer)
    if status_of(answer) == 400:  # of a line that cannot be read a server knows nothing
        return
    for name, value in serving().headers.items():
        assert headers[name] == value
    is_page = path == "/"
    policy = serving().page_policy if is_page else serving().file_policy
    assert headers.get_list("Content-Security-Policy") == [policy]


@pytest.mark.parametrize("path", ["/index.html", "/index.json"])
def test_what_did_not_change_keeps_its_policy(path: str, place: Place) -> None:
    first = headers_of(place.ask(get(path)))
    assert first["ETag"] and first["Last-Modified"]
    for header in (
        f"If-None-Match: {first['ETag']}",
        f"If-Modified-Since: {first['Last-Modified']}",
    ):
        again = place.ask(get(path, header))
        assert status_of(again) == 304
        assert again.partition(b"\r\n\r\n")[2] == b""
        policies = headers_of(again).get_list("Content-Security-Policy")
        assert policies in ([], [first["Content-Security-Policy"]])


def test_a_range_is_what_stands_there(place: Place) -> None:
    whole = place.ask(get("/index.json")).partition(b"\r\n\r\n")[2]
    part = place.ask(get("/index.json", "Range: bytes=5-9"))
    assert part.partition(b"\r\n\r\n")[2] == whole[5:10]
    assert headers_of(part)["Content-Range"] == f"bytes 5-9/{len(whole)}"


def test_a_folder_is_answered_with_its_slash_and_no_host_that_was_made_up(place: Place) -> None:
    answer = place.ask(get("/en", "X-Forwarded-Host: elsewhere").replace(b"Host: x", b"Host: evil"))
    assert (status_of(answer), headers_of(answer)["Location"]) == (301, "/en/")


def test_head_has_no_body(place: Place) -> None:
    answer = place.ask(get("/index.json", method="HEAD"))
    assert status_of(answer) == 200
    assert answer.endswith(b"\r\n\r\n")


HALF = {
    "nothing": b"",
    "a piece of a line": b"GET /ind",
    "no end of the headers": b"GET / HTTP/1.1\r\nHost: x\r\n",
}


@pytest.mark.parametrize("half", HALF)
def test_a_request_that_is_never_finished_is_hung_up_on(half: str, place: Place) -> None:
    begun = time.monotonic()
    place.ask(HALF[half], seconds=20)
    assert time.monotonic() - begun < 15


def test_a_request_letter_by_letter_is_hung_up_on_too(place: Place) -> None:
    with socket.create_connection(place.host, timeout=20) as line, pytest.raises(OSError):
        for _ in range(100):
            line.sendall(b"X")
            time.sleep(0.2)


def test_half_requests_do_not_keep_others_waiting(place: Place) -> None:
    with ExitStack() as kept:
        for _ in range(40):
            line = kept.enter_context(socket.create_connection(place.host))
            line.sendall(b"GET / HTTP/1.1\r\n")
        assert status_of(place.ask(get("/index.json"), seconds=5)) == 200


def test_a_hundred_at_once_are_answered(place: Place) -> None:
    with ThreadPoolExecutor(100) as readers:
        answers = list(readers.map(place.ask, [get("/data/scores.csv")] * 100))
    assert {status_of(answer) for answer in answers} == {200}
    assert len({answer.partition(b"\r\n\r\n")[2] for answer in answers}) == 1
