"""Which units there are in a month, how much each receives, and which procedures it handles.

Belongs here: the load by unit, field and procedure as tables to draw from. Does not: dossiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cchc_pipeline.errors import UsageError
from cchc_pipeline.period import Month
from cchc_pipeline.simulation.draws import Draws, Floats, Ints, draw_of_name
from cchc_pipeline.simulation.office_days import start_of
from cchc_pipeline.simulation.profile import Profile
from cchc_pipeline.units import Unit, UnitRegister

_LOOK_AHEAD = 12 * 60  # months in which the first units are looked for
_FOREVER = np.iinfo(np.int64).max


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
