"""A month of the archive laid out as tables: what the portal said, as rows of the lake.

Belongs here: every snapshot of the month as rows of ``portal_scores``, ``portal_units``,
``portal_quarantine``, ``portal_findings``, ``raw_portal`` and the portal's ``submissions``. Does
not: parsing a snapshot (``answers``), or judging it (``consistency``).
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.methodology import Methodology, load_methodology
from cchc_pipeline.registers.unit_lists import last_day_of_set
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.national_portal.answers import Finding, ParsedSnapshot, parse_snapshot
from cchc_pipeline.sources.national_portal.consistency import judge_snapshot
from cchc_pipeline.sources.national_portal.entries import Observation
from cchc_pipeline.sources.national_portal.envelope import answer_layout
from cchc_pipeline.sources.national_portal.legacy_gateway import load_gateway, service_of
from cchc_pipeline.sources.national_portal.legacy_observations import parse_legacy
from cchc_pipeline.sources.raw.archive import RawArchive, Snapshot

Rows = list[dict[str, Any]]


def read_month(
    month: Month,
    archive: RawArchive,
    methodology: Methodology,
    register: UnitRegister,
    settings: Settings,
    standing: Container[str] | None = None,
) -> dict[str, Rows]:
    """Rows of every validated table of the portal; empty tables if nothing was collected.

    Args:
        month: The month.
        archive: Where the answers are replayed from.
        methodology: The methodology that the rebuilt portal's answers follow; those of the legacy
            gateway follow their own.
        register: The units of the lists.
        settings: Which root is meant.
        standing: The ids of the snapshots that stand (``collection``); all if None.
    """
    root_id = settings.root_department_id
    read = [
        (
            snapshot,
            _read(snapshot, archive, methodology_of(snapshot, methodology), register, root_id),
        )
        for snapshot in archive.snapshots(month)
        if standing is None or snapshot.snapshot_id in standing
    ]
    latest = list({snapshot.basis: (snapshot, parsed) for snapshot, parsed in read}.values())
    units = {row["unit_code"]: row for s, p in read for row in unit_rows(s, p, register)}
    return {
        "portal_scores": [
            row
            for s, p in read
            for row in observation_rows(s, p, methodology_of(s, methodology), register)
        ],
        "portal_units": list(units.values()),
        "portal_quarantine": [row for s, p in read for row in quarantine_rows(s, p)],
        "portal_findings": [row for s, p in read for row in finding_rows(s, p)],
        "portal_submissions": [submission_row(month, settings.root_unit, latest)],
    }


def methodology_of(snapshot: Snapshot, current: Methodology) -> Methodology:
    """The methodology of a snapshot, which follows from the service that answered."""
    is_legacy = service_of(snapshot) == "legacy"
    return load_methodology(load_gateway().methodology) if is_legacy else current


def _read(
    snapshot: Snapshot,
    archive: RawArchive,
    methodology: Methodology,
    register: UnitRegister,
    root_id: str,
) -> ParsedSnapshot:
    if service_of(snapshot) == "legacy":
        parsed = parse_legacy(snapshot, archive, methodology, register)
    else:
        parsed = parse_snapshot(snapshot, archive, methodology, root_id)
    judged = judge_snapshot(parsed, methodology)
    unheard = tuple(_coverage(snapshot, judged, register))
    return replace(judged, findings=(*judged.findings, *unheard))


def _coverage(
    snapshot: Snapshot, parsed: ParsedSnapshot, register: UnitRegister
) -> Iterable[Finding]:
    """How many units of a level answered, where that is not the number that the law sets."""
    levels = Counter(unit.level for unit in parsed.units if not unit.is_root and not unit.is_peer)
    for due in register.counts_in(snapshot.month) if levels else ():
        if levels[due.level] != due.count:
            yield Finding(
                "info",
                "UNITS_ANSWERED",
                f"{levels[due.level]} trên {due.count} đơn vị cấp {due.level} có trong câu trả lời",
                f"{levels[due.level]} of {due.count} units of level {due.level} are in the answers",
            )


def raw_rows(snapshots: Iterable[Snapshot]) -> Rows:
    """One row a snapshot of the archive."""
    return [
        {
            "period": str(snapshot.month),
            "basis": snapshot.basis.value,
            "root_code": snapshot.root_code,
            "snapshot_id": snapshot.snapshot_id,
            "captured_at": snapshot.captured_at,
            "source": snapshot.source,
            "provenance": "sample" if snapshot.provenance == "sample" else "official",
            "channel": snapshot.channel,
            "answers": len(snapshot.answers),
            "bytes": sum(answer.size for answer in snapshot.answers),
        }
        for snapshot in snapshots
    ]


def observation_rows(
    snapshot: Snapshot, parsed: ParsedSnapshot, methodology: Methodology, register: UnitRegister
) -> Rows:
    """Every value of a snapshot, the published null with its reason."""
    samples = {unit.code for unit in register.units if unit.provenance == "sample"}
    is_sample = snapshot.provenance == "sample"
    return [
        {
            "period": str(snapshot.month),
            "basis": snapshot.basis.value,
            "unit_code": item.unit_code,
            "metric_code": item.metric_code,
            "captured_at": snapshot.captured_at,
            "snapshot_id": snapshot.snapshot_id,
            "score": item.score,
            "max_score": item.max_score,
            "numerator": item.numerator,
            "denominator": item.denominator,
            "ratio": item.ratio,
            "obs_status": _status(item, methodology),
            "quality_flag": ";".join(item.flags) or None,
            "source_system": "sample"
            if is_sample or item.unit_code in samples
            else methodology.source_system,
            "methodology": methodology.code,
        }
        for item in parsed.observations.values()
    ]


def _status(item: Observation, methodology: Methodology) -> str:
    """A value is A; a null is M (cannot exist), L (not given by the source) or O (missing)."""
    if item.score is not None:
        return "A"
    if "MISSING_METRIC" in item.flags or not methodology.is_metric(item.metric_code):
        return "O"
    metric = methodology.metric(item.metric_code)
    if not metric.max_score or item.denominator == 0:
        return "M"
    return "O" if metric.is_scored_by_source else "L"


def unit_rows(snapshot: Snapshot, parsed: ParsedSnapshot, register: UnitRegister) -> Rows:
    """The root's units as the source names them, and peers that no list knows in the month.

    Before 1 July 2025 the peers were other provinces than those of the list.
    """
    listed = {unit.code for unit in register.valid_in(snapshot.month)}
    return [
        {
            "period": str(snapshot.month),
            "unit_code": unit.code,
            "department_id": unit.department_id,
            "name_vi": unit.name_vi,
            "level": unit.level or "agency",
            "parent_code": None if unit.is_peer else snapshot.root_code,
            "snapshot_id": snapshot.snapshot_id,
        }
        for unit in parsed.units
        if not unit.is_root and not (unit.is_peer and unit.code in listed)
    ]


def quarantine_rows(snapshot: Snapshot, parsed: ParsedSnapshot) -> Rows:
    """The entries that could not be taken."""
    return [
        {
            "period": str(snapshot.month),
            "basis": snapshot.basis.value,
            "snapshot_id": snapshot.snapshot_id,
            **vars(item),
        }
        for item in parsed.quarantined
    ]


def finding_rows(snapshot: Snapshot, parsed: ParsedSnapshot) -> Rows:
    """What readers should know of a snapshot."""
    return [
        {
            "period": str(snapshot.month),
            "basis": snapshot.basis.value,
            "snapshot_id": snapshot.snapshot_id,
            **vars(item),
        }
        for item in parsed.findings
    ]


def units_seen(rows: Iterable[Mapping[str, Any]]) -> list[Unit]:
    """Units that only the source knows, from rows of ``portal_units``."""
    return [
        Unit(
            row["unit_code"],
            row["name_vi"],
            row["name_vi"],
            row["level"],
            row["parent_code"],
            Month.parse(row["period"]).first_day,
            last_day_of_set(Month.parse(row["period"])),
            "source",
            "Theo câu trả lời của Cổng Dịch vụ công quốc gia",
        )
        for row in rows
    ]


def submission_row(
    month: Month, root: str, published: Sequence[tuple[Snapshot, ParsedSnapshot]]
) -> dict[str, Any]:
    """The account of what the portal handed in for a month: entries taken and quarantined.

    Args:
        month: The month.
        root: The unit that the figures are about.
        published: The latest snapshot of each basis; none if the source was silent.
    """
    entries = sum(parsed.entries for _, parsed in published)
    repeated = sum(parsed.repeated for _, parsed in published)
    refused = sum(len(parsed.quarantined) for _, parsed in published)
    received = [a.received_at for snapshot, _ in published for a in snapshot.answers]
    counts = {
        "rows": entries,
        "accepted": entries - refused - repeated,
        "quarantined": refused,
        "duplicates": repeated,
    }
    return {
        "period": str(month),
        "unit_code": root,
        "table": "scores",
        "received_at": max(received, default=None),
        **(counts if published else dict.fromkeys(counts)),
        "status": "received" if published else "missing",
        "release": None,
    }


def require_within_limit(
    account: Mapping[str, Any], limit: Decimal, quarantined: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Stop a month of which too large a share was quarantined.

    A department that the source does not name, or of which it says two things, is left out: this
    says nothing about how the others are read. A share of such ones has its own, greater limit
    (``schemas/portal/answers.yaml``).

    Args:
        account: The portal's row of ``submissions``.
        limit: The share that may be quarantined.
        quarantined: The entries concerned, rows of ``portal_quarantine``.

    Raises:
        CheckFailedError: The share is above its limit.
    """
    rows, refused = account["rows"], account["quarantined"]
    if not rows:
        return  # nothing came, and nothing was counted
    rules = answer_layout().quarantine
    left_out = sum(entry["rule"] in rules.of_one_unit for entry in quarantined)
    for count, most in (
        (refused - left_out, limit),
        (refused, max(limit, Decimal(str(rules.share)))),
    ):
        if Decimal(count) / Decimal(rows) > most:
            raise CheckFailedError(
                f"{refused} of {rows} entries were quarantined, more than {most:.2%}",
                where=f"{account['period']} portal",
                todo="see portal_quarantine, mend the source, or raise CCHC_QUARANTINE_LIMIT",
            )
