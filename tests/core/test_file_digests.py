"""Digests of files: read once, and again as soon as anybody wrote to the file."""

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cchc_pipeline.core.files import FileDigests, Remembered


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


LONG_AGO = 10**9


def _settled(path: Path, content: bytes) -> FileDigests:
    """The digests of a file that nobody wrote to for a while, as they are remembered."""
    path.write_bytes(content)
    state = path.stat()
    digest = hashlib.sha256(content).hexdigest()
    known = Remembered(state.st_ino, state.st_size, state.st_ctime_ns, digest)
    return FileDigests({str(path): known})


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    before = _settled(path, b"one")
    known = before.known[str(path)]
    as_if = FileDigests({str(path): replace(known, sha256="what is remembered")})
    assert as_if.of(path) == "what is remembered"


@pytest.mark.parametrize("content", [b"two", b"three", b"ONE"])
def test_other_bytes_are_seen_whatever_time_the_file_says(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    before = _settled(path, b"one")
    state = path.stat()
    time.sleep(0.05)
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert before.of(path) == _digest(content)


def test_another_file_moved_to_its_place_is_seen(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    before = _settled(path, b"one")
    other.write_bytes(b"two")
    os.utime(other, ns=(LONG_AGO, path.stat().st_mtime_ns))
    other.replace(path)
    assert before.of(path) == _digest(b"two")


def test_a_file_changed_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    digests = FileDigests()
    assert digests.of(path) == _digest(b"one")
    assert digests.seen == {}


def test_a_file_that_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    assert FileDigests().of(tmp_path / "absent") == ""
