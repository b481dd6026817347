"""Reading a month of the archive: every snapshot parsed, judged and laid out as tables.

Belongs here: the loop over snapshots. Does not: parsing (``portal_answers``), judging
(``portal_consistency``), columns (``portal_tables``).
"""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from cchc_pipeline.decision766 import Methodology, load_methodology
from cchc_pipeline.period import Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.archive import RawArchive, Snapshot
from cchc_pipeline.sources.legacy_portal.gateway import load_gateway, service_of
from cchc_pipeline.sources.legacy_portal.observations import parse_legacy
from cchc_pipeline.sources.portal_answers import Finding, ParsedSnapshot, parse_snapshot
from cchc_pipeline.sources.portal_consistency import judge_snapshot
from cchc_pipeline.sources.portal_tables import (
    finding_rows,
    observation_rows,
    quarantine_rows,
    submission_row,
    unit_rows,
)
from cchc_pipeline.units import UnitRegister

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
