"""The attack finds what a reader could work out, exactly and no less than linear algebra does."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from publish.disclosure.attack import Attack
from tests.publish.disclosure.small_city import (
    ROOT,
    Cells,
    Row,
    cities,
    counts,
    find_leaks,
    full_rows,
    revisions,
)

EVERY = 10**9
"""A threshold under which every cell is secret, so that whatever is determined is found."""


def without(rows: Iterable[Row], *cells: tuple[str, str]) -> list[Row]:
    return [r for r in rows if (r["unit_code"], r["field_code"]) not in cells]


# What naive suppression tells


def test_one_hidden_field_is_the_unit_less_its_shown_fields() -> None:
    rows = full_rows({("U1", "A"): 3, ("U1", "B"): 20, ("U2", "A"): 30, ("U2", "B"): 8})
    assert find_leaks(without(rows, ("U1", "A")), rows, ROOT, 5) == [("U1", "A")]


def test_two_hidden_fields_of_one_unit_are_the_city_less_the_other_units() -> None:
    rows = full_rows({("U1", "A"): 3, ("U1", "B"): 4, ("U1", "C"): 9, ("U2", "A"): 30,
                      ("U2", "B"): 8})  # fmt: skip
    joined = without(rows, ("U1", "A"), ("U1", "B"))
    assert find_leaks(joined, rows, ROOT, 5) == [("U1", "A"), ("U1", "B")]


def test_a_rectangle_of_hidden_cells_tells_nothing() -> None:
    rows = full_rows({(u, f): n for (u, f), n in zip(
        product(("U1", "U2"), ("A", "B")), (3, 4, 6, 20), strict=True)})  # fmt: skip
    hidden = product(("U1", "U2"), ("A", "B"))
    assert find_leaks(without(rows, *hidden), rows, ROOT, 5) == []


def test_a_chain_of_sums_leads_to_a_cell_that_no_single_sum_tells() -> None:
    cells = {("U1", "A"): 3, ("U1", "B"): 4, ("U2", "B"): 6, ("U2", "C"): 7, ("U3", "C"): 5,
             ("U3", "D"): 8, ("U4", "A"): 50}  # fmt: skip
    rows = full_rows(cells)
    path = [cell for cell in cells if cell[0] != "U4"]
    assert ("U1", "B") in find_leaks(without(rows, *path), rows, ROOT, 5)


def test_a_hidden_city_row_keeps_what_the_units_hide() -> None:
    rows = full_rows({("U1", "A"): 3, ("U1", "B"): 4, ("U2", "C"): 9})
    units = (("U1", "A"), ("U1", "B"))
    assert find_leaks(without(rows, *units), rows, ROOT, 5)
    assert find_leaks(without(rows, *units, (ROOT, "A"), (ROOT, "B")), rows, ROOT, 5) == []


def test_a_hidden_city_row_alone_is_the_sum_of_the_shown_ones() -> None:
    rows = full_rows({("U1", "A"): 3, ("U1", "B"): 40, ("U2", "B"): 9})
    assert (ROOT, "A") in find_leaks(without(rows, (ROOT, "A")), rows, ROOT, 5)


def test_a_sum_as_small_as_the_number_of_its_cells_makes_each_of_them_one() -> None:
    cells = {(u, f): 1 if u == "U1" else 30 for u in ("U1", "U2") for f in "ABCDE"}
    rows = full_rows({**cells, ("U1", "F"): 9, ("U2", "F"): 9})
    hidden = [(u, f) for u in ("U1", "U2") for f in "ABCDE"]
    assert find_leaks(without(rows, *hidden), rows, ROOT, 5) == [("U1", f) for f in "ABCDE"]


# What the total rows tell by themselves is no leak of the release, but what follows from it is


def test_a_unit_of_one_field_is_told_by_its_total() -> None:
    rows = full_rows({("U1", "A"): 3, ("U2", "A"): 30, ("U2", "B"): 8})
    assert find_leaks(without(rows, ("U1", "A")), rows, ROOT, 5) == []


def test_a_unit_told_by_its_total_may_tell_another() -> None:
    rows = full_rows({("U1", "A"): 3, ("U2", "A"): 2, ("U2", "B"): 8, ("U3", "A"): 9})
    hidden = (("U1", "A"), ("U2", "A"), ("U2", "B"))
    assert find_leaks(without(rows, *hidden), rows, ROOT, 5) == [("U2", "A")]


# What the release before adds


def test_a_field_that_leaves_other_on_revision_gives_away_the_one_that_stays() -> None:
    cells = {(u, f): n for u in ("U1", "U2") for f, n in zip("ABC", (2, 3, 9), strict=True)}
    joined = [(u, f) for u in ("U1", "U2") for f in "AB"]
    before = without(full_rows(cells), *joined)
    now = full_rows({**cells, ("U1", "A"): 7, ("U2", "A"): 8})
    assert find_leaks(without(now, *joined), now, ROOT, 5, before) == []
    in_place_of_a = [(u, f) for u in ("U1", "U2") for f in "BC"]  # C was shown, and is the same
    assert find_leaks(without(now, *in_place_of_a), now, ROOT, 5) == []
    assert find_leaks(without(now, *in_place_of_a), now, ROOT, 5, before) == [
        ("U1", "B"), ("U2", "B"),
    ]  # fmt: skip


def test_a_field_that_joins_other_is_told_where_the_rest_did_not_change() -> None:
    cells = {("U1", "A"): 2, ("U1", "B"): 3, ("U1", "C"): 6, ("U1", "D"): 60,
             ("U2", "A"): 6, ("U2", "B"): 9, ("U2", "C"): 9, ("U2", "D"): 9}  # fmt: skip
    first = [(u, f) for u in ("U1", "U2") for f in "AB"]
    before = without(full_rows(cells), *first)
    now = full_rows({**cells, ("U1", "C"): 3, ("U1", "D"): 63})
    hidden = [*first, ("U1", "C"), ("U2", "C")]
    assert find_leaks(without(now, *hidden), now, ROOT, 5) == []
    assert find_leaks(without(now, *hidden), now, ROOT, 5, before) == [("U1", "C")]


def test_a_row_shown_before_and_unchanged_is_known() -> None:
    cells = {(u, f): n for (u, f), n in zip(
        product(("U1", "U2"), ("A", "B")), (3, 4, 6, 20), strict=True)}  # fmt: skip
    rows = full_rows({**cells, ("U1", "C"): 9, ("U2", "C"): 9})
    published = without(rows, *cells)
    before = [r for r in rows if r["field_code"] == "ALL" or (r["unit_code"], r["field_code"])
              == ("U2", "B")]  # fmt: skip
    assert find_leaks(published, rows, ROOT, 5) == []
    assert find_leaks(published, rows, ROOT, 5, before) == [("U1", "A"), ("U1", "B")]


# The graph against linear algebra and against counting every possibility


def determined_by_algebra(
    figures: dict[tuple[str, str], int],
    shown: Iterable[tuple[str, str]],
    before: dict[tuple[str, str], int],
) -> set[tuple[str, str]]:
    """Cells whose unit vector lies in the row space of everything that the reader knows."""
    cells = [c for c, n in figures.items() if c[1] != "ALL" and n]
    column = {cell: number for number, cell in enumerate(cells)}
    known: list[dict[tuple[str, str], int]] = [{cell: 1} for cell in shown]
    known += [{c: 1} for c in cells if before.get(c) == figures[c]]
    places, fields = {c[0] for c in cells}, {c[1] for c in cells}
    known += [{c: 1 for c in cells if c[0] == place} for place in places]
    known += [{c: -1 if c[0] == ROOT else 1 for c in cells if c[1] == f} for f in fields]
    known += [{c: 1 for c in cells if c in hidden} for hidden in sums_that_hold(figures, before)]
    matrix = np.zeros((len(known), len(cells)))
    for number, equation in enumerate(known):
        for cell, factor in equation.items():
            if cell in column:
                matrix[number, column[cell]] += factor
    _, sizes, axes = np.linalg.svd(matrix)
    space = axes[: int((sizes > 1e-9).sum())]
    lengths = (space**2).sum(axis=0)
    return {cell for cell in cells if cell not in set(shown) and before.get(cell) != figures[cell]
            and lengths[column[cell]] > 1 - 1e-9}  # fmt: skip


def sums_that_hold(
    figures: dict[tuple[str, str], int], before: dict[tuple[str, str], int]
) -> Iterable[set[tuple[str, str]]]:
    """The sums of hidden cells that the release before told and that are still true."""
    then = {c: n for c, n in before.items() if c[1] not in {"ALL", "OTHER"}}
    hidden = {c for c in figures if c[1] != "ALL" and c not in then}
    for (place, field), total in before.items():
        if field == "ALL":
            group, told = {c for c in hidden if c[0] == place}, [c for c in then if c[0] == place]
        elif field != "OTHER" and place == ROOT:
            group = {c for c in hidden if c[1] == field and c[0] != ROOT}
            told = [c for c in then if c[1] == field and c[0] != ROOT]
        else:
            continue
        if sum(figures[c] for c in group) == total - sum(then[c] for c in told):
            yield group


def drawn_cells(data: Any, rows: list[Row]) -> list[tuple[str, str]]:
    cells = sorted(c for c in counts(rows) if c[1] != "ALL")
    return data.draw(st.lists(st.sampled_from(cells), unique=True)) if cells else []


NO_ONES = st.one_of(st.integers(2, 9), st.just(0))


@settings(max_examples=100, deadline=None)
@given(cells=cities(5, 5, NO_ONES), data=st.data())
def test_bridges_are_exactly_what_linear_algebra_determines(cells: Cells, data: Any) -> None:
    rows = full_rows(cells)
    shown = drawn_cells(data, rows)
    figures = counts(rows)
    expected = determined_by_algebra(figures, shown, {}) - determined_by_algebra(figures, (), {})
    assert Attack(figures, ROOT, EVERY, {}).leaks(shown) == sorted(expected)


@settings(max_examples=100, deadline=None)
@given(pair=revisions(cities(4, 4, NO_ONES)), data=st.data())
def test_they_are_so_with_the_release_before(pair: tuple[Cells, Cells], data: Any) -> None:
    then, now = full_rows(pair[0]), full_rows(pair[1])
    before = counts(without(then, *drawn_cells(data, then)))
    shown, figures = drawn_cells(data, now), counts(now)
    told = determined_by_algebra(figures, (), before)
    expected = determined_by_algebra(figures, shown, before) - told
    assert Attack(figures, ROOT, EVERY, before).leaks(shown) == sorted(expected)


@settings(max_examples=60, deadline=None)
@given(cells=cities(3, 3, st.integers(1, 3)), data=st.data())
def test_a_cell_that_is_found_has_one_possible_value(cells: Cells, data: Any) -> None:
    rows = full_rows(cells)
    figures, shown = counts(rows), drawn_cells(data, rows)
    attack = Attack(figures, ROOT, EVERY, {})
    possible = possible_cities(cells, figures, shown)
    for unit, field in attack.leaks(shown):
        values = {
            sum(n for (u, f), n in city.items() if f == field and unit in (u, ROOT))
            for city in possible
        }
        assert values == {figures[unit, field]}


def possible_cities(
    cells: Cells, figures: dict[tuple[str, str], int], shown: list[tuple[str, str]]
) -> list[dict[tuple[str, str], int]]:
    """Every city of the same cells, each of at least 1, that would publish the same rows."""
    by_unit = [
        [city for city in shares([c for c in cells if c[0] == unit], figures[unit, "ALL"])
         if all(city[c] == figures[c] for c in shown if c in city)]
        for unit in sorted({c[0] for c in cells})
    ]  # fmt: skip
    whole = ({c: n for part in parts for c, n in part.items()} for parts in product(*by_unit))
    fields = [f for place, f in shown if place == ROOT]
    return [
        city for city in whole
        if all(sum(n for c, n in city.items() if c[1] == f) == figures[ROOT, f] for f in fields)
    ]  # fmt: skip


def shares(cells: list[tuple[str, str]], total: int) -> Iterable[dict[tuple[str, str], int]]:
    if len(cells) == 1:
        yield {cells[0]: total}
        return
    for first in range(1, total - len(cells) + 2):
        for rest in shares(cells[1:], total - first):
            yield {cells[0]: first, **rest}
