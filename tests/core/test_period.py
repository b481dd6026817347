"""Months, quarters and the refusal of a month that is not over."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import TIMEZONE, Month, require_ended

months = st.builds(Month, st.integers(2000, 2100), st.integers(1, 12))


@given(months)
def test_a_month_is_read_back_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month


@given(months)
def test_next_and_previous_undo_each_other(month: Month) -> None:
    assert month.next().previous() == month == month.previous().next()
    assert month.last_day < month.next().first_day


@pytest.mark.parametrize("text", ["2024-3", "2024-13", "2024-00", "03/2024", "2024-03-01", ""])
def test_anything_else_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(UsageError, match="YYYY-MM"):
        Month.parse(text)


def test_a_span_holds_both_ends_and_is_empty_backwards() -> None:
    span = [str(m) for m in Month(2023, 12).to(Month(2024, 2))]
    assert span == ["2023-12", "2024-01", "2024-02"]
    assert list(Month(2024, 2).to(Month(2024, 1))) == []


def test_quarters() -> None:
    assert [Month(2024, m).quarter for m in (1, 3, 4, 12)] == [1, 1, 2, 4]
    assert [m for m in range(1, 13) if Month(2024, m).closes_quarter] == [3, 6, 9, 12]
    assert Month(2024, 2).last_day == date(2024, 2, 29)


def test_a_month_is_over_at_midnight_in_the_city_not_in_greenwich() -> None:
    month = Month(2026, 9)
    assert month.has_ended(datetime(2026, 10, 1, 0, 0, tzinfo=TIMEZONE))
    assert month.has_ended(datetime.fromisoformat("2026-09-30T17:00:00+00:00"))
    assert not month.has_ended(datetime.fromisoformat("2026-09-30T16:59:59+00:00"))


@pytest.mark.parametrize(
    ("at", "said"), [("2026-09-15", "still running"), ("2026-08-31", "in the future")]
)
def test_a_month_that_is_not_over_is_refused(at: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"{said}.*2026-10-01"):
        require_ended(Month(2026, 9), datetime.fromisoformat(at).replace(tzinfo=TIMEZONE))
