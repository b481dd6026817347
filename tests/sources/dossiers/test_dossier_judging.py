"""Which rows of an export are accepted, quarantined or duplicates, sentence by sentence (§5.1).

Row 1 of a file is its heading, so the first dossier is row 2.
"""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.registers.units import Succession, UnitRegister
from cchc_pipeline.sources.dossiers.judging import Account, require_balanced
from cchc_pipeline.sources.readers.upload_schema import fold_heading, load_upload_schema
from tests.builders.dossier_export import (
    GOOD,
    OPEN,
    csv_bytes,
    dossier,
    read_files,
    read_rows,
    register,
)


def test_a_good_row_is_accepted_without_its_dossier_code(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier())
    assert outcome.account == (1, 1, 0, 0)
    (row,) = outcome.accepted
    assert row["unit_code"] == "H24.16"
    assert row["file"] == "ho-so.csv"
    assert row["row"] == 2
    assert not any("240305-0001" in str(value) for value in row.values())


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"MaHoSo": ""}, "CODE_MISSING"),
        ({"MaHoSo": "H24-1"}, "CODE_MALFORMED"),
        ({"MaHoSo": "000.00.16.H24-240231-0001"}, "CODE_MALFORMED"),
        ({"MaTTHC": ""}, "PROCEDURE_MISSING"),
        ({"MaTTHC": "2.81"}, "PROCEDURE_MALFORMED"),
        ({"MaLinhVuc": "ALL"}, "FIELD_MALFORMED"),
        ({"MaLinhVuc": "=LV1"}, "FIELD_MALFORMED"),
        ({"TenTTHC": "=HYPERLINK(1)"}, "TEXT_LIKE_FORMULA"),
        ({"TenLinhVuc": "@lệnh"}, "TEXT_LIKE_FORMULA"),
        ({"KenhThucHien": "9"}, "CHANNEL_UNKNOWN"),
        ({"MucDo": "1"}, "LEVEL_UNKNOWN"),
        ({"TrangThaiHoSo": ""}, "STATUS_MISSING"),
        ({"TrangThaiHoSo": "11"}, "STATUS_UNKNOWN"),
        ({"NgayNopHoSo": "hôm qua"}, "SUBMITTED_UNREADABLE"),
        ({"NgayTiepNhan": ""}, "RECEIVED_MISSING"),
        ({"NgayTiepNhan": "20240230080000"}, "RECEIVED_UNREADABLE"),
        ({"NgayHenTra": "31/02/2024"}, "DUE_UNREADABLE"),
        ({"NgayHenTraMoi": "?"}, "NEW_DUE_UNREADABLE"),
        ({"NgayTra": "11/3"}, "RETURNED_UNREADABLE"),
        ({"NgayKetThucXuLy": "11/3"}, "FINISHED_UNREADABLE"),
        ({"DonViXuLy": ""}, "UNIT_MISSING"),
        ({"DonViXuLy": "Sở Không Có"}, "UNIT_UNKNOWN"),
        ({"DonViXuLy": "H24"}, "UNIT_UNKNOWN"),
        ({"DonViXuLy": "H24.90"}, "UNIT_NOT_VALID"),
        ({"DuocThanhToanTrucTuyen": "3"}, "PAYMENT_UNKNOWN"),
        ({"TongLePhi": "miễn"}, "FEE_UNREADABLE"),
        ({"TongLePhi": "-50000"}, "FEE_NEGATIVE"),
        ({"HoSoCoThanhPhanSoHoa": "2"}, "DIGITISED_UNKNOWN"),
        ({"TaiKhoanDuocXacThucVoiVNeID": "?"}, "IDENTIFIED_UNKNOWN"),
        ({"DaDongBoDVCQG": "5"}, "SYNCED_UNKNOWN"),
        ({"LuanChuyenNoiBo": "2"}, "CIRCULATION_UNKNOWN"),
        ({"MucDoHaiLong": "7"}, "RATING_OUT_OF_RANGE"),
        ({"SoLanBoSung": "-1"}, "SUPPLEMENTS_UNREADABLE"),
        ({"CoKetQuaDienTu": "2"}, "E_RESULT_UNKNOWN"),
        ({"NgayHenTra": "20240304170000"}, "DUE_BEFORE_RECEIVED"),
        ({"NgayTra": "", "NgayKetThucXuLy": ""}, "FINISHED_WITHOUT_DATE"),
        ({"TrangThaiHoSo": "4"}, "OPEN_WITH_DATE"),
        ({"NgayKetThucXuLy": "20240304100000"}, "FINISHED_BEFORE_RECEIVED"),
        ({"NgayTiepNhan": "20240401000000", "NgayHenTra": ""} | OPEN, "RECEIVED_AFTER_PERIOD"),
        (
            {"NgayTiepNhan": "20240205083000", "NgayKetThucXuLy": "20240229235959"},
            "FINISHED_BEFORE_PERIOD",
        ),
    ],
)
def test_a_row_with_a_fault_is_quarantined_under_its_rule(
    tmp_path: Path, change: dict[str, str], rule: str
) -> None:
    outcome = read_rows(tmp_path, dossier(1), dossier(2, **change))
    assert outcome.rules == [(3, rule)]
    assert outcome.account == (2, 1, 1, 0)
    assert outcome.refused[0]["message_vi"]
    assert outcome.refused[0]["expected_vi"]


def test_a_row_with_two_faults_is_one_row_with_two_messages(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(MucDoHaiLong="7", TongLePhi="-1"))
    assert outcome.account == (1, 0, 1, 0)
    assert [rule for _, rule in outcome.rules] == ["FEE_NEGATIVE", "RATING_OUT_OF_RANGE"]


def test_a_submission_after_the_reception_is_a_warning_only(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(NgayNopHoSo="20240306080000"))
    assert outcome.account == (1, 1, 0, 0)
    assert outcome.reading.warned == {"submitted_after_received": 1}


def test_a_message_quotes_forty_characters_and_no_identity_number(tmp_path: Path) -> None:
    long = "x" * 100
    outcome = read_rows(tmp_path, dossier(1, MaTTHC="031099123456"), dossier(2, MaTTHC=long))
    told = [row["message_vi"] for row in outcome.refused]
    assert "031099123456" not in told[0]
    assert "x" * 41 not in told[1]


def test_rows_not_received_are_set_aside_and_no_other_rule_applies_to_them(tmp_path: Path) -> None:
    outcome = read_rows(
        tmp_path,
        dossier(1, TrangThaiHoSo="1", MaHoSo="", NgayTiepNhan="?", MucDoHaiLong="9"),
        dossier(1, TrangThaiHoSo="3", DonViXuLy="Sở Không Có", MaLinhVuc="=1"),
    )
    assert outcome.account == (2, 2, 0, 0)
    assert sum(a.not_received for a in outcome.reading.accounts) == 2
    assert [(row["unit_code"], row["field_code"]) for row in outcome.accepted] == [
        ("H24.16", "LV1"), (None, "UNKNOWN"),
    ]  # fmt: skip
    assert {row["received_at"] for row in outcome.accepted} == {None}


def test_rows_not_received_are_no_duplicates_of_each_other(tmp_path: Path) -> None:
    row = dossier(TrangThaiHoSo="1")
    assert read_rows(tmp_path, row, row).account == (2, 2, 0, 0)


def test_identical_rows_collapse_before_the_row_rules(tmp_path: Path) -> None:
    bad = dossier(2, MucDoHaiLong="7")
    outcome = read_rows(tmp_path, dossier(1), dossier(1), bad, bad)
    assert outcome.account == (4, 1, 1, 2)


@pytest.mark.parametrize("line", ["a,b\n", "a,b,c,d\n"])
def test_a_line_that_cannot_be_read_is_no_duplicate_and_tells_why(
    tmp_path: Path, line: str
) -> None:
    content = csv_bytes([dossier(1)]) + (line * 3).encode()
    outcome = read_files(tmp_path, {"ho-so.csv": content})
    cells = line.count(",") + 1
    assert outcome.account == (4, 1, 3, 0)
    assert [rule for _, rule in outcome.rules] == ["LINE_UNREADABLE"] * 3
    words = f"Dòng không đọc được: dòng có {cells} ô, dòng tiêu đề có {len(GOOD)} ô; Excel bỏ"
    assert all(row["message_vi"].startswith(words) for row in outcome.refused)


def test_json_lines_that_cannot_be_read_are_no_duplicates_of_each_other(tmp_path: Path) -> None:
    content = '{"MaHoSo": \n' * 4 + "[1]\n" * 2
    good = json.dumps({k: v for k, v in dossier().items() if v}, ensure_ascii=False)
    outcome = read_files(tmp_path, {"ho-so.jsonl": f"{good}\n{content}".encode()})
    assert outcome.account == (7, 1, 6, 0)


@pytest.mark.parametrize("code", ["", "#REF!", "#N/A"])
def test_rows_without_a_code_that_can_be_read_are_no_duplicates(tmp_path: Path, code: str) -> None:
    bad = dossier(MaHoSo=code)
    assert read_rows(tmp_path, dossier(1), bad, bad, bad).account == (4, 1, 3, 0)


def test_an_account_that_does_not_add_up_stops_the_month() -> None:
    good = Account("ho-so.csv", "H24.16", 3, 1, 1, 1, 0)
    require_balanced([good], {"ho-so.csv": 3})
    for wrong in (replace(good, duplicates=0), replace(good, accepted=2), replace(good, rows=4)):
        with pytest.raises(SourceError, match="3 rows, but"):
            require_balanced([wrong], {"ho-so.csv": 3})


_LISTS = ("DanhSachLePhi", "DanhSachHoSoBoSung", "DanhSachGiayToKetQua")


def _native(**lists: Any) -> dict[str, Any]:
    flat = {"NgayHenTraMoi", "TongLePhi", "SoLanBoSung", "CoKetQuaDienTu"}
    return {k: v for k, v in dossier().items() if v and k not in flat} | lists


@pytest.mark.parametrize("name", _LISTS)
@pytest.mark.parametrize("other", [[], None])
def test_an_absent_list_and_an_empty_one_are_the_same(
    tmp_path: Path, name: str, other: list[Any] | None
) -> None:
    full = {one: [{"Gia": 1}] if one == "DanhSachLePhi" else [] for one in _LISTS}
    records = [_native(**full) | {"MaHoSo": "H24-240305-0009"}, _native(), _native(**{name: other})]
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    outcome = read_files(tmp_path, {"ho-so.jsonl": lines.encode()})
    assert outcome.account == (3, 2, 0, 1)


def test_a_record_without_lists_is_the_flat_row_that_says_none(tmp_path: Path) -> None:
    native = json.dumps(_native(**{name: [] for name in _LISTS}), ensure_ascii=False).encode()
    flat = csv_bytes([dossier(TongLePhi="0", SoLanBoSung="0", CoKetQuaDienTu="0")])
    outcome = read_files(tmp_path, {"ho-so-1.csv": flat, "ho-so-2.jsonl": native + b"\n"})
    assert outcome.account == (2, 1, 0, 1)


@pytest.mark.parametrize("error", ["#REF!", "#N/A"])
def test_a_path_that_is_the_error_of_a_formula_is_no_file(tmp_path: Path, error: str) -> None:
    native = _native(DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": error}])
    content = json.dumps(native, ensure_ascii=False).encode() + b"\n"
    outcome = read_files(tmp_path, {"ho-so.jsonl": content})
    assert outcome.rules == [(1, "E_RESULT_UNKNOWN")]
    assert error in outcome.refused[0]["message_vi"]


@pytest.mark.parametrize("field", ["TenTTHC", "TenLinhVuc", "TenDonViXuLy", "DuLieuMau"])
@pytest.mark.parametrize("error", ["#REF!", "#N/A", "Err:502"])
def test_a_cell_whose_formula_failed_is_a_fault_in_its_own_column(
    tmp_path: Path, field: str, error: str
) -> None:
    rows = [dossier(1), dossier(2, **{field: error})]
    content = csv_bytes(rows, [*GOOD, *({field} - GOOD.keys())])
    outcome = read_files(tmp_path, {"ho-so.csv": content})
    assert outcome.rules == [(3, "CELL_ERROR")]
    assert (
        load_upload_schema("dossiers").by_fold[fold_heading(outcome.refused[0]["column"])] == field
    )
    assert error in outcome.refused[0]["message_vi"]


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"NgayHenTra": "12/03/2034"}, {}),
        ({"NgayHenTra": "01/04/2034"}, {"date_far_ahead": 1}),
        ({"NgayTra": "11/03/2042"}, {"date_far_ahead": 1}),
        ({"NgayKetThucXuLy": "20420311093000"}, {"date_far_ahead": 1}),
        ({"NgayTiepNhan": "03/02/2024", "NgayNopHoSo": ""}, {}),
        ({"NgayTiepNhan": "02/02/2024", "NgayNopHoSo": ""}, {"reception_far_from_code": 1}),
        ({"MaHoSo": "H24-240202-0001"}, {"reception_far_from_code": 1}),
        ({"TenDonViXuLy": "Sở Thuỷ sản MẪU"}, {}),
        ({"TenDonViXuLy": "Sở Không Có"}, {}),
        ({"TenDonViXuLy": "Sở Thổ nhưỡng Mẫu"}, {"unit_name_differs": 1}),
    ],
)
def test_what_is_unlikely_is_counted_and_accepted(
    tmp_path: Path, change: dict[str, str], warning: dict[str, int]
) -> None:
    content = csv_bytes([dossier(**change)], [*GOOD, "TenDonViXuLy"])
    outcome = read_files(tmp_path, {"ho-so.csv": content})
    assert outcome.account == (1, 1, 0, 0)
    assert outcome.reading.warned == warning
    assert outcome.accepted[0]["unit_code"] == "H24.16"


def test_a_unit_is_told_by_its_name_where_the_code_is_empty(tmp_path: Path) -> None:
    row = dossier(DonViXuLy="", TenDonViXuLy="Sở Thổ nhưỡng Mẫu")
    outcome = read_files(tmp_path, {"ho-so.csv": csv_bytes([row], [*GOOD, "TenDonViXuLy"])})
    assert [accepted["unit_code"] for accepted in outcome.accepted] == ["H24.17"]


def _succeeded(*new: str | None) -> UnitRegister:
    """The units of the tests, where these follow the district that has ended."""
    rows = (
        Succession("H24.90", "Quận Cũ Mẫu", code, "Sở Mẫu" if code else "", date(2024, 1, 1),
                   "merged", "DỮ LIỆU MẪU")
        for code in new
    )  # fmt: skip
    return replace(register(), successions=tuple(rows))


def test_a_dossier_of_a_unit_that_ended_is_its_one_successor_s(tmp_path: Path) -> None:
    content = csv_bytes([dossier(1), dossier(2, DonViXuLy="H24.90")])
    outcome = read_files(tmp_path, {"ho-so.csv": content}, units=_succeeded("H24.17"))
    assert [row["unit_code"] for row in outcome.accepted] == ["H24.16", "H24.17"]
    assert "1 hồ sơ của Quận Cũ Mẫu được tính cho Sở Thổ nhưỡng Mẫu" in outcome.reading.notes


@pytest.mark.parametrize(("new", "told"), [
    ((), "không nêu đơn vị thay thế"), ((None,), "không nêu đơn vị thay thế"),
    (("H24.16", "H24.17"), "các đơn vị thay thế: Sở Mẫu"),
])  # fmt: skip
def test_without_exactly_one_successor_the_message_tells_the_succession(
    tmp_path: Path, new: tuple[str | None, ...], told: str
) -> None:
    content = csv_bytes([dossier(DonViXuLy="Quận Cũ Mẫu")])
    outcome = read_files(tmp_path, {"ho-so.csv": content}, units=_succeeded(*new))
    assert outcome.rules == [(2, "UNIT_NOT_VALID")]
    message = outcome.refused[0]["message_vi"]
    assert "Quận Cũ Mẫu kết thúc ngày 31/12/2023" in message
    assert told in message


def test_a_file_that_fails_while_its_rows_are_read_is_told_by_name(tmp_path: Path) -> None:
    """The head of a Parquet file, which tells its columns, is whole; a page of it is not."""
    file = tmp_path / "ho-so.parquet"
    rows = [dossier(number) for number in range(2000)]
    pq.write_table(pa.Table.from_pylist(rows), file, compression="snappy")
    content = bytearray(file.read_bytes())
    content[100:400] = bytes(300)
    with pytest.raises(SourceError, match=r"ho-so\.parquet"):
        read_files(tmp_path, {"ho-so.parquet": bytes(content)})


def test_rows_are_identical_after_normalising(tmp_path: Path) -> None:
    one = dossier(TrangThaiHoSo="10", NgayTiepNhan="20240305083000", DonViXuLy="H24.16")
    same = dossier(
        TrangThaiHoSo="Đã trả kết quả", NgayTiepNhan="05/03/2024 08:30", TongLePhi="50.000",
        DonViXuLy="SỞ  Thuỷ sản Mẫu", MaTTHC="2.000815.000.00.00.H24",
    )  # fmt: skip
    assert read_rows(tmp_path, one, same).account == (2, 1, 0, 1)


def test_a_date_is_not_a_moment_when_rows_are_compared(tmp_path: Path) -> None:
    at_midnight = dossier(NgayTiepNhan="20240305000000", NgayNopHoSo="")
    of_the_day = at_midnight | {"NgayTiepNhan": "05/03/2024"}
    outcome = read_rows(tmp_path, at_midnight, of_the_day)
    assert outcome.account == (2, 0, 2, 0)
    assert {rule for _, rule in outcome.rules} == {"CONTRADICTING_DUPLICATES"}


def test_the_row_with_a_finish_wins_over_those_without(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(**OPEN), dossier())
    assert outcome.account == (2, 1, 0, 1)
    assert outcome.accepted[0]["row"] == 3


def test_then_the_higher_status_wins(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(TrangThaiHoSo="10"), dossier(TrangThaiHoSo="9"))
    assert outcome.account == (2, 1, 0, 1)
    assert outcome.accepted[0]["status"] == 10


def test_the_same_status_with_other_differences_quarantines_all_of_them(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(MucDoHaiLong="5"), dossier(MucDoHaiLong="1"))
    assert outcome.account == (2, 0, 2, 0)
    assert {rule for _, rule in outcome.rules} == {"CONTRADICTING_DUPLICATES"}


@pytest.mark.parametrize(
    "change",
    [
        {"NgayTiepNhan": "20240306083000"},
        {"DonViXuLy": "H24.17"},
        {"MaTTHC": "2.000816"},
    ],
)
def test_versions_that_disagree_on_reception_unit_or_procedure_are_quarantined(
    tmp_path: Path, change: dict[str, str]
) -> None:
    outcome = read_rows(tmp_path, dossier(TrangThaiHoSo="9"), dossier(TrangThaiHoSo="10", **change))
    assert outcome.account == (2, 0, 2, 0)


def test_a_bad_version_does_not_spoil_a_good_one(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(), dossier(MucDoHaiLong="7"))
    assert outcome.account == (2, 1, 1, 0)


def test_the_same_file_twice_is_counted_once(tmp_path: Path) -> None:
    content = csv_bytes([dossier(1), dossier(2)])
    outcome = read_files(tmp_path, {"ho-so-1.csv": content, "ho-so-2.csv": content})
    assert outcome.account == (4, 2, 0, 2)
    assert {row["file"] for row in outcome.accepted} == {"ho-so-1.csv"}


def test_files_are_compared_in_the_fields_that_both_have(tmp_path: Path) -> None:
    fewer = [name for name in GOOD if name not in {"MucDoHaiLong", "TongLePhi"}]
    outcome = read_files(
        tmp_path,
        {"ho-so-1.csv": csv_bytes([dossier()], fewer), "ho-so-2.csv": csv_bytes([dossier()])},
    )
    assert outcome.account == (2, 1, 0, 1)
    assert outcome.accepted[0]["rating"] == 5, "the fuller row is the one that is kept"


def test_files_that_differ_in_a_field_of_both_contradict(tmp_path: Path) -> None:
    fewer = [name for name in GOOD if name != "MucDoHaiLong"]
    other = dossier(TongLePhi="60000")
    outcome = read_files(
        tmp_path,
        {"ho-so-1.csv": csv_bytes([other], fewer), "ho-so-2.csv": csv_bytes([dossier()])},
    )
    assert outcome.account == (2, 0, 2, 0)


def test_a_column_that_no_file_gives_is_told(tmp_path: Path) -> None:
    fewer = [name for name in GOOD if name != "MucDoHaiLong"]
    outcome = read_files(tmp_path, {"ho-so.csv": csv_bytes([dossier()], fewer)})
    assert "rating" not in outcome.reading.given["ho-so.csv"]
    assert "fee" in outcome.reading.given["ho-so.csv"]


def test_rows_are_accounted_for_by_file_and_unit(tmp_path: Path) -> None:
    outcome = read_files(
        tmp_path,
        {
            "ho-so-a.csv": csv_bytes([dossier(1), dossier(2, DonViXuLy="H24.17")]),
            "ho-so-b.csv": csv_bytes([dossier(3), dossier(4, DonViXuLy="?")]),
        },
    )
    found = {
        (a.file, a.unit_code): (a.rows, a.accepted, a.quarantined) for a in outcome.reading.accounts
    }
    assert found == {
        ("ho-so-a.csv", "H24.16"): (1, 1, 0),
        ("ho-so-a.csv", "H24.17"): (1, 1, 0),
        ("ho-so-b.csv", "H24.16"): (1, 1, 0),
        ("ho-so-b.csv", None): (1, 0, 1),
    }
