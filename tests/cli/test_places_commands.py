"""``cchc mirror`` and ``confirm``, and what follows a publication, as the officer meets them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cchc_pipeline.cli.place_words import load_place_words
from cchc_pipeline.core.data import read_yaml
from publish.store.store import Portal
from tests.command_line import MONTH, SAMPLE_INBOX, cchc, copy_home, run
from tests.publish.places.servers import MARK
from tests.serving import served

pytestmark = [pytest.mark.usefixtures("settings_of_nobody"), MARK]
R1 = f"{MONTH}.r1"
PLACES = """
places:
  - name: city_portal
    title: {{vi: Cổng thử, en: The trial portal}}
    kind: files
    shown_at: {address}
    required: {required}
    remote: {{type: local}}
    path: {path}
    pointer: link
    wait_seconds: 0
  - name: one_stop
    title: {{vi: Một cửa thử, en: The trial one-stop system}}
    kind: manual
    shown_at: {address}
"""


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """A copy of an installation that has published September 2026."""
    return copy_home(published_home, tmp_path / "home")


@contextmanager
def declared(home: Path, there: Path, *, required: bool = True, shown: str = "") -> Iterator[str]:
    """Two places, one a folder that a web server shows; its address."""
    there.mkdir(exist_ok=True)
    with served(there / "current", [there]) as address:
        text = PLACES.format(address=shown or address, path=there, required=str(required).lower())
        (home / "places.yaml").write_text(text, encoding="utf-8")
        yield address


def test_every_text_stands_in_both_languages_with_the_same_names() -> None:
    words = load_place_words()
    texts = [*words.lines.values(), *words.not_seen.values()]
    texts += [part for fault in words.faults.values() for part in (fault.what, fault.todo)]
    for text in texts:
        named = [set(one.split("{")[1:]) and {p.split("}")[0] for p in one.split("{")[1:]}
                 for one in (text.vi, text.en)]  # fmt: skip
        assert named[0] == named[1], text


def test_every_refusal_that_is_told_apart_has_its_words() -> None:
    files = ("places/rclone.yaml", "places/ckan.yaml")
    kinds = {fault["kind"] for file in files for fault in read_yaml(file)["faults"]}
    assert kinds < set(load_place_words().faults)


def test_without_places_there_is_nothing_to_bring(home: Path) -> None:
    outcome = cchc("mirror", "--home", home)
    assert (outcome.code, outcome.out) == (0, "no place is declared (places.yaml)\n")


def test_a_place_is_brought_proved_and_told_by_status(home: Path, tmp_path: Path) -> None:
    with declared(home, tmp_path / "there"):
        before = json.loads(cchc("status", "--json", "--home", home).out)["places"]
        outcome = cchc("mirror", "--home", home)
        after = json.loads(cchc("status", "--json", "--home", home).out)["places"]
        told = cchc("status", "--home", home).out
    assert outcome.code == 0, outcome.err
    assert f"The trial portal: shows {R1}, every file read back at http://127.0.0.1" in outcome.out
    assert "cchc confirm one_stop MONTH" in outcome.out
    assert [place["behind"] for place in before] == [True, True]
    assert [(place["shows"], place["behind"]) for place in after] == [(R1, False), (None, True)]
    assert f"place The trial portal: shows {R1} since " in told


def test_a_required_place_that_does_not_follow_ends_with_4_and_an_alert(
    home: Path, tmp_path: Path
) -> None:
    with declared(home, tmp_path / "there", shown="http://127.0.0.1:9"):
        again = run(home, SAMPLE_INBOX, "--json")
        asked = cchc("mirror", "city_portal", "--home", home, "--json")
        mirror = cchc("mirror", "city_portal", "--home", home).out
        status = cchc("status", "--home", home).out
        alerts = cchc("alerts", "--home", home, "--json")
    assert again.code == 4
    document = json.loads(again.out)
    assert document["error"]["exit_code"] == 4
    assert document["places"][0]["fault"] == "silent"
    assert asked.code == 4
    assert "place_behind:city_portal" in json.loads(alerts.out)["open"]
    (why,) = {line.partition("): ")[2] for line in mirror.splitlines()}
    assert "the public address cannot be read (http://127.0.0.1:9" in why
    assert f"BEHIND, it should show {R1}: {why}" in status, "the same words"
    assert str(Portal(home / "portal").current.readlink()).endswith(R1), "the portal shows it"


def test_a_place_that_is_not_required_is_only_told(home: Path, tmp_path: Path) -> None:
    with declared(home, tmp_path / "there", required=False, shown="http://127.0.0.1:9"):
        outcome = cchc("mirror", "--home", home)
    assert outcome.code == 0
    assert f"does not show {R1}" in outcome.out


def test_a_month_that_others_put_on_their_page_is_written_down(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "there" / "current" / "trang.html"
    page.parent.mkdir(parents=True)
    page.write_bytes((home / "portal/current/nhung/index.html").read_bytes())
    with declared(home, tmp_path / "there") as address:
        at = ("--url", f"{address}trang.html", "--home", home)
        seen = cchc("confirm", "one_stop", MONTH, *at)
        other = cchc("confirm", "one_stop", "2026-08", *at)
        elsewhere = cchc("confirm", "one_stop", MONTH, "--url", "http://a.example/", "--home", home)
        sent = cchc("confirm", "city_portal", MONTH, *at)
        places = json.loads(cchc("status", "--json", "--home", home).out)["places"]
        page.write_text("<p>Trang đang bảo trì</p>")
        gone = cchc("confirm", "one_stop", MONTH, *at)
        gone_again = cchc("confirm", "one_stop", MONTH, *at)
        then = json.loads(cchc("status", "--json", "--home", home).out)["places"]
        told = cchc("status", "--home", home).out
    assert (gone.code, gone_again.code) == (1, 1)
    assert f"{MONTH} was confirmed there, and is written down as gone" in gone.problem
    assert "written down" not in gone_again.problem
    assert (then[1]["shows"], then[1]["behind"], then[1]["fault"]) == (None, True, "gone")
    assert "it was shown, and is not seen any more" in told
    assert seen.code == 0, seen.err
    assert f"{R1} of {MONTH} was seen at {address}trang.html" in seen.out
    assert "it is no publication: sample data" in seen.out
    assert (other.code, elsewhere.code, sent.code) == (1, 2, 2)
    assert f"the page shows {R1}, which is not of 2026-08" in other.problem
    assert (places[1]["shows"], places[1]["behind"]) == (R1, False)
