"""Whether a dossier counts in a month at all, came in, was carried over, and was finished.

Belongs here: the measures of how dossiers flow through a month, and the conditions that the other
topics build on. Does not: deadlines (``timeliness``), or what is true of a dossier beside its flow.

Each measure is one boolean expression over the accepted dossiers of a month's export (table
``dossiers``), for any engine that Ibis writes for. S is the month's first instant, E the next
month's, in the city's time, as the table's moments are. Where a definition is quoted, it is the
counting rule of this data set (domain, section 5.1).
"""

from datetime import datetime
from typing import TYPE_CHECKING

from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

NOT_TAKEN_IN = (1, 3)
"""TrangThaiHoSo of the national record: newly registered, not taken in."""
WITHDRAWN = (7, 8)
"""TrangThaiHoSo of the national record: withdrawn by the citizen, handling stopped."""


def start_of(month: Month) -> datetime:
    """The month's first instant, S, as naive city time; E is that of the next month."""
    return datetime(month.year, month.month, 1)


def not_received(dossiers: "Table", month: Month) -> "BooleanValue":
    """Status 1 or 3: "rows in this export; in no other measure", whatever the month."""
    return dossiers.status.isin(NOT_TAKEN_IN)


def carried_over(dossiers: "Table", month: Month) -> "BooleanValue":
    """Taken in before the month: "NgayTiepNhan < S"."""
    return _taken_in(dossiers) & (dossiers.received_at < start_of(month))


def received(dossiers: "Table", month: Month) -> "BooleanValue":
    """Taken in within the month: "S ≤ NgayTiepNhan < E"."""
    return _taken_in(dossiers) & _within(dossiers.received_at, month)


def finished(dossiers: "Table", month: Month) -> "BooleanValue":
    """Ended within the month: "S ≤ F < E", F being NgayKetThucXuLy, else NgayTra."""
    return _taken_in(dossiers) & _within(dossiers.finished_at, month)


def withdrawn(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished: "status 7 or 8"."""
    return finished(dossiers, month) & dossiers.status.isin(WITHDRAWN)


def handled(dossiers: "Table", month: Month) -> "BooleanValue":
    """The "finished and not withdrawn": no measure itself, but what several are taken of."""
    return finished(dossiers, month) & ~dossiers.status.isin(WITHDRAWN)


def open_at_end(dossiers: "Table", month: Month) -> "BooleanValue":
    """Not finished before E: "F ≥ E means still open at E", whatever the status says."""
    finish = dossiers.finished_at
    return _taken_in(dossiers) & (finish.isnull() | (finish >= start_of(month.next())))


def _taken_in(dossiers: "Table") -> "BooleanValue":
    return ~dossiers.status.isin(NOT_TAKEN_IN)


def _within(moment: "BooleanValue", month: Month) -> "BooleanValue":
    return (moment >= start_of(month)) & (moment < start_of(month.next()))
