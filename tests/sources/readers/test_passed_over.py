"""Lines that are no records are passed over with a note, in CSV read either way and in XLSX."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.sources.readers.text_relation import TextRelation
from tests.builders.records import (
    HEADINGS,
    RECORDS,
    csv_text,
    faults_of,
    read,
    record,
    rows_of,
    write_jsonl,
    write_xlsx,
)

Rows = Sequence[Sequence[str]]
WAYS = ("scanned", "by line", "workbook")
OWN_NAMES = ("jsonl", "parquet")


def filled(*cells: str) -> list[str]:
    """A line of a table: its first cells, the others empty."""
    return [*cells, *[""] * (len(HEADINGS) - len(cells))]


def at(**cells: str) -> list[str]:
    """A line with cells at places, as ``c3="text"``."""
    return [cells.get(f"c{place}", "") for place in range(len(HEADINGS))]


def table(folder: Path, way: str, rows: Rows) -> TextRelation:
    """The rows as the way reads them; a line that is too short keeps DuckDB from scanning."""
    if way == "workbook":
        return read(write_xlsx(folder / "ho-so.xlsx", {"Hồ sơ": rows}))[0]
    path = folder / "ho-so.csv"
    text = csv_text(rows, ";")
    path.write_text(text if way == "scanned" else text.replace("\n", "\r\n", 1), encoding="utf-8")
    (relation,) = read(path)
    assert (relation.row is None) is (way == "scanned")
    return relation


SIGNATURES: tuple[Rows, ...] = (
    [filled("", "", "Hà Nội, ngày 31 tháng 3 năm 2024")],
    [filled("Người lập biểu", "", "", "", "THỦ TRƯỞNG ĐƠN VỊ"), filled("(Ký tên)"),
     at(c1="Người Mẫu Một", c4="Người Mẫu Hai")],
    [at(c5="…, ngày … tháng … năm …"), at(c5="KT. GIÁM ĐỐC"), at(c5="PHÓ GIÁM ĐỐC"),
     filled(), at(c5="Người Mẫu Ba")],
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("dòng đánh số cột", [f"({number})" for number in range(1, 9)]),
        ("dòng đánh số cột", [str(number) for number in range(1, 9)]),
        ("dòng đánh số cột", list("ABCDEFGH")),
        ("dòng đánh số cột", ["A", "B", *map(str, range(1, 7))]),
        ("dòng đánh số cột", [f"[{number}]" for number in range(1, 9)]),
        ("dòng lặp lại", list(HEADINGS)),
        ("dòng lặp lại", [heading.upper() for heading in HEADINGS]),
        ("dòng tên nhóm", filled("I. Sở Y tế mẫu")),
        ("dòng tên nhóm", filled("", "UBND quận mẫu")),
        ("dòng tên nhóm", filled("Nhóm 2: đang xử lý")),
        ("dòng tổng", filled("Tổng cộng", "", "3")),
        ("dòng tổng", filled("Cộng:")),
    ],
)
def test_a_line_that_is_no_record_is_passed_over(
    tmp_path: Path, way: str, kind: str, line: list[str]
) -> None:
    relation = table(tmp_path, way, [HEADINGS, RECORDS[0], line, RECORDS[1], line])
    assert [row[0] for row in rows_of(relation)] == [2, 4]
    (note,) = relation.notes
    assert note.startswith(f"2 {kind}")
    assert note.endswith("(dòng đầu: 3)")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("block", SIGNATURES)
def test_a_signature_block_below_the_table_is_passed_over(
    tmp_path: Path, way: str, block: Rows
) -> None:
    relation = table(tmp_path, way, [HEADINGS, *RECORDS, filled("Tổng cộng"), filled(), *block])
    assert [row[0] for row in rows_of(relation)] == [2, 3, 4]
    assert any("dòng ký tên" in note for note in relation.notes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "line",
    [
        at(c3="15/03/2024", c7="H24.16"),
        at(c7="H24.16"),
        at(c3="15/03/2024"),
        at(c2="Thủ tục mẫu", c5="19/03/2024", c7="Sở Y tế mẫu"),
        at(c0="không có mã", c1="1.000001", c2="Thủ tục mẫu", c3="15/03/2024"),
        at(c0="Hồ sơ H24.16-240301-0001"),
        at(c0="17", c7="Sở Y tế mẫu"),
        at(c0="1", c1="2", c2="Thủ tục"),
        at(c2="Người lập biểu"),
    ],
)
def test_a_record_that_lacks_its_code_stays_a_row(
    tmp_path: Path, way: str, line: list[str]
) -> None:
    relation = table(tmp_path, way, [HEADINGS, RECORDS[0], line, RECORDS[1]])
    assert [row[0] for row in rows_of(relation)] == [2, 3, 4]
    assert relation.notes == ()


@pytest.mark.parametrize("way", WAYS)
def test_a_record_below_the_signatures_is_a_row_and_so_are_they(tmp_path: Path, way: str) -> None:
    signed = [*SIGNATURES[1], at(c3="15/03/2024", c7="H24.16")]
    relation = table(tmp_path, way, [HEADINGS, RECORDS[0], *signed])
    assert 6 in [row[0] for row in rows_of(relation)]


@pytest.mark.parametrize("way", WAYS)
def test_a_table_may_begin_with_a_column_of_numbers(tmp_path: Path, way: str) -> None:
    rows = [["STT", *HEADINGS], ["I", "Sở Y tế mẫu", *[""] * 7], ["1", *RECORDS[0]],
            ["Tổng", *[""] * 8], ["2", *RECORDS[1]],
            ["Tổng số", "2", *[""] * 7]]  # fmt: skip
    relation = table(tmp_path, way, rows)
    assert [row[0] for row in rows_of(relation)] == [3, 5]
    assert len(relation.notes) == 2


def test_sections_without_any_delimiter_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.csv"
    good = csv_text(RECORDS[:1])
    path.write_text(f"{csv_text([HEADINGS])}I. Sở Y tế\n{good}2) Sở khác\nthửa đất\n{good}")
    (relation,) = read(path)
    assert [number for number, _ in faults_of(relation)] == [5]
    assert relation.notes == ("2 dòng tên nhóm, không có mã, được bỏ qua (dòng đầu: 2)",)


def test_more_lines_without_a_code_than_are_kept_are_read_one_by_one(tmp_path: Path) -> None:
    bare = [["", *record(number)[1:]] for number in range(20_010)]
    path = tmp_path / "ho-so.csv"
    path.write_text(csv_text([HEADINGS, *bare, filled("Tổng cộng")]), encoding="utf-8")
    (relation,) = read(path)
    assert relation.row is not None
    assert len(rows_of(relation)) == 20_010


GROUPED = (
    (["Mã hồ sơ", "Mã TTHC", "Tên TTHC", "Ngày", "", "", "Trạng thái", "Đơn vị xử lý"],
     ["", "", "", "tiếp nhận", "hẹn trả", "trả", "", ""]),
    (["Hồ sơ", "", "", "Thời hạn", "", "", "Kết quả", ""], list(HEADINGS)),
    (["Mã", "", "Tên TTHC", "Ngày", "", "", "Trạng thái", "Đơn vị"],
     ["hồ sơ", "TTHC", "", "tiếp nhận", "hẹn trả", "trả", "", "xử lý"]),
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("headings", GROUPED)
def test_headings_in_two_rows_are_joined(tmp_path: Path, way: str, headings: Rows) -> None:
    rows = [filled("DANH SÁCH"), *headings, *RECORDS, headings[1], filled("Tổng")]
    relation = table(tmp_path, way, rows)
    assert rows_of(relation, "NgayTiepNhan", "NgayTra", "DonViXuLy") == [
        (number, "15/01/2024", "19/01/2024", "H24.16") for number in (4, 5, 6)
    ]


@pytest.mark.parametrize("heading", ["Mã đơn vị xử lý", "Mã cơ quan xử lý", "MÃ ĐƠN VỊ"])
def test_a_code_of_a_unit_decides_and_its_name_stands_beside(tmp_path: Path, heading: str) -> None:
    for other, code in (("Đơn vị xử lý", 1), ("Tên đơn vị", 0), ("Cơ quan xử lý", 1)):
        both = [other, heading] if code else [heading, other]
        cells = ["Sở Mẫu", "H24.16"] if code else ["H24.16", "Sở Mẫu"]
        relation = table(tmp_path, "scanned", [[*HEADINGS[:7], *both], [*RECORDS[0][:7], *cells]])
        assert rows_of(relation, "DonViXuLy", "TenDonViXuLy") == [(2, "H24.16", "Sở Mẫu")]


@pytest.mark.parametrize("only", ["Tên đơn vị xử lý", "Mã đơn vị xử lý", "CO QUAN XU LY"])
def test_one_column_of_the_unit_is_the_unit(tmp_path: Path, only: str) -> None:
    relation = table(tmp_path, "scanned", [[*HEADINGS[:7], only], RECORDS[0]])
    assert rows_of(relation, "DonViXuLy") == [(2, "H24.16")]
    assert "TenDonViXuLy" not in relation.columns


@pytest.mark.parametrize("kind", OWN_NAMES)
@pytest.mark.parametrize(
    ("told", "line"),
    [
        ("dòng tổng", filled("Tổng cộng", "", "3")),
        ("dòng lặp lại", list(HEADINGS)),
        ("dòng tên nhóm", filled("I. Sở Y tế mẫu")),
        ("dòng đánh số cột", [f"({number})" for number in range(1, 9)]),
        ("", filled()),
    ],
)
def test_records_with_their_own_names_are_told_apart_as_rows_of_a_table_are(
    tmp_path: Path, kind: str, told: str, line: list[str]
) -> None:
    rows = [dict(zip(HEADINGS, row, strict=True)) for row in (RECORDS[0], line, RECORDS[1], line)]
    path = tmp_path / f"ho-so.{kind}"
    if kind == "jsonl":
        write_jsonl(path, rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    (relation,) = read(path)
    assert [row[0] for row in rows_of(relation)] == [1, 3]
    assert [note for note in relation.notes if told and told in note] == list(relation.notes)
    assert len(relation.notes) == bool(told)
