"""Digests of files: read once, and again when size or time say that the file is another."""

import hashlib
import os
from pathlib import Path

from cchc_pipeline.file_digests import FileDigests


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    first = FileDigests()
    assert first.of(path) == _digest(b"one")
    state = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert FileDigests(first.seen).of(path) == _digest(b"one")


def test_a_file_of_another_time_or_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    first = FileDigests()
    first.of(path)
    path.write_bytes(b"three")
    assert FileDigests(first.seen).of(path) == _digest(b"three")
    path.write_bytes(b"threE")
    os.utime(path, ns=(0, 0))
    assert FileDigests(first.seen).of(path) == _digest(b"threE")


def test_a_file_that_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    assert FileDigests().of(tmp_path / "absent") == ""
