"""The charts: true to their figures, whole on a phone, and named for those who do not see."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.period import Month
from publish.site.charts.bars import Part, Stack, shade, stack_chart
from publish.site.charts.dots import Axis, Bullet, Dot, Verdict, bullet_chart, dot_plot, wrapped
from publish.site.charts.frame import round_ends
from publish.site.charts.trend import Point, Scale, in_time, spark_chart, trend_chart
from tests.publish.site.page_tree import Element, parse

NAMES = ("Phát hiện", "Cách đọc", "chart")
SCALE = Scale(0.0, 100.0, ((0.0, "0"), (50.0, "50"), (100.0, "100")))
AXIS = Axis(0.0, 100.0, ((0.0, "0"), (100.0, "100")), (50.0, "Trung vị 50"))


def drawn(markup: str) -> Element:
    return parse(str(markup)).one("svg")


def points(*values: float | None, **last: bool) -> list[Point]:
    made = [Point(f"{n}/24", value, f"tháng {n}: {value}") for n, value in enumerate(values, 1)]
    end = made[-1]
    return [*made[:-1], Point(end.label, end.value, end.text, **last)]


def courses(svg: Element) -> list[Element]:
    return [e for e in svg.all("line") if e.attributes["class"].startswith("course")]


# Trend


def test_neighbouring_months_are_joined_and_each_has_its_dot() -> None:
    svg = drawn(trend_chart(points(10.0, 20.0, 30.0), SCALE, NAMES))
    assert len(courses(svg)) == 2
    assert svg.all("circle")[0].one("title").text == "tháng 1: 10.0"


def test_a_month_without_a_value_interrupts_the_line_and_has_no_dot() -> None:
    svg = drawn(trend_chart(points(10.0, None, 30.0), SCALE, NAMES))
    assert courses(svg) == []
    assert len(svg.all("circle")) == 2


def test_what_is_provisional_is_dashed_and_hollow() -> None:
    svg = drawn(trend_chart(points(10.0, 20.0, is_provisional=True), SCALE, NAMES))
    assert [e.attributes["class"] for e in courses(svg)] == ["course provisional"]
    assert [e.attributes["class"] for e in svg.all("circle")] == ["point", "point provisional"]


def test_nothing_is_joined_across_a_break_and_the_break_is_marked() -> None:
    svg = drawn(trend_chart(points(10.0, 20.0, has_break=True), SCALE, NAMES))
    assert courses(svg) == []
    assert len([e for e in svg.all("line") if e.attributes["class"] == "break"]) == 1


def test_a_target_is_a_line_with_its_words() -> None:
    scale = Scale(0.0, 100.0, (), (95.0, "phải đạt 95"))
    svg = drawn(trend_chart(points(90.0), scale, NAMES))
    assert [e for e in svg.all("line") if e.attributes["class"] == "target"]
    assert "phải đạt 95" in svg.text


@pytest.mark.parametrize("months", [1, 2, 12, 24, 36])
def test_not_more_months_are_named_than_a_phone_has_room_for(months: int) -> None:
    svg = drawn(trend_chart(points(*[50.0] * months), SCALE, NAMES))
    named = [e for e in svg.all("text") if e.attributes["class"].startswith("month")]
    assert 1 <= len(named) <= 5
    assert f"{months}/24" in [e.text for e in named]


def test_periods_far_apart_are_drawn_far_apart_with_a_gap_between() -> None:
    months = [Month(2024, 2), Month(2024, 3), Month(2026, 9)]
    given = [(month, Point(str(month), 50.0, str(month))) for month in months]
    svg = drawn(trend_chart(in_time(given), SCALE, NAMES))
    first, second, third = (float(e.attributes["cx"].rstrip("%")) for e in svg.all("circle"))
    assert third - second == pytest.approx(30 * (second - first), rel=0.01)
    assert len(courses(svg)) == 1


def test_an_axis_that_shows_a_part_of_the_scale_says_so() -> None:
    svg = drawn(trend_chart(points(70.0), Scale(60, 75, (), note="Trục từ 60 đến 75"), NAMES))
    assert "Trục từ 60 đến 75" in svg.text


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([70.1, 72.4], (70, 73)), ([12.0, 88.0], (0, 100)), ([99.5, 97.0], (97, 100)),
     ([50.0, 50.0], (49.5, 50.5))],
)  # fmt: skip
def test_an_axis_is_as_wide_as_what_it_shows_and_ends_in_round_numbers(
    values: list[float], wanted: tuple[float, float]
) -> None:
    low, high, ticks = round_ends(values, 0.0, 100.0)
    assert (low, high) == pytest.approx(wanted)
    assert (ticks[0], ticks[-1]) == (low, high)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_an_axis_holds_every_value(values: list[float]) -> None:
    low, high, ticks = round_ends(values, 0.0, 100.0)
    assert low <= min(values) and max(values) <= high
    assert low < high and 2 <= len(ticks) <= 6
    assert list(ticks) == sorted(set(ticks))


def test_the_small_line_names_its_two_ends() -> None:
    svg = drawn(spark_chart(points(10.0, None, 30.0), SCALE, NAMES, ("1/24: 10", "3/24: 30")))
    assert [e.text for e in svg.all("text")] == ["1/24: 10", "3/24: 30"]
    assert len(svg.all("circle")) == 2 and not courses(svg)


@given(st.lists(st.none() | st.floats(-500, 500), min_size=1, max_size=40))
def test_no_point_leaves_the_plot(values: list[float | None]) -> None:
    svg = drawn(trend_chart(points(*values), SCALE, NAMES))
    height = float(svg.attributes["height"])
    for dot in svg.all("circle"):
        assert 0 <= float(dot.attributes["cx"].rstrip("%")) <= 100
        assert 0 <= float(dot.attributes["cy"]) <= height


# Dots


@given(st.lists(st.floats(0, 100), min_size=1, max_size=130))
def test_every_unit_has_a_dot_and_none_hides_another(values: list[float]) -> None:
    svg = drawn(dot_plot([Dot(v, f"{n}") for n, v in enumerate(values)], AXIS, NAMES))
    places = [(e.attributes["cx"], e.attributes["cy"]) for e in svg.all("circle")]
    assert len(places) == len(values)
    assert max(Counter(places).values()) == 1


def test_the_middle_half_is_a_band_behind_the_dots() -> None:
    axis = Axis(0.0, 100.0, (), (50.0, "Trung vị 50"), (25.0, 75.0))
    (band,) = drawn(dot_plot([Dot(20.0, "a")], axis, NAMES)).all("rect")
    assert (band.attributes["x"], band.attributes["width"]) == ("26%", "48%")


def test_the_marked_unit_and_the_median_stand_out() -> None:
    svg = drawn(dot_plot([Dot(20.0, "a"), Dot(60.0, "b", is_marked=True)], AXIS, NAMES))
    marked = [e for e in svg.all("circle") if e.attributes["class"] == "dot marked"]
    assert [e.one("title").text for e in marked] == ["b"]
    assert "Trung vị 50" in svg.text


# Stacks


def stack(*counts: float) -> Stack:
    kinds = ("early", "on_time", "late")
    parts = [Part(k, c, f"{c:g}", f"{k}: {c:g}") for k, c in zip(kinds, counts, strict=False)]
    return Stack("Tháng 3", "90 %", tuple(parts))


def test_parts_are_as_wide_as_their_share_and_fill_the_row() -> None:
    svg = drawn(stack_chart([stack(60, 30, 10)], [("early", "Trước hạn")], NAMES))
    parts = [e for e in svg.all("rect") if e.attributes["width"].endswith("%")]
    assert [e.attributes["width"] for e in parts] == ["60%", "30%", "10%"]
    assert [e.attributes["x"] for e in parts] == ["0%", "60%", "90%"]


def test_a_part_that_is_too_narrow_for_its_count_keeps_it_in_its_title() -> None:
    svg = drawn(stack_chart([stack(97, 2, 1)], [], NAMES))
    counts = [e.text for e in svg.all("text") if e.attributes["class"].startswith("count")]
    assert counts == ["97"]
    assert "late: 1" in [e.text for e in svg.all("title")]


def test_a_row_of_nothing_is_an_empty_frame() -> None:
    svg = drawn(stack_chart([stack(0, 0, 0)], [], NAMES))
    assert [e.attributes["class"] for e in svg.all("rect")] == ["none"]


# Bullets


def test_the_verdict_is_told_by_a_sign_and_the_target_by_a_tick() -> None:
    behind = Bullet("II.6a", 94.0, 95.0, 100.0, "behind", "94 % (> 95 %)")
    svg = drawn(bullet_chart([behind], NAMES))
    assert svg.all("text")[0].text == "✗ II.6a"
    (tick,) = svg.all("line")
    assert tick.attributes["x1"] == "95%"


def test_a_target_without_a_value_is_an_empty_frame_and_a_question() -> None:
    unknown = Bullet("7a", None, 30.0, 100.0, "unknown", "–")
    svg = drawn(bullet_chart([unknown], NAMES))
    assert [e.attributes["class"] for e in svg.all("rect")] == ["none"]
    assert svg.all("text")[0].text.startswith("?")


def test_a_long_name_goes_on_below_and_is_never_cut() -> None:
    name = "Hồ sơ tiếp nhận trong năm giải quyết trước và đúng hạn (nhiệm vụ 28)"
    svg = drawn(bullet_chart([Bullet(name, 94.0, 95.0, 100.0, "behind", "94 %")] * 2, NAMES))
    lines = [e.text for e in svg.all("text") if e.attributes["class"].startswith("label")]
    assert " ".join(lines[: len(lines) // 2]) == f"✗ {name}"
    assert all(len(line) <= 44 for line in wrapped(name))
    assert max(float(e.attributes["y"]) for e in svg.all("text")) < float(svg.attributes["height"])


def test_the_form_of_a_bar_tells_its_state_as_well_as_its_colour() -> None:
    verdicts: tuple[Verdict, ...] = ("attained", "behind", "unknown")
    svg = drawn(bullet_chart([Bullet("a", 50.0, 60.0, 100.0, v, "50") for v in verdicts], NAMES))
    bars = [e.attributes for e in svg.all("rect") if e.attributes["class"].startswith("fill")]
    assert [bar["class"] for bar in bars] == ["fill attained", "fill behind", "fill unknown"]
    assert len({bar["height"] for bar in bars}) == 3


# Shades, and what all share


@pytest.mark.parametrize(
    ("value", "maximum", "wanted"),
    [(0.0, 18.0, "h0"), (18.0, 18.0, "h4"), (9.0, 18.0, "h2"), (None, 18.0, ""), (5.0, 0.0, "")],
)
def test_a_cell_is_shaded_by_its_share_of_the_maximum(
    value: float | None, maximum: float, wanted: str
) -> None:
    assert shade(value, maximum) == wanted


def test_every_chart_names_itself_and_says_how_to_read_it() -> None:
    charts = [
        trend_chart(points(10.0), SCALE, NAMES),
        dot_plot([Dot(20.0, "a")], AXIS, NAMES),
        stack_chart([stack(1, 2, 3)], [], NAMES),
        bullet_chart([Bullet("a", 1.0, 2.0, 3.0, "behind", "1")], NAMES),
    ]
    for chart in charts:
        svg = drawn(chart)
        assert svg.attributes["role"] == "img"
        assert svg.attributes["aria-labelledby"] == "chart-t chart-d"
        assert svg.one("desc").text == "Cách đọc"


def test_names_are_text_and_colours_are_the_style_sheet_s() -> None:
    hostile = "<script>x</script>"
    chart = dot_plot([Dot(20.0, hostile)], AXIS, (hostile, hostile, "chart"))
    assert "<script>" not in chart
    assert not re.search(r"(fill|stroke|style)=", chart)
