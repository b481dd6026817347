"""The workbooks that go back to units: what they hold, and what stays in their folder.

The rows are invented. DỮ LIỆU MẪU.
"""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from cchc_pipeline.core.period import Month
from cchc_pipeline.reports.error_sheets import write_error_sheets

MARCH = Month(2024, 3)
NAMES = {"H24.16": "Sở Mẫu", "H24.17": "Quận Mẫu"}
HANDED_IN = {"H24.16": 1234, "H24.17": 10, "UNKNOWN": 3}


def fault(unit: str | None = "H24.16", row: int = 7, **values: Any) -> dict[str, Any]:
    return {
        "file": "ho-so.csv", "row": row, "unit_code": unit,
        "dossier_code": "H24.16-240115-0001", "column": "Ngày hẹn trả",
        "rule": "bad_due", "message_vi": "“32/01/2024” không phải là ngày.",
        "expected_vi": "Ngày dạng 31/01/2024.",
    } | values  # fmt: skip


def written(folder: Path, rows: Iterable[dict[str, Any]], **how: Any) -> list[str]:
    return [p.name for p in write_error_sheets(folder, rows, MARCH, NAMES, HANDED_IN, **how)]


def sheet(path: Path, number: int) -> list[list[Any]]:
    book = CalamineWorkbook.from_path(path)
    return book.get_sheet_by_index(number).to_python()


def test_each_unit_has_a_workbook_and_rows_of_no_known_unit_have_their_own(tmp_path: Path) -> None:
    rows = [fault(), fault("H24.17"), fault(None)]
    assert written(tmp_path, rows) == ["H24.16.xlsx", "H24.17.xlsx", "khong-ro-don-vi.xlsx"]


def test_the_first_sheet_says_what_it_is_and_that_it_stays_here(tmp_path: Path) -> None:
    written(tmp_path, [fault(), fault(rule="no_status"), fault(row=9), fault(None)])
    text = "\n".join(" ".join(line) for line in sheet(tmp_path / "H24.16.xlsx", 0))
    assert "Sở Mẫu, tháng 3/2024" in text
    assert "2 dòng có lỗi trong 1.234 dòng đã gửi" in text
    assert "Không chuyển cho người khác" in text
    other = "\n".join(" ".join(line) for line in sheet(tmp_path / "khong-ro-don-vi.xlsx", 0))
    assert "Không rõ đơn vị" in other
    assert "1 dòng có lỗi trong 3 dòng" in other


def test_the_first_sheet_is_a_letter_from_whom_to_whom_what_was_wrong_and_by_when(
    tmp_path: Path,
) -> None:
    rows = [fault(row=n) for n in range(1, 4)] + [fault(row=9, rule="other", message_vi="Khác.")]
    written(tmp_path, rows, sender="UBND nơi thử nghiệm")
    letter = dict(line[:2] for line in sheet(tmp_path / "H24.16.xlsx", 0)[1:])
    assert letter["Nơi gửi"] == "UBND nơi thử nghiệm"
    assert letter["Kính gửi"] == "Sở Mẫu"
    assert letter["Lỗi nhiều nhất"] == ("“32/01/2024” không phải là ngày. (3 lỗi)\nKhác. (1 lỗi)")
    assert "gửi lại cả tệp của kỳ" in letter["Việc cần làm"]
    assert letter["Hạn gửi lại"].startswith("Trước ngày 12/04/2024, là ngày công bố kết quả")


def parts_of(path: Path) -> tuple[str, list[str]]:
    """The workbook's own part and its sheets, as XML."""
    with zipfile.ZipFile(path) as parts:
        names = sorted(name for name in parts.namelist() if name.startswith("xl/worksheets/"))
        return parts.read("xl/workbook.xml").decode(), [parts.read(n).decode() for n in names]


def test_sheets_print_on_a4_as_wide_as_the_page_with_their_headings_on_each(tmp_path: Path) -> None:
    written(tmp_path, [fault()])
    book, (letter, *lists) = parts_of(tmp_path / "H24.16.xlsx")
    for part in (letter, *lists):
        assert 'paperSize="9"' in part
        assert 'fitToHeight="0"' in part
    assert all('orientation="landscape"' in part for part in lists)
    assert 'orientation="portrait"' in letter
    assert book.count("_xlnm.Print_Titles") == len(lists)


def test_each_row_is_as_high_as_its_longest_text(tmp_path: Path) -> None:
    written(tmp_path, [fault(), fault(row=8, message_vi="Câu dài không vừa một dòng. " * 12)])
    _, (_, rows, _) = parts_of(tmp_path / "H24.16.xlsx")
    heading, short, high = (
        float(ht) for ht in re.findall(r'<row r="\d+"[^>]* ht="([\d.]+)"', rows)
    )
    assert heading == short
    assert high > 6 * short


def test_a_summary_that_the_letter_says_whole_is_one_page_less(tmp_path: Path) -> None:
    written(tmp_path, [fault()])
    assert 'state="hidden"' in parts_of(tmp_path / "H24.16.xlsx")[0]
    written(tmp_path, [fault(row=n, rule=f"rule {n}") for n in range(9)])
    assert 'state="hidden"' not in parts_of(tmp_path / "H24.16.xlsx")[0]


def test_the_summary_names_rules_as_readers_know_them(tmp_path: Path) -> None:
    written(tmp_path, [fault(rule="CELL_ERROR")])
    assert sheet(tmp_path / "H24.16.xlsx", 2)[1][0] == "Ô chứa lỗi của công thức"


def test_the_rows_stand_under_the_headings_that_offices_know(tmp_path: Path) -> None:
    written(tmp_path, [fault()])
    assert sheet(tmp_path / "H24.16.xlsx", 1) == [
        ["Tệp", "Dòng", "Mã hồ sơ", "Trường", "Sai ở đâu", "Cần có"],
        ["ho-so.csv", "7", "H24.16-240115-0001", "Ngày hẹn trả",
         "“32/01/2024” không phải là ngày.", "Ngày dạng 31/01/2024."],
    ]  # fmt: skip


def test_the_last_sheet_counts_the_broken_rules(tmp_path: Path) -> None:
    rows = [fault(row=n, message_vi=f"lỗi {n}") for n in range(1, 4)]
    written(tmp_path, [*rows, fault(rule="a_rule", column=None)])
    assert sheet(tmp_path / "H24.16.xlsx", 2)[1:] == [
        ["a_rule", "", "“32/01/2024” không phải là ngày.", "1"],
        ["bad_due", "Ngày hẹn trả", "lỗi 1", "3"],
    ]


def test_nothing_in_a_cell_can_run(tmp_path: Path) -> None:
    written(tmp_path, [fault(message_vi="=HYPERLINK(A1)", dossier_code="+1", column="@x")])
    with zipfile.ZipFile(tmp_path / "H24.16.xlsx") as parts:
        cells = parts.read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in cells
    assert 't="inlineStr"' in cells
    assert sheet(tmp_path / "H24.16.xlsx", 1)[1][4] == "=HYPERLINK(A1)"


def test_a_sheet_of_too_many_rows_says_how_many_more_and_counts_all(tmp_path: Path) -> None:
    written(tmp_path, [fault(row=n) for n in range(1, 8)], row_limit=5)
    rows = sheet(tmp_path / "H24.16.xlsx", 1)
    assert len(rows) == 1 + 5 + 1
    assert rows[-1][0].startswith("Còn 2 lỗi nữa")
    assert sheet(tmp_path / "H24.16.xlsx", 2)[1][3] == "7"


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        written(tmp_path / name, [fault(), fault(None)])
    for name in ("H24.16.xlsx", "khong-ro-don-vi.xlsx"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_sheets_of_units_without_faults_go_and_other_files_stay(tmp_path: Path) -> None:
    written(tmp_path, [fault(), fault("H24.17"), fault(None)])
    (tmp_path / "H24.16 da gui.xlsx").write_bytes(b"a copy that somebody keeps")
    assert written(tmp_path, [fault("H24.17")]) == ["H24.17.xlsx"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["H24.16 da gui.xlsx", "H24.17.xlsx"]
    assert written(tmp_path, []) == []
    assert [p.name for p in tmp_path.iterdir()] == ["H24.16 da gui.xlsx"]


def test_a_reading_that_fails_leaves_whole_sheets_only(tmp_path: Path) -> None:
    written(tmp_path, [fault()])
    before = (tmp_path / "H24.16.xlsx").read_bytes()

    def failing() -> Iterable[dict[str, Any]]:
        yield fault(row=99)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        written(tmp_path, failing())
    assert [p.name for p in tmp_path.iterdir()] == ["H24.16.xlsx"]
    assert (tmp_path / "H24.16.xlsx").read_bytes() == before


def test_what_a_crash_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-1").mkdir()
    (tmp_path / ".unfinished-1" / "H24.16.xlsx").write_bytes(b"half")
    written(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_rows_of_one_unit_must_come_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not come together"):
        written(tmp_path, [fault(), fault("H24.17"), fault()])


def test_a_code_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    assert written(tmp_path / "month", [fault("../x")]) == ["..%2Fx.xlsx"]
