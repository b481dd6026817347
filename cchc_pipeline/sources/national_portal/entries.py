"""The entries of the portal's answers: one department each, and whether it can be taken at all.

Belongs here: where entries stand in an answer, which unit one means, its numbers, refusing one
entry by a rule; for both services, that no entry is lost and that those of one unit say one thing.
Does not: which figure means what (``answers``), or answers that are refused as a whole
(``envelope``).
"""

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from cchc_pipeline.core.errors import CheckFailedError, SourceError
from cchc_pipeline.core.masking import mask, visible
from cchc_pipeline.registers.units import UNIT_CODE
from cchc_pipeline.sources.national_portal.envelope import (
    answer_layout,
    doubled_keys,
    read_envelope,
)
from cchc_pipeline.sources.raw.archive import Answer, RawArchive

_FORMULA = "=+-@"


class RefusedEntryError(Exception):
    """An entry cannot be taken: ``args`` are the rule and the Vietnamese message."""


@dataclass(frozen=True)
class SourceUnit:
    """A unit as the source names it; ``level`` is None where the answers do not tell."""

    code: str
    department_id: str | None
    name_vi: str
    level: str | None
    is_root: bool = False
    is_peer: bool = False


@dataclass(frozen=True)
class Observation:
    """What one snapshot says of one unit and metric, as published; None is the source's null."""

    unit_code: str
    metric_code: str
    score: float | None
    max_score: float | None
    numerator: int | None = None
    denominator: int | None = None
    ratio: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuarantinedEntry:
    """An entry of an answer that cannot be taken, with its rule and a line for the officer."""

    file: str
    row: int
    unit_text: str
    rule: str
    message_vi: str


@dataclass(frozen=True)
class AnswerEntry:
    """One unit's entry in one answer; ``row`` 0 is the root's."""

    endpoint: str
    file: str
    row: int
    said: Any
    is_root: bool
    is_peer: bool

    @property
    def body(self) -> Mapping[str, Any]:
        """The entry's fields; none where it is no object."""
        return self.said if isinstance(self.said, Mapping) else {}

    @property
    def department_id(self) -> str | None:
        """The portal's id of the department, where it is a text of one line."""
        value = self.body.get("departmentId")
        return value if isinstance(value, str) and value and value.isprintable() else None

    @property
    def name(self) -> str:
        """The department's name in NFC; empty where there is none, or no text."""
        return name_text(self.body.get("departmentName"))

    @property
    def text(self) -> str:
        """What the department is called in a message."""
        code = self.body.get("departmentCode")
        return mask(self.name or self.department_id or (code if isinstance(code, str) else ""))


class ToldEntry(Protocol):
    """An entry of an answer of any service, as a message calls it."""

    @property
    def file(self) -> str:
        """The answer that it stands in."""

    @property
    def row(self) -> int:
        """Its place there."""

    @property
    def text(self) -> str:
        """What its unit is called."""


_Entry = TypeVar("_Entry", bound=ToldEntry)


@dataclass(frozen=True)
class ReadEntry(Generic[_Entry]):
    """An entry whose unit and figures could be read; two of the same ``content`` are one."""

    entry: _Entry
    unit: SourceUnit
    observations: tuple[Observation, ...]
    content: tuple[object, ...]


@dataclass
class Gathering(Generic[_Entry]):
    """What has been read so far of a snapshot; no entry of it may be lost."""

    summary: dict[tuple[str, str], Observation] = field(default_factory=dict, init=False)
    units: dict[str, SourceUnit] = field(default_factory=dict, init=False)
    quarantined: list[QuarantinedEntry] = field(default_factory=list, init=False)
    taken: int = field(default=0, init=False)
    repeated: int = field(default=0, init=False)

    def refuse(self, entry: _Entry, rule: str, message: str) -> None:
        """Set an entry aside."""
        self.quarantined.append(QuarantinedEntry(entry.file, entry.row, entry.text, rule, message))

    def agreed(
        self,
        same: Sequence[ReadEntry[_Entry] | _Entry],
        differing: Callable[[Sequence[_Entry]], str],
    ) -> ReadEntry[_Entry] | None:
        """The entry that stands for all of one unit in one question, if they say one thing.

        Args:
            same: The entries, read or refused; if they differ, those that were read are refused.
            differing: The message for entries that differ.
        """
        read = [item for item in same if isinstance(item, ReadEntry)]
        if not read:
            return None
        if len(read) < len(same) or any(item.content != read[0].content for item in read):
            message = differing([i.entry if isinstance(i, ReadEntry) else i for i in same])
            for item in read:
                self.refuse(item.entry, "DUPLICATE_UNIT", message)
            return None
        self.taken += 1
        self.repeated += len(read) - 1
        return read[0]

    def require_balanced(self, entries: int, what: str, where: str) -> None:
        """Prove that every entry was taken, quarantined or repeated.

        Raises:
            CheckFailedError: One was not.
        """
        if entries != self.taken + len(self.quarantined) + self.repeated:
            raise CheckFailedError(f"{what} was lost", where=where)

    def refused(self) -> tuple[QuarantinedEntry, ...]:
        """The entries that were set aside, by their places."""
        return tuple(sorted(self.quarantined, key=lambda item: (item.file, item.row)))


def entries_of(answer: Answer, archive: RawArchive) -> Iterator[AnswerEntry]:
    """The root's entry (row 0), then the rows; none of an answer that is not used.

    Raises:
        SourceError: It is no answer, or holds something else where its rows are.
    """
    layout = answer_layout().endpoints.get(answer.endpoint)
    if layout is None:
        return
    file = _file_name(answer)
    data = read_envelope(archive.get(answer.sha256), file)
    root = data.get(layout.root)
    if root is not None:
        yield AnswerEntry(answer.endpoint, file, 0, root, is_root=True, is_peer=False)
    rows = data.get(layout.rows)
    if not isinstance(rows, list | None):
        raise SourceError(f"{layout.rows} is no list", where=file, todo="capture it again")
    for number, row in enumerate(rows or (), start=1):
        yield AnswerEntry(
            answer.endpoint, file, number, row, is_root=False, is_peer=answer.root_code is None
        )


def _file_name(answer: Answer) -> str:
    """The answer as an officer would look for it; a page after the first says which it is."""
    name = f"{answer.endpoint}.{answer.root_code}" if answer.root_code else answer.endpoint
    page = answer.request.get("currentPage", 1)
    return name if page == 1 else f"{name} page {page}"


def codes_by_id(entries: Iterable[AnswerEntry]) -> dict[str, str]:
    """Department ids to codes, learnt from the answers that carry both; none that has two."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        code = entry.body.get("departmentCode")
        if entry.department_id and isinstance(code, str) and UNIT_CODE.fullmatch(code):
            found.setdefault(entry.department_id, set()).add(code)
    return {identity: codes.pop() for identity, codes in found.items() if len(codes) == 1}


def code_of(entry: AnswerEntry, codes: Mapping[str, str], root: str) -> str:
    """The code of the unit that an entry means.

    Raises:
        RefusedEntryError: There is none, or it is not one of the root's.
    """
    if not isinstance(entry.said, Mapping):
        raise RefusedEntryError(
            "LINE_UNREADABLE", f"Mục là {told(entry.said)}, không phải đối tượng"
        )
    code = entry.body.get("departmentCode")
    if code is None or code == "":
        code = codes.get(entry.department_id or "")
    if code is None:
        raise RefusedEntryError("NO_UNIT_CODE", "Đơn vị không có mã trong câu trả lời của Cổng")
    if not isinstance(code, str) or not UNIT_CODE.fullmatch(code):
        raise RefusedEntryError("BAD_UNIT_CODE", f"Mã đơn vị sai dạng: {told(code)}")
    if not entry.is_peer and code != root and not code.startswith(f"{root}."):
        raise RefusedEntryError("FOREIGN_UNIT", f"Đơn vị {code} không thuộc {root}")
    return code


def unit_of(entry: AnswerEntry, code: str, root: str) -> SourceUnit:
    """The unit that an entry is about.

    Raises:
        RefusedEntryError: A key stands twice in it, or the unit cannot be named.
    """
    doubled = doubled_keys(entry.said)
    if doubled:
        raise RefusedEntryError("LINE_UNREADABLE", f"Khóa {told(doubled[0])} có hai lần trong mục")
    require_name(code, entry.body.get("departmentName"))
    return SourceUnit(
        code, entry.department_id, entry.name, _level(entry), code == root, entry.is_peer
    )


def name_text(value: Any) -> str:
    """A name as NFC text with single spaces; empty where it is no text."""
    if not isinstance(value, str):
        return ""
    return " ".join(unicodedata.normalize("NFC", value).split())


def require_name(code: str, value: Any) -> None:
    """Hold what stands for a name to what a name can be.

    Raises:
        RefusedEntryError: It is null or no text, blank, a word for nothing, too long, begins like a
            formula, or holds what cannot be shown.
    """
    limits = answer_layout().limits
    name = name_text(value)
    plain = unicodedata.normalize("NFKC", name)
    if (
        not any(map(str.isalpha, plain))
        or plain.casefold() in limits.no_names
        or plain[0] in _FORMULA
        or len(name) > limits.name
        or visible(name, None) != name
    ):
        raise RefusedEntryError(
            "BAD_UNIT_NAME",
            f"Tên đơn vị {code} là {told(value)}: trống, không phải tên, hoặc như công thức",
        )


def _level(entry: AnswerEntry) -> str | None:
    if entry.is_peer:
        return "province"
    for name, meanings in answer_layout().levels.items():
        value = entry.body.get(name)
        if isinstance(value, str) and value in meanings:
            return meanings[value]
    return None


def number_of(body: Mapping[str, Any], name: str) -> float | None:
    """A number of points or a share; None where the source says null.

    Raises:
        RefusedEntryError: It is no number, or beyond all measure.
    """
    value = body.get(name)
    if value is None:
        return None
    if not _is_number(value) or abs(value) > answer_layout().limits.number:
        raise RefusedEntryError("BAD_NUMBER", f"{name} không phải là số: {told(value)}")
    return float(value)


def count_of(body: Mapping[str, Any], name: str) -> int | None:
    """A count; None where the source says null.

    Raises:
        RefusedEntryError: It is no whole number, below zero, or beyond all measure.
    """
    value = body.get(name)
    if value is None:
        return None
    if not _is_number(value):
        raise RefusedEntryError("BAD_NUMBER", f"{name} không phải là số: {told(value)}")
    if not 0 <= value <= answer_layout().limits.count or value != int(value):
        raise RefusedEntryError("BAD_COUNT", f"{name} không phải là số đếm: {told(value)}")
    return int(value)


def _is_number(value: Any) -> bool:
    """Whether it is a finite number of JSON."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and (isinstance(value, int) or math.isfinite(value))


def told(value: Any) -> str:
    """A value of any type as a message may quote it."""
    if isinstance(value, str):
        return f"“{mask(value)}”"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return mask(f"{value:g}" if isinstance(value, float) else str(value))
    return "một danh sách" if isinstance(value, list) else "một đối tượng"
