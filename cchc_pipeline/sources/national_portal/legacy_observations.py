"""From archived answers of the legacy gateway to observations: a total and groups for each unit.

Belongs here: which unit a row means, its numbers, and the rows that cannot be taken (quarantine).
Does not: fetching, judging whether the figures agree (``consistency``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cchc_pipeline.core.masking import mask
from cchc_pipeline.methodology import Methodology
from cchc_pipeline.registers.units import Unit, UnitRegister, UnitTexts, fold_name
from cchc_pipeline.sources.national_portal.answers import (
    TOTAL,
    Finding,
    ParsedSnapshot,
    unknown_content,
)
from cchc_pipeline.sources.national_portal.entries import (
    Gathering,
    Observation,
    ReadEntry,
    RefusedEntryError,
    SourceUnit,
    name_text,
    require_name,
    told,
)
from cchc_pipeline.sources.national_portal.envelope import Doubled
from cchc_pipeline.sources.national_portal.legacy_gateway import (
    Row,
    load_gateway,
    normal_code,
    read_rows,
)
from cchc_pipeline.sources.raw.archive import Answer, RawArchive, Snapshot

_NUMBER = re.compile(r"\d{1,3}([.,]\d+)?")
_UNKNOWN_TOLD = 20
_NOISE = 1e-6
"""What a binary number may add to two decimals, as in 9.140000000000001."""


@dataclass(frozen=True)
class _Entry:
    """One row of one answer."""

    file: str
    row: int
    body: Row
    is_peer: bool

    @property
    def text(self) -> str:
        """What its unit is called in a message."""
        return mask(self.cell(load_gateway().columns.name))

    def cell(self, column: str) -> str:
        """A cell as NFC text with single spaces; empty where there is none, or no word."""
        value = self.body.get(column)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return name_text(str(value) if is_number else value)


@dataclass
class _Collector(Gathering[_Entry]):
    """What has been read so far of a snapshot of the gateway."""

    methodology: Methodology
    names: "_Names"
    findings: dict[str, Finding] = field(default_factory=dict)


_Said = ReadEntry[_Entry] | _Entry
_OfUnit = dict[tuple[bool, str], list[_Said]]


def parse_legacy(
    snapshot: Snapshot, archive: RawArchive, methodology: Methodology, register: UnitRegister
) -> ParsedSnapshot:
    """Read every answer of a complete snapshot; never touches the network.

    Args:
        snapshot: A record of the archive.
        archive: Where its bytes are.
        methodology: The groups to look for.
        register: The units of the lists, for rows that carry a name only.
    """
    names = _Names(UnitTexts(register, snapshot.root_code, snapshot.month))
    found = _Collector(methodology, names)
    entries = [entry for answer in snapshot.answers for entry in _entries(answer, archive)]
    of_unit: _OfUnit = {}
    for entry in sorted(entries, key=lambda one: not one.is_peer):
        _read(entry, found, of_unit)
    for (_, code), same in of_unit.items():
        _take(code, same, found)
    found.require_balanced(len(entries), "a row of the gateway", snapshot.snapshot_id)
    return ParsedSnapshot(
        len(entries),
        tuple(found.units.values()),
        found.summary,
        {},
        {},
        found.refused(),
        tuple(found.findings.values()),
        found.repeated,
    )


def _entries(answer: Answer, archive: RawArchive) -> Iterator[_Entry]:
    name = f"{answer.endpoint}.{answer.root_code}" if answer.root_code else answer.endpoint
    page = answer.request.get(load_gateway().paging.page_field, 1)
    file = name if page == 1 else f"{name} page {page}"
    rows = read_rows(archive.get(answer.sha256), file)
    for number, row in enumerate(rows, start=1):
        yield _Entry(file, number, row, is_peer=answer.root_code is None)


def _read(entry: _Entry, found: _Collector, of_unit: _OfUnit) -> None:
    """Read one row, or quarantine it; either way it stands beside the others of its unit."""
    code = ""
    try:
        code = _code(entry, found.names)
        unit = _unit(entry, code, found.names)
        figures = tuple(_observations(entry, code, found.methodology))
        read: _Said = ReadEntry(entry, unit, figures, (unit.name_vi, figures))
    except RefusedEntryError as refusal:
        found.refuse(entry, *refusal.args)
        read = entry
    if code:
        of_unit.setdefault((entry.is_peer, code), []).append(read)


def _take(code: str, same: Sequence[_Said], found: _Collector) -> None:
    """Add what the rows of one unit say, if they say one thing."""
    read = found.agreed(same, lambda _: f"Đơn vị {code} có nhiều dòng, với nội dung khác nhau")
    if read is None:
        return
    found.units.setdefault(code, read.unit)
    for value in read.observations:
        found.summary.setdefault((value.unit_code, value.metric_code), value)
    _note_unknown_columns(read.entry, found)


def _code(entry: _Entry, names: "_Names") -> str:
    columns, root = load_gateway().columns, names.texts.root
    if isinstance(entry.body, Doubled):
        message = f"Cột {told(entry.body.key)} có hai lần trong dòng"
        raise RefusedEntryError("LINE_UNREADABLE", message)
    name, written = entry.cell(columns.name), entry.cell(columns.code)
    code = normal_code(written) if written else names.code(name, entry.is_peer)
    if code is None:
        raise _no_code(written, name)
    if code != root and entry.is_peer != ("." not in code):
        what = "không phải tỉnh, thành phố" if entry.is_peer else f"không thuộc {root}"
        raise RefusedEntryError("FOREIGN_UNIT", f"Đơn vị {code} {what}")
    if not entry.is_peer and code != root and not code.startswith(f"{root}."):
        raise RefusedEntryError("FOREIGN_UNIT", f"Đơn vị {code} không thuộc {root}")
    return code


def _unit(entry: _Entry, code: str, names: "_Names") -> SourceUnit:
    columns, root = load_gateway().columns, names.texts.root
    name = entry.cell(columns.name)
    require_name(code, entry.body.get(columns.name))
    level = "province" if entry.is_peer else names.level(code, name, entry.cell(columns.level))
    identity = entry.cell(columns.id)
    if not identity.isprintable():
        raise RefusedEntryError("BAD_UNIT_CODE", f"Mã định danh sai dạng: {told(identity)}")
    return SourceUnit(code, identity or None, name, level, code == root, entry.is_peer)


def _no_code(written: str, name: str) -> RefusedEntryError:
    if written:
        return RefusedEntryError("BAD_UNIT_CODE", f"Mã đơn vị sai dạng: {mask(written)}")
    return RefusedEntryError(
        "UNIT_UNKNOWN",
        f"Dòng không có mã và tên không khớp đơn vị nào trong kỳ: {mask(name) or '(trống)'}",
    )


def _observations(entry: _Entry, code: str, methodology: Methodology) -> Iterator[Observation]:
    """The total and the groups, in the six- or the five-group layout."""
    total = load_gateway().columns.total
    yield Observation(code, TOTAL, _points(entry.body, total, 100.0), 100.0)
    layout = methodology.layout_of(entry.body)
    flags = ("FIVE_GROUP_LAYOUT",) if layout.is_merged else ()
    for group, column in layout.keys.items():
        maximum = float(methodology.maximum(group))
        yield Observation(code, group, _points(entry.body, column, maximum), maximum, flags=flags)


def _points(body: Row, column: str, maximum: float) -> float | None:
    """The points in a cell, which is a text with a point or a comma; None where it is empty."""
    value = body.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    is_word = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = str(value).strip() if is_word else ""
    if not _NUMBER.fullmatch(text):
        shown = mask(text) if is_word else told(value)
        raise RefusedEntryError("BAD_NUMBER", f"{column} không phải là số: {shown}")
    points = float(text.replace(",", "."))
    if abs(points - round(points, 2)) > _NOISE:
        raise RefusedEntryError("BAD_NUMBER", f"{column} có hơn hai chữ số lẻ: {mask(text)}")
    points = round(points, 2)
    if points > maximum + 0.011:
        message = f"{column} được {text[:20]}, tối đa {maximum:g}"
        raise RefusedEntryError("SCORE_ABOVE_MAXIMUM", message)
    return points


def _note_unknown_columns(entry: _Entry, found: _Collector) -> None:
    methodology = found.methodology
    groups = {group.code for group in methodology.groups}
    merged = {key for group in methodology.merged_groups for key in group.answer_keys}
    known = load_gateway().columns.known | groups | merged
    for column in sorted(entry.body.keys() - known)[:_UNKNOWN_TOLD]:
        found.findings.setdefault(
            column, unknown_content(f"field {column}", load_gateway().endpoint.name)
        )


@dataclass(frozen=True)
class _Names:
    """The units that a row without a code can mean, and the level of one with a code."""

    texts: UnitTexts

    def code(self, name: str, is_peer: bool) -> str | None:
        """The code of the province or unit of that name, or None."""
        if is_peer:
            return self._provinces.get(_bare(name))
        found = self.texts.resolve(name)
        if found is not None:
            return None if found.ended else found.code
        return self._below.get(_bare(name))

    def level(self, code: str, name: str, written: str) -> str | None:
        """The level by the list of units, else by the law's names, else by the row."""
        month = self.texts.month
        listed = self.texts.register.find(code, month)
        if listed is not None:
            return listed.level
        named = self._named_levels.get(_bare(name))
        return named or load_gateway().level(written, month)

    @cached_property
    def _provinces(self) -> Mapping[str, str]:
        """Of all times: the list has them from the day of their present borders on."""
        units = self.texts.register.units
        return _by_bare_name(unit for unit in units if unit.level in {"city", "province"})

    @cached_property
    def _below(self) -> Mapping[str, str]:
        return _by_bare_name(self.texts.register.below(self.texts.root, self.texts.month))

    @cached_property
    def _named_levels(self) -> Mapping[str, str]:
        named = self.texts.register.named
        return {_bare(unit.name_vi): unit.level for unit in named}


def _by_bare_name(units: Iterable[Unit]) -> dict[str, str]:
    """Codes by name; a name of two units names neither."""
    codes: dict[str, set[str]] = {}
    for unit in units:
        codes.setdefault(_bare(unit.name_vi), set()).add(unit.code)
    return {name: found.pop() for name, found in codes.items() if len(found) == 1}


def _bare(name: str) -> str:
    """A folded name without what it may begin with, such as "UBND tỉnh"."""
    folded, before = fold_name(name), ""
    prefixes = [fold_name(prefix) for prefix in load_gateway().name_prefixes]
    while folded != before:
        before = folded
        for prefix in prefixes:
            folded = folded.removeprefix(f"{prefix} ")
    return folded
