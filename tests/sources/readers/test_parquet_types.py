"""The types of Parquet that programs write: read as what they mean, or refused by name."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.core.errors import SourceError
from tests.builders.records import faults_of, objects, read, rows_of

UTC_EVENING = dt.datetime(2024, 1, 15, 20, 30)
AT_THE_CITY, AS_IT_STANDS = "2024-01-16T03:30:00", "2024-01-15T20:30:00"
FEES = pa.list_(pa.struct([("gia", pa.int64())]))


def written(folder: Path, columns: dict[str, Any], **how: Any) -> Path:
    """Three records with columns put in or replaced."""
    table = pa.Table.from_pylist(objects())
    for name, values in columns.items():
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, values)
    path = folder / "ho-so.parquet"
    pq.write_table(table, path, **how)
    return path


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (None, AS_IT_STANDS),
        ("UTC", AT_THE_CITY),
        ("+07:00", AT_THE_CITY),
        ("Asia/Tokyo", AT_THE_CITY),
    ],
)
def test_a_stamp_with_a_zone_is_an_instant_and_one_without_is_local(
    tmp_path: Path, unit: Any, zone: Any, text: str
) -> None:
    stamps = pa.array([UTC_EVENING] * 3, pa.timestamp(unit, zone))
    (relation,) = read(written(tmp_path, {"NgayTiepNhan": stamps}))
    assert rows_of(relation, "NgayTiepNhan") == [(n, text) for n in (1, 2, 3)]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_int96_stamps_are_instants_in_utc_in_lists_too(tmp_path: Path, zone: Any) -> None:
    stamps = pa.array([UTC_EVENING] * 3, pa.timestamp("ns", zone))
    lists = pa.array(
        [[{"ngaybosung": UTC_EVENING}]] * 3,
        pa.list_(pa.struct([("ngaybosung", pa.timestamp("ns", zone))])),
    )
    columns = {"NgayTiepNhan": stamps, "DanhSachHoSoBoSung": lists}
    (relation,) = read(written(tmp_path, columns, use_deprecated_int96_timestamps=True))
    (_, received, [supplement]) = rows_of(relation, "NgayTiepNhan", "DanhSachHoSoBoSung")[0]
    assert (received, supplement["NgayBoSung"]) == (AT_THE_CITY, AT_THE_CITY)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([dt.date(2024, 1, 20)] * 3, pa.date32()), "2024-01-20"),
        (pa.array([dt.date(2024, 1, 20)] * 3, pa.date64()), "2024-01-20"),
        (pa.array([dt.time(8, 30)] * 3, pa.time32("s")), "08:30:00"),
        (pa.array([Decimal("1.50")] * 3, pa.decimal128(12, 2)), "1.50e0"),
        (pa.array([Decimal("50000")] * 3, pa.decimal128(38, 4)), "50000"),
        (pa.array([1.5] * 3, pa.float16()), "1.5e0"),
        (pa.array([10.0] * 3, pa.float32()), "10"),
        (pa.array([float("nan")] * 3), None),
        (pa.array([2**63] * 3, pa.uint64()), str(2**63)),
        (pa.array([True] * 3), "TRUE"),
        (pa.array(["x"] * 3, pa.large_string()), "x"),
        (pa.array(["x"] * 3).dictionary_encode(), "x"),
        (pa.array(["Sở Mẫu".encode()] * 3, pa.binary()), "Sở Mẫu"),
        (pa.array(["Sở Mẫu".encode()] * 3, pa.large_binary()), "Sở Mẫu"),
        (pa.array([b"AB"] * 3, pa.binary(2)), "AB"),
        (pa.nulls(3), None),
    ],
)
def test_a_value_of_any_plain_type_is_a_text(tmp_path: Path, values: Any, text: str) -> None:
    (relation,) = read(written(tmp_path, {"TenTTHC": values}))
    assert rows_of(relation, "TenTTHC") == [(n, text) for n in (1, 2, 3)]


def test_bytes_that_are_no_text_are_told_row_by_row(tmp_path: Path) -> None:
    lists = pa.array([[], [{"Gia": b"1"}], [{"Gia": b"\xff"}]])
    values = pa.array([b"\xff", "Sở".encode(), None], pa.binary())
    (relation,) = read(written(tmp_path, {"TenTTHC": values, "DanhSachLePhi": lists}))
    assert faults_of(relation) == [
        (1, "TenTTHC không phải là văn bản UTF-8"),
        (3, "DanhSachLePhi.Gia không phải là văn bản UTF-8"),
    ]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([None, [], [{"gia": 5}, None]], FEES),
        pa.array([None, [], [{"gia": 5}, None]], pa.large_list(FEES.value_type)),
        pa.array(["", "[]", '[{"GIA": 5}, null]']),
        pa.array([None, b"null", b'[{"Gia": "5"}]'], pa.binary()),
    ],
)
def test_lists_of_any_make_and_absent_ones_are_empty(tmp_path: Path, values: Any) -> None:
    (relation,) = read(written(tmp_path, {"danhsachlephi": values}))
    assert rows_of(relation, "DanhSachLePhi") == [(1, []), (2, []), (3, [{"Gia": "5"}])]


@pytest.mark.parametrize("values", [pa.nulls(3), pa.array([[], [], []], pa.list_(pa.null()))])
def test_a_column_without_any_list_holds_empty_ones(tmp_path: Path, values: Any) -> None:
    (relation,) = read(written(tmp_path, {"DanhSachLePhi": values}))
    assert rows_of(relation, "DanhSachLePhi") == [(1, []), (2, []), (3, [])]


def test_lists_of_a_fixed_size_are_lists(tmp_path: Path) -> None:
    values = pa.array([[{"Gia": 5}]] * 3, pa.list_(pa.struct([("Gia", pa.int64())]), 1))
    (relation,) = read(written(tmp_path, {"DanhSachLePhi": values}))
    assert rows_of(relation, "DanhSachLePhi")[0] == (1, [{"Gia": "5"}])


def test_json_text_in_a_column_that_is_no_list_is_told_row_by_row(tmp_path: Path) -> None:
    values = pa.array(['{"Gia": 5}', "x", '[{"Gia": [5]}]'])
    (relation,) = read(written(tmp_path, {"DanhSachLePhi": values}))
    assert [fault for _, fault in faults_of(relation)] == [
        "DanhSachLePhi không phải là danh sách",
        "DanhSachLePhi không phải là danh sách",
        "DanhSachLePhi.Gia không phải là một giá trị đơn",
    ]


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("DanhSachLePhi", pa.array([["x"]] * 3), "DanhSachLePhi is no list of objects"),
        ("DanhSachLePhi", pa.array([{"Gia": 5}] * 3), "DanhSachLePhi is no list of objects"),
        ("DanhSachLePhi", pa.array([5] * 3), "DanhSachLePhi is no list of objects"),
        (
            "DanhSachLePhi",
            pa.array([[("Gia", 5)]] * 3, pa.map_(pa.string(), pa.int64())),
            "DanhSachLePhi is no list of objects",
        ),
        ("DanhSachLePhi", pa.array([[{"Gia": [5]}]] * 3), "DanhSachLePhi.Gia is a list"),
        ("MucDo", pa.array([[4]] * 3), "MucDo is a list and no single value"),
        ("MucDo", pa.array([{"ma": 4}] * 3), "MucDo is a struct and no single value"),
        ("TongLePhi", pa.array([dt.timedelta(1)] * 3), "TongLePhi is a duration"),
        ("file_row_number", pa.array([1] * 3), "has a column file_row_number"),
    ],
)
def test_a_type_that_a_field_cannot_have_refuses_the_file(
    tmp_path: Path, name: str, values: Any, told: str
) -> None:
    with pytest.raises(SourceError, match=f"ho-so.parquet: {told}"):
        read(written(tmp_path, {name: values}))


def test_a_record_within_a_struct_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.parquet"
    pq.write_table(pa.table({"HoSo": pa.array(objects())}), path)
    with pytest.raises(SourceError, match="no column for MaHoSo"):
        read(path)


@pytest.mark.parametrize("change", [b"PARE", b"PAR2"])
def test_a_footer_that_is_none_is_refused(tmp_path: Path, change: bytes) -> None:
    path = written(tmp_path, {})
    path.write_bytes(path.read_bytes()[:-4] + change)
    with pytest.raises(SourceError, match="damaged or cut off"):
        read(path)


def test_a_footer_that_lies_of_sizes_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {}, compression="none")
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[:4] + content[-8 - footer :])
    with pytest.raises(SourceError, match="damaged or cut off"):
        read(path)
