"""What a finding is: a damaged file, what is wrong with it, since when it can be, what mends it.

Belongs here: the finding, its words (``schemas/commands/damage.yaml``), and how closely a file is
looked at. Does not: which files there must be (``damage``, ``assets.damage``), or mending them
(``mending``).

Whoever looks says how a digest is known (``Look``): by reading every byte, or, before each
publication, from memory where the file system says that nobody wrote to the file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from cchc_pipeline.contracts import Language, Text
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.files import FileDigests, digest_of_file
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.period import TIMEZONE

Kind = Literal[
    "missing", "empty", "altered", "unreadable", "foreign", "unended", "wide", "narrow",
    "unreachable",
]  # fmt: skip
Mend = Literal["again", "anew", "rebuilt", "aside", "ended", "backup", "rights", "postgres"]
_WORDS = "commands/damage.yaml"
_SMALL, _SMALL_RAW = 256 << 10, 8 << 20
"""Bytes: a quick look reads what is not larger, if it is not known from before."""
_PARQUET = b"PAR1"
_SHOWN = 20
"""Findings of one kind that are told one by one."""


@dataclass(frozen=True)
class DamageWords:
    """The words; the fields are those of the file."""

    basis: str
    line: Text
    kinds: Mapping[str, Text]
    mends: Mapping[str, Text]
    says: Mapping[str, Text]

    def say(self, name: str, language: Language, **values: object) -> str:
        """One of the further sentences."""
        return _in(self.says[name], language).format_map(values)


@cache
def damage_words() -> DamageWords:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used.
    """
    return typed(DamageWords, read_yaml(_WORDS), f"schemas/{_WORDS}")


def _in(text: Text, language: Language) -> str:
    return text.vi if language == "vi" else text.en


@dataclass(frozen=True)
class Damage:
    """A file that is not what it should be.

    Attributes:
        path: Its path below the home, as text.
        kind: What is wrong.
        mend: What mends it.
        since: The earliest moment at which it can have happened, ISO 8601 in the city's time.
        details: What the words of the kind name besides.
    """

    path: str
    kind: Kind
    mend: Mend
    since: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_of_rights(self) -> bool:
        """Whether the file is whole, and only who may read it is not as declared."""
        return self.mend == "rights"

    def line(self, language: Language) -> str:
        """The finding in one line: what, where, since when, and the command that mends it."""
        words = damage_words()
        return _in(words.line, language).format_map(
            {
                "path": visible(self.path, 200),
                "what": _in(words.kinds[self.kind], language).format_map(self.details),
                "since": self.since,
                "mend": _in(words.mends[self.mend], language),
            }
        )

    def as_dict(self) -> dict[str, str]:
        """The finding for a script; ``line`` is in English."""
        told = {"path": self.path, "kind": self.kind, "mend": self.mend, "since": self.since}
        return {**told, **self.details, "line": self.line("en")}


def damage_lines(found: Iterable[Damage], language: Language) -> Iterator[str]:
    """The findings as lines; of many that are alike, as in a folder that is gone, the first."""
    groups: dict[tuple[str, str, str], list[Damage]] = {}
    for one in found:
        groups.setdefault((one.path.partition("/")[0], one.kind, one.mend), []).append(one)
    for alike in groups.values():
        yield from (one.line(language) for one in alike[:_SHOWN])
        if len(alike) > _SHOWN:
            yield damage_words().say("more", language, count=len(alike) - _SHOWN)


@dataclass
class Look:
    """How closely files are looked at.

    Args:
        home: The installation.
        memory: Known digests, for a quick look; None reads every byte.
        files: How many files were looked at.
    """

    home: Path
    memory: FileDigests | None = None
    files: int = 0

    @property
    def is_quick(self) -> bool:
        """Whether only what is known to be unchanged, small, or of another size is told."""
        return self.memory is not None

    def damage(
        self, path: Path, digest: str, mend: Mend, size: int | None = None
    ) -> Iterator[Damage]:
        """What is wrong with a file that must have a digest, and a size where that is known.

        Sizes are known of raw bytes, which nothing else can stand in for.
        """
        self.files += 1
        try:
            found = path.stat().st_size
            if size not in (None, found) or (not found and digest != _EMPTY):
                yield self.told(path, "altered" if found else "empty", mend)
            elif (read := self._digest(path, found, is_raw=size is not None)) and read != digest:
                yield self.told(path, "altered", mend)
        except FileNotFoundError:
            yield self.told(path, "missing", mend)
        except OSError:
            yield self.told(path, "unreadable", mend)

    def _digest(self, path: Path, size: int, *, is_raw: bool) -> str:
        """The digest; empty if a quick look does not know it."""
        if self.memory is None:
            return digest_of_file(path)
        is_known = str(path) in self.memory.known or str(path) in self.memory.seen
        most = _SMALL_RAW if is_raw else _SMALL
        return self.memory.of(path) if is_known or size <= most else ""

    def told(self, path: Path, kind: Kind, mend: Mend, **details: str) -> Damage:
        """A finding on a path below the home."""
        return Damage(path.relative_to(self.home).as_posix(), kind, mend, since(path), details)


_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of no bytes: a file may be empty rightly."""


def since(path: Path) -> str:
    """When a file was written to last; of one that is gone, when its folder changed last."""
    place = next(place for place in (path, *path.parents) if place.exists())
    return datetime.fromtimestamp(place.stat().st_mtime, UTC).astimezone(TIMEZONE).isoformat()[:19]


def looks_like_parquet(path: Path) -> bool:
    """Whether a file begins and ends as Parquet does."""
    with path.open("rb") as file:
        begins = file.read(4) == _PARQUET
        size = file.seek(0, 2)
        file.seek(max(size - 4, 0))
        return begins and size > 12 and file.read(4) == _PARQUET


def kind_of(path: Path) -> Kind:
    """What is wrong with a file that does not say what it should."""
    if not path.exists():
        return "missing"
    return "altered" if path.stat().st_size else "empty"
