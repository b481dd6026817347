"""What the procedure catalogue says: the targets 25a and 26, and the published code list.

Belongs here: counting procedures, and joining the months' catalogues into one list. Does not:
judging a catalogue (``sources.procedures``), or published plan rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.indicators.measured import Measured
from cchc_pipeline.indicators.reported import Values
from cchc_pipeline.period import Basis, Month
from cchc_pipeline.plan import load_plan
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.procedures import Procedure

Catalogues = Mapping[Month, Collection[Procedure]]


@dataclass(frozen=True)
class _Share:
    """Which procedures a target is about, and what they must be, by properties of a procedure."""

    among: tuple[str, ...]
    met: tuple[str, ...]


def procedure_values(catalogues: Catalogues, month: Month, root: str) -> Values:
    """The root's values of the targets that are measured from the catalogue.

    A catalogue is a state, as stocks are: the month and the year to date have the same value, from
    the month's own catalogue. Without one the month is missing, and the year to date has the value
    of the year's latest one, provisionally (P). Only procedures in force count. Where the source
    leaves open a flag that the target needs, the procedure does not count as met, or among, and the
    value is provisional; where it leaves the flag open for all, the value is missing.

    Args:
        catalogues: The accepted procedures of each month that has a catalogue.
        month: The month.
        root: The unit that the plan binds.
    """
    plan = load_plan(month.year)
    known = [m for m in catalogues if m.year == month.year and m <= month]
    if plan is None or not known:
        return {}
    shares = {key: _Share(**share) for key, share in _declared().items()}
    latest = max(known)
    values: dict[tuple[str, str, Basis], Measured] = {}
    for target in plan.targets:
        if target.measured_from != "procedure_catalogue" or target.id not in shares:
            continue
        measured = _measured(catalogues[latest], shares[target.id], own=latest == month)
        if measured is not None:
            values[root, target.id, Basis.YTD] = measured
            if latest == month:
                values[root, target.id, Basis.MONTH] = measured
    return values


def _declared() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    declared: Mapping[str, Mapping[str, tuple[str, ...]]] = read_yaml("forms/procedures.yaml")[
        "targets"
    ]
    return declared


def _measured(procedures: Collection[Procedure], share: _Share, *, own: bool) -> Measured | None:
    in_force = [procedure for procedure in procedures if procedure.in_force]
    if _is_silent(in_force, share.among):
        return None
    among = [p for p in in_force if all(getattr(p, name) for name in share.among)]
    if _is_silent(among, share.met):
        return None
    met = [p for p in among if all(getattr(p, name) for name in share.met)]
    is_open = any(getattr(p, name) is None for p in in_force for name in share.among)
    is_open |= any(getattr(p, name) is None for p in among for name in share.met)
    return Measured.share(len(met), len(among), status="A" if own and not is_open else "P")


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
