"""Reading a month of the archive: every snapshot parsed, judged and laid out as tables.

Belongs here: the loop over snapshots. Does not: parsing (``portal_answers``), judging
(``portal_consistency``), columns (``portal_tables``).
"""

from collections.abc import Iterable
from typing import Any

from cchc_pipeline.decision766 import Methodology
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.archive import RawArchive, Snapshot
from cchc_pipeline.sources.portal_answers import ParsedSnapshot, parse_snapshot
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
_Read = tuple[Snapshot, ParsedSnapshot]


def read_month(
    month: Month,
    archive: RawArchive,
    methodology: Methodology,
    register: UnitRegister,
    settings: Settings,
) -> dict[str, Rows]:
    """Rows of every validated table of the portal; empty tables if nothing was collected."""
    read = _standing(
        (snapshot, _read(snapshot, archive, methodology, settings.root_department_id))
        for snapshot in archive.snapshots(month)
    )
    latest = list({snapshot.basis: (snapshot, parsed) for snapshot, parsed in read}.values())
    units = {row["unit_code"]: row for s, p in read for row in unit_rows(s, p)}
    return {
        "portal_scores": [
            row for s, p in read for row in observation_rows(s, p, methodology, register)
        ],
        "portal_units": list(units.values()),
        "portal_quarantine": [row for s, p in read for row in quarantine_rows(s, p)],
        "portal_findings": [row for s, p in read for row in finding_rows(s, p)],
        "portal_submissions": [submission_row(month, settings.root_unit, latest)],
    }


def _standing(read: Iterable[_Read]) -> list[_Read]:
    """One snapshot of each basis and capture time, in the archive's order.

    Where files were corrected and dropped again under the same capture time, the archive holds
    both. The one with fewer faults stands, else the one that came in last.
    """
    by_capture: dict[tuple[Basis, str], list[_Read]] = {}
    for pair in read:
        by_capture.setdefault((pair[0].basis, pair[0].captured_at), []).append(pair)
    return [min(pairs, key=_faults) for pairs in ([*p[::-1]] for p in by_capture.values())]


def _faults(read: _Read) -> int:
    parsed = read[1]
    errors = sum(finding.severity == "error" for finding in parsed.findings)
    return errors + len(parsed.quarantined)


def _read(
    snapshot: Snapshot, archive: RawArchive, methodology: Methodology, root_id: str
) -> ParsedSnapshot:
    parsed = parse_snapshot(snapshot, archive, methodology, root_id)
    return judge_snapshot(parsed, methodology)
