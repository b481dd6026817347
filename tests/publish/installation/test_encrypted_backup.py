"""A backup that only who has the key can read, by the real ``age`` and ``gpg`` of this machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import cchc, tree_digest

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
MUST = "CCHC_TEST_ALL" in os.environ
NEEDS_AGE = pytest.mark.skipif(shutil.which("age") is None and not MUST, reason="no age here")
NEEDS_GPG = pytest.mark.skipif(shutil.which("gpg") is None and not MUST, reason="no gpg here")
_OFFICE = "sao-luu@example.vn"


@pytest.fixture
def age_key(tmp_path: Path) -> tuple[str, Path]:
    """A recipient, and the file with the secret key."""
    file = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", file], check=True, capture_output=True)
    line = next(line for line in file.read_text().splitlines() if "public key" in line)
    return line.rpartition(" ")[2], file


@pytest.fixture
def gpg_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A key in a keyring of its own."""
    ring = tmp_path / "gnupg"
    ring.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(ring))
    make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", _OFFICE]
    subprocess.run(make, check=True, capture_output=True)
    yield _OFFICE
    subprocess.run(["gpgconf", "--kill", "all"], check=False)


@NEEDS_AGE
def test_what_age_sealed_only_its_key_opens(
    published_home: Path, tmp_path: Path, age_key: tuple[str, Path]
) -> None:
    recipient, identity = age_key
    copy, new = tmp_path / "copy.tar.zst.age", tmp_path / "new"
    made = cchc("backup", copy, "--home", published_home, "--encrypt-to", recipient)
    assert made.code == 0, made.err
    assert copy.read_bytes().startswith(b"age-encryption.org/")
    assert copy.stat().st_mode & 0o777 == 0o600
    closed = cchc("restore", copy, "--home", new)
    assert (closed.code, "is encrypted with age -> give --identity" in closed.problem) == (2, True)
    other = tmp_path / "other.txt"
    subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
    refused = cchc("restore", copy, "--home", new, "--identity", other)
    assert (refused.code, refused.problem.count("\n")) == (1, 0)
    assert "age refused: " in refused.problem
    assert not new.exists()
    opened = cchc("restore", copy, "--home", new, "--identity", identity)
    assert opened.code == 0, opened.err
    assert tree_digest(new / "lake") == tree_digest(published_home / "lake")
    secret = identity.read_text().splitlines()[-1]
    for outcome in (made, closed, refused, opened):
        assert secret not in outcome.out + outcome.err


@NEEDS_AGE
def test_a_damaged_file_comes_from_an_encrypted_backup(
    published_home: Path, tmp_path: Path, age_key: tuple[str, Path]
) -> None:
    recipient, identity = age_key
    home, copy = tmp_path / "home", tmp_path / "copy.age"
    shutil.copytree(published_home, home, symlinks=True)
    assert cchc("backup", copy, "--home", home, "--encrypt-to", recipient).code == 0
    (home / "portal/store/2026-09/r1/release.json").write_bytes(b"")
    mended = cchc("mend", "--from", copy, "--identity", identity, "--home", home)
    assert "mended: portal/store/2026-09/r1/release.json" in mended.out
    assert cchc("verify", "--home", home).code == 0


@NEEDS_GPG
def test_what_gpg_sealed_its_keyring_opens(
    published_home: Path, tmp_path: Path, gpg_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, new = tmp_path / "copy.gpg", tmp_path / "new"
    made = cchc("backup", copy, "--home", published_home, "--encrypt-to", gpg_key)
    assert made.code == 0, made.err
    assert cchc("restore", copy, "--home", new).code == 0
    assert tree_digest(new / "raw/blobs") == tree_digest(published_home / "raw/blobs")
    (tmp_path / "nobody").mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "nobody"))
    refused = cchc("restore", copy, "--home", tmp_path / "again")
    assert (refused.code, "gpg refused: " in refused.problem) == (1, True)
    assert not (tmp_path / "again").exists()


@NEEDS_GPG
def test_an_unknown_recipient_leaves_no_file(
    published_home: Path, tmp_path: Path, gpg_key: str
) -> None:
    copy = tmp_path / "copy.gpg"
    said = cchc("backup", copy, "--home", published_home, "--encrypt-to", f"x-{gpg_key}")
    assert (said.code, "gpg refused: " in said.problem, said.problem.count("\n")) == (1, True, 0)
    assert not list(tmp_path.glob("*copy*"))


def test_a_program_that_is_not_installed_is_one_line(
    published_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = cchc("backup", tmp_path / "copy", "--home", published_home, "--encrypt-to", "age1xyz")
    assert said.code == 2
    assert said.problem == "cchc: encryption of the backup: age is not installed -> install age"
    assert not (tmp_path / "copy").exists()
