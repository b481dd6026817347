"""A value is quoted short and without what could be a person's number or address.

The numbers are invented. DỮ LIỆU MẪU.
"""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cchc_pipeline.masking import mask
from publish.personal_data import personal_marks


@pytest.mark.parametrize(
    "value",
    [
        "031234567890", "031 234 567 890", "0312.3456.7890", "031-2-34-567890", "031234567",
        "123 456 789", "31234567890", "0912345678", "0912.345.678", "091 234 5678", "912345678",
        "+84 912 345 678", "(+84) 912-345-678", "84912345678", "0225 3821 055", "CCCD031234567890",
        "０９１２３４５６７８", "031\u200b234\u00a0567 890", "0912_345_678", "0912 / 345 / 678",
    ],
)  # fmt: skip
def test_no_digit_of_a_personal_number_is_left(value: str) -> None:
    assert not re.search(r"\d", mask(value).removeprefix("+"))


def test_the_words_around_a_number_stay() -> None:
    assert mask("gọi 0912 345 678 (ông A)") == "gọi **** *** *** (ông A)"


def test_no_letter_of_an_e_mail_address_is_left() -> None:
    assert mask("thư: nguyen.van-a@haiphong.example") == "thư: ******.***-*@********.*******"


@pytest.mark.parametrize(
    "value",
    [
        "32/01/2024", "2024-13-01", "15-01-2024 09:30", "2024-01-15T09:30:00", "20240115093000",
        "000.00.16.H24-240115-0001", "H24.16-240115-0001", "2.000815",
        "2.000815.000.00.00.H24", "150.000", "Đã trả kết quả", "45321",
    ],
)  # fmt: skip
def test_what_a_message_is_about_stays_readable(value: str) -> None:
    assert mask(value) == value


def test_a_long_value_is_cut_after_it_was_masked() -> None:
    cut = mask("x" * 35 + " 031234567890 " + "y" * 5000)
    assert cut == "x" * 35 + " ***…"
    assert len(cut) == 40
    assert mask("a" * 40) == "a" * 40
    assert mask("a" * 9, limit=5) == "aaaa…"


def test_a_value_of_several_lines_is_quoted_on_one() -> None:
    assert mask(" một\r\n\thai  ba ") == "một hai ba"


PIECES = st.sampled_from(
    ["031234567890", "031 234 567 890", "0912.345.678", "+84 912 345 678", "a.b@example.org",
     "H24.16-240115-0001", "15-01-2024", "2.000815", "abc", " ", "-", ".", ",", "1", "23"]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(value=st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=5).map("".join)))
@example("2.000815.0912345678")
@example("15-01-2024.0912345678")
@example("H24.16-240115-031234567890")
@example("00000000 0A@0.AA")
@example("a＠example.org")
def test_what_stops_a_release_is_never_quoted(value: str) -> None:
    masked = mask(value)
    assert len(masked) <= 40
    assert set(personal_marks(masked)) <= {"dossier code"}
