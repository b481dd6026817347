"""Writing files so that a crash leaves the old content or the new, never half of it.

Belongs here: the write-sync-rename sequence, once. Does not: what is written, or where.
"""

import os
from pathlib import Path


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


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
