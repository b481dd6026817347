"""What a simulated unit offers in a month, and the course of its dossiers through the year.

Belongs here: the load by unit, field and procedure, as tables to draw from; when a dossier comes
and ends, as a pure function of seed, month of reception and index. Does not: what else is said of a
dossier (``details``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.simulation.draws import (
    DAY,
    Bools,
    Draws,
    Floats,
    Ints,
    OfficeDays,
    draw_of_name,
    office_days,
    start_of,
)
from cchc_pipeline.simulation.profile import Profile

_LOOK_AHEAD = 12 * 60  # months in which the first units are looked for
_FOREVER = np.iinfo(np.int64).max
EMPTY = int(np.iinfo(np.int64).min)
_GAP = 1800  # seconds from a reception to a finish on its day, at least


@dataclass(frozen=True)
class Procedures:
    """All procedures of the sample, by place."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    field_codes: tuple[str, ...]
    field_names: tuple[str, ...]
    fields: Ints
    deadlines: Ints
    online: Floats
    levels: Ints
    fees: Ints  # two for each procedure, 0 where there is none
    weights: Floats


@dataclass(frozen=True)
class Offer:
    """The units of a month with what each handles; arrays by the unit's place."""

    units: tuple[Unit, ...]
    load: Floats
    late: Floats
    ends: Ints  # the second in which a unit ceases
    bounds: Floats  # (units x procedures), running sums to place + 1

    def procedure(self, draws: Draws, units: Ints, index: Ints) -> Ints:
        """A procedure for each dossier, among those that its unit handles."""
        asked = units + draws.share("procedure", index)
        width = self.bounds.size // len(self.units)
        return np.searchsorted(self.bounds, asked, side="right") - units * width


def procedures_of(profile: Profile) -> Procedures:
    """The procedures of the data in one row of tables."""
    rows = [
        (at, number, *row)
        for at, field in enumerate(profile.fields)
        for number, row in enumerate(field.procedures, 1)
    ]
    ids = [f"{row[0] + 1}.{row[1]}" for row in rows]
    return Procedures(
        tuple(profile.procedure_code.format(field=row[0] + 1, number=row[1]) for row in rows),
        tuple(profile.names["procedure"].format(number=number) for number in ids),
        tuple(profile.field_code.format(number=at + 1) for at in range(len(profile.fields))),
        tuple(profile.names["field"].format(number=at + 1) for at in range(len(profile.fields))),
        np.array([row[0] for row in rows]),
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
        np.array([[*row[5], 0, 0][:2] for row in rows]),
        np.array([row[6] for row in rows]),
    )


def sample_units(register: UnitRegister, root: str, month: Month) -> tuple[Unit, ...]:
    """The month's units below the root: the sample ones if there are any, by code."""
    units = sorted(register.below(root, month), key=lambda unit: unit.code)
    return tuple([u for u in units if u.provenance == "sample"] or units)


def require_units(register: UnitRegister, root: str, month: Month) -> None:
    """Refuse a month in which nobody could receive a dossier.

    Raises:
        UsageError: No unit below the root is valid in the month.
    """
    if not sample_units(register, root, month):
        raise UsageError(
            f"no unit below {root} exists in {month}",
            where="inbox/units.csv",
            todo="add units there, for a sample with provenance 'sample'",
        )


def offer_of(
    profile: Profile, register: UnitRegister, root: str, month: Month, scale: tuple[int, int]
) -> Offer:
    """What the units of a month offer; of a month before the first unit, those of the first.

    Args:
        profile: The data.
        register: The units in time; somewhere from ``month`` on there is one below ``root``.
        root: The code that they stand below.
        month: The month of reception.
        scale: The seed, and how many dossiers an ordinary month has.
    """
    seed, dossiers = scale
    units, procedures = _first_units(register, root, month), procedures_of(profile)
    late = [
        profile.units.late[int(draw_of_name(seed, u.code, "late") * len(profile.units.late))]
        for u in units
    ]
    handled = np.array([_handled(profile, procedures, unit, seed) for unit in units])
    shares = np.cumsum(handled, axis=1)
    bounds = shares / shares[:, -1:] + np.arange(len(units))[:, None]
    ends = np.array([_end_of(register, root, unit, month, profile.follows) for unit in units])
    load = _load(profile, units, seed, dossiers)
    return Offer(units, load, np.array(late), ends, bounds.ravel())


def _first_units(register: UnitRegister, root: str, month: Month) -> tuple[Unit, ...]:
    at = month
    for _ in range(_LOOK_AHEAD):
        units = sample_units(register, root, at)
        if units:
            return units
        at = at.next()
    return ()


def _load(profile: Profile, units: Sequence[Unit], seed: int, dossiers: int) -> Floats:
    """Shares by rank, the last ranks with about the same few dossiers each at any scale."""
    small = round(profile.units.small.share * len(units)) if len(units) > 1 else 0
    order = np.argsort([draw_of_name(seed, unit.code, "rank") for unit in units], kind="stable")
    ranks = np.empty(len(units), dtype=np.int64)
    ranks[order] = np.arange(len(units))
    load = ((ranks + 1.0) ** -profile.units.exponent).astype(np.float64)
    few = ranks >= len(units) - small
    share = min(profile.units.small.dossiers / dossiers, 1 / len(units))
    load[~few] *= (1 - share * small) / load[~few].sum()
    load[few] = share
    return load


def _handled(profile: Profile, procedures: Procedures, unit: Unit, seed: int) -> Floats:
    """The weights of the procedures of the few fields that a unit handles, 0 elsewhere."""
    level = unit.level if unit.level in ("district", "commune") else "agency"
    fields = [at for at, field in enumerate(profile.fields) if level in field.levels]
    fields.sort(key=lambda at: draw_of_name(seed, f"{unit.code} {at}", "field"))
    own = np.isin(procedures.fields, fields[: profile.units.fields])
    weights: Floats = np.where(own, procedures.weights, 0.0)
    return weights


def _end_of(register: UnitRegister, root: str, unit: Unit, month: Month, follows: int) -> int:
    """The end of the last of the coming months in which the unit exists, if it ceases in them."""
    at = month
    for _ in range(follows):
        later = _first_units(register, root, at.next())
        if unit.code not in {other.code for other in later}:
            return start_of(at.next())
        at = at.next()
    return int(_FOREVER)


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
