"""Files as offices make them: each is read as its folder says is right.

The inputs stand in ``../shared/field-cases``; tests of their kinds stand beside each reader.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from tests.builders.dossier_export import Outcome, read_files
from tests.command_line import Outcome as Ended
from tests.command_line import in_lake, run

CASES = Path(__file__).parents[2].parent / "shared" / "field-cases"
JULY = Month(2025, 7)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CASES.is_dir(), reason="../shared/field-cases is absent"),
    pytest.mark.usefixtures("settings_of_nobody"),
]


@dataclass(frozen=True)
class Right:
    """Rows, accepted, quarantined, duplicates; and words that a message or note must hold."""

    account: tuple[int, int, int, int]
    said: tuple[str, ...] = ()


RIGHT = {
    "csv-backslash-escaped-quotes": Right((40, 40, 0, 0)),
    "csv-codes-as-floats-from-pandas": Right((40, 40, 0, 0)),
    "csv-column-number-row": Right((40, 40, 0, 0), ("1 dòng đánh số cột được bỏ qua",)),
    "csv-dashes-and-null-words-for-empty": Right((40, 30, 10, 0), ("50 ô ghi", "“#N/A”")),
    "csv-formula-guarded-codes": Right((40, 40, 0, 0)),
    "csv-leading-apostrophes": Right((40, 40, 0, 0)),
    "csv-open-quote-joins-rows-same-width": Right((400, 395, 5, 0), ("các dòng 11–15",)),
    "csv-trailing-cells-cut-by-excel": Right(
        (40, 16, 24, 0), ("dòng có 19 ô, dòng tiêu đề có 23 ô", "Excel bỏ các ô trống")
    ),
    "dates-forty-spellings": Right((40, 23, 17, 0), ("“2024/03/05 09:30:00”",)),
    "dossier-of-an-abolished-district-still-open": Right(
        (6, 0, 6, 0), ("kết thúc ngày 30/6/2025",)
    ),
    "fee-spellings": Right((22, 14, 8, 0), ("“50.000 đ”",)),
    "jsonl-nested-odd-values": Right((40, 37, 3, 0), ("DanhSachLePhi không phải là danh sách",)),
    "jsonl-optional-keys-in-other-case": Right((40, 40, 0, 0)),
    "jsonl-trailing-commas": Right((10, 10, 0, 0)),
    "parquet-binary-without-utf8": Right((40, 40, 0, 0)),
    "parquet-lower-case-columns": Right((40, 40, 0, 0)),
    "two-files-one-lacks-optional-columns": Right(
        (80, 80, 0, 0), ("ho-so-2.csv: tệp không có cột",)
    ),
    "unit-code-and-unit-name-columns": Right((40, 40, 0, 0)),
    "xlsx-error-cells-in-due-date": Right((40, 30, 10, 0), ("“#REF!”", "“#N/A”")),
    "xlsx-formulas-without-cached-values": Right((40, 0, 40, 0), ("bấm Lưu rồi gửi lại",)),
    "xlsx-procedure-codes-as-numbers": Right((40, 40, 0, 0)),
    "xlsx-two-heading-rows-merged": Right((40, 40, 0, 0), ("đã ghép lại",)),
}  # fmt: skip


def read(case: str, folder: Path) -> Outcome:
    files = {path.name: path.read_bytes() for path in sorted((CASES / case).glob("ho-so*"))}
    month = JULY if "abolished" in case else Month(2024, 3)
    return read_files(folder, files, month, load_register(CASES))


@pytest.mark.parametrize("case", RIGHT)
def test_a_file_is_read_as_its_folder_says(case: str, tmp_path: Path) -> None:
    outcome, right = read(case, tmp_path), RIGHT[case]
    assert outcome.account == right.account
    told = [row["message_vi"] for row in outcome.refused] + list(outcome.reading.notes)
    for words in right.said:
        assert any(words in line for line in told), words


def test_half_of_unreadable_lines_are_quarantined_each_in_its_own_words(tmp_path: Path) -> None:
    path = CASES / "run-half-the-lines-unreadable-is-published" / "inbox" / "2024-03" / "ho-so.csv"
    outcome = read_files(tmp_path, {path.name: path.read_bytes()}, units=load_register(CASES))
    assert outcome.account == (1000, 520, 480, 0)
    assert {row["rule"] for row in outcome.refused} == {"LINE_UNREADABLE"}
    assert len({row["row"] for row in outcome.refused}) == 480


def test_a_file_that_is_still_being_copied_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"ho-so\.csv, line 201: is cut off"):
        read("csv-half-copied", tmp_path)


def test_a_month_of_which_half_is_unreadable_stops(tmp_path: Path) -> None:
    outcome = run_case("run-half-the-lines-unreadable-is-published", tmp_path)
    assert outcome.code == 1
    assert "48" in outcome.problem


def test_names_that_are_not_quite_right_are_told_and_the_month_stops(tmp_path: Path) -> None:
    case = "file-names-not-quite-right"
    outcome = run_case(case, tmp_path)
    assert outcome.code == 1
    names = (path.name for path in (CASES / case / "inbox" / "2024-03").iterdir())
    told = unicodedata.normalize("NFC", outcome.out + outcome.err)
    for name in names:
        assert unicodedata.normalize("NFC", name) in told


def test_litter_is_passed_over_and_the_month_published(tmp_path: Path) -> None:
    outcome = run_case("inbox-litter", tmp_path)
    assert outcome.code == 0, outcome.err
    assert "published 2024-03.r1" in outcome.out + outcome.err
    assert "cannot be read" not in outcome.err


def test_entries_that_contradict_or_have_no_name_are_set_aside(tmp_path: Path) -> None:
    outcome = run_case("portal-duplicate-row-and-null-name", tmp_path, "2026-09")
    assert outcome.code == 0, outcome.err
    rules = {row["rule"] for row in in_lake(tmp_path / "home", "portal_quarantine", "2026-09")}
    assert rules == {"DUPLICATE_UNIT", "BAD_UNIT_NAME"}


def run_case(case: str, folder: Path, month: str = "2024-03") -> Ended:
    return run(folder / "home", CASES / case / "inbox", month=month)


def test_every_folder_has_its_test() -> None:
    elsewhere = {
        "csv-half-copied", "run-half-the-lines-unreadable-is-published",
        "file-names-not-quite-right", "inbox-litter", "portal-duplicate-row-and-null-name",
    }  # fmt: skip
    folders = {path.name for path in CASES.iterdir() if path.is_dir()}
    assert folders == elsewhere | RIGHT.keys()
