"""The rule of disclosure, sentence by sentence, and what holds of every city."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings

from publish.disclosure.gate import suppression_is_complete
from publish.disclosure.rule import disclose, disclosed_table
from tests.publish.disclosure.small_city import (
    ROOT,
    Cells,
    Row,
    cities,
    counts,
    fields_of,
    find_leaks,
    full_rows,
    revisions,
    row,
    table,
)


def published(cells: Cells, before: list[Row] | None = None) -> list[Row]:
    return disclose(full_rows(cells), ROOT, 5, before or [])


def two_units(u1: dict[str, int], u2: dict[str, int]) -> dict[tuple[str, str], int]:
    units = {"U1": u1, "U2": u2}
    return {(unit, field): n for unit, fields in units.items() for field, n in fields.items()}


# The unit's rows


def test_a_field_of_five_dossiers_stands_by_itself() -> None:
    rows = published(two_units({"A": 5, "B": 6}, {"A": 5, "B": 6}))
    assert fields_of(rows, "U1") == {"ALL", "A", "B"}
    assert {r["conf_status"] for r in rows} == {"F"}


def test_secret_fields_join_other_and_what_they_hold_together_is_shown() -> None:
    rows = published(two_units({"A": 1, "B": 4, "C": 30}, {"A": 4, "B": 3, "C": 30}))
    assert fields_of(rows, "U1") == {"ALL", "OTHER", "C"}
    assert counts(rows)["U1", "OTHER"] == 5
    assert [r["conf_status"] for r in rows if r["field_code"] == "OTHER"] == ["C", "C"]


def test_the_next_smallest_fields_join_until_other_is_large_enough() -> None:
    other = {"A": 3, "B": 8, "C": 9, "D": 9}
    rows = published(two_units({"A": 3, "C": 20, "B": 20, "D": 30}, other))
    assert fields_of(rows, "U1") == {"ALL", "OTHER", "C", "D"}
    assert counts(rows)["U1", "OTHER"] == 23


def test_a_unit_of_fewer_than_five_dossiers_has_its_total_only() -> None:
    rows = published(two_units({"A": 1, "B": 3}, {"A": 9, "B": 30}))
    assert fields_of(rows, "U1") == {"ALL"}
    assert counts(rows)["U1", "ALL"] == 4


def test_an_unnamed_field_is_a_field_like_others() -> None:
    rows = published(two_units({"UNKNOWN": 2, "B": 4, "C": 9}, {"UNKNOWN": 3, "B": 4, "C": 9}))
    assert fields_of(rows, "U1") == {"ALL", "OTHER", "C"}


def test_a_measure_of_other_is_null_if_it_is_in_one_of_its_fields() -> None:
    full = full_rows(two_units({"A": 2, "B": 4, "C": 9}, {"A": 3, "B": 4, "C": 9}))
    full = [r | {"rated": None} if r["field_code"] == "A" else r for r in full]
    other = [r for r in disclose(full, ROOT, 5) if r["field_code"] == "OTHER"]
    assert [(r["rated"], r["received"]) for r in other] == [(None, 5), (None, 5)]


def test_a_field_of_dossiers_not_received_only_stands_as_it_is() -> None:
    rows = published(two_units({"A": 0, "B": 6}, {"B": 9}))
    assert fields_of(rows, "U1") == {"ALL", "A", "B"}


def test_a_unit_that_reported_nothing_keeps_its_row() -> None:
    missing = row("U9", "ALL", 0) | {
        "not_received": None, "carried_over": None, "received": None, "rated": None,
        "obs_status": "O",
    }  # fmt: skip
    rows = disclose([*full_rows({("U1", "A"): 9}), missing], ROOT, 5)
    assert missing in rows


# The city's rows


def test_a_secret_field_of_the_city_joins_the_other_of_the_city() -> None:
    rows = published(two_units({"A": 2, "B": 9, "C": 30}, {"B": 9, "C": 30}))
    assert fields_of(rows, ROOT) == {"ALL", "OTHER", "C"}
    assert counts(rows)[ROOT, "OTHER"] == 20


def test_what_a_city_row_leaves_over_is_of_two_units_or_none() -> None:
    cells = two_units({"A": 3, "B": 4, "C": 9}, {"A": 30, "B": 8, "C": 9})
    rows = published({**cells, ("U3", "A"): 60, ("U3", "B"): 70, ("U3", "C"): 9})
    assert fields_of(rows, ROOT) == {"ALL", "A", "B", "C"}
    assert fields_of(rows, "U2") == {"ALL", "OTHER", "C"}, "the next smallest unit joins"
    assert fields_of(rows, "U3") == {"ALL", "A", "B", "C"}


def test_the_city_row_goes_where_no_other_unit_has_the_field() -> None:
    rows = published(two_units({"A": 6, "B": 3, "C": 60}, {"D": 30, "C": 70}))
    assert fields_of(rows, "U1") == {"ALL", "OTHER", "C"}
    assert fields_of(rows, ROOT) == {"ALL", "OTHER", "C", "D"}


def test_a_city_of_fewer_than_five_dossiers_has_its_total_only() -> None:
    assert fields_of(published({("U1", "A"): 1, ("U2", "B"): 2}), ROOT) == {"ALL"}


# Beyond the rule only where the rule leaks


def test_five_fields_of_one_dossier_each_take_a_larger_one_with_them() -> None:
    ones = dict.fromkeys("ABCDE", 1)
    rows = published(two_units({**ones, "F": 9, "G": 80}, {**dict.fromkeys("ABCDEFG", 50)}))
    assert counts(rows)["U1", "OTHER"] == 14


# Revisions


def test_a_field_that_was_in_other_stays_there() -> None:
    cells = two_units({"A": 2, "B": 4, "C": 9}, {"A": 30, "B": 4, "C": 9})
    before = published(cells)
    rows = published({**cells, ("U1", "A"): 200}, before)
    assert "A" not in fields_of(rows, "U1")
    assert fields_of(published({**cells, ("U1", "A"): 200}), "U1") == {"ALL", "OTHER", "A"}


def test_a_field_new_in_a_revision_counts_as_one_that_was_there() -> None:
    cells = two_units({"A": 2, "B": 4, "C": 9}, {"A": 3, "B": 4, "C": 9})
    rows = published({**cells, ("U1", "D"): 90, ("U2", "D"): 90}, published(cells))
    assert "D" not in fields_of(rows, "U1")


def test_each_month_is_judged_with_its_own_release_before() -> None:
    cells = two_units({"A": 2, "B": 4, "C": 9}, {"A": 30, "B": 4, "C": 9})
    grown = {**cells, ("U1", "A"): 200}
    before = table(published(cells))
    full = table([*full_rows(grown, "2024-02"), *full_rows(grown)])
    done = disclosed_table(full, before, ROOT, 5)
    assert done.schema == full.schema
    months = {m: [r for r in done.to_pylist() if r["period"] == m] for m in ("2024-02", "2024-03")}
    assert "A" in fields_of(months["2024-02"], "U1")
    assert "A" not in fields_of(months["2024-03"], "U1")
    assert disclosed_table(full.slice(0, 0), None, ROOT, 5) == full.slice(0, 0)


# What holds of every city


def assert_kept(cells: Cells, rows: list[Row], before: list[Row]) -> None:
    full = full_rows(cells)
    exact, shown = counts(full), counts(rows)
    assert find_leaks(rows, full, ROOT, 5, before) == []
    for cell, count in shown.items():
        assert cell[1] == "OTHER" or count == exact[cell]
        assert cell[1] == "ALL" or count >= 5 or count == 0
    for place in {place for place, _ in exact}:
        parts = [n for (unit, field), n in shown.items() if unit == place and field != "ALL"]
        assert not parts or sum(parts) == exact[place, "ALL"]
        assert parts or exact[place, "ALL"] < 5


def gate(cells: Cells, rows: list[Row], before: list[Row]) -> list[str]:
    previous: pa.Table | None = table(before) if before else None
    return list(suppression_is_complete(table(rows), table(full_rows(cells)), previous, ROOT, 5))


@settings(max_examples=100, deadline=None)
@given(cells=cities())
def test_a_release_leaks_nothing_adds_up_and_shows_nothing_small(cells: Cells) -> None:
    rows = published(cells)
    assert_kept(cells, rows, [])
    assert gate(cells, rows, []) == []


@settings(max_examples=100, deadline=None)
@given(pair=revisions(cities()))
def test_so_does_a_revision_beside_the_release_before(pair: tuple[Cells, Cells]) -> None:
    first = published(pair[0])
    rows = published(pair[1], first)
    assert_kept(pair[1], rows, first)
    assert gate(pair[1], rows, first) == []


@settings(max_examples=50, deadline=None)
@given(cells=cities())
def test_the_order_of_the_rows_is_of_no_matter(cells: Cells) -> None:
    def key(rows: list[Row]) -> Any:
        return [(r["unit_code"], r["field_code"], r["received"]) for r in rows]

    assert key(published(cells)) == key(disclose(reversed(full_rows(cells)), ROOT, 5))
