"""Abbreviations, explained where a page first uses them, and one word for one thing.

Belongs here: reading ``schemas/pages/glossary.yaml``; putting the full form behind the first use in
the rendered text of a page. Does not: the words themselves, which are data, or where the list of
all stands (``templates/method.html``).

It works on the text that a reader sees, so that nobody need remember it in thirty templates.
"""

import re
from collections.abc import Iterator
from functools import cache

from markupsafe import Markup
from pydantic.dataclasses import dataclass

from cchc_pipeline.contracts import Language, Text
from cchc_pipeline.core.data import read_yaml, typed

_PATH = "pages/glossary.yaml"
_PARTS = re.compile(r"<[^>]*>|[^<]+")
_UNREAD = frozenset({"svg", "script", "style", "code", "pre", "abbr", "title"})
"""Elements whose text is a drawing, a program, or explained already."""
_NAME = re.compile(r"</?([a-z0-9]+)")


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
    """The parts of the main text, until nothing waits for its explanation any more."""
    unread = 0
    for part in _PARTS.finditer(main):
        text = part[0]
        if text.startswith("<"):
            unread += _depth(text)
        elif not unread:
            text = _first_uses(text, waiting, language)
        yield text
        if not waiting:
            yield main[part.end() :]
            return


def _depth(tag: str) -> int:
    """Whether a tag opens (1) or closes (-1) an element whose text is not read."""
    name = _NAME.match(tag)
    if name is None or name[1] not in _UNREAD or tag.endswith("/>"):
        return 0
    return -1 if tag.startswith("</") else 1


def _first_uses(text: str, waiting: dict[str, Term], language: Language) -> str:
    found = [short for short in waiting if short in text]
    if not found:
        return text
    wanted = "|".join(sorted(map(re.escape, found), key=len, reverse=True))

    def told(match: re.Match[str]) -> str:
        term = waiting.pop(match[0], None)
        return match[0] if term is None else _told(term, language)

    return re.sub(rf"\b(?:{wanted})\b", told, text)


def _told(term: Term, language: Language) -> str:
    full = term.full.of(language)
    shown = Markup('<abbr title="{}">{}</abbr>').format(full, term.short)
    return shown if term.in_names else shown + Markup(" ({})").format(full)
