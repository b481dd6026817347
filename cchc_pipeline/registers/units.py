"""Units in time: which agencies, districts and communes exist in a month, and which one is meant.

Belongs here: the register, the successions of a unit that has ended, the folding of names, and the
one matching of a free text to a unit of a month. Does not: the lists that the register is read from
(``unit_lists``), or what a unit scored.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

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
    """All units, in time.

    Attributes:
        replaced: Rows of the inbox that took the place of a shipped unit.
    """

    units: tuple[Unit, ...]
    named: tuple[NamedUnit, ...] = ()
    successions: tuple[Succession, ...] = ()
    counts: tuple[ExpectedCount, ...] = ()
    replaced: tuple[Unit, ...] = ()

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
        is taken as it was first seen, once in each set of units (``unit_lists.last_day_of_set``).
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


@dataclass(frozen=True)
class FoundUnit:
    """A unit that a text means; ``ended`` if it does not exist in the month."""

    code: str
    ended: bool


@dataclass(frozen=True)
class NameHolder:
    """The unit whose dossiers those of a text are.

    Attributes:
        code: The unit; None where a unit that ended has not exactly one successor.
        moved_from: The name of the unit that ended, whose successor this is.
        succession: What became of a unit that ended, in Vietnamese; None where nothing is to tell.
    """

    code: str | None
    moved_from: str | None = None
    succession: str | None = None


@dataclass(frozen=True)
class UnitTexts:
    """The units below a root, to be found by the texts of a month's files.

    Attributes:
        with_root: Whether the root itself may be meant.
    """

    register: UnitRegister
    root: str
    month: Month
    with_root: bool = False

    def resolve(self, text: str) -> FoundUnit | None:
        """The unit that a text means, or None.

        A code is taken in any case. Names meet without regard to case, spacing and tone placement.
        Of two units of one name the one that exists in the month is meant; a name of two that
        exist names neither.
        """
        for known, ended in ((self._valid, False), (self._other, True)):
            code = known.get(text.strip().upper()) or known.get(fold_name(text))
            if code:
                return FoundUnit(code, ended)
        return None

    def holder(self, text: str) -> NameHolder | None:
        """The unit that holds the dossiers of the unit that a text means; None if it means none.

        One that has ended is followed through the successions, as long as each names exactly one
        successor.
        """
        found = self.resolve(text)
        if found is None or not found.ended:
            return NameHolder(found.code) if found else None
        first = unit = self._last_span(found.code)
        met = {unit.code}
        while len(successors := self._successors(unit)) == 1 and successors[0] is not None:
            if successors[0].code in self._valid:
                return NameHolder(successors[0].code, moved_from=first.name_vi)
            unit = successors[0]
            if unit.code in met or unit.valid_to is None:
                break
            met.add(unit.code)
        return NameHolder(None, succession=self._told(first))

    def _last_span(self, code: str) -> Unit:
        """The unit of a code as it last was before the month, else as it first will be."""
        spans = sorted((u for u in self.register.units if u.code == code), key=_begin)
        return next((u for u in reversed(spans) if _begin(u) <= self.month.last_day), spans[0])

    def _rows(self, unit: Unit) -> list[Succession]:
        """What the successions say of a unit's end: the rows of the first day on which they do."""
        end, name = unit.valid_to, fold_name(unit.name_vi)
        if end is None:
            return []
        rows = [
            row
            for row in self.register.successions
            if (row.old_code == unit.code if row.old_code else fold_name(row.old_name) == name)
            and (row.new_code or row.new_name)
            and end <= row.date <= self.month.last_day
        ]
        return [row for row in rows if row.date == min(one.date for one in rows)]

    def _successors(self, unit: Unit) -> list[Unit | None]:
        """The distinct successors of a unit; None stands for one that has no code yet."""
        found: dict[str, Unit | None] = {}
        for row in self._rows(unit):
            named = fold_name(row.new_name)
            units = [u for u in self.register.units if _takes_over(u, row.date)]
            units = [u for u in units if (u.code == row.new_code if row.new_code
                                          else fold_name(u.name_vi) == named)]  # fmt: skip
            if len({u.code for u in units}) == 1:
                found[units[0].code] = units[0]
            else:
                found[row.new_code or named] = None
        return list(found.values())

    def _told(self, unit: Unit) -> str:
        """What became of a unit, for the message of a dossier that nobody can be asked to mend."""
        if unit.valid_from > self.month.last_day:
            return f"{unit.name_vi} có từ ngày {_day(unit.valid_from)}."
        if unit.valid_to is None or unit.valid_to >= self.month.first_day:
            return f"{unit.name_vi} không thuộc {self.root}."
        end = f"{unit.name_vi} kết thúc ngày {_day(unit.valid_to)}"
        names = dict.fromkeys(row.new_name or row.new_code or "" for row in self._rows(unit))
        if not names:
            return f"{end}, danh sách kế thừa không nêu đơn vị thay thế."
        return f"{end}, các đơn vị thay thế: {', '.join(names)}."

    @cached_property
    def _valid(self) -> Mapping[str, str]:
        root = [u for u in self.register.valid_in(self.month) if u.code == self.root]
        below = self.register.below(self.root, self.month)
        return _by_text([*below, *(root if self.with_root else ())])

    @cached_property
    def _other(self) -> Mapping[str, str]:
        """Units of other times below the root, the root's own included in no month."""
        prefix = f"{self.root}."
        return _by_text(unit for unit in self.register.units if unit.code.startswith(prefix))


def _by_text(units: Iterable[Unit]) -> dict[str, str]:
    codes: dict[str, str] = {}
    ambiguous = set()
    for unit in units:
        codes[unit.code] = unit.code
        name = fold_name(unit.name_vi)
        if codes.setdefault(name, unit.code) != unit.code:
            ambiguous.add(name)
    return {text: code for text, code in codes.items() if text not in ambiguous}


def _begin(unit: Unit) -> date:
    return unit.valid_from


def _takes_over(unit: Unit, day: date) -> bool:
    """Whether a unit exists on the day of a succession; some lists give the eve of it."""
    begins = unit.valid_from <= day + timedelta(days=1)
    return begins and (unit.valid_to is None or unit.valid_to >= day)


def _day(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"
