"""Errors that a user can act on: one line that says what is wrong, where, and what to do.

Belongs here: the error types and the exit code that each maps to (``docs/operating.md``).
Does not: catching or printing them, which the command line does once.
"""


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
