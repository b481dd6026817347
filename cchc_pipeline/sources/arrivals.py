"""What has arrived in the inbox, and whether it has settled: nobody is still copying it.

Belongs here: the state of a month's folder, and the decision from two looks at it. Does not:
reading files (``deliveries``, ``file_drop``), or starting anything.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cchc_pipeline.errors import UsageError
from cchc_pipeline.period import Month
from cchc_pipeline.sources.inbox_names import is_litter

_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
QUIET_SECONDS = 60
"""A file that was written to this lately may still be growing."""


@dataclass(frozen=True)
class Arrival:
    """The files of a month as they are now.

    Args:
        state: A digest of their names, sizes and times.
        newest: When the last of them was written, in seconds since 1970.
        is_whole: Whether none has a name that a copy in progress has.
    """

    state: str
    newest: float
    is_whole: bool


def arrivals(inbox: Path) -> dict[Month, Arrival]:
    """What the inbox holds, by month; a folder without files, or of litter, holds nothing."""
    found = {month: _arrival(folder) for month, folder in _folders(inbox)}
    return {month: arrival for month, arrival in found.items() if arrival is not None}


def _folders(inbox: Path) -> Iterator[tuple[Month, Path]]:
    for folder in sorted(inbox.iterdir()) if inbox.is_dir() else ():
        try:
            month = Month.parse(folder.name)
        except UsageError:
            continue
        if folder.is_dir():
            yield month, folder


def _arrival(folder: Path) -> Arrival | None:
    digest, newest, is_whole, count = hashlib.sha256(), 0.0, True, 0
    for path in sorted(folder.rglob("*")):
        unfinished = path.name.endswith(_UNFINISHED)
        if not path.is_file() or (is_litter(path.name) and not unfinished):
            continue
        state = path.stat()
        line = f"{path.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}\n"
        digest.update(line.encode(errors="surrogateescape"))
        newest, count = max(newest, state.st_mtime), count + 1
        is_whole = is_whole and not unfinished
    return Arrival(digest.hexdigest(), newest, is_whole) if count else None


def has_settled(arrival: Arrival, before: str | None, at: datetime) -> bool:
    """Whether a month's files are whole: nothing changed since the last look, nor just now.

    Args:
        arrival: The files now.
        before: Their state at the look before; None at the first.
        at: The moment of this look.
    """
    quiet = at.timestamp() - arrival.newest >= QUIET_SECONDS
    return arrival.is_whole and quiet and arrival.state == before


def untaken(
    found: Mapping[Month, Arrival], taken: Mapping[str, str], made: Container[Month]
) -> Iterator[Month]:
    """The months whose files are not those that were taken in last.

    Args:
        found: The files now.
        taken: The state in which each month was taken in, as far as it is known.
        made: The months that were made from what lies there.
    """
    for month, arrival in found.items():
        known = taken.get(str(month))
        if (month not in made) if known is None else (known != arrival.state):
            yield month
