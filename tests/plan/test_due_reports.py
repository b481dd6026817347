"""When periodic reports are due: the plan's day, working days, years whose plan is not known."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cchc_pipeline.calendar import Swapped, load_calendar
from cchc_pipeline.plan.due_reports import DueReport, carried_rule, due_reports, stage_of

CALENDAR = load_calendar()


def due_in(year: int, root: str = "H24") -> dict[str, DueReport]:
    found = due_reports(root, date(year, 1, 1), date(year, 12, 31), CALENDAR)
    return {report.key: report for report in found}


def test_each_report_is_due_on_the_last_working_day_before_the_tenth() -> None:
    assert {key: report.due for key, report in due_in(2024).items()} == {
        "quarter:2024-03": date(2024, 3, 8),  # the 10th is a Sunday
        "quarter:2024-06": date(2024, 6, 7),
        "half_year:2024-06": date(2024, 6, 7),
        "quarter:2024-09": date(2024, 9, 9),
        "quarter:2024-12": date(2024, 12, 9),
        "year:2024-12": date(2024, 12, 9),
    }


def test_a_day_that_the_government_gives_off_moves_the_date_to_an_earlier_one() -> None:
    off = replace(CALENDAR, swapped=(Swapped(date(2024, 9, 9), "off", "Văn bản thử nghiệm"),))
    (report,) = due_reports("H24", date(2024, 9, 1), date(2024, 9, 30), off)
    assert report.due == date(2024, 9, 6)


def test_what_a_report_can_tell_of_ends_before_it_is_due() -> None:
    found = due_in(2024)
    assert found["half_year:2024-06"].command == "cchc report 2024-05 --half"
    assert found["year:2024-12"].command == "cchc report 2024-11 --year"


def test_a_later_year_without_a_plan_keeps_the_dates_as_believed_and_an_earlier_has_none() -> None:
    assert {report.status for report in due_in(2024).values()} == {"decided"}
    assert {report.status for report in due_in(2026).values()} == {"believed"}
    assert due_in(2023) == {}


def test_a_province_whose_plan_is_not_known_has_no_dates() -> None:
    assert due_in(2026, "H44") == {}


@pytest.mark.parametrize(
    ("days", "stage"),
    [(-4, "later"), (-3, "soon"), (0, "soon"), (1, "late"), (31, "late"), (32, "past")],
)
def test_a_report_is_due_soon_then_late_for_a_month(days: int, stage: str) -> None:
    report = due_in(2026)["quarter:2026-09"]
    assert carried_rule().late_days == 31
    assert stage_of(report, report.due + timedelta(days=days), days_before=3) == stage
