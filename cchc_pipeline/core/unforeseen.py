"""An error that nobody foresaw: what was being done, and a report of it that can be sent.

Belongs here: which command, step and file are at work; the report, without a value of the data; and
what the end of memory looks like. Does not: printing, or errors that are foreseen (``errors``).

A report names the kind of the error and the lines of the program, never the error's words, which
may quote a cell. Of the command it has the options and months, of the settings what is no place, no
address and no secret.
"""

import errno
import hashlib
import json
import platform
import re
import resource
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from cchc_pipeline import __version__
from cchc_pipeline.core.errors import DEBUG, CchcError, UsageError, disk_error, disk_refusal
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.masking import mask, visible

FOLDER = "reports"
_LIBRARIES = ("dagster", "duckdb", "pandas", "pyarrow", "great_expectations")
_PACKAGES = re.compile(r".*/(site-packages|lib/python[\d.]+)/")
_OURS = re.compile(r".*/(?=(?:cchc_pipeline|assets|publish|schemas|tests)/)")
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>\S+)')
_WORD = re.compile(r"-{1,2}[\w-]+|\d{4}-\d{2}(?:\.r\d+)?")
_OF_MEMORY = re.compile(
    r"out of memory|bad_alloc|cannot allocate memory|malloc of size|realloc of size"
    r"|failed to allocate|could not allocate|can't start new thread|memory limit",
    re.IGNORECASE,
)
_TOLD = frozenset(
    {
        "engine", "expected_sources", "lang", "memory_limit", "methodology", "root_unit",
        "smtp_security",
    }
)  # fmt: skip
"""The settings in words that are told; of the others in words only whether they are set."""
_KINDS_OF_MEMORY = frozenset({"MemoryError", "ArrowMemoryError", "OutOfMemoryException"})
_LONGEST, _LONGEST_NAME = 400, 80
_MORE_MEMORY = "give it more, or lower CCHC_MEMORY_LIMIT and CCHC_WORKERS, and run again"
_ADDRESS_SPACE = 3 << 30
"""Bytes that a run reserves, of which it uses a fifth."""
Frame = tuple[str, int, str]
"""A file of the program, a line, and the function."""


@dataclass
class AtWork:
    """What this process is doing: it does one thing at a time.

    Attributes:
        home: The installation; None while it is not known.
        words: The command's words.
        settings: The settings, by name.
        step: The step of Dagster's that began last.
        file: The name of the file that was opened last.
        lang: The language that the command line names; empty if it names none.
        root: The place that the command line names; empty if it names none.
    """

    home: Path | None = None
    words: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    step: str = ""
    file: str = ""
    lang: str = ""
    root: str = ""

    def at(self) -> str:
        """Where it is, for a line."""
        return ", ".join(filter(None, [self.step, mask(visible(self.file, None), _LONGEST_NAME)]))


AT_WORK = AtWork()


class UnforeseenError(CchcError):
    """An error that is not ours, where it happened.

    Args:
        kind: Its kind.
        words: What it says, for the screen only.
        frames: Where in the program, the innermost last.
    """

    def __init__(self, kind: str, words: str, frames: Sequence[Frame]) -> None:
        self.report = write_report(AT_WORK, kind, frames)
        todo = f"send {self.report}, or run it with {DEBUG}" if self.report else ""
        place = f" at {AT_WORK.at()}" if AT_WORK.at() else ""
        super().__init__(
            f"unexpected {kind}{place}: {visible(words, _LONGEST)}",
            todo=todo or f"run it with {DEBUG} and report it",
        )


def foreseen(error: Exception) -> CchcError:
    """Any error as one of ours; of one that nobody foresaw a report is written, once."""
    if isinstance(error, CchcError):
        return error
    known = getattr(error, "cchc_told", None)
    if isinstance(known, CchcError):
        return known
    kinds = [type(error).__name__, *_causes(error)]
    first = next(iter(str(error).strip().splitlines()), "")
    stack = traceback.extract_tb(error.__traceback__)
    frames = [(frame.filename, frame.lineno or 0, frame.name) for frame in stack]
    told = told_of(kinds, first, frames, disk_refusal(error))
    with suppress(AttributeError):  # of a library that gives its errors no place
        error.cchc_told = told  # type: ignore[attr-defined]
    return told


def told_of(
    kinds: Sequence[str], words: str, frames: Sequence[Frame], refusal: OSError | None = None
) -> CchcError:
    """An error that is not ours, by what is known of it.

    Args:
        kinds: Its kind, and those of what caused it.
        words: The first line of what it says.
        frames: Where in the program.
        refusal: What the operating system refused, if that is behind it.
    """
    is_refused = refusal is not None and refusal.errno == errno.ENOMEM
    if is_refused or _KINDS_OF_MEMORY & {*kinds} or _OF_MEMORY.search(words):
        place = f" at {AT_WORK.at()}" if AT_WORK.at() else ""
        return CchcError(f"there is not enough memory{place}", todo=_MORE_MEMORY)
    if refusal is not None:
        return disk_error(refusal, "CCHC_HOME")
    return UnforeseenError(kinds[0], words, frames)


def require_address_space() -> None:
    """Hold that the limit on this process leaves room for the libraries.

    Some of them end the process, without a word, when they are refused memory in the midst.

    Raises:
        UsageError: The limit is too low.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _ADDRESS_SPACE:
        raise UsageError(
            f"there is not enough memory: this process may take {limit >> 20} MB of addresses,"
            f" and a run needs {_ADDRESS_SPACE >> 20}",
            where="ulimit -v",
            todo="raise or lift the limit; what a run really uses is limited by CCHC_MEMORY_LIMIT",
        )


def frames_in(stack: Iterable[str]) -> list[Frame]:
    """The frames of a traceback that was kept as text."""
    found = (_FRAME.search(text) for text in stack)
    return [(one["file"], int(one["line"]), one["name"]) for one in found if one]


def write_report(at: AtWork, kind: str, frames: Sequence[Frame]) -> Path | None:
    """Write a report into the home; None where there is no home, or it cannot be written.

    The same error is the same file, however often it happens.
    """
    if at.home is None or not at.home.is_dir():
        return None
    content = json.dumps(report_of(at, kind, frames), ensure_ascii=False, indent=1).encode()
    path = at.home / FOLDER / f"{kind}-{hashlib.sha256(content).hexdigest()[:12]}.json"
    try:
        write_whole(path, content + b"\n")
    except OSError:
        return None
    return path


def report_of(at: AtWork, kind: str, frames: Sequence[Frame]) -> dict[str, object]:
    """What may be sent: where the program was, and nothing of the data."""
    return {
        "error": kind,
        "command": [word if _WORD.fullmatch(word) else "…" for word in at.words],
        "step": at.step,
        "file": mask(visible(at.file, None), _LONGEST_NAME),
        "frames": [f"{_place(file)}:{line} {name}" for file, line, name in frames],
        "settings": {name: _told(name, value) for name, value in sorted(at.settings.items())},
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _place(file: str) -> str:
    """A file of the program without where it is installed."""
    within = _PACKAGES.sub("", file)
    return within if within != file else _OURS.sub("", file).rpartition("../")[2].lstrip("/")


def _told(name: str, value: object) -> object:
    """A switch or a number, or a word that can be no name, address, place or secret."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal) or name in _TOLD:
        return str(value)
    return "set" if str(value) else ""


def _causes(error: BaseException) -> Iterable[str]:
    cause = error.__cause__
    while cause is not None:
        yield type(cause).__name__
        cause = cause.__cause__
