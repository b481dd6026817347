"""Measures of dossiers: what counts as received, in time, online, paid, digital.

Belongs here: one condition a measure, by topic: how dossiers flow through a month, digital
handling, channel and level of service, payments, ratings, time-limits; and the list of them all.
Does not: counting by them (``dossier_statistics``), the due moment, which is settled when a dossier
is accepted, amounts, which are summed nowhere, or the satisfaction metrics of Decision 766, which
have rules of their own. Which columns a measure rests on the contract of ``dossier_statistics``
declares.

Each measure is one boolean expression over the accepted dossiers of a month's export (table
``dossiers``), for any engine that Ibis writes for. S is the month's first instant, E the next
month's, in the city's time, as the table's moments are. Where a definition is quoted, it is the
counting rule of this data set (domain, section 5.1).

KenhThucHien and MucDo are codes of the national record (domain, section 5); that MucDo 4 is fully
online is believed.

"Two moments of which one lacks a time are compared by date" (domain, section 5). A due date without
a time is stored as 23:59:59 of its day, so that it compares with the end of a month as it should.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table


NOT_TAKEN_IN = (1, 3)
"""TrangThaiHoSo of the national record: newly registered, not taken in."""
WITHDRAWN = (7, 8)
"""TrangThaiHoSo of the national record: withdrawn by the citizen, handling stopped."""
ELECTRONIC = 1
"""LuanChuyenNoiBo of a dossier that circulated electronically; 0 is on paper, empty is not."""
IN_PERSON, ONLINE, BY_POST = 1, 2, 3
FULLY_ONLINE = 4
ON_NATIONAL_PORTAL, ON_OTHER_PORTAL = 1, 2
"""DuocThanhToanTrucTuyen of the national record; 0 is not online."""
SATISFIED_FROM = 4
"""MucDoHaiLong from which a dossier counts as satisfied, of 1 to 5."""
Condition = Callable[["Table", Month], "BooleanValue"]
_RESTS_ON = {field.name: field.rests_on for field in load_contract("dossier_statistics").fields}


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


def synced(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "DaDongBoDVCQG 1"."""
    return received(dossiers, month) & dossiers.is_synced


def digitised(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "HoSoCoThanhPhanSoHoa 1"."""
    return received(dossiers, month) & dossiers.is_digitised


def e_result(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "an entry with a file, or CoKetQuaDienTu 1"."""
    return handled(dossiers, month) & dossiers.has_e_result


def circulated(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "LuanChuyenNoiBo present"."""
    return handled(dossiers, month) & dossiers.circulation.notnull()


def circulated_electronically(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: LuanChuyenNoiBo 1."""
    return handled(dossiers, month) & (dossiers.circulation == ELECTRONIC)


def multi_supplement(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "more than one supplement", kept apart from lateness."""
    return handled(dossiers, month) & (dossiers.supplements > 1)


def received_direct(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "KenhThucHien 1 (…); empty is 1"."""
    return received(dossiers, month) & (dossiers.channel.fill_null(IN_PERSON) == IN_PERSON)


def received_online(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: KenhThucHien 2."""
    return received(dossiers, month) & (dossiers.channel == ONLINE)


def received_postal(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: KenhThucHien 3."""
    return received(dossiers, month) & (dossiers.channel == BY_POST)


def fully_online(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "KenhThucHien 2 and MucDo 4"."""
    return received_online(dossiers, month) & (dossiers.service_level == FULLY_ONLINE)


def identified(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "KenhThucHien 2 and VNeID 1"."""
    return received_online(dossiers, month) & dossiers.is_identified


def fee_bearing(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "sum of Gia > 0"."""
    return received(dossiers, month) & (dossiers.fee > 0)


def paid_online(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "fee-bearing and DuocThanhToanTrucTuyen 1 or 2"."""
    online = dossiers.online_payment.isin((ON_NATIONAL_PORTAL, ON_OTHER_PORTAL))
    return fee_bearing(dossiers, month) & online


def paid_on_dvcqg(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the received: "fee-bearing and 1"."""
    return fee_bearing(dossiers, month) & (dossiers.online_payment == ON_NATIONAL_PORTAL)


def rated(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "MucDoHaiLong present"."""
    return handled(dossiers, month) & dossiers.rating.notnull()


def satisfied(dossiers: "Table", month: Month) -> "BooleanValue":
    """Of the finished, not withdrawn: "≥ 4"."""
    return handled(dossiers, month) & (dossiers.rating >= SATISFIED_FROM)


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


@dataclass(frozen=True)
class Measure:
    """A count of dossiers in a month.

    Attributes:
        name: Its column in ``dossier_counts`` and ``dossier_statistics``.
        condition: Whether a dossier counts, as a boolean expression; null is no.
        rests_on: The columns of ``dossiers`` that a file may lack; where rows of such a file are
            counted the measure is unknown, not 0.
    """

    name: str
    condition: Condition
    rests_on: frozenset[str] = frozenset()


def _measure(condition: Condition) -> Measure:
    name = condition.__name__
    return Measure(name, condition, frozenset(_RESTS_ON.get(name, ())))


MEASURES: tuple[Measure, ...] = (
    _measure(not_received),
    _measure(carried_over),
    _measure(received),
    _measure(finished),
    _measure(withdrawn),
    _measure(no_deadline),
    _measure(early),
    _measure(on_time),
    _measure(late),
    _measure(open_in_time),
    _measure(open_overdue),
    _measure(received_direct),
    _measure(received_online),
    _measure(received_postal),
    _measure(fully_online),
    _measure(identified),
    _measure(synced),
    _measure(digitised),
    _measure(fee_bearing),
    _measure(paid_online),
    _measure(paid_on_dvcqg),
    _measure(rated),
    _measure(satisfied),
    _measure(e_result),
    _measure(circulated),
    _measure(circulated_electronically),
    _measure(multi_supplement),
)
"""The measures that are published."""

OF_YEAR: tuple[Measure, ...] = (
    _measure(early_of_year),
    _measure(on_time_of_year),
    _measure(late_of_year),
)
"""The counts that targets need beside them."""

MEASURE_NAMES: tuple[str, ...] = tuple(measure.name for measure in MEASURES)
COUNTED_NAMES: tuple[str, ...] = tuple(measure.name for measure in (*MEASURES, *OF_YEAR))


def unknown_without(absent: frozenset[str]) -> frozenset[str]:
    """The measures that are unknown where rows are counted whose files lack these columns."""
    return frozenset(measure.name for measure in MEASURES if measure.rests_on & absent)
