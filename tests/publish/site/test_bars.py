"""Inline SVG: drawn to scale, readable without colour or script, safe against any name."""

from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from publish.site.charts.bars import ROW, Bar, bar_chart

_SVG = "{http://www.w3.org/2000/svg}"


def _drawn(
    *bars: Bar, title: str = "Nhóm cao nhất", description: str = "Cách đọc"
) -> ElementTree.Element:
    return ElementTree.fromstring(bar_chart(bars, title, description, "groups"))  # noqa: S314 - own


def _rects(svg: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [rect for rect in svg.iter(f"{_SVG}rect") if rect.get("class") == kind]


def test_a_bar_is_as_long_as_its_share_of_its_own_maximum() -> None:
    svg = _drawn(Bar("Tiến độ", 15.0, 20.0, "15,00 / 20"), Bar("Công khai", 9.0, 18.0, "9 / 18"))
    assert [rect.get("width") for rect in _rects(svg, "fill")] == ["75%", "50%"]


def test_a_bar_without_a_value_is_an_empty_frame_and_words() -> None:
    svg = _drawn(Bar("Số hóa", None, 22.0, "– Thiếu số liệu"))
    assert not _rects(svg, "fill")
    assert len(_rects(svg, "track none")) == 1
    assert "– Thiếu số liệu" in "".join(svg.itertext())


def test_a_zero_is_a_full_frame_without_filling() -> None:
    svg = _drawn(Bar("Số hóa", 0.0, 22.0, "0,00 / 22"))
    assert not _rects(svg, "fill")
    assert len(_rects(svg, "track")) == 1


def test_the_chart_names_itself_for_those_who_do_not_see_it() -> None:
    svg = _drawn(Bar("Tiến độ", 1.0, 2.0, "1 / 2"))
    assert svg.get("role") == "img"
    named = {child.get("id"): child.text for child in svg if child.get("id")}
    assert [named[part] for part in (svg.get("aria-labelledby") or "").split()] == [
        "Nhóm cao nhất",
        "Cách đọc",
    ]


def test_bars_stand_below_each_other() -> None:
    svg = _drawn(*(Bar(str(n), 1.0, 2.0, "1") for n in range(6)))
    tops = [int(rect.get("y") or 0) for rect in _rects(svg, "track")]
    assert [lower - upper for upper, lower in pairwise(tops)] == [ROW] * 5
    assert svg.get("height") == str(6 * ROW)


def test_names_are_escaped() -> None:
    hostile = '<script>alert("1")</script>'
    markup = bar_chart([Bar(hostile, 1.0, 2.0, hostile)], hostile, hostile, "x")
    assert "<script" not in markup
    assert "".join(ElementTree.fromstring(markup).itertext()).count("<script>") == 4  # noqa: S314


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_no_bar_leaves_its_frame(value: float, maximum: float) -> None:
    share = Bar("", value, maximum, "").share
    assert share is None if maximum == 0 else share is not None and 0 <= share <= 100
