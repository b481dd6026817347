"""What a phone is told of a table, without a second copy of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from publish.site.narrow import labelled, parted, rows_in
from publish.site.page import style_text

TABLE = Markup(
    '<table class="x"><caption>c</caption><thead><tr><th scope="col">Hạng</th>'
    '<th scope="col" class="n">{}</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr>'
    "</tbody></table>"
)


def test_the_headings_stand_on_the_table_once() -> None:
    table = labelled(TABLE.format(Markup("Tổng <b>điểm</b>")))
    assert table.startswith("""<table style="--h1:'Hạng';--h2:'Tổng điểm'" class="x">""")


def test_the_headings_take_no_name_that_the_style_sheet_gives_a_colour() -> None:
    names = re.findall(r"(--h\d+):", labelled(TABLE.format("Tổng điểm")))
    assert names and not [name for name in names if f"{name}:" in style_text()]


@pytest.mark.parametrize("name", ["';}body{x", '"><script>', "a\\b", "a\n;b"])
def test_a_heading_from_the_data_cannot_leave_its_string(name: str) -> None:
    style = labelled(TABLE.format(name)).partition('style="')[2].partition('"')[0]
    inside = style.partition("--h2:'")[2]
    assert inside.endswith("'") and not set(inside[:-1]) & set("'\"<>&{};\n")


def test_a_table_without_headings_stays_as_it_is() -> None:
    assert labelled(Markup("<table><tr><td>1</td></tr></table>")).startswith("<table><tr>")


def test_rows_below_the_headings_are_counted() -> None:
    assert rows_in(TABLE) == 1


@given(st.text(alphabet="abc ", max_size=300), st.integers(10, 90))
def test_a_parted_text_is_whole(text: str, most: int) -> None:
    head, rest = parted(text, most)
    assert head + rest == text
    assert len(head) <= most + 12
