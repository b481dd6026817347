"""Values as people write them in small tables."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cchc_pipeline.period import Month
from cchc_pipeline.sources.text_values import (
    Moment,
    read_flag,
    read_moment,
    read_month,
    read_number,
    unit_of,
)
from tests.agency_form_builder import DISTRICT, EVERYONE, register, unit

DAY = datetime(2024, 3, 5)


@pytest.mark.parametrize("text", ["05/03/2024", "5/3/2024", "2024-03-05", "20240305", "45356"])
def test_a_day_without_a_time_is_the_whole_day(text: str) -> None:
    moment = read_moment(text)
    assert moment == Moment(DAY, False)
    assert moment.as_due == datetime(2024, 3, 5, 23, 59, 59)


@pytest.mark.parametrize(
    "text",
    ["05/03/2024 10:30", "05/03/2024 10:30:00", "2024-03-05T10:30:00", "20240305103000",
     "45356.4375", "45356.4375e0", "2024-03-05T03:30:00Z", "2024-03-05T10:30:00+07:00"],
)  # fmt: skip
def test_a_moment_is_the_city_s_clock(text: str) -> None:
    assert read_moment(text) == Moment(datetime(2024, 3, 5, 10, 30), True)


@pytest.mark.parametrize("text", ["20240305000000", "2024-03-05T00:00:00"])
def test_a_midnight_that_is_written_out_is_an_instant(text: str) -> None:
    assert read_moment(text) == Moment(DAY, True)


@pytest.mark.parametrize(
    "text", ["31/02/2024", "2024-13-01", "05/03/24", "hôm qua", "20240230", "05/03/2024 25:00", ""]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_moment(text)


def test_moments_of_which_one_lacks_a_time_are_compared_by_date() -> None:
    day, noon = Moment(DAY, False), Moment(datetime(2024, 3, 5, 12), True)
    assert not day.before(noon) and not noon.before(day)
    assert Moment(datetime(2024, 3, 5, 9), True).before(noon)


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", "12"), ("12,5", "12.5"), ("12.5", "12.5"), ("1.234", "1234"), ("0.855", "0.855"),
     ("1.234.567,8", "1234567.8"), ("1.234e0", "1.234"), ("-3", "-3"), ("1 234", "1234")],
)  # fmt: skip
def test_vietnamese_numbers(text: str, number: str) -> None:
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "1,2,3", "1e5", "mười", "NaN", "12%", "1.23.456"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        read_number(text)


def test_yes_and_no_in_words() -> None:
    assert all(read_flag(text) for text in ("1", "Có", "X", "TRUE", "co"))
    assert not any(read_flag(text) for text in ("0", "Không", "FALSE", "chưa"))
    with pytest.raises(ValueError, match="neither"):
        read_flag("có thể")


@pytest.mark.parametrize("text", ["2024-03", "3/2024", "Tháng 03 năm 2024", "2024-03-01"])
def test_a_month_as_people_write_it(text: str) -> None:
    assert read_month(text) == Month(2024, 3)


def test_a_unit_is_known_by_code_or_by_name_with_its_accents() -> None:
    known = register(unit("H24.M60", "Huyện Thủy Thọ (mẫu)", "district", date(2024, 6, 30)))
    assert unit_of("h24.m60", known, "H24", Month(2024, 3)) is not None
    assert unit_of("HUYỆN  Thuỷ Thọ (mẫu)", known, "H24", Month(2024, 3)) is not None
    assert unit_of("Huyện Thủy Thổ (mẫu)", known, "H24", Month(2024, 3)) is None
    assert unit_of("H24.M60", known, "H24", Month(2024, 7)) is None


def test_a_unit_outside_the_root_is_none_of_its_units() -> None:
    assert unit_of("H24", EVERYONE, "H24", Month(2024, 3)) is not None
    assert unit_of(DISTRICT.code, EVERYONE, "H26", Month(2024, 3)) is None
