"""Files: written whole or not at all, and known again by their digests.

Belongs here: the write-sync-rename sequence, once; telling whether bytes are those of last time.
Does not: what is written, or where; which files matter for what (``assets.staleness``).

Bytes count, and never the time that a file says of itself, which whoever copies it may keep. As in
a version control's index, a file is not read again while the file system says that nobody wrote to
it: its place on the disk (inode), its size and the moment of its last change of any kind (ctime),
which no program can set. Of a file changed a moment ago that clock is too coarse, and it is read.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

_COARSE = 2_000_000_000
"""Nanoseconds within which two changes of a file may bear the same time."""
_AT_ONCE = 16


def write_whole(path: Path, content: bytes) -> None:
    """Put bytes at ``path`` through a temporary name, synced to the disk before the rename."""
    new = _make_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync_names(path, new)


def put_in_place(finished: Path, path: Path) -> None:
    """Move a file that was written elsewhere on the same disk to ``path``, synced before that."""
    new = _make_folder(path.parent)
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.replace(path)
    _sync_names(path, new)


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a log and wait until the disk has it.

    What a crash left of a line before stands then on a line of its own: the next is not joined to
    it.
    """
    is_new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as log:
        log.seek(max(log.seek(0, os.SEEK_END) - 1, 0))
        is_torn = log.read(1) not in {b"", b"\n"}
        log.write(b"\n" * is_torn + line + b"\n")
        log.flush()
        os.fsync(log.fileno())
    if is_new:
        sync_folder(path.parent)


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder, and say which of it and those above it are new."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return new


def _sync_names(path: Path, new: list[Path]) -> None:
    """Make a file's name durable, with those of the folders above it that are new.

    The folder itself may be new too: another process may have made it just before.
    """
    for folder in dict.fromkeys([path.parent, path.parent.parent, *(p.parent for p in new)]):
        sync_folder(folder)


def sync_all(paths: Iterable[Path]) -> None:
    """Make many files and the names in folders durable, side by side: a disk ends them together."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(sync_folder, paths):
            pass


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, or the bytes of a file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Remembered:
    """A file as it was when it was read: inode, size in bytes, ctime in ns, SHA-256."""

    inode: int
    size: int
    changed: int
    sha256: str

    def is_of(self, state: os.stat_result) -> bool:
        """Whether nobody wrote to the file since."""
        seen = (self.inode, self.size, self.changed)
        return seen == (state.st_ino, state.st_size, state.st_ctime_ns)


@dataclass
class FileDigests:
    """The digests of files, from memory where that is safe.

    Attributes:
        known: What is remembered of earlier times, by path.
        seen: What was asked for and is worth remembering for the next time.
    """

    known: dict[str, Remembered] = field(default_factory=dict)
    seen: dict[str, Remembered] = field(default_factory=dict)

    def of(self, path: Path) -> str:
        """The SHA-256 of a file's bytes; empty if it cannot be read: whoever needs it will say."""
        name = str(path)
        known = self.seen.get(name) or self.known.get(name)
        try:
            state = path.stat()
            if known is None or not known.is_of(state):
                digest = digest_of_file(path)
                known = Remembered(state.st_ino, state.st_size, state.st_ctime_ns, digest)
        except OSError:
            return ""
        if time.time_ns() - known.changed > _COARSE:
            self.seen[name] = known
        return known.sha256

    def lines(self, root: Path, paths: Iterable[Path]) -> Iterator[str]:
        """A line for each file: its name below a folder and its digest, in the order of names."""
        for path in sorted(paths):
            yield f"{path.relative_to(root)} {self.of(path)}"


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder and below it; none if there is no such folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def digest_of(lines: Iterable[str]) -> str:
    """One digest of many lines."""
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()
