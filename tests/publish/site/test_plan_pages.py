"""The pages of the plan: every target and task, what is known, what is owed, nothing mended."""

from typing import Any

import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.plan_indicators import plan_indicator_rows
from cchc_pipeline.indicators.task_progress import task_rows, task_states
from cchc_pipeline.plan import PublicationLog, load_plan
from publish.package.formats import cell_text
from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.plans import plan_pages
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import (
    APRIL,
    MARCH,
    ROOT,
    register,
    small_draft,
    small_tables,
    table,
)

Row = dict[str, Any]
LATER = Month(2026, 9)


def _indicators(month: Month, *changed: Row) -> list[Row]:
    """Every target of a month, with some cells replaced."""
    rows = {
        (row["indicator_id"], row["basis"]): row
        for row in plan_indicator_rows(month, ROOT, PublicationLog())
    }
    for change in changed:
        rows[change["indicator_id"], change["basis"]] |= change
    return list(rows.values())


def _value(target: str, numerator: int, denominator: int, **cells: Any) -> Row:
    return {
        "indicator_id": target, "basis": "ytd", "numerator": numerator,
        "denominator": denominator, "value": round(100 * numerator / denominator, 2),
        "obs_status": "A", "owed_by": None,
    } | cells  # fmt: skip


def _pages(
    indicators: list[Row], months: tuple[Month, ...] = (MARCH,), tasks: list[Row] | None = None
) -> dict[str, Element]:
    newest = max(month for month in months if month.year == MARCH.year)
    states = task_states(newest, (), register(), ROOT, PublicationLog())
    tables = small_tables() | {
        "plan_indicators": table("plan_indicators", indicators),
        "plan_tasks": table("plan_tasks", tasks or task_rows(newest, states)),
    }
    draft = small_draft(tables=tables, periods=months)
    imprint = imprint_of_draft(draft)
    return {
        path: parse(content.decode())
        for plan in plan_pages(Figures(draft), {})
        for path, content in plan.rendered(imprint)
        if path.endswith(".html")
    }


def _page(*changed: Row, language: str = "vi") -> Element:
    path = "ke-hoach/2024.html" if language == "vi" else "en/ke-hoach/2024.html"
    return _pages(_indicators(MARCH, *changed))[path]


def _target(page: Element, name: str) -> Element:
    return page.one("section", aria_labelledby="targets").one("tr", data_row=name)


def test_the_list_names_each_plan_and_each_year_that_has_none() -> None:
    page = _pages(_indicators(MARCH), (MARCH, LATER))["ke-hoach/index.html"]
    links = {link.attributes["href"] for link in page.one("main").all("a")}
    assert "../ke-hoach/2024.html" in links
    assert "../ke-hoach/2026.html" not in links
    assert "Chưa có kế hoạch cải cách hành chính năm 2026" in page.one("main").text


def test_a_year_without_a_plan_has_no_page() -> None:
    pages = _pages(_indicators(MARCH), (MARCH, LATER))
    assert {path for path in pages if not path.startswith("en/")} == {
        "ke-hoach/index.html", "ke-hoach/2024.html",
    }  # fmt: skip


def test_every_target_and_every_task_of_the_plan_is_there() -> None:
    plan = load_plan(2024)
    assert plan is not None
    page = _page()
    shown = page.one("section", aria_labelledby="targets").one("tbody").all("tr")
    assert {tr.attributes["data-row"] for tr in shown} == {target.id for target in plan.targets}
    tables = page.all("table", class_="tasks")
    rows = [tr.attributes["data-row"] for t in tables for tr in t.one("tbody").all("tr")]
    assert sorted(rows) == sorted(task.id for task in plan.tasks)
    assert len(tables) == len(plan.groups)


def test_a_task_whose_time_is_over_and_that_is_not_done_is_marked_and_a_slip_is_not() -> None:
    """1a was due in December 2023, 15 in January 2024; 57 says 2021, which is a slip."""
    shown = {
        tr.attributes["data-row"]: tr.text
        for part in _page().all("table", class_="tasks")
        for tr in part.one("tbody").all("tr")
    }
    assert "quá thời hạn 31/12/2023" in shown["1a"] and "quá thời hạn 31/01/2024" in shown["15"]
    assert not any("quá thời hạn" in shown[task] for task in ("57", "2"))


def test_a_task_that_is_done_is_not_past_its_time() -> None:
    rows = task_rows(MARCH, task_states(MARCH, (), register(), ROOT, PublicationLog()))
    done = [row | {"status": "DONE"} if row["task_id"] == "1a" else row for row in rows]
    page = _pages(_indicators(MARCH), tasks=done)["ke-hoach/2024.html"]
    (row,) = [tr for tr in page.all("tr") if tr.attributes.get("data-row") == "1a"]
    assert "quá thời hạn" not in row.text


def test_how_many_tasks_nobody_reported_is_said_before_them() -> None:
    section = _page().one("section", aria_labelledby="tasks").text
    assert "63 trong 63 nhiệm vụ chưa có báo cáo." in section


def test_a_share_that_lacks_reports_says_so_and_names_everybody_who_owes_one() -> None:
    names = [f"Đơn vị {number}" for number in range(1, 24)]
    owed = _value("II.3", 0, 63, obs_status="P", owed_by="; ".join(names))
    page = _page(owed)
    row = _target(page, "II.3")
    assert "0 trên 63; chưa đủ báo cáo" in row.text and "và 20 đơn vị khác" in row.text
    debts = page.one("section", aria_labelledby="debts")
    assert set(names) <= {th.text for th in debts.all("th")}
    assert not any("đơn vị khác" in th.text for th in debts.all("th"))


def test_a_target_that_nobody_reported_is_unknown_and_names_who_owes_it() -> None:
    row = _target(_page(), "45")
    assert "Chưa rõ" in row.text and "Sở Tài chính" in row.text
    assert not [n for n in row.all("data") if n.attributes["value"] == "0.00"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_values_and_counts_are_the_cells_of_the_table(language: str) -> None:
    row = _target(_page(_value("24", 872, 1055, attained=True), language=language), "24")
    contract = load_contract("plan_indicators")
    shown = [n.attributes["value"] for n in row.all("data")]
    for column, value in (("value", 82.65), ("numerator", 872.0), ("denominator", 1055.0)):
        assert cell_text(value, contract.field(column)) in shown
    assert ("82,65" if language == "vi" else "82.65") in row.text


def test_the_gap_is_the_value_less_the_target() -> None:
    page = _page(_value("II.6a", 2613, 2779, attained=False))
    assert "−0,97" in _target(page, "II.6a").text


def test_of_a_value_that_nobody_judges_yet_no_gap_is_told_and_the_chart_says_why() -> None:
    open_ = _value("II.6a", 0, 63, attained=None, obs_status="P")
    page = _page(open_)
    assert "−95" not in _target(page, "II.6a").text
    assert "0,00 %, chưa đủ báo cáo (phải đạt" in page.all("svg")[0].text


@pytest.mark.parametrize(
    ("counts", "cells", "said"),
    [
        ((2613, 2779), {"attained": False, "required_run_rate": 95.32}, "95,32"),
        ((100, 2779), {"attained": False}, "Không còn đạt được"),
        ((2779, 2779), {"attained": True}, "cần"),
    ],
)
def test_what_is_needed_until_the_end_of_the_year_is_said(
    counts: tuple[int, int], cells: Row, said: str
) -> None:
    assert said in _target(_page(_value("II.6a", *counts, **cells)), "II.6a").text


def test_targets_that_contradict_each_other_stand_side_by_side_with_both_verdicts() -> None:
    page = _page(
        _value("II.6a", 2613, 2779, attained=False), _value("28b", 2613, 2779, attained=True)
    )
    conflicts = page.one("section", aria_labelledby="conflicts").text
    assert "II.6a" in conflicts and "28b" in conflicts
    assert "✗ Chưa đạt" in conflicts and "✓ Đạt" in conflicts


def test_slips_of_the_text_are_quoted_as_written() -> None:
    conflicts = _page().one("section", aria_labelledby="conflicts").text
    assert "479/QĐ-UBND" in conflicts and "Cả năm 2021" in conflicts


def test_the_course_has_a_column_for_each_month_and_a_dash_for_a_gap() -> None:
    rows = [*_indicators(MARCH), *_indicators(APRIL, _value("24", 9, 10, attained=True))]
    page = _pages(rows, (MARCH, APRIL))["ke-hoach/2024.html"]
    course = page.one("section", aria_labelledby="course")
    headings = [th for th in course.all("th") if "data-period" in th.attributes]
    periods = [th.attributes["data-period"] for th in headings]
    assert periods == ["2024-03", "2024-04"]
    first, second = course.one("tr", data_row="24").all("td", class_="n")
    assert "–" in first.text and not first.all("data")
    assert second.one("data").attributes["value"] == "90.00" and "Đạt" in second.text


def test_names_from_the_data_are_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    states = task_states(MARCH, (), register(), ROOT, PublicationLog())
    tasks = [row | {"title": hostile} for row in task_rows(MARCH, states)]
    page = _pages(_indicators(MARCH), tasks=tasks)["ke-hoach/2024.html"]
    assert hostile in page.all("table", class_="tasks")[0].text
    assert not [s for s in page.all("script") if "alert" in s.text]


def test_headings_captions_and_frames_are_as_everywhere() -> None:
    for page in _pages(_indicators(MARCH, _value("24", 9, 10, attained=True))).values():
        assert len(page.all("h1")) == 1
        ids = [e.attributes["id"] for e in page.walk() if "id" in e.attributes]
        assert len(ids) == len(set(ids))
        framed = sum(len(f.all("table")) for f in page.all("div", class_="scroll", role="group"))
        assert framed == len(page.all("table"))
        assert all(shown.one("caption").text for shown in page.all("table"))
