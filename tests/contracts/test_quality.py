"""Expectations of a contract, run by both engines."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from cchc_pipeline.contracts import Expectation, Text, load_contract
from cchc_pipeline.contracts.checks import CheckResult, blocking_lines, check_table
from cchc_pipeline.storage.lake import table_from_rows

CONTRACT = load_contract("submissions")
GOOD: Mapping[str, Any] = {
    "period": "2026-09", "unit_code": "H24", "table": "scores",
    "received_at": "2026-10-10T07:00:40Z", "rows": 10, "accepted": 9, "quarantined": 1,
    "duplicates": 0, "status": "received", "release": "2026-09.r1",
}  # fmt: skip


def _results(*rows: Mapping[str, Any]) -> dict[str, CheckResult]:
    results = check_table(table_from_rows(CONTRACT, rows), CONTRACT)
    return {result.id: result for result in results}


def test_there_is_one_result_for_each_expectation_in_the_contract_s_order() -> None:
    results = check_table(table_from_rows(CONTRACT, [GOOD]), CONTRACT)
    assert [result.id for result in results] == [e.id for e in CONTRACT.expectations()]
    assert all(result.passed for result in results)


def test_an_empty_table_passes() -> None:
    assert all(result.passed for result in _results().values())


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"rows": 11}, "rows_are_accounted_for"),
        ({"status": "lost"}, "status"),
        ({"period": "2026-9"}, "period"),
        ({"unit_code": "Hải Phòng"}, "unit_code"),
        ({"quarantined": -1, "accepted": 11}, "quarantined"),
    ],
)
def test_a_row_that_breaks_an_expectation_is_counted(change: dict[str, Any], failed: str) -> None:
    results = _results(GOOD, {**GOOD, "table": "other", **change})
    broken = [r for r in results.values() if not r.passed]
    assert any(failed in result.id for result in broken)
    assert all(result.unexpected == 1 for result in broken if failed in result.id)
    assert blocking_lines(results.values())


def test_a_repeated_key_is_found() -> None:
    assert not _results(GOOD, GOOD)["submissions.primary_key"].passed


def test_a_missing_column_is_a_failure_with_a_line_and_not_an_exception() -> None:
    table = table_from_rows(CONTRACT, [GOOD]).drop_columns(["status"])
    results = _columnar(table)
    assert not results["submissions.columns"].passed


def _columnar(table: pa.Table) -> dict[str, CheckResult]:
    """Row conditions need their columns; the order of columns is judged by the other engine."""
    from cchc_pipeline.contracts.checks import ROW_CONDITION, _run_suite  # noqa: PLC0415

    wanted = [e for e in CONTRACT.expectations() if e.type != ROW_CONDITION]
    return {result.id: result for result in _run_suite(table, wanted, CONTRACT)}


def test_offending_values_are_not_copied_into_the_results() -> None:
    results = _results({**GOOD, "status": "0912345678"})
    assert not any("0912345678" in repr(result) for result in results.values())


@pytest.mark.parametrize(
    ("type_", "kwargs", "values", "broken"),
    [
        ("expect_column_values_to_not_be_null", {}, ["a", None, "b"], 1),
        ("expect_column_values_to_be_in_set", {"value_set": ["a", "it's"]}, ["a", "it's", None], 0),
        ("expect_column_values_to_be_in_set", {"value_set": ["a"]}, ["a", "A", ""], 2),
        (
            "expect_column_values_to_be_between",
            {"min_value": 0, "max_value": 1.5},
            [0, 1.5, None],
            0,
        ),
        ("expect_column_values_to_be_between", {"min_value": 0, "max_value": None}, [-1, 9], 1),
        ("expect_column_values_to_be_between", {"min_value": None, "max_value": 1}, [-1, 9], 1),
        ("expect_column_values_to_be_between", {"min_value": 0, "max_value": 1}, [float("nan")], 1),
    ],
)
def test_what_is_asked_of_a_cell_is_counted_as_declared(
    type_: str, kwargs: dict[str, Any], values: list[Any], broken: int
) -> None:
    from cchc_pipeline.contracts.checks import _condition, _run_conditions  # noqa: PLC0415

    table = pa.table({"cell": values})
    asked = Expectation("x", type_, {"column": "cell", **kwargs}, "error", Text("x", "x"))
    condition = _condition(asked, table)
    assert condition is not None
    (result,) = _run_conditions(table, [(asked, condition)])
    assert result.unexpected == broken


def test_an_argument_that_is_not_understood_is_left_to_great_expectations() -> None:
    from cchc_pipeline.contracts.checks import _condition  # noqa: PLC0415

    kwargs = {"column": "cell", "min_value": 0, "max_value": 1, "strict_min": True}
    asked = Expectation("x", "expect_column_values_to_be_between", kwargs, "error", Text("x", "x"))
    assert _condition(asked, pa.table({"cell": [0.0]})) is None


def test_every_bound_and_list_of_words_is_judged_as_great_expectations_judges_it() -> None:
    from cchc_pipeline.contracts.checks import _COUNTED, _run_suite  # noqa: PLC0415

    rows = [GOOD, {**GOOD, "table": "x", "status": "lost", "rows": -1, "release": None}]
    table = table_from_rows(CONTRACT, rows)
    asked = [e for e in CONTRACT.expectations() if e.type in _COUNTED]
    theirs = {said.id: said.unexpected for said in _run_suite(table, asked, CONTRACT)}
    ours = {said.id: said.unexpected for said in check_table(table, CONTRACT) if said.id in theirs}
    assert ours == theirs
    assert sum(ours.values()) >= 2
