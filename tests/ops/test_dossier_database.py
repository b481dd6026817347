"""Dossiers from a view of a real PostgreSQL: what is asked for, when, and what is kept."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.sources.dossiers.database import DossierDatabase, read_month
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.deliveries import recorded_deliveries
from tests.builders.dossier_export import Outcome, read_files
from tests.builders.records import faults_of, read, rows_of
from tests.command_line import SAMPLE_INBOX
from tests.ops.postgres import MARK
from tests.sources.dossiers.dossier_table import (
    FILE,
    MARCH,
    NEXT_DAY,
    PASSWORD,
    TOO_LATE,
    VIEW,
    OneStop,
    Row,
    as_csv,
    collect,
    open_in,
    typed,
    use_rules,
)

pytestmark = MARK
WAITING: Row = {
    "NgayTiepNhan": None, "NgayKetThucXuLy": None, "NgayTra": None, "TrangThaiHoSo": "Mới đăng ký",
}  # fmt: skip
REFUSED: Row = {"TrangThaiHoSo": "Không được tiếp nhận"}


def facts(outcome: Outcome) -> list[dict[str, Any]]:
    """The accepted rows without their places in a file."""
    places = {"file", "row"}
    rows = [{k: v for k, v in row.items() if k not in places} for row in outcome.accepted]
    return sorted(rows, key=str)


def test_the_rows_of_the_view_are_judged_as_the_same_rows_in_a_csv(
    filled: OneStop, exported: list[Row], tmp_path: Path
) -> None:
    register = load_register(SAMPLE_INBOX)
    read_month(filled.source, MARCH, tmp_path / FILE)
    month = [row for row in exported if open_in(row, MARCH)]
    by_view = read_files(tmp_path / "a", {FILE: (tmp_path / FILE).read_bytes()}, MARCH, register)
    by_file = read_files(tmp_path / "b", {"ho-so.csv": as_csv(month)}, MARCH, register)
    assert facts(by_view) == facts(by_file)
    assert by_view.account == by_file.account
    assert by_view.account[0] == len(month) < len(exported)
    assert by_view.account[2] > 0
    assert sorted(r["rule"] for r in by_view.refused) == sorted(r["rule"] for r in by_file.refused)
    assert by_view.reading.provenance == "sample"


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"NgayTiepNhan": "31/03/2024 23:59:59", "NgayKetThucXuLy": None, "NgayTra": None}, True),
        ({"NgayTiepNhan": "01/04/2024 00:00:00", "NgayKetThucXuLy": None, "NgayTra": None}, False),
        ({"NgayTiepNhan": "05/02/2024 08:00:00", "NgayKetThucXuLy": "01/03/2024 00:00:00"}, True),
        ({"NgayTiepNhan": "05/02/2024 08:00:00", "NgayKetThucXuLy": "29/02/2024 23:59:59"}, False),
        ({"NgayTiepNhan": "05/02/2024 08:00:00", "NgayKetThucXuLy": None,
          "NgayTra": "29/02/2024 23:59:59"}, False),
        ({"NgayTiepNhan": "05/02/2024 08:00:00", "NgayKetThucXuLy": "01/03/2024 07:00:00",
          "NgayTra": "29/02/2024 23:59:59"}, True),
        (WAITING | {"NgayNopHoSo": "31/03/2024 23:00:00"}, True),
        (WAITING | {"NgayNopHoSo": "01/04/2024 00:00:00"}, False),
        (WAITING | {"NgayNopHoSo": "29/02/2024 23:00:00"}, True),
        (WAITING | REFUSED | {"NgayNopHoSo": "29/02/2024 23:00:00"}, False),
        (WAITING | REFUSED | {"NgayNopHoSo": "31/03/2024 23:00:00"}, True),
        (WAITING | {"NgayNopHoSo": "29/02/2024 23:00:00", "TrangThaiHoSo": None}, True),
        (WAITING | {"NgayNopHoSo": None}, True),
    ],
)  # fmt: skip
def test_a_month_is_what_was_open_in_it_on_the_citys_clock(
    changing: OneStop, exported: list[Row], tmp_path: Path, change: Row, taken: bool
) -> None:
    good = next(row for row in exported if open_in(row, MARCH) and row["NgayTiepNhan"])
    changing.fill([typed(good | {"MaHoSo": "H24.M01-240305-9999"} | change)])
    read_month(changing.source, MARCH, tmp_path / FILE)
    codes = pq.read_table(tmp_path / FILE).column("MaHoSo").to_pylist()
    assert ("H24.M01-240305-9999" in codes) == taken


@pytest.mark.parametrize("slip", ["0044-03-15 BC", "20240-01-01"])
def test_a_year_that_is_a_slip_is_the_rows_fault_not_the_months(
    changing: OneStop, tmp_path: Path, slip: str
) -> None:
    changing.execute(f"""UPDATE ho_so SET "NgayNopHoSo" = '{slip}'
        WHERE "MaHoSo" = (SELECT min("MaHoSo") FROM ho_so)""")  # noqa: S608 - own names
    read_month(changing.source, MARCH, tmp_path / FILE)
    content = {FILE: (tmp_path / FILE).read_bytes()}
    outcome = read_files(tmp_path / "a", content, MARCH, load_register(SAMPLE_INBOX))
    assert "SUBMITTED_UNREADABLE" in {row["rule"] for row in outcome.refused}


def test_rows_come_in_pieces_and_the_same_rows_are_the_same_bytes(
    filled: OneStop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        read_month(filled.source, MARCH, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    use_rules(monkeypatch, rows=50)
    extract = read_month(filled.source, MARCH, tmp_path / "c")
    pieces = pq.ParquetFile(tmp_path / "c").metadata
    sizes = [pieces.row_group(i).num_rows for i in range(pieces.num_row_groups)]
    assert sum(sizes) == extract.rows
    assert max(sizes) == 50
    assert pq.read_table(tmp_path / "c") == pq.read_table(tmp_path / "a")


def test_the_order_of_the_table_does_not_matter(changing: OneStop, archive: RawArchive) -> None:
    first = collect(changing.source, archive).delivery
    changing.execute(
        "CREATE TABLE khac AS SELECT * FROM ho_so ORDER BY random()",
        "TRUNCATE ho_so",
        "INSERT INTO ho_so SELECT * FROM khac",
    )
    assert collect(changing.source, archive, NEXT_DAY).delivery == first


def test_the_peoples_columns_are_not_asked_for_and_told_by_name(
    filled: OneStop, tmp_path: Path
) -> None:
    """The account may not read them: asking for one would fail."""
    extract = read_month(filled.source, MARCH, tmp_path / FILE)
    assert any("columns not asked for: 'chuhoso', 'sodienthoai'" in note for note in extract.notes)
    assert not set(map(str.casefold, pq.read_schema(tmp_path / FILE).names)) & {"chuhoso"}
    filled.server.execute("SELECT 1")
    refused = DossierDatabase(filled.url, "ho_so")
    with pytest.raises(SourceError, match="permission denied"):
        read_month(refused, MARCH, tmp_path / "x")


@pytest.mark.parametrize("kind", ["json", "jsonb", "text"])
def test_lists_stand_in_a_view_as_json_and_their_leaves_meet_as_names_do(
    changing: OneStop, tmp_path: Path, kind: str
) -> None:
    lists = {
        "danh_sach_le_phi": '[{"GIA": 20000.5}, {"gIa2": 1}, null]',
        '"DanhSachGiayToKetQua"': '[{"duongDanTepTinKetQua": "a.pdf"}]',
        "danhsachhosobosung": "[]",
    }
    columns = ", ".join(f"'{text}'::{kind} AS {name}" for name, text in lists.items())
    changing.execute(
        f"CREATE VIEW lists_{kind} AS SELECT *, {columns} FROM {VIEW}",  # noqa: S608 - own names
        f"GRANT SELECT ON lists_{kind} TO {changing.reader}",
    )
    read_month(DossierDatabase(changing.url, f"lists_{kind}"), MARCH, tmp_path / FILE)
    (relation,) = read(tmp_path / FILE)
    names = ("DanhSachLePhi", "DanhSachGiayToKetQua", "DanhSachHoSoBoSung")
    fees = [{"Gia": "20000.5e0"}, {"Gia": None}]
    (first, *_) = rows_of(relation, *names)
    assert first[1:] == (fees, [{"DuongDanTepTinKetQua": "a.pdf"}], [])
    assert faults_of(relation) == []


def test_the_database_is_asked_again_each_day_and_the_newest_counts(
    changing: OneStop, archive: RawArchive
) -> None:
    first = collect(changing.source, archive)
    same = collect(changing.source, archive, NEXT_DAY)
    assert first.delivery is not None
    assert same.delivery == first.delivery, "the same rows: as first recorded"
    changing.execute("""UPDATE ho_so SET "MucDoHaiLong" = 1""")
    newer = collect(changing.source, archive, NEXT_DAY)
    assert newer.delivery is not None
    assert newer.delivery.delivery_id != first.delivery.delivery_id
    assert newer.delivery.files[0].name == FILE
    assert len(list(recorded_deliveries(archive))) == 2
    assert collect(None, archive, TOO_LATE).delivery == newer.delivery


def test_the_past_is_not_asked_for_and_the_archive_is_replayed(
    changing: OneStop, archive: RawArchive
) -> None:
    kept = collect(changing.source, archive).delivery
    changing.execute("DELETE FROM ho_so")
    late = collect(changing.source, archive, TOO_LATE)
    assert late.delivery == kept
    (note,) = late.notes
    assert note == (
        "a database only knows now: it is asked for 2024-03 from 2024-04-01 to 2024-04-30; "
        "the archive is replayed"
    )
    never = collect(changing.source, archive, TOO_LATE, MARCH.previous())
    assert never.delivery is None


def test_files_in_the_inbox_win(changing: OneStop, archive: RawArchive) -> None:
    collect(changing.source, archive)
    inbox = archive.root.parent / "inbox"
    inbox.mkdir()
    (inbox / "ho-so.csv").write_text("x")
    collected = collect(changing.source, archive)
    assert collected.delivery is not None
    assert [file.name for file in collected.delivery.files] == ["ho-so.csv"]
    assert "the database is not asked" in collected.notes[0]
    (inbox / "ho-so.csv").unlink()
    again = collect(changing.source, archive, NEXT_DAY).delivery
    assert again is not None
    assert again.files[0].name == FILE


def test_what_was_asked_is_logged_without_a_secret(changing: OneStop, archive: RawArchive) -> None:
    delivery = collect(changing.source, archive).delivery
    assert delivery is not None
    (line,) = (archive.root / "exchanges" / "2024-03.jsonl").read_text().splitlines()
    exchange = json.loads(line)
    assert exchange["channel"] == "database"
    assert exchange["path"] == VIEW
    assert exchange["request"] == {"month": "2024-03", "rows": 30}
    assert exchange["sha256"] == delivery.files[0].sha256
    assert PASSWORD not in repr(changing.source)
