"""Reports, briefs, letters: what stands in the DOCX is what was released, and no more is said."""

import re
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from cchc_pipeline.reports.brief import leaders_brief
from cchc_pipeline.reports.chapters.dossiers import ANNEX_COUNTS
from cchc_pipeline.reports.letter import unit_letter
from cchc_pipeline.reports.paper_page import to_html
from cchc_pipeline.reports.released import Released
from cchc_pipeline.reports.report import period_report
from cchc_pipeline.reports.span import ReportKind, ReportSpan
from cchc_pipeline.reports.word_file import to_docx
from tests.reports.released_figures import (
    CITY,
    FEBRUARY,
    GROUPS,
    JANUARY,
    MARCH,
    RELEASE,
    ROOT,
    WRITER,
    ReadBack,
    dossiers,
    no_dossiers,
    number,
    read_back,
    released,
    scores,
    submission,
    target,
    unit,
)

SPAN = ReportSpan(ReportKind.MONTH, MARCH)
GROUP, ANNEX = "Nhóm chỉ số", "Đơn vị, lĩnh vực"
ROOT_FOLDER = Path(__file__).parents[2]
FLOWS = {
    "received": 1200, "received_online": 700, "received_direct": 480, "received_postal": 20,
    "carried_over": 100, "finished": 1234, "early": 700, "on_time": 400, "late": 100,
    "no_deadline": 30, "withdrawn": 4, "open_in_time": 60, "open_overdue": 6,
}  # fmt: skip


def report_of(figures: Released, span: ReportSpan = SPAN) -> ReadBack:
    return read_back(period_report(figures, span, WRITER))


def with_scores(*parts: float | None, months: Iterable[Month] = (JANUARY, FEBRUARY, MARCH),
                **other: object) -> Released:  # fmt: skip
    """The city's scores in some months, oldest first."""
    told = tuple(months)
    rows = [row for month, part in zip(told, parts, strict=True)
            for row in scores(ROOT, month, part, **other)]  # fmt: skip
    return released(months=told, scores=rows)


def test_where_nothing_was_reported_every_chapter_says_so_and_no_figure_stands() -> None:
    read = report_of(
        released(
            scores=scores(ROOT, MARCH, None),
            plan_indicators=[target(t, b, None) for t in ("25b", "48") for b in ("month", "ytd")],
            dossier_statistics=[no_dossiers(ROOT, MARCH)],
            submissions=[submission(ROOT, name, "missing") for name in ("scores", "dossiers")],
        )
    )
    for said in (
        "Chưa có điểm đánh giá cho kỳ báo cáo (thiếu)",
        "trong 2 chỉ tiêu của Kế hoạch: 0 đạt, 0 chưa đạt, 0 có số liệu nhưng chưa đủ để kết luận, "
        "2 chưa có số liệu",
        "Sở Kế hoạch và Đầu tư: chỉ tiêu 48",
        "Chưa có số liệu hồ sơ tháng 3/2024 (thiếu)",
        "Chưa có số liệu phản ánh, kiến nghị tháng 3/2024",
        "Chưa nhận được hồ sơ của hệ thống một cửa của tháng 3/2024",
    ):
        assert said in read.text
    assert not [table for table in read.tables if GROUP in table[0] or ANNEX in table[0]]


def test_scores_in_the_table_are_the_released_ones_group_by_group() -> None:
    figures = with_scores(0.8697, months=(MARCH,))
    table = report_of(figures).table(GROUP)
    told = [(number(row[1]), number(row[2])) for row in table]
    wanted = {row["metric_code"]: (row["score"], row["max_score"])
              for row in figures.tables["scores"]}  # fmt: skip
    assert told == [*(wanted[group] for group in GROUPS), wanted["TOTAL"]]
    assert table[-1][3] == "86,97 %"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((0.5, 0.6, 0.7), "tăng 10,00 điểm so với tháng 02/2024, tháng thứ 2 liên tiếp tăng."),
        ((0.7, 0.6, 0.65), "tăng 5,00 điểm so với tháng 02/2024."),
        ((0.7, 0.6, 0.5), "giảm 10,00 điểm so với tháng 02/2024, tháng thứ 2 liên tiếp giảm."),
        ((0.5, 0.6, 0.6), "không thay đổi so với tháng 02/2024."),
        ((None, None, 0.6), "lần đầu có số liệu."),
        ((0.5, None, 0.6), "kỳ đó chưa có số liệu (lần gần nhất có số liệu: tháng 01/2024)."),
    ],
)
def test_a_rise_a_fall_a_standstill_a_first_month_and_a_gap_have_their_words(
    parts: tuple[float | None, ...], said: str
) -> None:
    text = report_of(with_scores(*parts)).text
    (sentence,) = re.findall(r"Tổng điểm tháng 3/2024 .*", text)
    assert sentence.endswith(said)


def test_across_a_break_of_method_nothing_is_compared() -> None:
    rows = [*scores(ROOT, FEBRUARY, 0.9, source_system="dvcqg-legacy"), *scores(ROOT, MARCH, 0.6)]
    read = report_of(released(months=(FEBRUARY, MARCH), scores=rows))
    assert "không so sánh với tháng 02/2024 vì cách tính, nguồn hoặc phạm vi" in read.text
    assert "nhóm giảm" not in read.text
    assert {row[4] for row in read.table(GROUP)} == {"không so được"}


def test_which_groups_moved_is_told_with_the_points() -> None:
    rows = scores(ROOT, FEBRUARY, 0.5)
    after = [
        row | ({"score": row["score"] + move} if move else {})
        for row in scores(ROOT, MARCH, 0.5)
        for move in ({"CKMB": 1.25, "MDSH": -0.5, "TOTAL": 0.75}.get(row["metric_code"], 0),)
    ]
    text = report_of(released(months=(FEBRUARY, MARCH), scores=[*rows, *after])).text
    assert "So với tháng 02/2024, nhóm tăng: Công khai, minh bạch (1,25 điểm)." in text
    assert "So với tháng 02/2024, nhóm giảm: Mức độ số hóa hồ sơ (0,50 điểm)." in text


def test_the_first_total_of_a_new_year_so_far_is_not_called_the_first_ever() -> None:
    january = Month(2025, 1)
    rows = [*scores(ROOT, MARCH, 0.5, basis="ytd"), *scores(ROOT, january, 0.4, basis="ytd")]
    figures = released(months=(MARCH, january), scores=rows)
    text = report_of(figures, ReportSpan(ReportKind.MONTH, january)).text
    assert "là 40/100" in text or "là 40,00/100" in text
    assert "lần đầu" not in text
    assert "so với" not in re.findall(r"Tổng điểm lũy kế .*", text)[0]


def test_provisional_and_suppressed_values_have_words_and_are_no_zeros() -> None:
    figures = released(
        units=[CITY, unit("H24.T01"), unit("H24.T02")],
        scores=scores(ROOT, MARCH, 0.5, obs_status="P"),
        dossier_statistics=[
            dossiers(ROOT, MARCH, **FLOWS), dossiers("H24.T01", MARCH, **FLOWS),
            no_dossiers("H24.T02", MARCH, "Q"),
            dossiers(ROOT, MARCH, received=9, received_direct=9, field_code="OTHER",
                     conf_status="C"),
        ],
    )  # fmt: skip
    read = report_of(figures)
    assert "là 50,00/100 điểm (tạm tính)" in read.text
    assert {row[-1] for row in read.table(GROUP)} == {"tạm tính"}
    units, fields = (rows for rows in read.tables if ANNEX in rows[0])
    hidden = next(row for row in units if row[1] == "Xã thử H24.T02")
    assert set(hidden[2:-1]) == {"–"}
    assert hidden[-1] == "ẩn để bảo vệ thông tin"
    assert fields[1][1] == "Lĩnh vực khác"
    assert fields[1][-1] == "gộp để bảo vệ thông tin"


def test_counts_from_a_units_own_summed_table_say_so_and_leave_open_what_it_cannot_tell() -> None:
    summed = dossiers("H24.T1", MARCH, **FLOWS | {"late": None}, source="summed")
    figures = released(
        units=[CITY, unit("H24.T1")],
        dossier_statistics=[dossiers(ROOT, MARCH, **FLOWS, source="dossiers"), summed],
    )
    report = report_of(figures)
    assert "chưa gồm 1 đơn vị gửi bảng tổng hợp" in report.text
    own, whole = report.table(ANNEX)
    assert (own[9], own[-1]) == ("–", "theo bảng tổng hợp của đơn vị")
    assert (whole[9], whole[-1]) == ("100", "")


@pytest.mark.parametrize("count", [1, 130])
def test_the_counts_of_every_unit_are_read_back_as_they_were_released(count: int) -> None:
    codes = [f"H24.T{n:03}" for n in range(1, count + 1)]
    rows = {
        code: dossiers(code, MARCH, **{name: value + n for name, value in FLOWS.items()})
        for n, code in enumerate(codes)
    }
    whole = dossiers(ROOT, MARCH, **{
        name: sum(row[name] for row in rows.values()) for name in FLOWS
    })  # fmt: skip
    figures = released(units=[CITY, *map(unit, codes)], dossier_statistics=[whole, *rows.values()])
    table = report_of(figures).table(ANNEX)
    told = {row[1]: [number(cell) for cell in row[2:-1]] for row in table}
    names = {f"Xã thử {code}": row for code, row in rows.items()}
    for name, row in {**names, "Toàn tỉnh, thành phố": whole}.items():
        assert told[name] == [sum(row[one] for one in names) for names in ANNEX_COUNTS], name
    assert len(told) == count + 1


def test_units_are_set_beside_those_of_their_level_only_and_the_ends_are_named() -> None:
    agencies = [unit(f"H24.A{n}", "agency", name_vi=f"Sở thử {n}") for n in (1, 2)]
    communes = [unit(f"H24.T{n:02}") for n in range(30)]
    rows = [r for n, one in enumerate([*agencies, *communes])
            for r in scores(one["unit_code"], MARCH, (40 + n) / 100)]  # fmt: skip
    read = report_of(
        released(units=[CITY, *agencies, *communes], scores=[*scores(ROOT, MARCH, 0.5), *rows])
    )
    assert "Khối sở, ban, ngành: 2 đơn vị có tổng điểm; cao nhất là Sở thử 2" in read.text
    assert "Khối xã, phường, đặc khu: 30 đơn vị" in read.text
    leagues = [rows for rows in read.tables if rows[0][:2] == ("Hạng", "Đơn vị")]
    assert [row[1] for row in leagues[0][1:]] == ["Sở thử 2", "Sở thử 1"]
    assert leagues[1][6][1] == "(20 đơn vị khác)"
    assert len(leagues[1]) == 1 + 5 + 1 + 5


def test_units_that_share_the_highest_total_are_all_named_and_equal_ones_have_no_lowest() -> None:
    communes = [unit(f"H24.T{n}") for n in range(3)]
    rows = [r for one in communes for r in scores(one["unit_code"], MARCH, 0.5)]
    figures = released(units=[CITY, *communes], scores=[*scores(ROOT, MARCH, 0.5), *rows])
    assert "3 đơn vị có tổng điểm, đều đạt 50,00 điểm." in report_of(figures).text


def test_where_a_metric_of_a_unit_is_empty_the_order_is_said_to_be_of_little_worth() -> None:
    communes = [unit(f"H24.T{n}") for n in range(2)]
    rows = [r for n, one in enumerate(communes)
            for r in scores(one["unit_code"], MARCH, (4 + n) / 10)]  # fmt: skip
    own = scores(ROOT, MARCH, 0.5)
    told = "chỉ để tham khảo"
    figures = released(units=[CITY, *communes], scores=[*own, *rows])
    assert told not in report_of(figures).text
    flagged = [row | {"quality_flag": "NULL_METRIC"} if row["metric_code"] == "MDSH" else row
               for row in rows]  # fmt: skip
    figures = released(units=[CITY, *communes], scores=[*own, *flagged])
    assert told in report_of(figures).text


def test_a_target_is_judged_as_released_and_what_is_still_needed_is_told() -> None:
    counts = {"numerator": 1700.0, "denominator": 3122.0}
    read = report_of(
        released(
            plan_indicators=[
                target("25b", "month", 52.45, attained=True),
                target("25b", "ytd", 48.00, attained=False, required_run_rate=51.23, **counts),
                target("22a", "month", None, obs_status="L"),
                target("22a", "ytd", 75.0, attained=None, obs_status="P"),
            ]
        )
    )
    (late, open_) = sorted(read.table("Chỉ tiêu"), key=lambda row: row[0], reverse=True)
    assert late[2:7] == ("≥ 50 %", "52,45 %", "48,00 %", "Chưa đạt", "51,23 %")
    assert open_[4:6] == ("75,00 %", "Chưa kết luận")
    assert "các trường hợp còn lại cần đạt ít nhất 51,23 %" in read.text


def test_a_target_that_cannot_be_reached_any_more_says_so() -> None:
    figures = released(
        plan_indicators=[
            target("II.5", "ytd", 97.0, attained=False, numerator=97.0, denominator=100.0)
        ]
    )
    read = report_of(figures)
    assert read.table("Chỉ tiêu")[0][6] == "không thể đạt"
    assert "cả năm không thể đạt" in read.text


def test_that_all_reported_is_said_only_where_something_was_due() -> None:
    assert "đều đã nhận được" not in report_of(released()).text
    came = released(submissions=[submission(ROOT, "scores", "received")])
    assert "Mọi nguồn phải gửi của tháng 3/2024 đều đã nhận được." in report_of(came).text


def test_all_units_that_did_not_report_are_named_in_the_annex_where_they_are_many() -> None:
    codes = [f"H24.T{n:02}" for n in range(20)]
    owed = [submission(code, "agency_reports", "missing") for code in codes]
    text = report_of(released(units=[CITY, *map(unit, codes)], submissions=owed)).text
    assert "từ 20 đơn vị: Xã thử H24.T00" in text
    assert "Xã thử H24.T11 và 8 nữa." in text
    assert all(text.count(f"Xã thử {code}") == 1 for code in codes[12:])


def task(number: str, **other: object) -> dict[str, object]:
    return {
        "period": str(MARCH), "task_id": number, "title": f"Nhiệm vụ {number}", "due_from": None,
        "leads": "Sở Tư pháp", "due_to": MARCH.last_day, "time_text": "Tháng 3",
        "status": "NOT_REPORTED", "provenance": "official",
    } | other  # fmt: skip


def test_overdue_tasks_are_those_not_done_in_time_with_their_leads() -> None:
    figures = released(
        plan_tasks=[
            task("4"), task("5", status="DONE"), task("6", due_to=Month(2024, 4).last_day),
            task("9", due_to=Month(2024, 12).last_day), task("8", status="NOT_APPLICABLE"),
        ]
    )  # fmt: skip
    read = report_of(figures)
    overdue, ahead = (rows[1:] for rows in read.tables if "Chủ trì" in rows[0])
    assert overdue == (("4", "Nhiệm vụ 4", "Sở Tư pháp", "31/3/2024", "Chưa báo cáo"),)
    assert [row[0] for row in ahead] == ["6"]


def counted(code: str, received: int, on_time: int) -> dict[str, object]:
    return scores(code, MARCH, 0.5)[0] | {
        "metric_code": "PROGRESS_ON_TIME", "numerator": on_time, "denominator": received,
    }  # fmt: skip


def test_the_portals_counts_stand_beside_our_own_with_the_likely_cause_as_a_hint() -> None:
    ours = {"received": 1200, "early": 700, "on_time": 400}
    figures = released(
        units=[CITY, unit("H24.T1")],
        scores=[counted(ROOT, 1260, 1100), counted("H24.T1", 1200, 1100)],
        dossier_statistics=[dossiers(ROOT, MARCH, **ours), dossiers("H24.T1", MARCH, **ours)],
    )
    read = report_of(figures)
    assert "Đối chiếu tháng 3/2024: 4 số mà cả hai bên cùng có, 3 số khớp." in read.text
    ((name, what, *numbers, cause),) = read.table("Nguyên nhân có thể")
    assert (name, what) == ("UBND thành phố thử", "Tiếp nhận")
    assert numbers == ["1.200", "1.260", "−60"]
    assert cause


def test_where_only_one_side_counts_nothing_is_set_beside() -> None:
    figures = released(dossier_statistics=[dossiers(ROOT, MARCH, **FLOWS)])
    assert "Chưa có kỳ nào trong thời gian báo cáo mà cả hai bên" in report_of(figures).text


def changed(key: str, change: str, column: str = "*") -> dict[str, object]:
    return {
        "period": str(MARCH), "catalogue": "national_procedures", "procedure_key": key,
        "column": column, "change": change, "procedure_code": f"1.00000{key}",
        "name_vi": f"Thủ tục thử {key}", "provenance": "official", "release": RELEASE,
    }  # fmt: skip


def test_procedures_that_came_changed_and_went_are_counted_once_a_change() -> None:
    rows = [
        changed("1", "new"), changed("2", "gone"),
        changed("3", "changed", "name_vi"), changed("3", "changed", "field_code"),
    ]  # fmt: skip
    read = report_of(released(procedure_changes=rows))
    (told,) = re.findall(r"- .*tháng 3/2024: 1 thủ tục.*", read.text)
    assert told.count("1 thủ tục") == 3
    assert [row[1] for row in read.table("Tên thủ tục")] == ["Thủ tục thử 1", "Thủ tục thử 2"]


def test_without_a_change_in_the_release_none_is_concluded() -> None:
    assert "thì không kết luận là không có thay đổi" in report_of(released()).text


def test_a_quarter_adds_flows_takes_the_last_stock_and_names_the_month_that_it_lacks() -> None:
    rows = [
        dossiers(ROOT, JANUARY, **FLOWS),
        no_dossiers(ROOT, FEBRUARY),
        dossiers(ROOT, MARCH, **FLOWS | {"open_overdue": 8, "carried_over": 66}),
    ]
    figures = released(months=(JANUARY, FEBRUARY, MARCH), dossier_statistics=rows)
    text = report_of(figures, ReportSpan(ReportKind.QUARTER, MARCH)).text
    assert "Trong quý I/2024, tiếp nhận 2.400 hồ sơ" in text
    assert "kỳ trước chuyển sang 100 hồ sơ" in text
    assert "trễ hạn 8 hồ sơ" in text
    assert "chưa gồm tháng 02/2024" in text


def test_a_count_that_one_month_does_not_know_is_not_known_of_the_quarter() -> None:
    rows = [dossiers(ROOT, JANUARY, **FLOWS), dossiers(ROOT, MARCH, **FLOWS, digitised=None)]
    figures = released(months=(JANUARY, FEBRUARY, MARCH), dossier_statistics=rows)
    read = report_of(figures, ReportSpan(ReportKind.QUARTER, MARCH))
    shares = {row[0]: row for row in read.table("Số đạt")}
    assert shares["Hồ sơ có thành phần số hóa"][1] == "–"
    assert shares["Hồ sơ nộp trực tuyến"][1:4] == ("1.400", "2.400", "58,33 %")


def test_a_quarter_that_is_not_over_says_until_when_it_tells() -> None:
    span = ReportSpan(ReportKind.QUARTER, FEBRUARY)
    text = report_of(released(months=(JANUARY, FEBRUARY)), span).text
    assert "Số liệu tính đến hết tháng 02/2024; kỳ báo cáo quý I/2024 chưa kết thúc." in text


@pytest.mark.parametrize(
    ("kind", "month", "name", "count"),
    [
        (ReportKind.MONTH, Month(2024, 3), "thang-2024-03", 1),
        (ReportKind.QUARTER, Month(2024, 5), "quy-2-2024", 2),
        (ReportKind.HALF, Month(2024, 6), "6-thang-1-2024", 6),
        (ReportKind.HALF, Month(2024, 7), "6-thang-2-2024", 1),
        (ReportKind.YEAR, Month(2024, 11), "nam-2024", 11),
    ],
)
def test_a_span_is_that_which_the_month_lies_in_up_to_the_month(
    kind: ReportKind, month: Month, name: str, count: int
) -> None:
    span = ReportSpan(kind, month)
    assert (span.slug, len(span.months), span.months[-1]) == (name, count, month)


SAMPLE = released(scores=scores(ROOT, MARCH, 0.5, provenance="sample"))


def test_sample_data_is_marked_in_title_headings_tables_and_on_every_page() -> None:
    paper = period_report(SAMPLE, SPAN, WRITER)
    read = read_back(paper)
    assert read.running.count("DỮ LIỆU MẪU") >= 2
    assert read.lines.count("DỮ LIỆU MẪU") == 1
    assert "766/QĐ-TTg – DỮ LIỆU MẪU" in read.text
    assert "không dùng làm số liệu chính thức" in read.text
    assert Document(BytesIO(to_docx(paper))).core_properties.title.startswith("DỮ LIỆU MẪU")
    assert "DỮ LIỆU MẪU" not in report_of(with_scores(0.5, months=(MARCH,))).text


def test_every_page_and_chapter_names_the_release_and_where_its_values_were_last_changed() -> None:
    figures = replace(with_scores(0.5, months=(MARCH,)), release="2024-05.r2")
    paper = period_report(figures, SPAN, WRITER)
    footers = [f.text for s in Document(BytesIO(to_docx(paper))).sections
               for f in (*s.footer.paragraphs, *s.first_page_footer.paragraphs)]  # fmt: skip
    assert set(footers) == {"Số liệu: bản phát hành 2024-05.r2, công bố ngày 12/4/2024"}
    said = "bản phát hành 2024-05.r2 công bố ngày 12/4/2024. Giá trị được công bố hoặc sửa gần nhất"
    assert f"{said} tại bản {RELEASE}." in read_back(paper).text


def test_the_page_is_that_of_administrative_documents() -> None:
    file = Document(BytesIO(to_docx(period_report(released(), SPAN, WRITER))))
    page = file.sections[0]
    sides = (page.page_width, page.page_height, page.top_margin, page.left_margin,
             page.right_margin)  # fmt: skip
    assert [round(side.mm) for side in sides] == [210, 297, 20, 30, 15]
    assert page.different_first_page_header_footer
    assert "PAGE" in page.header._element.xml
    assert "PAGE" not in page.first_page_header._element.xml
    assert file.styles["Normal"].font.name == "Times New Roman"
    head = "\n".join(cell.text for row in file.tables[0].rows for cell in row.cells)
    for said in ("ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG\nVĂN PHÒNG", "Độc lập - Tự do - Hạnh phúc",
                 "Số:        /BC-", "Hải Phòng, ngày"):  # fmt: skip
        assert said in head


def test_the_same_release_gives_the_same_bytes() -> None:
    assert to_docx(period_report(SAMPLE, SPAN, WRITER)) == to_docx(
        period_report(SAMPLE, SPAN, WRITER)
    )
    packed = ZipFile(BytesIO(to_docx(period_report(SAMPLE, SPAN, WRITER))))
    assert {member.date_time for member in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_page_in_html_says_what_the_docx_says_and_asks_for_nothing_else() -> None:
    paper = period_report(SAMPLE, SPAN, WRITER)
    page = to_html(paper).decode()
    assert all(text.replace("&", "&amp;") in page for text in paper.texts)
    assert page.count("DỮ LIỆU MẪU") >= 4
    assert "http" not in page
    assert "<script" not in page


def test_a_name_in_the_data_cannot_become_markup() -> None:
    bad = unit("H24.T1", name_vi="<b>Xã</b>")
    figures = released(
        units=[CITY, bad],
        dossier_statistics=[dossiers(ROOT, MARCH, **FLOWS), dossiers("H24.T1", MARCH, **FLOWS)],
    )
    assert "<b>Xã</b>" not in to_html(period_report(figures, SPAN, WRITER)).decode()


def test_the_brief_has_the_main_figures_and_no_more_than_the_report() -> None:
    figures = released(
        months=(FEBRUARY, MARCH),
        scores=[*scores(ROOT, FEBRUARY, 0.5), *scores(ROOT, MARCH, 0.6)],
        dossier_statistics=[dossiers(ROOT, MARCH, **FLOWS)],
        submissions=[submission("H24.T1", "agency_reports", "missing")],
    )
    brief, whole = read_back(leaders_brief(figures, SPAN, WRITER)), report_of(figures)
    total = re.findall(r"Tổng điểm tháng 3/2024 .*", brief.text)[0]
    assert total in whole.text
    assert "tỷ lệ trước và đúng hạn 91,67 %" in brief.text
    assert "1 đơn vị còn nợ báo cáo" in brief.text
    assert "CỘNG HÒA" not in str(brief.tables)


def metric(code: str, score: float | None, **other: object) -> dict[str, object]:
    return scores("H24.T1", MARCH, 0.5)[0] | {"metric_code": code, "score": score} | other


def test_a_letter_tells_a_unit_its_points_lost_but_not_those_of_the_province() -> None:
    figures = released(
        units=[CITY, unit("H24.T1")],
        scores=[
            *scores("H24.T1", MARCH, 0.5),
            metric("PROGRESS_ON_TIME", 17.64, max_score=20.0, numerator=5831, denominator=6611),
            metric("PUBLISH_ON_TIME", 0.0, max_score=6.0, numerator=0, denominator=62),
            metric("ONLINE_PROVISION", None, max_score=2.0),
        ],
    )
    read = read_back(unit_letter(figures, SPAN, WRITER, "H24.T1", ()))
    ((name, *cells),) = read.table("Chỉ số")
    assert name.startswith("Tỷ lệ hồ sơ giải quyết trước hạn")
    assert cells == ["17,64", "20", "2,36", "5.831/6.611", "779"]
    assert "cộng lại 2,36 điểm" in read.text
    assert "Kính gửi: Xã thử H24.T1" in read.text


def test_a_letter_tells_what_the_unit_owes_and_names_its_error_sheet() -> None:
    figures = released(
        units=[CITY, unit("H24.T1", name_vi="Sở Tư pháp")],
        submissions=[submission("H24.T1", "agency_reports", "missing")],
        plan_indicators=[target("25b", "ytd", None, owed_by="Sở Nội vụ; Sở Tư pháp")],
        plan_tasks=[task("4"), task("5", leads="Sở Nội vụ")],
        quarantine_summary=[
            {"period": str(MARCH), "unit_code": "H24.T1", "table": "dossiers", "rule": "X",
             "quarantined": 3, "provenance": "official", "release": RELEASE}
        ],
    )  # fmt: skip
    read = read_back(unit_letter(figures, SPAN, WRITER, "H24.T1", ["H24.T1.xlsx (tháng 3/2024)"]))
    for said in ("Chưa gửi báo cáo của đơn vị của tháng 3/2024.", "chỉ tiêu 25b", "Có 3 lượt lỗi",
                 "Phiếu lỗi gửi kèm: H24.T1.xlsx (tháng 3/2024)"):  # fmt: skip
        assert said in read.text
    assert [row[0] for row in read.table("Chủ trì")] == ["4"]


def test_a_unit_that_owes_nothing_is_told_so() -> None:
    figures = released(units=[CITY, unit("H24.T1")])
    text = read_back(unit_letter(figures, SPAN, WRITER, "H24.T1", ())).text
    assert "Đơn vị không còn nợ số liệu, nhiệm vụ nào của tháng 3/2024." in text
    assert "Không dòng số liệu nào của đơn vị trong tháng 3/2024 bị tạm giữ." in text


_TEXTS = frozenset({".py", ".html"})


def test_all_words_are_said_somewhere_and_all_that_is_said_has_words() -> None:
    files = [
        *(ROOT_FOLDER / "cchc_pipeline" / "reports").rglob("*.*"),
        ROOT_FOLDER / "cchc_pipeline" / "cli" / "reports.py",
        ROOT_FOLDER / "publish" / "release" / "reported.py",
    ]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix in _TEXTS)
    used = set(re.findall(r"""["']([a-z]+\.[a-z_{}().0-9A-Z]+)["']""", source))
    forms = [re.compile(re.sub(r"\{[^}]*\}", ".+", re.escape(key).replace(r"\{", "{").replace(
        r"\}", "}"))) for key in used]  # fmt: skip
    words = {
        f"{chapter}.{name}"
        for chapter, part in read_yaml("reports/words.yaml").items()
        if chapter not in ("limits", "in_full")
        for name in part
    }
    assert sorted(key for key in words if not any(form.fullmatch(key) for form in forms)) == []
    chapters = {key.partition(".")[0] for key in words}
    plain = {key for key in used if "{" not in key and key.partition(".")[0] in chapters}
    assert sorted(plain - words) == []
