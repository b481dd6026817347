"""Files that are refused, each in one line that says what its sender should do."""

import gzip
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import SchemaDataError, SourceError
from cchc_pipeline.sources.readers.unpacking import unpack
from cchc_pipeline.sources.readers.upload_schema import (
    file_rules,
    load_upload_schema,
    parse_upload_schema,
)
from tests.builders.records import (
    HEADINGS,
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

LIMITS = file_rules().limits
CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD = csv_text([HEADINGS, *RECORDS])


def refusal(path: Path, **limits: int) -> str:
    with pytest.raises(SourceError) as caught:
        read(path, replace(LIMITS, **limits))
    line = str(caught.value)
    assert path.name in line
    assert " -> " in line, "it says what to do"
    assert "\n" not in line
    return line


def dropped(folder: Path, content: bytes, name: str = "ho-so.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl", "parquet", "csv.gz", "csv.zst"])
def test_an_empty_file(tmp_path: Path, kind: str) -> None:
    path = dropped(tmp_path, b"", f"ho-so.{kind}")
    assert "is empty" in refusal(path) or "is no" in refusal(path)


def test_a_packed_nothing(tmp_path: Path) -> None:
    assert "is empty" in refusal(dropped(tmp_path, gzip.compress(b""), "ho-so.csv.gz"))


def test_a_missing_column_is_named_with_its_heading(tmp_path: Path) -> None:
    rows = [row[1:] for row in (HEADINGS, *RECORDS)]
    line = refusal(dropped(tmp_path, csv_text(rows).encode()))
    assert 'no column for MaHoSo ("Mã hồ sơ")' in line


def test_a_renamed_column_is_guessed(tmp_path: Path) -> None:
    text = GOOD.replace("Ngày hẹn trả", "Ngày hẹn trả KQ", 1)
    line = refusal(dropped(tmp_path, text.encode()))
    assert 'did you rename it? "Ngày hẹn trả KQ" -> "Ngày hẹn trả"' in line


def test_one_of_two_finishes_must_be_there(tmp_path: Path) -> None:
    text = GOOD.replace("Ngày trả", "Cột lạ", 1)
    line = refusal(dropped(tmp_path, text.encode()))
    assert 'NgayKetThucXuLy ("Ngày kết thúc xử lý") or NgayTra ("Ngày trả")' in line


def test_two_columns_with_the_same_meaning(tmp_path: Path) -> None:
    rows = [[*row, row[0]] for row in (HEADINGS, *RECORDS)]
    rows[0][-1] = "Số hồ sơ"
    line = refusal(dropped(tmp_path, csv_text(rows).encode()))
    assert 'same meaning: "Mã hồ sơ" and "Số hồ sơ" (MaHoSo)' in line


def test_no_heading_row_quotes_no_cell(tmp_path: Path) -> None:
    line = refusal(dropped(tmp_path, csv_text(RECORDS).encode()))
    assert "no heading row in the first 50 rows" in line
    assert RECORDS[0][0] not in line


def test_a_workbook_without_a_heading_row(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "ho-so.xlsx", {"A": [["DỮ LIỆU MẪU"]], "B": []})
    assert "no heading row" in refusal(path)


def test_a_json_file_without_a_required_key(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "ho-so.jsonl", [{"MaHoSo": "x", "ChuHoSo": "y"}])
    assert "no column for MaTTHC" in refusal(path)


def test_a_json_document_named_lines(tmp_path: Path) -> None:
    assert "no JSON object a line" in refusal(dropped(tmp_path, b"[\n1,\n2\n]\n", "ho-so.jsonl"))


def test_a_workbook_with_a_password(tmp_path: Path) -> None:
    locked = CFB + bytes(504) + "EncryptedPackage".encode("utf-16-le")
    assert "has a password" in refusal(dropped(tmp_path, locked, "ho-so.xlsx"))


def test_an_old_workbook_in_disguise(tmp_path: Path) -> None:
    old = CFB + bytes(504) + "Workbook".encode("utf-16-le")
    assert "is an old workbook (XLS)" in refusal(dropped(tmp_path, old, "ho-so.xlsx"))


@pytest.mark.parametrize("cut", [30, 400, -30])
def test_a_corrupt_workbook(tmp_path: Path, cut: int) -> None:
    path = write_format("xlsx", tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    assert "is damaged or cut off" in refusal(path)


def test_a_workbook_whose_parts_are_altered(tmp_path: Path) -> None:
    path = write_format("xlsx", tmp_path)
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ho-so.csv", GOOD)
    assert "is no XLSX workbook" in refusal(dropped(tmp_path, packed.getvalue(), "ho-so.xlsx"))


def test_a_broken_sheet_is_told_without_its_content(tmp_path: Path) -> None:
    path = write_format("xlsx", tmp_path)
    broken = tmp_path / "ho-so-2.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[:300] if "sheet1" in name else content)
    line = refusal(broken)
    assert "damaged workbook" in line or "no heading row" in line


def test_a_bomb_of_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2_000_000))
    assert "times its size" in refusal(path, ratio_from_bytes=1_000_000)
    assert "more than 1 MB" in refusal(path, workbook_bytes=1_000_000)


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_bomb(tmp_path: Path, packing: str) -> None:
    path = pack(dropped(tmp_path, GOOD.encode() + bytes(3_000_000)), packing)
    assert "times its size" in refusal(path, ratio_from_bytes=1_000_000)
    assert "more than 2 MB" in refusal(path, unpacked_bytes=2_000_000)
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("packing", [".gz", ".zst"])
@pytest.mark.parametrize("cut", [-1, -9, 40])
def test_a_stream_that_is_cut_off(tmp_path: Path, packing: str, cut: int) -> None:
    path = pack(dropped(tmp_path, csv_text([HEADINGS, *map(record, range(200))]).encode()), packing)
    path.write_bytes(path.read_bytes()[:cut])
    assert "is damaged or cut off" in refusal(path)


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_corrupt_stream(tmp_path: Path, packing: str) -> None:
    path = pack(dropped(tmp_path, csv_text([HEADINGS, *map(record, range(200))]).encode()), packing)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "is damaged or cut off" in refusal(path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("ho-so.csv.gz", GOOD.encode(), "is no gzip file"),
        ("ho-so.csv.zst", gzip.compress(GOOD.encode()), "is no zstd file"),
        ("ho-so.csv", gzip.compress(GOOD.encode()), "is no CSV but gzip"),
        ("ho-so.csv", b"PK\x03\x04....", "is no CSV but a workbook or a zip"),
        ("ho-so.xlsx", GOOD.encode(), "is no XLSX"),
        ("ho-so.parquet", GOOD.encode(), "is no PARQUET"),
        ("ho-so.parquet", b"PAR1" + bytes(40), "is damaged or cut off"),
        ("ho-so.xls", CFB, "a xls file is not read"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    assert told in refusal(dropped(tmp_path, content, name))


def test_a_line_that_would_fill_the_memory(tmp_path: Path) -> None:
    long = csv_text([HEADINGS, *RECORDS, record(4, "x" * 3_000_000)]).encode()
    line = refusal(dropped(tmp_path, long), line_bytes=1_000_000)
    assert "line 5: a line is too long" in line
    endless = dropped(tmp_path, b"x" * 5_000_000, "ho-so-2.csv")
    assert "too long" in refusal(endless, line_bytes=1_000_000)


def test_a_long_line_below_the_limit_is_read(tmp_path: Path) -> None:
    title = "x" * 3_000_000
    (relation,) = read(dropped(tmp_path, csv_text([HEADINGS, record(1, title)]).encode()))
    assert rows_of(relation, "TenTTHC") == [(2, title)]
    path = write_jsonl(tmp_path / "ho-so.jsonl", [objects()[0] | {"TenTTHC": title}])
    assert rows_of(read(path)[0], "TenTTHC") == [(1, title)]


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    rows = csv_text([HEADINGS, *RECORDS]) + '"mở' + csv_text([record(4)] * 150)
    line = refusal(dropped(tmp_path, rows.encode()))
    assert "line 5: a quoted cell begins here" in line


def test_a_quoted_cell_with_its_rows_swallowed_is_a_fault(tmp_path: Path) -> None:
    rows = GOOD + '"mở,1\n2,đóng"\n' + csv_text(RECORDS[:1])
    (relation,) = read(dropped(tmp_path, rows.encode()))
    ((number, fault),) = faults_of(relation)
    assert (number, fault[:32]) == (5, "dòng có 1 ô, dòng tiêu đề có 8 ô")
    assert rows_of(relation, "MaHoSo")[-1] == (7, RECORDS[0][0])


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_called_so(tmp_path: Path, codec: str) -> None:
    assert "is UTF-16" in refusal(dropped(tmp_path, GOOD.encode(codec)))


def test_nul_bytes(tmp_path: Path) -> None:
    line = refusal(dropped(tmp_path, (GOOD + "a\0b\n").encode()))
    assert "line 5: holds NUL bytes" in line


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("TCVN3 (ABC)", b"Th\xf1 t\xf4c \xae\xa8ng k\xfd h\xe9 t\xdech, ng\xad\xeci d\xa9n"),
        ("VNI", b"Thu\xfb tu\xefc \xf1a\xeang ky\xf9 ho\xe4 t\xf2ch, ng\xf6\xf4\xf8i da\xe2n"),
        ("Windows-1258", b"Thu\xd2 tu\xf2c \xf0\xe3ng ky\xec h\xf4\xf2 ti\xf2ch, ng\xfd\xf5\xcci"),
    ],
)
def test_an_old_encoding_is_refused_by_its_name(
    tmp_path: Path, encoding: str, content: bytes
) -> None:
    line = refusal(dropped(tmp_path, GOOD.encode() + content + b"\n"))
    assert f"line 5: is not UTF-8, it looks like {encoding}" in line
    assert "save it as UTF-8" in line


def test_mixed_encodings_name_the_first_bad_line(tmp_path: Path) -> None:
    good = csv_text([HEADINGS, *RECORDS * 5000]).encode()
    bad = b"\xae\xa8ng k\xfd\n"
    line = refusal(dropped(tmp_path, good + bad + good))
    assert "line 15002: is not UTF-8" in line


@pytest.mark.parametrize(
    ("font", "headings"),
    [
        ("TCVN3 (ABC)", "M· hå s¬,M· TTHC,Ngµy tiÕp nhËn,Ngµy hÑn tr¶,Tr¹ng th¸i,§¬n vÞ xö lý"),
        ("VNI", "Maõ hoà sô,Maõ thuû tuïc,Ngaøy tieáp nhaän,Ngaøy heïn traû,Traïng thaùi"),
    ],
)
def test_old_letters_saved_as_utf_8_are_refused_too(
    tmp_path: Path, font: str, headings: str
) -> None:
    line = refusal(dropped(tmp_path, (headings + "\n1,2,3,4,5,6\n").encode()))
    assert f"look like {font} letters" in line


def test_a_form_whose_fields_share_a_heading_is_not_usable() -> None:
    content = read_yaml("records/dossiers.yaml")
    fields = [*content["fields"], {"name": "Khac", "headings": ["MÃ HỒ SƠ"]}]
    with pytest.raises(SchemaDataError, match="Khac: shares a heading with MaHoSo"):
        parse_upload_schema(content | {"fields": fields, "any_of": [["Nope"]]}, "test")


@pytest.mark.parametrize("name", ["dossiers", "procedures", "petitions"])
def test_the_shipped_forms_are_usable(name: str) -> None:
    assert load_upload_schema(name).record == name


def test_a_plain_file_is_read_where_it_stands(tmp_path: Path) -> None:
    path = dropped(tmp_path, GOOD.encode())
    assert unpack(path.name, path, tmp_path / "scratch", LIMITS) == path


def test_two_zstandard_frames_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.csv.zst"
    frames = b""
    for part in (csv_text([HEADINGS]), csv_text(RECORDS)):
        frames += bytes(pa.compress(part.encode(), codec="zstd", asbytes=True))
    path.write_bytes(frames)
    assert len(rows_of(read(path)[0])) == 3
