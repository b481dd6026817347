"""The catalogues of procedures over time: what is new, changed or gone from one to the next.

Belongs here: a catalogue in the one form in which two are compared, and the rows of
``procedure_changes``. Does not: reading a catalogue (``sources.records.procedures``,
``sources.national_portal.formalities``), the list of all procedures (``code_lists``), or pages.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.records.procedures import UNKNOWN_FIELD

Row = Mapping[str, Any]
NEW, CHANGED, GONE, WHOLE = "new", "changed", "gone", "*"
CITY, NATIONAL = "procedures", "national_procedures"
"""The two catalogues, as ``submissions`` calls what they come from."""
TABLES = {CITY: "procedure_catalogue", NATIONAL: "national_procedures"}
"""The table of accepted rows that each catalogue is read from."""
_KEYS = {CITY: "procedure_code", NATIONAL: "formality_id"}
_PLACE = ("period", "formality_id")


@dataclass(frozen=True)
class Catalogue:
    """One catalogue of one month.

    Attributes:
        month: The month.
        rows: Its procedures by their key.
        is_whole: Whether nothing of it was set aside; else what lacks may have been there.
    """

    month: Month
    rows: Mapping[str, Row]
    is_whole: bool = True


def catalogue_of(name: str, month: Month, rows: Iterable[Row], submissions: Iterable[Row]) -> (
    Catalogue | None
):  # fmt: skip
    """A month's catalogue; None if there is none.

    Args:
        name: Which of the two.
        month: The month.
        rows: The accepted rows of its table.
        submissions: The rows of ``submissions`` of that month.
    """
    told = next((row for row in submissions if row["table"] == name), None)
    by_key = {row[_KEYS[name]]: row for row in rows}
    if told is None or not by_key:
        return None
    return Catalogue(month, by_key, told["status"] == "received" and not told["quarantined"])


def change_rows(
    name: str, catalogues: Iterable[Catalogue], units: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What each catalogue has that the last one before it had not, and the reverse.

    Args:
        name: Which of the two catalogues.
        catalogues: Those of some months, each month once.
        units: The codes of units by the national portal's identifiers.
    """
    ordered = sorted(catalogues, key=lambda one: one.month)
    return [
        {
            "period": str(after.month),
            "catalogue": name,
            "compared_with": str(before.month),
            **told,
            "unit_code": units.get(told["unit_code"] or ""),
        }
        for before, after in pairwise(ordered)
        for told in _differences(before, after)
    ]


def _differences(before: Catalogue, after: Catalogue) -> Iterator[dict[str, Any]]:
    for key in sorted(before.rows.keys() | after.rows.keys()):
        old, new = before.rows.get(key), after.rows.get(key)
        if old is None and new is not None and before.is_whole:
            yield _row(key, NEW, new)
        elif new is None and old is not None and after.is_whole:
            yield _row(key, GONE, old)
        elif old is not None and new is not None:
            yield from _changes(key, old, new)


def _changes(key: str, old: Row, new: Row) -> Iterator[dict[str, Any]]:
    for column in new:
        if column not in _PLACE and old[column] != new[column]:
            told = {"old_value": _said(old[column]), "new_value": _said(new[column])}
            yield _row(key, CHANGED, new) | {"column": column, **told}


def _row(key: str, change: str, procedure: Row) -> dict[str, Any]:
    return {
        "procedure_key": key,
        "column": WHOLE,
        "change": change,
        "procedure_code": procedure["procedure_code"],
        "name_vi": procedure["name_vi"],
        "field_code": procedure.get("field_code") or UNKNOWN_FIELD,
        "unit_code": procedure.get("department_id"),
        "old_value": None,
        "new_value": None,
    }


def _said(value: object) -> str | None:
    """A value as the CSV files write it."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
