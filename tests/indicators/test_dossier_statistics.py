"""Dossiers by unit and field, their sums, and what is missing. All dossiers are invented."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.indicators.dossier_statistics import statistics_table, unbalanced_sums
from cchc_pipeline.indicators.observations import continuity_rows
from cchc_pipeline.storage.lake import table_from_rows
from tests.indicators.sample_dossiers import (
    MARCH,
    Row,
    counts,
    dossier,
    everywhere,
    finished,
    not_taken_in,
)

UNITS = ("H24.M01", "H24.M02", "H24.M03")


def _statistics(*rows: Row, absent: frozenset[str] = frozenset(), month: Month = MARCH) -> pa.Table:
    return statistics_table(month, "H24", UNITS, counts(rows, month, everywhere(absent)))


def _by_key(table: pa.Table) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["unit_code"], row["field_code"]): row for row in table.to_pylist()}


SOME = (
    dossier(),
    dossier(field_code="MAU-LV02"),
    finished("2024-03-20", unit_code="H24.M02", due_at="2024-03-20", rating=5),
    not_taken_in(unit_code="H24.M02"),
    not_taken_in(unit_code=None, field_code="UNKNOWN"),
)


def test_there_is_a_row_by_unit_and_field_with_sums_over_units_and_fields() -> None:
    received = {key: row["received"] for key, row in _by_key(_statistics(*SOME)).items()}
    assert received == {
        ("H24", "ALL"): 3, ("H24", "MAU-LV01"): 2, ("H24", "MAU-LV02"): 1, ("H24", "UNKNOWN"): 0,
        ("H24.M01", "ALL"): 2, ("H24.M01", "MAU-LV01"): 1, ("H24.M01", "MAU-LV02"): 1,
        ("H24.M02", "ALL"): 1, ("H24.M02", "MAU-LV01"): 1, ("H24.M03", "ALL"): None,
    }  # fmt: skip


def test_an_unknown_unit_counts_for_the_city_only() -> None:
    rows = _by_key(_statistics(*SOME))
    assert {unit for unit, _ in rows} == {"H24", *UNITS}
    assert rows["H24", "ALL"]["not_received"] == 2
    assert rows["H24.M02", "ALL"]["not_received"] == 1


def test_a_unit_without_dossiers_is_said_to_be_missing_and_is_not_0() -> None:
    row = _by_key(_statistics(*SOME))["H24.M03", "ALL"]
    assert row["obs_status"] == "O"
    assert {row[name] for name in MEASURE_NAMES} == {None}


def test_a_month_without_an_export_has_a_missing_row_for_the_city_and_each_unit() -> None:
    rows = statistics_table(MARCH, "H24", UNITS, None).to_pylist()
    assert [row["unit_code"] for row in rows] == ["H24", *UNITS]
    assert {(row["field_code"], row["obs_status"]) for row in rows} == {("ALL", "O")}


def test_an_export_without_rows_is_zero_for_the_city_and_missing_for_its_units() -> None:
    rows = _by_key(_statistics())
    assert rows["H24", "ALL"]["received"] == 0
    assert rows["H24", "ALL"]["obs_status"] == "A"
    assert {rows[unit, "ALL"]["obs_status"] for unit in UNITS} == {"O"}


def test_a_measure_without_its_column_is_unknown_and_not_0() -> None:
    row = _by_key(_statistics(*SOME, absent=frozenset({"rating", "channel"})))["H24", "ALL"]
    unknown = {name for name in MEASURE_NAMES if row[name] is None}
    assert unknown == {
        "rated", "satisfied", "received_direct", "received_online", "received_postal",
        "fully_online", "identified",
    }  # fmt: skip
    assert row["obs_status"] == "A"


def test_the_full_table_meets_its_contract() -> None:
    contract = load_contract("dossier_statistics")
    for absent in (frozenset[str](), frozenset({"channel", "fee"})):
        assert blocking_lines(check_table(_statistics(*SOME, absent=absent), contract)) == []


BREACHES: Mapping[str, dict[str, Any]] = {
    "value_and_status": {"obs_status": "O"},
    "flow_is_known_or_missing_whole": {"late": None},
    "nothing_known_of_a_missing_row": {
        **dict.fromkeys(MEASURE_NAMES), "obs_status": "O", "fee_bearing": 1,
    },
    "flow_balances": {"open_overdue": 1},
    "finished_adds_up": {"early": 1},
    "figures_have_a_source": {"source": None},
    "channels_add_up": {"received_postal": 1},
    "parts_of_received": {"synced": 2},
    "parts_of_received_online": {"fully_online": 1},
    "parts_of_fee_bearing": {"paid_online": 1},
    "parts_of_finished": {"e_result": 2},
    "satisfied_within_rated": {"satisfied": 2},
    "electronic_within_circulated": {"circulated_electronically": 1},
    "merged_rows_are_marked": {"conf_status": "C"},
}  # fmt: skip


@pytest.mark.parametrize("rule", BREACHES)
def test_each_rule_finds_a_row_that_breaks_it(rule: str) -> None:
    contract = load_contract("dossier_statistics")
    good = _by_key(_statistics(*SOME))["H24.M02", "ALL"]
    table = table_from_rows(contract, [good | BREACHES[rule]])
    broken = {result.id for result in check_table(table, contract) if not result.passed}
    assert f"dossier_statistics.{rule}" in broken


def test_every_rule_has_a_breach() -> None:
    assert BREACHES.keys() == {rule.id for rule in load_contract("dossier_statistics").rules}


_rows = st.builds(
    dossier,
    unit_code=st.sampled_from(UNITS),
    field_code=st.sampled_from(["MAU-LV01", "MAU-LV02", "UNKNOWN"]),
    status=st.sampled_from([1, 2, 3]),
    channel=st.sampled_from([1, 2, 3]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(_rows, max_size=20))
def test_units_and_fields_add_up(rows: list[Row]) -> None:
    assert unbalanced_sums(_statistics(*rows, *SOME), "H24") == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (("H24", "ALL"), "H24, ALL, received: 4, but its units add 3"),
        (("H24", "ALL"), "H24, ALL, received: 4, but its fields add 3"),
        (("H24.M01", "ALL"), "H24.M01, ALL, received: 3, but its fields add 2"),
        (("H24", "MAU-LV02"), "H24, MAU-LV02, received: 2, but its units add 1"),
    ],
)
def test_a_sum_that_is_wrong_is_named(key: tuple[str, str], expected: str) -> None:
    rows = _by_key(_statistics(*SOME))
    rows[key]["received"] += 1
    table = table_from_rows(load_contract("dossier_statistics"), rows.values())
    assert expected in unbalanced_sums(table, "H24")


def test_a_row_that_is_lost_leaves_its_sum_wrong() -> None:
    rows = _by_key(_statistics(*SOME))
    del rows["H24", "MAU-LV02"]
    table = table_from_rows(load_contract("dossier_statistics"), rows.values())
    assert "H24, MAU-LV02, received: 0, but its units add 1" in unbalanced_sums(table, "H24")


def test_what_was_left_open_and_not_carried_over_is_a_difference_that_is_reported() -> None:
    left = (dossier(), dossier(unit_code="H24.M02"), dossier(unit_code="H24.M03"))
    carried = (left[0], left[1], dossier(unit_code="H24.M02", received_at="2024-02-02"))
    april = Month(2024, 4)
    rows = continuity_rows(april, _statistics(*left), _statistics(*carried, month=april))
    assert [
        (row["unit_code"], row["previous_open"], row["carried_over"], row["difference"])
        for row in rows
    ] == [("H24", 3, 3, 0), ("H24.M01", 1, 1, 0), ("H24.M02", 1, 2, 1), ("H24.M03", 1, 0, -1)]
    contract = load_contract("dossier_continuity")
    assert blocking_lines(check_table(table_from_rows(contract, rows), contract)) == []


def test_continuity_is_not_spoken_of_unless_both_months_have_an_export() -> None:
    some = _statistics(*SOME)
    assert continuity_rows(Month(2024, 4), None, some) == []
    assert continuity_rows(Month(2024, 4), some, None) == []
