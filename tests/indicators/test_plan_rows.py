"""The plan's targets and tasks of a month: with a value, or with who owes it."""

from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.indicators.plan_indicators import (
    Measured,
    plan_indicator_rows,
    run_rate,
    two_decimals,
)
from cchc_pipeline.indicators.task_progress import task_rows, task_states
from cchc_pipeline.plan import Publication, PublicationLog, RunRateReason, load_plan
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.storage.lake import table_from_rows

PLACES = ("one_stop", "city_portal")


def _log(*entries: tuple[int, str, str]) -> PublicationLog:
    return PublicationLog(
        tuple(
            Publication(
                Month(2024, month), place, datetime.fromisoformat(day).replace(tzinfo=TIMEZONE)
            )
            for month, place, day in entries
        )
    )


def _target_31(month: int, basis: str, log: PublicationLog) -> dict[str, object]:
    rows = plan_indicator_rows(Month(2024, month), "H24", log)
    return next(r for r in rows if r["indicator_id"] == "31" and r["basis"] == basis)


def _both(month: int, day: str) -> tuple[tuple[int, str, str], ...]:
    return tuple((month, place, day) for place in PLACES)


def test_every_target_has_a_row_a_month_and_one_for_the_year_to_date() -> None:
    rows = plan_indicator_rows(Month(2024, 3), "H24", PublicationLog())
    assert len(rows) == 2 * 32
    assert {row["basis"] for row in rows} == {"month", "ytd"}


def test_what_nobody_reported_is_missing_with_its_owing_unit_and_never_zero() -> None:
    for row in plan_indicator_rows(Month(2024, 3), "H24", PublicationLog()):
        assert row["obs_status"] == "O"
        assert row["value"] is row["numerator"] is row["attained"] is None
        assert row["owed_by"]


def _tasks(month: Month, log: PublicationLog) -> list[dict[str, Any]]:
    return task_rows(month, task_states(month, (), load_register(), "H24", log))


def test_a_year_without_a_plan_has_no_rows() -> None:
    assert plan_indicator_rows(Month(2026, 9), "H24", PublicationLog()) == []
    assert _tasks(Month(2026, 9), PublicationLog()) == []


def test_target_31_needs_both_places_in_time() -> None:
    one = _log((3, "city_portal", "2024-04-05"))
    assert _target_31(3, "month", one)["obs_status"] == "O"
    both = _target_31(3, "month", _log(*_both(3, "2024-04-30")))
    assert (both["value"], both["attained"], both["owed_by"]) == (1.0, True, None)
    late = _target_31(
        3, "month", _log((3, "one_stop", "2024-05-01"), (3, "city_portal", "2024-04-02"))
    )
    assert (late["value"], late["attained"]) == (0.0, False)


def test_target_31_to_date_counts_months_and_is_lost_with_the_first_late_one() -> None:
    good = _log(*_both(1, "2024-02-05"), *_both(2, "2024-03-05"), *_both(3, "2024-04-05"))
    row = _target_31(3, "ytd", good)
    assert (row["numerator"], row["denominator"], row["target"], row["attained"]) == (
        3,
        3,
        12,
        None,
    )
    late = _log(*_both(1, "2024-04-05"), *_both(2, "2024-03-05"), *_both(3, "2024-04-05"))
    assert _target_31(3, "ytd", late)["attained"] is False
    assert _target_31(3, "ytd", late)["value"] == 2


def test_target_31_stays_provisional_while_a_place_of_some_month_is_unknown() -> None:
    """The first month was late, so that it is lost; how many were in time may still grow."""
    log = _log(*_both(1, "2024-04-05"), (2, "city_portal", "2024-03-05"), *_both(3, "2024-04-05"))
    row = _target_31(3, "ytd", log)
    assert (row["value"], row["attained"], row["obs_status"]) == (1.0, False, "P")
    assert row["owed_by"]


def test_target_31_is_attained_with_twelve_of_twelve() -> None:
    entries = [e for m in range(1, 13) for e in _both(m, str(Month(2024, m).next().last_day))]
    row = _target_31(12, "ytd", _log(*entries))
    assert (row["value"], row["attained"]) == (12.0, True)


def test_the_63_rows_of_the_annex_are_there_with_a_state_that_says_unreported() -> None:
    rows = _tasks(Month(2024, 3), PublicationLog())
    assert len(rows) == 63
    assert {row["status"] for row in rows} == {"NOT_REPORTED"}
    by_id = {row["task_id"]: row for row in rows}
    assert by_id["7a"]["title"].startswith("Kiểm tra cải cách hành chính: ")
    assert by_id["57"]["time_text"] == "Cả năm 2021"
    assert "2021" in by_id["57"]["note"]
    assert not by_id["25"]["product"].startswith("-")


def test_task_31_follows_from_the_log() -> None:
    rows = _tasks(Month(2024, 1), _log(*_both(1, "2024-02-05")))
    tasks = {row["task_id"]: row["status"] for row in rows}
    assert tasks["31"] == "IN_PROGRESS"
    assert tasks["30"] == "NOT_REPORTED"


def _row(
    value: Measured, target: str = "II.6a", basis: Basis = Basis.YTD, unit: str = "H24"
) -> dict[str, object]:
    rows = plan_indicator_rows(
        Month(2024, 3), "H24", PublicationLog(), {(unit, target, basis): value}
    )
    key = (unit, target, basis.value)
    return next(r for r in rows if (r["unit_code"], r["indicator_id"], r["basis"]) == key)


def test_a_measured_share_is_published_rounded_half_up_and_owed_by_nobody() -> None:
    row = _row(Measured.share(2, 3))
    assert (row["numerator"], row["denominator"], row["value"]) == (2.0, 3.0, 66.67)
    assert (row["obs_status"], row["owed_by"]) == ("A", None)
    assert float(two_decimals(Fraction("2.675"))) == 2.68


@pytest.mark.parametrize(
    ("target", "numerator", "denominator", "attained"),
    [
        ("II.6a", 95, 100, False),
        ("II.6a", 95_001, 100_000, True),
        ("II.6b", 90, 100, True),
        ("II.6b", 89_999, 100_000, False),
        ("28a", 90, 100, False),
        ("II.5", 99_999, 100_000, False),
        ("II.5", 100, 100, True),
    ],
)
def test_attained_is_judged_on_the_exact_share(
    target: str, numerator: int, denominator: int, attained: bool
) -> None:
    assert _row(Measured.share(numerator, denominator), target)["attained"] is attained


def test_the_run_rate_is_what_the_cases_to_come_need() -> None:
    # 270 of 300 by March, 900 to come at 100 a month: 0.95 of 1200 is 1140, so 870 of 900.
    assert _row(Measured.share(270, 300))["required_run_rate"] == 96.67
    assert _row(Measured.share(270, 300), basis=Basis.MONTH)["required_run_rate"] is None


def test_a_run_rate_that_is_safe_or_out_of_reach_is_empty_and_says_why() -> None:
    plan = load_plan(2024)
    assert plan is not None
    for numerator, target, reason in (
        (0, "II.5", RunRateReason.UNREACHABLE),
        (299, "II.5", RunRateReason.UNREACHABLE),
        (300, "51", RunRateReason.NEEDED),
    ):
        value = Measured.share(numerator, 300)
        rate = run_rate(plan.target(target), Month(2024, 3), Basis.YTD, value)
        assert rate is not None
        assert rate.reason is reason
        assert (_row(value, target)["required_run_rate"] is None) is (rate.percent is None)
    safe = run_rate(plan.target("51"), Month(2024, 11), Basis.YTD, Measured.share(300, 300))
    assert safe is not None
    assert safe.reason is RunRateReason.SAFE


def test_target_52_has_no_run_rate() -> None:
    assert _row(Measured.share(1, 2), "52")["required_run_rate"] is None


def test_a_share_of_nothing_is_empty_and_cannot_exist() -> None:
    row = _row(Measured.share(0, 0))
    assert (row["numerator"], row["denominator"], row["value"]) == (0.0, 0.0, None)
    assert (row["obs_status"], row["attained"], row["owed_by"]) == ("M", None, None)
    assert row["required_run_rate"] is None


def test_a_provisional_value_names_who_owes_the_rest() -> None:
    assert _row(Measured.share(1, 2, status="P"))["owed_by"] == (
        "Văn phòng UBND thành phố; Sở Thông tin và Truyền thông"
    )
    told = Measured.share(1, 2, status="P", owed_by="Sở Y tế")
    assert _row(told)["owed_by"] == "Sở Y tế"


def test_a_unit_below_the_root_has_the_rows_that_were_measured_and_no_others() -> None:
    measured = {
        ("H24.M01", "II.5", Basis.YTD): Measured.share(1, 2),
        ("H24.M01", "II.6a", Basis.YTD): Measured(),
    }
    rows = plan_indicator_rows(Month(2024, 3), "H24", PublicationLog(), measured)
    of_unit = {r["indicator_id"]: r for r in rows if r["unit_code"] == "H24.M01"}
    assert of_unit.keys() == {"II.5", "II.6a"}
    assert of_unit["II.6a"]["obs_status"] == "O"
    assert of_unit["II.6a"]["owed_by"]
    assert len(rows) == 2 * 32 + 2


def test_value_and_status_cannot_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="status O"):
        Measured(1, 2, Fraction(50), "O")
    with pytest.raises(ValueError, match="status A"):
        Measured(1, 2, None, "A")


def test_the_rows_meet_their_contract() -> None:
    values = (Measured.share(1, 2), Measured.share(0, 0), Measured.share(1, 2, status="P"))
    measured = {
        (f"H24.M0{n}", target, basis): value
        for n, value in enumerate(values)
        for target in ("II.5", "52")
        for basis in (Basis.MONTH, Basis.YTD)
    }
    rows = plan_indicator_rows(Month(2024, 3), "H24", PublicationLog(), measured)
    contract = load_contract("plan_indicators")
    assert blocking_lines(check_table(table_from_rows(contract, rows), contract)) == []
