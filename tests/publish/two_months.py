"""A small portal of two months, shown: its second release corrects a figure of the first.

Belongs here: the drafts, and publishing them. Does not: assertions.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cchc_pipeline.core.period import Month
from publish.model import STATISTICS, Acceptance, Draft
from publish.release.revisions import Causes
from publish.store.store import Portal
from tests.publish.crash_worker import go_out
from tests.publish.small_release import (
    FIRST,
    MARCH,
    MOMENT,
    Row,
    full_statistics,
    score_rows,
    second_release,
    small_draft,
    small_tables,
    source,
    table,
    with_table,
)

FEBRUARY = Month(2024, 2)
MONTHS = (FEBRUARY, MARCH)
LOWER, HIGHER = 8.0, 8.25
"""The points of each group in the two months."""
LATE = 3
"""So many dossiers of each unit were late in March."""
WHY = Acceptance("ERR", "Cộng nhầm một nhóm")
MISSED = "II.2"
"""A target that March missed; the others owe their figures."""


def two_months() -> Draft:
    """The first release: the groups of every unit rose from ``LOWER`` to ``HIGHER``."""
    rows = [*score_rows(FEBRUARY, LOWER, rank=2), *score_rows(MARCH, HIGHER, rank=1)]
    stamped = [row | {"release": "2024-03.r1"} for row in rows]
    tables = small_tables(MONTHS) | {"scores": table("scores", stamped)}
    sources = tuple(source(month=month) for month in MONTHS)
    statistics = full_statistics(MONTHS)
    draft = small_draft(tables=tables, periods=MONTHS, sources=sources, full_statistics=statistics)
    return with_table(with_table(draft, STATISTICS, _late), "plan_indicators", _missed)


def _late(row: Row) -> Row:
    """Some of a unit's dossiers of March."""
    if (row["period"], row["field_code"]) != (str(MARCH), "ALL"):
        return row
    return row | {"on_time": row["on_time"] - LATE, "late": LATE}


def _missed(row: Row) -> Row:
    if (row["period"], row["indicator_id"]) != (str(MARCH), MISSED):
        return row
    return row | {"value": 80.0, "attained": False, "obs_status": "A", "owed_by": None}


def show(folder: Path) -> None:
    """Publish both releases to a portal."""
    portal, first = Portal(folder), two_months()
    go_out(portal, first)
    later = replace(first, published_at=MOMENT + timedelta(days=1))
    go_out(portal, second_release(later, "scores", _corrected, Causes(acceptance=WHY)))


def _corrected(row: Row) -> Row:
    """A unit's total of March was a point too high."""
    wanted = (row["period"], row["unit_code"], row["metric_code"]) == (str(MARCH), FIRST, "TOTAL")
    return row | {"score": row["score"] - 1, "release": "2024-03.r2"} if wanted else row
