"""Forms that readers of Vietnamese expect, and their English twins."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.period import Basis, Month
from publish.site.words import (
    Language,
    collation_key,
    date_text,
    day_of,
    moment_text,
    month_text,
    number_text,
    window_text,
)


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (86.97, 2, "86,97", "86.97"),
        (1234567, 0, "1.234.567", "1,234,567"),
        (1234.5, 2, "1.234,50", "1,234.50"),
        (0, 2, "0,00", "0.00"),
        (-0.0, 2, "0,00", "0.00"),
        (-0.52, 2, "−0,52", "−0.52"),
        (100.0, 0, "100", "100"),
    ],
)
def test_numbers_use_the_marks_of_their_language(
    value: float, decimals: int, vi: str, en: str
) -> None:
    assert number_text(value, decimals, "vi") == vi
    assert number_text(value, decimals, "en") == en


@given(st.integers(-(10**12), 10**12))
def test_a_number_with_two_decimals_can_be_read_back(cents: int) -> None:
    text = number_text(cents / 100, 2, "vi")
    back = text.replace(".", "").replace(",", ".").replace("−", "-")
    assert round(float(back) * 100) == cents


@pytest.mark.parametrize(
    ("day", "vi", "en"),
    [
        (date(2024, 4, 5), "05/4/2024", "5 April 2024"),
        (date(2025, 1, 1), "01/01/2025", "1 January 2025"),
        (date(2024, 2, 29), "29/02/2024", "29 February 2024"),
        (date(2026, 10, 10), "10/10/2026", "10 October 2026"),
    ],
)
def test_days_below_ten_and_the_first_two_months_take_a_zero(day: date, vi: str, en: str) -> None:
    assert date_text(day, "vi") == vi
    assert date_text(day, "en") == en


def test_an_instant_is_told_in_the_citys_time() -> None:
    assert moment_text("2026-10-10T07:00:40Z", "vi") == "14:00 ngày 10/10/2026"
    assert moment_text("2026-10-10T07:00:40Z", "en") == "14:00 on 10 October 2026"


def test_an_instant_late_in_the_utc_evening_is_the_next_day_in_the_city() -> None:
    assert moment_text("2026-09-30T18:00:00Z", "vi") == "01:00 ngày 01/10/2026"
    assert day_of("2026-09-30T18:00:00Z") == date(2026, 10, 1)


def test_a_day_stays_a_day() -> None:
    assert moment_text("2026-10-10", "vi") == "10/10/2026"
    assert day_of("2026-10-10") == date(2026, 10, 10)


def test_months_are_named() -> None:
    assert month_text(Month(2024, 3), "vi") == "Tháng 3/2024"
    assert month_text(Month(2025, 1), "vi", inside=True) == "tháng 01/2025"
    assert month_text(Month(2024, 3), "en", inside=True) == "March 2024"


@pytest.mark.parametrize(
    ("basis", "language", "begins", "inside"),
    [
        (Basis.MONTH, "vi", "Tháng 9/2026", "tháng 9/2026"),
        (Basis.QUARTER, "vi", "Quý III/2026", "quý III/2026"),
        (Basis.YTD, "vi", "Lũy kế năm 2026", "lũy kế năm 2026"),
        (Basis.MONTH, "en", "September 2026", "September 2026"),
        (Basis.QUARTER, "en", "Quarter 3 of 2026", "quarter 3 of 2026"),
        (Basis.YTD, "en", "Year 2026 to date", "year 2026 to date"),
    ],
)
def test_a_window_says_what_span_a_figure_speaks_of(
    basis: Basis, language: Language, begins: str, inside: str
) -> None:
    assert window_text(Month(2026, 9), basis, language) == begins
    assert window_text(Month(2026, 9), basis, language, inside=True) == inside


def test_names_sort_as_in_a_vietnamese_dictionary() -> None:
    names = ["Vĩnh Bảo", "Ân Thi", "Đồ Sơn", "An Dương", "Dương Kinh", "Ăn Hòa", "Hải An"]
    assert sorted(names, key=collation_key) == [
        "An Dương", "Ăn Hòa", "Ân Thi", "Dương Kinh", "Đồ Sơn", "Hải An", "Vĩnh Bảo",
    ]  # fmt: skip


def test_tones_decide_only_between_words_of_the_same_letters() -> None:
    assert sorted(["mạ", "má", "mã", "mả", "mà", "ma", "mây"], key=collation_key) == [
        "ma", "mà", "mả", "mã", "má", "mạ", "mây",
    ]  # fmt: skip


def test_composed_and_decomposed_spellings_sort_together() -> None:
    assert collation_key("Hồng Bàng")[:2] == collation_key("Ho\u0302\u0300ng Ba\u0300ng")[:2]


@given(st.lists(st.text()))
def test_the_order_is_total(names: list[str]) -> None:
    backwards = list(reversed(names))
    assert sorted(backwards, key=collation_key) == sorted(names, key=collation_key)
