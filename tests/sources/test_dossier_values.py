"""How the texts of a dossier are read: times, amounts, codes and words, units, due dates."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.reference import read_yaml
from cchc_pipeline.sources.dossiers import values as read
from cchc_pipeline.sources.dossiers.rules import dossier_faults
from cchc_pipeline.sources.unit_texts import UnitTexts
from tests.sources.dossier_export import MARCH, dossier, read_files, read_rows, register


def _read(expression: str, text: str | None) -> Any:
    with duckdb.connect() as connection:
        query = f"SELECT {expression} FROM (SELECT CAST(? AS VARCHAR) AS t)"  # noqa: S608
        row = connection.execute(query, [text]).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(
    ("text", "moment", "timed"),
    [
        ("20240305083000", datetime(2024, 3, 5, 8, 30), True),
        ("20240305000000", datetime(2024, 3, 5), True),
        ("2024-03-05", datetime(2024, 3, 5), False),
        ("2024-03-05T08:30:00", datetime(2024, 3, 5, 8, 30), True),
        ("2024-03-05 08:30", datetime(2024, 3, 5, 8, 30), True),
        ("2024-03-05T01:30:00Z", datetime(2024, 3, 5, 8, 30), True),
        ("2024-03-05T08:30:00+07:00", datetime(2024, 3, 5, 8, 30), True),
        ("2024-03-05T08:30:00.75+0700", datetime(2024, 3, 5, 8, 30), True),
        ("05/03/2024", datetime(2024, 3, 5), False),
        ("5/3/2024", datetime(2024, 3, 5), False),
        ("05/03/2024 08:30", datetime(2024, 3, 5, 8, 30), True),
        ("05/03/2024 08:30:15", datetime(2024, 3, 5, 8, 30, 15), True),
        ("05/03/2024 00:00", datetime(2024, 3, 5), True),
        ("45356", datetime(2024, 3, 5), False),
        ("45356.5e0", datetime(2024, 3, 5, 12), True),
        ("45356,5", datetime(2024, 3, 5, 12), True),
    ],
)
def test_every_time_format_of_the_exports_is_read(text: str, moment: datetime, timed: bool) -> None:
    assert _read(read.plausible(read.moment("t")), text) == moment
    assert _read(read.is_timed("t"), text) is timed


@pytest.mark.parametrize(
    "text",
    ["31/02/2024", "20240230080000", "05/03/24", "hôm nay", "3/2024", "20240305", "2024-13-01",
     "99999999999999", "1", "infinity", "0024-03-05"],
)  # fmt: skip
def test_what_is_no_real_day_is_none(text: str) -> None:
    assert _read(read.plausible(read.moment("t")), text) is None


@settings(max_examples=60, deadline=None)
@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2099, 12, 31)))
def test_a_moment_is_the_same_in_every_form(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    forms = ("%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S+07:00")
    assert {_read(read.moment("t"), whole.strftime(form)) for form in forms} == {whole}


@pytest.mark.parametrize(
    ("text", "amount"),
    [("50000", 50000), ("1.234.567", 1234567), ("1.234", 1234), ("12500,5", 12500.5),
     ("1.234.567,89", 1234567.89), ("12.5", 12.5), ("1.5e0", 1.5), ("-5", -5)],
)  # fmt: skip
def test_amounts_are_read_as_offices_write_them(text: str, amount: float) -> None:
    assert float(_read(read.amount("t"), text)) == amount


@pytest.mark.parametrize("text", ["1,234,567", "năm mươi", "12.34.5", "1e5", "50 000"])
def test_an_amount_that_could_mean_two_things_is_none(text: str) -> None:
    assert _read(read.amount("t"), text) is None


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("KenhThucHien", None, 1),
        ("KenhThucHien", "Trực tuyến", 2),
        ("KenhThucHien", "BUU CHINH CONG ICH", 3),
        ("MucDo", "toàn  trình", 4),
        ("MucDo", None, None),
        ("TrangThaiHoSo", "Đã trả kết quả", 10),
        ("DuocThanhToanTrucTuyen", "Cổng bộ, ngành, địa phương", 2),
        ("DuocThanhToanTrucTuyen", "Không", 0),
        ("LuanChuyenNoiBo", "Điện tử", 1),
        ("HoSoCoThanhPhanSoHoa", "x", 1),
        ("HoSoCoThanhPhanSoHoa", "TRUE", 1),
        ("DaDongBoDVCQG", "không", 0),
        ("MucDoHaiLong", "6", None),
    ],
)
def test_coded_fields_come_as_code_or_word(field: str, text: str | None, code: int | None) -> None:
    assert _read(read.code(field, "t"), text) == code


def test_every_word_of_the_code_map_is_read_as_its_code() -> None:
    for field, known in read.dossier_codes().items():
        for code, words in known["words"].items():
            assert {_read(read.code(field, "t"), word) for word in [str(code), *words]} == {code}


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("H24.16", "H24.16"),
        ("h24.16", "H24.16"),
        ("Sở Thủy sản Mẫu", "H24.16"),
        ("SỞ THUỶ  SẢN MẪU", "H24.16"),
        ("Sở Thọ nhưỡng Mẫu", None),
        ("Sở Thổ nhưỡng Mẫu", "H24.17"),
        ("So Thuy san Mau", None),
        ("H24", None),
    ],
)
def test_units_are_found_by_code_or_name_never_without_accents(text: str, unit: str | None) -> None:
    found = UnitTexts(register(), "H24", MARCH).resolve(text)
    assert (found.code if found else None) == unit


def test_a_unit_that_has_ended_is_known_as_such() -> None:
    found = UnitTexts(register(), "H24", MARCH).resolve("Quận Cũ Mẫu")
    assert found is not None
    assert found.ended


def test_an_empty_field_code_is_unknown(tmp_path: Path) -> None:
    assert read_rows(tmp_path, dossier(MaLinhVuc="")).accepted[0]["field_code"] == "UNKNOWN"


def test_a_procedure_with_and_without_its_suffix_is_one(tmp_path: Path) -> None:
    rows = [dossier(1), dossier(2, MaTTHC="2.000815.000.00.00.H24")]
    assert {row["procedure_code"] for row in read_rows(tmp_path, *rows).accepted} == {"2.000815"}


def test_a_due_day_without_a_time_ends_with_its_last_second(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, dossier(NgayHenTra="12/03/2024")).accepted
    assert row["due_at"] == datetime(2024, 3, 12, 23, 59, 59)
    assert row["due_timed"] is False


def test_a_finish_without_a_time_begins_with_its_first_second(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, dossier(NgayKetThucXuLy="11/03/2024")).accepted
    assert row["finished_at"] == datetime(2024, 3, 11)


def test_the_finish_is_the_end_of_work_else_the_return(tmp_path: Path) -> None:
    rows = read_rows(tmp_path, dossier(1), dossier(2, NgayKetThucXuLy="")).accepted
    assert [row["finished_at"].hour for row in rows] == [9, 10]


def test_a_finish_on_the_day_of_reception_is_no_contradiction_without_times(tmp_path: Path) -> None:
    outcome = read_rows(tmp_path, dossier(NgayKetThucXuLy="05/03/2024", NgayHenTra="05/03/2024"))
    assert outcome.account == (1, 1, 0, 0)


def test_the_new_due_date_of_a_flat_file_is_the_due_date(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, dossier(NgayHenTraMoi="20/03/2024")).accepted
    assert row["due_at"] == datetime(2024, 3, 20, 23, 59, 59)


def _native(supplements: list[dict[str, str]], **changes: Any) -> bytes:
    flat = {"NgayHenTraMoi", "TongLePhi", "SoLanBoSung", "CoKetQuaDienTu"}
    record = {name: value for name, value in dossier().items() if name not in flat and value}
    record |= {"DanhSachHoSoBoSung": supplements} | changes  # type: ignore[dict-item]
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize(
    ("supplements", "due"),
    [
        (
            [
                {"NgayTiepNhanBoSung": "20240309080000", "NgayHenTraMoi": "20240320170000"},
                {"NgayTiepNhanBoSung": "20240307080000", "NgayHenTraMoi": "20240325170000"},
            ],
            20,
        ),
        (
            [
                {"NgayBoSung": "20240306080000", "NgayHenTraMoi": "20240320170000"},
                {"NgayTiepNhanBoSung": "20240307080000", "NgayHenTraMoi": "20240325170000"},
            ],
            25,
        ),
        (
            [
                {"NgayTiepNhanBoSung": "20240307080000", "NgayHenTraMoi": "20240320170000"},
                {"NgayHenTraMoi": "20240325170000"},
            ],
            20,
        ),
        ([{"NgayHenTraMoi": "20240320170000"}, {"NgayHenTraMoi": "20240325170000"}], 25),
        ([{"NgayTiepNhanBoSung": "20240307080000"}], 12),
    ],
    ids=["by reception", "else by request", "undated first", "else by order", "none new"],
)
def test_due_is_the_last_new_due_date_among_the_supplements(
    tmp_path: Path, supplements: list[dict[str, str]], due: int
) -> None:
    (row,) = read_files(tmp_path, {"ho-so.jsonl": _native(supplements)}).accepted
    assert row["due_at"].day == due
    assert row["supplements"] == len(supplements)


def test_an_unreadable_date_among_the_supplements_is_a_fault(tmp_path: Path) -> None:
    content = _native([{"NgayHenTraMoi": "sang tuần"}])
    outcome = read_files(tmp_path, {"ho-so.jsonl": content})
    assert outcome.rules == [(1, "SUPPLEMENT_UNREADABLE")]


def test_native_fees_are_added_and_a_file_of_the_result_is_an_electronic_result(
    tmp_path: Path,
) -> None:
    content = _native(
        [],
        DanhSachLePhi=[{"Gia": 30000}, {"Gia": "12.500,5"}],
        DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": ""}, {"DuongDanTepTinKetQua": "a.pdf"}],
    )
    (row,) = read_files(tmp_path, {"ho-so.jsonl": content}).accepted
    assert row["fee"] == 42500.5
    assert row["has_e_result"] is True


def test_one_negative_fee_among_several_is_a_fault(tmp_path: Path) -> None:
    content = _native([], DanhSachLePhi=[{"Gia": 30000}, {"Gia": -1}])
    outcome = read_files(tmp_path, {"ho-so.jsonl": content})
    assert outcome.rules == [(1, "FEE_NEGATIVE")]
    assert "30000 + -1" in outcome.refused[0]["message_vi"]


def test_every_fault_has_its_field_in_the_record_and_its_own_bit() -> None:
    form = read_yaml("records/dossiers.yaml")
    names = {entry["name"] for entry in (*form["fields"], *form["nested"])} | {""}
    faults = dossier_faults().values()
    assert {fault.field for fault in faults} <= names
    assert len({fault.bit for fault in faults}) == len(faults)
    assert all(fault.expected for fault in faults)
