"""Lines of CSV files whose quotes are wrong, or whose end is missing: none vanishes."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import SourceError
from tests.builders.records import HEADINGS, RECORDS, csv_text, faults_of, read, record, rows_of

WIDE = [record(number) for number in range(1, 9)]
OPEN = "mở ở dòng"


def dropped(folder: Path, text: str) -> Path:
    path = folder / "ho-so.csv"
    path.write_bytes(text.encode())
    return path


def lines(*rows: Sequence[str], delimiter: str = ";") -> str:
    """Rows as they stand, nothing quoted."""
    return "".join(f"{delimiter.join(row)}\n" for row in rows)


def with_cell(row: Sequence[str], place: int, cell: str) -> list[str]:
    return [*row[:place], cell, *row[place + 1 :]]


def fates(path: Path) -> tuple[list[int], list[int]]:
    """The numbers of the readable and of the unreadable lines."""
    (relation,) = read(path)
    bad = [number for number, _ in faults_of(relation)] if relation.row_fault else []
    rows = [row[0] for row in rows_of(relation)]
    return [number for number in rows if number not in bad], bad


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("column", [0, 2, 7])
@pytest.mark.parametrize(
    "closing",
    [(column, cell) for column in (0, 2, 7) for cell in ('{}"', '"{}', '"{}"', 'sổ "{}"')],
)
def test_a_quote_that_is_never_closed_swallows_no_row(
    tmp_path: Path, delimiter: str, newline: str, column: int, closing: tuple[int, str]
) -> None:
    rows = [*WIDE]
    rows[1] = with_cell(rows[1], column, f'"{rows[1][column]}')
    rows[4] = with_cell(rows[4], closing[0], closing[1].format(rows[4][closing[0]]))
    text = lines(HEADINGS, *rows, delimiter=delimiter).replace("\n", newline)
    try:
        good, bad = fates(dropped(tmp_path, text))
    except SourceError as refused:
        assert re.search(r"ho-so\.csv, line \d+: ", str(refused))
        return
    assert sorted(good + bad) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert 3 in bad
    assert {2, 7, 8, 9} <= set(good) or closing[1] == '"{}'


def test_each_line_of_an_open_quote_says_where_it_began(tmp_path: Path) -> None:
    rows = [*WIDE]
    rows[1] = with_cell(rows[1], 2, '"Cấp giấy phép')
    rows[3] = with_cell(rows[3], 2, 'Biến động "sổ hồng"')
    (relation,) = read(dropped(tmp_path, lines(HEADINGS, *rows)))
    assert [number for number, _ in faults_of(relation)] == [3, 4, 5]
    assert all(f"{OPEN} 3" in fault and "3–5" in fault for _, fault in faults_of(relation))
    assert rows_of(relation, "MaHoSo")[-1] == (9, WIDE[7][0])


def test_an_open_quote_near_the_end_quarantines_what_follows(tmp_path: Path) -> None:
    rows = [*WIDE]
    rows[5] = with_cell(rows[5], 2, '"Cấp giấy phép')
    assert fates(dropped(tmp_path, lines(HEADINGS, *rows))) == ([2, 3, 4, 5, 6], [7, 8, 9])


@pytest.mark.parametrize("title", ['"DANH SÁCH HỒ SƠ', 'Mẫu "01', '"Mẫu" 01', '"A\nB"'])
def test_a_quote_in_the_title_block_hides_nothing(tmp_path: Path, title: str) -> None:
    good, bad = fates(dropped(tmp_path, f"{title}\n\n{lines(HEADINGS, *WIDE)}"))
    assert (len(good), bad) == (8, [])


@pytest.mark.parametrize(
    "cell",
    ["12 Lê Lợi\nphường Mẫu", "1, a\n2, b\n3, c", "\ncuối", "một\n\nba", 'có ""ngoặc""\nhai dòng',
     "12/2024\nsố 7; tổ 3", "Số 1, đường A, phường B, quận C, thành phố D, nước E, F, G\nhết"],
)  # fmt: skip
@pytest.mark.parametrize("column", [2, 7])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_an_honest_cell_of_several_lines_is_accepted(
    tmp_path: Path, cell: str, column: int, delimiter: str
) -> None:
    rows = [with_cell(row, column, f'"{cell}"') for row in RECORDS]
    rows = [[*row[:2], f'"{row[2]}"', *row[3:]] if column != 2 else row for row in rows]
    (relation,) = read(dropped(tmp_path, lines(HEADINGS, *rows, delimiter=delimiter)))
    name = {2: "TenTTHC", 7: "DonViXuLy"}[column]
    assert faults_of(relation) == []
    assert [text for _, text in rows_of(relation, name)] == [cell.replace('""', '"').strip()] * 3


@pytest.mark.parametrize("cell", ['Ống 12" mẫu', 'sổ "hồng"', '"sổ" hồng'])
def test_a_stray_quote_within_a_line_is_a_letter(tmp_path: Path, cell: str) -> None:
    assert fates(dropped(tmp_path, lines(HEADINGS, with_cell(WIDE[0], 2, cell), WIDE[1]))) == (
        [2, 3], [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"),
    [(r"\"giấy phép; bản sao\" mẫu", '"giấy phép; bản sao" mẫu'), (r"Cấp \"A\"", 'Cấp "A"'),
     (r"ống 12\" mẫu", 'ống 12" mẫu'), (r"\"a\"; \"b\"", '"a"; "b"'), ("C:\\", "C:\\")],
)  # fmt: skip
def test_a_quote_after_a_backslash_is_a_letter(tmp_path: Path, cell: str, text: str) -> None:
    rows = [with_cell(row, 2, cell) if row is WIDE[3] else row for row in WIDE]
    quoted = [[f'"{value}"' for value in row] for row in (HEADINGS, *rows)]
    (relation,) = read(dropped(tmp_path, lines(*quoted)))
    assert len(rows_of(relation)) == 8
    assert rows_of(relation, "TenTTHC")[3] == (5, text)


@pytest.mark.parametrize("cut", range(1, 60, 7))
@pytest.mark.parametrize("quoted", [False, True])
def test_a_text_whose_last_line_breaks_off_is_refused(
    tmp_path: Path, cut: int, quoted: bool
) -> None:
    rows = [[f'"{cell}"' for cell in row] if quoted else row for row in WIDE]
    text = lines(HEADINGS, *rows)
    last = text[:-1].rfind("\n") + 1
    with pytest.raises(SourceError, match=r"line 9: is cut off: its last line"):
        read(dropped(tmp_path, text[: last + cut]))


def test_a_letter_that_breaks_off_is_called_so_too(tmp_path: Path) -> None:
    path = tmp_path / "ho-so.csv"
    path.write_bytes(lines(HEADINGS, *WIDE).encode() + "H24;Cấ".encode()[:-1])
    with pytest.raises(SourceError, match="is cut off"):
        read(path)


@pytest.mark.parametrize("end", ["", "Tổng số: 8 hồ sơ", "Người lập biểu"])
def test_a_last_line_that_lacks_only_its_end_is_whole(tmp_path: Path, end: str) -> None:
    text = lines(HEADINGS, *WIDE)
    good, bad = fates(dropped(tmp_path, f"{text}{end}" if end else text[:-1]))
    assert (len(good), bad) == (8, [])


def test_lines_that_are_too_short_have_their_own_words(tmp_path: Path) -> None:
    text = lines(HEADINGS, WIDE[0], WIDE[1][:5], WIDE[2][:7], [*WIDE[3], "x"])
    (relation,) = read(dropped(tmp_path, text))
    faults = dict(faults_of(relation))
    assert [fault.split(";")[0] for fault in faults.values()] == [
        f"dòng có {cells} ô, dòng tiêu đề có 8 ô" for cells in (5, 7, 9)
    ]
    assert ["Excel" in fault for fault in faults.values()] == [True, True, False]


def test_too_many_cells_are_bounded(tmp_path: Path) -> None:
    text = lines(HEADINGS, WIDE[0]) + ";" * 3_000_000 + "\n" + lines(WIDE[1])
    (relation,) = read(dropped(tmp_path, text))
    assert faults_of(relation) == [(3, "dòng có 3000001 ô, dòng tiêu đề có 8 ô")]
    wide = [*HEADINGS, *(f"Cột {number}" for number in range(5000))]
    with pytest.raises(SourceError, match="has 5008 columns, and no more than 500 are read"):
        read(dropped(tmp_path, csv_text([wide, *RECORDS])))
