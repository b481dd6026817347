"""Abbreviations, explained where a page first uses them, and one word for one thing.

Belongs here: reading ``schemas/pages/glossary.yaml``; putting the full form behind the first use in
the rendered text of a page. Does not: the words themselves, which are data, or where the list of
all stands (``templates/method.html``).

It works on the text that a reader sees, so that nobody need remember it in thirty templates.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from markupsafe import Markup
from pydantic.dataclasses import dataclass

from cchc_pipeline.contracts import Language, Text
from cchc_pipeline.core.data import read_yaml, typed

_PATH = "pages/glossary.yaml"
_UNREAD = re.compile(r"<(svg|script|style|code|pre|abbr|title)\b.*?</\1>", re.DOTALL)
"""Elements whose text is a drawing, a program, or explained already."""


@dataclass(frozen=True)
class Term:
    """An abbreviation.

    Args:
        short: As it is written.
        full: What it stands for.
        meaning: What that is; may be left out.
        basis: The document that says so; may be left out.
        in_names: Whether it is part of names, in whose middle no brackets are put.
    """

    short: str
    full: Text
    meaning: Text | None = None
    basis: str = ""
    in_names: bool = False


@dataclass(frozen=True)
class Preferred:
    """The word for a thing, and those that are never written for it."""

    use: str
    avoid: tuple[str, ...]
    of: Text


@dataclass(frozen=True)
class Glossary:
    """All of them."""

    terms: tuple[Term, ...]
    words: tuple[Preferred, ...]


@cache
def glossary() -> Glossary:
    """The shipped list.

    Raises:
        SchemaDataError: It is not as declared.
    """
    return typed(Glossary, read_yaml(_PATH), f"schemas/{_PATH}")


def explained(page: str, language: Language) -> str:
    """A page in whose main part the first use of each abbreviation is explained.

    Args:
        page: The page as HTML.
        language: Its language.
    """
    head, begin, main = page.partition("<main ")
    waiting = {term.short: term for term in glossary().terms if term.short in main}
    return head + begin + "".join(_explained(main, waiting, language)) if waiting else page


def _explained(main: str, waiting: dict[str, Term], language: Language) -> Iterator[str]:
    """The main text in parts; the first use that a reader sees of each term is one of them."""
    unread = [found.span() for found in _UNREAD.finditer(main)]
    done = 0
    for use in re.finditer(rf"\b(?:{_any_of(waiting)})\b", main):
        if use[0] in waiting and _is_read(main, use.start(), unread):
            yield main[done : use.start()]
            yield _told(waiting.pop(use[0]), language)
            done = use.end()
            if not waiting:
                break
    yield main[done:]


def _any_of(terms: Iterable[str]) -> str:
    """The longer before those that they begin with."""
    return "|".join(sorted(map(re.escape, terms), key=len, reverse=True))


def _is_read(main: str, place: int, unread: Sequence[tuple[int, int]]) -> bool:
    """Whether what stands at a place is text that a reader sees, outside tags."""
    if main.rfind("<", 0, place) > main.rfind(">", 0, place):
        return False
    before = bisect(unread, (place, place)) - 1
    return before < 0 or place >= unread[before][1]


def _told(term: Term, language: Language) -> str:
    full = term.full.of(language)
    shown = Markup('<abbr title="{}">{}</abbr>').format(full, term.short)
    return shown if term.in_names else shown + Markup(" ({})").format(full)
