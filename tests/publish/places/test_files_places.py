"""Places made of files, on real servers: the old or the new, whole, at every moment."""

import os
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from publish.places import rclone
from publish.places.declared import DeclaredPlace
from publish.places.files import FilesPlace
from tests.publish.places.lines import cut_after, slow_line
from tests.publish.places.rounds import bring, lines_of, sight, site_of, watched
from tests.publish.places.servers import (
    MARK,
    PASSWORD,
    also_known,
    mounted,
    place_at,
    secrets_of,
    serving,
)
from tests.publish.places.stages import STAGES

pytestmark = MARK
SENDING = rclone.sending()
SHOWN = {
    "published": "1: 2024-03.r1", "revised": "2: 2024-04.r1", "rolled_back": "3: 2024-03.r1",
    "retracted": "4: 2024-03.r1",
}  # fmt: skip


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Passwords are given by the environment."""
    return monkeypatch


def give(secrets: pytest.MonkeyPatch, kind: str, **more: str) -> None:
    for name, value in secrets_of(kind, **more).items():
        secrets.setenv(name, value)


def shown(place: DeclaredPlace) -> str:
    with httpx.Client() as client:
        return sight(place, client)


def follow(stages: Path, place: DeclaredPlace, home: Path, told: tuple[str, ...]) -> None:
    """At each stage the place comes to show it, and a reader sees what was or what is."""
    before = "nothing"
    for day, stage in enumerate(told):
        with watched(place) as seen:
            outcome = bring(stages, stage, place, home, days=day)
        assert (outcome.state, outcome.line) == ("confirmed", "")
        assert shown(place) == SHOWN[stage]
        assert seen <= {before, SHOWN[stage]}
        before = SHOWN[stage]


def test_a_mounted_folder_follows_by_one_link(stages: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "there", "link") as place:
        follow(stages, place, tmp_path / "home", STAGES)
        gone = httpx.get(f"{place.address}releases/2024-04/r1/SHA256SUMS")
    assert gone.status_code == 404
    kept = {path.name for path in (tmp_path / "there" / "sites").iterdir() if path.is_dir()}
    assert kept == {site_of(stages, "retracted")}, "no older site still holds what was retracted"


@pytest.mark.parametrize("kind", ["sftp", "s3"])
def test_a_server_follows_by_its_pointer(
    kind: str, stages: Path, tmp_path: Path, secrets: pytest.MonkeyPatch
) -> None:
    give(secrets, kind)
    with serving(kind, tmp_path / "there") as server, place_at(server) as place:
        follow(stages, place, tmp_path / "home", STAGES[:2])


def test_what_did_not_change_is_not_sent_again(stages: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "there", "page") as place:
        first = bring(stages, "published", place, tmp_path / "home")
        second = bring(stages, "revised", place, tmp_path / "home")
        again = bring(stages, "revised", place, tmp_path / "home")
    assert 0 < second.files < first.files * 2
    site = tmp_path / "there" / "sites" / site_of(stages, "revised")
    kept = site / "releases" / "2024-03" / "r1" / "data" / "scores.csv"
    assert kept.stat().st_nlink > 1, "taken over within the place"
    assert (again.state, again.sent, again.since) == ("stands", 0, "2024-06-10T01:00:00Z")


def test_a_place_that_cannot_be_reached_is_behind_and_follows_later(
    stages: Path, tmp_path: Path, secrets: pytest.MonkeyPatch
) -> None:
    give(secrets, "s3")
    home = tmp_path / "home"
    with serving("s3", tmp_path / "there") as server, place_at(server) as place:
        port = server.port
        assert bring(stages, "published", place, home).state == "confirmed"
        server.process.kill()
        server.process.wait()
        late = bring(stages, "revised", place, home)
        assert (late.state, late.fault, late.shows) == ("behind", "unreachable", "2024-03.r1")
        assert shown(place) == SHOWN["published"]
        with serving("s3", tmp_path / "there", port):
            assert bring(stages, "revised", place, home).state == "confirmed"
        assert shown(place) == SHOWN["revised"]
    assert [line.act for line in lines_of(home)] == ["confirmed", "failed", "confirmed"]


def test_a_line_that_is_cut_in_the_middle_leaves_the_old_whole(
    stages: Path, tmp_path: Path, secrets: pytest.MonkeyPatch
) -> None:
    give(secrets, "sftp")
    home = tmp_path / "home"
    with serving("sftp", tmp_path / "there") as server, place_at(server) as place:
        assert bring(stages, "published", place, home).state == "confirmed"
        with cut_after(server.port, 200_000) as port:
            also_known(server, port)
            broken = place.model_copy(update={"remote": server.remote(port=str(port))})
            assert bring(stages, "revised", broken, home).fault == "unreachable"
        assert shown(place) == SHOWN["published"]
        assert bring(stages, "revised", place, home).state == "confirmed"
        assert shown(place) == SHOWN["revised"]


def test_a_wrong_password_and_a_changed_host_key_are_told_apart(
    stages: Path, tmp_path: Path, secrets: pytest.MonkeyPatch
) -> None:
    give(secrets, "sftp", password=PASSWORD[::-1])
    home = tmp_path / "home"
    with serving("sftp", tmp_path / "there") as server, place_at(server) as place:
        assert bring(stages, "published", place, home).fault == "refused"
        give(secrets, "sftp")
        known = server.known_hosts
        assert known is not None
        with serving("sftp", tmp_path / "another") as another:
            assert another.known_hosts is not None
            keys = another.known_hosts.read_text()
        known.write_text(keys.replace(f":{another.port} ", f":{server.port} "))
        changed = bring(stages, "published", place, home)
    assert changed.fault == "host_key"
    assert changed.shows == ""


def test_what_readers_do_not_come_to_see_is_not_confirmed(stages: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "there", "page") as place, mounted(tmp_path / "else", "page") as other:
        wrong = place.model_copy(update={"shown_at": other.shown_at})
        outcome = bring(stages, "published", wrong, tmp_path / "home")
    assert (outcome.state, outcome.fault) == ("behind", "not_whole")


def test_a_damaged_file_leads_readers_back_to_the_site_before(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with mounted(tmp_path / "there", "link") as place:
        assert bring(stages, "published", place, home).state == "confirmed"
        switched = FilesPlace.point

        def damage(self: FilesPlace, name: str, release: str) -> None:
            switched(self, name, release)
            if release == "2024-04.r1":
                file = tmp_path / "there" / "sites" / name / "index.html"
                file.unlink()
                file.write_text("hỏng")

        monkeypatch.setattr(FilesPlace, "point", damage)
        outcome = bring(stages, "revised", place, home)
        assert (outcome.state, outcome.fault) == ("behind", "not_whole")
        assert shown(place) == SHOWN["published"]
    assert [line.act for line in lines_of(home)] == ["confirmed", "rolled_back", "failed"]


@pytest.mark.parametrize("pointer", ["page", "link"])
def test_a_file_that_somebody_changed_there_is_told_and_mended_by_the_next_round(
    pointer: str, stages: Path, tmp_path: Path
) -> None:
    home, there = tmp_path / "home", tmp_path / "there"
    with mounted(there, pointer) as place:
        assert bring(stages, "published", place, home).state == "confirmed"
        file = there / "sites" / site_of(stages, "published") / "index.html"
        right, times = file.read_bytes(), file.stat()
        file.write_bytes(right[::-1])
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert bring(stages, "published", place, home).fault == "not_whole"
        assert bring(stages, "published", place, home).state == "confirmed"
    assert file.read_bytes() == right


def test_what_a_mounted_folder_refuses_is_told_as_of_the_place(
    stages: Path, tmp_path: Path
) -> None:
    (tmp_path / "there" / "current" / "of somebody else").mkdir(parents=True)
    with mounted(tmp_path / "there", "link") as place:
        outcome = bring(stages, "published", place, tmp_path / "home")
    assert (outcome.state, outcome.fault) == ("behind", "other")
    assert "Is a directory" in outcome.line


def test_a_place_that_was_put_back_by_others_is_told_and_brought_there_again(
    stages: Path, tmp_path: Path
) -> None:
    home, link = tmp_path / "home", tmp_path / "there" / "current"
    with mounted(tmp_path / "there", "link") as place:
        bring(stages, "published", place, home)
        old = link.readlink()
        bring(stages, "revised", place, home, days=1)
        link.unlink()
        link.symlink_to(old)
        outcome = bring(stages, "revised", place, home, days=2)
        assert (outcome.state, outcome.since) == ("confirmed", "2024-06-12T01:00:00Z")
        assert shown(place) == SHOWN["revised"]
    gone = lines_of(home)[2]
    assert (gone.act, gone.line) == ("gone", f"gone: {place.front}: 2024-03.r1")


def test_a_sending_that_takes_too_long_is_ended_and_leaves_the_old_whole(
    stages: Path, tmp_path: Path, secrets: pytest.MonkeyPatch
) -> None:
    give(secrets, "s3")
    home = tmp_path / "home"
    with serving("s3", tmp_path / "there") as server, place_at(server) as place:
        assert bring(stages, "published", place, home).state == "confirmed"
        with slow_line(server.port, 20_000, 0.1) as port:
            slow = server.remote(endpoint=f"http://127.0.0.1:{port}")
            secrets.setattr(rclone, "sending", lambda: replace(SENDING, longest_seconds=3))
            late = bring(stages, "revised", place.model_copy(update={"remote": slow}), home)
        assert (late.state, late.fault, late.line) == ("behind", "slow", "3 s")
        assert shown(place) == SHOWN["published"]


def test_sample_data_never_goes_to_a_real_place(stages: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "there", "page", production=True) as place:
        outcome = bring(stages, "sample", place, tmp_path / "home")
    assert (outcome.state, outcome.fault) == ("behind", "sample")
    assert not (tmp_path / "there" / "sites").exists()
