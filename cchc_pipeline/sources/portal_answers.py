"""From archived answers of the national portal to observations: one value a unit and metric.

Belongs here: where each figure stands in an answer (``schemas/portal/answers.yaml``), which entries
cannot be taken (quarantine), what is new or missing (findings). Does not: fetching, judging whether
the figures agree with each other (``portal_consistency``), recomputing scores.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from cchc_pipeline.decision766 import Methodology
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.archive import Answer, RawArchive, Snapshot
from cchc_pipeline.units import UNIT_CODE

Severity = Literal["info", "warning", "error"]
TOTAL = "TOTAL"


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
class SourceUnit:
    """A unit as the source names it; ``level`` is None where the answers do not tell."""

    code: str
    department_id: str | None
    name_vi: str
    level: str | None
    is_root: bool = False
    is_peer: bool = False


@dataclass(frozen=True)
class Quarantined:
    """An entry of an answer that cannot be taken, with its rule and a line for the officer."""

    file: str
    row: int
    unit_text: str
    rule: str
    message_vi: str


@dataclass(frozen=True)
class Finding:
    """Something about a snapshot that its readers should know; an ``error`` stops the month."""

    severity: Severity
    rule: str
    message_vi: str
    message_en: str
    unit_code: str | None = None
    metric_code: str | None = None


@dataclass(frozen=True)
class ParsedSnapshot:
    """All that a snapshot says. ``entries`` counts units' entries: taken plus quarantined.

    ``summary`` holds the values of service-results, ``detail`` those of the six group endpoints;
    ``received`` the dossiers received by unit and group.
    """

    entries: int
    units: tuple[SourceUnit, ...]
    summary: Mapping[tuple[str, str], Observation]
    detail: Mapping[tuple[str, str], Observation]
    received: Mapping[tuple[str, str], int | None]
    quarantined: tuple[Quarantined, ...]
    findings: tuple[Finding, ...]

    @property
    def observations(self) -> dict[tuple[str, str], Observation]:
        """One value a unit and metric; where both speak, the summary's score with our counts."""
        merged = dict(self.detail)
        for key, said in self.summary.items():
            detail = merged.get(key)
            merged[key] = replace(detail, score=said.score) if detail else said
        return merged


@dataclass(frozen=True)
class _Entry:
    """One unit's entry in one answer."""

    endpoint: str
    file: str
    row: int
    body: Mapping[str, Any]
    is_root: bool
    is_peer: bool

    @property
    def department_id(self) -> str | None:
        value = self.body.get("departmentId")
        return value if isinstance(value, str) and value else None

    @property
    def name(self) -> str:
        return " ".join(
            unicodedata.normalize("NFC", str(self.body.get("departmentName", ""))).split()
        )


class RefusedEntryError(Exception):
    """An entry cannot be taken: ``args`` are the rule and the Vietnamese message."""


@dataclass
class _Collector:
    """What has been read so far of a snapshot."""

    methodology: Methodology
    summary: dict[tuple[str, str], Observation] = field(default_factory=dict)
    detail: dict[tuple[str, str], Observation] = field(default_factory=dict)
    received: dict[tuple[str, str], int | None] = field(default_factory=dict)
    units: dict[str, SourceUnit] = field(default_factory=dict)
    quarantined: list[Quarantined] = field(default_factory=list)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)

    def note(self, finding: Finding, about: str = "") -> None:
        """Keep a finding once per rule, unit and subject."""
        self.findings.setdefault((finding.rule, finding.unit_code or "", about), finding)


@cache
def answer_layout() -> Mapping[str, Any]:
    """The content of ``schemas/portal/answers.yaml``."""
    layout: Mapping[str, Any] = read_yaml("portal/answers.yaml")
    return layout


def parse_snapshot(
    snapshot: Snapshot, archive: RawArchive, methodology: Methodology, root_id: str
) -> ParsedSnapshot:
    """Read every answer of a complete snapshot; never touches the network.

    Args:
        snapshot: A record of the archive.
        archive: Where its bytes are.
        methodology: The metrics to look for.
        root_id: The root's department id, since transparency rows carry no code.
    """
    entries = [
        entry
        for answer in snapshot.answers
        if answer.endpoint in answer_layout()["endpoints"]
        for entry in _entries(answer, json.loads(archive.get(answer.sha256).decode("utf-8-sig")))
    ]
    codes = _codes_by_id(entries) | {root_id: snapshot.root_code}
    found = _Collector(methodology)
    for entry in entries:
        _take(entry, codes, snapshot.root_code, found)
    return ParsedSnapshot(
        len(entries),
        tuple(found.units.values()),
        found.summary,
        found.detail,
        found.received,
        tuple(found.quarantined),
        tuple(found.findings.values()),
    )


def _entries(answer: Answer, envelope: Mapping[str, Any]) -> Iterable[_Entry]:
    """The root's entry (row 0), then the rows."""
    layout, data = answer_layout()["endpoints"][answer.endpoint], envelope["data"]
    name = _file_name(answer)
    root = data.get(layout.get("root", ""))
    if isinstance(root, Mapping):
        yield _Entry(answer.endpoint, name, 0, root, is_root=True, is_peer=False)
    rows = data.get(layout["rows"])
    for number, row in enumerate(rows if isinstance(rows, Sequence) else (), start=1):
        body = row if isinstance(row, Mapping) else {}
        yield _Entry(
            answer.endpoint, name, number, body, is_root=False, is_peer=answer.root_code is None
        )


def _file_name(answer: Answer) -> str:
    """The answer as an officer would look for it; a page after the first says which it is."""
    name = f"{answer.endpoint}.{answer.root_code}" if answer.root_code else answer.endpoint
    page = answer.request.get("currentPage", 1)
    return name if page == 1 else f"{name} page {page}"


def _codes_by_id(entries: Iterable[_Entry]) -> dict[str, str]:
    """Department ids to codes, learnt from the answers that carry both."""
    return {
        entry.department_id: entry.body["departmentCode"]
        for entry in entries
        if entry.department_id and isinstance(entry.body.get("departmentCode"), str)
    }


def _take(entry: _Entry, codes: Mapping[str, str], root: str, found: _Collector) -> None:
    """Add one entry to what was found, or quarantine it whole."""
    try:
        unit = _unit(entry, codes, root)
        observations = list(_observations(entry, unit.code, found))
    except RefusedEntryError as refusal:
        rule, message = refusal.args
        text = entry.name or str(entry.department_id or "")
        found.quarantined.append(Quarantined(entry.file, entry.row, text[:40], rule, message))
        return
    known = found.units.get(unit.code)
    if known is None or (known.level is None and unit.level is not None):
        found.units[unit.code] = unit
    store = found.summary if entry.endpoint == "service-results" else found.detail
    store.update({(item.unit_code, item.metric_code): item for item in observations})
    _note_unknown_fields(entry, found)


def _unit(entry: _Entry, codes: Mapping[str, str], root: str) -> SourceUnit:
    code = entry.body.get("departmentCode") or codes.get(entry.department_id or "")
    if not code:
        raise RefusedEntryError("NO_UNIT_CODE", "Đơn vị không có mã trong câu trả lời của Cổng")
    if not isinstance(code, str) or not UNIT_CODE.fullmatch(code):
        raise RefusedEntryError("BAD_UNIT_CODE", f"Mã đơn vị sai dạng: {str(code)[:40]}")
    if not entry.is_peer and code != root and not code.startswith(f"{root}."):
        raise RefusedEntryError("FOREIGN_UNIT", f"Đơn vị {code} không thuộc {root}")
    if not entry.name or entry.name[0] in "=+-@":
        raise RefusedEntryError(
            "BAD_UNIT_NAME", f"Tên đơn vị {code} trống hoặc bắt đầu như công thức"
        )
    return SourceUnit(
        code, entry.department_id, entry.name, _level(entry), code == root, entry.is_peer
    )


def _level(entry: _Entry) -> str | None:
    if entry.is_peer:
        return "province"
    for name, meanings in answer_layout()["levels"].items():
        level = meanings.get(entry.body.get(name))
        if level is not None:
            return str(level)
    return None


def _observations(entry: _Entry, code: str, found: _Collector) -> Iterable[Observation]:
    layout = answer_layout()["endpoints"][entry.endpoint]
    if layout["shape"] == "groups":
        yield from _group_scores(entry, code, found)
        return
    group = layout["group"]
    total = _group_total(entry, code, group)
    yield total
    read = _metric_list if layout["shape"] == "metrics" else _metric_counts
    metrics = {item.metric_code: item for item in read(entry, code, total, found)}
    yield from metrics.values()
    if "received" in layout:
        carrier = metrics.get(layout["received"])
        found.received[code, group] = carrier.denominator if carrier else None


def _group_scores(entry: _Entry, code: str, found: _Collector) -> Iterable[Observation]:
    """TOTAL and the groups of a service-results row, in the six- or the five-group layout."""
    body, methodology = entry.body, found.methodology
    yield Observation(code, TOTAL, _score(body, "totalScore"), 100.0, ratio=_score(body, "ratio"))
    scores = body.get("groupScores")
    if not isinstance(scores, Mapping):
        raise RefusedEntryError("NO_GROUP_SCORES", "Câu trả lời không có điểm sáu nhóm")
    layout = methodology.layout_of(scores)
    for group, key in layout.keys.items():
        flags = ("FIVE_GROUP_LAYOUT",) if layout.is_merged else ()
        if key not in scores:
            _note_missing(found, code, group)
            flags = (*flags, "MISSING_METRIC")
        maximum = float(methodology.maximum(group))
        yield Observation(code, group, _score(scores, key), maximum, flags=flags)
    for key in scores.keys() - set(layout.keys.values()):
        found.note(unknown_content(f"groupScores.{key}", entry.endpoint), str(key))


def _group_total(entry: _Entry, code: str, group: str) -> Observation:
    body = entry.body
    score = "totalScore" if "totalScore" in body else "score"
    maximum = "totalMaxScore" if "totalMaxScore" in body else "maxScore"
    return Observation(
        code, group, _score(body, score), _score(body, maximum), ratio=_score(body, "ratio")
    )


def _metric_list(
    entry: _Entry, code: str, total: Observation, found: _Collector
) -> Iterable[Observation]:
    """The metrics that an answer lists by code; unknown ones are reported, missing ones too."""
    listed = entry.body.get("metrics")
    if not isinstance(listed, Sequence):
        raise RefusedEntryError("NO_METRICS", "Câu trả lời không có danh sách chỉ số")
    expected = {metric.code for metric in found.methodology.metrics_of(total.metric_code)}
    seen = set()
    for item in listed:
        name = item.get("code") if isinstance(item, Mapping) else None
        if name not in expected:
            found.note(unknown_content(f"metric {name}", entry.endpoint), str(name))
            continue
        seen.add(name)
        yield Observation(
            code, name, _score(item, "score"), _score(item, "maxScore"),
            _count(item, "numerator"), _count(item, "denominator"), _score(item, "ratio"),
            _source_flags(item),
        )  # fmt: skip
    for name in sorted(expected - seen):
        _note_missing(found, code, name)
        maximum = float(found.methodology.metric(name).max_score)
        yield Observation(code, name, None, maximum, flags=("MISSING_METRIC",))


def _source_flags(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The source's own flag on a metric, in the alphabet of flags."""
    status = item.get("dataQualityStatus")
    if not isinstance(status, str) or not status.strip():
        return ()
    return (re.sub(r"[^A-Z0-9]+", "_", status.strip().upper()).strip("_"),)


def _metric_counts(
    entry: _Entry, code: str, total: Observation, found: _Collector
) -> Iterable[Observation]:
    """The metrics whose counts an answer carries under field names of its own."""
    counts = answer_layout()["endpoints"][entry.endpoint]["counts"]
    for name, fields in counts.items():
        metric = found.methodology.metric(name)
        whole = len(counts) == 1  # the group's only metric: its score is the group's
        yield Observation(
            code, name, total.score if whole else None, float(metric.max_score),
            _sum(entry.body, fields["numerator"]), _sum(entry.body, fields["denominator"]),
            total.ratio if whole else None,
        )  # fmt: skip


def _sum(body: Mapping[str, Any], names: Iterable[str]) -> int | None:
    parts = [_count(body, name) for name in names]
    return None if any(part is None for part in parts) else sum(part or 0 for part in parts)


def _score(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RefusedEntryError("BAD_NUMBER", f"{name} không phải là số: {str(value)[:40]}")
    return float(value)


def _count(body: Mapping[str, Any], name: str) -> int | None:
    value = _score(body, name)
    if value is None:
        return None
    if value < 0 or value != int(value):
        raise RefusedEntryError("BAD_COUNT", f"{name} không phải là số đếm: {value}")
    return int(value)


def _note_missing(found: _Collector, code: str, metric: str) -> None:
    found.note(
        Finding(
            "warning", "MISSING_METRIC", f"{code}: Cổng không trả về {metric}",
            f"{code}: the portal did not answer {metric}", code, metric,
        ),
        metric,
    )  # fmt: skip


def _note_unknown_fields(entry: _Entry, found: _Collector) -> None:
    for name in entry.body.keys() - set(answer_layout()["known_fields"]["row"]):
        found.note(unknown_content(f"field {name}", entry.endpoint), f"{entry.endpoint} {name}")


def unknown_content(what: str, endpoint: str) -> Finding:
    """The finding that an answer holds something that is not known yet."""
    return Finding(
        "warning", "UNKNOWN_FIELD",
        f"{endpoint}: Cổng trả về nội dung mới ({what[:60]}), giữ trong kho thô, chưa công bố",
        f"{endpoint}: new content {what[:60]!r}, kept in the raw archive, not published",
    )  # fmt: skip
