"""``cchc verify`` on a folder: by the release's own descriptor, every damage is found and named."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import minisign
import pytest

from publish.gates.gates import CHECKS as OF_A_DRAFT
from publish.gates.gates import GATES, Verdict
from publish.model import DESCRIPTOR, SUMS, ReleaseId
from publish.package.signature import SIGNATURE, public_key, sign
from publish.store.reading import Subject
from publish.verify.checks import CHECKS, differences, verify
from tests.publish.small_release import MARCH, small_draft, with_table
from tests.publish.verify.damaged_release import (
    BAD_CELLS,
    DAMAGES,
    OUTSIDE,
    Damage,
    counted,
    in_csv,
    on_file,
    sealed,
    whole_release,
)

Row = dict[str, str]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release."""
    return whole_release(tmp_path / "r1")


def subject(folder: Path, **known: Any) -> Subject:
    """The release, listed by an index as it is now."""
    digest = hashlib.sha256((folder / SUMS).read_bytes()).hexdigest()
    return Subject("2024-03.r1", folder, "current", **({"digest": digest} | known))


def failed(verdicts: tuple[Verdict, ...]) -> dict[str, tuple[str, ...]]:
    return {verdict.name: verdict.failures for verdict in verdicts if verdict.failures}


def verdict(name: str, verdicts: tuple[Verdict, ...]) -> Verdict:
    return next(one for one in verdicts if one.name == name)


def test_a_whole_release_passes_and_what_was_not_checked_says_why(release: Path) -> None:
    verdicts = verify(subject(release))
    assert failed(verdicts) == {}
    assert [one.name for one in verdicts] == list(CHECKS)
    assert all(one.reason for one in verdicts if one.result == "not checked")
    assert verdict("formats_are_equal", verdicts).result == "passed"


KNOWN_FROM_ELSEWHERE = {
    "digests_are_those_of_the_index",
    "signature_is_good",
    "revisions_stand_in_the_figures",
    "revisions_begin_at_the_release_before",
}
"""Checks that need an index, a key or another release, and have a failing case further below."""


def test_every_check_has_a_case_that_fails_it() -> None:
    assert {damage.check for damage in DAMAGES} | KNOWN_FROM_ELSEWHERE == CHECKS.keys()


def test_what_a_draft_must_fulfil_is_asked_of_what_is_out_by_the_same_check() -> None:
    assert OF_A_DRAFT.keys() <= GATES.keys()
    assert all(CHECKS[name] is check for name, check in OF_A_DRAFT.items())


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damage_is_found_by_one_check_with_a_line_that_names_it(
    damage: Damage, release: Path
) -> None:
    damage.do(release)
    found = failed(verify(subject(release)))
    assert list(found) == [damage.check]
    assert damage.says in found[damage.check][0]


def test_another_number_in_parquet_is_found_where_all_digests_are_right(
    release: Path, tmp_path: Path
) -> None:
    other = with_table(small_draft(), "scores", lambda row: row | {"rank": 1})
    content = (whole_release(tmp_path / "other", other) / "formats/scores.parquet").read_bytes()
    on_file("formats/scores.parquet", lambda _: content)(release)
    found = failed(verify(subject(release)))
    assert list(found) == ["formats_are_equal"]
    assert "formats/scores.parquet: row 1" in found["formats_are_equal"][0]


def test_a_csv_cell_that_is_not_of_its_type_is_named(release: Path) -> None:
    on_file("data/scores.csv", in_csv("score", "tám"))(release)
    assert "data/scores.csv" in failed(verify(subject(release)))["formats_are_equal"][0]


@pytest.mark.parametrize(("column", "text", "table"), BAD_CELLS)
def test_a_csv_cell_that_is_not_of_its_type_is_found(
    column: str, text: str, table: str, release: Path
) -> None:
    on_file(f"data/{table}.csv", in_csv(column, text))(release)
    assert f"/{table}." in failed(verify(subject(release)))["formats_are_equal"][0]


def test_a_release_is_read_by_its_own_descriptor_and_not_by_todays_contracts(release: Path) -> None:
    """Years later the columns are others, and the old release is as good as it was."""
    _rename_column(release, "scores", "quality_flag", "old_flag")
    verdicts = verify(subject(release))
    assert list(failed(verdicts)) == ["formats_are_equal"]
    assert {line.split(":")[0] for line in failed(verdicts)["formats_are_equal"]} == {
        "formats/scores.parquet"
    }, "the column was renamed in CSV and JSON; of Parquet, which was not, it is found"


def _rename_column(folder: Path, table: str, old: str, new: str) -> None:
    """In descriptor, CSV and JSON; the workbook has titles."""
    for name in (f"data/{table}.csv", f"formats/{table}.json"):
        path = folder / name
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    descriptor = json.loads((folder / DESCRIPTOR).read_bytes())
    for resource in descriptor["resources"]:
        if resource["path"] == f"data/{table}.csv":
            field = next(f for f in resource["schema"]["fields"] if f["name"] == old)
            field["name"] = new
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor, ensure_ascii=False), encoding="utf-8")
    sealed(folder)


def test_a_digest_that_is_not_the_one_of_the_index_is_found(release: Path) -> None:
    found = failed(verify(subject(release, digest="0" * 64)))
    assert list(found) == ["digests_are_those_of_the_index"]


def test_files_that_are_not_listed_cannot_be_seen_over_the_network(release: Path) -> None:
    unseen = verdict("no_file_is_unlisted", verify(subject(release, is_whole=False)))
    assert unseen.result == "not checked"


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_of_the_release_is_not_read(name: str, release: Path) -> None:
    (release.parent / "secret").write_text("x")
    with (release / SUMS).open("a") as sums:
        sums.write(f"{'0' * 64}  {name}\n")
    found = failed(verify(subject(release)))
    assert "not a line of digests" in found["files_match_digests"][0]


@pytest.mark.parametrize("name", [SUMS, DESCRIPTOR, "release.json"])
def test_a_file_that_everything_rests_on_fails_in_lines_if_it_is_missing(
    name: str, release: Path
) -> None:
    whole = subject(release)
    (release / name).unlink()
    assert any(name in line for lines in failed(verify(whole)).values() for line in lines)


@pytest.mark.parametrize("content", [b"{}", b"[", b'{"resources": [{"name": "a"}]}', b"\xff"])
def test_a_broken_descriptor_fails_in_lines(content: bytes, release: Path) -> None:
    (release / DESCRIPTOR).write_bytes(content)
    counted(release)
    assert "descriptor_matches_files" in failed(verify(subject(release)))


def test_an_unknown_methodology_is_not_judged_by_another(release: Path, tmp_path: Path) -> None:
    draft = with_table(small_draft(), "scores", lambda row: row | {"methodology": "766-1999"})
    found = verdict("groups_sum_to_total", verify(subject(whole_release(tmp_path / "old", draft))))
    assert (found.result, "766-1999" in found.reason) == ("not checked", True)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A secret key."""
    path = tmp_path / "secret.key"
    path.write_bytes(bytes(minisign.KeyPair.generate().secret_key))
    return path


def test_a_good_signature_passes_and_is_no_unlisted_file(release: Path, key_file: Path) -> None:
    (release / SIGNATURE).write_bytes(sign((release / SUMS).read_bytes(), key_file, None, "r1"))
    verdicts = verify(subject(release, public_key=public_key(key_file, None)))
    assert failed(verdicts) == {}
    assert verdict("signature_is_good", verdicts).result == "passed"


def test_a_signature_that_was_taken_away_is_missed(release: Path, key_file: Path) -> None:
    found = failed(verify(subject(release, public_key=public_key(key_file, None))))
    assert list(found) == ["signature_is_good"]


def test_a_signature_of_other_digests_is_refused(release: Path, key_file: Path) -> None:
    (release / SIGNATURE).write_bytes(sign(b"other", key_file, None, "r1"))
    found = failed(verify(subject(release, public_key=public_key(key_file, None))))
    assert list(found) == ["signature_is_good"]


LOGGED: Row = {
    "release": "2024-03.r2", "published_at": "2024-06-01T00:00:00Z", "table": "scores",
    "key": "period=2024-03;basis=month;unit_code=Z00;metric_code=CKMB", "column": "ratio",
    "old_value": "82.50", "new_value": "90.00", "reason_code": "SRC", "note": "",
}  # fmt: skip


def revised(tmp_path: Path, **log: str) -> Subject:
    """A second release with one revised cell, which the log tells of, and the one before it."""
    first = whole_release(tmp_path / "r1")
    draft = with_table(small_draft(), "scores", _with_ratio)
    second = whole_release(tmp_path / "r2", replace(draft, id=ReleaseId(MARCH, 2)))
    record = json.loads((second / "release.json").read_bytes()) | {"previous": "2024-03.r1"}
    (second / "release.json").write_text(json.dumps(record))
    _log(second, LOGGED | log)
    return subject(second, previous=first)


def _with_ratio(row: dict[str, Any]) -> dict[str, Any]:
    is_it = (row["unit_code"], row["metric_code"]) == ("Z00", "CKMB")
    return row | ({"ratio": 90.0} if is_it else {})


def _log(folder: Path, row: Row) -> None:
    """Give the release a log of one revision, in CSV only."""
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    (folder / "data" / "revisions.csv").write_text(text, encoding="utf-8")
    descriptor = json.loads((folder / DESCRIPTOR).read_bytes())
    descriptor["resources"] = [
        resource for resource in descriptor["resources"] if "revisions" not in resource["path"]
    ]
    fields = [{"name": name, "type": "string", "title": name} for name in row]
    descriptor["resources"].append(
        {"name": "revisions", "path": "data/revisions.csv", "schema": {"fields": fields}}
    )
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor, ensure_ascii=False), encoding="utf-8")
    sealed(folder)


REVISION_CHECKS = {name: check for name, check in CHECKS.items() if "revisions" in name}


def test_a_log_that_names_the_revised_cell_passes(tmp_path: Path) -> None:
    verdicts = verify(revised(tmp_path), REVISION_CHECKS)
    assert [one.result for one in verdicts] == ["passed", "passed"]


@pytest.mark.parametrize(
    ("log", "check"),
    [
        ({"new_value": "91.00"}, "revisions_stand_in_the_figures"),
        ({"old_value": "82.51"}, "revisions_begin_at_the_release_before"),
        ({"old_value": ""}, "revisions_begin_at_the_release_before"),
    ],
)
def test_a_log_that_tells_something_else_is_found(log: Row, check: str, tmp_path: Path) -> None:
    found = failed(verify(revised(tmp_path, **log), REVISION_CHECKS))
    assert list(found) == [check]
    assert "metric_code=CKMB: ratio" in found[check][0]


def test_earlier_entries_of_the_log_are_not_held_to_todays_figures(tmp_path: Path) -> None:
    earlier = revised(tmp_path, release="2024-03.r1", new_value="1.00", old_value="2.00")
    assert failed(verify(earlier, REVISION_CHECKS)) == {}


def test_without_the_release_before_old_values_are_not_judged(tmp_path: Path) -> None:
    alone = replace(revised(tmp_path, old_value="1.00"), previous=None)
    verdicts = verify(alone, REVISION_CHECKS)
    assert [one.result for one in verdicts] == ["passed", "not checked"]


def test_two_equal_folders_do_not_differ(release: Path, tmp_path: Path) -> None:
    assert list(differences(release, whole_release(tmp_path / "again"))) == []


def test_of_two_folders_the_first_differing_cell_is_named(release: Path, tmp_path: Path) -> None:
    again = whole_release(tmp_path / "again")
    on_file("data/scores.csv", in_csv("score", "9.99"), seal=False)(again)
    (again / "CHANGES.md").unlink()
    (again / "more.txt").write_text("x")
    assert list(differences(release, again)) == [
        "data/scores.csv differs: row 1 (2024-03 month Z00 CKMB), score: '8.25', made again '9.99'",
        "CHANGES.md would not be made",
        "more.txt is not in the release",
    ]
