"""Going out: what is built is what is judged and shown, and a reader never sees a broken site."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import CheckFailedError
from publish.gates.gates import Verdict
from publish.model import PUBLISHED_TABLES, SUMS, Draft
from publish.portal.acts import Step, steps_of
from publish.portal.publication import build, publish, release_files
from publish.release.comparison import Terms
from publish.store.reading import verify_sums
from publish.store.store import Portal, write_files
from tests.publish import small_release
from tests.publish.crash_worker import faults, go_out, leftovers, next_draft
from tests.publish.small_release import (
    IDENTITY,
    MARCH,
    MOMENT,
    THRESHOLD,
    small_draft,
    small_tables,
    unjudged,
    whole_once,
)

TERMS = Terms(production=True, threshold=THRESHOLD)


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# The files of a release


def test_a_release_has_its_tables_in_four_forms_and_what_explains_them(good_draft: Draft) -> None:
    expected = {"datapackage.json", "release.json", "CHANGES.md", "LICENSE.md", "verify.py"}
    expected |= {"croissant.json", f"{IDENTITY.package}.xlsx", f"{IDENTITY.package}.zip"}
    for name in PUBLISHED_TABLES:
        forms = (f"formats/{name}.{ending}" for ending in ("parquet", "json", "xlsx"))
        expected |= {f"data/{name}.csv", *forms}
    assert release_files(good_draft).keys() == expected
    assert whole_once(good_draft).keys() == expected | {"quality.json", SUMS}


def test_the_sums_name_every_other_file_with_its_digest(good_draft: Draft) -> None:
    files = whole_once(good_draft)
    listed = dict(line.split("  ")[::-1] for line in files.pop(SUMS).decode().splitlines())
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_the_record_tells_the_release_its_rows_and_its_sources(good_draft: Draft) -> None:
    record = json.loads(release_files(good_draft)["release.json"])
    assert (record["id"], record["version"], record["previous"]) == ("2024-03.r1", "1.0.0", None)
    assert record["rows"]["scores"] == 21
    assert record["sources"][0]["captured_at"] == "2024-04-05T03:00:00Z"


def test_two_builds_in_two_folders_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_release, "written_once", release_files)
    one = unjudged(small_draft(), tmp_path / "one")
    two = unjudged(small_draft(), tmp_path / "two")
    assert content_of(one.folder) == content_of(two.folder)
    assert len(content_of(one.folder)) == 4 * len(PUBLISHED_TABLES) + 10


def test_two_publications_in_two_portals_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_release, "written_once", release_files)
    for name in ("one", "two"):
        go_out(Portal(tmp_path / name), small_draft())
    sites = [Portal(tmp_path / name).current_site() for name in ("one", "two")]
    assert content_of(sites[0] or tmp_path) == content_of(sites[1] or tmp_path)


def test_what_changed_is_told_by_table(good_draft: Draft) -> None:
    text = release_files(good_draft)["CHANGES.md"].decode()
    assert text.startswith("# 2024-03.r1 (1.0.0)\n")
    assert "DỮ LIỆU MẪU" not in text
    assert "DỮ LIỆU MẪU" in release_files(small_draft(sample=True))["CHANGES.md"].decode()


def test_the_terms_of_reuse_are_those_of_the_settings(good_draft: Draft) -> None:
    terms = release_files(good_draft)["LICENSE.md"].decode()
    assert IDENTITY.license_name in terms
    assert IDENTITY.publisher in terms


# Build and judge


def test_a_built_draft_lies_out_of_sight_and_was_judged(portal: Portal) -> None:
    built = build(small_draft(), portal, MOMENT, TERMS)
    assert built.failures() == []
    assert built.folder.is_relative_to(portal.scratch)
    assert built.bytes == sum(map(len, content_of(built.folder).values()))
    assert portal.latest() is None


def test_a_file_that_has_not_changed_is_the_file_of_the_release_before(portal: Portal) -> None:
    first = publish(build(small_draft(), portal, MOMENT, TERMS), portal)
    draft = next_draft(portal)
    built = build(draft, portal, draft.published_at, TERMS)
    second = publish(replace(built, gates=()), portal)
    one, other = content_of(first.folder), content_of(second.folder)
    alike = {name for name, content in one.items() if other[name] == content}
    linked = {name for name in one if (first.folder / name).samefile(second.folder / name)}
    assert linked == alike
    assert {"data/units.csv", "formats/units.json", "formats/units.parquet"} <= alike
    assert not {"data/scores.csv", SUMS, "datapackage.json"} & alike
    verify_sums(second.folder)


def test_an_earlier_file_with_other_bytes_is_not_linked(tmp_path: Path) -> None:
    earlier, later = tmp_path / "earlier", tmp_path / "later"
    write_files(earlier, {"a/one": b"1", "a/other": b"2"})
    write_files(later, {"a/one": b"1", "a/other": b"3", "new": b"4"}, earlier)
    assert content_of(later) == {"a/one": b"1", "a/other": b"3", "new": b"4"}
    assert content_of(earlier) == {"a/one": b"1", "a/other": b"2"}
    assert (later / "a/one").samefile(earlier / "a/one")


def test_where_a_disk_has_no_links_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    write_files(tmp_path / "earlier", {"one": b"1"})
    write_files(tmp_path / "later", {"one": b"1"}, tmp_path / "earlier")
    assert content_of(tmp_path / "later") == {"one": b"1"}
    assert not (tmp_path / "later/one").samefile(tmp_path / "earlier/one")


def test_each_file_of_a_release_is_written_once(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    opened = Path.open

    def noted(path: Path, mode: str = "r", *given: Any, **other: Any) -> Any:
        written.extend([path] * (mode == "xb"))
        return opened(path, mode, *given, **other)

    monkeypatch.setattr(Path, "open", noted)
    built = build(small_draft(), portal, MOMENT, TERMS)
    assert sorted(written) == sorted(built.folder / name for name in content_of(built.folder))


def test_every_file_and_folder_of_a_release_is_written_through_to_the_disk(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    monkeypatch.setattr("os.fsync", lambda file: synced.add(os.fstat(file).st_ino))
    built = build(small_draft(), portal, MOMENT, TERMS)
    made = [built.folder, *built.folder.rglob("*")]
    assert {path.stat().st_ino for path in made} <= synced


def test_a_sample_is_refused_by_a_production_portal(portal: Portal) -> None:
    built = build(small_draft(sample=True), portal, MOMENT, TERMS)
    with pytest.raises(CheckFailedError, match="sample_stays_out_of_production"):
        publish(built, portal)
    assert not portal.current.exists()
    assert not portal.store.exists()


def test_a_portal_that_showed_a_sample_cannot_become_production(portal: Portal) -> None:
    go_out(portal, small_draft(sample=True))
    built = build(next_draft(portal), portal, MOMENT, TERMS)
    assert any("shows samples: 2024-03.r1" in line for line in built.failures())


def test_one_failed_gate_is_enough_to_publish_nothing(portal: Portal) -> None:
    built = replace(
        unjudged(small_draft(), portal.scratch),
        gates=(Verdict("good", ""), Verdict("bad", "", ("row 7 is lost",))),
    )
    with pytest.raises(CheckFailedError, match=r"2024-03\.r1: bad: row 7 is lost"):
        publish(built, portal)
    assert not portal.current.exists()


def test_what_lies_in_the_scratch_folder_must_be_what_was_judged(portal: Portal) -> None:
    judged = unjudged(small_draft(), portal.scratch)
    (judged.folder / SUMS).write_bytes(b"another's")
    with pytest.raises(CheckFailedError, match="another publication came between"):
        publish(judged, portal)


def test_a_draft_that_another_publication_overtook_is_refused(portal: Portal) -> None:
    overtaken = small_draft(tables=small_tables(), id=small_draft().id)
    go_out(portal, small_draft())
    with pytest.raises(CheckFailedError, match="run again"):
        publish(unjudged(overtaken, portal.scratch), portal)
    assert list(faults(portal)) == []


def test_a_file_that_the_disk_changed_after_the_gates_is_noticed(portal: Portal) -> None:
    built = unjudged(small_draft(), portal.scratch)
    (built.folder / "data/units.csv").write_bytes(b"worn out")
    with pytest.raises(CheckFailedError, match=r"digests differ: data/units\.csv"):
        publish(built, portal)
    assert not portal.current.exists()


def test_a_site_with_a_broken_link_is_never_shown(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_out(portal, small_draft())
    page = b'<a href="absent.html">x</a>'
    monkeypatch.setattr("publish.site.kept.render", lambda *given: page)
    with pytest.raises(CheckFailedError, match="leads nowhere"):
        go_out(portal, next_draft(portal))
    latest = portal.latest()
    assert latest is not None
    assert latest.id.month == MARCH
    assert list(faults(portal)) == []


# What a reader sees


def test_after_each_step_the_site_that_is_shown_is_whole(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_out(portal, small_draft())
    shown: list[str] = []

    def looked_at(*given: Any) -> tuple[Step, ...]:
        return tuple(
            Step(step.name, lambda step=step: (step.do(), shown.append(_seen(portal))))
            for step in steps_of(*given)
        )

    monkeypatch.setattr("publish.portal.acts.steps_of", looked_at)
    go_out(portal, next_draft(portal))
    assert shown == ["2024-03.r1"] * 7 + ["2024-04.r1"] * 3
    assert leftovers(portal) == []


def _seen(portal: Portal) -> str:
    latest = portal.latest()
    assert latest is not None
    assert list(faults(portal)) == []
    return str(latest.id)


def test_every_release_stays_where_it_was(portal: Portal) -> None:
    for _ in range(3):
        go_out(portal, next_draft(portal))
    site = portal.current_site()
    assert site is not None
    index = json.loads((site / "index.json").read_text())
    assert [entry["id"] for entry in index["releases"]] == [
        "2024-03.r1", "2024-04.r1", "2024-04.r2",
    ]  # fmt: skip
    assert [entry["status"] for entry in index["releases"]] == ["superseded"] * 2 + ["current"]
    assert (site / "releases/2024-03/r1/datapackage.json").is_file()
    assert (site / "latest/release.json").read_bytes() == (
        site / "releases/2024-04/r2/release.json"
    ).read_bytes()
    assert (site / "data/scores.xlsx").is_file()
    assert list(faults(portal)) == []


def test_the_next_publication_clears_what_a_crash_left(portal: Portal) -> None:
    go_out(portal, small_draft())
    half = (
        portal.store / "2024-04/r1/data", portal.store / "2024-04/.r1.part",
        portal.pages / "2024-04.r1", portal.sites / "0002-2024-04.r1", portal.scratch,
    )  # fmt: skip
    for place in half:
        place.mkdir(parents=True, exist_ok=True)
        (place / "half").write_bytes(b"")
    go_out(portal, next_draft(portal))
    assert leftovers(portal) == []
    assert list(faults(portal)) == []


def test_what_was_ever_shown_is_not_cleared_even_if_the_pointer_was_moved_by_hand(
    portal: Portal,
) -> None:
    go_out(portal, next_draft(portal))
    march = portal.current_site()
    go_out(portal, next_draft(portal))
    assert march is not None
    portal.current.unlink()
    portal.current.symlink_to(march)
    draft = small_draft(
        id=replace(small_draft().id, number=2), published_at=MOMENT + timedelta(days=9),
        previous=portal.latest(),
    )  # fmt: skip
    go_out(portal, draft)
    assert (portal.store / "2024-04/r1" / SUMS).is_file()
    assert (portal.pages / "2024-04.r1/index.html").is_file()


def _deaths(folder: Path, scenario: str, number: int) -> dict[str, Any]:
    """What a process found that killed publications in a folder."""
    command = [
        sys.executable, "-m", "tests.publish.crash_worker", str(folder), scenario, str(number),
    ]  # fmt: skip
    said = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=300,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "number", "least"),
    [("first", 128, 8), ("again", 128, 8), ("lines", 0, 12), ("moments", 15, 15)],
)
def test_a_killed_publication_leaves_a_whole_site_and_the_next_one_ends_well(
    scenario: str, number: int, least: int, tmp_path: Path
) -> None:
    """At changes of the disk, after each line of the journal, and at random moments."""
    found = _deaths(tmp_path, scenario, number)
    assert found["problems"] == []
    assert found["points"] >= least
    assert found["old"] > 0
    assert found["new"] > 0 or scenario == "moments"  # a moment after the switch is rare
