"""Files of one month that lack different columns: what each gives, and what is said of it."""

import io
from pathlib import Path

import pytest
import xlsxwriter

from cchc_pipeline.sources.dossiers.month import account_rows
from cchc_pipeline.sources.dossiers.quarantine import lacking_columns
from cchc_pipeline.sources.dossiers.staging import COLUMN_FIELDS
from tests.builders.dossier_export import GOOD, MARCH, Outcome, csv_bytes, dossier, read_files

FIRST, SECOND = "ho-so-1.csv", "ho-so-2.csv"


def _without(*names: str) -> list[str]:
    return [name for name in GOOD if name not in names]


def _lacking(outcome: Outcome) -> dict[str, frozenset[str]]:
    return lacking_columns(account_rows(MARCH, outcome.reading))


@pytest.mark.parametrize("column", sorted(COLUMN_FIELDS))
def test_each_file_lacks_its_own_columns(tmp_path: Path, column: str) -> None:
    fewer = _without(*COLUMN_FIELDS[column])
    files = {FIRST: csv_bytes([dossier(1)]), SECOND: csv_bytes([dossier(2)], fewer)}
    assert _lacking(read_files(tmp_path, files)) == {FIRST: frozenset(), SECOND: {column}}


def test_a_column_that_is_there_and_empty_is_not_lacking(tmp_path: Path) -> None:
    content = csv_bytes([dossier(1, MucDoHaiLong="", DaDongBoDVCQG="")])
    assert _lacking(read_files(tmp_path, {FIRST: content})) == {FIRST: frozenset()}


def test_sheets_of_one_workbook_are_told_apart(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for number, columns in enumerate((list(GOOD), _without("DaDongBoDVCQG")), start=1):
            sheet = book.add_worksheet(f"Tháng {number}")
            row = dossier(number)
            sheet.write_row(0, 0, columns)
            sheet.write_row(1, 0, [row[name] for name in columns])
    outcome = read_files(tmp_path, {"ho-so.xlsx": out.getvalue()})
    assert _lacking(outcome) == {
        "ho-so.xlsx [Tháng 1]": frozenset(),
        "ho-so.xlsx [Tháng 2]": {"is_synced"},
    }
    assert {row["file"] for row in outcome.accepted} == _lacking(outcome).keys()


def test_of_a_dossier_in_two_files_the_one_that_is_kept_says_what_is_lacking(
    tmp_path: Path,
) -> None:
    files = {
        FIRST: csv_bytes([dossier(1)], _without("MucDoHaiLong")),
        SECOND: csv_bytes([dossier(1)]),
    }
    outcome = read_files(tmp_path, files)
    assert [row["file"] for row in outcome.accepted] == [SECOND]
    assert outcome.reading.notes == ()


def test_a_note_names_the_file_its_columns_the_units_and_what_is_empty(tmp_path: Path) -> None:
    files = {
        FIRST: csv_bytes([dossier(1), dossier(2, DonViXuLy="H24.17")]),
        SECOND: csv_bytes([dossier(3)], _without("MucDoHaiLong", "DaDongBoDVCQG")),
    }
    (note,) = read_files(tmp_path, files).reading.notes
    assert note == (
        f"{SECOND}: tệp không có cột Đồng bộ DVCQG, Mức độ hài lòng; vì vậy để trống cho đơn vị"
        " H24.16 và cho thành phố: Đã đồng bộ; Có đánh giá; Hài lòng."
    )


def test_a_file_of_which_nothing_is_accepted_empties_nothing(tmp_path: Path) -> None:
    files = {
        FIRST: csv_bytes([dossier(1)]),
        SECOND: csv_bytes([dossier(2, NgayTiepNhan="")], _without("MucDoHaiLong")),
    }
    assert read_files(tmp_path, files).reading.notes == ()
