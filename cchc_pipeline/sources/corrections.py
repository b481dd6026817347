"""Corrections of the month's scores by hand: a file beside the month, read with care.

Belongs here: what an entry holds, and refusing a file for all of its faults in one line. Does not:
applying them (``cchc_pipeline.indicators.corrected``), or keeping the file (``deliveries``).
"""

import difflib
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cchc_pipeline.errors import SourceError
from cchc_pipeline.masking import PERSONAL_FORMS
from cchc_pipeline.period import Basis

Column = Literal["score", "numerator", "denominator"]
_FORMULA = ("=", "+", "-", "@", "\t")


class _Reason(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    vi: str
    en: str


class Entry(BaseModel):
    """One corrected value.

    Attributes:
        basis: The window of the figure.
        unit_code: Whose.
        metric_code: Which metric or group, or TOTAL.
        action: ``replace`` one column, or ``withhold`` the whole figure.
        column: What is replaced; ``score`` where it is withheld.
        value: What stands instead.
        expect: What the source said when the correction was written: once it says something else,
            the month stops until a person has looked. ``null`` means that it said nothing.
        reason_code: SRC, ERR, MET or LATE.
        reason: For readers, in both languages.
        reported_by: The office that reported it; never a person.
        reported_on: When.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    basis: Basis
    unit_code: str
    metric_code: str
    action: Literal["replace", "withhold"]
    column: Column = "score"
    value: float | None = None
    expect: float | None
    reason_code: Literal["SRC", "ERR", "MET", "LATE"]
    reason: _Reason
    reported_by: str
    reported_on: date

    @model_validator(mode="after")
    def _is_whole(self) -> "Entry":
        if (self.action == "replace") != (self.value is not None):
            raise ValueError("a replacement has a value, and nothing else has")
        if self.action == "withhold" and self.column != "score":
            raise ValueError("what is withheld is the score")
        for text in (self.reason.vi, self.reason.en, self.reported_by):
            _require_publishable(text)
        return self

    @property
    def cell(self) -> tuple[str, str, str, str]:
        """What it corrects; two entries may not correct the same."""
        return (self.basis.value, self.unit_code, self.metric_code, self.column)


def _require_publishable(text: str) -> None:
    if not text:
        raise ValueError("reason and reported_by may not be empty")
    if text.startswith(_FORMULA):
        raise ValueError(f"{text[:20]!r} begins like a formula")
    for kind, form in PERSONAL_FORMS.items():
        if form.search(text):
            raise ValueError(f"reason or reported_by holds what looks like a {kind}")


@dataclass(frozen=True)
class Fault:
    """What is wrong with an entry, counted from 1; 0 for the file as a whole."""

    entry: int
    what: str

    def __str__(self) -> str:
        return f"entry {self.entry}: {self.what}" if self.entry else self.what


def read_corrections(content: bytes, name: str) -> tuple[Entry, ...]:
    """The entries of a file.

    Args:
        content: The file, YAML with the one key ``corrections``.
        name: What an error calls it.

    Raises:
        SourceError: It cannot be used; one line names every fault.
    """
    found = list(_entries(_decoded(content, name)))
    faults = [item for item in found if isinstance(item, Fault)]
    entries = tuple(item for item in found if isinstance(item, Entry))
    faults += _doubles(entries)
    if faults:
        todo = "correct the file (docs/operating.md shows one) and run again"
        raise SourceError("; ".join(map(str, faults)), where=name, todo=todo)
    return entries


class _Loader(yaml.SafeLoader):
    """YAML in which a key may stand once: the later would silently win."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    for key, times in Counter(keys).items():
        if times > 1:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"{key!r} stands {times} times in the entry at line {line}")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _decoded(content: bytes, name: str) -> Any:
    try:
        return yaml.load(content, _Loader)  # noqa: S506 - a safe loader, made stricter
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = " ".join(str(error).split())
        raise SourceError(f"not YAML: {line}", where=name, todo="correct that line") from None


def _entries(tree: Any) -> Iterable[Entry | Fault]:
    if not isinstance(tree, dict) or list(tree) != ["corrections"]:
        yield Fault(0, "the file has one key, corrections")
        return
    entries = tree["corrections"] or []
    if not isinstance(entries, list):
        yield Fault(0, "corrections is a list of entries")
        return
    for number, entry in enumerate(entries, start=1):
        try:
            yield Entry.model_validate(entry)
        except ValidationError as error:
            yield from (Fault(number, _said(item)) for item in error.errors(include_url=False))


def _said(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, Entry.model_fields, n=1)
        return f"{name} is unknown" + (f", did you mean {close[0]}?" if close else "")
    return f"{name}: {message}" if name else message


def _doubles(entries: Iterable[Entry]) -> Iterable[Fault]:
    for cell, times in Counter(entry.cell for entry in entries).items():
        if times > 1:
            yield Fault(0, f"{times} entries correct {' '.join(cell)}")
