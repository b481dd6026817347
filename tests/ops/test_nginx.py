"""The shipped configuration of nginx, in a real nginx that serves a real portal."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from publish.portal.server import serving
from tests.command_line import copy_home
from tests.ops.nginx import MARK, nginx

pytestmark = MARK
RELEASE = "releases/2026-09/r1/"
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def web(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A reader of the sample's portal."""
    root = published_home / "portal" / "current"
    work = tmp_path_factory.mktemp("nginx") / "work"
    with nginx(root, work) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", ["", "en/index.html", "index.json", "data/scores.csv", "latest/"])
def test_what_may_change_is_asked_for_again_and_costs_nothing_if_it_did_not(
    path: str, web: httpx.Client
) -> None:
    path = path or "index.html"
    answer = web.get(path if path != "latest/" else "latest/datapackage.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    again = web.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["datapackage.json", "data/scores.csv", "formats/scores.xlsx"])
def test_a_release_may_be_kept_for_a_year(path: str, web: httpx.Client) -> None:
    assert web.get(RELEASE + path).headers["Cache-Control"] == FOR_EVER


def test_an_answer_that_is_no_release_is_never_kept(web: httpx.Client) -> None:
    answer = web.get("releases/2026-09/r9/datapackage.json")
    assert answer.status_code == 404
    assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize(
    "path", ["data/scores.csv", f"{RELEASE}data/scores.csv", f"{RELEASE}formats/scores.parquet",
             "latest/data/scores.csv"],
)  # fmt: skip
def test_a_data_file_says_where_its_description_is(path: str, web: httpx.Client) -> None:
    answer = web.get(path)
    described = answer.links["describedby"]["url"]
    package = web.get(answer.url.join(described))
    assert package.json()["name"] == "hp-chat-luong-phuc-vu"


def test_a_page_has_no_description(web: httpx.Client) -> None:
    assert "Link" not in web.get("don-vi/index.html").headers


def test_any_site_may_read_the_data(web: httpx.Client) -> None:
    assert web.get("data/scores.json").headers["Access-Control-Allow-Origin"] == "*"


def test_texts_are_compressed_and_what_is_compressed_already_is_not(web: httpx.Client) -> None:
    def coding(path: str) -> str | None:
        return web.get(path, headers={"Accept-Encoding": "gzip"}).headers.get("Content-Encoding")

    assert {coding(p) for p in ("", "data/scores.csv", "catalog.jsonld", "feed.atom")} == {"gzip"}
    assert {coding(p) for p in ("data/scores.parquet", "data/scores.xlsx")} == {None}


def test_every_kind_of_file_has_the_type_that_the_preview_gives_it(
    web: httpx.Client, published_home: Path
) -> None:
    root = (published_home / "portal" / "current").resolve()
    shown = (path for path in root.rglob("*") if path.is_file() and path.name[0] != ".")
    kinds = {path.suffix: path.relative_to(root) for path in shown}
    kinds["SHA256SUMS"] = Path(RELEASE) / "SHA256SUMS"
    for path in kinds.values():
        told = web.get(path.as_posix()).headers["Content-Type"]
        assert told == serving().type_of(path.name), path


def test_whoever_asks_too_often_is_told_when_to_come_again(
    published_home: Path, tmp_path: Path
) -> None:
    fewer = {"burst=300 nodelay": "burst=5 nodelay"}
    root = published_home / "portal" / "current"
    with nginx(root, tmp_path / "work", fewer) as address, httpx.Client(base_url=address) as client:
        answers = [client.get("index.json") for _ in range(200)]
    told = {answer.status_code: answer.headers for answer in answers}
    assert told.keys() == {200, 429}
    assert told[429]["Retry-After"] == "10"
    assert "Retry-After" not in told[200]


def test_more_connections_of_one_address_than_are_allowed_are_refused(
    published_home: Path, tmp_path: Path
) -> None:
    """A connection counts while it asks: one that is slow to read what it asked for holds on."""
    fewer = {"limit_conn cchc_connections 150": "limit_conn cchc_connections 1"}
    home = copy_home(published_home, tmp_path / "home")
    site = (home / "portal" / "current").resolve()
    (site / "large.csv").write_bytes(b"x" * 20_000_000)
    with nginx(home / "portal" / "current", tmp_path / "work", fewer) as address:
        with httpx.stream("GET", f"{address}large.csv", headers={"Accept-Encoding": "identity"}):
            assert httpx.get(f"{address}index.json").status_code == 429
        assert httpx.get(f"{address}index.json").status_code == 200


def test_where_tls_ends_here_browsers_are_told_to_keep_to_it(
    web: httpx.Client, published_home: Path, tmp_path: Path
) -> None:
    assert "Strict-Transport-Security" not in web.get("").headers
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += ["-nodes", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=127.0.0.1"]
    subprocess.run(
        [*made, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    ending = f"ssl_certificate {certificate}; ssl_certificate_key {key};\n    server_tokens off;"
    with nginx(
        published_home / "portal" / "current", tmp_path / "work",
        {"server_tokens off;": ending}, listen="ssl",
    ) as address:  # fmt: skip
        trusted = ssl.create_default_context(cafile=certificate)
        answer = httpx.get(address.replace("http:", "https:"), verify=trusted)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_switch_is_seen_at_once(published_home: Path, tmp_path: Path) -> None:
    home = copy_home(published_home, tmp_path / "home")
    current = home / "portal" / "current"
    with nginx(current, tmp_path / "work") as address:
        assert httpx.get(f"{address}index.json").status_code == 200
        (home / "portal" / "next").symlink_to(tmp_path)
        (home / "portal" / "next").rename(current)
        assert httpx.get(f"{address}index.json").status_code == 404
