"""The course of simulated dossiers: who receives which procedure when, what is due, when it ends.

Belongs here: everything that decides whether a dossier is open in a month, as a pure function of
seed, month of reception and index. Does not: what else is said of a dossier (``details``).
"""

from dataclasses import dataclass, fields

import numpy as np

from cchc_pipeline.period import Month
from cchc_pipeline.simulation.draws import Bools, Draws, Floats, Ints
from cchc_pipeline.simulation.offer import Offer, Procedures
from cchc_pipeline.simulation.office_days import DAY, OfficeDays, office_days, start_of
from cchc_pipeline.simulation.profile import Profile

EMPTY = int(np.iinfo(np.int64).min)
_GAP = 1800  # seconds from a reception to a finish on its day, at least


@dataclass(frozen=True)
class Reception:
    """What receives dossiers in one month."""

    month: Month
    profile: Profile
    offer: Offer
    procedures: Procedures
    days: OfficeDays
    draws: Draws


@dataclass(frozen=True)
class Course:
    """Dossiers of one reception by place; moments in seconds of city time, ``EMPTY`` if none.

    ``dues`` has three columns, the due moment at first and after each supplement; ``requests`` and
    ``replies`` have two, one for each supplement.
    """

    index: Ints
    unit: Ints
    procedure: Ints
    received: Ints
    finished: Ints
    due_is_day: Bools
    dues: Ints
    requests: Ints
    replies: Ints

    def only(self, chosen: Bools) -> "Course":
        """The chosen dossiers."""
        return Course(*(getattr(self, field.name)[chosen] for field in fields(self)))


def reception_of(profile: Profile, month: Month, offer: Offer, procedures: Procedures,
                 seed: int) -> Reception:  # fmt: skip
    """Everything that the dossiers of a month of reception are drawn from."""
    days = office_days(profile, month)
    return Reception(month, profile, offer, procedures, days, Draws(seed, month))


def course_of(reception: Reception, index: Ints) -> Course:
    """The course of the dossiers of the given indices."""
    draws, days, offer = reception.draws, reception.days, reception.offer
    unit = draws.choice("unit", index, offer.load)
    procedure = offer.procedure(draws, unit, index)
    day = days.days[draws.choice("day", index, days.load)]
    received = day * DAY + days.hour(draws, "hour", index)
    start = days.position(day)
    due, requests, replies = _dates(reception, procedure, start, index)
    ready = np.maximum(start, replies.max(axis=1))
    finish = _finish(reception, due.max(axis=1), ready, offer.late[unit], index)
    finish = np.minimum(finish, _last(reception)[unit])
    finished = days.day_at(finish) * DAY + days.hour(draws, "finish hour", index)
    due_is_day = draws.below("due day", index, reception.profile.course.due_by_day)
    return Course(
        index, unit, procedure, received, np.maximum(finished, received + _GAP), due_is_day,
        _moments(days, due, np.where(due_is_day, 0, reception.profile.due_hour)[:, None]),
        _moments(days, requests, days.hour(draws, "request hour", index)[:, None]),
        _moments(days, replies, days.hour(draws, "reply hour", index)[:, None]),
    )  # fmt: skip


def _dates(
    reception: Reception, procedure: Ints, start: Ints, index: Ints
) -> tuple[Ints, Ints, Ints]:
    """Due dates, requests and replies of supplements as places of working days, -1 if none."""
    draws, shares = reception.draws, reception.profile.course
    deadline = reception.procedures.deadlines[procedure]
    free = draws.below("no deadline", index, shares.no_deadline)
    may = ~free & (deadline >= shares.supplement_from)
    once = may & draws.below("supplement", index, shares.supplemented)
    twice = once & draws.below("second supplement", index, shares.supplemented_twice)
    first = start + 1 + draws.whole("request", index, shares.request_days)
    answer = first + 1 + draws.whole("reply", index, shares.reply_days)
    again = answer + 1
    last = again + 1 + draws.whole("second reply", index, shares.reply_days)
    due = start + deadline
    new = due + answer - first
    dues = [
        np.where(free, -1, due),
        np.where(once, new, -1),
        np.where(twice, new + last - again, -1),
    ]
    return (
        np.stack(dues, axis=1),
        np.stack([np.where(once, first, -1), np.where(twice, again, -1)], axis=1),
        np.stack([np.where(once, answer, -1), np.where(twice, last, -1)], axis=1),
    )


def _finish(reception: Reception, due: Ints, ready: Ints, late: Floats, index: Ints) -> Ints:
    """The working day on which handling ends: in time, late, or whenever if nothing is due."""
    draws, shares = reception.draws, reception.profile.course
    haste = draws.share("haste", index) ** shares.haste
    in_time = ready + np.maximum(1, np.ceil(haste * (due - ready)).astype(np.int64))
    delay = (draws.share("delay", index) ** 2 * shares.late_days).astype(np.int64)
    finish = np.where(draws.below("late", index, late), due + 1 + delay, in_time)
    free = ready + 1 + draws.whole("free", index, shares.free_days)
    return np.where(due < 0, free, finish)


def _last(reception: Reception) -> Ints:
    """By unit, the last working day before it ceases or the stream forgets the dossier."""
    month = reception.month
    for _ in range(reception.profile.follows + 1):
        month = month.next()
    limits = np.minimum(reception.offer.ends, start_of(month))
    return np.array([reception.days.last_before(int(limit)) for limit in limits])


def _moments(days: OfficeDays, places: Ints, second: Ints) -> Ints:
    return np.where(places < 0, EMPTY, days.day_at(places) * DAY + second)
