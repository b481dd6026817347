"""Forms that come back: what is taken, what is set aside and why, what is refused."""

import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.agency_forms.forms import (
    FormReading,
    read_form,
    read_forms,
    reports_from_rows,
    submission_rows,
)
from cchc_pipeline.sources.agency_forms.items import UnitReport
from cchc_pipeline.storage.lake import table_from_rows
from tests.builders.agency_form import MARCH, Rows, empty_rows, filled, terms, workbook

FINANCE = "H24.M03"
DONE = {"status": "Hoàn thành", "completed_on": date(2024, 3, 20)}


def _read(answers: dict[str, dict[str, Any]], unit: str = FINANCE) -> FormReading:
    return read_form(filled(unit, answers), "mau.xlsx", terms())


def _one(answers: dict[str, Any], item: str = "45") -> UnitReport:
    reading = _read({item: answers})
    assert (reading.rows, reading.quarantined) == (1, ())
    return reading.accepted[0]


def _rules(answers: dict[str, Any], item: str = "45") -> list[str]:
    reading = _read({item: answers})
    assert reading.accepted == () and reading.quarantined_rows == reading.rows == 1
    return [entry.rule for entry in reading.quarantined]


def test_a_filled_form_comes_back_as_it_was_filled_in() -> None:
    answers = {
        "45": {"numerator": 40, "denominator": 50, "value": 80, "status": "Đang thực hiện"},
        "46a": {"value": 1},
        "43": DONE,
    }
    assert _read(answers).accepted == (
        UnitReport(MARCH, FINANCE, "45", Decimal(40), Decimal(50), Decimal(80), "IN_PROGRESS"),
        UnitReport(MARCH, FINANCE, "46a", Decimal(1), None, Decimal(1)),
        UnitReport(MARCH, FINANCE, "43", status="DONE", completed_on=date(2024, 3, 20)),
    )


def test_a_status_in_the_word_of_an_earlier_form_is_still_read() -> None:
    for word in ("Trễ hạn", "Quá hạn"):
        (report,) = _read({"43": {"status": word}}).accepted
        assert report.status == "OVERDUE"


def test_an_empty_form_reports_nothing_and_a_note_alone_is_no_report() -> None:
    assert (_read({}).rows, _read({"45": {"note": "đang chờ"}}).rows) == (0, 0)


def test_a_note_is_carried_nowhere() -> None:
    reading = _read({"45": {"numerator": 9, "denominator": 1, "note": "TOKEN7"}, "43": DONE})
    assert "TOKEN7" not in repr(reading)


def test_zero_is_a_figure() -> None:
    report = _one({"numerator": 0, "denominator": 50})
    assert (report.numerator, report.value) == (0, 0)
    assert _one({"numerator": 0, "denominator": 0}).value is None


def test_vietnamese_numbers_and_dates_in_text_are_read() -> None:
    report = _one({"numerator": "1.234,5", "denominator": "2.469", **_as_text(DONE)})
    assert (report.numerator, report.denominator, report.value) == (
        Decimal("1234.5"),
        Decimal(2469),
        50,
    )
    assert report.completed_on == date(2024, 3, 20)


def _as_text(answers: dict[str, Any]) -> dict[str, Any]:
    return {**answers, "status": "HOÀN THÀNH ", "completed_on": "20/3/2024"}


@pytest.mark.parametrize("value", [33.33, "33,3", 33, "33,33%", 0.3333, 33.333333333333336])
def test_a_value_is_taken_as_rounded_per_cent_or_as_a_fraction(value: object) -> None:
    report = _one({"numerator": 1, "denominator": 3, "value": value})
    assert report.value == Decimal("33.333333")


@pytest.mark.parametrize("value", [34, 33.4, 0.34, 1, 0])
def test_a_value_that_contradicts_its_parts_is_set_aside(value: object) -> None:
    assert _rules({"numerator": 1, "denominator": 3, "value": value}) == ["VALUE_CONTRADICTS"]


@pytest.mark.parametrize(
    ("answers", "item", "rule"),
    [
        ({"value": 80}, "45", "SHARE_NEEDS_PARTS"),
        ({"numerator": 4}, "45", "SHARE_NEEDS_PARTS"),
        ({"numerator": 6, "denominator": 5}, "45", "NUMERATOR_ABOVE_DENOMINATOR"),
        ({"numerator": -1, "denominator": 5}, "45", "NUMBER_NEGATIVE"),
        ({"numerator": "bốn", "denominator": 5}, "45", "NUMBER_UNREADABLE"),
        ({"numerator": 1, "denominator": 10**15}, "45", "NUMBER_TOO_LARGE"),
        ({"value": 1.5}, "46a", "NUMBER_NOT_WHOLE"),
        ({"value": 1, "denominator": 2}, "46a", "FIGURE_NOT_ASKED"),
        ({"value": 1, "numerator": 2}, "46a", "VALUE_CONTRADICTS"),
        ({"numerator": 1, "denominator": 2}, "43", "FIGURE_NOT_ASKED"),
        ({"value": 1, "status": "Hoàn thành"}, "46a", "STATUS_NOT_ASKED"),
        ({"status": "Xong"}, "43", "STATUS_UNKNOWN"),
        ({"status": "Hoàn thành"}, "43", "DONE_WITHOUT_DATE"),
        ({"completed_on": date(2024, 3, 1)}, "43", "STATUS_MISSING"),
        ({**DONE, "status": "Đang thực hiện"}, "43", "DATE_WITHOUT_DONE"),
        ({**DONE, "completed_on": "31/02/2024"}, "43", "DATE_UNREADABLE"),
        ({**DONE, "completed_on": date(2024, 4, 1)}, "43", "DATE_AFTER_PERIOD"),
        ({**DONE, "completed_on": date(2022, 12, 31)}, "43", "DATE_TOO_EARLY"),
        ({"status": "Đang thực hiện"}, "999", "ITEM_UNKNOWN"),
        ({"status": "Đang thực hiện"}, "1c", "ITEM_NOT_OWED"),
        ({"status": "Đang thực hiện"}, "", "ITEM_MISSING"),
    ],
)
def test_each_broken_rule_sets_the_row_aside(answers: dict[str, Any], item: str, rule: str) -> None:
    assert rule in _rules(answers, item)


def test_a_change_against_an_earlier_year_may_be_negative() -> None:
    assert _one({"numerator": -5, "denominator": 100}, "47").value == -5
    assert _one({"value": -2}, "46b").value == -2


def test_a_message_names_column_and_row_and_is_in_vietnamese() -> None:
    (entry,) = _read({"43": {"status": "Xong"}}).quarantined
    assert entry.column == "Trạng thái" and entry.row > 7
    assert entry.message_vi == "Trạng thái “Xong” không có trong danh sách."
    assert "Đang thực hiện" in entry.expected_vi


def test_a_quoted_value_is_masked() -> None:
    (entry,) = _read({"43": {"status": "gọi 0912345678"}}).quarantined
    assert "0912345678" not in entry.message_vi


def test_an_id_twice_is_a_duplicate_if_equal_and_set_aside_if_not() -> None:
    def repeat(rows: Rows) -> None:
        rows.append(["43", "", "", "", "", "Hoàn thành", date(2024, 3, 20), ""])

    same = read_form(filled(FINANCE, {"43": DONE}, change=repeat), "m.xlsx", terms())
    assert (same.rows, len(same.accepted), same.duplicates) == (2, 1, 1)
    other = {"43": {"status": "Đang thực hiện"}}
    differing = read_form(filled(FINANCE, other, change=repeat), "m.xlsx", terms())
    assert (differing.rows, differing.accepted, differing.quarantined_rows) == (2, (), 2)
    assert {entry.rule for entry in differing.quarantined} == {"ITEM_REPEATED"}


def test_moved_rows_blank_lines_and_bare_headings_do_no_harm() -> None:
    def move(rows: Rows) -> None:
        rows[8:] = [[], *reversed(rows[8:]), []]
        rows[7] = [
            "MA",
            "noi dung",
            "TU SO",
            "mẫu  số",
            "Giá trị:",
            "trang thai",
            "ngày hoàn thành",
        ]
        rows.insert(0, [])

    reading = read_form(filled(FINANCE, {"43": DONE}, change=move), "m.xlsx", terms())
    assert [report.item_id for report in reading.accepted] == ["43"]


@pytest.mark.parametrize(
    ("at", "cell", "what"),
    [
        ((3, 1), "H24.M77", "no unit below H24"),
        ((3, 1), "H24", "no unit below H24"),
        ((5, 1), "2024-02", "is about 2024-02"),
        ((5, 1), "tháng này", "does not say which month"),
        ((7, 2), "Tử", "no column 'Tử số'"),
        ((7, 3), "Tử số", "two columns are 'Tử số'"),
        ((7, 0), "STT", "no sheet has the form's headings"),
    ],
)
def test_a_form_that_cannot_be_told_is_refused_in_one_line(
    at: tuple[int, int], cell: str, what: str
) -> None:
    def spoil(rows: Rows) -> None:
        rows[at[0]][at[1]] = cell

    with pytest.raises(SourceError, match=what) as caught:
        read_form(filled(FINANCE, {}, change=spoil), "mau.xlsx", terms())
    assert str(caught.value).startswith("mau.xlsx") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "period", ["03/2024", "Tháng 3/2024", "tháng 3 năm 2024", date(2024, 3, 1)]
)
def test_the_period_is_read_as_people_write_it(period: object) -> None:
    def write(rows: Rows) -> None:
        rows[5][1] = period

    assert read_form(filled(FINANCE, {"43": DONE}, change=write), "m.xlsx", terms()).rows == 1


def test_a_form_without_a_code_is_known_by_its_unit_s_name() -> None:
    def only_name(rows: Rows) -> None:
        rows[3][1], rows[4][1] = "", "SỞ  TÀI CHÍNH"

    assert read_form(filled(FINANCE, {}, change=only_name), "m.xlsx", terms()).unit_code == FINANCE


def _zip(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"Ma;Noi dung", "is no XLSX"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "a password"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook".encode("utf-16-le"), "an old workbook"),
        (_zip(20_000_000), "unpacks to more than"),
        (_zip(10), "is no XLSX workbook"),
        (workbook([["a"]])[:-300], "is damaged or cut off"),
    ],
)
def test_what_is_no_workbook_is_refused_in_one_line(content: bytes, what: str) -> None:
    with pytest.raises(SourceError, match=what):
        read_form(content, "mau.xlsx", terms())


def test_two_sheets_with_the_form_are_refused() -> None:
    rows = empty_rows(FINANCE)
    with pytest.raises(SourceError, match="two sheets"):
        read_form(workbook(rows, more={"Bản sao": rows}), "mau.xlsx", terms())


def test_two_different_forms_of_a_unit_are_both_refused_the_same_bytes_are_one() -> None:
    first = filled(FINANCE, {"43": DONE})
    other = filled(FINANCE, {"43": {"status": "Đang thực hiện"}})
    both = read_forms([("a.xlsx", first), ("b.xlsx", other)], terms())
    assert both.readings == () and "a.xlsx and b.xlsx" in str(both.refused[0])
    (again,) = read_forms([("a.xlsx", first), ("b.xlsx", first)], terms()).readings
    assert (again.rows, len(again.accepted), again.duplicates) == (2, 1, 1)


def test_one_bad_file_does_not_stop_the_others() -> None:
    reading = read_forms([("a.xlsx", b"?"), ("b.xlsx", filled(FINANCE, {"43": DONE}))], terms())
    assert len(reading.refused) == 1 and len(reading.reports) == 1


def test_who_owes_a_form_stands_in_submissions_whether_it_came_or_not() -> None:
    answers = {"43": DONE, "45": {"numerator": 2, "denominator": 1}}
    reading = read_forms([("b.xlsx", filled(FINANCE, answers))], terms())
    rows = submission_rows(reading, terms(), {"b.xlsx": "2024-04-02T01:00:00Z"})
    assert len(rows) == 6
    came = next(row for row in rows if row["unit_code"] == FINANCE)
    assert (came["rows"], came["accepted"], came["quarantined"], came["status"]) == (
        2,
        1,
        1,
        "received",
    )
    assert {row["status"] for row in rows if row is not came} == {"missing"}
    table = table_from_rows(load_contract("submissions"), rows)
    assert blocking_lines(check_table(table, load_contract("submissions"))) == []


def test_reports_and_quarantine_keep_to_their_contracts_and_come_back_the_same() -> None:
    answers = {"43": DONE, "45": {"numerator": 1, "denominator": 3}, "44": {"status": "?"}}
    reading = _read({**answers, "46a": {"value": 1}})
    contract = load_contract("agency_reports")
    table = table_from_rows(contract, [report.as_row() for report in reading.accepted])
    assert blocking_lines(check_table(table, contract)) == []
    assert set(reports_from_rows(table.to_pylist())) == set(reading.accepted)
    contract = load_contract("agency_quarantine")
    table = table_from_rows(contract, [e.as_row("2024-03") for e in reading.quarantined])
    assert blocking_lines(check_table(table, contract)) == []


_CELL = st.one_of(
    st.just(""),
    st.integers(-3, 60),
    st.sampled_from(["Hoàn thành", "x", "12,5", "Quá hạn", "31/01/2024", "1/13/2024", "0.5"]),
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(
    st.sampled_from(["45", "46a", "43", "1c", "zz"]),
    st.fixed_dictionaries(
        dict.fromkeys(("numerator", "denominator", "value", "status", "completed_on"), _CELL)
    ),
))  # fmt: skip
def test_no_row_is_lost(answers: dict[str, dict[str, Any]]) -> None:
    reading = _read(answers)
    filled_in = sum(any(cell != "" for cell in told.values()) for told in answers.values())
    assert reading.rows == filled_in
    assert reading.rows == len(reading.accepted) + reading.quarantined_rows + reading.duplicates


def _with_cell(pattern: str, cell: str) -> bytes:
    """A filled form in which one cell's XML is another."""
    source = io.BytesIO(filled(FINANCE, {"45": {"numerator": 40, "denominator": 50}}))
    target = io.BytesIO()
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            content = before.read(name).decode()
            after.writestr(name, re.sub(pattern, cell, content) if "sheet1" in name else content)
    return target.getvalue()


_NUMERATOR = r'<c r="(C\d+)"><v>40</v></c>'


@pytest.mark.parametrize("value", ["", "<v/>", "<v></v>"])
def test_a_formula_without_a_kept_value_sets_its_row_aside(value: str) -> None:
    content = _with_cell(_NUMERATOR, rf'<c r="\1"><f>20+20</f>{value}</c>')
    reading = read_form(content, "mau.xlsx", terms())
    (entry,) = reading.quarantined
    assert (entry.rule, reading.rows, reading.accepted) == ("FORMULA_NOT_KEPT", 1, ())
    assert re.fullmatch(r"Ô C\d+ là công thức chưa có kết quả lưu lại\.", entry.message_vi)


@pytest.mark.parametrize("error", ["#REF!", "#DIV/0!", "#N/A"])
def test_an_error_is_no_number(error: str) -> None:
    content = _with_cell(_NUMERATOR, rf'<c r="\1" t="e"><f>1/0</f><v>{error}</v></c>')
    assert [e.rule for e in read_form(content, "mau.xlsx", terms()).quarantined] == [
        "NUMBER_UNREADABLE"
    ]


def test_a_stray_far_cell_is_named() -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    with pytest.raises(SourceError, match="Báo cáo, cell XFD1048576: has far more cells"):
        read_form(_with_cell("</sheetData>", far), "mau.xlsx", terms())
