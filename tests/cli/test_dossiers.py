"""Dossiers from the inbox to what readers, units and engineers see, by the command line."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
import xlsxwriter

from tests.builders.dossier_export import csv_bytes, dossier
from tests.command_line import (
    SAMPLE_INBOX,
    SECOND,
    THIRD,
    cchc,
    copy_home,
    index,
    published,
    run,
    shown,
    tree_digest,
)

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
MARCH = "2024-03"
UNIT, OTHER_UNIT = "H24.M01", "H24.M02"
MEASURES = ("carried_over", "received", "finished", "open_in_time", "open_overdue")


def _put(inbox: Path, name: str, content: bytes, month: str = MARCH) -> Path:
    path = inbox / month / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def empty_inbox(tmp_path: Path) -> Path:
    """An inbox that knows the sample units and holds nothing else."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "units.csv").write_bytes((SAMPLE_INBOX / "units.csv").read_bytes())
    return inbox


def _rows(home: Path, name: str, **wanted: str) -> list[dict[str, Any]]:
    return [
        row
        for row in published(home, name)
        if all(row[column] == value for column, value in wanted.items())
    ]


def test_the_published_statistics_count_every_accepted_dossier(march_home: Path) -> None:
    (city,) = _rows(march_home, "dossier_statistics", unit_code="H24", field_code="ALL")
    (account,) = _rows(march_home, "submissions", unit_code="H24", table="dossiers")
    counted = city["not_received"] + city["carried_over"] + city["received"]
    assert account["accepted"] == counted
    assert account["rows"] == account["accepted"] + account["quarantined"] + account["duplicates"]
    assert account["quarantined"] == 6


def test_fields_add_up_to_all_and_units_to_the_city(march_home: Path) -> None:
    rows = _rows(march_home, "dossier_statistics")
    whole = {row["unit_code"]: row for row in rows if row["field_code"] == "ALL"}
    for name in MEASURES:
        units = [row[name] for code, row in whole.items() if code != "H24"]
        assert sum(units) == whole["H24"][name]
        for code in {row["unit_code"] for row in rows if row["field_code"] == "OTHER"}:
            parts = [r[name] for r in rows if r["unit_code"] == code and r["field_code"] != "ALL"]
            assert sum(parts) == whole[code][name]


def test_no_row_of_a_field_below_the_threshold_is_published(march_home: Path) -> None:
    fields = [r for r in _rows(march_home, "dossier_statistics") if r["field_code"] != "ALL"]
    assert all(r["carried_over"] + r["received"] not in range(1, 5) for r in fields)
    assert {r["conf_status"] for r in fields if r["field_code"] == "OTHER"} == {"C"}


def test_targets_are_computed_for_the_city_and_each_unit(march_home: Path) -> None:
    rows = _rows(march_home, "plan_indicators", indicator_id="25b", basis="month")
    assert {row["unit_code"] for row in rows} == {
        "H24", *(f"H24.M0{number}" for number in range(1, 7)), "H24.M31", "H24.M32", "H24.M33",
    }  # fmt: skip
    (city,) = [row for row in rows if row["unit_code"] == "H24"]
    statistics = _rows(march_home, "dossier_statistics", unit_code="H24", field_code="ALL")[0]
    assert (city["numerator"], city["denominator"]) == (
        statistics["fully_online"], statistics["received"],
    )  # fmt: skip


def test_forms_and_the_catalogue_reach_the_plan(march_home: Path) -> None:
    (catalogue,) = _rows(march_home, "plan_indicators", indicator_id="26", basis="month")
    assert (catalogue["numerator"], catalogue["denominator"]) == (35, 39)
    (form,) = _rows(march_home, "plan_indicators", indicator_id="22a", basis="ytd")
    assert (form["numerator"], form["obs_status"], form["attained"]) == (18, "P", None)
    tasks = {row["task_id"]: row["status"] for row in published(march_home, "plan_tasks")}
    assert tasks["33"] == "NOT_STARTED"
    handed_in = _rows(march_home, "submissions", table="agency_reports", status="received")
    assert [row["unit_code"] for row in handed_in] == [UNIT]


def test_a_month_without_an_export_says_so_for_everyone(published_home: Path) -> None:
    rows = _rows(published_home, "dossier_statistics", period="2026-09")
    assert {(row["field_code"], row["obs_status"]) for row in rows} == {("ALL", "O")}
    assert {row["received"] for row in rows} == {None}
    assert len(rows) == 19


def test_the_release_is_marked_as_sample_by_its_dossiers(march_home: Path) -> None:
    release = json.loads((march_home / "portal/current/latest/release.json").read_text())
    titles = {(source["title"], source["provenance"]) for source in release["sources"]}
    assert ("Hệ thống thông tin giải quyết thủ tục hành chính thành phố", "sample") in titles


def test_each_unit_gets_a_sheet_of_its_own_rows_with_their_codes(march_home: Path) -> None:
    folder = march_home / "error-sheets" / MARCH
    sheets = {path.stem for path in folder.iterdir()}
    assert sheets
    assert sheets <= {"khong-ro-don-vi", *(f"H24.M0{n}" for n in range(1, 7)), "H24.M31",
                      "H24.M32", "H24.M33"}  # fmt: skip
    book = python_calamine.CalamineWorkbook.from_path(str(next(iter(sorted(folder.iterdir())))))
    told = str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    assert "ho-so-mau.csv" in told


TOKENS = {
    "ChuHoSo": "Mật Danh A17", "SoGiayToChuHoSo": "079099123456", "Email": "matdanh@mau.example",
    "Fax": "FAXMAT77", "SoDienThoai": "0912345678", "TrichYeuHoSo": "TRICHYEUMAT",
    "DinhDanhCHS": "DINHDANHMAT", "NguoiXuLy": "NGUOIMAT", "ThongTinTra": "THONGTINMAT",
    "ThongTinKhac": "KHACMAT", "CotLa": "COTLAMAT",
}  # fmt: skip


def _with_tokens(number: int) -> dict[str, str]:
    return dossier(number, DonViXuLy=UNIT) | TOKENS


def _xlsx(rows: list[Mapping[str, str]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for place, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
        sheet.write_row(place, 0, cells)
    book.close()
    return out.getvalue()


def _parquet(rows: list[Mapping[str, str]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _jsonl(rows: list[Mapping[str, str]]) -> bytes:
    flat = ({k: v for k, v in row.items() if v} for row in rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in flat).encode()


def _searchable(home: Path) -> Iterator[tuple[Path, str]]:
    """Every file below an installation, as bytes and, of tables and workbooks, as cells."""
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        if path.suffix == ".parquet":
            text += str(pq.read_table(path).to_pylist())
        if path.suffix == ".xlsx":
            book = python_calamine.CalamineWorkbook.from_path(str(path))
            text += str([book.get_sheet_by_name(n).to_python() for n in book.sheet_names])
        yield path.relative_to(home), text


def test_what_is_personal_or_unknown_stays_in_the_raw_zone(
    empty_inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [_with_tokens(number) for number in range(1, 60)]
    bad = [_with_tokens(901) | {"MucDoHaiLong": "7"}]
    columns = list(good[0])
    _put(empty_inbox, "ho-so-1.csv", csv_bytes(good[:20], columns))
    _put(empty_inbox, "ho-so-2.xlsx", _xlsx(good[20:40]))
    _put(empty_inbox, "ho-so-3.parquet", _parquet(good[40:50]))
    _put(empty_inbox, "ho-so-4.jsonl", _jsonl([*good[50:], *bad]))
    monkeypatch.setenv("CCHC_QUARANTINE_LIMIT", "0.05")
    home = tmp_path / "home"
    outcome = run(home, empty_inbox, month=MARCH)
    assert outcome.code == 0, outcome.err
    codes = [row["MaHoSo"] for row in (*good, *bad)]
    assert any(path.parts[0] == "raw" and "Mật Danh A17" in text for path, text in
               _searchable(home)), "the search finds what is there"  # fmt: skip
    for path, text in [*_searchable(home), (Path("said"), outcome.out + outcome.err)]:
        if path.parts[0] == "raw":
            continue
        assert not [token for token in TOKENS.values() if token in text], path
        found = [code for code in codes if code in text]
        sheet = path == Path("error-sheets") / MARCH / f"{UNIT}.xlsx"
        assert found == ([bad[0]["MaHoSo"]] if sheet else []), path


def test_a_month_with_too_many_broken_rows_stops_and_its_sheets_are_there(
    empty_inbox: Path, tmp_path: Path, march_home: Path
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    before = shown(home)
    rows = [dossier(n, DonViXuLy=UNIT) for n in range(1, 61)]
    rows += [dossier(n, DonViXuLy=OTHER_UNIT, MucDoHaiLong="7") for n in range(61, 101)]
    _put(empty_inbox, "ho-so.csv", csv_bytes(rows))
    outcome = run(home, empty_inbox, month=MARCH, at=SECOND)
    assert outcome.code == 1
    assert "40 of 100 rows were quarantined, more than 1.00%" in outcome.problem
    assert "RATING_OUT_OF_RANGE: 40" in outcome.problem
    assert "Traceback" not in outcome.err
    assert shown(home) == before
    assert (home / "error-sheets" / MARCH / f"{OTHER_UNIT}.xlsx").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ho-so.csv", b"", "empty"),
        ("ho-so.csv", csv_bytes([]), "no row below the headings"),
        ("ho-so.csv", csv_bytes([dossier()], ["MaHoSo", "MaTTHC", "NgayTiepNhan"]), "NgayHenTra"),
        ("ho-so.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        ("ho-so.csv.gz", b"\x1f\x8b\x08\x00broken", "ho-so.csv.gz"),
        ("ho-so.doc", b"x", "ho-so.doc"),
    ],
    ids=["empty", "header only", "columns missing", "password", "corrupt gz", "a Word file"],
)
def test_a_file_that_cannot_be_read_stops_its_month_in_one_line(
    empty_inbox: Path, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    _put(empty_inbox, name, content)
    outcome = run(tmp_path / "home", empty_inbox, month=MARCH)
    assert outcome.code == 1
    assert words in outcome.problem
    assert " -> " in outcome.problem
    assert len(outcome.problem.splitlines()) == 1
    assert not (tmp_path / "home" / "portal" / "current").exists()


def test_another_months_file_is_quarantined_row_by_row(empty_inbox: Path) -> None:
    file = _put(empty_inbox, "ho-so.csv", csv_bytes([dossier(DonViXuLy=UNIT)]), "2024-05")
    outcome = cchc("validate", file, "--inbox", empty_inbox)
    assert outcome.code == 1
    assert "FINISHED_BEFORE_PERIOD" in outcome.out
    assert "gửi nhầm tháng" in outcome.out


def test_validate_says_what_would_be_refused_and_changes_nothing(
    empty_inbox: Path, tmp_path: Path
) -> None:
    rows = [dossier(1, DonViXuLy=UNIT), dossier(2, DonViXuLy=UNIT, TongLePhi="-1")]
    file = _put(empty_inbox, "ho-so.csv", csv_bytes(rows))
    before = tree_digest(tmp_path)
    outcome = cchc("validate", file, "--inbox", empty_inbox, "--home", tmp_path / "home")
    assert outcome.code == 1
    assert "2 dòng = 1 dùng được + 1 bị tạm giữ + 0 trùng" in outcome.out
    assert "ho-so.csv, dòng 3: Lệ phí âm: “-1”." in outcome.out
    assert tree_digest(tmp_path) == before
    as_json = cchc("validate", file, "--inbox", empty_inbox, "--json")
    told = json.loads(as_json.out)
    assert (told["rows"], told["quarantined"], told["refusals"][0]["row"]) == (2, 1, 3)


def test_validate_of_good_files_ends_well(empty_inbox: Path) -> None:
    file = _put(empty_inbox, "ho-so.csv", csv_bytes([dossier(DonViXuLy=UNIT)]))
    assert cchc("validate", file, "--inbox", empty_inbox).code == 0


def test_validate_without_a_month_asks_for_it(empty_inbox: Path, tmp_path: Path) -> None:
    file = tmp_path / "ho-so.csv"
    file.write_bytes(csv_bytes([dossier()]))
    outcome = cchc("validate", file, "--inbox", empty_inbox)
    assert outcome.code == 2
    assert "--month" in outcome.problem


def test_simulate_writes_what_validate_takes(empty_inbox: Path, tmp_path: Path) -> None:
    told = cchc("simulate", MARCH, "--dossiers", 200, "--out", tmp_path, "--inbox", empty_inbox)
    assert told.code == 0, told.err
    assert "DỮ LIỆU MẪU" in told.out
    file = tmp_path / MARCH / "ho-so-mau.csv"
    outcome = cchc("validate", file, "--inbox", empty_inbox)
    assert outcome.out.startswith("dossiers 2024-03: 200 dòng")


def test_form_writes_what_a_unit_owes(empty_inbox: Path, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    outcome = cchc("form", MARCH, "--unit", UNIT, "--out", out, "--inbox", empty_inbox)
    assert outcome.code == 0, outcome.err
    assert out.exists()
    assert cchc("form", MARCH, "--unit", "H24.ZZ", "--out", out, "--inbox", empty_inbox).code == 2


@pytest.mark.slow
def test_a_corrected_earlier_month_changes_the_year_to_date_of_later_ones(
    inbox: Path, march_home: Path, tmp_path: Path
) -> None:
    home = copy_home(march_home, tmp_path / "home")

    def to_date() -> dict[str, Any]:
        wanted = {"unit_code": "H24", "indicator_id": "II.5", "basis": "ytd", "period": MARCH}
        return _rows(home, "plan_indicators", **wanted)[0]

    assert to_date()["obs_status"] == "P", "January and February have not come yet"
    outcome = run(home, inbox, "--to", "2024-02", month="2024-01", at=SECOND)
    assert outcome.code == 0, outcome.err
    assert "2024-03: year to date" in outcome.err
    complete = to_date()
    assert complete["obs_status"] == "A"
    content = (inbox / "2024-03" / "ho-so-mau.csv").read_text(encoding="utf-8")
    (inbox / "2024-02" / "ho-so-mau.xlsx").unlink()
    _put(inbox, "ho-so-1.csv", _february_of(content), "2024-02")
    outcome = run(home, inbox, month="2024-02", at=THIRD)
    assert outcome.code == 0, outcome.err
    assert to_date()["denominator"] != complete["denominator"]
    assert index(home)["latest"] == "2024-03.r3"
    breaks = json.loads(cchc("status", "--home", home, "--inbox", inbox, "--json").out)
    assert breaks["months"][-1]["continuity_breaks"], "the new February does not join March"


def _february_of(march: str) -> bytes:
    """The dossiers of March's export that were received in February and are still open then."""
    heading, *rows = csv.reader(io.StringIO(march), delimiter=";")
    received = heading.index("Ngày tiếp nhận")
    closing = [heading.index(name) for name in ("Ngày trả", "Ngày kết thúc xử lý")]
    status, due = heading.index("Trạng thái"), heading.index("Ngày hẹn trả")
    kept = []
    for row in rows:
        if row[received][3:10] == "02/2024" and row[due][3:10] in {"02/2024", "03/2024"}:
            row[status] = "Đang xử lý"
            for place in closing:
                row[place] = ""
            kept.append(row)
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows([heading, *kept])
    return out.getvalue().encode()


def test_of_two_files_of_which_one_lacks_columns_what_it_leaves_unsaid_is_published_empty(
    tmp_path: Path, empty_inbox: Path
) -> None:
    rows = [dossier(number, DonViXuLy=UNIT) for number in range(1, 9)]
    others = [dossier(number, DonViXuLy=OTHER_UNIT) for number in range(11, 17)]
    fewer = [name for name in rows[0] if name not in {"DaDongBoDVCQG", "KenhThucHien"}]
    _put(empty_inbox, "ho-so-1.csv", csv_bytes([*rows, *others[:3]]))
    _put(empty_inbox, "ho-so-2.csv", csv_bytes(others[3:], fewer))
    home = tmp_path / "home"
    outcome = run(home, empty_inbox, month=MARCH, at=SECOND)
    assert outcome.code == 0
    assert (
        f"{MARCH} ho-so-2.csv: tệp không có cột Hình thức tiếp nhận, Đồng bộ DVCQG" in outcome.err
    )
    totals = {r["unit_code"]: r for r in _rows(home, "dossier_statistics", field_code="ALL")}
    told = {unit: (totals[unit]["synced"], totals[unit]["received_online"]) for unit in totals}
    assert (told[UNIT], told[OTHER_UNIT], told["H24"]) == ((8, 8), (None, None), (None, None))
    assert (totals["H24"]["received"], totals["H24"]["fee_bearing"]) == (14, 14)
    (plan,) = _rows(home, "plan_indicators", unit_code="H24", indicator_id="II.5", basis="month")
    assert (plan["numerator"], plan["denominator"], plan["value"]) == (8, 8, 100)
    assert (plan["obs_status"], plan["owed_by"], plan["attained"]) == ("P", OTHER_UNIT, None)
