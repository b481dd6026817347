"""One publisher at a time, and what it had begun: the lock and the journal of the portal.

Belongs here: taking, naming and breaking the lock; writing a line so that it survives a crash, and
reading what the last act came to. Does not: the steps that are taken under the lock, or what
follows from an act that did not end (``publish.portal.acts``).

The lock itself is the kernel's and ends with its process. Beside it stands a record of the holder;
one that was left behind by this machine is known to be dead, one by another machine (a portal on
shared storage) is not, and only a person may break it.

The journal is for the engineer, and for the next publisher; readers are told of acts by the index.
"""

import fcntl
import getpass
import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from cchc_pipeline.core.errors import LockedError
from cchc_pipeline.core.files import append_line
from cchc_pipeline.core.period import utc_text

LOCK = ".lock"
_HELD: set[Path] = set()
BEGUN, ENDED, CLEARED = "begun", "ended", "cleared"
_LAST = frozenset({ENDED, CLEARED})


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


@dataclass(frozen=True)
class Line:
    """A step that was done.

    Args:
        act: ``published``, ``rolled_back`` or ``retracted``.
        release: On which release.
        site: The name of the site that it makes.
        step: ``begun``, a step's name, ``ended``, or ``cleared`` by the next act.
        at: The moment of the act, ISO 8601 in UTC: all its lines have the same.
        pid: The process.
    """

    act: str
    release: str
    site: str
    step: str
    at: str
    pid: int


@dataclass(frozen=True)
class Journal:
    """The journal in one file."""

    path: Path

    def write(self, line: Line) -> None:
        """Append a line and wait until the disk has it."""
        append_line(self.path, json.dumps(asdict(line), ensure_ascii=False).encode())

    def lines(self) -> list[Line]:
        """Every whole line, oldest first."""
        if not self.path.exists():
            return []
        return list(_whole(self.path.read_text(encoding="utf-8", errors="replace").splitlines()))

    def unfinished(self) -> Line | None:
        """The last line, if the act that it belongs to did not end."""
        last = next(reversed(self.lines()), None)
        return last if last and last.step not in _LAST else None


def damaged_lines(path: Path, acts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What cannot be in a journal that only crashes and this program wrote to.

    A crash cuts a line off, which then does not end as a whole one does.

    Args:
        path: The journal.
        acts: Moment and release of everything that was done in public: each stands in it.
    """
    seen = set()
    for text in path.read_bytes().splitlines():
        try:
            line = Line(**json.loads(text.decode()))
            is_whole = json.dumps(asdict(line), ensure_ascii=False).encode() == text
        except (ValueError, TypeError):
            is_whole = text.isascii() and not text.endswith(b"}")
        else:
            seen.add((line.at, line.release))
        if not is_whole:
            yield text.decode(errors="replace")
    yield from (f"{release} of {at} is not in it" for at, release in {*acts} - seen)


def _whole(lines: Iterable[str]) -> Iterable[Line]:
    for text in lines:
        try:
            yield Line(**json.loads(text))
        except (ValueError, TypeError):
            continue  # cut off by a crash
