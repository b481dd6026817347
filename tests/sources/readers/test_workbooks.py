"""Workbooks cell by cell: what Excel keeps and does not keep, what is hidden, what is hostile."""

import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.sources.readers.xlsx.contents import (
    float_text,
    number_style,
    number_text,
    plain_text,
    since_1900,
)
from cchc_pipeline.sources.readers.xlsx.rows import address_of, column_of
from tests.builders.records import faults_of, read, rows_of
from tests.sources.readers.workbook_builder import dossier_row, sheet_xml, text_cell, write_parts

NOT_KEPT = "là công thức chưa có kết quả lưu lại: mở tệp bằng Excel, bấm Lưu rồi gửi lại"


def _book(folder: Path, *rows: str, before: str = "", **parts: str) -> Path:
    return write_parts(folder / "ho-so.xlsx", sheet_xml(*rows, before=before), **parts)


def _cell(folder: Path, column: str, cell: str, **parts: str) -> str | None:
    """The text that a cell of row 2 gives in the column of a field."""
    letter = {"NgayTiepNhan": "D", "TenTTHC": "C", "TrangThaiHoSo": "G"}[column]
    (relation,) = read(_book(folder, dossier_row(2, **{letter: cell}), **parts))
    assert faults_of(relation) == []
    ((_, text),) = rows_of(relation, column)
    return text


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#SPILL!"])
def test_an_error_is_passed_on_as_its_text(tmp_path: Path, error: str) -> None:
    cell = f'<c r="D2" t="e"><f>B2</f><v>{error}</v></c>'
    assert _cell(tmp_path, "NgayTiepNhan", cell) == error


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="D2"><f>B2+1</f></c>',
        '<c r="D2"><f>B2+1</f><v></v></c>',
        '<c r="D2"><f>B2+1</f><v/></c>',
        '<c r="D2" t="str"><f>B2</f></c>',
        '<c r="D2"><f t="shared" si="0"/></c>',
        '<c r="D2"><f t="array" ref="D2:D3">B2:B3</f></c>',
        '<c r="D2" t="e"><f>B2</f></c>',
    ],
)
def test_a_formula_without_a_kept_value_is_a_fault_of_its_row(tmp_path: Path, cell: str) -> None:
    (relation,) = read(_book(tmp_path, dossier_row(2, D=cell), dossier_row(3)))
    assert faults_of(relation) == [(2, f"ô D2 {NOT_KEPT}")]
    assert [number for number, _ in rows_of(relation, "MaHoSo")] == [2, 3]


def test_cells_that_share_an_array_without_values_are_faults_too(tmp_path: Path) -> None:
    array = '<c r="D2"><f t="array" ref="D2:D3">B2:B9</f></c>'
    rows = [dossier_row(2, D=array), dossier_row(3, D='<c r="D3"/>'), dossier_row(4, D="")]
    (relation,) = read(_book(tmp_path, *rows))
    assert [number for number, _ in faults_of(relation)] == [2, 3]


def test_a_kept_empty_text_is_empty_and_a_column_of_no_field_is_nobodys_fault(
    tmp_path: Path,
) -> None:
    assert _cell(tmp_path, "TenTTHC", '<c r="C2" t="str"><f>""</f><v></v></c>') is None
    row = dossier_row(2).replace("</row>", '<c r="J2"><f>A2</f></c></row>')
    (relation,) = read(_book(tmp_path, row))
    assert faults_of(relation) == []


def test_a_row_of_formulas_alone_is_no_blank_row(tmp_path: Path) -> None:
    cells = "".join(f'<c r="{letter}2"><f>X1</f></c>' for letter in "ABCDEFGH")
    (relation,) = read(_book(tmp_path, f'<row r="2">{cells}</row>'))
    assert faults_of(relation) == [(2, f"ô A2, B2, C2, … {NOT_KEPT}")]


def test_a_total_line_of_formulas_is_still_a_total_line(tmp_path: Path) -> None:
    total = f'<row r="3">{text_cell("A3", "Tổng cộng")}<c r="G3"><f>SUM(G2)</f></c></row>'
    (relation,) = read(_book(tmp_path, dossier_row(2), total))
    assert faults_of(relation) == []
    assert [number for number, _ in rows_of(relation, "MaHoSo")] == [2]


VIETNAMESE = (
    "dd/mm/yyyy|[$-42A]d &quot;tháng&quot; m, yyyy|[$-1010000]d/m/yyyy;@|yyyy\\-mm\\-dd hh:mm"
)


@pytest.mark.parametrize("style", [1, 2, 3, 4])
def test_every_date_format_gives_a_day_or_a_moment(tmp_path: Path, style: int) -> None:
    cell = '<c r="D2" s="{}"><v>{}</v></c>'
    day = _cell(tmp_path, "NgayTiepNhan", cell.format(style, 45306), styles=VIETNAMESE)
    moment = _cell(tmp_path, "NgayTiepNhan", cell.format(style, 45306.5), styles=VIETNAMESE)
    assert (day, moment) == ("2024-01-15", "2024-01-15T12:00:00")


@pytest.mark.parametrize(
    ("flag", "style", "told"),
    [
        ("1", 1, "2024-01-15"),
        ("true", 1, "2024-01-15"),
        ("1", 0, "45306"),
        ("0", 1, "2020-01-14"),
        ("0", 0, "43844"),
    ],
)
def test_days_are_counted_by_the_workbooks_own_flag(
    tmp_path: Path, flag: str, style: int, told: str
) -> None:
    cell = f'<c r="D2" s="{style}"><v>43844</v></c>'
    flagged = f'<workbookPr date1904="{flag}"/>'
    said = _cell(tmp_path, "NgayTiepNhan", cell, styles="dd/mm/yyyy", workbook=flagged)
    assert said == told


def test_only_days_are_moved_by_the_flag() -> None:
    moved = [since_1900(text) for text in ("43844", "43844.5e0", "15/01/2024", "20240115", "")]
    assert moved == ["45306", "45306.5e0", "15/01/2024", "20240115", ""]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("1", "1900-01-01"),
        ("59", "1900-02-28"),
        ("60", "1900-02-29"),
        ("61", "1900-03-01"),
        ("0.5", "12:00:00"),
        ("-3.7", "-3.7e0"),
        ("45306.441875", "2024-01-15T10:36:18"),
        ("99999999", "99999999"),
        ("1e400", "1e400"),
        ("chưa", "chưa"),
    ],
)
def test_what_is_no_day_stays_what_a_reader_refuses(raw: str, told: str) -> None:
    assert number_text(raw, "date", False) == told


@pytest.mark.parametrize(
    ("code", "style"),
    [
        ("#,##0 &quot;đồng&quot;".replace("&quot;", '"'), "number"),
        ('0 "days"', "number"),
        ("[Red]#,##0;[Blue]-#,##0", "number"),
        ("0.00E+00", "number"),
        ("General", "number"),
        ("@", "number"),
        ("[h]:mm", "elapsed"),
        ("hh:mm AM/PM", "date"),
        ("[Red]dd/mm/yyyy", "date"),
        ('"ngày" dd "tháng" mm', "date"),
    ],
)
def test_a_format_tells_days_from_numbers(code: str, style: str) -> None:
    assert number_style("164", code) == style


def test_numbers_keep_what_excel_shows_of_them(tmp_path: Path) -> None:
    raws = ("1.0012300000000001", "10", "1.1000000000000001", "123456789012345", "-0", "1e-5")
    texts = [number_text(raw, "number", False) for raw in raws]
    assert texts == ["1.00123e0", "10", "1.1e0", "123456789012345", "0", "0.00001e0"]


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_a_numbers_text_is_the_number(number: float) -> None:
    assert float(float_text(number)) == pytest.approx(number, rel=1e-14, abs=1e-300)


@given(st.integers(0, 16_383), st.integers(1, 1_048_576))
def test_an_address_names_one_cell(column: int, row: int) -> None:
    address = address_of(column, row)
    assert column_of(address.removesuffix(str(row))) == column


def test_texts_of_every_kind(tmp_path: Path) -> None:
    shared = "<si><r><t>Cấp </t></r><r><t>giấy</t></r><rPh sb='0' eb='1'><t>カ</t></rPh></si>"
    assert _cell(tmp_path, "TenTTHC", '<c r="C2" t="s"><v>0</v></c>', texts=shared) == "Cấp giấy"
    escaped = text_cell("C2", "a_x000A_b_x005F_x0041_")
    assert _cell(tmp_path, "TenTTHC", escaped) == "a\nb_x0041_"
    assert _cell(tmp_path, "TenTTHC", '<c r="C2" t="b"><v>1</v></c>') == "TRUE"
    day = '<c r="D2" t="d"><v>2024-01-15T00:00:00</v></c>'
    assert _cell(tmp_path, "NgayTiepNhan", day) == "2024-01-15"
    assert plain_text("_xD83D_") == "\ufffd"


def test_cells_and_rows_without_addresses_follow_each_other(tmp_path: Path) -> None:
    row = dossier_row(2)
    bare = row.replace('<row r="2">', "<row>")
    for letter in "ABCDEFGH":
        bare = bare.replace(f' r="{letter}2"', "")
    (relation,) = read(_book(tmp_path, bare))
    assert rows_of(relation, "MaHoSo", "DonViXuLy") == [(2, "000.00.16.H24-240115-0002", "H24.16")]


def test_hidden_rows_columns_and_sheets_are_read_and_named(tmp_path: Path) -> None:
    hidden = dossier_row(2).replace("<row", '<row hidden="1"')
    columns = '<cols><col min="3" max="4" hidden="1"/><col min="20" max="99" hidden="1"/></cols>'
    path = _book(tmp_path, hidden, dossier_row(3), before=columns, state="veryHidden")
    (relation,) = read(path)
    assert len(rows_of(relation, "MaHoSo")) == 2
    assert relation.notes == (
        "sheet A is hidden and was read",
        "1 hidden rows of sheet A were read",
        "2 hidden columns of sheet A were read",
    )


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576" s="1"><c r="XFD1048576" s="0"/></row>',
        f'<row r="9"><c r="BX9"><v>1</v></c>{"<c/>" * 900}</row>',
    ],
)
def test_a_stray_far_cell_costs_nothing(tmp_path: Path, far: str) -> None:
    (relation,) = read(_book(tmp_path, dossier_row(2), far))
    assert len(rows_of(relation, "MaHoSo")) == 1
    has_value = "<v>" in far
    assert ("stand beside the table" in " ".join(relation.notes)) is has_value


def _refusal(path: Path) -> str:
    begun = time.monotonic()
    with pytest.raises(SourceError) as caught:
        read(path)
    assert time.monotonic() - begun < 25
    line = str(caught.value)
    assert path.name in line and "\n" not in line and len(line) <= 500
    return line


def test_a_heading_far_beside_the_table_is_refused_by_its_cell(tmp_path: Path) -> None:
    sheet = sheet_xml(dossier_row(2)).replace("</row>", text_cell("XFD1", "Ghi chú") + "</row>", 1)
    assert "cell XFD1: stands far beside" in _refusal(write_parts(tmp_path / "ho-so.xlsx", sheet))


DOUBLE = '<c r="C2"><v>1</v></c><c r="C2"><v>2</v></c>'


@pytest.mark.parametrize(
    "row",
    [
        f'<row r="2">{"<c/>" * 3_900_000}</row>',
        f'<row r="2">{"<c><v>1</v></c>" * 20_000}</row>',
        f'<row r="2">{"<a>" * 100_000}{"</a>" * 100_000}{"<b/>" * 2_000_000}</row>',
        f'<row r="2"><c r="A2" t="str"><v>{"x" * 9_000_000}</v></c></row>',
        dossier_row(2, C=DOUBLE),
        dossier_row(2, C='<c r="C3"><v>1</v></c>'),
        dossier_row(2, C='<c r="XFE2"><v>1</v></c>'),
        dossier_row(2, C='<c r="C2" t="s"><v>7</v></c>'),
        dossier_row(2, C='<c r="C2" t="s"><v>-1</v></c>'),
        dossier_row(2, C='<c r="C2" s="9"><v>1</v></c>'),
        dossier_row(2, C='<c r="C2" t="new"><v>1</v></c>'),
        dossier_row(3) + dossier_row(2),
        dossier_row(2) + dossier_row(2),
        '<row r="1048577"/>',
    ],
)
def test_what_no_program_writes_is_a_damaged_workbook(tmp_path: Path, row: str) -> None:
    assert "is a damaged workbook" in _refusal(_book(tmp_path, row))


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha">]>' + sheet_xml(dossier_row(2))
    assert "declares entities" in _refusal(write_parts(tmp_path / "ho-so.xlsx", laughs))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "/xl/Worksheets/SHEET1.xml"])
def test_two_parts_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    path = _book(tmp_path, dossier_row(2))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "<worksheet/>")
    assert "two parts of one name" in _refusal(path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_packing_that_no_program_uses_is_damage(tmp_path: Path, packing: int) -> None:
    path = _book(tmp_path, dossier_row(2))
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", packing) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    assert "is damaged" in _refusal(path)


def test_cells_merged_downwards_are_told(tmp_path: Path) -> None:
    rows = [dossier_row(number) for number in (2, 3, 4)]
    ranges = "".join(f'<mergeCell ref="{ref}"/>' for ref in ("C2:C4", "A1:B1", "G3:H4"))
    sheet = sheet_xml(*rows).replace(
        "</sheetData>", f'</sheetData><mergeCells count="3">{ranges}</mergeCells>'
    )
    (table,) = read(write_parts(tmp_path / "ho-so.xlsx", sheet))
    (note,) = [note for note in table.notes if "gộp dọc" in note]
    assert note.startswith("2 vùng ô gộp dọc trong bảng (như C2:C4)")
    (plain,) = read(write_parts(tmp_path / "ho-so-2.xlsx", sheet_xml(*rows)))
    assert not [note for note in plain.notes if "gộp dọc" in note]
