"""What last month left open against what this month carried over.

Belongs here: the comparison, unit by unit. Does not: mending either month, or saying which of the
two is wrong.
"""

from typing import Any

import pyarrow as pa

from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.period import Month

_OPEN = ("open_in_time", "open_overdue")


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
