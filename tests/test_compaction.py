"""Months in several files: read as one, joined with the same rows, whatever happens on the way."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline import compaction
from cchc_pipeline.compaction import Scattered, compact, plan_compaction
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.errors import CheckFailedError
from cchc_pipeline.period import Month
from cchc_pipeline.store import PART, Lake, content_digest, table_from_rows
from tests.command_line import cchc
from tests.swapping import NEEDS_SWAP

CONTRACT = load_contract("score_recomputation")
MONTH = Month(2026, 9)

pytestmark = [NEEDS_SWAP, pytest.mark.usefixtures("settings_of_nobody")]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A month in three files, as an engine leaves them, and one in a single file."""
    lake = Lake(tmp_path / "lake", "H24")
    scatter(lake, MONTH)
    lake.write(CONTRACT.table, MONTH.next(), rows("H24"))
    return lake


def rows(*codes: str) -> pa.Table:
    return table_from_rows(
        CONTRACT,
        [
            {"period": str(MONTH), "basis": "ytd", "unit_code": code, "metric_code": "TDGQ",
             "recomputed_score": 1.0, "difference": None}
            for code in codes
        ],
    )  # fmt: skip


def scatter(lake: Lake, month: Month) -> None:
    folder = lake.folder(CONTRACT.table, month)
    folder.mkdir(parents=True)
    for number, codes in enumerate((["H24.9"], [], ["H24.1", "H24.2"])):
        pq.write_table(rows(*codes), folder / f"part-0000{number}-a1b2.parquet")
    (folder / "_SUCCESS").touch()


def codes_of(lake: Lake, month: Month = MONTH) -> list[str]:
    codes: list[str] = lake.read(CONTRACT.table, month).column("unit_code").to_pylist()
    return codes


def test_a_month_in_several_files_is_read_in_their_order(lake: Lake) -> None:
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]
    assert lake.months(CONTRACT.table) == (MONTH, MONTH.next())
    assert lake.read_all(CONTRACT.table).num_rows == 4


def test_joining_keeps_the_rows_and_their_order_and_is_done_once(lake: Lake) -> None:
    before = content_digest(lake.read(CONTRACT.table, MONTH))
    (found,) = plan_compaction(lake)
    assert str(found).startswith("score_recomputation H24 2026-09: 3 files, ")
    compact(found)
    assert content_digest(lake.read(CONTRACT.table, MONTH)) == before
    assert lake.files(CONTRACT.table, MONTH) == (lake.path(CONTRACT.table, MONTH),)
    assert plan_compaction(lake) == ()


def test_the_joined_file_is_the_one_that_the_lake_would_have_written(lake: Lake) -> None:
    table = lake.read(CONTRACT.table, MONTH)
    (found,) = plan_compaction(lake)
    compact(found)
    joined = lake.path(CONTRACT.table, MONTH).read_bytes()
    shutil.rmtree(lake.folder(CONTRACT.table, MONTH))
    assert lake.write(CONTRACT.table, MONTH, table).read_bytes() == joined


def test_short_files_become_long_row_groups(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cchc_pipeline.compaction.ROWS_PER_GROUP", 2)
    (found,) = plan_compaction(lake)
    compact(found)
    kept = pq.read_metadata(lake.path(CONTRACT.table, MONTH))
    assert [kept.row_group(n).num_rows for n in range(kept.num_row_groups)] == [2, 1]
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]


@pytest.mark.parametrize("step", ["_write", "_require_the_same_rows", "put_in_place", "swap"])
@pytest.mark.parametrize("after", [False, True])
def test_wherever_it_dies_a_reader_finds_each_row_once(
    step: str, after: bool, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = plan_compaction(lake)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        owner: object = Lake if step == "swap" else compaction
        patched.setattr(owner, step, _dying(getattr(owner, step), after=after))
        compact(found)
    assert sorted(codes_of(lake)) == ["H24.1", "H24.2", "H24.9"]
    for left in plan_compaction(lake):
        compact(left)
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]
    assert plan_compaction(lake) == ()


def _dying(step: Callable[..., None], *, after: bool) -> Callable[..., None]:
    def dies(*arguments: object) -> None:
        if after:
            step(*arguments)
        raise KeyboardInterrupt

    return dies


def test_a_month_that_is_written_meanwhile_keeps_what_was_written(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = plan_compaction(lake)
    swap = Lake.swap

    def late(self: Lake, staged: Path, table: str, month: Month) -> None:
        if not (staged / "_SUCCESS").exists():
            pq.write_table(rows("H24.5"), self.folder(table, month) / "part-00009-c3.parquet")
        swap(self, staged, table, month)

    monkeypatch.setattr(Lake, "swap", late)
    with pytest.raises(CheckFailedError, match="was written meanwhile"):
        compact(found)
    assert "H24.5" in codes_of(lake)
    assert len(lake.files(CONTRACT.table, MONTH)) == 4


def test_a_joined_file_with_other_rows_never_takes_their_place(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "cchc_pipeline.compaction._write",
        lambda path, schema, batches: pq.write_table(rows("H24.9"), path),
    )
    (found,) = plan_compaction(lake)
    with pytest.raises(CheckFailedError, match="would not have the same rows"):
        compact(found)
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]


def test_writing_a_month_replaces_all_its_files(lake: Lake, tmp_path: Path) -> None:
    lake.write(CONTRACT.table, MONTH, rows("H24"))
    assert codes_of(lake) == ["H24"]
    scatter(lake, MONTH.next().next())
    pq.write_table(rows("H26"), tmp_path / "made")
    lake.put(CONTRACT.table, MONTH.next().next(), tmp_path / "made")
    assert codes_of(lake, MONTH.next().next()) == ["H26"]
    assert not list(lake.scratch.iterdir())


def test_a_reader_that_listed_the_old_files_looks_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = plan_compaction(lake)
    files, listed = Lake.files, list[Scattered]()

    def joined_after(self: Lake, table: str, month: Month) -> tuple[Path, ...]:
        seen = files(self, table, month)
        if not listed:
            listed.append(found)
            compact(found)
        return seen

    monkeypatch.setattr(Lake, "files", joined_after)
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]


def test_a_file_system_that_cannot_do_it_is_one_line(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(one: Path, other: Path) -> None:
        raise OSError(22, "Invalid argument", str(one))

    monkeypatch.setattr("cchc_pipeline.store.swap_folders", refuses)
    (found,) = plan_compaction(lake)
    with pytest.raises(CheckFailedError, match="cannot let two folders change places"):
        compact(found)
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]


def test_the_command_says_its_plan_and_then_does_it(lake: Lake) -> None:
    home = lake.root.parent
    planned = cchc("compact", "--dry-run", "--home", home)
    assert planned.out.splitlines()[-1] == "1 months lie in several files"
    assert "would join score_recomputation H24 2026-09: 3 files" in planned.out
    assert len(lake.files(CONTRACT.table, MONTH)) == 3
    lake.staging("scores", MONTH).joinpath("left").touch()
    assert cchc("compact", "--home", home).out == "1 months joined\n"
    assert cchc("compact", "--home", home).out == "0 months joined\n"
    assert codes_of(lake) == ["H24.9", "H24.1", "H24.2"]
    assert not lake.scratch.exists()
    assert lake.path(CONTRACT.table, MONTH).name == PART
