"""The journal: what was begun on the portal, each step that was done, and whether it ended.

Belongs here: writing a line so that it survives a crash, and reading what the last act came to.
Does not: the steps, or what follows from an act that did not end (``publication``).

It is for the engineer, and for the next publisher; readers are told of acts by the index.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cchc_pipeline.durable import append_line

BEGUN, ENDED, CLEARED = "begun", "ended", "cleared"
_LAST = frozenset({ENDED, CLEARED})


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


def _whole(lines: Iterable[str]) -> Iterable[Line]:
    for text in lines:
        try:
            yield Line(**json.loads(text))
        except (ValueError, TypeError):
            continue  # cut off by a crash
