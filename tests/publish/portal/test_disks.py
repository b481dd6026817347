"""Disks that are full, read-only, or not the portal's own: one clear line, and the old site intact.

The disks are real ones, of memory: mounting them takes a superuser.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import AfterwardsError, CchcError, CheckFailedError
from publish.model import ReleaseId
from publish.portal.publication import build, publish
from publish.release.comparison import Terms
from publish.store.store import Portal
from tests.command_line import SAMPLE_INBOX, SECOND, cchc, copy_home, run, shown
from tests.publish.crash_worker import faults, go_out, leftovers, next_draft
from tests.publish.small_release import APRIL, MARCH, THRESHOLD, unjudged

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser mounts a disk")
TERMS = Terms(production=False, threshold=THRESHOLD)
SIZE = 24 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place]
    must = "CCHC_TEST_ALL" in os.environ
    if subprocess.run(mount, check=must).returncode:
        pytest.skip("this superuser may not mount a disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def portal(disk: Path) -> Portal:
    """A portal on that disk, with March out."""
    portal = Portal(disk / "portal")
    portal.root.mkdir()
    go_out(portal, next_draft(portal))
    return portal


def fill(disk: Path, *, leaving: int) -> Path:
    """Take all but some bytes of a disk."""
    filler, free = disk / "filler", os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - leaving)
    return filler


@pytest.mark.parametrize("leaving", [8, 64, 128, 192, 256])
def test_a_full_disk_leaves_the_old_site_and_the_next_run_ends_well(
    leaving: int, portal: Portal, disk: Path
) -> None:
    built = unjudged(next_draft(portal), portal.scratch)
    filler = fill(disk, leaving=leaving * 1024)
    with pytest.raises(CheckFailedError, match="the disk is full -> free some space"):
        publish(built, portal)
    assert list(faults(portal)) == []
    latest = portal.latest()
    assert latest is not None
    assert latest.id == ReleaseId(MARCH, 1)
    filler.unlink()
    go_out(portal, next_draft(portal))
    assert (list(faults(portal)), leftovers(portal)) == ([], [])


def test_a_disk_that_is_full_while_building_says_so(portal: Portal, disk: Path) -> None:
    draft = next_draft(portal)
    fill(disk, leaving=8192)
    with pytest.raises(CheckFailedError, match="the disk is full"):
        build(draft, portal, draft.published_at, TERMS)
    assert list(faults(portal)) == []


def test_a_disk_that_fills_up_after_the_switch_does_not_take_the_release_back(
    portal: Portal, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = unjudged(next_draft(portal), portal.scratch)
    record = Portal.record_shown

    def full_from_now_on(shown: Portal) -> None:
        if str(shown.acts()[-1].release) == "2024-04.r1":
            fill(disk, leaving=0)
        record(shown)

    monkeypatch.setattr(Portal, "record_shown", full_from_now_on)
    with pytest.raises(AfterwardsError, match=r"2024-04\.r1 is shown, but then: the disk") as told:
        publish(built, portal)
    assert told.value.exit_code == 4
    latest = portal.latest()
    assert latest is not None
    assert latest.id == ReleaseId(APRIL, 1)
    assert list(faults(portal)) == []


def test_a_read_only_disk_says_so_and_keeps_its_site(portal: Portal, disk: Path) -> None:
    built = unjudged(next_draft(portal), portal.scratch)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(CchcError, match="the disk is read-only -> mount it for writing"):
        publish(built, portal)
    assert list(faults(portal)) == []


def test_a_store_on_another_disk_is_filled_by_way_of_a_copy_beside_it(
    disk: Path, tmp_path: Path
) -> None:
    portal = Portal(tmp_path / "portal")
    portal.root.mkdir()
    (disk / "store").mkdir()
    portal.store.symlink_to(disk / "store")
    for _ in range(2):
        go_out(portal, next_draft(portal))
    assert (disk / "store/2024-04/r1/data/scores.csv").is_file()
    assert (list(faults(portal)), leftovers(portal)) == ([], [])


@pytest.mark.parametrize("leaving", [16, 256, 1024])
@pytest.mark.usefixtures("settings_of_nobody")
def test_a_run_in_a_home_that_is_full_is_one_line_and_the_old_site_stays(
    leaving: int, disk: Path, march_home: Path
) -> None:
    home = copy_home(march_home, disk / "home")
    before = shown(home)
    fill(disk, leaving=leaving * 1024)
    outcome = run(home, SAMPLE_INBOX, at=SECOND)
    assert (outcome.code, outcome.problem.count("\n")) == (1, 0)
    assert "the disk is full -> free some space" in outcome.problem
    assert shown(home) == before


@pytest.mark.usefixtures("settings_of_nobody")
def test_neither_a_copy_nor_a_restoration_leaves_anything_on_a_full_disk(
    disk: Path, march_home: Path, tmp_path: Path
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    assert cchc("backup", tmp_path / "copy", "--home", home).code == 0
    fill(disk, leaving=128 * 1024)
    for command in (
        ("backup", disk / "copy", "--home", home),
        ("restore", tmp_path / "copy", "--home", disk / "new"),
    ):
        outcome = cchc(*command)
        assert (outcome.code, outcome.problem.count("\n")) == (1, 0)
        assert "the disk is full -> free some space" in outcome.problem
        assert [path.name for path in disk.iterdir()] == ["filler"]
