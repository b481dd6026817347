"""The Excel workbook, read as a reader of spreadsheets and as the file that it is."""

import io
import re
import time
import zipfile
from dataclasses import replace
from datetime import date, timedelta, timezone

import pytest
from python_calamine import CalamineWorkbook

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import CheckFailedError
from publish.model import Draft
from publish.package.formats import rows_of
from publish.package.workbook import CODE_SHEET, INTRODUCTION, from_xlsx, to_xlsx
from tests.publish.small_release import small_draft

SCORES, UNITS = load_contract("scores"), load_contract("units")


@pytest.fixture(scope="module")
def scores(good_draft: Draft) -> bytes:
    """The workbook of the scores."""
    return to_xlsx(good_draft.tables["scores"], SCORES, good_draft)


def opened(content: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(content))


def part(content: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(name).decode()


def test_the_sheets_are_introduction_table_and_codes(scores: bytes) -> None:
    assert opened(scores).sheet_names == [INTRODUCTION, "scores", CODE_SHEET]
    assert INTRODUCTION == "Giới thiệu"


def test_the_headings_are_vietnamese(scores: bytes) -> None:
    heading = opened(scores).get_sheet_by_name("scores").to_python()[0]
    assert tuple(heading) == SCORES.headings("vi")
    assert heading[:3] == ["Kỳ", "Phạm vi thời gian", "Mã đơn vị"]


def test_numbers_are_numbers_codes_and_periods_are_text(scores: bytes) -> None:
    first = opened(scores).get_sheet_by_name("scores").to_python()[1]
    row = dict(zip((field.name for field in SCORES.fields), first, strict=True))
    assert row["period"] == "2024-03"
    assert row["unit_code"] == "Z00"
    assert (row["score"], row["numerator"]) == (8.25, 33.0)
    assert row["rank"] == ""


def test_days_are_days_and_empty_cells_are_empty(good_draft: Draft) -> None:
    content = to_xlsx(good_draft.tables["units"], UNITS, good_draft)
    first = opened(content).get_sheet_by_name("units").to_python()[1]
    row = dict(zip((field.name for field in UNITS.fields), first, strict=True))
    assert row["valid_from"] == date(2024, 1, 1)
    assert row["valid_to"] == ""


def test_numbers_are_shown_with_two_decimals_and_groups_of_thousands(scores: bytes) -> None:
    styles = part(scores, "xl/styles.xml")
    assert 'formatCode="#,##0.00"' in styles
    assert 'formatCode="#,##0"' in styles


def test_a_year_is_shown_without_a_group_of_thousands(good_draft: Draft) -> None:
    contract = load_contract("indicators")
    content = to_xlsx(good_draft.tables["indicators"], contract, good_draft)
    sheet, styles = part(content, "xl/worksheets/sheet2.xml"), part(content, "xl/styles.xml")
    position = [field.name for field in contract.fields].index("year")
    style = re.search(rf'<c r="{"ABCDEF"[position]}2" s="(\d+)"><v>2024</v>', sheet)
    assert style is not None
    cell_styles = re.findall(r'<xf numFmtId="(\d+)"[^>]*xfId', styles)
    assert cell_styles[int(style[1])] == "1"  # the standard's number for the format 0


def test_the_table_is_a_real_one_and_its_header_is_frozen(scores: bytes, good_draft: Draft) -> None:
    table, sheet = part(scores, "xl/tables/table1.xml"), part(scores, "xl/worksheets/sheet2.xml")
    last = good_draft.tables["scores"].num_rows + 1
    assert f'ref="A1:S{last}"' in table
    assert 'displayName="bang_scores"' in table
    assert re.search(r'<pane ySplit="1" [^>]*state="frozen"', sheet)


def test_there_are_no_formulas_and_no_merged_cells(scores: bytes) -> None:
    for number in (1, 2, 3):
        sheet = part(scores, f"xl/worksheets/sheet{number}.xml")
        assert "<f>" not in sheet
        assert "<mergeCell" not in sheet


def test_text_that_looks_like_a_formula_or_a_link_stays_text(good_draft: Draft) -> None:
    table = good_draft.tables["units"]
    names = ["=1+1", "https://example.org/", "007"]
    position = table.column_names.index("name_en")
    changed = table.set_column(position, table.schema.field(position), [names])
    content = to_xlsx(changed, UNITS, good_draft)
    rows = opened(content).get_sheet_by_name("units").to_python()[1:]
    assert [row[position] for row in rows] == names
    assert "<f>" not in part(content, "xl/worksheets/sheet2.xml")
    assert "hyperlink" not in part(content, "xl/worksheets/sheet2.xml").lower()


def test_an_empty_table_keeps_its_headings(good_draft: Draft) -> None:
    empty = good_draft.tables["scores"].slice(0, 0)
    content = to_xlsx(empty, SCORES, good_draft)
    assert opened(content).get_sheet_by_name("scores").to_python() == [list(SCORES.headings("vi"))]
    assert from_xlsx(content, SCORES) == []


def test_the_last_sheet_explains_the_codes_of_the_table(scores: bytes) -> None:
    rows = opened(scores).get_sheet_by_name(CODE_SHEET).to_python()
    known = {(row[0], row[1]) for row in rows[1:]}
    assert {("Tình trạng số liệu", "O"), ("Phạm vi thời gian", "ytd")} <= known


def test_the_introduction_names_the_release_and_every_column(scores: bytes) -> None:
    rows = opened(scores).get_sheet_by_name(INTRODUCTION).to_python()
    assert ["Bản phát hành", "2024-03.r1 (1.0.0)"] in rows
    assert set(SCORES.headings("vi")) <= {row[0] for row in rows}


@pytest.mark.parametrize("sample", [True, False])
def test_the_first_sheet_says_so_if_and_only_if_the_data_are_samples(sample: bool) -> None:
    draft = small_draft(sample=sample)
    for name in ("scores", "obs_status"):
        content = to_xlsx(draft.tables[name], load_contract(name), draft)
        texts = [str(c) for row in opened(content).get_sheet_by_index(0).to_python() for c in row]
        assert any(text.startswith("DỮ LIỆU MẪU") for text in texts) is sample


def test_two_workbooks_made_seconds_apart_are_the_same_bytes(good_draft: Draft) -> None:
    one = to_xlsx(good_draft.tables["units"], UNITS, good_draft)
    time.sleep(2.1)  # a ZIP keeps time in steps of two seconds
    assert to_xlsx(good_draft.tables["units"], UNITS, good_draft) == one


def test_one_moment_told_in_two_zones_gives_the_same_bytes(good_draft: Draft) -> None:
    there = good_draft.published_at.astimezone(timezone(timedelta(hours=7)))
    same = replace(good_draft, published_at=there)
    table = good_draft.tables["units"]
    assert to_xlsx(table, UNITS, same) == to_xlsx(table, UNITS, good_draft)


def test_reading_back_gives_the_cells_of_the_table(scores: bytes, good_draft: Draft) -> None:
    assert from_xlsx(scores, SCORES) == rows_of(good_draft.tables["scores"])


def test_a_workbook_with_other_headings_is_no_copy_of_the_table(scores: bytes) -> None:
    with pytest.raises(CheckFailedError, match="columns"):
        from_xlsx(scores, replace(SCORES, fields=SCORES.fields[::-1]))
