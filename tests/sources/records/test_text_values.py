"""Values as people write them in small tables."""

from datetime import datetime

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.records.values import Moment, read_flag, read_moment, read_month

DAY = datetime(2024, 3, 5)


def test_a_day_without_a_time_is_due_with_its_last_second() -> None:
    assert read_moment("05/03/2024").as_due == datetime(2024, 3, 5, 23, 59, 59)
    assert read_moment("05/03/2024 00:00").as_due == DAY


def test_moments_of_which_one_lacks_a_time_are_compared_by_date() -> None:
    day, noon = Moment(DAY, False), Moment(datetime(2024, 3, 5, 12), True)
    assert not day.before(noon) and not noon.before(day)
    assert Moment(datetime(2024, 3, 5, 9), True).before(noon)


def test_yes_and_no_in_words() -> None:
    assert all(read_flag(text) for text in ("1", "Có", "X", "TRUE", "co"))
    assert not any(read_flag(text) for text in ("0", "Không", "FALSE", "chưa"))
    with pytest.raises(ValueError, match="unknown code"):
        read_flag("có thể")


@pytest.mark.parametrize("text", ["2024-03", "3/2024", "Tháng 03 năm 2024", "2024-03-01"])
def test_a_month_as_people_write_it(text: str) -> None:
    assert read_month(text) == Month(2024, 3)
