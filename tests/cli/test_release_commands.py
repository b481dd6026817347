"""Releases as the officer meets them: correct, roll back and forward, retract, export, unlock."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import minisign
import pytest
import yaml

from publish.package.signature import check_signature
from publish.store.journal import BEGUN, LOCK, Journal, Line
from tests.command_line import (
    FIRST,
    MONTH,
    SAMPLE_INBOX,
    SECOND,
    THIRD,
    cchc,
    copy_home,
    index,
    published,
    run,
    shown,
    tree_digest,
)
from tests.made_once import MadeOnce

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
R1, R2 = f"{MONTH}.r1", f"{MONTH}.r2"
KEY = ("period", "basis", "unit_code", "metric_code")
CORRECTION = {
    "basis": "ytd", "unit_code": "H24", "metric_code": "PETITION_HANDLING_SATISFACTION",
    "action": "replace", "value": 2.5, "expect": 2.45, "reason_code": "SRC",
    "reason": {"vi": "Nguồn gõ nhầm", "en": "The source mistyped"},
    "reported_by": "Cơ quan thử nghiệm", "reported_on": "2026-10-15",
}  # fmt: skip


@pytest.fixture(scope="module")
def corrected_home(published_home: Path, made_once: MadeOnce) -> Path:
    """An installation whose second release corrects one figure of the first."""

    def make(place: Path) -> None:
        inbox = copy_home(SAMPLE_INBOX, place / "in")
        text = yaml.safe_dump({"corrections": [CORRECTION]}, allow_unicode=True)
        (inbox / MONTH / "corrections.yaml").write_text(text, encoding="utf-8")
        outcome = run(copy_home(published_home, place / "home"), inbox, at=SECOND)
        assert outcome.out.startswith(f"published {R2}"), outcome.err

    return made_once("corrected", make) / "home"


@pytest.fixture
def home(corrected_home: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return copy_home(corrected_home, tmp_path / "home")


def act(home: Path, *arguments: str, at: str = THIRD) -> tuple[int, str]:
    outcome = cchc(*arguments, "--home", home, "--published-at", at)
    return outcome.code, (outcome.out + outcome.err).strip()


def changed_cells(home: Path) -> set[tuple[str, str, str, str]]:
    """The cells of the scores in which the two releases differ, read from the CSV by hand.

    Each is its row's key, its column, and the value before and after.
    """
    old, new = (_cells(home / "portal" / "store" / MONTH / name) for name in ("r1", "r2"))
    assert old.keys() == new.keys()
    return {(*cell, old[cell], new[cell]) for cell in old if old[cell] != new[cell]}


def _cells(release: Path) -> dict[tuple[str, str], str]:
    with (release / "data" / "scores.csv").open(encoding="utf-8", newline="") as file:
        return {
            (";".join(f"{name}={row[name]}" for name in KEY), column): value
            for row in csv.DictReader(file)
            for column, value in row.items()
            if column != "release"
        }


def test_a_correction_is_listed_cell_by_cell_and_nothing_else_is(corrected_home: Path) -> None:
    rows = [row for row in published(corrected_home, "revisions") if row["release"] == R2]
    told = {
        (row["key"], row["column"], row["old_value"] or "", row["new_value"] or "")
        for row in rows
        if row["table"] == "scores"
    }
    assert told == changed_cells(corrected_home)
    figure = f"period={MONTH};basis=ytd;unit_code=H24;metric_code=PETITION_HANDLING_SATISFACTION"
    assert told == {
        (figure, "score", "2.45", "2.50"),
        (figure, "difference", "0.00", "0.05"),
        (figure, "quality_flag", "", "CORRECTED;RECOMPUTED_DIFFERS"),
    }
    assert {row["reason_code"] for row in rows} == {"SRC"}
    assert {row["table"] for row in rows} == {"scores", "corrections"}


def test_the_release_before_a_correction_is_byte_for_byte_what_it_was(
    corrected_home: Path, published_home: Path
) -> None:
    old = Path("portal", "store", MONTH, "r1")
    assert tree_digest(corrected_home / old) == tree_digest(published_home / old)


def test_readers_are_told_of_the_correction_and_the_operator_too(corrected_home: Path) -> None:
    (row,) = published(corrected_home, "corrections")
    assert (row["unit_code"], row["reason_vi"]) == ("H24", "Nguồn gõ nhầm")
    said = cchc("status", "--home", corrected_home, "--inbox", SAMPLE_INBOX).out
    assert f"{MONTH} has 1 figure(s) corrected by hand" in said.splitlines()


def test_a_corrected_release_verifies_by_itself_and_by_its_own_file(corrected_home: Path) -> None:
    assert cchc("verify", R2, "--home", corrected_home).code == 0
    verifier = corrected_home / "portal" / "current" / "releases" / MONTH / "r2" / "verify.py"
    told = subprocess.run(
        [sys.executable, "-I", verifier], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout


@pytest.mark.slow
def test_a_corrected_release_is_made_again_from_the_archive(corrected_home: Path) -> None:
    outcome = cchc("verify", R2, "--recompute", "--home", corrected_home, "--inbox", SAMPLE_INBOX)
    assert outcome.code == 0, outcome.out
    assert "passed       recomputation" in outcome.out


def test_rolling_back_and_forward_again_shows_each_release_as_it_was(home: Path) -> None:
    current, store = home / "portal" / "current", home / "portal" / "store" / MONTH

    def is_shown(release: str) -> bool:
        stored = (store / release / "data").glob("*.csv")
        return all(
            path.read_bytes() == (current / "data" / path.name).read_bytes() for path in stored
        )

    before = tree_digest(store)
    assert is_shown("r2")
    assert not is_shown("r1")
    assert act(home, "rollback", R1, "--reason", "Xem lại") == (
        0, f"rolled back: {R1}; shown is {R1}",
    )  # fmt: skip
    assert index(home)["latest"] == R1
    assert is_shown("r1")
    assert act(home, "rollback", R2, "--reason", "Đúng rồi", at="2026-10-28")[0] == 0
    assert is_shown("r2")
    assert (index(home)["latest"], tree_digest(store)) == (R2, before)
    kinds = [(done["kind"], done["release"]) for done in index(home)["acts"]]
    assert kinds == [
        ("published", R1), ("published", R2), ("rolled_back", R1), ("rolled_back", R2),
    ]  # fmt: skip


def test_rolling_back_to_what_is_shown_is_nothing_to_do(home: Path) -> None:
    before = shown(home)
    assert act(home, "rollback", R2) == (0, f"nothing to do: {R2} is shown")
    assert shown(home) == before


def test_a_retraction_leaves_a_tombstone_with_its_reason_and_approver(home: Path) -> None:
    code, said = act(home, "retract", R2, "--reason", "Sai số", "--approved-by", "Văn phòng")
    assert (code, said) == (0, f"retracted: {R2}; shown is {R1}")
    folder = home / "portal" / "current" / "releases" / MONTH / "r2"
    stone = json.loads((folder / "RETRACTED.json").read_text(encoding="utf-8"))
    assert "Sai số" in stone.values()
    assert "Văn phòng" in stone.values()
    assert not (folder / "data").exists()
    code, said = act(home, "rollback", R2, at="2026-10-28")
    assert (code, "was retracted" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rollback", "2020-01.r1"], "was never published"),
        (["rollback", "march"], "is not a release"),
        (["retract", R2, "--reason", " "], "a retraction needs a reason"),
    ],
)
def test_an_act_that_cannot_be_is_one_line(
    arguments: list[str], says: str, corrected_home: Path
) -> None:
    before = shown(corrected_home)
    code, said = act(corrected_home, *arguments)
    assert (code, said.count("\n")) == (2, 0)
    assert says in said
    assert shown(corrected_home) == before


def test_a_clock_that_went_backwards_stops_every_act(home: Path) -> None:
    before = shown(home)
    for asked in (["rollback", R1], ["retract", R1, "--reason", "x"]):
        told = act(home, *asked, at=FIRST)
        assert told[0] == 1
        assert "correct the clock" in told[1]
    assert shown(home) == before


def test_an_act_that_died_is_told_by_the_next_one(home: Path) -> None:
    site = "0009-dead"
    journal = Journal(home / "portal" / "journal.jsonl")
    journal.write(Line("published", f"{MONTH}.r3", site, BEGUN, SECOND, os.getpid()))
    code, said = act(home, "rollback", R1)
    assert code == 0
    assert f"the last act did not end: {MONTH}.r3 (published" in said
    assert "it was not shown, and what it left is cleared" in said


def test_the_data_as_they_stood_on_a_date_are_copied_out(
    corrected_home: Path, tmp_path: Path
) -> None:
    for day, release in (("2026-10-15", "r1"), ("2026-10-21", "r2")):
        out = tmp_path / release
        outcome = cchc(
            "export", "--home", corrected_home, "--as-of", day, "--out", out,
            "--table", "scores", "--format", "csv",
        )  # fmt: skip
        assert outcome.out.startswith(f"{MONTH}.{release} ("), outcome.err
        (file,) = (path for path in out.rglob("*") if path.is_file())
        stored = corrected_home / "portal" / "store" / MONTH / release / "data" / "scores.csv"
        assert file.read_bytes() == stored.read_bytes()
    told = cchc(
        "export", "--home", corrected_home, "--out", tmp_path / "sdmx", "--format", "sdmx",
        "--table", "scores",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert {path.name for path in (tmp_path / "sdmx").iterdir()} == {"structure.json", "scores.csv"}
    before = cchc("export", "--home", corrected_home, "--as-of", "2026-01-01", "--out", "x")
    assert (before.code, before.err.count("\n")) == (2, 1)


def test_a_lock_that_another_machine_left_is_broken_once(home: Path) -> None:
    left = {"owner": "publisher", "pid": 7, "host": "another-machine", "since": "2024-05-01"}
    (home / "portal" / LOCK).write_text(json.dumps(left))
    told = [cchc("unlock", "--home", home) for _ in range(2)]
    assert [outcome.code for outcome in told] == [0, 0]
    assert told[0].out.startswith("the lock of publisher, pid 7 on another-machine")
    assert told[1].out == "nobody left a lock\n"


def test_a_key_in_the_settings_signs_the_release_and_readers_get_the_public_one(
    march_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, home = tmp_path / "secret.key", copy_home(march_home, tmp_path / "home")
    key.write_bytes(bytes(minisign.KeyPair.generate().secret_key))
    key.chmod(0o600)
    monkeypatch.setenv("CCHC_SIGNING_KEY", str(key))
    assert run(home, SAMPLE_INBOX, at=SECOND).code == 0
    site = home / "portal" / "current"
    folder = site / "releases" / MONTH / "r1"
    sums, signature = (folder / n for n in ("SHA256SUMS", "SHA256SUMS.minisig"))
    public = site / "minisign.pub"
    told = check_signature(sums.read_bytes(), signature.read_bytes(), public.read_bytes())
    assert f"{R1} published" in told
    assert cchc("verify", "--home", home, "--public-key", public).code == 0
