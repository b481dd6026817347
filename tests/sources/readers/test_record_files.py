"""The same records, whatever the file: formats, packings, delimiters, title blocks, sheets."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.text_relation import TextRelation, reading
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema, parse_upload_schema
from cchc_pipeline.sources.readers.xlsx.contents import float_text
from tests.builders.records import (
    HEADINGS,
    NAMES,
    RECORDS,
    csv_text,
    faults_of,
    objects,
    pack,
    read,
    record,
    rows_of,
    write_format,
    write_jsonl,
    write_xlsx,
)


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl", "parquet"])
def test_every_format_and_packing_gives_the_same_texts(
    tmp_path: Path, kind: str, packing: str
) -> None:
    (relation,) = read(pack(write_format(kind, tmp_path), packing))
    first = 1 if kind in {"jsonl", "parquet"} else 2
    assert rows_of(relation, *NAMES) == [
        (number, *texts) for number, texts in enumerate(RECORDS, start=first)
    ]
    assert relation.dropped == ()
    assert set(relation.columns) == set(NAMES)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_delimiter_is_found_by_looking(tmp_path: Path, delimiter: str, newline: str) -> None:
    text = csv_text([HEADINGS, *RECORDS], delimiter).replace("\n", newline)
    (relation,) = read(_file(tmp_path, text))
    assert rows_of(relation, "TenTTHC")[1] == (3, "Cấp giấy, lần 2")
    assert relation.row is None, "an even file is scanned in place"


def test_a_byte_order_mark_is_no_part_of_the_first_heading(tmp_path: Path) -> None:
    (relation,) = read(_file(tmp_path, "\ufeff" + csv_text([HEADINGS, *RECORDS])))
    assert [row[0] for row in rows_of(relation, "MaHoSo")] == [2, 3, 4]


def test_headings_meet_without_accents_case_order_and_in_nfd(tmp_path: Path) -> None:
    order = [7, 0, 3, 4, 5, 6, 1, 2]
    headings = [HEADINGS[place] for place in order]
    headings[0] = "DON VI XU LY"
    headings[1] = unicodedata.normalize("NFD", " mã   hồ sơ ")
    rows = [headings, *([row[place] for place in order] for row in RECORDS)]
    (relation,) = read(_file(tmp_path, csv_text(rows)))
    assert rows_of(relation, *NAMES)[2] == (4, *RECORDS[2])


def test_texts_are_trimmed_of_invisible_blanks_and_in_nfc(tmp_path: Path) -> None:
    title = "\u00a0 " + unicodedata.normalize("NFD", "Cấp đổi thẻ") + "\u00a0"
    (relation,) = read(_file(tmp_path, csv_text([HEADINGS, record(1, title), record(2, "  ")])))
    assert rows_of(relation, "TenTTHC") == [(2, "Cấp đổi thẻ"), (3, None)]


def test_unknown_columns_are_dropped_and_named(tmp_path: Path) -> None:
    rows = [[*HEADINGS, "Chủ hồ sơ"], [*RECORDS[0], "DỮ LIỆU MẪU"]]
    (relation,) = read(_file(tmp_path, csv_text(rows)))
    assert relation.dropped == ("Chủ hồ sơ",)
    assert set(relation.columns) == set(NAMES)


def test_a_title_block_and_a_line_of_sums_are_no_records(tmp_path: Path) -> None:
    title = "ỦY BAN NHÂN DÂN\n\nDanh sách hồ sơ tháng 01/2024\n"
    text = title + csv_text([HEADINGS, *RECORDS]) + "Tổng số: 3 hồ sơ,,,,,,,\n"
    (relation,) = read(_file(tmp_path, text))
    assert [row[0] for row in rows_of(relation, "MaHoSo")] == [5, 6, 7]
    assert _count(relation) == 4


@pytest.mark.parametrize("first", ["Công an phường mẫu", "000.00.16.H24-240115-0009"])
def test_a_record_that_begins_like_a_sum_is_a_record(tmp_path: Path, first: str) -> None:
    (relation,) = read(_file(tmp_path, csv_text([HEADINGS, [first, *record(9)[1:]]])))
    assert rows_of(relation, "MaHoSo") == [(2, first)]


def test_blank_lines_and_broken_lines_shift_no_row_number(tmp_path: Path) -> None:
    good, quoted = csv_text(RECORDS[:1]), csv_text([record(5, "hai\ndòng")])
    text = csv_text([HEADINGS]) + good + "\n,,,,,,,\n" + "1,2,3\n" + quoted + good
    (relation,) = read(_file(tmp_path, text))
    ((number, fault),) = faults_of(relation)
    assert (number, fault[:37]) == (5, "dòng có 3 ô, dòng tiêu đề có 8 ô; Exc")
    assert rows_of(relation, "TenTTHC", "MaTTHC") == [
        (2, "Thủ tục mẫu", "1.000001"),
        (5, None, None),
        (6, "hai\ndòng", "1.000001"),
        (8, "Thủ tục mẫu", "1.000001"),
    ]


def test_blank_cells_in_an_even_file_are_a_blank_line(tmp_path: Path) -> None:
    text = csv_text([HEADINGS, RECORDS[0]]) + ",,,,,,,\n" + csv_text([RECORDS[1]])
    (relation,) = read(_file(tmp_path, text))
    assert relation.row is None
    assert [row[0] for row in rows_of(relation, "MaHoSo")] == [2, 4]


def test_a_stray_quote_loses_no_row(tmp_path: Path) -> None:
    odd = record(2, 'Ống 5" mẫu')
    (relation,) = read(_file(tmp_path, csv_text([HEADINGS, RECORDS[0], odd, RECORDS[2]])))
    assert rows_of(relation, "TenTTHC")[1] == (3, 'Ống 5" mẫu')
    assert len(rows_of(relation)) == 3


def test_a_header_only_is_a_table_without_rows(tmp_path: Path) -> None:
    (relation,) = read(_file(tmp_path, csv_text([HEADINGS])))
    assert rows_of(relation, "MaHoSo") == []
    assert relation.notes == ("there is nothing below the heading row",)
    (relation,) = read(write_xlsx(tmp_path / "ho-so.xlsx", {"A": [HEADINGS]}))
    assert rows_of(relation, "MaHoSo") == []
    assert relation.notes == ("there is nothing below the heading row",)


def test_every_sheet_with_headings_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    sheets = {
        "Bìa": [["DỮ LIỆU MẪU"]],
        "Quý I": [["Danh sách"], [], HEADINGS, RECORDS[0], ["Tổng cộng"]],
        "Quý II": [HEADINGS, [], RECORDS[1]],
    }
    first, second = read(write_xlsx(tmp_path / "ho-so.xlsx", sheets))
    assert (first.sheet, second.sheet) == ("Quý I", "Quý II")
    assert rows_of(first, "MaHoSo") == [(4, RECORDS[0][0])]
    assert rows_of(second, "MaHoSo") == [(3, RECORDS[1][0])]
    assert first.notes == (
        "1 dòng tổng không tính là hồ sơ (dòng đầu: 5)",
        "sheet Bìa has no heading row and was not read",
    )


def test_merged_titles_and_typed_cells_of_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Hồ sơ")
        sheet.merge_range("A1:H1", "DANH SÁCH HỒ SƠ (DỮ LIỆU MẪU)")
        sheet.write_row("A3", [*HEADINGS, "Tổng lệ phí", "Số hóa hồ sơ"])
        sheet.write_row("A4", RECORDS[0][:3])
        day, moment = (
            workbook.add_format({"num_format": form}) for form in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm")
        )
        sheet.write_datetime("D4", datetime(2024, 1, 15), day)
        sheet.write_datetime("E4", datetime(2024, 1, 20, 17, 30), moment)
        sheet.write_row("F4", [45310, 10, "H24.16", 1.5, True])
        sheet.write_row("A5", RECORDS[1])
        sheet.write_formula("I5", "=NA()", None, "#N/A")
    (relation,) = read(path)
    names = ("NgayTiepNhan", "NgayHenTra", "NgayTra", "TrangThaiHoSo", "TongLePhi")
    typed = (4, "2024-01-15", "2024-01-20T17:30:00", "45310", "10", "1.5e0", "TRUE")
    assert rows_of(relation, *names, "HoSoCoThanhPhanSoHoa")[0] == typed
    assert rows_of(relation, "TongLePhi")[1] == (5, "#N/A"), "an error is no empty cell"
    assert relation.notes == ()


def test_a_fraction_is_never_written_like_a_thousands_dot() -> None:
    texts = [float_text(number) for number in (1.5, 150000.0, -2.0, 1e20, 0.1)]
    assert texts == ["1.5e0", "150000", "-2", "1e+20", "0.1e0"]


def test_json_keeps_what_is_a_number_and_what_a_text(tmp_path: Path) -> None:
    extra = {
        "TongLePhi": 1.5, "MucDoHaiLong": 5, "HoSoCoThanhPhanSoHoa": True, "SoLanBoSung": None,
        "DanhSachLePhi": [{"Gia": 1.5, "Ma": "x"}, {"Gia": "1.500"}, {"Gia": 20000}, {}],
        "ChuHoSo": "DỮ LIỆU MẪU",
    }  # fmt: skip
    first, second, _ = objects()
    path = write_jsonl(tmp_path / "ho-so.jsonl", [first | extra, second | {"TongLePhi": "1.500"}])
    (relation,) = read(path)
    names = ("TongLePhi", "MucDoHaiLong", "HoSoCoThanhPhanSoHoa", "SoLanBoSung", "DanhSachLePhi")
    fees = [{"Gia": "1.5e0"}, {"Gia": "1.500"}, {"Gia": "20000"}, {"Gia": None}]
    assert rows_of(relation, *names) == [
        (1, "1.5e0", "5", "TRUE", None, fees),
        (2, "1.500", None, None, None, []),
    ]
    assert relation.dropped == ("ChuHoSo",)


def test_a_bad_line_of_json_is_kept_with_its_number(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "ho-so.jsonl", objects()[:1])
    bad = '\n{"MaHoSo": "x"\n[1]\n{"MaHoSo": "y", "DanhSachLePhi": 5}\n{"a": "\\ud800"}\n'
    path.write_text(path.read_text(encoding="utf-8") + bad, encoding="utf-8")
    (relation,) = read(path)
    assert faults_of(relation) == [
        (3, "không phải JSON trọn vẹn"),
        (4, "không phải một đối tượng JSON"),
        (5, "DanhSachLePhi không phải là danh sách"),
        (6, "không phải JSON trọn vẹn"),
    ]
    assert len(rows_of(relation)) == 5


def test_lines_that_end_in_two_ways_keep_their_numbers(tmp_path: Path) -> None:
    good = [json.dumps(item) for item in objects()]
    path = tmp_path / "ho-so.jsonl"
    path.write_bytes(f"{good[0]}\n \t\r\n\t{good[1]}\r\n{good[2]}".encode())
    (relation,) = read(path)
    assert faults_of(relation) == []
    assert [row[0] for row in rows_of(relation, "MaHoSo")] == [1, 3, 4]
    mixed = csv_text([HEADINGS, RECORDS[0]]) + csv_text(RECORDS[1:]).replace("\n", "\r\n")
    assert [row[0] for row in rows_of(read(_file(tmp_path, mixed))[0])] == [2, 3, 4]


def test_a_damaged_page_is_told_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.parquet"
    many = [objects()[0] | {"TenTTHC": str(n)} for n in range(3000)]
    pq.write_table(pa.Table.from_pylist(many), path, compression="gzip")
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="is damaged"):
        read(path)


def test_a_wrong_query_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    (relation,) = read(_file(tmp_path, csv_text([HEADINGS, *RECORDS])))
    with pytest.raises(duckdb.CatalogException), reading(relation.where), duckdb.connect() as other:
        other.execute("SELECT * FROM no_such_table")


def test_a_key_that_comes_late_is_found(tmp_path: Path) -> None:
    many = objects()[:1] * 10_001
    path = write_jsonl(tmp_path / "ho-so.jsonl", [*many, objects()[0] | {"MucDoHaiLong": 4}])
    (relation,) = read(path)
    assert "MucDoHaiLong" in relation.columns
    assert "SoLanBoSung" not in relation.columns


@pytest.mark.parametrize("wrap", [lambda items: items, lambda items: {"data": items, "n": 1}])
def test_a_json_document_is_an_array_of_records(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    document = parse_upload_schema(
        asdict(load_upload_schema("dossiers")) | {"formats": ["json"]}, "test"
    )
    path = tmp_path / "ho-so.json"
    path.write_text(json.dumps(wrap(objects()), indent=1), encoding="utf-8")
    (relation,) = read(path, form=document)
    assert rows_of(relation, *NAMES) == [(n, *texts) for n, texts in enumerate(RECORDS, start=1)]


def test_the_types_of_parquet_become_texts(tmp_path: Path) -> None:
    moment = datetime(2024, 1, 15, 20, 30, tzinfo=UTC)
    row = {
        **objects()[0], "NgayTiepNhan": moment, "NgayHenTra": date(2024, 1, 20),
        "NgayTra": datetime(2024, 1, 19), "TrangThaiHoSo": 10, "TongLePhi": Decimal("1.50"),
        "Mức độ hài lòng": 5.0, "DaDongBoDVCQG": False,
        "DanhSachLePhi": [{"Gia": 1.5, "Ten": "x"}],
    }  # fmt: skip
    path = tmp_path / "ho-so.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    (relation,) = read(path)
    names = (
        "NgayTiepNhan", "NgayHenTra", "NgayTra", "TrangThaiHoSo", "TongLePhi", "MucDoHaiLong",
        "DaDongBoDVCQG", "DanhSachLePhi",
    )  # fmt: skip
    assert rows_of(relation, *names) == [
        (
            1, "2024-01-16T03:30:00", "2024-01-20", "2024-01-19T00:00:00", "10", "1.50e0", "5",
            "FALSE", [{"Gia": "1.5e0"}],
        )
    ]  # fmt: skip


def test_a_nested_field_of_parquet_must_be_a_list(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.parquet"
    pq.write_table(pa.Table.from_pylist([objects()[0] | {"DanhSachLePhi": 5}]), path)
    with pytest.raises(SourceError, match="DanhSachLePhi is no list of objects"):
        read(path)


def _file(folder: Path, text: str) -> Path:
    path = folder / "ho-so.csv"
    path.write_bytes(text.encode())
    return path


def _count(relation: TextRelation) -> int:
    with duckdb.connect() as connection:
        query = f"SELECT count(*) FROM {relation.source}"  # noqa: S608
        return int(connection.execute(query).fetchall()[0][0])


@pytest.mark.parametrize("kind", ["csv", "quoted csv", "xlsx"])
def test_cells_below_no_heading_are_told(kind: str, tmp_path: Path) -> None:
    rows = [[*HEADINGS, ""], *([*record(number), "LV1"] for number in (1, 2)), [*record(3), ""]]
    if kind == "xlsx":
        path = write_xlsx(tmp_path / "ho-so.xlsx", {"A": rows})
    else:
        path = tmp_path / "ho-so.csv"
        text = csv_text(rows).replace("Thủ tục mẫu", '"Thủ tục\nmẫu"' if "quoted" in kind else "T")
        path.write_text(text, encoding="utf-8")
    (table,) = read(path)
    notes = [note for note in table.notes if "không có tiêu đề" in note]
    if kind == "xlsx":  # such a cell of a workbook stands beside the table
        notes += [note for note in table.notes if "stand beside the table" in note]
    assert len(notes) == 1
    assert notes[0].startswith("2 ")
    plain = tmp_path / "ho-so-2.csv"
    plain.write_text(csv_text([[*row[:-1], ""] for row in rows]), encoding="utf-8")
    assert not [note for note in read(plain)[0].notes if "không có tiêu đề" in note]
