"""The attack on a month's suppressed rows: which hidden figures can be worked out from the rest.

Belongs here: what a reader knows, and what follows from it. Does not: choosing what to hide
(``rule``), of which nothing is used here, or the gate (``gate``).

The reader knows which cells (unit, field) hold dossiers, every published row, and the release
before. Hidden cells are the edges of a graph: one end is the unit, whose hidden cells add up to
what its shown rows leave of ``ALL``; the other is the field, whose hidden cells add up to what is
left of the city's row. A city row that is hidden is an edge too, from its field to the city. In
such a system exactly the bridges of the graph are determined: an edge on a cycle can be raised
while its neighbours on the cycle are lowered and raised in turn. Beyond the sums, a sum that is as
small as the number of its cells says that each of them is 1.

A figure of the release before counts where it still holds today, which is the worst case: the
reader assumes that a row did not change and is right. A sum that still holds splits its end in two.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

ALL, OTHER = "ALL", "OTHER"
Cell: TypeAlias = tuple[str, str]
"""A unit's code (or the root's, for a row of the city) and a field's code."""
_End: TypeAlias = tuple[str, str, bool]
_Edges: TypeAlias = dict[Cell, tuple[_End, _End]]


def dossier_counts(rows: Iterable[Mapping[str, Any]]) -> dict[Cell, int]:
    """The dossiers of each row, carried over and received; rows without figures are left out.

    Args:
        rows: Rows of ``dossier_statistics`` of one month.
    """
    return {
        (row["unit_code"], row["field_code"]): row["carried_over"] + row["received"]
        for row in rows
        if row["carried_over"] is not None and row["received"] is not None
    }


@dataclass(frozen=True)
class Attack:
    """A reader of one month, and the figures that the reader would like to know.

    Attributes:
        figures: Dossiers of every cell and ``ALL`` row of the full statistics.
        root: The city's code.
        threshold: A cell of fewer dossiers, but at least one, is secret (domain, §5.2).
        before: Dossiers of every row of the month in the release before; empty if there was none.
    """

    figures: Mapping[Cell, int]
    root: str
    threshold: int
    before: Mapping[Cell, int]

    def leaks(self, shown: Collection[Cell]) -> list[Cell]:
        """Secret cells that a release tells although it does not show them, in order.

        What the ``ALL`` rows tell by themselves, together with what was published before, is
        no leak of the release: they are published as they are.

        Args:
            shown: The cells that have a row of their own.
        """
        found = self._determined(frozenset(shown)) - self._told_by_totals
        return sorted(cell for cell in found if self.figures[cell] < self.threshold)

    @cached_property
    def _told_by_totals(self) -> set[Cell]:
        return self._determined(frozenset())

    def _determined(self, shown: frozenset[Cell]) -> set[Cell]:
        """Hidden cells of one value only; known ones are taken out until nothing follows."""
        edges = {
            cell: self._ends(cell)
            for cell, count in self.figures.items()
            if cell[1] != ALL and count and cell not in shown and self.before.get(cell) != count
        }
        determined: set[Cell] = set()
        while found := bridges(edges) | self._least(edges):
            determined |= found
            edges = {cell: ends for cell, ends in edges.items() if cell not in found}
        return determined

    def _ends(self, cell: Cell) -> tuple[_End, _End]:
        place, field = cell
        hidden_then = cell not in self.before
        of_field = hidden_then and place != self.root and field in self._fields_as_before
        return (
            ("place", place, hidden_then and place in self._places_as_before),
            ("field", field, of_field),
        )

    def _least(self, edges: _Edges) -> set[Cell]:
        """Cells of sums that are no greater than the number of their cells."""
        sums: dict[_End, list[Cell]] = {}
        for cell, ends in edges.items():
            for end in ends:
                sums.setdefault(end, []).append(cell)
        return {
            cell
            for (kind, *_), cells in sums.items()
            if all(self.figures[c] == 1 and (kind == "place" or c[0] != self.root) for c in cells)
            for cell in cells
        }

    @cached_property
    def _places_as_before(self) -> set[str]:
        """Units (and the city) whose hidden cells add up today to what they added up to then."""
        then = {place: count for (place, field), count in self.before.items() if field == ALL}
        return self._still_hold(then, by=0)

    @cached_property
    def _fields_as_before(self) -> set[str]:
        """Fields whose cells hidden then add up today to what the city's row then left over."""
        then = {
            field: count
            for (place, field), count in self.before.items()
            if place == self.root and field not in {ALL, OTHER}
        }
        return self._still_hold(then, by=1)

    def _still_hold(self, then: Mapping[str, int], by: int) -> set[str]:
        left, today = dict(then), dict.fromkeys(then, 0)
        for cell, count in self.before.items():
            if cell[1] not in {ALL, OTHER} and self._counts(cell, by) and cell[by] in left:
                left[cell[by]] -= count
        for cell, count in self.figures.items():
            hidden_then = cell[1] != ALL and cell not in self.before
            if hidden_then and self._counts(cell, by) and cell[by] in today:
                today[cell[by]] += count
        return {key for key, count in left.items() if today[key] == count}

    def _counts(self, cell: Cell, by: int) -> bool:
        """A row of the city is part of the city's sum, not of its field's."""
        return by == 0 or cell[0] != self.root


def bridges(edges: Mapping[Cell, tuple[_End, _End]]) -> set[Cell]:
    """The edges of a multigraph that lie on no cycle.

    A walk numbers the nodes; an edge down to a node from which no other edge leads back up
    to where it came from is a bridge.

    Args:
        edges: The two ends of each edge; several edges may have the same ends.
    """
    around: dict[_End, list[tuple[Cell, _End]]] = {}
    for name, (one, other) in edges.items():
        around.setdefault(one, []).append((name, other))
        around.setdefault(other, []).append((name, one))
    number: dict[_End, int] = {}
    found: set[Cell] = set()
    for start in around:
        if start not in number:
            found |= _walk(start, around, number)
    return found


def _walk(
    start: _End, around: Mapping[_End, list[tuple[Cell, _End]]], number: dict[_End, int]
) -> set[Cell]:
    number[start] = len(number)
    lowest = {start: number[start]}
    path: list[tuple[_End, Cell | None]] = [(start, None)]
    ahead = {start: iter(around[start])}
    found: set[Cell] = set()
    while path:
        node, came_by = path[-1]
        step = next(ahead[node], None)
        if step is None:
            path.pop()
            if came_by is not None:
                above = path[-1][0]
                lowest[above] = min(lowest[above], lowest[node])
                found |= {came_by} if lowest[node] > number[above] else set()
        elif step[0] != came_by:
            edge, other = step
            if other in number:
                lowest[node] = min(lowest[node], number[other])
            else:
                number[other] = lowest[other] = len(number)
                path.append((other, edge))
                ahead[other] = iter(around[other])
    return found
