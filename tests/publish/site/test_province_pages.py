"""The page of provinces side by side: scores, the middle and the quarters, and who is absent."""

import csv
from dataclasses import replace
from typing import Any

import pytest

from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import unit_rows
from cchc_pipeline.registers.units import UnitRegister
from publish.model import Draft
from publish.site.extract import Figures
from publish.site.kept import PageRecipe
from publish.site.page import imprint_of_draft
from publish.site.pages.periods import month_pages
from publish.site.pages.provinces import national_month, province_pages
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import (
    APRIL,
    GROUPS,
    IDENTITY,
    MARCH,
    ROOT,
    score_rows,
    small_draft,
    small_tables,
    table,
    unit,
)

Row = dict[str, Any]
PEERS = {f"P{number:02d}": float(number) for number in range(1, 7)}
"""Other provinces, and the points of each of their six groups."""


def _of_province(code: str, part: float | None, month: Month = APRIL, **other: Any) -> list[Row]:
    """A province's total and groups; of those with a null no score."""
    rows = [row for row in score_rows(month, part or 0.0, **other) if row["unit_code"] == ROOT]
    nothing = {"score": None, "obs_status": "M"} if part is None else {}
    return [row | {"unit_code": code, "provenance": "official"} | nothing for row in rows]


def _ranked(rows: list[Row]) -> list[Row]:
    """With ranks as the domain gives them: the best first, equal scores share one."""
    scores: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        if row["score"] is not None:
            scores.setdefault(_place(row), []).append(row["score"])
    return [
        row if row["score"] is None
        else row | {"rank": 1 + sum(other > row["score"] for other in scores[_place(row)])}
        for row in rows
    ]  # fmt: skip


def _place(row: Row) -> tuple[str, ...]:
    return row["period"], row["basis"], row["metric_code"]


def _national(part: float = 4.5, month: Month = APRIL, **other: Any) -> list[Row]:
    """The national table: the publishing province with so many points a group, and its peers."""
    parts = PEERS | {ROOT: part}
    return _ranked(
        [
            row
            for code, points in parts.items()
            for row in _of_province(code, points, month, **other)
        ]
    )


def _draft(rows: list[Row], **sites: str) -> Draft:
    """A release of two months that lists one more province than has scores."""
    tables = small_tables((MARCH, APRIL))
    others = tuple(unit(code, level="province", parent_code=None) for code in (*PEERS, "P99"))
    units = [*tables["units"].to_pylist(), *unit_rows(UnitRegister(others))]
    made = {"units": table("units", units), "scores": table("scores", rows)}
    publisher = replace(IDENTITY, neighbours=tuple(sites.items()))
    return small_draft(tables=tables | made, periods=(MARCH, APRIL), identity=publisher)


def _page(rows: list[Row], language: str = "vi", **sites: str) -> Element:
    draft = _draft(rows, **sites)
    (recipe,) = province_pages(Figures(draft), {})
    pages = dict(recipe.rendered(imprint_of_draft(draft)))
    return parse(pages[f"{'en/' if language == 'en' else ''}cac-tinh.html"].decode())


def _rows(page: Element, identifier: str) -> dict[str, list[str]]:
    """The texts of a table's cells by the code of their row."""
    (frame,) = page.all("div", aria_labelledby=identifier)
    return {
        row.attributes["data-row"]: [
            part.text.strip() for part in row.content if isinstance(part, Element)
        ]
        for row in frame.all("tr")
        if "data-row" in row.attributes
    }


# What is shown


def test_provinces_stand_side_by_side_with_total_groups_and_rank() -> None:
    rows = _rows(_page(_national()), "league-month")
    assert list(rows) == ["P06", "P05", ROOT, "P04", "P03", "P02", "P01"]
    assert rows["P06"] == ["1", "Đơn vị thử P06", "36,00", *["6,00"] * len(GROUPS)]
    assert rows[ROOT][0] == "3"
    assert "đơn vị công bố" in rows[ROOT][1]


def test_the_middle_and_the_quarters_of_each_group_stand_beside_the_publishing_province() -> None:
    rows = _rows(_page(_national()), "spread-month")
    assert list(rows) == ["TOTAL", *GROUPS]
    assert rows["TDGQ"][1:] == ["4,50", "3", "1,00", "2,50", "4,00", "4,75", "6,00", "20"]
    assert rows["TOTAL"][5] == "24,00"


def test_the_finding_tells_the_spread_and_the_distance_from_the_middle() -> None:
    part = _page(_national()).one("section", aria_labelledby="month")
    assert "7 tỉnh, thành phố có tổng điểm từ 6,00 đến 36,00: trung vị 24,00" in part.text
    assert "27,00 điểm. Hạng 3 trong 7 tỉnh, thành phố. So với trung vị: +3,00 điểm." in part.text
    english = _page(_national(), "en").one("section", aria_labelledby="month")
    assert "the middle half lies between 15.00 and 28.50" in english.text


def test_a_month_and_the_year_to_date_stand_apart_and_say_when_they_were_taken() -> None:
    page = _page(_national() + _national(basis="ytd", captured_at="2024-06-01T03:00:00Z"))
    month, year = (page.one("section", aria_labelledby=name) for name in ("month", "ytd"))
    assert "Tháng 4/2024, theo Cổng DVCQG" in month.text
    assert "05/5/2024" in month.text and "01/6/2024" not in month.text
    assert "01/6/2024" in year.text and "tính cả những ngày sau 30/4/2024" in year.text


def test_a_province_is_linked_to_its_own_site_where_that_is_known() -> None:
    page = _page(_national(), P01="https://so-lieu.p01.example/", P02="p02/index.html")
    hrefs = {a.text: a.attributes["href"] for a in page.one("main").all("a")}
    assert hrefs["Đơn vị thử P01"] == "https://so-lieu.p01.example/"
    assert hrefs["Đơn vị thử P02"] == "p02/index.html"
    assert "Đơn vị thử P03" not in hrefs
    english = _page(_national(), "en", P02="p02/index.html").one("main")
    assert "../p02/index.html" in {a.attributes["href"] for a in english.all("a")}


# What is not there


def test_provinces_that_the_source_does_not_name_are_named() -> None:
    rows = [row for row in _national() if row["unit_code"] != "P03"]
    page = _page(rows)
    assert "Không có trong bảng của nguồn (2): Đơn vị thử P03; Đơn vị thử P99." in page.text
    assert "P03" not in _rows(page, "league-month")


def test_a_province_with_groups_and_no_total_says_so_and_is_counted_nowhere() -> None:
    gone = {"score": None, "obs_status": "L", "rank": None}
    rows = [
        row | gone if (row["unit_code"], row["metric_code"]) == ("P06", "TOTAL") else row
        for row in _national()
    ]
    page = _page(rows)
    assert "Không có tổng điểm: Đơn vị thử P06." in page.text
    assert "6 tỉnh, thành phố có tổng điểm từ 6,00 đến 30,00" in page.text
    last = _rows(page, "league-month")["P06"]
    assert last[0].startswith("–") and "không có tổng điểm" in last[2] and last[3] == "6,00"


def test_a_score_that_is_missing_is_never_0() -> None:
    rows = [row for row in _national() if row["unit_code"] != "P05"]
    page = _page(rows + _of_province("P05", None))
    cells = _rows(page, "league-month")["P05"]
    assert all(cell.startswith("–") for cell in (cells[0], *cells[2:]))
    assert _rows(page, "spread-month")["TDGQ"][3] == "1,00"


def test_a_group_with_an_empty_metric_is_marked_and_no_part_of_the_middle() -> None:
    rows = [
        row | {"quality_flag": "NULL_METRIC"}
        if (row["unit_code"], row["metric_code"]) == ("P01", "TDGQ") else row
        for row in _national()
    ]  # fmt: skip
    page = _page(rows)
    assert "†" in _rows(page, "league-month")["P01"][4]
    assert _rows(page, "spread-month")["TDGQ"][3:6] == ["2,00", "3,25", "4,25"]


def test_with_few_provinces_nothing_is_said_of_a_middle() -> None:
    rows = [row for row in _national() if row["unit_code"] in {ROOT, "P01", "P02"}]
    page = _page(rows)
    assert [cell[:1] for cell in _rows(page, "spread-month")["TOTAL"][4:7]] == ["–"] * 3
    assert not page.all("svg")


def test_a_publishing_province_without_a_score_does_not_hide_the_others() -> None:
    own = {"score": None, "rank": None, "obs_status": "O", "methodology": None,
           "captured_at": None, "source_system": None}  # fmt: skip
    rows = [row | own if row["unit_code"] == ROOT else row for row in _national()]
    page = _page(rows)
    assert "không có tổng điểm trong bảng này" in page.text
    assert list(_rows(page, "league-month"))[-1] == ROOT


# Months


def test_changes_are_told_against_the_month_before_where_it_was_measured_alike() -> None:
    rows = _national(5.5, MARCH) + _national(4.5, APRIL)
    assert _rows(_page(rows), "league-month")[ROOT][3:5] == ["−6,00", "−1"]
    other = [r | {"methodology": "766-2022"} if r["period"] == str(MARCH) else r for r in rows]
    assert _rows(_page(other), "league-month")[ROOT][3] == "4,50"


def test_the_newest_month_with_a_national_table_is_shown_and_a_newer_one_named() -> None:
    rows = _national(month=MARCH) + [r for r in _national() if r["unit_code"] == ROOT]
    assert national_month(Figures(_draft(rows))) == MARCH
    page = _page(rows)
    assert page.one("main").attributes["data-period"] == "2024-03"
    assert "Tháng 4/2024 chưa có bảng chung cả nước; trang này nêu tháng 3/2024" in page.text


@pytest.mark.parametrize("rows", [[], _of_province(ROOT, 4.5)], ids=["nothing", "one province"])
def test_without_a_national_table_the_page_says_so(rows: list[Row]) -> None:
    page = _page(rows)
    assert "Chưa có bảng chung cả nước" in page.one("main").text
    assert not page.all("table")


def test_the_page_of_the_month_with_the_table_leads_there_and_no_other_does() -> None:
    rows = _national(month=MARCH) + [r for r in _national() if r["unit_code"] == ROOT]
    leads = {
        recipe.name: any("cac-tinh.html" in a.attributes["href"] for a in _main_of(recipe).all("a"))
        for recipe in month_pages(Figures(_draft(rows)), {})
    }
    assert leads == {"thang/2024-03.html": True, "thang/2024-04.html": False, "index.html": False}


def _main_of(recipe: PageRecipe) -> Element:
    imprint = imprint_of_draft(small_draft())
    return parse(next(iter(recipe.rendered(imprint)))[1].decode()).one("main")


# The file beside it


def test_the_rows_that_are_shown_stand_in_a_file_beside_the_page() -> None:
    year = [row for row in _national(basis="ytd") if row["unit_code"] == ROOT]
    (recipe,) = province_pages(Figures(_draft(_national() + _national(month=MARCH) + year)), {})
    files = dict(recipe.rendered(imprint_of_draft(small_draft())))
    rows = list(csv.DictReader(files["kem/cac-tinh/scores.csv"].decode().splitlines()))
    assert {(row["period"], row["basis"]) for row in rows} == {("2024-04", "month")}
    shown = _rows(parse(files["cac-tinh.html"].decode()), "league-month")
    assert sorted(row["unit_code"] for row in rows if row["metric_code"] == "TOTAL") == sorted(
        shown
    )
    assert len(rows) == len(shown) * (1 + len(GROUPS))
    assert "kem/cac-tinh/chart-month.vi.svg" in files


# Samples


def test_a_sample_is_marked_at_its_number_and_above_the_table() -> None:
    rows = [row | {"provenance": "sample"} for row in _national()]
    page = _page(rows)
    part = page.one("section", aria_labelledby="month")
    tables = part.all("table")
    assert all("DỮ LIỆU MẪU" in one.one("caption").text for one in tables) and len(tables) == 2
    assert all("mẫu" in cell for cell in _rows(page, "spread-month")["TDGQ"][1:8])
    assert "DỮ LIỆU MẪU" in part.one("figcaption").text
    assert "DỮ LIỆU MẪU" not in _page(_national()).text
