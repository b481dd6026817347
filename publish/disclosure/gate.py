"""Whether the published dossier statistics keep what they must: the judgement before publication.

Belongs here: comparing the rows to publish with the full ones, by the rule and by the attack, with
nothing taken from how they were chosen. Does not: choosing them (``rule``), the attack
(``attack``), or what follows from a failure (``publish.gates.gates``). No line tells a figure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from cchc_pipeline.indicators.dossier_statistics import NOT_MEASURES
from publish.disclosure.attack import ALL, OTHER, Attack, Cell, dossier_counts
from publish.disclosure.rule import CONFIDENTIAL, FREE, Row, by_period


def suppression_is_complete(
    published: pa.Table, full: pa.Table, previous: pa.Table | None, root: str, threshold: int
) -> Iterator[str]:
    """One line for each way in which the table to publish breaks the rule of disclosure.

    Args:
        published: The table to publish.
        full: The full statistics of the same months.
        previous: The table as published last; None before the first.
        root: The city's code.
        threshold: Fewer dossiers than this, but at least one, are secret (domain, §5.2).
    """
    ours, theirs, before = by_period(published), by_period(full), by_period(previous)
    for period in sorted({*ours, *theirs}):
        month = _Month(
            ours.get(period, []), theirs.get(period, []), before.get(period, []), root, threshold
        )
        yield from (f"{period}: {line}" for line in month.failures())


@dataclass(frozen=True)
class _Month:
    published: Sequence[Row]
    full: Sequence[Row]
    before: Sequence[Row]
    root: str
    threshold: int

    def failures(self) -> Iterator[str]:
        checks = (
            self._keys, self._totals, self._shown_rows, self._small_units, self._sums,
            self._size_of_other, self._left_over, self._stays_joined, self._attack,
        )  # fmt: skip
        for check in checks:
            yield from check()

    @cached_property
    def figures(self) -> dict[Cell, int]:
        return dossier_counts(self.full)

    @cached_property
    def rows(self) -> dict[Cell, Row]:
        return {_cell(row): row for row in self.published}

    @cached_property
    def full_rows(self) -> dict[Cell, Row]:
        return {_cell(row): row for row in self.full}

    @cached_property
    def hidden(self) -> dict[str, list[Row]]:
        """The full rows of each place that have no row of their own."""
        found: dict[str, list[Row]] = {}
        for cell, row in self.full_rows.items():
            if cell[1] != ALL and cell not in self.rows:
                found.setdefault(cell[0], []).append(row)
        return found

    def _keys(self) -> Iterator[str]:
        for cell, times in Counter(map(_cell, self.published)).items():
            if times > 1:
                yield f"{_name(cell)}: {times} rows"
        if any(field == OTHER for _, field in self.full_rows):
            yield f"a field of the full statistics has the code {OTHER}"

    def _totals(self) -> Iterator[str]:
        for cell in self.full_rows:
            if cell[1] == ALL and cell not in self.rows:
                yield f"{_name(cell)}: the row is missing"

    def _shown_rows(self) -> Iterator[str]:
        for cell, row in self.rows.items():
            if cell[1] == OTHER:
                continue
            if cell not in self.full_rows:
                yield f"{_name(cell)}: no such row in the full statistics"
            elif _measures(row) != _measures(self.full_rows[cell]):
                yield f"{_name(cell)}: differs from the full statistics"
            if row["conf_status"] != FREE:
                yield f"{_name(cell)}: shown, and not marked {FREE}"
            if cell[1] != ALL and 0 < self.figures.get(cell, 0) < self.threshold:
                yield f"{_name(cell)}: secret, and shown"

    def _small_units(self) -> Iterator[str]:
        for place, field in self.rows:
            if field != ALL and self._is_small(place):
                yield f"{_name((place, field))}: the unit may show its total only"

    def _is_small(self, place: str) -> bool:
        return self.figures.get((place, ALL), 0) < self.threshold

    def _sums(self) -> Iterator[str]:
        for place in sorted({place for place, _ in self.full_rows}):
            joined, hidden = self.rows.get((place, OTHER)), self.hidden.get(place, [])
            if self._is_small(place):
                continue
            if joined is None and hidden:
                yield f"unit {place}: rows are missing, and there is no {OTHER}"
            elif joined is not None and _measures(joined) != _sum(hidden):
                yield f"{_name((place, OTHER))}: is not the sum of the rows that are not shown"
            if joined is not None and joined["conf_status"] != CONFIDENTIAL:
                yield f"{_name((place, OTHER))}: not marked {CONFIDENTIAL}"

    def _size_of_other(self) -> Iterator[str]:
        for place, field in self.rows:
            parts = [n for n in map(self._count, self.hidden.get(place, [])) if n]
            enough = sum(parts) >= self.threshold and len(parts) >= 2
            if field == OTHER and not enough and self._shows_a_field(place):
                yield f"{_name((place, OTHER))}: of too few dossiers or fields"

    def _shows_a_field(self, place: str) -> bool:
        return any(self.figures.get((unit, field)) for unit, field in self._shown if unit == place)

    @cached_property
    def _shown(self) -> list[Cell]:
        return [cell for cell in self.rows if cell[1] not in {ALL, OTHER}]

    def _count(self, row: Mapping[str, Any]) -> int:
        return self.figures.get(_cell(row), 0)

    def _left_over(self) -> Iterator[str]:
        left: dict[str, list[int]] = {}
        for place, hidden in self.hidden.items():
            for row in hidden if place != self.root else ():
                left.setdefault(row["field_code"], []).append(self._count(row))
        for field, counts in left.items():
            parts = [count for count in counts if count]
            few = sum(parts) < self.threshold or len(parts) < 2
            if parts and few and (self.root, field) in self.rows:
                yield f"field {field}: the city's row leaves over too few dossiers or units"

    def _stays_joined(self) -> Iterator[str]:
        then = {_cell(row) for row in self.before}
        for cell in self._shown:
            if (cell[0], OTHER) in then and cell not in then:
                yield f"{_name(cell)}: was in {OTHER} when the month was published, and is shown"

    def _attack(self) -> Iterator[str]:
        before = dossier_counts(self.before)
        attack = Attack(self.figures, self.root, self.threshold, before)
        for cell in attack.leaks(self._shown):
            yield f"{_name(cell)}: secret, and can be worked out from the other rows"


def _cell(row: Mapping[str, Any]) -> Cell:
    return row["unit_code"], row["field_code"]


def _name(cell: Cell) -> str:
    return f"unit {cell[0]}, field {cell[1]}"


def _measures(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NOT_MEASURES}


def _sum(rows: Iterable[Row]) -> dict[str, Any]:
    """The sum of each measure, null where a part is; nothing for no rows."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in _measures(row).items():
            columns.setdefault(name, []).append(value)
    return {name: None if None in values else sum(values) for name, values in columns.items()}
