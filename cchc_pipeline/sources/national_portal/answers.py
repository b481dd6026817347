"""From archived answers of the national portal to observations: one value a unit and metric.

Belongs here: where each figure stands in an answer (``schemas/portal/answers.yaml``), which entries
contradict each other (quarantine), what is new or missing (findings). Does not: fetching, reading
one entry (``entries``), or whether the figures agree with each other (``consistency``).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cchc_pipeline.core.masking import visible
from cchc_pipeline.methodology import Methodology
from cchc_pipeline.sources.national_portal.entries import (
    AnswerEntry,
    Gathering,
    Observation,
    QuarantinedEntry,
    ReadEntry,
    RefusedEntryError,
    SourceUnit,
    code_of,
    codes_by_id,
    count_of,
    entries_of,
    number_of,
    unit_of,
)
from cchc_pipeline.sources.national_portal.envelope import answer_layout
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot

Severity = Literal["info", "warning", "error"]
TOTAL = "TOTAL"
_LONGEST_FLAG, _UNKNOWN_TOLD = 60, 20


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
    """All that a snapshot says. ``entries`` counts units' entries: taken, quarantined, repeated.

    ``summary`` holds the values of service-results, ``detail`` those of the six group endpoints;
    ``received`` the dossiers received by unit and group.
    """

    entries: int
    units: tuple[SourceUnit, ...]
    summary: Mapping[tuple[str, str], Observation]
    detail: Mapping[tuple[str, str], Observation]
    received: Mapping[tuple[str, str], int | None]
    quarantined: tuple[QuarantinedEntry, ...]
    findings: tuple[Finding, ...]
    repeated: int = 0

    @property
    def observations(self) -> dict[tuple[str, str], Observation]:
        """One value a unit and metric; where both speak, the summary's score with our counts."""
        merged = dict(self.detail)
        for key, said in self.summary.items():
            detail = merged.get(key)
            merged[key] = replace(detail, score=said.score) if detail else said
        return merged


@dataclass
class _Collector(Gathering[AnswerEntry]):
    """What has been read so far of a snapshot of the rebuilt portal."""

    methodology: Methodology
    detail: dict[tuple[str, str], Observation] = field(default_factory=dict)
    received: dict[tuple[str, str], int | None] = field(default_factory=dict)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)

    def note(self, finding: Finding, about: str = "") -> None:
        """Keep a finding once per rule, unit and subject."""
        self.findings.setdefault((finding.rule, finding.unit_code or "", about), finding)


_Said = ReadEntry[AnswerEntry] | AnswerEntry
_OfUnit = dict[tuple[str, str], list[_Said]]


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
    entries = [entry for answer in snapshot.answers for entry in entries_of(answer, archive)]
    codes = codes_by_id(entries) | {root_id: snapshot.root_code}
    found = _Collector(methodology)
    of_unit: _OfUnit = {}
    for entry in entries:
        _read(entry, codes, snapshot.root_code, found, of_unit)
    for (_, code), same in of_unit.items():
        _take(code, same, found)
    found.require_balanced(len(entries), "an entry of the portal", snapshot.snapshot_id)
    return ParsedSnapshot(
        len(entries),
        tuple(found.units.values()),
        found.summary,
        found.detail,
        found.received,
        found.refused(),
        tuple(found.findings.values()),
        found.repeated,
    )


def _read(
    entry: AnswerEntry,
    codes: Mapping[str, str],
    root: str,
    found: _Collector,
    of_unit: _OfUnit,
) -> None:
    """Read one entry, or quarantine it; either way it stands beside the others of its unit."""
    code = ""
    try:
        code = code_of(entry, codes, root)
        unit = unit_of(entry, code, root)
        figures = tuple(_observations(entry, code, found))
        content = (unit.name_vi, unit.department_id, figures)
        read: _Said = ReadEntry(entry, unit, figures, content)
    except RefusedEntryError as refusal:
        found.refuse(entry, *refusal.args)
        read = entry
    if code:
        of_unit.setdefault((entry.endpoint, code), []).append(read)


def _take(code: str, same: Sequence[_Said], found: _Collector) -> None:
    """Add what the entries of one unit in one question say, if they say one thing."""

    def differing(entries: Sequence[AnswerEntry]) -> str:
        places = ", ".join(f"{entry.file} mục {entry.row}" for entry in entries[:4])
        return f"Đơn vị {code} có {len(same)} mục khác nhau: {places}"

    read = found.agreed(same, differing)
    if read is None:
        return
    if len(same) > 1:
        found.note(_repeated(read.entry, code, len(same)), read.entry.endpoint)
    _keep(read, found)


def _repeated(entry: AnswerEntry, code: str, times: int) -> Finding:
    return Finding(
        "info", "REPEATED_ENTRY",
        f"{code}: {times} mục giống hệt nhau trong {entry.file}, tính là một",
        f"{code}: {times} equal entries in {entry.file}, taken as one", code,
    )  # fmt: skip


def _keep(read: ReadEntry[AnswerEntry], found: _Collector) -> None:
    entry, unit = read.entry, read.unit
    known = found.units.get(unit.code)
    if known is None or (known.level is None and unit.level is not None):
        found.units[unit.code] = unit
    store = found.summary if entry.endpoint == "service-results" else found.detail
    store.update({(item.unit_code, item.metric_code): item for item in read.observations})
    layout = answer_layout().endpoints[entry.endpoint]
    if layout.received:
        carrier = store.get((unit.code, layout.received))
        found.received[unit.code, layout.group] = carrier.denominator if carrier else None
    _note_unknown_fields(entry, found)


def _observations(entry: AnswerEntry, code: str, found: _Collector) -> Iterable[Observation]:
    layout = answer_layout().endpoints[entry.endpoint]
    if layout.shape == "groups":
        yield from _group_scores(entry, code, found)
        return
    group = layout.group
    total = _group_total(entry, code, group)
    yield total
    read = _metric_list if layout.shape == "metrics" else _metric_counts
    yield from read(entry, code, total, found)


def _group_scores(entry: AnswerEntry, code: str, found: _Collector) -> Iterable[Observation]:
    """TOTAL and the groups of a service-results row, in the six- or the five-group layout."""
    body, methodology = entry.body, found.methodology
    yield Observation(
        code, TOTAL, number_of(body, "totalScore"), 100.0, ratio=number_of(body, "ratio")
    )
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
        yield Observation(code, group, number_of(scores, key), maximum, flags=flags)
    for key in scores.keys() - set(layout.keys.values()):
        found.note(unknown_content(f"groupScores.{key}", entry.endpoint), str(key))


def _group_total(entry: AnswerEntry, code: str, group: str) -> Observation:
    body = entry.body
    score = "totalScore" if "totalScore" in body else "score"
    maximum = "totalMaxScore" if "totalMaxScore" in body else "maxScore"
    return Observation(
        code,
        group,
        number_of(body, score),
        number_of(body, maximum),
        ratio=number_of(body, "ratio"),
    )


def _metric_list(
    entry: AnswerEntry, code: str, total: Observation, found: _Collector
) -> Iterable[Observation]:
    """The metrics that an answer lists by code; unknown ones are reported, missing ones too."""
    listed = entry.body.get("metrics")
    if not isinstance(listed, list):
        raise RefusedEntryError("NO_METRICS", "Câu trả lời không có danh sách chỉ số")
    expected = {metric.code for metric in found.methodology.metrics_of(total.metric_code)}
    seen: dict[str, Observation] = {}
    for item in listed:
        name = item.get("code") if isinstance(item, Mapping) else None
        if not isinstance(name, str):
            raise RefusedEntryError("LINE_UNREADABLE", "Có chỉ số không có mã trong danh sách")
        if name not in expected:
            found.note(unknown_content(f"metric {name}", entry.endpoint), name)
            continue
        said = _metric(code, name, item)
        if seen.setdefault(name, said) != said:
            raise RefusedEntryError("LINE_UNREADABLE", f"Chỉ số {name} có hai mục khác nhau")
    yield from seen.values()
    for name in sorted(expected - seen.keys()):
        _note_missing(found, code, name)
        maximum = float(found.methodology.metric(name).max_score)
        yield Observation(code, name, None, maximum, flags=("MISSING_METRIC",))


def _metric(unit: str, name: str, item: Mapping[str, Any]) -> Observation:
    return Observation(
        unit, name, number_of(item, "score"), number_of(item, "maxScore"),
        count_of(item, "numerator"), count_of(item, "denominator"), number_of(item, "ratio"),
        _source_flags(item),
    )  # fmt: skip


def _source_flags(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The source's own flag on a metric, in the alphabet of flags."""
    status = item.get("dataQualityStatus")
    if not isinstance(status, str):
        return ()
    flag = re.sub(r"[^A-Z0-9]+", "_", status.upper()).strip("_")[:_LONGEST_FLAG]
    return (flag,) if flag else ()


def _metric_counts(
    entry: AnswerEntry, code: str, total: Observation, found: _Collector
) -> Iterable[Observation]:
    """The metrics whose counts an answer carries under field names of its own."""
    counts = answer_layout().endpoints[entry.endpoint].counts
    for name, fields in counts.items():
        metric = found.methodology.metric(name)
        whole = len(counts) == 1  # the group's only metric: its score is the group's
        yield Observation(
            code, name, total.score if whole else None, float(metric.max_score),
            _sum(entry.body, fields.numerator), _sum(entry.body, fields.denominator),
            total.ratio if whole else None,
        )  # fmt: skip


def _sum(body: Mapping[str, Any], names: Iterable[str]) -> int | None:
    parts = [count_of(body, name) for name in names]
    return None if any(part is None for part in parts) else sum(part or 0 for part in parts)


def _note_missing(found: _Collector, code: str, metric: str) -> None:
    found.note(
        Finding(
            "warning", "MISSING_METRIC", f"{code}: Cổng không trả về {metric}",
            f"{code}: the portal did not answer {metric}", code, metric,
        ),
        metric,
    )  # fmt: skip


def _note_unknown_fields(entry: AnswerEntry, found: _Collector) -> None:
    unknown = sorted(entry.body.keys() - answer_layout().known_fields.row)
    for name in unknown[:_UNKNOWN_TOLD]:
        found.note(unknown_content(f"field {name}", entry.endpoint), f"{entry.endpoint} {name}")


def unknown_content(what: str, endpoint: str) -> Finding:
    """The finding that an answer holds something that is not known yet."""
    shown = visible(what, 60)
    return Finding(
        "warning", "UNKNOWN_FIELD",
        f"{endpoint}: Cổng trả về nội dung mới ({shown}), giữ trong kho thô, chưa công bố",
        f"{endpoint}: new content '{shown}', kept in the raw archive, not published",
    )  # fmt: skip
