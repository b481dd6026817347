"""The first screen: what it says agrees with the figures, and says nothing that they do not."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.period import Month
from publish.model import Draft, ReleaseId
from publish.site.blocks.answer import (
    FirstScreen,
    Movement,
    OwedTable,
    comparable_course,
    debts,
    movements,
    rating_of,
)
from publish.site.blocks.peers import Peer, Peers, middle_of, peers_of
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import page_recipes
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import FIRST, ROOT, SECOND, small_draft, small_tables, table

Row = dict[str, Any]
ALIKE = {"basis": "month", "methodology": "766-2026", "source_system": "dvcqg-2026"}
SEPTEMBER = Month(2026, 9)


def total(period: str, score: float | None, **other: Any) -> Row:
    fixed = {"period": period, "metric_code": "TOTAL", "max_score": 100.0, "obs_status": "A"}
    return {**ALIKE, **fixed, "score": score, **other}


def group(metric: str, score: float | None, **other: Any) -> Row:
    return total("2026-09", score, metric_code=metric, **{"max_score": 20.0} | other)


def nobody() -> Peers:
    return Peers(())


# The level


@pytest.mark.parametrize(
    ("score", "name"),
    [(90.0, "Xuất sắc"), (89.99, "Tốt"), (70.0, "Khá"), (67.18, "Trung bình"), (49.99, "Yếu")],
)
def test_a_total_has_the_level_of_its_band(score: float, name: str) -> None:
    rating = rating_of(total("2026-09", score))
    assert rating is not None and rating.name_vi == name


def test_no_level_is_told_before_the_bands_or_of_another_maximum_or_of_no_total() -> None:
    assert rating_of(total("2025-12", 70.0)) is None
    assert rating_of(total("2026-09", 70.0, max_score=82.0)) is None
    assert rating_of(total("2026-09", None)) is None


# The course


def test_the_course_holds_the_last_totals_that_were_measured_alike() -> None:
    rows = [
        total("2026-05", 60.0, source_system="dvcqg-legacy"), total("2026-06", 61.0),
        total("2026-07", None), total("2026-08", 62.5), total("2026-09", 63.0, obs_status="P"),
    ]  # fmt: skip
    course = comparable_course(rows)
    assert [(str(month), value) for month, value, _ in course] == [
        ("2026-06", Decimal("61.0")), ("2026-08", Decimal("62.5")), ("2026-09", Decimal("63.0")),
    ]  # fmt: skip
    assert [is_open for _, _, is_open in course] == [False, False, True]


def test_the_course_has_twelve_points_at_most() -> None:
    months = Month(2024, 1).to(Month(2025, 6))
    course = comparable_course([total(str(month), 60.0) for month in months])
    assert [str(course[0][0]), str(course[-1][0]), len(course)] == ["2024-07", "2025-06", 12]


# What moved


def test_what_rose_and_fell_most_is_told_by_the_groups() -> None:
    before = {"TOTAL": total("2026-08", 60.0), "A": group("A", 10.0), "B": group("B", 12.0)}
    after = {"TOTAL": total("2026-09", 61.0), "A": group("A", 12.5), "B": group("B", 10.5)}
    answer = FirstScreen(None, nobody(), (), movements(before, after), None)
    assert answer.rose == Movement("A", Decimal("2.5"))
    assert answer.fell == Movement("B", Decimal("-1.5"))


def test_nothing_is_said_of_a_movement_that_cannot_be_compared() -> None:
    after = {"TOTAL": total("2026-09", 61.0), "A": group("A", 12.5)}
    other = {"TOTAL": total("2026-08", 60.0, methodology="766-2022"), "A": group("A", 10.0)}
    assert movements(other, after) is None
    assert movements({}, after) is None


def test_a_group_with_another_maximum_or_without_a_score_is_left_out() -> None:
    before = {
        "TOTAL": total("2026-08", 60.0),
        "A": group("A", None),
        "B": group("B", 9.0, max_score=12.0),
    }
    after = {"TOTAL": total("2026-09", 61.0), "A": group("A", 1.0), "B": group("B", 10.0)}
    answer = FirstScreen(None, nobody(), (), movements(before, after), None)
    assert (answer.moves, answer.rose, answer.fell) == ((), None, None)


# What is owed


def submission(unit: str, status: str, name: str = "dossiers") -> Row:
    return {"unit_code": unit, "table": name, "status": status}


def test_what_is_owed_is_told_by_table_and_by_how_many_units() -> None:
    rows = [
        submission("Z", "received"), submission("Z.1", "missing"), submission("Z.2", "missing"),
        submission("Z", "missing", "petitions"), submission("Z.1", "missing", "petitions"),
    ]  # fmt: skip
    assert debts(rows, "Z") == (OwedTable("dossiers", 2), OwedTable("petitions", 0))


def test_nothing_owed_and_nothing_due_are_two_things() -> None:
    assert debts([submission("Z", "received")], "Z") == ()
    assert debts([submission("Z", "not_expected")], "Z") is None


# Peers


def test_the_middle_and_the_quarters_of_the_peers() -> None:
    peers = peers_of([(score, None) for score in (50.0, 60.0, 70.0, 80.0, 90.0)], 60.0)
    assert (peers.median, peers.quarters, peers.own) == (70.0, (60.0, 80.0), Peer(60.0))
    assert peers.like == () and peers.like_median is None


def test_of_few_peers_no_middle_is_told() -> None:
    peers = peers_of([(50.0, 10), (60.0, 10)], 60.0)
    assert (peers.median, peers.quarters, peers.like_median) == (None, None, None)


def test_units_of_like_size_have_half_to_twice_the_dossiers() -> None:
    sizes = (49, 50, 100, 200, 201, None, 0)
    peers = peers_of([(float(n), size) for n, size in enumerate(sizes)], 2.0, 100)
    assert [peer.size for peer in peers.like] == [50, 100, 200]


def test_the_size_of_a_unit_is_its_own_where_another_has_the_same_total() -> None:
    peers = peers_of([(60.0, 10), (60.0, 400), *((70.0, 400 + n) for n in range(4))], 60.0, 400)
    assert peers.own == Peer(60.0, 400)
    assert [peer.size for peer in peers.like] == [400, 400, 401, 402, 403]


def test_the_gap_is_the_difference_of_the_two_figures_that_are_shown() -> None:
    scores = (60.85, 61.57, 67.63, 70.12, 71.02, 71.30)  # the middle is 68.875
    gaps = [peers_of([(score, None) for score in scores], own).gap for own in (60.85, 71.02)]
    assert middle_of(scores) == 68.88
    assert gaps == [Decimal("-8.03"), Decimal("2.14")]
    assert peers_of([(score, None) for score in scores[:4]], 60.85).gap is None


@given(st.lists(st.integers(0, 10000).map(lambda n: n / 100), min_size=5, max_size=130))
def test_the_middle_lies_between_the_quarters(scores: list[float]) -> None:
    peers = peers_of([(score, None) for score in scores], scores[0])
    assert peers.quarters is not None and peers.median is not None
    low, high = peers.quarters
    assert min(scores) <= low <= peers.median <= high <= max(scores)


# The pages

MONTHS = tuple(Month(2024, 1).to(Month(2024, 4)))


def draft(scored: Iterable[Month] = MONTHS) -> Draft:
    """Four months in which the total rises by 0.6 a month, and one group falls in the last."""
    shown = {str(month) for month in scored}
    rows = []
    for row in small_tables(MONTHS)["scores"].to_pylist():
        step = int(row["period"][-2:])
        part = {"TOTAL": 0.6 * step, "TDGQ": 0.8 * step, "MDSH": -0.2 * step}
        given_ = row["period"] in shown
        score = round(row["score"] + part.get(row["metric_code"], 0.0), 2) if given_ else None
        rows.append(row | {"score": score, "obs_status": "A" if given_ else "O"})
    tables: dict[str, pa.Table] = {**small_tables(MONTHS), "scores": table("scores", rows)}
    return small_draft(id=ReleaseId(MONTHS[-1], 1), periods=MONTHS, tables=tables)


def pages_of(of: Draft, *names: str) -> list[Element]:
    descriptor = {
        "title": "Mẫu", "description": "Mẫu", "id": "mau", "version": "1.0.0", "keywords": [],
        "created": "2024-05-10T01:00:00Z", "licenses": [{"path": "LICENSE.md"}],
        "languages": ["vi"], "temporalCoverage": "2024-01/2024-04", "spatialCoverage": "VN-HP",
        "sources": [], "resources": [], "release": str(of.id),
    }  # fmt: skip
    imprint = imprint_of_draft(of)
    recipes = {recipe.name: recipe for recipe in page_recipes(of, descriptor)}
    rendered = (dict(recipes[name].rendered(imprint))[name] for name in names)
    return [parse(page.decode()) for page in rendered]


@pytest.fixture(scope="module")
def scored() -> dict[str, Element]:
    names = ("index.html", "thang/2024-01.html", f"don-vi/{FIRST}.html")
    return dict(zip(names, pages_of(draft(), *names), strict=True))


def test_the_first_screen_comes_before_any_caveat(scored: dict[str, Element]) -> None:
    main = scored["index.html"].one("main")
    tags = [
        (part.tag, part.attributes.get("class", ""))
        for part in main.content
        if isinstance(part, Element)
    ]
    assert tags[:3] == [("h1", ""), ("section", "headline"), ("div", "filter finder")]


@pytest.mark.parametrize("name", ["index.html", f"don-vi/{FIRST}.html"])
def test_the_sentences_agree_with_the_figures(scored: dict[str, Element], name: str) -> None:
    headline = scored[name].one("section", class_="headline")
    told = [item.text for item in headline.one("ul", class_="told").all("li")]
    assert told[:2] == [
        "Tăng nhiều nhất: Tiến độ giải quyết (+0,80 điểm).",
        "Giảm nhiều nhất: Mức độ số hóa hồ sơ (−0,20 điểm).",
    ]
    assert "+0,60 điểm so với tháng trước" in headline.text


def test_the_city_s_debts_are_told(scored: dict[str, Element]) -> None:
    told = scored["index.html"].one("section", class_="headline").one("ul", class_="told")
    assert told.all("li")[-1].text.startswith("Còn nợ số liệu: ")


def test_the_line_has_a_dot_for_each_comparable_month(scored: dict[str, Element]) -> None:
    (line,) = scored["index.html"].all("svg", class_="trend spark")
    assert [e.text for e in line.all("text")] == ["1/2024: 50,10", "4/2024: 51,90"]
    assert len(line.all("circle")) == len(MONTHS)


def test_the_first_month_says_nothing_of_what_rose_or_fell(scored: dict[str, Element]) -> None:
    page = scored["thang/2024-01.html"]
    headline = page.one("section", class_="headline")
    assert "nhiều nhất" not in headline.text
    assert not page.all("svg", class_="trend spark")


def test_the_front_page_lists_every_unit_that_has_a_page(scored: dict[str, Element]) -> None:
    links = scored["index.html"].one("ul", id_="unit-list").all("a")
    assert [a.attributes["href"] for a in links] == [f"don-vi/{u}.html" for u in (FIRST, SECOND)]


def test_a_month_without_scores_leads_with_its_dossiers() -> None:
    page, unit = pages_of(draft(MONTHS[:0]), "index.html", f"don-vi/{FIRST}.html")
    for headline in (
        page.one("section", class_="headline"),
        unit.one("section", class_="headline"),
    ):
        assert "hồ sơ tiếp nhận" in headline.text
        assert "100,00 % đã giải quyết là trước hạn hoặc đúng hạn" in headline.text
    assert page.one("section", class_="headline").all("data")[0].attributes["value"] == "71"
    assert not page.all("h2", id_="missing")


def test_the_unit_page_of_the_city_is_not_ranked_among_its_own_units() -> None:
    (page,) = pages_of(draft(), f"don-vi/{ROOT}.html")
    assert not page.all("section", aria_labelledby="peers")
