"""A value is quoted short and without what could be a person's number or address.

The numbers are invented. DỮ LIỆU MẪU.
"""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cchc_pipeline.core.errors import CheckFailedError, SourceError
from cchc_pipeline.core.masking import mask, personal_marks, visible


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


@pytest.mark.parametrize(
    "value",
    [
        "30/02/2024 08:30:00", "2024-13-45 08:30", "2024/03/05 09:30:00", "5/3/2024 9:30",
        "05.03.2024 09:30:00", "2024-03-05T09:30:00 UTC", "2024-03-05 09:30:00.123456",
        "2024-03-05T09:30:00+07:00", "2024-03-05 09:30:00 +0700", "05/03/2024 09h30",
        "09:30 05/03/2024", "05/03/2024 9:30:00 SA", "20240305", "202403050930",
        "20240305T093000", "20241345083000", "45356.395833333336", "45356,39583", "2024-3-5",
    ],
)  # fmt: skip
def test_a_date_is_never_masked_however_odd_it_is(value: str) -> None:
    assert mask(value) == value


@pytest.mark.parametrize("between", ["\x00", "\x1b", "\u202e", "\u200f", "\n", "\u2028", "\x85"])
def test_an_unseen_character_does_not_save_a_number_from_the_mask(between: str) -> None:
    masked = mask(f"0912{between}345{between}678")
    assert not any(part in masked for part in ("0912", "345", "678"))


DATES = re.compile(r"\d{1,4}[-./:h ]\d|(?:19|20)\d{6,12}|[34]\d{4}[.,]\d+|\\[xuU][0-9a-f]+")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789 .-/:ab\x00\u202e", max_size=60))
def test_nine_digits_in_a_row_are_only_ever_those_of_a_date(value: str) -> None:
    assert not re.search(r"\d{9}", DATES.sub("#", mask(value)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ho-so\x1b[31m.csv", r"ho-so\x1b[31m.csv"), ("a\nb\tc\r", r"a\nb\tc\r"),
        ("a\u202eb", r"a\u202eb"), ("\ud800", r"\ud800"), ("\x7f\x9b", r"\x7f\x9b"),
        ("\u2028\ufeff\U000e0041", r"\u2028\ufeff\U000e0041"), ("Hồ sơ\u00a0tháng 3", None),
    ],
)  # fmt: skip
def test_nothing_that_a_terminal_obeys_is_shown_raw(text: str, shown: str | None) -> None:
    assert visible(text) == (text if shown is None else shown)
    assert visible(visible(text)) == visible(text)


@given(st.text(), st.integers(1, 60))
def test_what_is_visible_is_printable_and_short(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert len(shown) <= limit
    assert all(c.isprintable() or unicodedata.category(c) == "Zs" for c in shown)


@given(st.text(max_size=900), st.text(max_size=900), st.text(max_size=900))
def test_an_error_is_one_line_of_at_most_500_characters(what: str, where: str, todo: str) -> None:
    line = str(SourceError(what, where=where, todo=todo))
    assert len(line) <= 500
    assert visible(line, None) == line


def test_a_long_error_keeps_its_file_and_what_to_do() -> None:
    line = str(SourceError("x" * 5000, where="/long" * 90 + "/ho-so.csv", todo="mend it"))
    assert "/ho-so.csv: x" in line
    assert line.endswith("x… -> mend it")


def test_a_list_of_failures_keeps_its_lines_and_each_is_bounded() -> None:
    error = CheckFailedError("\n  ".join(["checks failed", "a\x1bb", "y" * 900]), where="2024-03")
    assert [len(line) <= 502 for line in str(error).splitlines()] == [True] * 3
    assert str(error).splitlines()[1] == r"  a\x1bb"
