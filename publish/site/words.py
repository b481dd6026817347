"""Words of the pages: sentences in two languages, filled with numbers and dates in their forms.

Belongs here: reading ``schemas/pages/messages``, refusing it where a language lacks, filling its
places; what forms values, for the pages (``cchc_pipeline.core.written``). Does not: sentences,
which are data, or names that come with the data.
"""

import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from cchc_pipeline.core.data import ROOT, read_yaml
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.written import (
    Language,
    collation_key,
    date_text,
    day_of,
    moment_text,
    month_text,
    number_text,
    window_text,
)
from cchc_pipeline.government import DEFAULT_ROOT, government_of

__all__ = [
    "LANGUAGES", "Language", "Words", "collation_key", "date_text", "day_of", "load_words",
    "moment_text", "month_text", "number_text", "parse_messages", "window_text",
]  # fmt: skip
LANGUAGES: tuple[Language, ...] = ("vi", "en")

_FOLDER = "pages/messages"
_Messages = Mapping[str, Mapping[Language, str]]


@dataclass(frozen=True)
class Words:
    """The messages in one language; call it with a key and the values of its places.

    Attributes:
        noun: What the whole is that publishes, for the place ``{noun}``: thành phố, tỉnh.
    """

    language: Language
    messages: _Messages
    noun: str

    def __call__(self, key: str, **values: object) -> Markup:
        """The message as HTML: values are escaped unless they are HTML already.

        Raises:
            SchemaDataError: There is no such message.
        """
        shown = {name: escape(value) for name, value in values.items()}
        text = str.format(escape(self._message(key)), noun=escape(self.noun), **shown)
        return Markup(text)  # noqa: S704 - message and values are escaped just above

    def text(self, key: str, **values: object) -> str:
        """The message as plain text, for what is not HTML, or is escaped where it is shown."""
        return self._message(key).format(noun=self.noun, **values)

    def _message(self, key: str) -> str:
        if key not in self.messages:
            raise SchemaDataError("no such message", where=f"schemas/{_FOLDER}, {key}")
        return self.messages[key][self.language]

    def has(self, key: str) -> bool:
        """Whether there is a message of that key."""
        return key in self.messages


@cache
def load_words(language: Language, root: str = DEFAULT_ROOT) -> Words:
    """The shipped words, for the pages of a province or city.

    Raises:
        SchemaDataError: A message lacks a language, its places differ between them, or it stands
            in two files.
    """
    return Words(language, _shipped(), getattr(government_of(root).noun, language))


@cache
def _shipped() -> _Messages:
    found: dict[str, Mapping[Language, str]] = {}
    for name in sorted(entry.name for entry in ROOT.joinpath(_FOLDER).iterdir()):
        path = f"{_FOLDER}/{name}"
        messages = parse_messages(read_yaml(path), f"schemas/{path}")
        twice = sorted(found.keys() & messages.keys())
        if twice:
            raise SchemaDataError(f"{twice[0]} stands in two files", where=f"schemas/{path}")
        found |= messages
    return found


def parse_messages(tree: object, where: str) -> _Messages:
    """Flatten a tree of messages to ``section.name`` and refuse what is incomplete.

    Args:
        tree: Mappings of mappings; a leaf has the keys ``vi`` and ``en``.
        where: What errors call it.

    Raises:
        SchemaDataError: As for ``load_words``; the line names the message.
    """
    return dict(_leaves(tree, where, ""))


def _leaves(node: object, where: str, key: str) -> Iterable[tuple[str, Mapping[Language, str]]]:
    if not isinstance(node, Mapping) or not node:
        raise SchemaDataError("neither words nor a section", where=f"{where}, {key}")
    if not node.keys() & set(LANGUAGES):
        for name, inner in node.items():
            yield from _leaves(inner, where, f"{key}.{name}" if key else str(name))
        return
    yield key, _message(node, f"{where}, {key}")


def _message(node: Mapping[Any, Any], where: str) -> Mapping[Language, str]:
    if set(node) - set(LANGUAGES):
        raise SchemaDataError("words beside a section", where=where, todo="keep vi and en only")
    for language in LANGUAGES:
        if not isinstance(node.get(language), str) or not node[language]:
            raise SchemaDataError(f"no {language}", where=where, todo="give it in vi and en")
    places = [_places(node[language]) for language in LANGUAGES]
    if places[0] != places[1]:
        raise SchemaDataError("vi and en have different places", where=where)
    return {language: unicodedata.normalize("NFC", node[language]) for language in LANGUAGES}


def _places(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}
