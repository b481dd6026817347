"""How high a row of a printed sheet has to be."""

import pytest

from cchc_pipeline.core.paper import row_height

ONE = row_height([("x", 10)])


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, 1),
        ("x" * 10, 10, 1),
        ("một hai ba bốn năm sáu", 10, 4),
        ("a\nb\nc", 40, 3),
        ("x " * 300, 60, 10),
    ],
)
def test_a_text_has_room_for_all_its_lines(text: str, width: int, lines: int) -> None:
    assert row_height([("x", 10), (text, width)]) >= lines * (row_height([("x\nx", 10)]) - ONE)


def test_no_row_is_higher_than_a_workbook_allows() -> None:
    assert row_height([("x " * 9000, 10)]) == 409
