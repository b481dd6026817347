"""Rows set aside, counted by unit and rule.

Belongs here: the rows of ``quarantine_summary``. Does not: the rules, or setting rows aside
(``cchc_pipeline.sources``).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.period import Month

Row = Mapping[str, Any]
QUARANTINES: Mapping[str, str] = {
    one.quarantine: one.source for one in declared_sources() if one.quarantine
}
"""Each table of rows that were set aside, and what ``submissions`` calls the data it is of."""


def quarantine_rows(
    month: Month, root: str, units: Iterable[str], quarantines: Mapping[str, Iterable[Row]]
) -> list[dict[str, Any]]:
    """How many rows each rule set aside, by unit and for the whole.

    Args:
        month: The period.
        root: The unit that stands for the whole.
        units: The codes of the units of the period; another code counts for the whole only.
        quarantines: The rows that were set aside, by the name of their table.
    """
    known, places = {*units} - {root}, dict[tuple[str, str, str], set[tuple[Any, ...]]]()
    for name, rows in quarantines.items():
        for unit, rule, place in _faults(rows, known, root):
            places.setdefault((unit, QUARANTINES[name], rule), set()).add(place)
    return [
        {
            "period": str(month), "unit_code": unit, "table": table, "rule": rule,
            "quarantined": len(found), "release": None,
        }
        for (unit, table, rule), found in sorted(places.items())
    ]  # fmt: skip


def _faults(
    rows: Iterable[Row], known: set[str], root: str
) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """Each fault under the whole, and under its unit where that is known; with the row's place."""
    for row in rows:
        place = (row.get("basis"), row.get("snapshot_id"), row["file"], row["row"])
        unit = row.get("unit_code")
        for code in (root, unit) if unit in known else (root,):
            yield str(code), row["rule"], place
