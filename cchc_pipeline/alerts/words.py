"""The words of alerts: reading and refusing ``schemas/alerts/messages.yaml``.

Belongs here: what the file must have. Does not: the words, or filling them in (``message``).
"""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal

from cchc_pipeline.alerts.rules import KINDS, Kind
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.release_calendar import Words
from cchc_pipeline.typed_data import refuse, typed

_PATH = "alerts/messages.yaml"
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class KindWords:
    """What is said of a kind of cause; the fields are those of the file."""

    severity: Severity
    again: Literal["at_once", "after_digest"]
    title: Words
    body: Words
    todo: Words


@dataclass(frozen=True)
class AlertWords:
    """All words; the fields are those of the file."""

    basis: str
    at_once_at_most: int
    listed_at_most: int
    kinds: Mapping[Kind, KindWords]
    digest: Mapping[str, Words]
    several: Mapping[str, Words]
    todo: Words
    severities: Mapping[Severity, Words]
    publication: Words
    month: Words
    more: Words
    hours: Words
    days: Words
    owed_by: Words
    unreadable: Words
    rule: Words
    file_left: Words
    file_misplaced: Words
    sheets: Words
    no_sheets: Words
    shows_nothing: Words
    waits: Mapping[str, Words]


@cache
def load_words() -> AlertWords:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used; the line says where.
    """
    return parse_words(read_yaml(_PATH), f"schemas/{_PATH}")


def parse_words(tree: object, where: str) -> AlertWords:
    """Type the words, and refuse a text that lacks a language or says more in one than the other.

    Args:
        tree: The content of the file.
        where: What errors call it.

    Raises:
        SchemaDataError: As for ``load_words``.
    """
    words = typed(AlertWords, tree, where)
    absent = [f"kinds: {kind} has no words" for kind in KINDS if kind not in words.kinds]
    refuse([*absent, *_faults(words, "")], where)
    return words


def _faults(content: Any, place: str) -> Iterator[str]:
    if isinstance(content, Words):
        if not content.vi.strip() or not content.en.strip():
            yield f"{place}: a language is empty"
        elif names_in(content.vi) != names_in(content.en):
            yield f"{place}: the languages use different names in braces"
    elif isinstance(content, Mapping):
        for name, part in content.items():
            yield from _faults(part, f"{place}.{name}".strip("."))
    elif is_dataclass(content):
        yield from _faults({f.name: getattr(content, f.name) for f in fields(content)}, place)


def names_in(text: str) -> set[str]:
    """The names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
