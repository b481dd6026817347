"""A month beside earlier ones and a unit beside its neighbours, without a script."""

from decimal import Decimal
from typing import Any

import pytest

from cchc_pipeline.core.period import Month
from publish.site.blocks.beside import Side, beside
from publish.site.blocks.dossiers import Flow
from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.periods import month_pages
from publish.site.pages.units import nearest, unit_pages
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import FIRST, MARCH, ROOT, SECOND, score_rows, with_table
from tests.publish.two_months import two_months

OWN = {row["metric_code"]: row for row in score_rows() if row["unit_code"] == ROOT}


def scores(**changes: Any) -> dict[str, dict[str, Any]]:
    """The same figures a month before, 6 points lower in total."""
    rows = score_rows(MARCH.previous(), 7.25, **changes)
    return {row["metric_code"]: row for row in rows if row["unit_code"] == ROOT}


def test_what_was_measured_alike_is_told_as_a_difference() -> None:
    found = beside(Side("a", OWN), [other := Side("b", scores())], ["TDGQ"])
    assert found.gap(other, "TOTAL") == Decimal(6)
    assert found.gap(other, "TDGQ") == Decimal(1)


@pytest.mark.parametrize(
    "changes",
    [
        {"methodology": "766-2022"},
        {"source_system": "another"},
        {"score": None},
        {"max_score": 90.0},
        {"quality_flag": "NULL_METRIC"},
        {"period": "2026-02"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_was_not_measured_alike_has_no_difference(changes: dict[str, Any]) -> None:
    found = beside(Side("a", OWN), [other := Side("b", scores(**changes))], [])
    assert found.gap(other, "TOTAL") is None


def test_what_has_no_figure_does_not_stand_beside_anything() -> None:
    flow = Flow(MARCH, {"early": 1, "on_time": 1, "late": 0})
    nothing = Side("b", scores(score=None))
    assert beside(Side("a", OWN), [nothing, Side("c", {}, flow)], []).others == (
        Side("c", {}, flow),
    )
    assert beside(nothing, [Side("a", OWN)], []).others == ()


def test_the_share_in_time_is_told_against_another() -> None:
    mine, theirs = (
        Flow(MARCH, {"early": early, "on_time": 0, "late": late})
        for early, late in ((9, 1), (3, 1))
    )
    found = beside(Side("a", {}, mine), [other := Side("b", {}, theirs)], [])
    assert found.share_gap(other) == Decimal(15)
    assert found.share_gap(Side("c", {})) is None


def test_the_dossiers_received_are_told_against_another() -> None:
    mine, theirs = (Flow(MARCH, {"received": received}) for received in (1184, 818))
    found = beside(Side("a", {}, mine), [other := Side("b", {}, theirs)], [])
    assert found.received_gap(other) == 366
    assert found.received_gap(Side("c", {})) is None


@pytest.mark.parametrize(
    ("unit", "others"),
    [("c", ["b", "d"]), ("a", ["b", "c"]), ("e", ["c", "d"]), ("x", [])],
)
def test_the_nearest_in_rank_are_just_above_and_below_or_two_at_an_end(
    unit: str, others: list[str]
) -> None:
    assert (
        nearest([(5.0 - place, None, code) for place, code in enumerate("abcde")], unit) == others
    )


def page_of(name: str, **provenance: str) -> Element:
    draft = two_months()
    if provenance:
        draft = with_table(draft, "scores", lambda row: row | provenance)
    figures = Figures(draft)
    recipes = {r.name: r for r in (*month_pages(figures, {}), *unit_pages(figures, {}))}
    pages = dict(recipes[name].rendered(imprint_of_draft(draft)))
    return parse(pages[name].decode()).one("section", aria_labelledby="beside")


def texts(section: Element) -> list[str]:
    return [row.text for row in section.one("tbody").all("tr")]


def test_a_month_stands_beside_the_one_before() -> None:
    own, before, gap = texts(page_of("thang/2024-03.html"))
    assert own.startswith("Tháng 3/202449,501")  # the total, and the rank
    assert before.startswith("Tháng 02/202448,002")
    assert gap.startswith("Chênh lệch") and "+1,50" in gap and "+1" in gap and "+0,25" in gap


def test_a_month_that_cannot_stand_beside_it_is_named() -> None:
    said = page_of("thang/2024-03.html").all("p", class_="small")
    assert [p.text for p in said] == ["Không có số liệu để so sánh của: tháng 3/2023."]


def test_a_unit_stands_beside_its_neighbour_and_leads_to_it() -> None:
    section = page_of(f"don-vi/{FIRST}.html")
    assert section.all("a")[0].attributes["href"] == f"../don-vi/{SECOND}.html"
    own, other, gap = texts(section)
    assert FIRST in own and SECOND in other and "0,00" in gap


@pytest.mark.parametrize("name", ["thang/2024-03.html", f"don-vi/{FIRST}.html"])
def test_a_difference_of_sample_figures_carries_their_mark(name: str) -> None:
    marked = page_of(name, provenance="sample").one("tbody").all("tr")[-1]
    assert len(marked.all("small", class_="m")) == 8  # total, rank, six groups
    real = page_of(name).one("tbody").all("tr")[-1]
    assert not real.all("small", class_="m")


def test_the_first_month_stands_beside_nothing() -> None:
    with pytest.raises(ValueError):
        page_of(f"thang/{Month(2024, 2)}.html")
