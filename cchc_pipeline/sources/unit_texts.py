"""Which unit a text means: its code, or its name in any spelling.

Belongs here: matching a free text to a unit of a month. Does not: the register of units
(``cchc_pipeline.units``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cchc_pipeline.period import Month
from cchc_pipeline.units import Unit, UnitRegister, fold_name


@dataclass(frozen=True)
class FoundUnit:
    """A unit that a text means; ``ended`` if it does not exist in the month."""

    code: str
    ended: bool


@dataclass(frozen=True)
class UnitTexts:
    """The units below a root, to be found by the texts of a month's files."""

    register: UnitRegister
    root: str
    month: Month

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

    @cached_property
    def _valid(self) -> Mapping[str, str]:
        return _by_text(self.register.below(self.root, self.month))

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
