"""Observations of scores: corrected by hand, and held against the month before.

Belongs here: what a correction does to an observation, when it no longer holds, the rows of the
table ``corrections``; the comparison of two months, unit by unit. Does not: reading the file of
corrections (``cchc_pipeline.sources.records.corrections``), or saying which of two months is wrong.
What the source said stays in the lake and in that table.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.sources.records.corrections import Entry

_OPEN = ("open_in_time", "open_overdue")
Row = Mapping[str, Any]
_FLAGS = {"replace": "CORRECTED", "withhold": "WITHHELD"}
_WITHHELD = ("score", "numerator", "denominator", "ratio")
_CLOSE = 0.005


def correct_observations(
    observations: Iterable[Row], entries: Sequence[Entry], file: str
) -> list[Row]:
    """The observations as they are published: corrected where an entry says so.

    Args:
        observations: The latest observations of the month.
        entries: The corrections of the month.
        file: What an error calls their file.

    Raises:
        CheckFailedError: An entry corrects what is not there, or the source no longer says what it
            expects; one line names each.
    """
    rows = {_key(row): row for row in observations}
    faults = [
        f"entry {number}: {fault}"
        for number, entry in enumerate(entries, start=1)
        if (fault := _fault(rows.get(entry.cell[:3]), entry))
    ]
    if faults:
        todo = "review those entries of the file, drop it again and run again"
        raise CheckFailedError("; ".join(faults), where=file, todo=todo)
    for entry in entries:
        rows[entry.cell[:3]] = _applied(rows[entry.cell[:3]], entry)
    return list(rows.values())


def _key(row: Row) -> tuple[str, str, str]:
    return (row["basis"], row["unit_code"], row["metric_code"])


def _fault(row: Row | None, entry: Entry) -> str:
    what = " ".join(entry.cell)
    if row is None:
        return f"the source says nothing of {what}"
    said = row[entry.column]
    if _same(said, entry.expect):
        highest = row["max_score"]
        above = entry.column == "score" and highest and (entry.value or 0) > highest + _CLOSE
        return f"{what} cannot be {entry.value:g}, its maximum is {highest:g}" if above else ""
    if entry.action == "replace" and _same(said, entry.value):
        return f"the source has mended {what} -> remove the entry"
    return f"the source says {said} of {what} and no longer {entry.expect} -> review the entry"


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < _CLOSE


def _applied(row: Row, entry: Entry) -> Row:
    """The observation with one correction; a ratio is computed anew from corrected counts."""
    flags = {*filter(None, (row["quality_flag"] or "").split(";")), _FLAGS[entry.action]}
    changed: dict[str, Any] = {**row, "quality_flag": ";".join(sorted(flags))}
    if entry.action == "withhold":
        return changed | dict.fromkeys(_WITHHELD) | {"obs_status": "O"}
    is_count = entry.column != "score"
    value = int(entry.value or 0) if is_count else entry.value
    changed |= {entry.column: value} | ({"ratio": None} if is_count else {})
    return changed | ({"obs_status": "A"} if changed["score"] is not None else {})


def correction_rows(month: Month, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The rows of the published table ``corrections``."""
    return [
        {
            "period": str(month),
            "basis": entry.basis.value,
            "unit_code": entry.unit_code,
            "metric_code": entry.metric_code,
            "column": entry.column,
            "action": entry.action,
            "source_value": entry.expect,
            "corrected_value": entry.value,
            "reason_code": entry.reason_code,
            "reason_vi": entry.reason.vi,
            "reason_en": entry.reason.en,
            "reported_by": entry.reported_by,
            "reported_on": entry.reported_on,
            "release": None,
        }
        for entry in entries
    ]


def continuity_rows(
    month: Month, previous: pa.Table | None, current: pa.Table | None
) -> list[dict[str, Any]]:
    """Each unit's ``carried_over`` less what it left open the month before.

    "Next month's carried_over = this month's open (a difference is reported, with the dossier
    count, never mended)" (domain, section 5.1). A unit that is in one of the two exports only has
    0 in the other: that is the difference that its unit must explain.

    Args:
        month: The month.
        previous: The full ``dossier_statistics`` of the month before; None if it had no export.
        current: Those of the month; None if it had no export.

    Returns:
        A row for each unit with dossiers in either month and for the city, in the shape of
        ``dossier_continuity``; none unless both months have an export.
    """
    if previous is None or current is None:
        return []
    left_open = _by_unit(previous, _OPEN)
    carried = _by_unit(current, ("carried_over",))
    return [
        {
            "period": str(month),
            "unit_code": unit,
            "previous_open": left_open.get(unit, 0),
            "carried_over": carried.get(unit, 0),
            "difference": carried.get(unit, 0) - left_open.get(unit, 0),
        }
        for unit in sorted(left_open.keys() | carried.keys())
    ]


def _by_unit(statistics: pa.Table, measures: tuple[str, ...]) -> dict[str, int]:
    """The sum of some measures over all fields, of the units that have figures."""
    return {
        row["unit_code"]: sum(row[name] for name in measures)
        for row in statistics.to_pylist()
        if row["field_code"] == ALL and row["obs_status"] != "O"
    }
