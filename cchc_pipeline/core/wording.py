"""Vietnamese for what the program says in English: lines of commands, errors and what to do.

Belongs here: finding a line among those of ``schemas/commands/vietnamese.yaml``, whole or by its
parts, and putting what stands in its places into Vietnamese too. Does not: the words, which are
data; lines that have both languages beside each other (``schemas/commands/run.yaml``).

The English line is the key, so that code deep below says what is wrong in one language, and only
whoever prints it decides on another. What stands in no list stays as it is.
"""

import copy
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import CchcError

_PATH = "commands/vietnamese.yaml"
PLACE = re.compile(r"\{([a-z_]+)\}")
"""A part of a line that is not always the same."""
_TODO = " -> "
_JOINTS = ("\n  ", _TODO, "; ")
_PAIR, _LIST = ": ", ", "
_SURE = 10
"""Letters of a line, its places not counted, by which it is known among other words."""
_SHAPES = {"count": r"[\d.,]+", "month": r"\S+", "step": r"\w+"}
"""Of the places that hold one thing only, what they can hold."""
_Pattern = tuple[re.Pattern[str], str, int]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Lexicon:
    """The content of the file: English lines, each with its Vietnamese."""

    basis: str
    lines: Mapping[str, str]


@cache
def load_lexicon() -> Lexicon:
    """The shipped lines.

    Raises:
        SchemaDataError: They cannot be used; the line says where.
    """
    return load(Lexicon, _PATH)


def worded(text: str, language: Literal["vi", "en"]) -> str:
    """A line of the program, or several, in a language."""
    return text if language == "en" else _composed(text)


def worded_error(error: CchcError, language: Literal["vi", "en"]) -> CchcError:
    """An error with its line in a language, and its exit code as before."""
    if language == "en":
        return error
    told = copy.copy(error)
    told.what, told.where, told.todo = (
        _composed(part) for part in (error.what, error.where, error.todo)
    )
    return told


@lru_cache(maxsize=4096)
def _composed(text: str) -> str:
    """A line that is known, else its parts that are."""
    bare = text.strip(" ")
    if bare != text:
        return text.replace(bare, _composed(bare), 1) if bare else text
    found = _known(text) or _after_its_place(text, _SURE)
    if found is not None:
        return found
    for joint in _JOINTS:
        if joint in text:
            return joint.join(_composed(part) for part in text.split(joint))
    return _after_its_place(text, 0) or _listed(text) or text


def _after_its_place(text: str, least: int) -> str | None:
    """Something known after what it is about: ``<place>: <line>``."""
    for mark in re.finditer(_PAIR, text):
        told = _known(text[mark.end() :], least) or _listed(text[mark.end() :])
        if told is not None:
            return f"{_composed(text[: mark.start()])}{_PAIR}{told}"
    return None


def _listed(text: str) -> str | None:
    """A list of which every part is known."""
    told = [_known(part) for part in text.split(_LIST)]
    return None if None in told else _LIST.join(part or "" for part in told)


def _known(text: str, least: int = 0) -> str | None:
    """A line that stands in the list, its places filled; ``least`` letters of it are sure.

    No place holds what is to be done: a line ends before it, and may be known to there.
    """
    whole, patterns = _patterns()
    if text in whole:
        return whole[text]
    for pattern, told, letters in patterns:
        match = pattern.fullmatch(text) if letters >= least else None
        if match and not any(_TODO in value for value in match.groupdict().values()):
            values = {name: _composed(value) for name, value in match.groupdict().items()}
            return PLACE.sub(lambda place, values=values: values[place[1]], told)  # type: ignore[misc]
    return None


@cache
def _patterns() -> tuple[dict[str, str], tuple[_Pattern, ...]]:
    """Lines without places by their text; the others as patterns, the most exact first."""
    lines = load_lexicon().lines
    whole = {line: told for line, told in lines.items() if not PLACE.search(line)}
    letters = {line: len(PLACE.sub("", line)) for line in lines.keys() - whole.keys()}
    others = sorted(letters, key=lambda line: (-letters[line], line))
    return whole, tuple((_pattern(line), lines[line], letters[line]) for line in others)


def _pattern(line: str) -> re.Pattern[str]:
    parts = PLACE.split(line)
    texts, names = parts[::2], parts[1::2]
    filled = "".join(
        re.escape(text) + (_place(names[n]) if n < len(names) else "")
        for n, text in enumerate(texts)
    )
    return re.compile(filled, re.DOTALL)


def _place(name: str) -> str:
    return f"(?P<{name}>{_SHAPES.get(name, '.+?')})"
