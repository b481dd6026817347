"""Which months may go out, and which are to be done without being asked."""

from datetime import datetime

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.core.period import TIMEZONE, Month
from publish.release.approval import days_late, due_months, open_months, ready_months

JUNE, JULY, AUGUST, SEPTEMBER = (Month(2026, number) for number in (6, 7, 8, 9))
CALENDAR = load_calendar()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TIMEZONE)


BEFORE, ON_TIME = moment("2026-10-12T08:29:59"), moment("2026-10-12T08:30")


def test_a_computed_month_waits_for_its_moment_unless_it_is_out_or_asked_for() -> None:
    computed = (AUGUST, SEPTEMBER)
    assert ready_months(computed, (), (), CALENDAR, BEFORE) == (AUGUST,)
    assert ready_months(computed, (), (), CALENDAR, ON_TIME) == computed
    assert ready_months(computed, (), (SEPTEMBER,), CALENDAR, BEFORE) == computed
    assert ready_months(computed, (SEPTEMBER,), (), CALENDAR, BEFORE) == computed


def test_what_is_out_is_not_due_and_what_is_not_computed_cannot_be() -> None:
    assert due_months((AUGUST, SEPTEMBER), (AUGUST,), CALENDAR, ON_TIME) == (SEPTEMBER,)
    assert due_months((AUGUST,), (AUGUST,), CALENDAR, ON_TIME) == ()


def test_lateness_is_counted_in_days_and_is_nothing_on_the_day() -> None:
    assert days_late(SEPTEMBER, CALENDAR, moment("2026-10-12T23:59")) == 0
    assert days_late(SEPTEMBER, CALENDAR, moment("2026-10-15T00:00")) == 3
    assert days_late(SEPTEMBER, CALENDAR, moment("2026-10-01T00:00")) == 0


def test_after_the_last_month_that_is_out_all_that_are_over_are_open() -> None:
    assert open_months((JUNE, JULY), ON_TIME) == (AUGUST, SEPTEMBER)
    assert open_months((SEPTEMBER,), ON_TIME) == ()


def test_an_empty_portal_begins_with_the_last_month() -> None:
    assert open_months((), ON_TIME) == (SEPTEMBER,)


def test_a_gap_of_years_is_left_to_a_backfill() -> None:
    assert open_months((Month(2024, 3),), ON_TIME) == (JULY, AUGUST, SEPTEMBER)
