"""Petitions counted per unit and for the city.

Belongs here: the measures, and the rows of ``petition_statistics``. Does not: judging petitions
(``sources.records.petitions``), or disclosure: rows are of whole units, which are published as they
are (domain: section 5.2).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.records.petitions import Petition

SATISFIED_FROM = 4
_Measure = Callable[[Petition, datetime, datetime], bool]


def _is_answered(petition: Petition, start: datetime, end: datetime) -> bool:
    return petition.answered_at is not None and start <= petition.answered_at < end


def _is_open(petition: Petition, end: datetime) -> bool:
    """Open at the month's end: an answer of a later month is not one yet."""
    return petition.answered_at is None or petition.answered_at >= end


def _is_late(petition: Petition) -> bool:
    """Answered after its due time (domain: section 5.1, F > due)."""
    due, answered = petition.due_at, petition.answered_at
    return due is not None and answered is not None and answered > due


def _is_overdue(petition: Petition, end: datetime) -> bool:
    return _is_open(petition, end) and petition.due_at is not None and petition.due_at < end


MEASURES: Mapping[str, _Measure] = {
    "carried_over": lambda p, start, end: p.received_at < start,
    "received": lambda p, start, end: start <= p.received_at < end,
    "answered": _is_answered,
    "on_time": lambda p, start, end: (
        _is_answered(p, start, end) and p.due_at is not None and not _is_late(p)
    ),
    "late": lambda p, start, end: _is_answered(p, start, end) and _is_late(p),
    "no_deadline": lambda p, start, end: _is_answered(p, start, end) and p.due_at is None,
    "open_in_time": lambda p, start, end: _is_open(p, end) and not _is_overdue(p, end),
    "open_overdue": lambda p, start, end: _is_overdue(p, end),
    "rated": lambda p, start, end: _is_answered(p, start, end) and p.rating is not None,
    "satisfied": lambda p, start, end: (
        _is_answered(p, start, end) and p.rating is not None and p.rating >= SATISFIED_FROM
    ),
}
"""What is counted, each of one petition and the month's first instant and the next month's."""


def petition_rows(
    petitions: Collection[Petition] | None,
    month: Month,
    register: UnitRegister,
    root: str,
    *,
    is_whole: bool = True,
) -> list[dict[str, Any]]:
    """A row for the city and for each unit below it that is valid in the month.

    An export is the city system's own, so a unit that stands nowhere in it had no petition: 0. The
    city counts every petition, its own included. Without an export every row is missing (O).

    Where a file of the export could not be read, what the others give is provisional (P), and a
    unit that stands in none of them is missing: it may stand in the one that nobody read.

    Args:
        petitions: The accepted petitions; None where the month has no export.
        month: The month.
        register: The units.
        root: The city.
        is_whole: Whether every file of the export could be read.
    """
    status = "A" if is_whole else "P"
    units = [unit.code for unit in register.below(root, month)]
    if petitions is None:
        return [_row(code, month, None, status) for code in (root, *units)]
    of_unit: dict[str, list[Petition]] = {code: [] for code in units}
    for petition in petitions:
        of_unit.setdefault(petition.unit_code, []).append(petition)
    of_unit[root] = list(petitions)
    told = {code: found if found or is_whole else None for code, found in of_unit.items()}
    return [_row(code, month, told[code], status) for code in (root, *units)]


def _row(
    unit_code: str, month: Month, petitions: Iterable[Petition] | None, status: str
) -> dict[str, Any]:
    return {
        "period": str(month),
        "unit_code": unit_code,
        **(dict.fromkeys(MEASURES) if petitions is None else counted(petitions, month)),
        "obs_status": "O" if petitions is None else status,
        "release": None,
    }


def counted(petitions: Iterable[Petition], month: Month) -> dict[str, int]:
    """Every measure over some petitions."""
    start, end = (moment.replace(tzinfo=None) for moment in (month.start, month.end))
    chosen = list(petitions)
    return {
        name: sum(measure(petition, start, end) for petition in chosen)
        for name, measure in MEASURES.items()
    }
