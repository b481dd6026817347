"""Small counts are joined before publication, so that nobody can be told from a statistic.

Belongs here: which rows of the dossier statistics are joined into ``OTHER``, and the rows that are
published instead (domain, §5.2). Does not: the attack that finds what could still be worked out
(``attack``), or the gate (``gate``).

A row whose dossiers number 0 holds only dossiers that were not received; nothing of it is secret by
the rule, and it stands as it is. It neither helps nor counts in ``OTHER``: a reader is assumed to
know that it is empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

import pyarrow as pa

from cchc_pipeline.indicators.dossier_statistics import NOT_MEASURES
from publish.disclosure.attack import ALL, OTHER, Attack, Cell, dossier_counts

Row: TypeAlias = dict[str, Any]
CONFIDENTIAL, FREE = "C", "F"


def disclosed_table(
    full: pa.Table, previous: pa.Table | None, root: str, threshold: int
) -> pa.Table:
    """The table to publish, every month of it.

    Args:
        full: The full statistics; one row a period, unit and field, with ``ALL`` rows.
        previous: The table as published last, with the rows of any months; None before the first.
        root: The city's code.
        threshold: Fewer dossiers than this, but at least one, are secret.

    Returns:
        Rows in the order of period, unit and field, in the schema of ``full``.
    """
    before = by_period(previous)
    rows = [
        row
        for period, month in by_period(full).items()
        for row in disclose(month, root, threshold, before.get(period, ()))
    ]
    key = ("period", "unit_code", "field_code")
    ordered = sorted(rows, key=lambda row: tuple(str(row[name]) for name in key))
    return pa.Table.from_pylist(ordered, schema=full.schema)


def by_period(table: pa.Table | None) -> dict[str, list[Row]]:
    """The rows of a table by their months; an empty dictionary of no table."""
    months: dict[str, list[Row]] = {}
    for row in table.to_pylist() if table is not None else ():
        months.setdefault(str(row["period"]), []).append(row)
    return months


def disclose(
    rows: Iterable[Mapping[str, Any]],
    root: str,
    threshold: int,
    before: Iterable[Mapping[str, Any]] = (),
) -> list[Row]:
    """The rows of one month to publish: what is secret is joined into ``OTHER``.

    Args:
        rows: The month's full statistics.
        root: The city's code.
        threshold: Fewer dossiers than this, but at least one, are secret.
        before: The month's rows in the release before; their ``OTHER`` fields stay joined.

    Returns:
        ``ALL`` rows as they are, shown rows as they are, and the ``OTHER`` rows with
        ``conf_status`` C. A measure of ``OTHER`` is null if it is null in one of its parts.
    """
    full = [dict(row) for row in rows]
    hidden = _Suppression(dossier_counts(full), root, threshold, dossier_counts(before)).solved()
    published, joined = [], dict[str, list[Row]]()
    for row in full:
        unit, field = row["unit_code"], row["field_code"]
        if (unit, field) in hidden.cells:
            joined.setdefault(unit, []).append(row)
        else:
            published.append(row | {"conf_status": FREE})
    published += [_joined(parts) for unit, parts in joined.items() if unit not in hidden.total_only]
    return sorted(published, key=lambda row: (row["unit_code"], row["field_code"]))


def _joined(parts: Sequence[Row]) -> Row:
    sums = {
        name: None if any(part[name] is None for part in parts) else sum(p[name] for p in parts)
        for name in parts[0]
        if name not in NOT_MEASURES
    }
    return parts[0] | sums | {"field_code": OTHER, "conf_status": CONFIDENTIAL}


class _Suppression:
    """The cells hidden so far. Cells are only ever added, so every loop comes to an end."""

    def __init__(
        self,
        figures: Mapping[Cell, int],
        root: str,
        threshold: int,
        before: Mapping[Cell, int],
    ) -> None:
        self.root, self.threshold = root, threshold
        self.attack = Attack(figures, root, threshold, before)
        self.by_place: dict[str, dict[str, int]] = {}
        self.by_field: dict[str, dict[str, int]] = {}
        for (place, field), count in sorted(figures.items()):
            if field != ALL:
                self.by_place.setdefault(place, {})[field] = count
                self.by_field.setdefault(field, {})[place] = count
        self.total_only = {
            place for place in self.by_place if figures.get((place, ALL), 0) < threshold
        }
        self.cells: set[Cell] = set()
        for place, fields in self.by_place.items():
            self.cells |= {(place, f) for f, count in fields.items() if self._starts(place, f)}

    def solved(self) -> "_Suppression":
        """Apply the rule; then, where the rule alone would leak, its moves until nothing does."""
        for place in self.by_place:
            self._fill(place)
        self._settle()
        while leaks := self.attack.leaks(self._shown()):
            self.cells = self._best_move(leaks[0])
        return self

    def _starts(self, place: str, field: str) -> bool:
        """Hidden from the start: secret, in a unit with its total only, or hidden before."""
        before = self.attack.before
        was_joined = (place, OTHER) in before and (place, field) not in before
        is_secret = 0 < self.by_place[place][field] < self.threshold
        return place in self.total_only or is_secret or was_joined

    def _shown(self) -> list[Cell]:
        return [c for c in self.attack.figures if c[1] != ALL and c not in self.cells]

    def _hide(self, place: str, field: str) -> None:
        self.cells.add((place, field))
        self._fill(place)

    def _fill(self, place: str) -> None:
        """Join the next smallest fields until ``OTHER`` is large enough, of at least two fields."""
        if place in self.total_only:
            return
        hidden = [n for f, n in self.by_place[place].items() if (place, f) in self.cells]
        if not hidden:
            return
        parts = [count for count in hidden if count]
        while sum(parts) < self.threshold or len(parts) < 2:
            field = self._next_field(place)
            if field is None:
                return
            self.cells.add((place, field))
            parts.append(self.by_place[place][field])

    def _next_field(self, place: str) -> str | None:
        """The smallest field that the place still shows; of equal ones the first code."""
        fields = self.by_place[place].items()
        shown = ((count, f) for f, count in fields if count and (place, f) not in self.cells)
        return min(shown, default=(0, None))[1]

    def _next_unit(self, field: str) -> str | None:
        """The unit with the smallest row of a field that is still shown."""
        units = self.by_field[field].items()
        shown = (
            (count, unit)
            for unit, count in units
            if count and unit != self.root and (unit, field) not in self.cells
        )
        return min(shown, default=(0, None))[1]

    def _settle(self) -> None:
        """Hide until what every shown city row leaves over for its field is none, or enough."""
        while unsettled := [field for field in self.by_field if self._tells_too_much(field)]:
            for field in unsettled:
                while self._tells_too_much(field):
                    self._hide_in_field(field)

    def _tells_too_much(self, field: str) -> bool:
        if field not in self.by_place.get(self.root, {}) or (self.root, field) in self.cells:
            return False
        units = self.by_field[field].items()
        left = [n for u, n in units if n and u != self.root and (u, field) in self.cells]
        return bool(left) and (sum(left) < self.threshold or len(left) < 2)

    def _hide_in_field(self, field: str) -> None:
        self._hide(self._next_unit(field) or self.root, field)

    def _best_move(self, leak: Cell) -> set[Cell]:
        """The cells hidden after the move that leaves the fewest leaks, then hides the fewest."""
        kept, outcomes = self.cells, list[tuple[int, int, set[Cell]]]()
        for place, field in self._moves(leak):
            self.cells = set(kept)
            self._hide(place, field)
            self._settle()
            outcomes.append((len(self.attack.leaks(self._shown())), len(self.cells), self.cells))
        return min(outcomes, key=lambda outcome: outcome[:2])[2]

    def _moves(self, leak: Cell) -> list[Cell]:
        """What can be hidden near a cell that could be worked out; with nothing near, anything.

        Near are the next row of its field, a unit's or else the city's, and the next field of its
        unit. There is a move while a row is shown, and with none there is no leak.
        """
        place, field = leak
        near = list[Cell]()
        if (self.root, field) in self.attack.figures and (self.root, field) not in self.cells:
            near.append((self._next_unit(field) or self.root, field))
        if following := self._next_field(place):
            near.append((place, following))
        places = (self.root, *self.by_place)
        elsewhere = ((p, f) for p in places if p in self.by_place and (f := self._next_field(p)))
        return near or list(islice(elsewhere, 1))
