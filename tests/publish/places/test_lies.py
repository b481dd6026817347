"""What a public address may answer without showing the release: none of it counts as shown.

Belongs here: answers of a web server that mislead. Does not: servers that are sent to, or faults of
theirs (``test_files_places``).
"""

import gzip
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from publish.places.declared import DeclaredPlace
from tests.publish.places.rounds import bring
from tests.publish.places.servers import MARK, TITLE

pytestmark = MARK
BASE = "/tinh/hai-phong/"


@dataclass
class Answer:
    """What is answered to a request."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Lie = Callable[[str, Answer], Answer]
"""Of a path below the base, and what a true server answers."""


@contextmanager
def web(root: Path, lie: Lie, certificate: Path | None = None) -> Iterator[str]:
    """A web server for a folder, under a sub-path, that changes what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix(BASE)
            file = root / (path or "index.html")
            true = Answer(file.read_bytes()) if file.is_file() else Answer(status=404)
            answer = lie(path, true)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http{'s' * bool(certificate)}://127.0.0.1:{server.server_port}{BASE}"
        finally:
            server.shutdown()


def place(there: Path, address: str, pointer: str = "page") -> DeclaredPlace:
    there.mkdir(exist_ok=True)
    return DeclaredPlace.model_validate({
        "name": "noi_thu", "title": {"vi": TITLE.vi, "en": TITLE.en}, "kind": "files",
        "shown_at": address, "path": str(there), "pointer": pointer, "required": True,
        "remote": {"type": "local"}, "wait_seconds": 0,
    })  # fmt: skip


def root_of(there: Path, pointer: str) -> Path:
    return there / "current" if pointer == "link" else there


def honest(_: str, true: Answer) -> Answer:
    return true


def packed(_: str, true: Answer) -> Answer:
    return Answer(gzip.compress(true.content), true.status, {"Content-Encoding": "gzip"})


def old_front(path: str, true: Answer) -> Answer:
    """Readers who ask for the folder are given another page than ``index.html``."""
    return true if path else Answer("<h1>Trang cũ của cổng</h1>".encode())


def to_another_host(_: str, __: Answer) -> Answer:
    return Answer(status=302, headers={"Location": "http://localhost:9/"})


def login(path: str, _: Answer) -> Answer:
    return Answer(f"<form action='/login?next={path}'>2024-03.r1</form>".encode())


def badly_packed(_: str, true: Answer) -> Answer:
    return Answer(true.content, true.status, {"Content-Encoding": "gzip"})


def another_package(path: str, true: Answer) -> Answer:
    """The index of another province's portal, whose releases are called alike."""
    is_index = path == "index.json"
    return Answer(true.content.replace(b'"digest": "', b'"digest": "0')) if is_index else true


@pytest.mark.parametrize("pointer", ["page", "link"])
def test_a_sub_path_a_slash_more_or_less_and_packed_answers_are_no_obstacle(
    pointer: str, stages: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    for true, ends in ((honest, ("", "/")), (packed, ("//",))):
        with web(root_of(there, pointer), true) as address:
            for end in ends:
                declared = place(there, address.rstrip("/") + end, pointer)
                outcome = bring(stages, "published", declared, tmp_path / f"home{len(end)}")
                assert outcome.state == "confirmed", outcome


@pytest.mark.parametrize(
    ("lie", "pointer", "fault"),
    [
        (old_front, "page", "not_shown"),
        (old_front, "link", "not_whole"),
        (login, "page", "not_whole"),
        (login, "link", "not_shown"),
        (to_another_host, "page", "silent"),
        (badly_packed, "link", "silent"),
        (another_package, "link", "not_shown"),
        (another_package, "page", "not_whole"),
    ],
)
def test_what_is_not_the_release_itself_never_counts_as_shown(
    lie: Lie, pointer: str, fault: str, stages: Path, tmp_path: Path
) -> None:
    there, home = tmp_path / "there", tmp_path / "home"
    if (lie, pointer) == (another_package, "page"):
        lie = lambda path, true: another_package(path.rpartition("/")[2], true)  # noqa: E731
    with web(root_of(there, pointer), lie) as address:
        outcome = bring(stages, "published", place(there, address, pointer), home)
    assert (outcome.state, outcome.fault, outcome.shows) == ("behind", fault, "")


def test_an_old_page_that_a_cache_gives_is_told_with_what_it_shows(
    stages: Path, tmp_path: Path
) -> None:
    kept: dict[str, Answer] = {}

    def cached(path: str, true: Answer) -> Answer:
        return kept.setdefault(path, true)

    there, home = tmp_path / "there", tmp_path / "home"
    with web(there, honest) as address:
        assert bring(stages, "published", place(there, address), home).state == "confirmed"
    with web(there, cached) as address:
        kept[""] = Answer((there / "index.html").read_bytes())
        outcome = bring(stages, "revised", place(there, address), home)
    assert (outcome.fault, outcome.line) == ("not_shown", f"{address}: 2024-03.r1")


def test_a_page_may_be_named_where_a_folder_is_not_answered(stages: Path, tmp_path: Path) -> None:
    def no_folders(path: str, true: Answer) -> Answer:
        return true if path else Answer(b"<ListBucketResult/>", 403)

    there = tmp_path / "there"
    with web(there, no_folders) as address:
        of_folder = bring(stages, "published", place(there, address), tmp_path / "one")
        page = place(there, f"{address}index.html")
        of_page = bring(stages, "published", page, tmp_path / "two")
    assert (of_folder.fault, of_page.state) == ("silent", "confirmed")


def expired(folder: Path) -> Path:
    """A key with a certificate that ran out yesterday."""
    key, request, both = (folder / name for name in ("key.pem", "request.pem", "both.pem"))
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    for command in (
        ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request],
        ["x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", both,
         "-extfile", folder / "names"],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + both.read_bytes())
    return both


def test_a_certificate_that_ran_out_is_not_trusted(stages: Path, tmp_path: Path) -> None:
    certificate, there = expired(tmp_path), tmp_path / "there"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        with web(there, honest, certificate) as address:
            outcome = bring(stages, "published", place(there, address), tmp_path / "home")
    assert (outcome.state, outcome.fault) == ("behind", "insecure")
    assert "certificate has expired" in outcome.line
