"""Digests of files, remembered so that a file which did not change is not read again.

Belongs here: telling whether bytes are those of last time. Does not: which files matter for what
(``assets.made_from``).

As in a version control's index, a file whose size and time of change are the remembered ones has
the remembered digest; any other is read.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Remembered:
    """A file as it was when it was read: size in bytes, time of change in ns, SHA-256."""

    size: int
    changed: int
    sha256: str


@dataclass
class FileDigests:
    """The digests of files, from memory where that is safe.

    Attributes:
        known: What is remembered of earlier times, by path.
        seen: What was asked for: what is worth remembering for the next time.
    """

    known: dict[str, Remembered] = field(default_factory=dict)
    seen: dict[str, Remembered] = field(default_factory=dict)

    def of(self, path: Path) -> str:
        """The SHA-256 of a file's bytes; empty if it cannot be read: whoever needs it will say."""
        name = str(path)
        known = self.seen.get(name) or self.known.get(name)
        try:
            state = path.stat()
            if known is None or (known.size, known.changed) != (state.st_size, state.st_mtime_ns):
                known = Remembered(state.st_size, state.st_mtime_ns, _sha256(path))
        except OSError:
            return ""
        self.seen[name] = known
        return known.sha256

    def lines(self, root: Path, paths: Iterable[Path]) -> Iterator[str]:
        """A line for each file: its name below a folder and its digest, in the order of names."""
        for path in sorted(paths):
            yield f"{path.relative_to(root)} {self.of(path)}"


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder and below it; none if there is no such folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def digest_of(lines: Iterable[str]) -> str:
    """One digest of many lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
