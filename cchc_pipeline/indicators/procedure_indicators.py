"""What the procedure catalogue says: the targets 25a and 26, and the published code list.

Belongs here: counting procedures, and joining the months' catalogues into one list. Does not:
judging a catalogue (``sources.records.procedures``), or published plan rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.plan_indicators import Measured, Values
from cchc_pipeline.plan import load_plan
from cchc_pipeline.sources.records.procedures import Procedure

Catalogues = Mapping[Month, Collection[Procedure]]


@dataclass(frozen=True)
class _Share:
    """Which procedures a target is about, and what they must be, by properties of a procedure."""

    among: tuple[str, ...]
    met: tuple[str, ...]


@dataclass(frozen=True)
class CatalogueShares:
    """What a month's catalogue says of the targets; those of which it says nothing are left out."""

    month: Month
    shares: Mapping[str, Measured]


def catalogue_shares(procedures: Collection[Procedure], month: Month) -> CatalogueShares | None:
    """The shares of a month's own catalogue; None if there is no catalogue.

    Only procedures in force count. Where the source leaves open a flag that the target needs, the
    procedure does not count as met, or among, and the value is provisional; where it leaves the
    flag open for all, the value is missing.
    """
    plan = load_plan(month.year)
    if plan is None or not procedures:
        return None
    declared = {key: _Share(**share) for key, share in _declared().items()}
    measured = {
        target.id: _measured(procedures, declared[target.id])
        for target in plan.targets
        if target.measured_from == "procedure_catalogue" and target.id in declared
    }
    return CatalogueShares(month, {key: one for key, one in measured.items() if one is not None})


def procedure_values(latest: CatalogueShares | None, month: Month, root: str) -> Values:
    """The root's values of the targets that are measured from the catalogue.

    A catalogue is a state, as stocks are: the month and the year to date have the same value, from
    the month's own catalogue. Without one the month is missing, and the year to date has the value
    of the year's latest one, provisionally (P).

    Args:
        latest: What the year's latest catalogue says; None if there is none.
        month: The month.
        root: The unit that the plan binds.
    """
    if latest is None or latest.month.year != month.year:
        return {}
    values: dict[tuple[str, str, Basis], Measured] = {}
    for target, share in latest.shares.items():
        if latest.month == month:
            values[root, target, Basis.MONTH] = values[root, target, Basis.YTD] = share
        elif share.numerator is not None and share.denominator is not None:
            values[root, target, Basis.YTD] = Measured.share(
                share.numerator, share.denominator, status="P"
            )
    return values


def _declared() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    declared: Mapping[str, Mapping[str, tuple[str, ...]]] = read_yaml("forms/procedures.yaml")[
        "targets"
    ]
    return declared


def _measured(procedures: Collection[Procedure], share: _Share) -> Measured | None:
    in_force = [procedure for procedure in procedures if procedure.in_force]
    if _is_silent(in_force, share.among):
        return None
    among = [p for p in in_force if all(getattr(p, name) for name in share.among)]
    if _is_silent(among, share.met):
        return None
    met = [p for p in among if all(getattr(p, name) for name in share.met)]
    is_open = any(getattr(p, name) is None for p in in_force for name in share.among)
    is_open |= any(getattr(p, name) is None for p in among for name in share.met)
    return Measured.share(len(met), len(among), status="P" if is_open else "A")


def _is_silent(procedures: Sequence[Procedure], names: Sequence[str]) -> bool:
    """Whether the source leaves one of the flags open for every procedure."""
    return any(bool(procedures) and all(getattr(p, n) is None for p in procedures) for n in names)


def procedure_list(catalogues: Catalogues) -> list[dict[str, Any]]:
    """The published code list: each procedure as its latest catalogue has it, and its months."""
    rows: dict[str, dict[str, Any]] = {}
    for month in sorted(catalogues):
        for procedure in catalogues[month]:
            row = procedure.as_row(month)
            period = row.pop("period")
            first = rows.get(procedure.code, {}).get("first_period", period)
            rows[procedure.code] = row | {"first_period": first, "last_period": period}
    return [rows[code] for code in sorted(rows)]
