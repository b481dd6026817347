"""The plan's targets and tasks of a month: with a value, or with who owes it."""

from datetime import datetime

from cchc_pipeline.indicators.plan_rows import plan_indicator_rows, plan_task_rows
from cchc_pipeline.indicators.release_log import Publication, PublicationLog
from cchc_pipeline.period import TIMEZONE, Month

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


def test_a_year_without_a_plan_has_no_rows() -> None:
    assert plan_indicator_rows(Month(2026, 9), "H24", PublicationLog()) == []
    assert plan_task_rows(Month(2026, 9), []) == []


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


def test_target_31_is_attained_with_twelve_of_twelve() -> None:
    entries = [e for m in range(1, 13) for e in _both(m, str(Month(2024, m).next().last_day))]
    row = _target_31(12, "ytd", _log(*entries))
    assert (row["value"], row["attained"]) == (12.0, True)


def test_the_63_rows_of_the_annex_are_there_with_a_state_that_says_unreported() -> None:
    rows = plan_task_rows(Month(2024, 3), [])
    assert len(rows) == 63
    assert {row["status"] for row in rows} == {"NOT_REPORTED"}
    by_id = {row["task_id"]: row for row in rows}
    assert by_id["7a"]["title"].startswith("Kiểm tra cải cách hành chính: ")
    assert by_id["57"]["time_text"] == "Cả năm 2021"
    assert "2021" in by_id["57"]["note"]
    assert not by_id["25"]["product"].startswith("-")


def test_task_31_follows_from_the_log() -> None:
    rows = plan_indicator_rows(Month(2024, 1), "H24", _log(*_both(1, "2024-02-05")))
    tasks = {row["task_id"]: row["status"] for row in plan_task_rows(Month(2024, 1), rows)}
    assert tasks["31"] == "IN_PROGRESS"
    assert tasks["30"] == "NOT_REPORTED"
