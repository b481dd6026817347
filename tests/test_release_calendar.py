"""The announced dates: the rule's day, working days of Việt Nam, changes that are logged."""

from datetime import date, datetime
from typing import Any

import pytest

from cchc_pipeline.calendar import load_calendar, parse_calendar
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import TIMEZONE, Month

RULE = {"day": 12, "time": "08:30", "status": "believed", "basis": {"vi": "x", "en": "x"}}
MOVED = {
    "period": "2026-12", "from": "2027-01-12", "to": "2027-01-14", "announced": "2026-12-20",
    "reason": {"vi": "Lý do", "en": "Reason"},
}  # fmt: skip


def calendar(**parts: Any) -> Any:
    return parse_calendar({"rule": RULE, "changes": [], "swapped": [], **parts}, "calendar")


@pytest.mark.parametrize(
    ("month", "day"),
    [
        (Month(2026, 9), date(2026, 10, 12)),  # a Monday
        (Month(2026, 8), date(2026, 9, 14)),  # the 12th is a Saturday
        (Month(2027, 1), date(2027, 2, 12)),  # the Friday after Tết
        (Month(2023, 12), date(2024, 1, 12)),
    ],
)
def test_results_appear_on_the_twelfth_or_the_next_working_day(month: Month, day: date) -> None:
    due = load_calendar().release_date(month)
    assert due.moment == datetime(day.year, day.month, day.day, 8, 30, tzinfo=TIMEZONE)
    assert due.change is None


@pytest.mark.parametrize(
    "day",
    [date(2026, 2, 17), date(2027, 2, 8), date(2026, 4, 30), date(2026, 9, 2), date(2026, 10, 11)],
)
def test_tet_public_holidays_and_weekends_are_no_working_days(day: date) -> None:
    assert not load_calendar().is_working_day(day)


def test_a_rule_that_falls_into_tet_waits_until_it_is_over() -> None:
    during = calendar(rule=RULE | {"day": 8})
    assert during.day_by_rule(Month(2027, 1)) == date(2027, 2, 11)


def test_days_that_the_government_swaps_are_data() -> None:
    swapped = [
        {"day": "2026-10-12", "kind": "off", "basis": "Văn bản thử nghiệm"},
        {"day": "2026-10-17", "kind": "working", "basis": "Văn bản thử nghiệm"},
    ]
    made = calendar(swapped=swapped)
    assert made.release_date(Month(2026, 9)).moment.date() == date(2026, 10, 13)
    assert made.is_working_day(date(2026, 10, 17))


def test_a_moved_date_replaces_the_rule_and_keeps_its_reason() -> None:
    due = calendar(changes=[MOVED]).release_date(Month(2026, 12))
    assert due.moment.date() == date(2027, 1, 14)
    assert due.change is not None
    assert (due.change.was, due.change.reason.vi) == (date(2027, 1, 12), "Lý do")


def test_twelve_dates_lie_ahead_each_after_the_moment_and_the_one_before() -> None:
    now = datetime(2026, 11, 12, 8, 30, tzinfo=TIMEZONE)
    ahead = load_calendar().upcoming(now)
    moments = [now, *(due.moment for due in ahead)]
    assert len(ahead) == 12
    assert moments == sorted(set(moments))
    assert ahead[0].month == Month(2026, 11)
    assert load_calendar().next_release(now) == ahead[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"from": "2027-01-13"}, "the rule gives 2027-01-12"),
        ({"announced": "2027-01-13"}, "not before both dates"),
        ({"to": "soon"}, "valid date"),
        ({"reason": {"vi": "x"}}, "Field required"),
        ({"period": "2026-13"}, "not a month"),
    ],
)
def test_a_change_that_contradicts_the_calendar_is_refused(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(Exception, match=said) as refused:
        calendar(changes=[MOVED | change])
    assert isinstance(refused.value, SchemaDataError)


def test_a_period_is_moved_once() -> None:
    with pytest.raises(SchemaDataError, match="moved twice"):
        calendar(changes=[MOVED, MOVED])


def missed(published: list[Month], begun: datetime, at: datetime) -> list[tuple[str, int]]:
    found = load_calendar().missed(published, begun, at)
    return [(str(due.month), due.days_late(at)) for due in found]


def test_a_month_is_missed_once_its_date_has_passed_and_counts_the_days_since() -> None:
    begun = datetime(2026, 10, 12, 9, tzinfo=TIMEZONE)
    before = datetime(2026, 11, 12, 8, 29, tzinfo=TIMEZONE)
    after = datetime(2026, 11, 29, 9, tzinfo=TIMEZONE)
    assert missed([Month(2026, 9)], begun, before) == []
    assert missed([Month(2026, 9)], begun, after) == [("2026-10", 17)]
    assert missed([Month(2026, 9), Month(2026, 10)], begun, after) == []
    assert missed([], begun, after) == []


def test_a_gap_is_missed_if_it_was_due_after_the_first_publication_only() -> None:
    at = datetime(2026, 11, 1, tzinfo=TIMEZONE)
    published = [Month(2026, 6), Month(2026, 9)]
    early, late = (datetime(2026, month, 20, tzinfo=TIMEZONE) for month in (7, 10))
    assert [month for month, _ in missed(published, early, at)] == ["2026-07", "2026-08"]
    assert missed(published, late, at) == []
