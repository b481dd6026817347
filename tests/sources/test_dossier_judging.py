"""Which rows of an export are accepted, quarantined or duplicates, sentence by sentence (§5.1).

Row 1 of a file is its heading, so the first dossier is row 2.
"""

from pathlib import Path

import pytest

from tests.sources.dossier_export import GOOD, OPEN, csv_bytes, dossier, read_files, read_rows


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
