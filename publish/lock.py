"""One publisher at a time: a lock on the portal folder, with who holds it.

Belongs here: taking, naming and breaking the lock. Does not: what is done under it.

The lock itself is the kernel's and ends with its process. Beside it stands a record of the holder;
one that was left behind by this machine is known to be dead, one by another machine (a portal on
shared storage) is not, and only a person may break it.
"""

import fcntl
import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from cchc_pipeline.errors import LockedError
from cchc_pipeline.period import utc_text

LOCK = ".lock"
_HELD: set[Path] = set()


@dataclass(frozen=True)
class Holder:
    """Who publishes."""

    owner: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"{self.owner}, pid {self.pid} on {self.host} since {self.since}"


@contextmanager
def publisher_lock(root: Path, at: datetime) -> Iterator[None]:
    """Be the only publisher; the lock ends with the process that holds it.

    A process that holds it already goes on: a run locks around the assets that lock.

    Raises:
        LockedError: Another process holds it, or another machine left it; the line says who.
    """
    root.mkdir(parents=True, exist_ok=True)
    place = root.resolve()
    if place in _HELD:
        yield
        return
    with (root / LOCK).open("a+") as file:
        _claim(file, root)
        _refuse_foreign(file, root)
        _write(file, json.dumps(asdict(_ourselves(at))))
        _HELD.add(place)
        try:
            yield
        finally:
            _HELD.discard(place)
            _write(file, "")


def is_held(root: Path) -> bool:
    """Whether a living process of this machine is the publisher now; asked without staying it."""
    if root.resolve() in _HELD:
        return True
    with suppress(FileNotFoundError), (root / LOCK).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def break_lock(root: Path) -> str:
    """Forget a holder that is known to be dead.

    Returns:
        Who it was; empty if nobody had left a lock.

    Raises:
        LockedError: It is held by a living process.
    """
    if not (root / LOCK).exists():
        return ""
    with (root / LOCK).open("a+") as file:
        _claim(file, root)
        left = _read(file)
        _write(file, "")
    return str(left) if left else ""


def _ourselves(at: datetime) -> Holder:
    return Holder(getpass.getuser(), os.getpid(), socket.gethostname(), utc_text(at))


def _claim(file: TextIO, root: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(
            f"another publisher is at work ({_read(file)})",
            where=str(root),
            todo="wait until it has ended",
        ) from None


def _refuse_foreign(file: TextIO, root: Path) -> None:
    left = _read(file)
    if left and left.host != socket.gethostname():
        raise LockedError(
            f"another machine did not give back the lock ({left})",
            where=str(root),
            todo="if that process is dead: cchc unlock",
        )


def _read(file: TextIO) -> Holder | None:
    """The holder named in the file; None if none is, or a crash cut the record off."""
    file.seek(0)
    try:
        return Holder(**json.loads(file.read()))
    except (ValueError, TypeError):
        return None


def _write(file: TextIO, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
