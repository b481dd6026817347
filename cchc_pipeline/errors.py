"""Errors that a user can act on: one line that says what is wrong, where, and what to do.

Belongs here: the error types and the exit code that each maps to (``docs/operating.md``), and what
the disk's refusals mean. Does not: catching or printing them, which the command line does once.
"""

import errno
import os
from pathlib import Path


class CchcError(Exception):
    """A failure with one clear line for its reader.

    Args:
        what: What is wrong, as a short sentence without a full stop.
        where: The file, row, unit, address or setting concerned.
        todo: What the reader can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.todo = what, where, todo

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line} -> {self.todo}" if self.todo else line


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


class CheckFailedError(CchcError):
    """A check that must hold does not; nothing was published."""


class AfterwardsError(CchcError):
    """The release is out, but something that comes after that failed."""

    exit_code = 4


_REFUSALS = {
    errno.ENOSPC: ("the disk is full", "free some space and run again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run again"),
    errno.EROFS: ("the disk is read-only", "mount it for writing and run again"),
    errno.EACCES: ("may not be written to", "give this user the right to write there"),
    errno.EPERM: ("may not be written to", "give this user the right to write there"),
}


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
