"""``cchc verify`` as a user meets it: one line a check, exit code 1 if one fails."""

import json
from pathlib import Path

import minisign
import pytest

from publish.package.signature import SIGNATURE, public_key, sign
from publish.verify.checks import CHECKS
from tests.command_line import MONTH, cchc, copy_home

RELEASE = f"{MONTH}.r1"


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """An installation that has published, to be changed."""
    return copy_home(published_home, tmp_path / "home")


def folder_of(home: Path) -> Path:
    return home / "portal" / "store" / MONTH / "r1"


def test_the_release_that_is_shown_passes_with_one_line_a_check(published_home: Path) -> None:
    outcome = cchc("verify", "--home", published_home)
    first, *lines = outcome.out.splitlines()
    assert (outcome.code, outcome.err) == (0, "")
    assert first.startswith(f"{RELEASE} (current)")
    assert [line[13:].partition(":")[0] for line in lines] == list(CHECKS)
    assert all(line.startswith(("passed ", "not checked  ")) for line in lines)


def test_a_damaged_release_fails_with_a_line_that_names_the_file(home: Path) -> None:
    path = folder_of(home) / "data" / "units.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    outcome = cchc("verify", RELEASE, "--home", home)
    assert outcome.code == 1
    assert "failed       files_match_digests" in outcome.out
    assert "  data/units.csv was changed" in outcome.out.splitlines()


def test_a_script_gets_the_same_as_json(home: Path) -> None:
    (folder_of(home) / "LICENSE.md").unlink()
    outcome = cchc("verify", "--home", home, "--json")
    told = json.loads(outcome.out)
    assert (outcome.code, told["release"], told["state"], told["passed"]) == (
        1, RELEASE, "current", False
    )  # fmt: skip
    assert [check["name"] for check in told["checks"]] == list(CHECKS)
    assert {check["result"] for check in told["checks"]} == {"passed", "failed", "not checked"}


def test_a_portal_is_verified_by_its_address(published_home: Path) -> None:
    address = (published_home / "portal" / "current").as_uri()
    outcome = cchc("verify", "--url", address)
    assert outcome.code == 0, outcome.out
    assert outcome.out.startswith(f"{RELEASE} (current)")


def test_a_signature_is_held_to_the_key_that_is_given(home: Path, tmp_path: Path) -> None:
    secret, public = tmp_path / "secret.key", tmp_path / "minisign.pub"
    secret.write_bytes(bytes(minisign.KeyPair.generate().secret_key))
    public.write_bytes(public_key(secret, None))
    sums = (folder_of(home) / "SHA256SUMS").read_bytes()
    assert cchc("verify", "--home", home, "--public-key", public).code == 1
    (folder_of(home) / SIGNATURE).write_bytes(sign(sums, secret, None, RELEASE))
    outcome = cchc("verify", "--home", home, "--public-key", public)
    assert outcome.code == 0, outcome.out
    assert "passed       signature_is_good" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["2026-9"], "is not a release"),
        (["2026-08.r1"], "was never published"),
        (["--public-key", "nowhere.pub"], "no such file"),
        (["--url", "example"], "leave out --home"),
    ],
)
def test_what_cannot_be_verified_is_one_line(
    arguments: list[str], says: str, published_home: Path
) -> None:
    outcome = cchc("verify", *arguments, "--home", published_home)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.problem
    assert len(outcome.problem.splitlines()) == 1


def test_a_file_that_is_no_public_key_is_one_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "x.pub").write_text("x")
    (folder_of(home) / SIGNATURE).write_text("x")
    outcome = cchc("verify", "--home", home, "--public-key", tmp_path / "x.pub")
    assert (outcome.code, outcome.out) == (2, "")
    assert "not a public key" in outcome.problem
