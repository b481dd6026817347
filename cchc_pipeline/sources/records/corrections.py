"""Corrections of the month's scores by hand: a file beside the month, read with care.

Belongs here: what an entry holds, and refusing a file for all of its faults in one line. Does not:
applying them (``cchc_pipeline.indicators.observations``), or keeping the file
(``cchc_pipeline.sources.raw.deliveries``).
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from cchc_pipeline.core.data import Bare, NotPlainYamlError, Tree, read_tree
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.masking import PERSONAL_FORMS, quoted, visible
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.registers.units import UNIT_CODE

Column = Literal["score", "numerator", "denominator"]
_FORMULA = ("=", "+", "-", "@", "\t")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,6})?")
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
_METRIC = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_HIGHEST_SCORE, _LONGEST_TEXT, _LARGEST_FILE = 100, 1000, 1 << 20
_FAULTS_SHOWN = 5
_NO_COUNT = "value and expect of a numerator or denominator are whole numbers, not below 0"
_TODO = "correct the file (docs/operating.md shows one) and run again"


def _number(value: Any) -> Any:
    """A number as a person writes it: no quotes, no ``1e3``, ``.nan``, ``18:25``, ``012``."""
    if value is None:
        return None
    if not isinstance(value, Bare) or not _NUMBER.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a number such as 18.25")
    return Decimal(value)


def _day(value: Any) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{quoted(value)} is not a real date such as 2026-10-20")


def _text(value: Any) -> str:
    """A text of one line: line breaks that YAML kept are spaces."""
    if not isinstance(value, str):
        raise ValueError(f"{quoted(value)} is not a text")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"longer than {_LONGEST_TEXT} characters")
    if visible(text, None) != text:
        raise ValueError(f"{visible(text)} holds a control character")
    return text


def _unit(value: Any) -> str:
    if not isinstance(value, str) or not UNIT_CODE.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a unit's code such as H24.16")
    return str(value)


def _metric(value: Any) -> str:
    if not isinstance(value, str) or not _METRIC.fullmatch(value):
        raise ValueError(f"{quoted(value)} is not a metric's code such as TDGQ")
    return str(value)


_Number = Annotated[float | None, BeforeValidator(_number)]
_Text = Annotated[str, BeforeValidator(_text)]


class _Reason(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: _Text
    en: _Text


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

    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: Basis
    unit_code: Annotated[str, BeforeValidator(_unit)]
    metric_code: Annotated[str, BeforeValidator(_metric)]
    action: Literal["replace", "withhold"]
    column: Column = "score"
    value: _Number = None
    expect: _Number
    reason_code: Literal["SRC", "ERR", "MET", "LATE"]
    reason: _Reason
    reported_by: _Text
    reported_on: Annotated[date, BeforeValidator(_day)]

    @model_validator(mode="after")
    def _is_whole(self) -> "Entry":
        if (self.action == "replace") != (self.value is not None):
            raise ValueError("a replacement has a value, and nothing else has")
        if self.action == "withhold" and self.column != "score":
            raise ValueError("what is withheld is the score")
        if self.column == "score":
            _require(0 <= (self.value or 0) <= _HIGHEST_SCORE, f"a score is 0 to {_HIGHEST_SCORE}")
        else:
            _require(_is_count(self.value) and _is_count(self.expect), _NO_COUNT)
        for text in (self.reason.vi, self.reason.en, self.reported_by):
            _require_publishable(text)
        return self

    @property
    def cell(self) -> tuple[str, str, str, str]:
        """What it corrects; two entries may not correct the same."""
        return (self.basis.value, self.unit_code, self.metric_code, self.column)


def _is_count(number: float | None) -> bool:
    return number is None or (number >= 0 and number.is_integer())


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def _require_publishable(text: str) -> None:
    if not text:
        raise ValueError("reason and reported_by may not be empty")
    if text.startswith(_FORMULA):
        raise ValueError(f"{quoted(text)} begins like a formula")
    for kind, form in PERSONAL_FORMS.items():
        if form.search(text):
            raise ValueError(f"reason or reported_by holds what looks like a {kind}")


@dataclass(frozen=True)
class EntryFault:
    """What is wrong with an entry, counted from 1; 0 for the file as a whole."""

    entry: int
    what: str

    def __str__(self) -> str:
        return f"entry {self.entry}: {self.what}" if self.entry else self.what


def read_corrections(content: bytes, name: str, todo: str = "") -> tuple[Entry, ...]:
    """The entries of a file.

    Args:
        content: The file, YAML with the one key ``corrections``.
        name: What an error calls it.
        todo: What the reader of an error can do; by default, to correct the file.

    Raises:
        SourceError: It cannot be used; one line names the first faults and how many more there are.
    """
    found = list(_entries(_decoded(content, name, todo)))
    faults = [item for item in found if isinstance(item, EntryFault)]
    entries = tuple(item for item in found if isinstance(item, Entry))
    faults += _doubles(entries)
    if faults:
        raise SourceError(_together(faults), where=name, todo=todo or _TODO)
    return entries


def todo_of_replayed(file: str, month: Month, received_at: str) -> str:
    """What to do about a file that is read from the archive, whether it still lies in the inbox."""
    return (
        f"the copy of {received_at} is read until a corrected file is dropped into inbox/{month}; "
        f"or take it back: cchc withdraw {month} {visible(file)} --reason …"
    )


def _together(faults: list[EntryFault]) -> str:
    more = len(faults) - _FAULTS_SHOWN
    lines = [str(fault) for fault in faults[:_FAULTS_SHOWN]]
    room = 60 if len(lines) > 1 else 200
    line = "; ".join(visible(text, room) for text in lines)
    return f"{line}; and {more} more" if more > 0 else line


def _decoded(content: bytes, name: str, todo: str) -> Tree:
    try:
        return read_tree(content, _LARGEST_FILE)
    except NotPlainYamlError as error:
        todo = todo or "correct that line"
        raise SourceError(f"not YAML as it is read here: {error}", where=name, todo=todo) from None


def _entries(tree: Tree) -> Iterable[Entry | EntryFault]:
    if not isinstance(tree, dict) or list(tree) != ["corrections"]:
        yield EntryFault(0, "the file has one key, corrections")
        return
    entries = tree["corrections"] or []
    if not isinstance(entries, list):
        yield EntryFault(0, "corrections is a list of entries")
        return
    for number, entry in enumerate(entries, start=1):
        try:
            yield Entry.model_validate(entry)
        except ValidationError as error:
            yield from (EntryFault(number, _said(item)) for item in error.errors(include_url=False))


def _said(error: Any) -> str:
    name = visible(".".join(map(str, error["loc"])))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, Entry.model_fields, n=1)
        return f"{name} is unknown" + (f", did you mean {close[0]}?" if close else "")
    return f"{name}: {message}" if name else message


def _doubles(entries: Iterable[Entry]) -> Iterable[EntryFault]:
    for cell, times in Counter(entry.cell for entry in entries).items():
        if times > 1:
            yield EntryFault(0, f"{times} entries correct {' '.join(cell)}")
