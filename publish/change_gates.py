"""Gates on what a release changes: its period and version, its columns, rows that were out.

Belongs here: what is judged against the release before and the moment. Does not: the figures by
themselves (``figure_gates``).
"""

import json
import re
from collections.abc import Iterable

import pyarrow as pa

from publish.candidate import Candidate
from publish.release import CODE_LISTS, DESCRIPTOR, STATISTICS


def period_is_over(candidate: Candidate) -> Iterable[str]:
    """No month of the release is still running, and the release is named for its newest month."""
    draft = candidate.draft
    for month in draft.periods:
        if not month.has_ended(candidate.now):
            yield f"{month} is not over"
    if not draft.periods or draft.id.month != max(draft.periods):
        yield f"{draft.id} is not named for the newest month"
    if draft.previous and draft.id <= draft.previous.id:
        yield f"{draft.id} does not follow {draft.previous.id}"
    if draft.previous and draft.published_text <= draft.previous.published_at:
        yield f"published_at {draft.published_text} is not after {draft.previous.published_at}"


def schema_change_is_announced(candidate: Candidate) -> Iterable[str]:
    """The descriptor states a version by the rules: a changed or removed column is a major one."""
    draft = candidate.draft
    version = str(json.loads(candidate.files[DESCRIPTOR])["version"])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"the version {version!r} is not three numbers"
    if draft.previous is None:
        return
    now, before = draft.schema_digests, draft.previous.schema_digests
    changed = [name for name in {**before, **now} if now.get(name) != before.get(name)]
    if changed and version.startswith(f"{draft.previous.version.split('.', 1)[0]}."):
        yield f"columns of {', '.join(changed)} changed without a major version"


def no_row_is_lost(candidate: Candidate) -> Iterable[str]:
    """Rows received are accepted, quarantined or duplicates; no published period disappears."""
    for row in candidate.draft.tables["submissions"].to_pylist():
        parts = (row["accepted"] or 0) + (row["quarantined"] or 0) + (row["duplicates"] or 0)
        if row["rows"] is not None and row["rows"] != parts:
            key = f"{row['period']} {row['unit_code']} {row['table']}"
            yield f"{key}: {row['rows']} rows, {parts} accounted for"
    for name, change in candidate.draft.changes.items():
        if change.removed and name not in CODE_LISTS | {STATISTICS}:
            yield f"{name}: {change.removed} published row(s) would disappear"
    lost = _totals(candidate.draft.before.get(STATISTICS)) - _totals(
        candidate.draft.tables[STATISTICS]
    )
    if lost:
        yield f"{STATISTICS}: {len(lost)} published total(s) would disappear"


def _totals(statistics: pa.Table | None) -> set[tuple[str, str]]:
    """The periods and units that have a total; rows by field may join ``OTHER`` on revision."""
    rows = statistics.to_pylist() if statistics is not None else []
    return {(row["period"], row["unit_code"]) for row in rows if row["field_code"] == "ALL"}
