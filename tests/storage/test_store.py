"""The lake: whole files, declared types, digests of content."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake, content_digest, table_from_rows

CONTRACT = load_contract("score_recomputation")
MONTH = Month(2026, 9)


def _row(code: str, score: float | None = 1.0) -> dict[str, object]:
    return {
        "period": "2026-09", "basis": "ytd", "unit_code": code, "metric_code": "TDGQ",
        "recomputed_score": score, "difference": None,
    }  # fmt: skip


def test_rows_come_back_as_they_were_written_and_sorted_by_their_key(tmp_path: Path) -> None:
    lake, month = Lake(tmp_path, "H24"), Month(2026, 9)
    table = table_from_rows(CONTRACT, [_row("H26"), _row("H24", None)])
    lake.write("score_recomputation", month, table)
    back = lake.read("score_recomputation", month)
    assert back.equals(table)
    assert back.column("unit_code").to_pylist() == ["H24", "H26"]
    assert back.column("recomputed_score").to_pylist() == [None, 1.0]


def test_a_month_that_was_never_written_has_no_rows_but_its_columns(tmp_path: Path) -> None:
    table = Lake(tmp_path, "H24").read("score_recomputation", Month(2026, 9))
    assert table.num_rows == 0
    assert table.column_names == [field.name for field in CONTRACT.fields]
    assert Lake(tmp_path, "H24").read_all("score_recomputation").num_rows == 0


def test_writing_again_replaces_the_month_and_leaves_no_scraps(tmp_path: Path) -> None:
    lake, month = Lake(tmp_path, "H24"), Month(2026, 9)
    lake.write("score_recomputation", month, table_from_rows(CONTRACT, [_row("H24")]))
    lake.write("score_recomputation", month, table_from_rows(CONTRACT, []))
    kept = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert kept == ["score_recomputation/root_unit=H24/month=2026-09/part-0.parquet"]
    assert lake.months("score_recomputation") == (month,)


def test_a_month_with_the_same_rows_is_not_written_again(tmp_path: Path) -> None:
    lake, month = Lake(tmp_path, "H24"), Month(2026, 9)
    path = lake.write(CONTRACT.table, month, table_from_rows(CONTRACT, [_row("H24")]))
    before = path.stat()
    lake.write(CONTRACT.table, month, table_from_rows(CONTRACT, [_row("H24")]))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    lake.write(CONTRACT.table, month, table_from_rows(CONTRACT, [_row("H26")]))
    assert path.stat().st_ino != before.st_ino


def test_root_units_lie_apart_and_see_only_themselves(tmp_path: Path) -> None:
    month = Month(2026, 9)
    for code in ("H24", "H 25/x"):
        lake = Lake(tmp_path, code)
        lake.write(CONTRACT.table, month, table_from_rows(CONTRACT, [_row(code)]))
    for code in ("H24", "H 25/x"):
        assert Lake(tmp_path, code).read_all(CONTRACT.table).column("unit_code").to_pylist() == [
            code
        ]
    names = {folder.name for folder in (tmp_path / CONTRACT.table).iterdir()}
    assert names == {"root_unit=H24", "root_unit=H%2025%2Fx"}


def test_a_file_beside_that_of_the_month_is_refused_by_its_name(tmp_path: Path) -> None:
    lake, table = Lake(tmp_path, "H24"), table_from_rows(CONTRACT, [_row("H24")])
    lake.write(CONTRACT.table, MONTH, table)
    pq.write_table(table, lake.folder(CONTRACT.table, MONTH) / "part-1.parquet")
    for use in (
        lambda: lake.read(CONTRACT.table, MONTH),
        lambda: lake.write(CONTRACT.table, MONTH, table),
        lambda: lake.read_all(CONTRACT.table),
    ):
        with pytest.raises(CheckFailedError, match=r"part-1\.parquet"):
            use()


def test_a_file_without_a_column_of_today_reads_as_empty_there(tmp_path: Path) -> None:
    lake, month = Lake(tmp_path, "H24"), Month(2026, 9)
    table = table_from_rows(CONTRACT, [_row("H24")])
    written = table.drop_columns(["difference"]).append_column("former", pa.array([1]))
    lake.path(CONTRACT.table, month).parent.mkdir(parents=True)
    pq.write_table(written, lake.path(CONTRACT.table, month))
    assert lake.read(CONTRACT.table, month).equals(table)


def test_a_value_of_another_type_is_one_line_that_names_the_table() -> None:
    with pytest.raises(CheckFailedError, match="table score_recomputation: a value does not fit"):
        table_from_rows(CONTRACT, [_row("H24") | {"recomputed_score": "17,77"}])


def test_the_digest_follows_the_content_and_not_the_file() -> None:
    one = table_from_rows(CONTRACT, [_row("H24"), _row("H26")])
    chunked = pa.concat_tables([one.slice(0, 1), one.slice(1)])
    assert content_digest(one) == content_digest(chunked)
    assert content_digest(one) != content_digest(table_from_rows(CONTRACT, [_row("H24")]))
    assert content_digest(one, ["period"]) != content_digest(one)


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cchc_pipeline.core.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
