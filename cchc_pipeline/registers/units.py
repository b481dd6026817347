"""Units in time: which agencies, districts and communes exist in a month, and what became of them.

Belongs here: the register, and the folding of names. Does not: the lists that it is read from
(``unit_lists``), the matching of a free text to a unit (``unit_names``), or what a unit scored.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Literal

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month

LEVELS = ("city", "agency", "district", "commune")
UNIT_CODE = re.compile(r"[A-Z]\d{2}(\.[0-9A-Z]{1,6})*")
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
                first.setdefault((unit.code, unit.valid_to), ended_before(unit, start))
        return self.extended(first.values())


def ended_before(unit: Unit, start: date | None) -> Unit:
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
