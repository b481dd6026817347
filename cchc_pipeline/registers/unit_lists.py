"""The lists that the register of units is read from: those shipped, and those of the inbox.

Belongs here: ``schemas/units``, ``inbox/units.csv``, ``inbox/successions.csv``, and what is wrong
with a row. Does not: what a register answers (``units``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.list_files import read_rows, require_day, require_text
from cchc_pipeline.core.masking import quoted
from cchc_pipeline.core.period import Month
from cchc_pipeline.government import DEFAULT_ROOT, Government, government_of
from cchc_pipeline.registers.units import (
    LEVELS,
    UNIT_CODE,
    ExpectedCount,
    NamedUnit,
    Succession,
    Unit,
    UnitRegister,
    ended_before,
)

UNIT_COLUMNS = (
    "unit_code", "name_vi", "name_en", "level", "parent_code", "valid_from", "valid_to",
)  # fmt: skip
SUCCESSION_COLUMNS = ("old_code", "new_code", "date", "kind")
_PROVENANCES = ("official", "source", "sample")
_LONGEST = {"name_vi": 200, "name_en": 200, "basis": 500}
SUCCESSION_KINDS = ("renamed", "merged", "split", "established", "abolished")


def load_register(inbox: Path | None = None, root: str = DEFAULT_ROOT) -> UnitRegister:
    """The shipped units, extended by ``inbox/units.csv`` and ``inbox/successions.csv``.

    Args:
        inbox: The folder of the two lists; None for the shipped units alone.
        root: The province or city that publishes; every other one is its peer.

    Raises:
        SchemaDataError: A list cannot be used; the line names file, row and column.
    """
    register = _shipped_register(root)
    if inbox is None:
        return register
    units_csv, successions_csv = inbox / "units.csv", inbox / "successions.csv"
    rows = _read_units(units_csv)
    if rows:
        register = _giving_way(register, rows).extended(rows)
        _refuse_overlaps(register, units_csv, rows)
        _refuse_parents(register, units_csv, rows)
    added = _read_successions(successions_csv, register)
    return replace(register, successions=(*register.successions, *added))


def _giving_way(register: UnitRegister, rows: Iterable[Unit]) -> UnitRegister:
    """The register with each shipped unit over where a row of its code begins that it overlaps.

    The shipped root begins with the data's first month; a list may describe it from a later day on.
    """
    first: dict[str, Unit] = {}
    for row in sorted(rows, key=lambda row: row.valid_from):
        first.setdefault(row.code, row)
    units, replaced = [], []
    for unit in register.units:
        taker = first.get(unit.code)
        if taker is None or not _overlap(taker, unit):
            units.append(unit)
            continue
        replaced.append(taker)
        if taker.valid_from > unit.valid_from:
            units.append(ended_before(unit, taker.valid_from))
    return replace(register, units=tuple(units), replaced=tuple(replaced))


def _overlap(one: Unit, other: Unit) -> bool:
    """Whether both are valid on some day."""
    pairs = ((one, other), (other, one))
    return all(a.valid_to is None or a.valid_to >= b.valid_from for a, b in pairs)


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Province:
    code: str
    name_vi: str
    name_en: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Provinces:
    valid_from: date
    basis: str
    units: tuple[_Province, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Reorganised:
    date: date
    basis: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class CodedUnits:
    """The content of ``schemas/units/units.yaml``: the peers' codes, days of new sets."""

    reorganised: tuple[_Reorganised, ...]
    provinces: _Provinces


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Named:
    names: tuple[str, ...]
    level: str
    valid_from: date
    valid_to: date | None
    basis: str


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Followed:
    old: str
    new: str
    date: date
    kind: str
    basis: str
    new_code: str | None = None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class _Abolished:
    date: date
    basis: str
    names: tuple[str, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class LocalUnits:
    """A place's list in ``schemas/units``: units by law, whose codes are not known."""

    named: tuple[_Named, ...]
    counts: tuple[ExpectedCount, ...]
    successions: tuple[_Followed, ...]
    abolished: _Abolished


@cache
def _coded_units() -> CodedUnits:
    return load(CodedUnits, "units/units.yaml")


@cache
def last_day_of_set(month: Month) -> date | None:
    """The last day of the set of units that a month belongs to; None where it still stands."""
    days = (one.date for one in _coded_units().reorganised)
    start = min((day for day in days if day > month.last_day), default=None)
    return start - timedelta(days=1) if start else None


def _shipped_register(root: str) -> UnitRegister:
    place = government_of(root)
    units = tuple(_shipped_units(place, _coded_units().provinces))
    if not place.units:
        return UnitRegister(units)
    local = load(LocalUnits, place.units)
    return UnitRegister(
        units,
        tuple(
            NamedUnit(name, block.level, block.valid_from, block.valid_to, block.basis)
            for block in local.named
            for name in block.names
        ),
        tuple(_shipped_successions(local)),
        local.counts,
    )


def _shipped_units(root: Government, provinces: _Provinces) -> Iterable[Unit]:
    if root.valid_from:
        yield Unit(
            root.code, root.unit.vi, root.unit.en, "city", None, root.valid_from, None,
            "official", root.basis,
        )  # fmt: skip
    for row in provinces.units:
        if row.code == root.code:
            continue
        yield Unit(
            row.code, row.name_vi, row.name_en, "province", None, provinces.valid_from, None,
            "source", provinces.basis,
        )  # fmt: skip


def _shipped_successions(local: LocalUnits) -> Iterable[Succession]:
    for row in local.successions:
        yield Succession(None, row.old, row.new_code, row.new, row.date, row.kind, row.basis)
    gone = local.abolished
    for name in gone.names:
        yield Succession(None, name, None, "", gone.date, "abolished", gone.basis)


def _read_units(path: Path) -> dict[Unit, int]:
    """The units of a list, with the row of each."""
    rows: dict[Unit, int] = {}
    starts: dict[tuple[str, date], int] = {}
    for number, row in read_rows(path, UNIT_COLUMNS):
        where = f"{path}, row {number}"
        unit = _unit_row(row, where)
        before = starts.setdefault((unit.code, unit.valid_from), number)
        if before != number:
            raise SchemaDataError(
                f"{unit.code} exists twice on {unit.valid_from}, also in row {before}",
                where=where,
                todo="keep one of the rows",
            )
        rows[unit] = number
    return rows


def _unit_row(row: Mapping[str, str], where: str) -> Unit:
    code, level, provenance = row["unit_code"], row["level"], row.get("provenance", "")
    _require_code(code, "unit_code", where)
    if row["parent_code"]:
        _require_code(row["parent_code"], "parent_code", where)
    _require_one_of(level, LEVELS, "level", where)
    _require_one_of(provenance, ("", *_PROVENANCES), "provenance", where)
    if not row["name_vi"]:
        raise SchemaDataError("name_vi is empty", where=where, todo="give the official name")
    for name in ("name_vi", "name_en", "basis"):
        require_text(row.get(name, ""), name, where, _LONGEST[name])
    start = require_day(row["valid_from"], f"{where}, valid_from")
    end = require_day(row["valid_to"], f"{where}, valid_to") if row["valid_to"] else None
    if end is not None and end < start:
        raise SchemaDataError(
            f"{code} ends before it begins", where=where, todo="exchange or correct the dates"
        )
    return Unit(
        code,
        row["name_vi"],
        row["name_en"] or row["name_vi"],
        level,
        row["parent_code"] or None,
        start,
        end,
        "sample" if provenance == "sample" else "official",
        row.get("basis") or "inbox/units.csv",
    )


def _require_code(code: str, what: str, where: str) -> None:
    if not UNIT_CODE.fullmatch(code):
        raise SchemaDataError(
            f"{what} {quoted(code)} is not a code", where=where, todo="write it like H24.16"
        )


def _require_one_of(value: str, allowed: Sequence[str], what: str, where: str) -> None:
    if value not in allowed:
        todo = f"use one of {', '.join(filter(None, allowed))}"
        raise SchemaDataError(f"{what} {quoted(value)} is unknown", where=where, todo=todo)


def _read_successions(path: Path, register: UnitRegister) -> list[Succession]:
    names = {unit.code: unit.name_vi for unit in register.units}
    rows: dict[tuple[str | None, str | None, date], Succession] = {}
    for number, row in read_rows(path, SUCCESSION_COLUMNS):
        where = f"{path}, row {number}"
        found = _succession_row(row, names, where)
        old, new, day = found.old_code, found.new_code, found.date
        if (old, new, day) in rows or (new, old, day) in rows:
            raise SchemaDataError(
                f"{old or ''} and {new or ''} follow each other twice on {day}",
                where=where,
                todo="keep one of the rows",
            )
        rows[old, new, day] = found
    return list(rows.values())


def _succession_row(row: Mapping[str, str], names: Mapping[str, str], where: str) -> Succession:
    kind, old, new = row["kind"], row["old_code"] or None, row["new_code"] or None
    _require_one_of(kind, SUCCESSION_KINDS, "kind", where)
    for code in filter(None, (old, new)):
        if code not in names:
            raise SchemaDataError(
                f"unit {quoted(code)} stands in no list of units", where=where, todo="add it first"
            )
    lacking = {"established": new is None, "abolished": old is None}
    if lacking.get(kind, old is None or new is None):
        raise SchemaDataError(
            f"a unit that was {kind} needs its code", where=where, todo="fill old_code or new_code"
        )
    require_text(row.get("basis", ""), "basis", where, _LONGEST["basis"])
    return Succession(
        old, names.get(old or "", ""), new, names.get(new or "", ""),
        require_day(row["date"], f"{where}, date"), kind,
        row.get("basis") or "inbox/successions.csv",
    )  # fmt: skip


def _refuse_overlaps(register: UnitRegister, path: Path, rows: Mapping[Unit, int]) -> None:
    """Of one code, at most one unit exists on a day."""
    before: Unit | None = None
    for unit in sorted(register.units, key=lambda u: (u.code, u.valid_from)):
        if (
            before is not None
            and before.code == unit.code
            and (before.valid_to is None or before.valid_to >= unit.valid_from)
        ):
            raise SchemaDataError(
                f"{unit.code} exists twice on {unit.valid_from}",
                where=f"{path}, row {rows.get(unit) or rows.get(before)}",
                todo="end the earlier row (valid_to) the day before",
            )
        before = unit


def _refuse_parents(register: UnitRegister, path: Path, rows: Mapping[Unit, int]) -> None:
    """Every parent stands in a list, and no unit is above itself."""
    codes = {unit.code for unit in register.units}
    for unit, number in rows.items():
        where = f"{path}, row {number}"
        if unit.parent_code is not None and unit.parent_code not in codes:
            raise SchemaDataError(
                f"parent {quoted(unit.parent_code)} of {unit.code} stands in no list", where=where,
                todo="add it, or leave parent_code empty",
            )  # fmt: skip
        if _is_above_itself(unit, register):
            raise SchemaDataError(
                f"{unit.code} is above itself by parent_code",
                where=where,
                todo="correct its parent",
            )


def _is_above_itself(unit: Unit, register: UnitRegister) -> bool:
    """Walk up the parents as they are on the unit's first day."""
    day = unit.valid_from
    parents = {
        other.code: other.parent_code
        for other in register.units
        if other.valid_from <= day and (other.valid_to is None or other.valid_to >= day)
    }
    met: set[str] = set()
    parent = unit.parent_code
    while parent is not None and parent not in met:
        met.add(parent)
        parent = parents.get(parent)
    return unit.code in met
