"""Whether a dossier was finished in time, or is open beyond its time.

Belongs here: the measures that compare a dossier with its due moment. Does not: the due moment
itself, which is settled with the supplements when a dossier is accepted.

"Two moments of which one lacks a time are compared by date" (domain, section 5). A due date without
a time is stored as 23:59:59 of its day, so that it compares with the end of a month as it should.
"""

from typing import TYPE_CHECKING

from cchc_pipeline.indicators.dossier_flow import handled, open_at_end, start_of
from cchc_pipeline.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table


def no_deadline(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "no due"."""
    return handled(dossiers, month) & dossiers.due_at.isnull()


def early(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "date(F) < date(due)"."""
    return handled(dossiers, month) & (dossiers.finished_at.date() < dossiers.due_at.date())


def on_time(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "F ≤ due and not early", so on the due day."""
    within = ~_both_timed(dossiers) | (dossiers.finished_at <= dossiers.due_at)
    return handled(dossiers, month) & _on_due_day(dossiers) & within


def late(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "F > due"."""
    next_day = dossiers.finished_at.date() > dossiers.due_at.date()
    same_day = _on_due_day(dossiers) & _both_timed(dossiers)
    beyond = next_day | (same_day & (dossiers.finished_at > dossiers.due_at))
    return handled(dossiers, month) & beyond


def open_in_time(dossiers: "Table", month: Month) -> "BooleanValue":
    """Still "open at E and (due ≥ E or no due)"."""
    due, end = dossiers.due_at, start_of(month.next())
    return open_at_end(dossiers, month) & (due.isnull() | (due >= end))


def open_overdue(dossiers: "Table", month: Month) -> "BooleanValue":
    """Still "open at E and due < E"."""
    return open_at_end(dossiers, month) & (dossiers.due_at < start_of(month.next()))


def early_of_year(dossiers: "Table", month: Month) -> "BooleanValue":
    """Early, of the dossiers "received since 1 January of the plan year" (targets II.6a, 28b)."""
    return early(dossiers, month) & _received_in_year(dossiers, month)


def on_time_of_year(dossiers: "Table", month: Month) -> "BooleanValue":
    """On time, of the dossiers received since 1 January of the month's year."""
    return on_time(dossiers, month) & _received_in_year(dossiers, month)


def late_of_year(dossiers: "Table", month: Month) -> "BooleanValue":
    """Late, of the dossiers received since 1 January of the month's year."""
    return late(dossiers, month) & _received_in_year(dossiers, month)


def _on_due_day(dossiers: "Table") -> "BooleanValue":
    return dossiers.finished_at.date() == dossiers.due_at.date()


def _both_timed(dossiers: "Table") -> "BooleanValue":
    return dossiers.finished_timed & dossiers.due_timed


def _received_in_year(dossiers: "Table", month: Month) -> "BooleanValue":
    return dossiers.received_at >= start_of(Month(month.year, 1))
