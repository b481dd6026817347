"""Units in time: which agencies, districts and communes exist in a month, and what became of them.

Belongs here: the register, its reading from ``schemas/units`` and ``inbox/units.csv``, and the
folding of names. Does not: what a unit scored, or the matching of a free text to a unit.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.period import Month
from cchc_pipeline.reference import read_yaml

LEVELS = ("city", "agency", "district", "commune")
UNIT_CODE = re.compile(r"[A-Z]\d{2}(\.[0-9A-Z]{1,6})*")
UNIT_COLUMNS = (
    "unit_code", "name_vi", "name_en", "level", "parent_code", "valid_from", "valid_to",
)  # fmt: skip
SUCCESSION_COLUMNS = ("old_code", "new_code", "date", "kind")
SUCCESSION_KINDS = ("renamed", "merged", "split", "established", "abolished")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
Provenance = Literal["official", "source", "sample"]


@dataclass(frozen=True)
class Unit:
    """A unit under one code during one span of days; ``valid_to`` is inclusive."""

    code: str
    name_vi: str
    name_en: str
    level: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None
    provenance: Provenance
    basis: str

    def valid_in(self, month: Month) -> bool:
        """Whether the unit exists on any day of the month."""
        return self.valid_from <= month.last_day and (
            self.valid_to is None or self.valid_to >= month.first_day
        )


@dataclass(frozen=True)
class NamedUnit:
    """A unit that the law names but whose code is not known."""

    name_vi: str
    level: str
    valid_from: date
    valid_to: date | None
    basis: str


@dataclass(frozen=True)
class Succession:
    """What a unit became on a day; a code is None where it is not known."""

    old_code: str | None
    old_name: str
    new_code: str | None
    new_name: str
    date: date
    kind: str
    basis: str


@dataclass(frozen=True)
class ExpectedCount:
    """How many units of a level there are by law in a span of days."""

    level: str
    count: int
    valid_from: date
    valid_to: date | None
    basis: str


@dataclass(frozen=True)
class UnitRegister:
    """All units, in time."""

    units: tuple[Unit, ...]
    named: tuple[NamedUnit, ...] = ()
    successions: tuple[Succession, ...] = ()
    counts: tuple[ExpectedCount, ...] = ()

    def valid_in(self, month: Month) -> tuple[Unit, ...]:
        """The units that exist on any day of the month; of one code, the latest span."""
        latest: dict[str, Unit] = {}
        for unit in sorted(self.units, key=lambda u: (u.code, u.valid_from)):
            if unit.valid_in(month):
                latest[unit.code] = unit
        return tuple(latest.values())

    def find(self, code: str, month: Month) -> Unit | None:
        """The unit of that code in the month, or None."""
        return next((unit for unit in self.valid_in(month) if unit.code == code), None)

    def below(self, root: str, month: Month) -> tuple[Unit, ...]:
        """The units of the month whose chain of parents leads to ``root``."""
        valid = {unit.code: unit for unit in self.valid_in(month)}
        return tuple(unit for unit in valid.values() if _leads_to(root, unit, valid))

    def awaiting_code(self, month: Month) -> tuple[NamedUnit, ...]:
        """Units of the month that exist by law and have no code yet."""
        known = {fold_name(unit.name_vi) for unit in self.valid_in(month)}
        return tuple(
            unit
            for unit in self.named
            if unit.valid_from <= month.last_day
            and (unit.valid_to is None or unit.valid_to >= month.first_day)
            and fold_name(unit.name_vi) not in known
        )

    def counts_in(self, month: Month) -> tuple[ExpectedCount, ...]:
        """How many units of a level there are by law in the month."""
        return tuple(
            due
            for due in self.counts
            if due.valid_from <= month.last_day
            and (due.valid_to is None or due.valid_to >= month.first_day)
        )

    def extended(self, rows: Iterable[Unit]) -> "UnitRegister":
        """With further units; a row replaces the one of the same code and start."""
        merged = {(unit.code, unit.valid_from): unit for unit in (*self.units, *rows)}
        return replace(self, units=tuple(merged[key] for key in sorted(merged)))

    def with_source_units(self, seen: Iterable[Unit]) -> "UnitRegister":
        """With units that only the source knows.

        Those are the units of codes that stand in no list, or stand there from a later day on; each
        is taken as it was first seen, once in each set of units (``last_day_of_set``).
        """
        listed: dict[str, date] = {}
        for unit in self.units:
            listed[unit.code] = min(unit.valid_from, listed.get(unit.code, unit.valid_from))
        first: dict[tuple[str, date | None], Unit] = {}
        for unit in sorted(seen, key=lambda u: u.valid_from):
            start = listed.get(unit.code)
            if start is None or unit.valid_from < start:
                first.setdefault((unit.code, unit.valid_to), _ended_before(unit, start))
        return self.extended(first.values())


def _ended_before(unit: Unit, start: date | None) -> Unit:
    """The unit, over on the day before ``start`` at the latest."""
    if start is None:
        return unit
    eve = start - timedelta(days=1)
    return replace(unit, valid_to=min(eve, unit.valid_to or eve))


@cache
def last_day_of_set(month: Month) -> date | None:
    """The last day of the set of units that a month belongs to; None where it still stands."""
    days = (row["date"] for row in read_yaml("units/units.yaml")["reorganised"])
    start = min((day for day in days if day > month.last_day), default=None)
    return start - timedelta(days=1) if start else None


def _leads_to(root: str, unit: Unit, valid: Mapping[str, Unit]) -> bool:
    """Walk up the parents; a loop ends at the first code met twice."""
    met: set[str] = set()
    parent = unit.parent_code
    while parent is not None and parent not in met:
        if parent == root:
            return True
        met.add(parent)
        parent = valid[parent].parent_code if parent in valid else None
    return False


def fold_name(name: str) -> str:
    """A key under which spellings of one name meet: case, spacing and tone placement are dropped.

    Accents are kept: Thuỷ and Thủy meet, Thọ and Thổ do not.
    """
    return " ".join(_fold_word(word) for word in unicodedata.normalize("NFC", name).split())


def _fold_word(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.casefold())
    tones = "".join(sorted(char for char in letters if char in _TONES))
    bare = "".join(char for char in letters if char not in _TONES)
    return unicodedata.normalize("NFC", bare) + tones


def load_register(inbox: Path | None = None) -> UnitRegister:
    """The shipped units, extended by ``inbox/units.csv`` and ``inbox/successions.csv``.

    Raises:
        SchemaDataError: A list cannot be used; the line names file, row and column.
    """
    register = _shipped_register()
    if inbox is None:
        return register
    units_csv, successions_csv = inbox / "units.csv", inbox / "successions.csv"
    if units_csv.exists():
        rows = _read_units(units_csv)
        register = _giving_way(register, rows).extended(rows)
        _refuse_overlaps(register, str(units_csv))
    if successions_csv.exists():
        added = _read_successions(successions_csv, register)
        register = replace(register, successions=(*register.successions, *added))
    return register


def _giving_way(register: UnitRegister, rows: Iterable[Unit]) -> UnitRegister:
    """The register with its root over where a row of the root begins.

    The shipped root begins with the data's first month; a list may describe it from a later day on.
    """
    starts = {row.code: row.valid_from for row in sorted(rows, key=lambda r: r.valid_from)[::-1]}
    units = (
        _ended_before(unit, starts[unit.code])
        if unit.level == "city" and starts.get(unit.code, unit.valid_from) > unit.valid_from
        else unit
        for unit in register.units
    )
    return replace(register, units=tuple(units))


def _shipped_register() -> UnitRegister:
    coded, local = read_yaml("units/units.yaml"), read_yaml("units/hai-phong.yaml")
    root, provinces = coded["root"], coded["provinces"]
    units = [
        Unit(**root, parent_code=None, valid_to=None, provenance="official"),
        *(
            Unit(
                **row,
                level="province",
                parent_code=None,
                valid_from=provinces["valid_from"],
                valid_to=None,
                provenance="source",
                basis=provinces["basis"],
            )
            for row in provinces["units"]
        ),
    ]
    return UnitRegister(
        tuple(units),
        tuple(_named_units(local["named"])),
        tuple(_shipped_successions(local)),
        tuple(ExpectedCount(**row) for row in local["counts"]),
    )


def _named_units(blocks: Iterable[Mapping[str, Any]]) -> Iterable[NamedUnit]:
    for block in blocks:
        rest = {key: value for key, value in block.items() if key != "names"}
        for name in block["names"]:
            yield NamedUnit(name, **rest)


def _shipped_successions(local: Mapping[str, Any]) -> Iterable[Succession]:
    for row in local["successions"]:
        yield Succession(
            None, row["old"], row.get("new_code"), row["new"], row["date"], row["kind"],
            row["basis"],
        )  # fmt: skip
    gone = local["abolished"]
    for name in gone["names"]:
        yield Succession(None, name, None, "", gone["date"], "abolished", gone["basis"])


def _read_units(path: Path) -> list[Unit]:
    return [
        _unit_row(row, f"{path}, row {number}")
        for number, row in _csv_rows(path, required=UNIT_COLUMNS)
    ]


def _unit_row(row: Mapping[str, str], where: str) -> Unit:
    code, level = row["unit_code"], row["level"]
    if not UNIT_CODE.fullmatch(code):
        raise SchemaDataError(
            f"unit_code {code!r} is not a code", where=where, todo="write it like H24.16"
        )
    if level not in LEVELS:
        raise SchemaDataError(
            f"level {level!r} is unknown", where=where, todo=f"use one of {', '.join(LEVELS)}"
        )
    if not row["name_vi"]:
        raise SchemaDataError("name_vi is empty", where=where, todo="give the official name")
    if row["name_vi"].startswith(("=", "+", "-", "@", "\t")):
        raise SchemaDataError(
            "name_vi begins like a formula", where=where, todo="remove the first character"
        )
    return Unit(
        code,
        row["name_vi"],
        row["name_en"] or row["name_vi"],
        level,
        row["parent_code"] or None,
        _day(row["valid_from"], f"{where}, valid_from"),
        _day(row["valid_to"], f"{where}, valid_to") if row["valid_to"] else None,
        "sample" if row.get("provenance") == "sample" else "official",
        row.get("basis") or "inbox/units.csv",
    )


def _read_successions(path: Path, register: UnitRegister) -> list[Succession]:
    names = {unit.code: unit.name_vi for unit in register.units}
    rows = []
    for number, row in _csv_rows(path, required=SUCCESSION_COLUMNS):
        where = f"{path}, row {number}"
        if row["kind"] not in SUCCESSION_KINDS:
            raise SchemaDataError(
                f"kind {row['kind']!r} is unknown",
                where=where,
                todo=f"use one of {', '.join(SUCCESSION_KINDS)}",
            )
        for code in filter(None, (row["old_code"], row["new_code"])):
            if code not in names:
                raise SchemaDataError(
                    f"unit {code!r} stands in no list of units", where=where, todo="add it first"
                )
        old, new = row["old_code"] or None, row["new_code"] or None
        rows.append(
            Succession(
                old, names.get(old or "", ""), new, names.get(new or "", ""),
                _day(row["date"], f"{where}, date"), row["kind"],
                row.get("basis") or "inbox/successions.csv",
            )
        )  # fmt: skip
    return rows


def _csv_rows(path: Path, required: tuple[str, ...]) -> Iterable[tuple[int, dict[str, str]]]:
    """The rows of a small comma or semicolon CSV as NFC text, numbered as a spreadsheet does."""
    text = _csv_text(path)
    heading = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text),
        delimiter=";" if heading.count(";") > heading.count(",") else ",",
        strict=True,
    )
    try:
        _require_columns(reader.fieldnames or (), required, str(path))
        for row in reader:
            if None in row or None in row.values():
                raise SchemaDataError(
                    "another number of cells than the heading row",
                    where=f"{path}, row {reader.line_num}",
                    todo="give each column one cell",
                )
            if any(row.values()):
                yield reader.line_num, {key: value.strip() for key, value in row.items()}
    except csv.Error as error:
        raise SchemaDataError(
            f"not CSV: {error}", where=f"{path}, row {reader.line_num + 1}", todo="correct that row"
        ) from None


def _csv_text(path: Path) -> str:
    try:
        return unicodedata.normalize("NFC", path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        what, todo = "not UTF-8 text", "save it as CSV UTF-8"
    except OSError as error:
        what, todo = f"cannot be read: {error.strerror}", "check the file and its permissions"
    raise SchemaDataError(what, where=str(path), todo=todo)


def _require_columns(given: Iterable[str], required: tuple[str, ...], where: str) -> None:
    missing = [name for name in required if name not in given]
    if missing:
        raise SchemaDataError(
            f"no column {', '.join(missing)}",
            where=where,
            todo=f"the heading row is {','.join(required)}",
        )


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SchemaDataError(
            f"{text!r} is not a date", where=where, todo="write it as YYYY-MM-DD"
        ) from None


def _refuse_overlaps(register: UnitRegister, where: str) -> None:
    """Of one code, at most one unit exists on a day; and every parent stands in the list."""
    codes = {unit.code for unit in register.units}
    before: Unit | None = None
    for unit in sorted(register.units, key=lambda u: (u.code, u.valid_from)):
        if unit.valid_to is not None and unit.valid_to < unit.valid_from:
            raise SchemaDataError(f"{unit.code} ends before it begins", where=where)
        if unit.parent_code is not None and unit.parent_code not in codes:
            raise SchemaDataError(
                f"parent {unit.parent_code!r} of {unit.code} stands in no list", where=where,
                todo="add it, or leave parent_code empty",
            )  # fmt: skip
        if (
            before is not None
            and before.code == unit.code
            and (before.valid_to is None or before.valid_to >= unit.valid_from)
        ):
            raise SchemaDataError(
                f"{unit.code} exists twice on {unit.valid_from}", where=where,
                todo="end the earlier row (valid_to) the day before",
            )  # fmt: skip
        before = unit
