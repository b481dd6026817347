"""Revisions in words: no code, key or name of a column stands where a reader looks."""

from typing import Any

import pytest

from publish.model import PUBLISHED_TABLES, Draft
from publish.site.forms import Forms
from publish.site.revised import (
    Names,
    causes_of,
    key_of,
    names_for,
    revised_heading,
    revised_row,
    units_revised,
)
from publish.site.words import Language, load_words
from tests.publish.small_release import FIRST, ROOT

NAMES: Names = {
    "unit_code": {
        FIRST: {"vi": "Xã Thử", "en": "Trial commune"},
        ROOT: {"vi": "Thành phố Thử", "en": "Trial city"},
    },
    "metric_code": {"CKMB": {"vi": "Công khai, minh bạch", "en": "Openness"}},
    "indicator_id": {"II.6a": {"vi": "Tỷ lệ hồ sơ đúng hạn", "en": "Share in time"}},
    "task_id": {"31": {"vi": "Công khai kết quả", "en": "Công khai kết quả"}},
    "procedure_code": {"1.000001": {"vi": "Cấp bản sao", "en": "Cấp bản sao"}},
    "code": {"O": {"vi": "Thiếu", "en": "Missing"}},
}
PLACES = {
    "scores": f"period=2024-03;basis=ytd;unit_code={FIRST};metric_code=CKMB",
    "plan_indicators": f"period=2024-03;unit_code={ROOT};indicator_id=II.6a;basis=month",
    "plan_tasks": "period=2024-03;task_id=31",
    "dossier_statistics": f"period=2024-03;unit_code={FIRST};field_code=OTHER",
    "petition_statistics": f"period=2024-03;unit_code={FIRST}",
    "submissions": f"period=2024-03;unit_code={FIRST};table=dossiers",
    "quarantine_summary": f"period=2024-03;unit_code={FIRST};table=dossiers;rule=BAD_NUMBER",
    "corrections": f"period=2024-03;basis=month;unit_code={FIRST};metric_code=CKMB;column=score",
    "units": f"unit_code={FIRST};valid_from=2025-07-01",
    "successions": "old_name=Xã A;B;new_name=Xã C;date=2025-07-01",
    "metrics": "methodology=766-2026;metric_code=CKMB",
    "indicators": "indicator_id=II.6a;year=2024",
    "procedures": "procedure_code=1.000001",
    "procedure_changes":
        "period=2024-03;catalogue=procedures;procedure_key=1.000001;column=name_vi",
    "obs_status": "code=O",
}  # fmt: skip
"""A row of each table that can be revised."""


def cell(table: str, column: str, old: str | None, new: str | None, **other: Any) -> dict[str, Any]:
    """A row of the log."""
    return {
        "release": "2024-03.r2", "published_at": "2024-05-20T01:00:00Z", "table": table,
        "key": PLACES[table], "column": column, "old_value": old, "new_value": new,
        "reason_code": "SRC", "note": None, "provenance": "official",
    } | other  # fmt: skip


def said(
    table: str, column: str, old: str | None, new: str | None, language: Language = "vi"
) -> str:
    """A revision in one line."""
    row = revised_row([cell(table, column, old, new)], NAMES, Forms(load_words(language), {}))
    (change,) = row.changes
    return f"{row.place}: {change.title} {change.old} → {change.new}"


@pytest.mark.parametrize(
    ("table", "column", "old", "new", "words"),
    [
        ("scores", "score", "24.00", "36.00",
         "Xã Thử, Công khai, minh bạch, lũy kế năm 2024: Điểm công bố 24,00 → 36,00"),
        ("scores", "obs_status", "O", "L",
         "Xã Thử, Công khai, minh bạch, lũy kế năm 2024: "
         "Tình trạng số liệu Thiếu → Không thu thập"),
        ("scores", "quality_flag", None, "NULL_METRIC;MIXED_SNAPSHOT",
         "Xã Thử, Công khai, minh bạch, lũy kế năm 2024: "
         "Cờ chất lượng để trống → Có chỉ số để trống, Ảnh chụp không đồng nhất"),
        ("plan_indicators", "attained", "false", "true",
         "Thành phố Thử, Chỉ tiêu II.6a: Tỷ lệ hồ sơ đúng hạn, tháng 3/2024: "
         "Đạt chỉ tiêu Không → Có"),
        ("plan_tasks", "status", "NOT_REPORTED", "DONE",
         "Nhiệm vụ 31: Công khai kết quả, tháng 3/2024: "
         "Tình trạng thực hiện Chưa báo cáo → Hoàn thành"),
        ("dossier_statistics", "received", "1085", "1184",
         "Xã Thử, Lĩnh vực khác, tháng 3/2024: Tiếp nhận trong kỳ 1.085 → 1.184"),
        ("petition_statistics", "answered", None, "0",
         "Xã Thử, tháng 3/2024: Đã trả lời để trống → 0"),
        ("submissions", "status", "missing", "received",
         "Xã Thử, Hồ sơ đã qua kiểm tra, tháng 3/2024: "
         "Tình trạng gửi Chưa nhận → Đã nhận"),
        ("quarantine_summary", "quarantined", "3", None, "Xã Thử, "),
        ("corrections", "corrected_value", "1.50", "2.50",
         "Xã Thử, Công khai, minh bạch: Điểm công bố, tháng 3/2024: "
         "Giá trị đính chính 1,50 → 2,50"),
        ("units", "valid_to", None, "2025-12-31",
         "Xã Thử, từ 01/7/2025: Đến hết ngày để trống → 31/12/2025"),
        ("successions", "new_code", None, FIRST,
         "Xã A;B: Xã C, từ 01/7/2025: Mã mới để trống → Xã Thử"),
        ("metrics", "max_score", "10.00", "12.00",
         "Công khai, minh bạch: Điểm tối đa 10,00 → 12,00"),
        ("indicators", "target", "95.00", "97.50",
         "Chỉ tiêu II.6a: Tỷ lệ hồ sơ đúng hạn, năm 2024: Chỉ tiêu 95,00 → 97,50"),
        ("procedures", "last_period", "2024-02", "2024-03",
         "Cấp bản sao: Kỳ gần nhất tháng 02/2024 → tháng 3/2024"),
        ("procedure_changes", "old_value", "Tên cũ", "Tên cũ hơn",
         "Danh mục của tỉnh, thành phố: 1.000001: Tên tiếng Việt, tháng 3/2024: "
         "Trước đó Tên cũ → Tên cũ hơn"),
        ("obs_status", "value_allowed", "true", "false",
         "Thiếu: Được có giá trị Có → Không"),
    ],
)  # fmt: skip
def test_a_revision_of_each_table_is_told_by_names(
    table: str, column: str, old: str | None, new: str | None, words: str
) -> None:
    assert said(table, column, old, new).startswith(words)


def test_each_published_table_but_the_log_has_an_example_here() -> None:
    assert set(PLACES) == set(PUBLISHED_TABLES) - {"revisions"}


@pytest.mark.parametrize("table", sorted(PLACES))
def test_no_key_stands_in_the_words(table: str) -> None:
    assert key_of(PLACES[table], table)
    assert "=" not in said(table, "provenance", "official", "sample")


def test_english_has_its_names_and_numbers() -> None:
    assert (
        said("scores", "numerator", "1085", None, "en")
        == "Trial commune, Openness, year 2024 to date: Numerator 1,085 → empty"
    )


def test_what_is_declared_no_more_is_shown_as_it_stands() -> None:
    gone = cell("scores", "grade", "A", "B") | {"table": "bygone", "key": "a=1;b=2"}
    row = revised_row([gone], {}, Forms(load_words("vi"), {}))
    assert (row.place, row.changes[0].title) == ("a=1; b=2", "grade")


def test_a_code_without_a_name_names_itself() -> None:
    row = revised_row([cell("scores", "rank", "1", "2")], {}, Forms(load_words("vi"), {}))
    assert row.unit == FIRST


def test_cells_of_a_row_stand_together_with_its_figures_first() -> None:
    log = [cell("scores", name, None, None) for name in ("obs_status", "score")]
    (cause,) = causes_of(log, NAMES, Forms(load_words("vi"), {}), 5)
    (row,) = cause.rows
    assert [change.title for change in row.changes] == ["Điểm công bố", "Tình trạng số liệu"]


def test_causes_come_by_the_number_of_figures_each_with_its_note() -> None:
    log = [
        cell("metrics", "max_score", "1.00", "2.00"),
        cell("scores", "score", "1.00", "2.00"),
        cell("plan_tasks", "status", None, "DONE", reason_code="ERR", note="Ghi nhầm"),
    ]
    many, one = causes_of(log, NAMES, Forms(load_words("vi"), {}), 1)
    assert (many.code, many.count, [row.unit for row in many.rows]) == ("SRC", 2, ["Xã Thử"])
    assert (one.code, one.note, one.count) == ("ERR", "Ghi nhầm", 1)


def test_the_heading_counts_figures_and_units() -> None:
    forms = Forms(load_words("vi"), {})
    lists = [cell("metrics", "max_score", "1.00", "2.00")]
    log = [*lists, cell("scores", "score", "1.00", "2.00"), cell("scores", "rank", "1", "2")]
    assert revised_heading(log, forms) == "Sửa 3 số liệu của 1 đơn vị"
    assert units_revised(lists) == 0
    assert revised_heading(lists, forms) == "Sửa 1 mục trong các danh mục"


def test_names_are_those_of_the_codes_in_the_log_and_no_others(good_draft: Draft) -> None:
    names = names_for(good_draft.tables, [cell("scores", "score", None, "1.00")])
    assert {column: list(codes) for column, codes in names.items()} == {
        "metric_code": ["CKMB"], "unit_code": [FIRST],
    }  # fmt: skip
