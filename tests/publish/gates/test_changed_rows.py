"""What frictionless is given of a release that follows another: the rows that changed.

Belongs here: which rows are left out, and every reason to leave out none. Does not: that each gate
stops what it must (``test_gates``).
"""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from publish.gates.package import frictionless_agrees, package_of_changes
from publish.model import DESCRIPTOR, SUMS, Draft
from publish.release.comparison import Candidate
from tests.publish.small_release import (
    FIRST_RELEASE,
    Row,
    candidate,
    second_release,
    unjudged,
)

REVISED = "CKMB"


def other_score(row: Row) -> Row:
    return row | ({"score": 8.26} if row["metric_code"] == REVISED else {})


@pytest.fixture
def second(good_draft: Draft, tmp_path: Path) -> Draft:
    """The release after one that lies in a folder."""
    first = unjudged(good_draft, tmp_path / "first")
    digest = hashlib.sha256(first.sums).hexdigest()
    out = replace(FIRST_RELEASE, folder=first.folder, digest=digest)
    return replace(second_release(good_draft, "scores", other_score), previous=out)


def given(judged: Candidate, tmp_path: Path) -> dict[str, list[list[str]]]:
    """The rows of each table that frictionless is given, its heading first; none if all are."""
    folder = tmp_path / "given"
    folder.mkdir()
    place = package_of_changes(judged.folder, judged.draft.previous, folder)
    if place is None:
        return {}
    described = json.loads(place.read_text())["resources"]
    tables = {one["name"]: one["path"] for one in described if one.get("type") == "table"}
    return {
        name: list(csv.reader((folder / path).read_text().splitlines()))
        for name, path in tables.items()
        if not path.startswith("data/")
    }


def test_of_long_tables_only_the_changed_rows_are_given(second: Draft, tmp_path: Path) -> None:
    rows = given(candidate(second, tmp_path / "x"), tmp_path)
    heading, *changed = rows["scores"]
    assert {row[heading.index("metric_code")] for row in changed} == {REVISED}
    assert len(rows["dossier-statistics"]) == 1, "its heading"


def test_a_table_that_codes_stand_in_is_given_whole(second: Draft, tmp_path: Path) -> None:
    rows = given(candidate(second, tmp_path / "x"), tmp_path)
    assert not {"units", "metrics", "indicators", "obs-status"} & rows.keys()


def test_every_whole_file_is_given_with_its_digest(second: Draft, tmp_path: Path) -> None:
    judged, folder = candidate(second, tmp_path / "x"), tmp_path / "given"
    folder.mkdir()
    place = package_of_changes(judged.folder, second.previous, folder)
    assert place is not None
    whole = {r["path"]: r["hash"] for r in json.loads(judged.files[DESCRIPTOR])["resources"]}
    cut = {r["path"]: r.get("hash") for r in json.loads(place.read_text())["resources"]}
    assert whole.items() <= cut.items()


def test_a_good_release_passes(second: Draft, tmp_path: Path) -> None:
    assert list(frictionless_agrees(candidate(second, tmp_path / "x"))) == []


def last_row(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        *before, last = content.splitlines(keepends=True)
        return b"".join([*before, change(last)])

    return changed


@pytest.mark.parametrize(
    "change",
    [
        last_row(lambda line: line.replace(b"2024-", b"20x4-", 1)),
        last_row(lambda line: line.replace(b"\n", b",1\n")),
        last_row(lambda line: line.replace(b"Z00", b"Z77", 1)),
        lambda content: content.replace(b"period", b"times", 1),
    ],
    ids=["a period that is none", "a cell too many", "a unit that is none", "another heading"],
)  # fmt: skip
def test_what_is_wrong_in_a_changed_row_is_found(
    second: Draft, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    path = "data/dossier_statistics.csv"
    content = change(candidate(second, tmp_path / "good").files[path])
    assert list(frictionless_agrees(candidate(second, tmp_path / "x", files={path: content})))


def test_a_row_that_is_there_twice_is_found(second: Draft, tmp_path: Path) -> None:
    path = "data/dossier_statistics.csv"
    content = candidate(second, tmp_path / "good").files[path]
    twice = content + content.splitlines(keepends=True)[-1]
    assert list(frictionless_agrees(candidate(second, tmp_path / "x", files={path: twice})))


def redescribed(name: str) -> Callable[[Row], None]:
    def change(descriptor: Row) -> None:
        (resource,) = (one for one in descriptor["resources"] if one["name"] == name)
        resource["schema"]["description"] = "another"

    return change


def other_program(descriptor: Row) -> None:
    descriptor["generatedBy"]["version"] = "another"


def test_rows_are_read_again_under_another_schema(second: Draft, tmp_path: Path) -> None:
    rows = given(candidate(second, tmp_path / "x", describing=redescribed("scores")), tmp_path)
    assert "scores" not in rows
    assert "dossier-statistics" in rows


def test_rows_are_read_again_by_another_program(second: Draft, tmp_path: Path) -> None:
    assert given(candidate(second, tmp_path / "x", describing=other_program), tmp_path) == {}


def test_rows_are_read_again_with_another_list_of_codes(second: Draft, tmp_path: Path) -> None:
    path = "data/metrics.csv"
    content = candidate(second, tmp_path / "good").files[path] + b"\n"
    rows = given(candidate(second, tmp_path / "x", files={path: content}), tmp_path)
    assert "scores" not in rows
    assert "dossier-statistics" in rows, "it has no metrics"


@pytest.mark.parametrize("name", ["data/scores.csv", DESCRIPTOR, SUMS])
def test_a_release_before_that_is_not_what_went_out_tells_nothing(
    second: Draft, tmp_path: Path, name: str
) -> None:
    assert second.previous
    place = second.previous.folder / name
    place.write_bytes(place.read_bytes().replace(b"2", b"3"))
    assert "scores" not in given(candidate(second, tmp_path / "x"), tmp_path)


def test_a_cell_of_several_lines_is_never_cut(second: Draft, tmp_path: Path) -> None:
    path = "data/scores.csv"
    content = candidate(second, tmp_path / "good").files[path].replace(b"CKMB", b'"CK\nMB"')
    judged = candidate(second, tmp_path / "x", files={path: content})
    assert "scores" not in given(judged, tmp_path)
