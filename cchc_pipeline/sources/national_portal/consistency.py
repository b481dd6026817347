"""Whether a snapshot is whole, and whether its figures agree with each other.

Belongs here: which answers a snapshot needs, what its time of capture allows, the rules between
endpoints and within a row, and the flags that they put on observations. Does not: finding or
archiving the answers (``drop``, ``client``), or mending anything: what the source said is published
as it said it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Basis
from cchc_pipeline.methodology import Methodology
from cchc_pipeline.sources.national_portal.answers import TOTAL, Finding, ParsedSnapshot
from cchc_pipeline.sources.national_portal.entries import Observation
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway, service_of
from cchc_pipeline.sources.national_portal.request import Endpoint, load_national_portal
from cchc_pipeline.sources.raw.archive import Snapshot, capture_moment

MIXED = "MIXED_SNAPSHOT"
_Rule = Callable[[ParsedSnapshot, Methodology], Iterable[Finding]]


def judge_snapshot(parsed: ParsedSnapshot, methodology: Methodology) -> ParsedSnapshot:
    """The same snapshot with flags on its observations and the findings of every rule.

    An ``error`` among the findings must stop the month: a score out of its bounds, or groups that
    do not add up to the total. A mixed snapshot (its endpoints stem from different refreshes of
    the portal) is published with the flag.
    """
    rules: tuple[_Rule, ...] = (
        _out_of_bounds, _sums_of_groups, _null_scores, _received_differ, _endpoints_differ,
        _metrics_do_not_add_up, _ratios_differ,
    )  # fmt: skip
    found = tuple(finding for rule in rules for finding in rule(parsed, methodology))
    return replace(
        parsed,
        summary=_flagged(parsed.summary, parsed, found),
        detail=_flagged(parsed.detail, parsed, found),
        findings=(*parsed.findings, *found),
    )


def _flagged(
    observations: Mapping[tuple[str, str], Observation],
    parsed: ParsedSnapshot,
    findings: Iterable[Finding],
) -> dict[tuple[str, str], Observation]:
    """Put each finding's flag on the values it speaks of; a mixed root marks all its units."""
    flags: dict[tuple[str, str | None], set[str]] = {}
    for finding in findings:
        if finding.rule in {MIXED, "SUM_OFF_BY_ROUNDING", "NULL_METRIC"}:
            about = None if finding.rule == MIXED else finding.metric_code
            flags.setdefault((finding.unit_code or "", about), set()).add(finding.rule)
    peers = {unit.code for unit in parsed.units if unit.is_peer and not unit.is_root}
    root_mixed = any((unit.code, None) in flags for unit in parsed.units if unit.is_root)

    def of(key: tuple[str, str]) -> set[str]:
        inherited = {MIXED} if root_mixed and key[0] not in peers else set()
        return flags.get(key, set()) | flags.get((key[0], None), set()) | inherited

    return {
        key: replace(item, flags=tuple(sorted({*item.flags, *of(key)})))
        for key, item in observations.items()
    }


def _out_of_bounds(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    tolerance = float(methodology.tolerance)
    for source in (parsed.summary, parsed.detail):
        for (code, metric), item in source.items():
            limit = 100.0 if metric == TOTAL else float(methodology.maximum(metric))
            if item.score is not None and not 0 <= item.score <= limit + tolerance:
                yield Finding(
                    "error", "SCORE_OUT_OF_BOUNDS",
                    f"{code}: {metric} được {item.score}, tối đa {limit:g}",
                    f"{code}: {metric} scores {item.score}, the maximum is {limit:g}",
                    code, metric,
                )  # fmt: skip


def _sums_of_groups(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    """A total is the plain sum of its groups; null counts as 0 (it kept its maximum)."""
    for (code, metric), total in parsed.summary.items():
        if metric != TOTAL or total.score is None:
            continue
        groups = [
            item.score or 0.0
            for (unit, group), item in parsed.summary.items()
            if unit == code and group != TOTAL
        ]
        off = abs(round(total.score - sum(groups), 4))
        if off > float(methodology.tolerance):
            yield _sum_finding("error", "GROUPS_DO_NOT_ADD_UP", code, total.score, sum(groups))
        elif off >= 0.005:
            yield _sum_finding("warning", "SUM_OFF_BY_ROUNDING", code, total.score, sum(groups))


def _sum_finding(severity: str, rule: str, code: str, total: float, groups: float) -> Finding:
    return Finding(
        "error" if severity == "error" else "warning", rule,
        f"{code}: tổng điểm {total:.2f}, cộng các nhóm được {groups:.2f}",
        f"{code}: the total is {total:.2f}, its groups add up to {groups:.2f}",
        code, TOTAL,
    )  # fmt: skip


def _null_scores(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    """A null metric counts as 0 while its maximum stays: the group is then not comparable."""
    for (code, metric), item in parsed.observations.items():
        if item.score is not None or "MISSING_METRIC" in item.flags:
            continue
        if metric == TOTAL or methodology.is_group(metric):
            yield _null_finding(code, metric, metric)
        elif methodology.metric(metric).is_scored_by_source:
            yield _null_finding(code, metric, methodology.metric(metric).group)


def _null_finding(code: str, metric: str, group: str) -> Finding:
    return Finding(
        "warning", "NULL_METRIC",
        f"{code}: {metric} để trống; điểm {group} kỳ này không so sánh được giữa các đơn vị",
        f"{code}: {metric} is null; {group} cannot be compared between units this period",
        code, group,
    )  # fmt: skip


def _mixed(code: str, vi: str, en: str) -> Finding:
    return Finding("warning", MIXED, f"{code}: {vi}", f"{code}: {en}", code)


def _received_differ(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    """Dossiers received are equal across the groups that count them."""
    by_unit: dict[str, dict[str, int]] = {}
    for (code, group), received in parsed.received.items():
        if received is not None:
            by_unit.setdefault(code, {})[group] = received
    for code, counts in by_unit.items():
        if len(set(counts.values())) > 1:
            said = ", ".join(f"{group} {count}" for group, count in sorted(counts.items()))
            yield _mixed(code, f"số hồ sơ tiếp nhận khác nhau: {said}", f"received differ: {said}")


def _endpoints_differ(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    for key, said in parsed.summary.items():
        other = parsed.detail.get(key)
        if other and _apart(said.score, other.score, float(methodology.tolerance)):
            yield _mixed(
                key[0],
                f"{key[1]} là {said.score} ở bảng chung, {other.score} ở bảng nhóm",
                f"{key[1]} is {said.score} in the summary, {other.score} in its group's answer",
            )


def _metrics_do_not_add_up(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    """A group is the sum of the metric scores that the source itself published."""
    for (code, group), item in parsed.detail.items():
        if not methodology.is_group(group) or item.score is None:
            continue
        metrics = [metric for metric in methodology.metrics_of(group) if metric.max_score]
        parts = [parsed.detail.get((code, metric.code)) for metric in metrics]
        if not all(metric.is_scored_by_source for metric in metrics) or None in parts:
            continue
        total = sum(part.score or 0.0 for part in parts if part)
        if _apart(item.score, total, float(methodology.tolerance)):
            yield _mixed(
                code,
                f"{group} là {item.score}, cộng các chỉ số được {total:.2f}",
                f"{group} is {item.score}, its metrics add up to {total:.2f}",
            )


def _ratios_differ(parsed: ParsedSnapshot, methodology: Methodology) -> Iterable[Finding]:
    """A group's ratio times its maximum is its score."""
    for (code, group), item in parsed.detail.items():
        if methodology.is_group(group) and item.ratio is not None and item.max_score:
            implied = item.ratio * item.max_score / 100
            if _apart(item.score, implied, float(methodology.tolerance)):
                yield _mixed(
                    code,
                    f"{group} là {item.score}, tỷ lệ {item.ratio} % ứng với {implied:.2f}",
                    f"{group} is {item.score}, its ratio {item.ratio} % implies {implied:.2f}",
                )


def _apart(one: float | None, other: float | None, tolerance: float) -> bool:
    if one is None or other is None:
        return False
    return abs(round(one - other, 4)) > tolerance


def check_complete(capture: Path, endpoint: Endpoint, snapshot: Snapshot) -> None:
    """All answers that a snapshot from files needs are there.

    Args:
        capture: The folder, for the message.
        endpoint: What one of the files answers: the legacy gateway is one endpoint.
        snapshot: What was found.

    Raises:
        SourceError: Names every missing file.
    """
    window = "year" if snapshot.basis == Basis.YTD else str(snapshot.basis)
    roots = {"national": "", "root": f".{snapshot.root_code}"}
    is_legacy = endpoint == load_gateway().endpoint
    needed = [
        f"{endpoint.name}{roots[asked]}.{window}.json"
        for endpoint in ((endpoint,) if is_legacy else load_national_portal().endpoints)
        for asked in endpoint.in_files
    ]
    given = {answer.request["file"] for answer in snapshot.answers}
    missing = [name for name in needed if name not in given]
    if missing:
        raise SourceError(
            f"the capture is not whole, missing: {', '.join(missing)}",
            where=str(capture),
            todo="add them from the same capture, or remove the capture",
        )


def check_time(capture: Path, snapshot: Snapshot, now: datetime) -> None:
    """The figures can be of their month and basis, by the time of their capture.

    Args:
        capture: The folder, for the message.
        snapshot: What was found.
        now: The moment of reading, aware.

    Raises:
        SourceError: The period was still running, the year so far is another month's, or the
            capture lies in the future.
    """
    month, basis, at = snapshot.month, snapshot.basis, snapshot.captured_at
    moment = capture_moment(at)
    if basis == Basis.QUARTER and not month.closes_quarter:
        what, todo = f"holds quarter files, but {month} closes no quarter", "remove them"
    elif moment > now:
        what, todo = f"captured_at {at} lies in the future", "correct manifest.json"
    elif basis != Basis.YTD and moment < month.end:
        what = f"captured_at {at} is before the end of {month}, the {basis} was still running"
        todo = f"capture it again from {month.next().first_day} on"
    elif _is_of_another_month(snapshot):
        what = f"the year so far as captured at {at} is not that of {month}"
        todo = f"use a capture made in {month} or in {month.next()}"
    else:
        return
    raise SourceError(what, where=str(capture), todo=todo)


def _is_of_another_month(snapshot: Snapshot) -> bool:
    """Whether a year so far was captured, as its source says, away from its month."""
    if snapshot.basis != Basis.YTD or snapshot.dated_by != "source":
        return False
    month, moment = snapshot.month, capture_moment(snapshot.captured_at)
    if service_of(snapshot) == "legacy" and month.month == 12:
        return False  # the gateway answered for whole years, also later
    return not month.start <= moment < month.next().end
