"""The legacy gateway: files and answers that are taken, refused whole, or quarantined by row."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.national_portal.drop import read_drop
from cchc_pipeline.sources.national_portal.legacy_gateway import normal_code, service_of
from cchc_pipeline.sources.national_portal.tables import read_month
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.builders.legacy_rows import ENDPOINT, Cells, content, drop, merged, provinces, row, units
from tests.sources.national_portal.replay_portal import REJECTED

MAY, AUGUST = Month(2024, 5), Month(2025, 8)
RECEIVED = datetime(2026, 10, 12, 8, tzinfo=TIMEZONE)
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture
def archive(tmp_path: Path) -> RawArchive:
    return RawArchive(tmp_path / "raw")


def read(tmp_path: Path, archive: RawArchive, month: Month = MAY) -> Tables:
    """The tables of a month whose capture lies in the inbox."""
    read_drop(tmp_path / "inbox" / str(month) / "portal", month, "H24", RECEIVED, archive)
    settings = Settings(home=tmp_path)
    register = load_register(tmp_path / "inbox")
    return read_month(month, archive, load_methodology("766-2026"), register, settings)


def refused(folder: Path, archive: RawArchive, month: Month = MAY) -> str:
    """The line of a capture that must be refused, leaving no record."""
    with pytest.raises(SourceError) as caught:
        read_drop(folder, month, "H24", RECEIVED, archive)
    assert archive.snapshots(month) == ()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def scores(tables: Tables) -> dict[tuple[str, str], float | None]:
    return {(r["unit_code"], r["metric_code"]): r["score"] for r in tables["portal_scores"]}


def rules(tables: Tables) -> list[tuple[str, int]]:
    return [(found["rule"], found["row"]) for found in tables["portal_quarantine"]]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("H24.16", "H24.16"), (" h24.16 ", "H24.16"), ("000.00.16.H24", "H24.16"),
        ("000.00.00.H24", "H24"), ("000.05.16.H24", "H24.16.05"), ("H24", "H24"),
        ("16", None), ("", None), (None, None), ("H24/16", None),
    ],
)  # fmt: skip
def test_both_forms_of_a_code_are_one(written: str | None, code: str | None) -> None:
    assert normal_code(written) == code


def test_texts_with_point_or_comma_are_scores_of_the_legacy_methodology(
    tmp_path: Path, archive: RawArchive
) -> None:
    drop(tmp_path / "inbox", "2024-05", below=units())
    tables = read(tmp_path, archive)
    said = scores(tables)
    assert said["H24", "TOTAL"] == said["H97", "TOTAL"] == 83.25
    assert (said["H24", "CKMB"], said["H24.91", "TDGQ"]) == (16.5, 20.0)
    named = {(r["methodology"], r["source_system"]) for r in tables["portal_scores"]}
    assert named == {("766-2022", "dvcqg-legacy")}
    (account,) = tables["portal_submissions"]
    assert (account["rows"], account["accepted"], account["quarantined"]) == (7, 7, 0)


def test_the_noise_of_a_binary_number_is_no_third_decimal(
    tmp_path: Path, archive: RawArchive
) -> None:
    cells = provinces()[1] | {"CLGQ": "9.100000000000001"}
    drop(tmp_path / "inbox", "2024-05", [cells])
    assert scores(read(tmp_path, archive))["H24", "CLGQ"] == 9.1


def test_units_and_provinces_of_their_time_are_taken_with_their_level(
    tmp_path: Path, archive: RawArchive
) -> None:
    drop(tmp_path / "inbox", "2024-05", below=units())
    found = read(tmp_path, archive)["portal_units"]
    levels = {r["unit_code"]: (r["level"], r["parent_code"]) for r in found}
    assert levels == {
        "H26": ("province", None), "H97": ("province", None), "H98": ("province", None),
        "H24.91": ("agency", "H24"), "H24.92": ("agency", "H24"), "H24.93": ("district", "H24"),
    }  # fmt: skip


def test_after_the_merger_provinces_of_the_list_are_not_named_again_and_two_means_commune(
    tmp_path: Path, archive: RawArchive
) -> None:
    drop(tmp_path / "inbox", "2025-08", provinces()[:2], units()[2:])
    found = read(tmp_path, archive, AUGUST)["portal_units"]
    assert [(r["unit_code"], r["level"]) for r in found] == [("H24.93", "commune")]


def test_the_national_file_alone_is_a_whole_capture(tmp_path: Path, archive: RawArchive) -> None:
    folder = drop(tmp_path / "inbox", "2024-05")
    (snapshot,) = read_drop(folder, MAY, "H24", RECEIVED, archive).snapshots
    assert (snapshot.basis, service_of(snapshot)) == (Basis.MONTH, "legacy")


def test_the_units_without_the_national_table_are_no_capture(
    tmp_path: Path, archive: RawArchive
) -> None:
    folder = drop(tmp_path / "inbox", "2024-05", below=units())
    (folder / f"{ENDPOINT}.month.json").unlink()
    assert f"not whole, missing: {ENDPOINT}.month.json" in refused(folder, archive)


@pytest.mark.parametrize("column", ["DVTT", "DVCTT"])
def test_five_groups_are_taken_with_the_merged_one(
    tmp_path: Path, archive: RawArchive, column: str
) -> None:
    rows = [merged(cells, "15,1", column) for cells in provinces()[1:3]]
    drop(tmp_path / "inbox", "2025-08", rows)
    tables = read(tmp_path, archive, AUGUST)
    said = scores(tables)
    assert said["H24", "DVTT"] == 15.1
    assert ("H24", "CLGQ") not in said
    groups = [r for r in tables["portal_scores"] if r["metric_code"] != "TOTAL"]
    assert {r["quality_flag"] for r in groups} == {"FIVE_GROUP_LAYOUT"}


def test_empty_and_null_are_no_score(tmp_path: Path, archive: RawArchive) -> None:
    rows = [*provinces()[:3], row(4, "H98", "Tỉnh Mẫu", None, "", "", "", "", "", "", "")]
    rows[3]["TONG_SCORE"] = None
    drop(tmp_path / "inbox", "2024-05", rows)
    tables = read(tmp_path, archive)
    assert {scores(tables)["H98", metric] for metric in ("TOTAL", "CKMB", "MDSH")} == {None}
    assert rules(tables) == []


def without(column: str) -> bytes:
    """The table of provinces without a column."""
    return content(
        {name: cell for name, cell in cells.items() if name != column} for cells in provinces()
    )


@pytest.mark.parametrize(
    ("bytes_of_file", "said"),
    [
        (REJECTED, "a web page instead of JSON (the portal's firewall refused the request)"),
        (b"<html>maintenance</html>", "a web page instead of JSON (HTML)"),
        (b"[]", "the answer is empty ([])"),
        (b"{}", "not an answer of the legacy gateway: no array"),
        (b"[1]", "row 1 is not an object"),
        (content(provinces())[:-20], "broken or truncated JSON"),
        (without("TONG_SCORE"), "no column TONG_SCORE"),
        (without("TTTT"), "no column TTTT"),
        (content(units()), "wrong root: the rows are units such as H24.91, not the provinces"),
        (content(provinces()[2:]), "wrong root: H24 is not among the provinces"),
    ],
)
def test_a_bad_table_of_provinces_is_refused_in_one_line(
    tmp_path: Path, archive: RawArchive, bytes_of_file: bytes, said: str
) -> None:
    folder = drop(tmp_path / "inbox", "2024-05")
    (folder / f"{ENDPOINT}.month.json").write_bytes(bytes_of_file)
    assert said in refused(folder, archive)


def test_units_of_another_province_are_refused(tmp_path: Path, archive: RawArchive) -> None:
    others = [{**cells, "MA_COQUAN": f"H44.9{place}"} for place, cells in enumerate(units())]
    folder = drop(tmp_path / "inbox", "2024-05", below=others)
    assert "wrong root: the rows are of H44.90, not units of H24" in refused(folder, archive)


def test_a_month_that_was_still_running_is_refused(tmp_path: Path, archive: RawArchive) -> None:
    folder = drop(tmp_path / "inbox", "2024-05", captured_at="2024-05-20")
    assert "the month was still running" in refused(folder, archive)


def cell(**changes: str | None) -> Callable[[], Cells]:
    return lambda: {**units()[1], **changes}


@pytest.mark.parametrize(
    ("bad", "rule", "message"),
    [
        (cell(MA_COQUAN=None, TEN="Sở Không Ai Biết"), "UNIT_UNKNOWN", "Sở Không Ai Biết"),
        (cell(MA_COQUAN="24-92"), "BAD_UNIT_CODE", "24-92"),
        (cell(MA_COQUAN="H44.92"), "FOREIGN_UNIT", "H44.92 không thuộc H24"),
        (cell(MA_COQUAN="H44"), "FOREIGN_UNIT", "H44 không thuộc H24"),
        (cell(TEN=None), "BAD_UNIT_NAME", "Tên đơn vị H24.92 là null"),
        (cell(TEN="=1+1"), "BAD_UNIT_NAME", "H24.92"),
        (cell(TDGQ="mười"), "BAD_NUMBER", "TDGQ không phải là số: mười"),
        (cell(TDGQ="-1"), "BAD_NUMBER", "TDGQ không phải là số: -1"),
        (cell(TDGQ="18,005"), "BAD_NUMBER", "TDGQ có hơn hai chữ số lẻ: 18,005"),
        (cell(TDGQ="20,5"), "SCORE_ABOVE_MAXIMUM", "TDGQ được 20,5, tối đa 20"),
    ],
)
def test_a_row_that_cannot_be_taken_is_quarantined_and_accounted_for(
    tmp_path: Path, archive: RawArchive, bad: Callable[[], Cells], rule: str, message: str
) -> None:
    drop(tmp_path / "inbox", "2024-05", below=[units()[0], bad(), units()[2]])
    tables = read(tmp_path, archive)
    (found,) = tables["portal_quarantine"]
    assert (found["rule"], found["row"], found["file"]) == (rule, 2, f"{ENDPOINT}.H24")
    assert message in found["message_vi"]
    (account,) = tables["portal_submissions"]
    assert (account["rows"], account["accepted"], account["quarantined"]) == (7, 6, 1)


def test_rows_of_one_unit_that_differ_are_all_quarantined_and_equal_ones_are_one(
    tmp_path: Path, archive: RawArchive
) -> None:
    other = {**units()[1], "MA_COQUAN": "H24.91"}
    drop(tmp_path / "inbox", "2024-05", below=[units()[0], other, units()[2], units()[2]])
    tables = read(tmp_path, archive)
    found = tables["portal_quarantine"]
    assert [(row["rule"], row["row"]) for row in found] == [
        ("DUPLICATE_UNIT", 1),
        ("DUPLICATE_UNIT", 2),
    ]
    assert "H24.91 có nhiều dòng" in found[0]["message_vi"]
    assert ("H24.91", "TOTAL") not in scores(tables)
    (account,) = tables["portal_submissions"]
    counts = [account[name] for name in ("rows", "accepted", "quarantined", "duplicates")]
    assert counts == [8, 5, 2, 1]


def test_a_row_without_a_code_is_found_by_its_name_in_any_spelling(
    tmp_path: Path, archive: RawArchive
) -> None:
    national = [{**cells, "MA_COQUAN": None} for cells in provinces()[:2]]
    below = [{**units()[0], "MA_COQUAN": "", "TEN": "UBND  quận THUỶ Mẫu"}]
    drop(tmp_path / "inbox", "2024-05", national, below)
    (tmp_path / "inbox" / "units.csv").write_text(
        "unit_code,name_vi,name_en,level,parent_code,valid_from,valid_to,provenance\n"
        "H24.95,Quận Thủy Mẫu,Sample,district,H24,2022-06-01,2025-06-30,sample\n",
        encoding="utf-8",
    )
    tables = read(tmp_path, archive)
    assert {code for code, _ in scores(tables)} == {"H24", "H26", "H24.95"}
    assert rules(tables) == []


def test_a_new_column_is_reported_and_not_published(tmp_path: Path, archive: RawArchive) -> None:
    drop(tmp_path / "inbox", "2024-05", [{**cells, "DIEM_MOI": "1"} for cells in provinces()])
    found = read(tmp_path, archive)["portal_findings"]
    (line,) = [f["message_en"] for f in found if f["rule"] == "UNKNOWN_FIELD"]
    assert "DIEM_MOI" in line


def test_a_total_that_is_not_the_sum_of_its_groups_stops_the_month(
    tmp_path: Path, archive: RawArchive
) -> None:
    rows = [{**cells, "TONG_SCORE": "84"} for cells in provinces()[1:2]]
    drop(tmp_path / "inbox", "2024-05", rows)
    found = read(tmp_path, archive)["portal_findings"]
    assert ("error", "GROUPS_DO_NOT_ADD_UP") in {(f["severity"], f["rule"]) for f in found}


def test_both_services_in_one_folder_are_two_snapshots(tmp_path: Path, archive: RawArchive) -> None:
    folder = drop(tmp_path / "inbox", "2024-05")
    (folder / "service-results.month.json").write_bytes(b'{"code":"OK","data":{"evaluation":[]}}')
    assert "missing: transparency.H24.month.json" in refused(folder, archive)


def test_the_year_of_a_december_may_be_captured_later_and_of_another_month_not(
    tmp_path: Path, archive: RawArchive
) -> None:
    late, may = "2025-10-01", tmp_path / "may"
    folder = drop(may, "2024-05", captured_at=late, windows=("year",))
    assert "the year so far as captured at 2025-10-01 is not that of 2024-05" in refused(
        folder, archive
    )
    folder = drop(tmp_path / "inbox", "2024-12", captured_at=late, windows=("year",))
    (snapshot,) = read_drop(folder, Month(2024, 12), "H24", RECEIVED, archive).snapshots
    assert snapshot.basis is Basis.YTD


def test_a_manifest_whose_request_is_of_another_month_is_refused(
    tmp_path: Path, archive: RawArchive
) -> None:
    folder = drop(tmp_path / "inbox", "2024-05")
    path = folder / "manifest.json"
    stated = {"captured_at": "2026-10-01", "request": {"p_nam": "2024", "p_thang": 4, "p_quy": 0}}
    path.write_text(json.dumps(stated), "utf-8")
    assert "its request asks for p_thang 4, the folder is of 2024-05" in refused(folder, archive)
