"""A part of a declaration with its place, and the reading of typed values from it.

Belongs here: one method for each kind of value, refused in a line that names the place. Does not:
which names a declaration may have, or what its values mean together.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from cchc_pipeline.contracts.model import Language, Text
from cchc_pipeline.errors import SchemaDataError


@dataclass(frozen=True)
class Node:
    """A mapping within a declaration, and the place that an error names."""

    content: Mapping[str, Any]
    where: str

    @classmethod
    def at(cls, value: object, where: str) -> "Node":
        """Take a value that must be a mapping."""
        if not isinstance(value, Mapping):
            raise SchemaDataError("is not a mapping", where=where, todo="write it as name: value")
        return cls(value, where)

    def refusal(self, what: str, todo: str = "") -> SchemaDataError:
        """The error that names this place, for the caller to raise."""
        return SchemaDataError(what, where=self.where, todo=todo)

    def only(self, known: frozenset[str]) -> None:
        """Refuse names that mean nothing, which are mostly misspelt ones."""
        for name in self.content:
            if name not in known:
                raise self.refusal(f"{name!r} is unknown", f"use {', '.join(sorted(known))}")

    def word(self, name: str) -> str:
        """A text that must be there."""
        value = self.content.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refusal(f"no {name}", f"give {name} as text")
        return unicodedata.normalize("NFC", value.strip())

    def words(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty if it is not there."""
        value = self.content.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refusal(f"{name} is not a list of texts", f"write {name} as [one, two]")
        return tuple(value)

    def text(self, name: str) -> Text:
        """A text in both languages."""
        inner = self.content.get(name)
        said = inner if isinstance(inner, Mapping) else {}
        for language in get_args(Language):
            if not isinstance(said.get(language), str) or not said[language].strip():
                raise self.refusal(f"no {name}.{language}", "give it in vi and en")
        for stray in said.keys() - set(get_args(Language)):
            raise self.refusal(f"{name}.{stray} is unknown", "quote a text that has a comma")
        vi, en = (unicodedata.normalize("NFC", said[key].strip()) for key in get_args(Language))
        return Text(vi, en)

    def flag(self, name: str, default: bool | None = False) -> bool:
        """A yes or no; one that must be given has the default None."""
        value = self.content.get(name, default)
        if not isinstance(value, bool):
            raise self.refusal(f"{name} is not true or false", f"say {name}: true or false")
        return value

    def number(self, name: str) -> float | None:
        """A number, or None."""
        value = self.content.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.refusal(f"{name} is not a number")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of a few words."""
        value = self.word(name)
        if value not in choices:
            raise self.refusal(f"{name} {value!r} is unknown", f"use {', '.join(choices)}")
        return value

    def items(self, name: str) -> list[Any]:
        """A list of anything, empty if it is not there."""
        value = self.content.get(name) or []
        if not isinstance(value, list):
            raise self.refusal(f"{name} is not a list")
        return value


def first_repeated(values: Iterable[str]) -> str | None:
    """The first value that stands twice in a list, or None."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
