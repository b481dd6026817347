"""Folders for what a process needs while it works: its own, and gone with it.

Belongs here: making one, and removing those of processes that died. Does not: what lies in them.

Two processes may work on one month: whoever kills a command and gives it again may meet a worker
of the first, which goes on for a moment. A folder is locked as long as it is used; the system ends
the lock with the process, however that ends, so what is not locked is nobody's.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

_SUFFIX = ".scratch"


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside ``path``, named after it, that no other process touches.

    It is gone afterwards; what dead processes left beside it goes first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    own, lock = _locked_folder(path)
    try:
        for other in path.parent.glob(f"*{_SUFFIX}"):
            _remove_if_left(other)
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


def _locked_folder(path: Path) -> tuple[Path, int]:
    """A new folder and its lock; another process may take it for left until the lock is held."""
    while True:
        own = Path(mkdtemp(prefix=f"{path.name}.", suffix=_SUFFIX, dir=path.parent))
        with suppress(FileNotFoundError):
            lock = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if own.is_dir():
                return own, lock
            os.close(lock)


def _remove_if_left(folder: Path) -> None:
    with suppress(FileNotFoundError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # somebody is at work in it
        finally:
            os.close(lock)
