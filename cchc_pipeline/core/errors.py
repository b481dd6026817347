"""Errors that a user can act on: one line that says what is wrong, where, and what to do.

Belongs here: the error types and the exit code that each maps to (``docs/operating.md``), and what
the disk's refusals mean. Does not: errors that nobody foresaw (``unforeseen``), catching or
printing them, which the command line does once.
"""

import errno
import os
import sqlite3
from collections import deque
from pathlib import Path
from typing import ClassVar

from cchc_pipeline.core.masking import visible

DEBUG = "--debug"
"""The option that shows tracebacks; may stand anywhere in a command line."""
LANG = "--lang"
"""The option that says in which language; may stand anywhere in a command line."""
ROOT = "--root"
"""The option that says of which place, or places; may stand anywhere in a command line."""
FROM_BACKUP = "from a backup: cchc mend --from FILE"
MADE_AGAIN = "made again from the raw archive: cchc run --all"
BEGUN_ANEW = "set aside and begun anew: cchc mend"
"""What mends a damaged file, for whoever meets it while it is read."""
_LONGEST, _LONGEST_PLACE, _LONGEST_TODO = 500, 240, 200
"""Characters of a line that is told, of the place named in it, and of what to do."""
_NEXT_LINE = "\n  "
_REFUSALS = {
    errno.ENOSPC: ("the disk is full", "free some space and run again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run again"),
    errno.EROFS: ("the disk is read-only", "mount it for writing and run again"),
    errno.EIO: ("the disk cannot be read or written", "see whether it is full or failing"),
    errno.EACCES: ("may not be written to", "give this user the right to write there"),
    errno.EPERM: ("may not be written to", "give this user the right to write there"),
}
_SQLITE = {
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_IOERR_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_IOERR_SHMMAP: errno.ENOMEM,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_IOERR_SHMSIZE: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
}
"""SQLite's codes; of those that have finer ones, the finer one is looked up first."""


class CchcError(Exception):
    """A failure with one clear line for its reader.

    Args:
        what: What is wrong, as a short sentence without a full stop.
        where: The file, row, unit, address or setting concerned.
        todo: What the reader can do about it.
    """

    made: ClassVar[deque["CchcError"]] = deque(maxlen=32)
    """The newest of this process: of an error within a step Dagster hands on its text only."""
    exit_code = 1
    may_list = False
    """Whether what is wrong may be a headline and an indented line for each failure."""

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.todo = what, where, todo
        self.made.append(self)

    def __str__(self) -> str:
        """At most 500 characters a line, none of them raw: a terminal or a mail may show it."""
        first, *others = self.what.split(_NEXT_LINE) if self.may_list else [self.what]
        place = _cut_before(visible(self.where, None), _LONGEST_PLACE)
        start = f"{place}: " if place else ""
        todo = visible(self.todo, None)
        end = f" -> {visible(todo, _LONGEST_TODO)}" if todo else ""
        lines = [visible(other, _LONGEST) for other in others]
        if lines:
            return _NEXT_LINE.join([start + visible(first, _LONGEST - len(start)), *lines]) + end
        return start + visible(first, _LONGEST - len(start) - len(end)) + end

    @property
    def parts(self) -> dict[str, str | int]:
        """The error for a script: what, where, what to do, and the exit code."""
        lines = self.what.split(_NEXT_LINE) if self.may_list else [self.what]
        what = _NEXT_LINE.join(visible(line, None) for line in lines)
        where, todo = visible(self.where, None), visible(self.todo, None)
        return {"what": what, "where": where, "todo": todo, "exit_code": self.exit_code}


def _cut_before(text: str, limit: int) -> str:
    """A path is known by its end."""
    return text if len(text) <= limit else f"…{text[1 - limit :]}"


class UsageError(CchcError):
    """The command or a setting is wrong; nothing was tried."""

    exit_code = 2


class LockedError(CchcError):
    """Another publisher is at work."""

    exit_code = 3


class SchemaDataError(CchcError):
    """A shipped or added data file (``schemas/``, ``inbox/units.csv``) is not usable."""

    exit_code = 2


class SourceError(CchcError):
    """A source answered something that cannot be taken as an answer."""


class DamagedError(CchcError):
    """A file of the installation is not what was written.

    Args:
        path: The file.
        todo: What mends it.
    """

    def __init__(self, path: Path | str, todo: str) -> None:
        super().__init__("is damaged: it is not what was written", where=str(path), todo=todo)


class CheckFailedError(CchcError):
    """A check that must hold does not; nothing was published."""

    may_list = True


class AfterwardsError(CchcError):
    """The release is out, but something that comes after that failed."""

    exit_code = 4


def with_extra(name: str) -> str:
    """What to do where an optional part is not installed: one way for all of them."""
    return f"make extra EXTRA={name}, where the program lies"


def disk_error(error: OSError, place: Path | str = "") -> CheckFailedError:
    """What a refusal of the operating system means, as a line.

    Args:
        error: The refusal.
        place: What to name if the error names no file.
    """
    where = os.fsdecode(error.filename) if error.filename else str(place)
    what, todo = _REFUSALS.get(
        error.errno or 0,
        (error.strerror or str(error), "check that the place exists and may be written to"),
    )
    return CheckFailedError(what, where=where, todo=todo)


def disk_refusal(error: BaseException) -> OSError | None:
    """The operating system's refusal behind an error, also one that a database tells in its words.

    Args:
        error: Any error; what caused it is looked at too.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause
        code = getattr(cause, "sqlite_errorcode", 0)
        number = _SQLITE.get(code) or _SQLITE.get(code & 0xFF)
        if number is not None:
            return OSError(number, os.strerror(number))
        cause = cause.__cause__
    return None
