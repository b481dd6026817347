"""The portal folder: immutable releases, one pointer."""

import subprocess
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import CheckFailedError, UsageError
from publish.model import SUMS, ReleaseId
from publish.portal.publication import publish
from publish.store.reading import verify_sums
from publish.store.store import Portal, discard, move_into_place, switch, write_files
from tests.publish.small_release import MARCH, small_draft, unjudged

# Names


@pytest.mark.parametrize("text", ["2024-03", "2024-03.r0", "2024-3.r1", "2024-13.r1", "x", ""])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        ReleaseId.parse(text)


def test_releases_are_ordered_by_month_and_then_by_number() -> None:
    names = ["2024-03.r10", "2024-04.r1", "2024-03.r9", "2023-12.r1"]
    ordered = [str(release) for release in sorted(map(ReleaseId.parse, names))]
    assert ordered == ["2023-12.r1", "2024-03.r9", "2024-03.r10", "2024-04.r1"]


# Moves


def test_files_are_written_into_a_fresh_folder_only(tmp_path: Path) -> None:
    write_files(tmp_path / "new", {"a/b/c.txt": b"1", "d.txt": b"2"})
    assert (tmp_path / "new/a/b/c.txt").read_bytes() == b"1"
    with pytest.raises(FileExistsError):
        write_files(tmp_path / "new", {})


def test_a_release_never_replaces_another(tmp_path: Path) -> None:
    write_files(tmp_path / "built", {"a": b"new"})
    write_files(tmp_path / "store/r1", {"a": b"old"})
    with pytest.raises(CheckFailedError, match="exists already"):
        move_into_place(tmp_path / "built", tmp_path / "store/r1")
    assert (tmp_path / "store/r1/a").read_bytes() == b"old"


@pytest.mark.parametrize("fault", ["changed", "missing", "unlisted"])
def test_a_release_is_verified_file_by_file(fault: str, tmp_path: Path) -> None:
    folder = unjudged(small_draft(), tmp_path).folder
    verify_sums(folder)
    path = folder / ("data/more.csv" if fault == "unlisted" else "data/units.csv")
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(b"other")
    with pytest.raises(CheckFailedError, match=path.name):
        verify_sums(folder)


def test_the_sums_are_those_that_a_standard_tool_verifies(tmp_path: Path) -> None:
    folder = unjudged(small_draft(), tmp_path).folder
    command = ["sha256sum", "--check", "--strict", SUMS]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_switching_replaces_the_pointer_even_if_a_crash_left_its_scratch(portal: Portal) -> None:
    for name in ("one", "two"):
        write_files(portal.sites / name, {"index.json": b"{}"})
    switch(portal, portal.sites / "one")
    (portal.root / ".current.next").symlink_to("nowhere")
    switch(portal, portal.sites / "two")
    assert portal.current_site() == (portal.sites / "two").resolve()
    assert portal.current.readlink() == Path("sites/two")


def test_a_portal_that_was_moved_still_works(portal: Portal, tmp_path: Path) -> None:
    publish(unjudged(small_draft(), portal.scratch), portal)
    moved = portal.root.rename(tmp_path / "elsewhere")
    assert [str(release.id) for release in Portal(moved).published()] == ["2024-03.r1"]


def test_discarding_what_is_not_there_does_nothing(tmp_path: Path) -> None:
    discard(tmp_path / "absent")


# What is published


def test_an_untouched_portal_has_published_nothing(portal: Portal) -> None:
    assert portal.published() == ()
    assert portal.latest() is None


def test_a_published_release_is_read_back_from_its_record(portal: Portal) -> None:
    draft = small_draft()
    release = publish(unjudged(draft, portal.scratch), portal)
    assert release == portal.latest()
    assert (release.version, release.published_at) == ("1.0.0", "2024-05-10T01:00:00Z")
    assert release.periods == (MARCH,)
    assert dict(release.schema_digests) == dict(draft.schema_digests)


def test_a_lost_pointer_stops_publishing_instead_of_starting_anew(portal: Portal) -> None:
    publish(unjudged(small_draft(), portal.scratch), portal)
    portal.current.unlink()
    with pytest.raises(CheckFailedError, match=r"2024-03\.r1 was published") as refused:
        portal.published()
    assert "link it again" in refused.value.todo
    assert portal.release_folder(ReleaseId(MARCH, 1)).exists()
