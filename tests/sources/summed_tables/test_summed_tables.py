"""Summed tables as offices make them: found by their headings, judged by their identities.

Belongs here: II.06a, 07a and tables by unit, in XLSX and XLS; what is refused, in one line. Does
not: the released month that is written and read back (``tests/publish/release/test_summed_form``).
All of it is DỮ LIỆU MẪU, in forms that are believed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import statistics_table, unbalanced_sums
from cchc_pipeline.registers.units import UnitRegister, UnitTexts
from cchc_pipeline.sources.records.rows import Judged
from cchc_pipeline.sources.summed_tables.judging import Summary, judge_summaries, rows_of_file
from cchc_pipeline.sources.summed_tables.layout import summed_layout
from cchc_pipeline.sources.summed_tables.tables import tables_in
from cchc_pipeline.storage.lake import table_from_rows
from tests.indicators.sample_dossiers import counts, dossier
from tests.publish.small_release import unit

MARCH = Month(2024, 3)
ONE, TWO, THREE = "H24.01", "H24.02", "H24.03"
REGISTER = UnitRegister(
    (
        unit("H24", level="city", parent_code=None, name_vi="Thành phố Thử"),
        unit(ONE, parent_code="H24", name_vi="Sở Thử Một"),
        unit(TWO, parent_code="H24", name_vi="Sở Thử Hai"),
        unit(THREE, parent_code="H24", name_vi="Quận Thử Ba"),
    )
)
UNITS = UnitTexts(REGISTER, "H24", MARCH)
Line = Sequence[Any]

BY_UNIT: list[Line] = [
    ["UBND THÀNH PHỐ THỬ", "", "", "DỮ LIỆU MẪU"],
    ["TỔNG HỢP KẾT QUẢ GIẢI QUYẾT TTHC THEO ĐƠN VỊ"],
    ["Tháng 3/2024"],
    [],
    ["", "STT", "Đơn vị", "Số hồ sơ tiếp nhận", "", "", "", "Số hồ sơ đã giải quyết", "", "", "",
     "Số hồ sơ đang giải quyết", "", ""],
    ["", "", "", "Tổng số", "Trong kỳ", "", "Từ kỳ trước", "Tổng số", "Trước hạn", "Đúng hạn",
     "Quá hạn", "Tổng số", "Trong hạn", "Quá hạn"],
    ["", "", "", "", "Trực tuyến", "Trực tiếp, dịch vụ bưu chính", "", "", "", "", "", "", "", ""],
    ["", "(1)", "(2)", "(3)=(4)+(5)+(6)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)", "(10)", "(11)",
     "(12)", "(13)"],
    ["", "I", "Các sở, ban, ngành"],
    ["", 1, "Sở Thử Một", 120, 60, 40, 20, 100, 50, 45, 5, 20, 15, 5],
    ["", 2, "SỞ THỬ HAI", "1.200", 600, 400, 200, "1.000", 500, 450, 50, 200, 150, 50],
    ["", "", "Tổng cộng", 1320, 660, 440, 220, 1100, 550, 495, 55, 220, 165, 55],
    [],
    ["", "", "Người lập biểu", "", "", "", "Thủ trưởng"],
]  # fmt: skip
BY_FIELD: list[Line] = [
    ["Biểu số II.06a/VPCP/KSTT"],
    ["Đơn vị báo cáo: Quận Thử Ba"],
    ["Kỳ báo cáo: Tháng 03 năm 2024"],
    ["STT", "Lĩnh vực giải quyết", "Số lượng hồ sơ tiếp nhận", "", "", "",
     "Số lượng hồ sơ đã giải quyết", "", "", "", "Số lượng hồ sơ đang giải quyết", "", ""],
    ["", "", "Tổng số", "Trong kỳ", "", "Từ kỳ trước", "Tổng số", "Trước hạn", "Đúng hạn",
     "Quá hạn", "Tổng số", "Trong hạn", "Quá hạn"],
    ["", "", "", "Trực tuyến", "Trực tiếp, dịch vụ bưu chính", "", "", "", "", "", "", "", ""],
    list(range(1, 14)),
    [1, "Đất đai", 30, 10, 15, 5, 20, 12, 5, 3, 10, 8, 2],
    [2, "Hộ tịch", 10, 5, 5, 0, 10, 10, 0, 0, 0, 0, 0],
    ["", "Tổng số", 40, 15, 20, 5, 30, 22, 5, 3, 10, 8, 2],
]  # fmt: skip
FORM_07A: list[Line] = [
    ["Biểu số 07a/BTP/KSTT/KTTH"],
    ["STT", "Cơ quan", "Số hồ sơ nhận giải quyết", "", "", "Kết quả giải quyết", "", "", "", ""],
    ["", "", "Tổng số", "Trong đó", "", "Số hồ sơ đã giải quyết", "", "",
     "Số hồ sơ đang giải quyết", "", ""],
    ["", "", "", "Số kỳ trước chuyển qua", "Số mới tiếp nhận", "Tổng số", "Trả đúng thời hạn",
     "Trả quá thời hạn", "Tổng số", "Chưa đến hạn", "Quá hạn"],
    ["A", "B", 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ["1", ONE, 50, 10, 40, 45, 44, 1, 5, 5, 0],
]  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Judged[Summary]]:
    """Lines of cells as an office's workbook, read and judged as a run does."""

    def reading(lines: Sequence[Line], month: Month = MARCH) -> Judged[Summary]:
        path = tmp_path / "tong-hop.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet()
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
        book.close()
        rows = rows_of_file(path.name, tables_in(path.name, path), month, UNITS)
        return judge_summaries(rows, UNITS)

    return reading


def changed(lines: Sequence[Line], row: int, place: int, value: Any) -> list[Line]:
    return [
        [*line[:place], value, *line[place + 1 :]] if number == row else line
        for number, line in enumerate(lines)
    ]


def told(summary: Summary) -> dict[str, int | None]:
    return dict(summary.figures)


def test_a_table_by_unit_is_read_below_its_three_heading_rows_and_its_column_numbers(
    read: Callable[..., Judged[Summary]],
) -> None:
    found = read(BY_UNIT)
    assert (found.rows, found.quarantined) == (2, ())
    one, two = found.accepted
    assert (one.unit_code, one.form, one.provenance) == (ONE, "tong-hop", "sample")
    assert told(one) == {
        "carried_over": 20, "received": 100, "received_online": 60, "received_direct": None,
        "received_postal": None, "fully_online": None, "finished": 100, "early": 50, "on_time": 45,
        "late": 5, "open_in_time": 15, "open_overdue": 5,
    }  # fmt: skip
    assert (two.unit_code, told(two)["received"]) == (TWO, 1000)


def test_a_form_by_field_tells_of_the_unit_that_reports(
    read: Callable[..., Judged[Summary]],
) -> None:
    for lines in (BY_FIELD, BY_FIELD[:-1]):  # with its total, and without
        (found,) = read(lines).accepted
        assert (found.unit_code, found.form, found.provenance) == (THREE, "II.06a", "official")
        assert (told(found)["received"], told(found)["late"]) == (35, 3)


def test_07a_does_not_tell_early_from_on_time_and_what_it_does_not_tell_is_empty(
    read: Callable[..., Judged[Summary]],
) -> None:
    (found,) = read(FORM_07A).accepted
    assert (found.unit_code, found.form) == (ONE, "07a")
    assert told(found) == {
        "carried_over": 10, "received": 40, "received_online": None, "received_direct": None,
        "received_postal": None, "fully_online": None, "finished": 45, "early": None,
        "on_time": None, "late": 1, "open_in_time": 5, "open_overdue": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "place", "value", "rule"),
    [
        (9, 3, 121, "SUM_CONTRADICTS"),
        (9, 7, 101, "SUM_CONTRADICTS"),
        (9, 11, 21, "SUM_CONTRADICTS"),
        (9, 2, "Sở Không Có", "UNIT_UNKNOWN"),
        (9, 12, "", "COUNT_MISSING"),
        (9, 12, "nhiều", "COUNT_UNREADABLE"),
        (9, 12, 1.5, "COUNT_UNREADABLE"),
        (9, 12, -1, "COUNT_UNREADABLE"),
        (9, 2, "Sở Thử Hai", "UNIT_REPEATED"),
    ],
)
def test_a_row_that_cannot_be_right_is_set_aside(
    read: Callable[..., Judged[Summary]], row: int, place: int, value: Any, rule: str
) -> None:
    found = read([line for line in changed(BY_UNIT, row, place, value) if "Tổng cộng" not in line])
    assert rule in {entry.rule for entry in found.quarantined}
    assert found.rows == len(found.accepted) + found.quarantined_rows


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (changed(BY_UNIT, 11, 3, 1321), "các dòng cộng lại là 1320, dòng tổng ghi 1321"),
        (changed(BY_UNIT, 2, 0, "Tháng 4/2024"), "bảng ghi kỳ 04/2024, thư mục là của kỳ 03/2024"),
        (changed(BY_FIELD, 1, 0, "Đơn vị báo cáo: Sở Lạ"), "“Sở Lạ”"),
        (BY_UNIT[:8], "không có dòng số liệu nào"),
        ([["Tên", "Số"], ["a", 1]], "không thấy bảng nào"),
        (changed(BY_UNIT, 5, 13, "Ghi chú"), "bảng thiếu cột: Đang giải quyết trễ hạn"),
        (changed(BY_UNIT, 4, 2, "Nơi"), "không có cột đơn vị hay lĩnh vực"),
    ],
)
def test_a_wrong_file_is_refused_in_one_vietnamese_line_that_says_what_to_do(
    read: Callable[..., Judged[Summary]], lines: list[Line], said: str
) -> None:
    with pytest.raises(SourceError) as refused:
        read(lines)
    line = str(refused.value)
    assert said in line and line.startswith("tong-hop.xlsx: ") and " -> " in line
    assert "\n" not in line


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tong-hop.xls"
    path.write_bytes(b"not a workbook")
    with pytest.raises(SourceError, match="không mở được như một bảng tính"):
        tables_in(path.name, path)
    path.write_bytes(b"0" * (summed_layout().limits.bytes + 1))
    with pytest.raises(SourceError, match="quá lớn"):
        tables_in(path.name, path)


# What becomes of it


def summary(code: str, **figures: int | None) -> dict[str, Any]:
    usual = {"carried_over": 1, "received": 4, "finished": 3, "open_in_time": 2, "open_overdue": 0}
    return {"unit_code": code, "early": 1, "on_time": 2, "late": 0, **usual, **figures}


def test_a_unit_without_dossiers_has_its_summed_row_and_one_with_dossiers_its_own() -> None:
    rows = [dossier(unit_code=ONE)]
    table = statistics_table(
        MARCH, "H24", [ONE, TWO, THREE], counts(rows), [summary(ONE), summary(TWO)]
    )
    by_unit = {r["unit_code"]: r for r in table.to_pylist() if r["field_code"] == "ALL"}
    assert {code: row["source"] for code, row in by_unit.items()} == {
        "H24": "dossiers", ONE: "dossiers", TWO: "summed", THREE: None,
    }  # fmt: skip
    assert by_unit["H24"]["received"] == by_unit[ONE]["received"]  # nothing is added twice
    assert (by_unit[TWO]["received"], by_unit[TWO]["withdrawn"]) == (4, None)
    contract = load_contract("dossier_statistics")
    assert blocking_lines(check_table(table, contract)) == []
    assert unbalanced_sums(table, "H24") == []


def test_a_month_of_summed_tables_alone_adds_them_up_for_the_city() -> None:
    table = statistics_table(
        MARCH, "H24", [ONE, TWO], None, [summary(ONE), summary(TWO, early=None, on_time=None)]
    )
    city = next(r for r in table.to_pylist() if r["unit_code"] == "H24")
    assert (city["source"], city["received"], city["late"], city["early"]) == (
        "summed", 8, 0, None,
    )  # fmt: skip
    contract = load_contract("dossier_statistics")
    assert blocking_lines(check_table(table, contract)) == []


def test_the_accepted_rows_keep_to_their_contract(read: Callable[..., Judged[Summary]]) -> None:
    contract = load_contract("dossier_summaries")
    rows = [one.as_row(MARCH) for lines in (BY_UNIT, BY_FIELD) for one in read(lines).accepted]
    assert blocking_lines(check_table(table_from_rows(contract, rows), contract)) == []


def test_an_old_workbook_is_read_as_the_new_one_is() -> None:
    """The .xls is the written form of ``tests/publish/release/test_summed_form``, saved anew."""
    path = Path(__file__).parents[2] / "cases" / "summed_tables" / "II.06a.xls"
    (table,) = tables_in(path.name, path)
    assert (table.form, table.is_sample, table.period) == ("II.06a", True, (2024, 3))
    assert [row.labels[0] for row in table.rows] == ["H24.M01", "H24.M02"]
    figures = table.rows[0].cells
    assert (figures["carried_over"], figures["received_total"], figures["finished"]) == (
        "1", "11", "6",
    )  # fmt: skip
