"""Every entry of a month's folder has one fate; what is not taken is told its right name."""

import gzip
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.inbox.account import (
    InboxFile,
    account_lines,
    account_of,
    account_rows,
    require_taken,
    stray_lines,
    untaken,
)
from cchc_pipeline.sources.inbox.files import is_litter, month_meant
from cchc_pipeline.sources.inbox.kinds import kind_by_content
from tests.builders.dossier_export import csv_bytes, dossier
from tests.builders.records import HEADINGS, RECORDS, csv_text, write_xlsx
from tests.command_line import SAMPLE_INBOX

DOSSIERS = csv_bytes([dossier()])
PETITIONS = "Mã phản ánh;Đơn vị xử lý;Ngày tiếp nhận;Hạn xử lý;Ngày trả lời\n1;H24.01;;;\n".encode()
CATALOGUE = b"[" + b'{"code": "1.001230", "name": "x", "state": "1"}' + b"]"
UNITS = b"unit_code,name_vi,name_en,level,parent_code,valid_from,valid_to\n"
FORM = (SAMPLE_INBOX / "2024-03/bao-cao/H24.M01.xlsx").read_bytes()
ANSWER = (SAMPLE_INBOX / "2026-09/portal/transparency.H24.year.json").read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "inbox" / "2024-03"
    place.mkdir(parents=True)
    return place


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def fate(folder: Path, name: str) -> InboxFile:
    return next(
        file for file in account_of(folder) if file.path == unicodedata.normalize("NFC", name)
    )


@pytest.mark.parametrize(
    ("name", "content", "should_be"),
    [
        ("HoSo.csv", DOSSIERS, "ho-so.csv"),
        ("ho_so.csv", DOSSIERS, "ho-so.csv"),
        (unicodedata.normalize("NFD", "hồ-sơ.csv"), DOSSIERS, "ho-so.csv"),
        ("Hồ sơ tháng 3.csv", DOSSIERS, "ho-so.csv"),
        ("ho so.CSV.GZ", gzip.compress(DOSSIERS), "ho-so.csv.gz"),
        ("ho-so.csv.txt", DOSSIERS, "ho-so.csv"),
        ("xuat-du-lieu.dat", DOSSIERS, "ho-so.csv"),
        ("thang3/ho-so.csv", DOSSIERS, "ho-so.csv"),
        ("bao-cao/ho-so.csv", DOSSIERS, "ho-so.csv"),
        ("phan anh.csv", PETITIONS, "phan-anh.csv"),
        ("PAKN.txt", PETITIONS, "phan-anh.csv"),
        ("danh muc.json", CATALOGUE, "tthc.json"),
        ("dvcqg.json", b'{"code": "OK", "data": ' + CATALOGUE + b"}", "tthc.json"),
        ("766.json", b'[{"ROW_STT": "1", "MA_COQUAN": "H24", "TONG_SCORE": "80"}]',
         "portal/report_tinh_766_service.<root code>.month|quarter|year.json"),
        ("units.csv", UNITS, "../units.csv"),
        ("dinh-chinh.yml", b"corrections: []\n", "corrections.yaml"),
        ("transparency.H24.year.json", ANSWER, "portal/transparency.H24.year.json"),
        ("cau tra loi month.json", ANSWER, "portal/transparency.<root code>.month.json"),
        ("Portal/manifest.json", b'{"captured_at": "2024-04-05", "source": "x"}',
         "portal/manifest.json"),
    ],
)  # fmt: skip
def test_a_file_of_another_name_is_told_the_name_that_its_content_calls_for(
    folder: Path, name: str, content: bytes, should_be: str
) -> None:
    put(folder, name, content)
    told = fate(folder, name)
    assert (told.fate, told.why, told.should_be) == ("not_taken", "misnamed", should_be)
    assert should_be in told.line()


@pytest.mark.parametrize("place", ["baocao/H24.M01.xlsx", "H24.M01.xlsx", "Bao-Cao/mau.xlsx"])
def test_a_form_belongs_in_its_folder(folder: Path, place: str) -> None:
    put(folder, place, FORM)
    assert fate(folder, place).should_be == f"bao-cao/{Path(place).name}"


def test_a_workbook_of_dossiers_is_known_by_its_headings(folder: Path) -> None:
    write_xlsx(folder / "DanhSachHoSo.xlsx", {"Sheet1": [["Tiêu đề"], HEADINGS, *RECORDS]})
    assert fate(folder, "DanhSachHoSo.xlsx").should_be == "ho-so.xlsx"


@pytest.mark.parametrize("name", ["HoSo.csv", "ho so thang 3.xlsx", "danh sach ho so.jsonl"])
def test_where_the_content_shows_nothing_the_name_only_suggests(folder: Path, name: str) -> None:
    put(folder, name, b"x")
    told = fate(folder, name)
    assert (told.why, told.should_be) == ("unknown", f"ho-so{Path(name).suffix}")
    assert "if it is" in told.line()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\1\2", b"PK\3\4 cut", b"PAR1PAR1", b"\x1f\x8b\x08\0cut", b"[[[[" * 9000, b"{",
     b"\x28\xb5\x2f\xfd\0", b"PK\x05\x06" + b"\xff" * 18, b'"' * 200_000],
)  # fmt: skip
def test_damaged_content_shows_nothing_and_raises_nothing(folder: Path, content: bytes) -> None:
    put(folder, "a.bin", content)
    assert (fate(folder, "a.bin").why, kind_by_content(folder / "a.bin")) == ("unknown", None)


@given(content=st.binary(max_size=300))
def test_no_bytes_make_the_look_fail(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("look") / "x"
    path.write_bytes(content)
    kind_by_content(path)


@pytest.mark.parametrize(
    "name",
    ["~$ho-so.xlsx", ".DS_Store", "._ho-so.csv", ".~lock.ho-so.csv#", "Thumbs.db", "THUMBS.DB",
     "desktop.ini", "Desktop.ini", "ho-so.csv.part", "a.TMP"],
)  # fmt: skip
@pytest.mark.parametrize("below", ["", "bao-cao/", "portal/", "khac/"])
def test_litter_is_passed_over_everywhere(folder: Path, name: str, below: str) -> None:
    put(folder, f"{below}{name}", b"x")
    put(folder, "ho-so.csv", DOSSIERS)
    assert is_litter(name)
    assert [file.fate for file in account_of(folder)] == (
        ["taken", "litter"] if f"{below}{name}" > "ho-so.csv" else ["litter", "taken"]
    )


def pipe(path: Path) -> None:
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [pipe, dangling, Path.mkdir])
@pytest.mark.parametrize("name", ["ho-so.csv", "tthc.json", "corrections.yaml"])
def test_nothing_but_regular_files_is_opened(
    folder: Path, make: Callable[[Path], None], name: str
) -> None:
    make(folder / name)
    assert fate(folder, name).why == "not_regular"


def test_a_link_to_a_file_is_taken_as_the_file(folder: Path, tmp_path: Path) -> None:
    put(tmp_path, "x", DOSSIERS)
    (folder / "ho-so.csv").symlink_to(tmp_path / "x")
    assert fate(folder, "ho-so.csv").fate == "taken"


@pytest.mark.parametrize("name", ["ho-so (1).csv", "HO-SO.CSV", "ho-so.csv.gz", "ho-so.csv.csv"])
def test_what_a_run_takes_is_told_as_taken(folder: Path, name: str) -> None:
    put(folder, name, DOSSIERS)
    assert (fate(folder, name).fate, fate(folder, name).kind) == ("taken", "dossiers")


def test_no_two_files_are_told_to_take_one_name(folder: Path) -> None:
    for name in ("ho-so.csv", "HoSo.csv", "ho_so.csv"):
        put(folder, name, DOSSIERS)
    assert [file.should_be for file in untaken(account_of(folder))] == [
        "ho-so-2.csv",
        "ho-so-3.csv",
    ]


def test_a_name_reaches_no_terminal_raw(folder: Path) -> None:
    put(folder, "a\x1b[31m\n\u202e.csv", b"x")
    os.close(os.open(os.fsencode(folder) + b"/\xff.csv", os.O_CREAT))
    for line in account_lines(account_of(folder)):
        assert line.isprintable()
    put(folder, "Nguyen 012345678901.csv", b"x")
    rows = account_rows(account_of(folder), Month(2024, 3))
    assert len(rows) == 3
    assert not any("012345678901" in row["path"] for row in rows)


def test_a_month_of_which_nothing_is_taken_stops_and_names_the_files(folder: Path) -> None:
    require_taken(account_of(folder), folder)
    put(folder, "Thumbs.db", b"x")
    require_taken(account_of(folder), folder)
    put(folder, "HoSo.csv", DOSSIERS)
    put(folder, "corrections.yaml", b"corrections: []")
    with pytest.raises(SourceError, match=r"nothing is taken.*HoSo\.csv -> ho-so\.csv"):
        require_taken(account_of(folder), folder)
    put(folder, "tthc.csv", b"x")
    require_taken(account_of(folder), folder)


def test_the_line_of_a_stop_stays_short(folder: Path) -> None:
    for number in range(60):
        put(folder, f"Hồ sơ của đơn vị thứ {number} gửi tháng ba.csv", b"x")
    with pytest.raises(SourceError, match=r"60 file\(s\).*and \d+ more") as caught:
        require_taken(account_of(folder), folder)
    assert len(str(caught.value)) <= 500 + len(str(folder))


@pytest.mark.parametrize(
    ("name", "month"),
    [("2024-3", "2024-03"), ("202403", "2024-03"), ("thang-3-2024", "2024-03"),
     ("Tháng 03.2024", "2024-03"), ("2024_12", "2024-12"), ("2024-13", ""), ("cu", "")],
)  # fmt: skip
def test_a_folder_that_is_no_month_is_told(tmp_path: Path, name: str, month: str) -> None:
    (tmp_path / name).mkdir()
    (line,) = stray_lines(tmp_path, "H24")
    assert month_meant(name) == month
    assert name in line
    assert f"rename it to {month}" in line if month else "name it like" in line


@pytest.mark.parametrize("name", ["Units.csv", "unit.csv", "UNITS.CSV", "don-vi.csv"])
def test_a_list_of_a_near_name_beside_the_months_is_told(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, UNITS)
    put(tmp_path, "successions.csv", b"")
    (line,) = stray_lines(tmp_path, "H24")
    assert name in line
    assert "name it units.csv" in line


def test_an_export_beside_the_months_is_told_where_it_belongs(tmp_path: Path) -> None:
    put(tmp_path, "ho-so.csv", csv_text([HEADINGS, *RECORDS]).encode())
    (line,) = stray_lines(tmp_path, "H24")
    assert "in the folder of its month" in line


def test_the_sample_inbox_is_taken_whole(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE_INBOX, tmp_path / "inbox")
    for month in ("2024-01", "2024-02", "2024-03", "2026-09"):
        assert not untaken(account_of(tmp_path / "inbox" / month))
    assert not list(stray_lines(tmp_path / "inbox", "H24"))
