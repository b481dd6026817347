"""The quality page: who did not report, what was set aside, what does not fit, nothing hidden."""

from dataclasses import replace
from typing import Any

import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from publish.model import Draft
from publish.package.formats import cell_text
from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.quality import BREAKS, quality_pages
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import (
    APRIL,
    FIRST,
    MARCH,
    ROOT,
    SECOND,
    score_rows,
    small_draft,
    small_tables,
    statistics_rows,
    submission_rows,
    table,
)

Row = dict[str, Any]


def _draft(months: tuple[Month, ...] = (MARCH,), **rows: list[Row]) -> Draft:
    """The small release with the rows of some tables replaced."""
    tables = small_tables(months)
    given = {name: table(name, content) for name, content in rows.items()}
    return small_draft(tables=tables | given, periods=months)


def _page(draft: Draft | None = None, language: str = "vi") -> Element:
    draft = draft or _draft()
    (plan,) = quality_pages(Figures(draft), {})
    pages = dict(plan.rendered(imprint_of_draft(draft)))
    return parse(pages["chat-luong.html" if language == "vi" else "en/chat-luong.html"].decode())


def _dossiers(month: Month, unit: str = ROOT, **cells: Any) -> Row:
    return {
        "period": str(month), "unit_code": unit, "table": "dossiers",
        "received_at": f"{month.next()}-02T03:00:00Z", "rows": 1000, "accepted": 996,
        "quarantined": 4, "duplicates": 0, "status": "received", "release": None,
    } | cells  # fmt: skip


def _rule(unit: str, rule: str, count: int) -> Row:
    return {
        "period": str(MARCH), "unit_code": unit, "table": "dossiers", "rule": rule,
        "quarantined": count, "release": None,
    }  # fmt: skip


def _open(month: Month, unit: str, carried: int, left: int, **cells: Any) -> Row:
    """A unit's dossiers of a month, all fields together."""
    row = next(r for r in statistics_rows(month) if r["unit_code"] == unit)
    return row | {
        "field_code": "ALL", "carried_over": carried, "open_in_time": left, "open_overdue": 0,
        **cells,
    }  # fmt: skip


def _section(page: Element, name: str) -> Element:
    return page.one("section", aria_labelledby=name)


def test_every_gate_stands_with_its_question_and_the_verdicts_are_linked() -> None:
    for language in ("vi", "en"):
        page = _page(language=language)
        checks = _section(page, "checks")
        for name, words in read_yaml("release/gates.yaml")["gates"].items():
            assert words[language] in checks.text and name in checks.text
        way = "../latest/quality.json" if language == "en" else "latest/quality.json"
        assert way in {link.attributes["href"] for link in checks.all("a")}


def test_units_that_handed_nothing_in_are_named() -> None:
    nothing = dict.fromkeys(("received_at", "rows", "accepted", "quarantined", "duplicates"))
    silent = _dossiers(MARCH, FIRST, status="missing", **nothing)
    rows = [_dossiers(MARCH), silent, _dossiers(MARCH, SECOND)]
    missing = _section(_page(_draft(submissions=rows)), "missing")
    assert "1 đơn vị chưa gửi" in missing.text
    assert [p.text for d in missing.all("details") for p in d.all("p")] == [f"Đơn vị thử {FIRST}."]


def test_a_month_with_everything_says_so() -> None:
    missing = _section(_page(_draft(submissions=[_dossiers(MARCH)])), "missing")
    assert "Đã nhận đủ số liệu" in missing.text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_counts_of_submissions_are_the_cells_of_the_table(language: str) -> None:
    rows = [_dossiers(MARCH), *submission_rows(MARCH)[:1]]
    shown = _page(_draft(submissions=rows), language).all("table", data_unit=ROOT)[0]
    columns = [th.attributes.get("data-col") for th in shown.one("thead").all("th")]
    contract, checked = load_contract("submissions"), 0
    for row in rows:
        line = shown.one("tr", data_row=f"{row['period']}|{row['table']}")
        cells = [part for part in line.content if isinstance(part, Element)]
        for column, cell in zip(columns, cells, strict=True):
            if column:
                value = cell.one("data").attributes["value"]
                assert value == cell_text(row[column], contract.field(column))
                checked += 1
    assert checked == 8


def test_a_table_that_nobody_handed_in_has_dashes_and_no_zero() -> None:
    row = _page().one("tr", data_row=f"{MARCH}|dossiers")
    assert not row.all("data") and "–" in row.text and "Chưa nhận" in row.text


def test_what_was_set_aside_is_told_by_month_unit_and_rule() -> None:
    rows = [
        _dossiers(MARCH),
        _dossiers(MARCH, FIRST, quarantined=1, accepted=999),
        _dossiers(MARCH, SECOND, quarantined=3, accepted=997),
    ]
    rules = [
        _rule(ROOT, "CODE_MISSING", 1), _rule(FIRST, "CODE_MISSING", 1),
        _rule(ROOT, "CHANNEL_UNKNOWN", 3), _rule(SECOND, "CHANNEL_UNKNOWN", 3),
    ]  # fmt: skip
    held = _section(_page(_draft(submissions=rows, quarantine_summary=rules)), "held")
    assert "0,40 % số dòng hồ sơ bị tạm giữ" in held.one("figcaption").text
    of_units, of_rules = (part.one("tbody").all("tr") for part in held.all("table"))
    assert [tr.attributes["data-row"] for tr in of_units] == [
        f"{SECOND}|dossiers", f"{FIRST}|dossiers",
    ]  # fmt: skip
    assert [tr.attributes["data-row"] for tr in of_rules] == [
        f"{ROOT}|dossiers|CHANNEL_UNKNOWN", f"{SECOND}|dossiers|CHANNEL_UNKNOWN",
        f"{ROOT}|dossiers|CODE_MISSING", f"{FIRST}|dossiers|CODE_MISSING",
    ]  # fmt: skip
    assert "Hình thức tiếp nhận không có trong danh mục" in of_rules[0].text


def test_without_dossiers_there_is_no_chart_and_the_page_says_that_nothing_was_set_aside() -> None:
    held = _section(_page(_draft(submissions=[])), "held")
    assert not held.all("svg") and "Không có dòng nào bị tạm giữ" in held.text


def test_a_month_without_dossiers_interrupts_the_course() -> None:
    rows = [_dossiers(MARCH), _dossiers(Month(2024, 5))]
    months = (MARCH, APRIL, Month(2024, 5))
    held = _section(_page(_draft(months, submissions=rows)), "held")
    assert len(held.all("circle")) == 2 and not held.all("line", class_="course")


def test_months_that_do_not_join_are_told_by_unit_the_largest_first() -> None:
    rows = [
        _open(MARCH, ROOT, 0, 12), _open(MARCH, FIRST, 0, 5), _open(MARCH, SECOND, 0, 7),
        _open(APRIL, ROOT, 9, 0), _open(APRIL, FIRST, 5, 0), _open(APRIL, SECOND, 4, 0),
    ]  # fmt: skip
    breaks = _section(_page(_draft((MARCH, APRIL), dossier_statistics=rows)), "breaks")
    lines = [[td.text for td in tr.all("td")] for tr in breaks.one("tbody").all("tr")]
    assert [line[1:] for line in lines] == [["12", "9", "−3"], ["7", "4", "−3"]]
    assert SECOND in lines[1][0]


def test_a_long_list_of_breaks_is_cut_and_its_length_told() -> None:
    months = tuple(Month(2024, 1).to(Month(2026, 12)))
    rows = [_open(m, unit, 0, 5) for m in months for unit in (ROOT, FIRST)]
    draft = small_draft(
        tables=small_tables() | {"dossier_statistics": table("dossier_statistics", rows)},
        periods=months,
    )
    breaks = _section(_page(draft), "breaks")
    assert len(breaks.one("tbody").all("tr")) == BREAKS
    assert "(50 trong 70)" in breaks.one("caption").text


def test_months_that_do_not_follow_each_other_are_not_compared() -> None:
    rows = [_open(MARCH, ROOT, 0, 12), _open(Month(2024, 5), ROOT, 3, 0)]
    breaks = _section(_page(_draft((MARCH, Month(2024, 5)), dossier_statistics=rows)), "breaks")
    assert not breaks.all("table") and "đều khớp" in breaks.text


def test_flags_and_differences_are_counted_and_the_largest_shown() -> None:
    base = small_tables()["scores"].to_pylist()
    apart = {(ROOT, "CKMB"): 0.5, (FIRST, "TDGQ"): 0.01, (SECOND, "TOTAL"): 0.0}
    rows = [_differing(row, apart) for row in base]
    page = _page(_draft(scores=rows))
    again = _section(page, "recomputed")
    assert "3 điểm tính lại được" in again.text and "1 điểm lệch quá" in again.text
    first, second = again.one("tbody").all("tr")
    assert first.attributes["data-row"] == f"month|{ROOT}|CKMB"
    assert [n.attributes["value"] for n in first.all("data")] == ["8.25", "7.75", "0.50"]
    assert second.attributes["data-row"] == f"month|{FIRST}|TDGQ"
    flags = _section(page, "flags").one("tbody").one("tr")
    assert "Tính lại có chênh lệch" in flags.text and flags.all("td")[-1].text == "Có"


def _differing(row: Row, apart: dict[tuple[str, str], float]) -> Row:
    difference = apart.get((row["unit_code"], row["metric_code"]))
    if difference is None:
        return row
    flag = "RECOMPUTED_DIFFERS" if difference > 0.1 else None
    recomputed = row["score"] - difference
    return row | {
        "difference": difference, "recomputed_score": recomputed, "quality_flag": flag,
    }  # fmt: skip


def test_statuses_are_counted_by_table_over_all_periods() -> None:
    statuses = _section(_page(), "statuses")
    lines = {tuple(c.text for c in tr.walk() if c.tag in {"th", "td"}) for tr in statuses.all("tr")}
    assert ("Điểm đánh giá chất lượng phục vụ", "Bình thường (A)", "21") in lines


def _sample(rows: list[Row], unit: str) -> list[Row]:
    """The rows of a unit come of sample data, those of all others are official."""
    return [row | {"provenance": "sample" if row["unit_code"] == unit else "official"}
            for row in rows]  # fmt: skip


@pytest.mark.parametrize(("unit", "breaks"), [(FIRST, [3, 0]), (SECOND, [0, 3])])
def test_a_count_of_rows_with_a_sample_s_among_them_is_marked(unit: str, breaks: list[int]) -> None:
    base = small_tables((APRIL,))["scores"].to_pylist()
    scores = [_differing(row, {(FIRST, "TDGQ"): 0.5}) for row in base]
    opened = [
        _open(month, code, carried, left)
        for month, carried, left in ((MARCH, 0, 12), (APRIL, 9, 0))
        for code in (FIRST, SECOND)
    ]
    given = {"scores": _sample(scores, unit), "dossier_statistics": _sample(opened, unit)}
    page = _page(_draft((MARCH, APRIL), **given))
    assert _marks(_section(page, "recomputed").all("p")[0]) == 1
    assert _marks(_section(page, "flags")) == (unit == FIRST)
    assert [_marks(row) for row in _rows(page, "breaks")] == breaks
    assert _marks(_rows(page, "statuses")[0]) == 1


def test_no_count_of_official_rows_is_marked() -> None:
    assert _marks(_page()) == 0


def _marks(part: Element) -> int:
    return len(part.all("small", class_="m"))


def _rows(page: Element, section: str) -> list[Element]:
    return _section(page, section).one("tbody").all("tr")


def test_of_what_the_whole_hands_in_no_number_of_units_is_told() -> None:
    whole, alone = _dossiers(MARCH), _dossiers(MARCH, table="petitions")
    unit = _dossiers(MARCH, FIRST, status="missing")
    lines = _rows(_page(_draft(submissions=[whole, unit, alone])), "missing")
    assert [line.all("td")[-1].text for line in lines] == ["1", "–"]


def test_corrections_in_force_are_told_with_both_values() -> None:
    row = {
        "period": str(MARCH), "basis": "month", "unit_code": FIRST, "metric_code": "CKMB",
        "column": "score", "action": "replace", "source_value": 8.25, "corrected_value": 9.0,
        "reason_code": "SRC", "reason_vi": "Nguồn tính sót", "reason_en": "The source left out",
        "reported_by": "Cơ quan thử", "reported_on": MARCH.last_day, "release": None,
    }  # fmt: skip
    shown = _section(_page(_draft(corrections=[row]), "en"), "corrections")
    assert [n.attributes["value"] for n in shown.all("data")] == ["8.25", "9.00"]
    assert "The source left out" in shown.text
    assert "Không có điểm nào đang được hiệu chỉnh" in _page().text


def test_names_from_the_data_are_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    units = [
        row | ({"name_vi": hostile, "name_en": hostile} if row["unit_code"] == FIRST else {})
        for row in small_tables()["units"].to_pylist()
    ]
    rows = [_dossiers(MARCH), _dossiers(MARCH, FIRST)]
    page = _page(_draft(submissions=rows, units=units))
    assert hostile in page.one("tr", data_row=f"{FIRST}|dossiers").text
    assert not [s for s in page.all("script") if "alert" in s.text]


def test_headings_captions_and_frames_are_as_everywhere() -> None:
    page = _page(_draft(submissions=[_dossiers(MARCH), _dossiers(MARCH, FIRST)]))
    assert len(page.all("h1")) == 1
    ids = [e.attributes["id"] for e in page.walk() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    framed = sum(len(f.all("table")) for f in page.all("div", class_="scroll", role="group"))
    assert framed == len(page.all("table"))
    assert all(shown.one("caption").text for shown in page.all("table"))


def test_files_that_were_not_taken_are_counted_by_reason_and_never_named() -> None:
    left = (
        {"period": str(MARCH), "why": "misnamed", "should_be": "ho-so.csv", "files": 2},
        {"period": str(MARCH), "why": "unknown", "should_be": "", "files": 1},
    )
    told = _page(replace(_draft(), files_left=left)).text
    assert "Tệp trong hộp nhận không được nhận" in told
    assert "Sai tên hoặc sai chỗ" in told
    assert "ho-so.csv" in told
    assert "không được nhận" not in _page().text


def _counts(metric: str, numerator: int, denominator: int, **cells: Any) -> Row:
    """A metric of a unit with the portal's counts."""
    row = score_rows()[0]
    said = {"unit_code": FIRST, "metric_code": metric, "score": None, "max_score": 20.0}
    counts = {"numerator": numerator, "denominator": denominator, "ratio": None}
    return row | said | counts | cells


def test_the_citys_dossiers_stand_beside_the_portals_counts_with_the_likely_cause() -> None:
    scores = [_counts("PROGRESS_ON_TIME", 41, 50), _counts("ONLINE_SUBMISSION", 0, 50)]
    part = _section(_page(_draft(scores=scores)), "reconciliation")
    assert "2 trong 3 số khớp nhau" in part.text
    rows = [[cell.text.strip() for cell in row.all("td")] for row in part.all("tr")[1:]]
    assert rows == [
        ["Tiếp nhận", "41", "50", "−9", "Chưa rõ"],
        ["Trước hoặc đúng hạn", "41", "41", "0", "Khớp"],
        ["Nộp trực tuyến", "0", "0", "0", "Khớp"],
    ]


def test_the_year_to_date_is_compared_only_with_all_its_months() -> None:
    scores = [_counts("PROGRESS_ON_TIME", 41, 50, basis="ytd")]
    part = _section(_page(_draft(scores=scores)), "reconciliation")
    assert "Chưa có kỳ nào" in part.text


def test_a_sample_among_compared_figures_is_marked_at_its_number() -> None:
    rows = [row | {"provenance": "sample"} for row in statistics_rows(MARCH)]
    scores = [_counts("PROGRESS_ON_TIME", 41, 50)]
    part = _section(_page(_draft(scores=scores, dossier_statistics=rows)), "reconciliation")
    assert "mẫu" in part.all("tr")[1].text
