"""A cell is what the file says, and an empty one says why it is empty, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish.site.charts.frame import round_ends
from publish.site.forms import Forms
from publish.site.words import load_words

STATUSES = {
    "P": {"name_vi": "Tạm tính", "name_en": "Provisional", "value_allowed": True},
    "L": {"name_vi": "Không thu thập", "name_en": "Not collected", "value_allowed": False},
}
FORMS = Forms(load_words("vi"), STATUSES)


@pytest.mark.parametrize(("status", "said"), [("P", ""), ("L", " Không thu thập"), (None, "")])
def test_an_empty_cell_tells_a_status_only_where_that_is_of_an_absence(
    status: str | None, said: str
) -> None:
    row: dict[str, Any] = {"score": 3.0, "numerator": None, "obs_status": status}
    hidden = f'<span class="sr">{said}</span>' if said else ""
    assert FORMS.cell(row, "numerator") == f'<span class="nil">–{hidden}</span>'


@given(st.lists(st.integers(0, 600).map(lambda n: n / 100), min_size=1, max_size=20))
def test_the_marks_of_an_axis_are_told_apart_by_their_texts(scores: list[float]) -> None:
    _, _, ticks = round_ends(scores, 0.0, 6.0)
    said = [FORMS.tick(value) for value in ticks]
    assert len(set(said)) == len(said)
    assert [float(text.replace(",", ".")) for text in said] == [round(v, 9) for v in ticks]
