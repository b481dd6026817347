"""What is known of an installation at a moment, as far as an alert could follow from it.

Belongs here: plain facts, and which months are awaited. Does not: judging them (``rules``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.core.period import Month

PUBLICATION = "publication"
"""What a failure is called that belongs to no month."""


@dataclass(frozen=True)
class MissingSource:
    """A source that has given nothing for a month.

    Args:
        table: As in the column ``table`` of ``submissions``.
        units: The names of the units that owe it; none if it comes as a whole.
    """

    table: str
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class AwaitedMonth:
    """A month that is over and not published, with its announced date.

    ``refused`` has a line for each file of the month that cannot be read: it counts as not come.
    """

    month: Month
    due: datetime
    missing: tuple[MissingSource, ...] = ()
    computed: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """What the last run of a month or of the publication failed by.

    Args:
        month: None for the publication.
        asset: The table whose check failed; empty if the run failed by an error.
        check: The check's name; empty likewise.
        line: What the program said.
        meaning: What the check asks, where that is known in both languages.
    """

    month: Month | None
    asset: str
    check: str
    line: str
    meaning: CalendarWords | None = None

    @property
    def place(self) -> str:
        """The month, or the publication, as keys name it."""
        return str(self.month) if self.month else PUBLICATION


@dataclass(frozen=True)
class RuleCount:
    """How many rows a rule set aside."""

    name: CalendarWords
    rows: int


@dataclass(frozen=True)
class SetAside:
    """The rows of a source and month that were set aside.

    Args:
        month: The month.
        table: As in the column ``table`` of ``submissions``.
        asset: The table that the check on the share belongs to.
        rows: All rows.
        quarantined: Those set aside.
        limit: The share that is allowed.
        rules: By how many rows they set aside, most first.
        sheets: The folder of the error sheets; empty if there are none.
    """

    month: Month
    table: str
    asset: str
    rows: int
    quarantined: int
    limit: float
    rules: tuple[RuleCount, ...] = ()
    sheets: str = ""


@dataclass(frozen=True)
class FileLeft:
    """A file of the inbox that is not taken: where it lies, why, and where it should be."""

    path: str
    why: CalendarWords
    should_be: str = ""


@dataclass(frozen=True)
class FilesLeft:
    """What lies in a month's folder of the inbox and is not taken."""

    month: Month
    files: tuple[FileLeft, ...]


@dataclass(frozen=True)
class Shown:
    """The release that a portal shows, and since when (known of our own only)."""

    release: str
    digest: str
    since: datetime | None = None


@dataclass(frozen=True)
class Mirror:
    """A copy of the portal; ``refused`` says why it could not be asked."""

    address: str
    shown: Shown | None = None
    refused: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that an alert can follow from."""

    awaited: tuple[AwaitedMonth, ...] = ()
    failures: tuple[Failure, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    shown: Shown | None = None
    mirrors: tuple[Mirror, ...] = ()
    files_left: tuple[FilesLeft, ...] = ()


def awaited_months(
    published: Iterable[Month], held: Iterable[Month], at: datetime
) -> tuple[Month, ...]:
    """The months that are over and should come next: those after the newest that is published.

    Args:
        published: The months of the release that is shown.
        held: The months of which anything is there; without a release they begin with the first.
            A new installation awaits nothing.
        at: The moment.
    """
    newest, first = max(published, default=None), min(held, default=None)
    month = newest.next() if newest else first
    found = []
    while month is not None and month.has_ended(at):
        found.append(month)
        month = month.next()
    return tuple(found)
