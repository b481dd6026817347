"""Which unit a text means: its code, or its name in any spelling; and who follows one that ended.

Belongs here: matching a free text to a unit of a month, for every source, and the successions of
one that has ended. Does not: the register of units (``cchc_pipeline.registers.units``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import Succession, Unit, UnitRegister, fold_name


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
