"""From archived answers of the legacy gateway to observations: a total and groups for each unit.

Belongs here: which unit a row means, its numbers, and the rows that cannot be taken (quarantine).
Does not: fetching, judging whether the figures agree (``portal_consistency``).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cchc_pipeline.decision766 import Methodology
from cchc_pipeline.sources.archive import Answer, RawArchive, Snapshot
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway
from cchc_pipeline.sources.legacy_portal.rows import Row, normal_code, read_rows
from cchc_pipeline.sources.portal_answers import (
    TOTAL,
    Finding,
    Observation,
    ParsedSnapshot,
    Quarantined,
    RefusedEntryError,
    SourceUnit,
    unknown_content,
)
from cchc_pipeline.sources.unit_texts import UnitTexts
from cchc_pipeline.units import Unit, UnitRegister, fold_name

_NUMBER = re.compile(r"\d{1,3}([.,]\d+)?")
_NOISE = 1e-6
"""What a binary number may add to two decimals, as in 9.140000000000001."""


@dataclass
class _Collector:
    """What has been read so far of a snapshot."""

    methodology: Methodology
    names: "_Names"
    summary: dict[tuple[str, str], Observation] = field(default_factory=dict)
    units: dict[str, SourceUnit] = field(default_factory=dict)
    quarantined: list[Quarantined] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    seen: set[tuple[bool, str]] = field(default_factory=set)


@dataclass(frozen=True)
class _Entry:
    """One row of one answer."""

    file: str
    number: int
    body: Row
    is_peer: bool

    def text(self, column: str) -> str:
        """A cell as NFC text with single spaces; empty where there is none."""
        value = self.body.get(column)
        return "" if value is None else " ".join(unicodedata.normalize("NFC", str(value)).split())


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
    for entry in sorted(entries, key=lambda one: not one.is_peer):
        _take(entry, found)
    return ParsedSnapshot(
        len(entries),
        tuple(found.units.values()),
        found.summary,
        {},
        {},
        tuple(found.quarantined),
        tuple(found.findings.values()),
    )


def _entries(answer: Answer, archive: RawArchive) -> Iterator[_Entry]:
    name = f"{answer.endpoint}.{answer.root_code}" if answer.root_code else answer.endpoint
    page = answer.request.get(load_gateway().paging.page_field, 1)
    file = name if page == 1 else f"{name} page {page}"
    rows = read_rows(archive.get(answer.sha256), file)
    for number, row in enumerate(rows, start=1):
        yield _Entry(file, number, row, is_peer=answer.root_code is None)


def _take(entry: _Entry, found: _Collector) -> None:
    """Add one row to what was found, or quarantine it whole."""
    try:
        unit = _unit(entry, found.names)
        if (entry.is_peer, unit.code) in found.seen:
            raise RefusedEntryError("DUPLICATE_UNIT", f"Đơn vị {unit.code} có nhiều dòng")
        observations = list(_observations(entry, unit.code, found.methodology))
    except RefusedEntryError as refusal:
        rule, message = refusal.args
        text = entry.text(load_gateway().columns.name)[:40]
        found.quarantined.append(Quarantined(entry.file, entry.number, text, rule, message))
        return
    found.seen.add((entry.is_peer, unit.code))
    found.units.setdefault(unit.code, unit)
    for item in observations:
        found.summary.setdefault((item.unit_code, item.metric_code), item)
    _note_unknown_columns(entry, found)


def _unit(entry: _Entry, names: "_Names") -> SourceUnit:
    columns, root = load_gateway().columns, names.texts.root
    name, written = entry.text(columns.name), entry.text(columns.code)
    code = normal_code(written) if written else names.code(name, entry.is_peer)
    if code is None:
        raise _no_code(written, name)
    if code != root and entry.is_peer != ("." not in code):
        what = "không phải tỉnh, thành phố" if entry.is_peer else f"không thuộc {root}"
        raise RefusedEntryError("FOREIGN_UNIT", f"Đơn vị {code} {what}")
    if not entry.is_peer and code != root and not code.startswith(f"{root}."):
        raise RefusedEntryError("FOREIGN_UNIT", f"Đơn vị {code} không thuộc {root}")
    if not name or name[0] in "=+-@":
        raise RefusedEntryError(
            "BAD_UNIT_NAME", f"Tên đơn vị {code} trống hoặc bắt đầu như công thức"
        )
    level = "province" if entry.is_peer else names.level(code, name, entry.text(columns.level))
    identity = entry.text(columns.id) or None
    return SourceUnit(code, identity, name, level, code == root, entry.is_peer)


def _no_code(written: str, name: str) -> RefusedEntryError:
    if written:
        return RefusedEntryError("BAD_UNIT_CODE", f"Mã đơn vị sai dạng: {written[:40]}")
    return RefusedEntryError(
        "UNIT_UNKNOWN",
        f"Dòng không có mã và tên không khớp đơn vị nào trong kỳ: {name[:40] or '(trống)'}",
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
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise RefusedEntryError("BAD_NUMBER", f"{column} không phải là số: {text[:40]}")
    points = float(text.replace(",", "."))
    if abs(points - round(points, 2)) > _NOISE:
        raise RefusedEntryError("BAD_NUMBER", f"{column} có hơn hai chữ số lẻ: {text[:40]}")
    points = round(points, 2)
    if points > maximum + 0.011:
        message = f"{column} được {text[:20]}, tối đa {maximum:g}"
        raise RefusedEntryError("SCORE_ABOVE_MAXIMUM", message)
    return points


def _note_unknown_columns(entry: _Entry, found: _Collector) -> None:
    methodology = found.methodology
    groups = {group.code for group in methodology.groups}
    merged = {key for group in methodology.merged_groups for key in group.answer_keys}
    for column in entry.body.keys() - load_gateway().columns.known - groups - merged:
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
