"""Signatures: the same bytes each time, good for minisign itself, and a secret key kept safe."""

import os
import shutil
import subprocess
from pathlib import Path

import minisign
import pytest

from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.settings import SIGNING_PASSPHRASE, load_settings, signing_passphrase
from publish.model import ReleaseId
from publish.package.signature import (
    SIGNATURE,
    check_signature,
    public_key,
    require_safe_key,
    sign,
    trusted_comment,
)
from tests.publish.small_release import MARCH

SUMS = b"0" * 64 + b"  data/scores.csv\n"
COMMENT = trusted_comment("goi-du-lieu", ReleaseId(MARCH, 1), "2024-05-10T01:00:00Z")
WORD = "mật khẩu thử"
CHEAP = {"opslimit": 32_768, "memlimit": 1 << 24}
"""A cost that tests can pay; minisign itself takes a gigabyte."""


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A secret key without a passphrase, as ``minisign -G -W`` makes it."""
    return written(minisign.KeyPair.generate().secret_key, tmp_path / "plain.key")


@pytest.fixture
def encrypted_key(tmp_path: Path) -> Path:
    """A secret key with a passphrase."""
    key = minisign.KeyPair.generate().secret_key
    key.encrypt(WORD, **CHEAP)
    return written(key, tmp_path / "encrypted.key")


def written(key: minisign.SecretKey, path: Path) -> Path:
    path.write_bytes(bytes(key) + b"\n")
    path.chmod(0o600)
    return path


def test_the_same_digests_are_signed_with_the_same_bytes(key_file: Path) -> None:
    assert sign(SUMS, key_file, None, COMMENT) == sign(SUMS, key_file, None, COMMENT)


def test_a_signature_vouches_for_the_release_and_its_moment(key_file: Path) -> None:
    signature = sign(SUMS, key_file, None, COMMENT)
    comment = check_signature(SUMS, signature, public_key(key_file, None))
    assert "2024-03.r1" in comment
    assert "2024-05-10T01:00:00Z" in comment


def test_the_public_key_may_be_given_as_its_last_line_alone(key_file: Path) -> None:
    line = public_key(key_file, None).splitlines()[-1]
    assert check_signature(SUMS, sign(SUMS, key_file, None, COMMENT), line) == COMMENT


def test_a_key_is_decrypted_with_its_passphrase(encrypted_key: Path) -> None:
    signature = sign(SUMS, encrypted_key, WORD, COMMENT)
    assert check_signature(SUMS, signature, public_key(encrypted_key, WORD)) == COMMENT


@pytest.mark.parametrize("passphrase", [None, "sai"])
def test_an_encrypted_key_is_refused_without_its_passphrase(
    encrypted_key: Path, passphrase: str | None
) -> None:
    with pytest.raises(UsageError, match=SIGNING_PASSPHRASE) as refused:
        sign(SUMS, encrypted_key, passphrase, COMMENT)
    assert "sai" not in str(refused.value)


def test_other_digests_another_key_and_another_comment_are_found_out(
    key_file: Path, tmp_path: Path
) -> None:
    signature, key = sign(SUMS, key_file, None, COMMENT), public_key(key_file, None)
    other = written(minisign.KeyPair.generate().secret_key, tmp_path / "other.key")
    for sums, stated, public in (
        (SUMS.replace(b"0", b"1", 1), signature, key),
        (SUMS, signature, public_key(other, None)),
        (SUMS, signature.replace(b"2024-03.r1", b"2024-03.r2"), key),
        (SUMS, b"", key),
    ):
        with pytest.raises(CheckFailedError, match="not good"):
            check_signature(sums, stated, public)


@pytest.mark.parametrize("content", [b"", b"RWQ", b"untrusted comment: x\n\xff\n"])
def test_what_is_no_public_key_is_refused(key_file: Path, content: bytes) -> None:
    with pytest.raises(UsageError, match="not a public key"):
        check_signature(SUMS, sign(SUMS, key_file, None, COMMENT), content)


def test_what_is_no_secret_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("bí mật", encoding="utf-8")
    with pytest.raises(UsageError, match="not a secret key") as refused:
        sign(SUMS, tmp_path / "key", None, COMMENT)
    assert "bí mật" not in str(refused.value)


def test_a_key_that_is_safe_is_let_through(key_file: Path, tmp_path: Path) -> None:
    require_safe_key(key_file, tmp_path / "home")


def test_a_key_inside_the_home_is_refused(key_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="inside CCHC_HOME"):
        require_safe_key(key_file, tmp_path)


def test_a_link_does_not_lead_a_key_out_of_the_home(key_file: Path, tmp_path: Path) -> None:
    home, link = tmp_path / "home", tmp_path / "link.key"
    home.mkdir()
    shutil.move(key_file, home / "plain.key")
    link.symlink_to(home / "plain.key")
    with pytest.raises(UsageError, match="inside CCHC_HOME"):
        require_safe_key(link, home)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_may_read_is_refused(key_file: Path, tmp_path: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(UsageError, match="others may read"):
        require_safe_key(key_file, tmp_path / "home")


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        require_safe_key(tmp_path / "key", tmp_path / "home")


@pytest.mark.usefixtures("settings_of_nobody")
def test_the_passphrase_is_taken_from_the_environment_and_is_no_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SIGNING_PASSPHRASE, WORD)
    assert signing_passphrase() == WORD
    assert WORD not in repr(load_settings())
    Path("cchc.toml").write_text('signing_passphrase = "x"\n')
    with pytest.raises(UsageError, match="signing_passphrase"):
        load_settings()


@pytest.mark.skipif(
    shutil.which("minisign") is None and not os.environ.get("CCHC_TEST_ALL"),
    reason="minisign itself is not installed",
)
def test_minisign_itself_accepts_the_signature(key_file: Path, tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_bytes(SUMS)
    (tmp_path / SIGNATURE).write_bytes(sign(SUMS, key_file, None, COMMENT))
    (tmp_path / "minisign.pub").write_bytes(public_key(key_file, None))
    command = ["minisign", "-V", "-m", "SHA256SUMS", "-p", "minisign.pub"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert COMMENT in told.stdout
    (tmp_path / "SHA256SUMS").write_bytes(SUMS + b"\n")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode


@pytest.mark.skipif(
    shutil.which("minisign") is None and not os.environ.get("CCHC_TEST_ALL"),
    reason="minisign itself is not installed",
)
def test_a_key_that_minisign_made_signs(tmp_path: Path) -> None:
    made = ["minisign", "-G", "-W", "-s", "secret.key", "-p", "minisign.pub"]
    subprocess.run(made, cwd=tmp_path, capture_output=True, check=True)
    key_file = tmp_path / "secret.key"
    require_safe_key(key_file, tmp_path / "home")
    signature = sign(SUMS, key_file, None, COMMENT)
    assert check_signature(SUMS, signature, (tmp_path / "minisign.pub").read_bytes()) == COMMENT
