"""What differs between two releases, as data, as lines and as a page."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.contracts import load_contract
from publish.model import ReleaseId
from publish.package.formats import to_parquet
from publish.release.diff import (
    CellDiff,
    Diff,
    RankMove,
    TableDiff,
    diff_lines,
    diff_releases,
    diff_tables,
    own_tables,
)
from publish.site.pages.releases import diff_page
from tests.command_line import SAMPLE_INBOX, SECOND, cchc, copy_home, run
from tests.made_once import MadeOnce
from tests.publish.small_release import (
    FIRST,
    FIRST_RELEASE,
    MARCH,
    ROOT,
    Row,
    score_rows,
    small_tables,
    table,
)
from tests.publish.small_release import (
    SECOND as SECOND_UNIT,
)

SECOND_RELEASE = replace(FIRST_RELEASE, id=ReleaseId(MARCH, 2), version="1.0.1")


def scores(**of_first_row: Any) -> pa.Table:
    rows = score_rows()
    return table("scores", [rows[0] | of_first_row, *rows[1:]])


def ranked(ranks: dict[str, int | None]) -> pa.Table:
    """Scores in which the totals have these ranks."""
    rows: list[Row] = [
        row | ({"rank": ranks[row["unit_code"]]} if row["metric_code"] == "TOTAL" else {})
        for row in score_rows()
        if row["unit_code"] in ranks
    ]
    return table("scores", rows)


def test_the_same_tables_do_not_differ() -> None:
    found = diff_releases(small_tables(), small_tables())
    assert not found.any
    assert found.cells == ()
    assert list(diff_lines(found, 5)) == ["no difference"]


def test_a_changed_cell_is_named_with_both_texts() -> None:
    found = diff_tables("scores", scores(), scores(score=50.0))
    assert (found.added, found.removed, found.changed) == (0, 0, 1)
    assert found.cells == (
        CellDiff(
            "scores",
            "period=2024-03;basis=month;unit_code=Z00;metric_code=TOTAL",
            "score",
            "49.50",
            "50.00",
        ),
    )


def test_rows_that_came_or_went_are_counted_and_have_no_changed_cells() -> None:
    found = diff_tables("scores", scores(), scores().slice(2))
    assert (found.added, found.removed, found.changed, found.cells) == (0, 2, 0, ())
    assert diff_tables("scores", scores().slice(2), scores()).added == 2


def test_the_time_of_capture_and_the_release_do_not_count() -> None:
    later = table("scores", score_rows(captured_at="2024-06-01", release="2024-03.r2"))
    assert not diff_tables("scores", scores(), later).any


def test_columns_that_only_one_has_are_named_and_not_compared() -> None:
    old = scores().drop_columns(["rank"]).append_column("grade", pa.array(["a"] * 21))
    found = diff_tables("scores", old, scores(rank=1))
    assert (found.columns_added, found.columns_removed) == (("rank",), ("grade",))
    assert (found.changed, found.any) == (0, True)


def test_a_column_of_another_type_is_compared_as_far_as_it_can_be() -> None:
    place = scores().column_names.index("numerator")
    as_number = scores().set_column(place, "numerator", pa.array([33.0] * 21))
    assert diff_tables("scores", as_number, scores()).cells == ()
    as_words = scores().set_column(place, "numerator", pa.array(["33"] * 20 + ["nhiều"]))
    (cell,) = diff_tables("scores", as_words, scores()).cells
    assert (cell.old, cell.new) == ("nhiều", "33")


def test_a_table_is_told_apart_by_the_key_that_its_own_file_states() -> None:
    contract = load_contract("scores")
    file = pq.read_table(pa.BufferReader(to_parquet(scores(), contract)))
    other = file.replace_schema_metadata({"tableSchema": json.dumps({"primaryKey": ["period"]})})
    assert diff_tables("scores", file, file).is_comparable
    found = diff_tables("scores", other, file)
    assert (found.is_comparable, found.any) == (False, True)
    (line,) = diff_lines(Diff((found,), (), (), ()), 5)
    assert "its key changed" in line


def test_a_table_of_another_time_is_compared_by_its_own_key() -> None:
    old, new = pa.table({"a": [1, 2], "b": ["x", "y"]}), pa.table({"a": [1, 2], "b": ["x", "z"]})
    keyed = [
        t.replace_schema_metadata({"tableSchema": '{"primaryKey": ["a"]}'}) for t in (old, new)
    ]
    assert diff_tables("bygone", *keyed).cells == (CellDiff("bygone", "a=2", "b", "y", "z"),)


def test_tables_that_only_one_release_has_are_named() -> None:
    found = diff_releases({"scores": scores(), "b": scores()}, {"scores": scores(), "a": scores()})
    assert (found.tables_added, found.tables_removed, found.any) == (("a",), ("b",), True)
    assert list(diff_lines(found, 5)) == ["a: new table", "b: published no more"]


def test_moves_of_rank_name_the_unit_its_old_and_its_new_rank() -> None:
    old = {"scores": ranked({ROOT: None, FIRST: 1, SECOND_UNIT: 2})}
    new = {**small_tables(), "scores": ranked({ROOT: None, FIRST: 2, SECOND_UNIT: 1})}
    assert diff_releases(old, new).rank_moves == (
        RankMove("2024-03", "month", FIRST, "Đơn vị thử Z00.01", 1, 2),
        RankMove("2024-03", "month", SECOND_UNIT, "Đơn vị thử Z00.02", 2, 1),
    )


def test_a_unit_that_only_one_release_ranks_does_not_move() -> None:
    old, new = {"scores": ranked({FIRST: 1})}, {"scores": ranked({FIRST: 1, SECOND_UNIT: 2})}
    assert diff_releases(old, new).rank_moves == ()


def test_releases_without_ranks_have_no_moves() -> None:
    assert diff_releases({}, {"scores": scores()}).rank_moves == ()
    assert diff_releases({"scores": scores()}, {"scores": scores().drop_columns(["rank"])}) == Diff(
        (TableDiff("scores", 0, 0, 0, (), ("rank",)),), (), (), ()
    )


def test_a_terminal_is_shown_the_first_cells_and_how_many_more_there_are() -> None:
    found = diff_releases({"scores": scores()}, {"scores": table("scores", score_rows(ratio=1.0))})
    lines = list(diff_lines(found, 5))
    assert lines[0] == "scores: rows 0 added, 0 removed, 21 changed; 21 cells changed"
    assert len(lines) == 7
    assert lines[-1] == "… and 16 more cells: see --json or --html"
    assert lines[1].endswith(" ratio: 82.50 -> 1.00")


def test_the_page_is_whole_in_itself_and_escapes_what_it_shows() -> None:
    old, new = small_tables(), small_tables()
    units = new["units"].to_pylist()
    units[0] |= {"name_vi": "<script>alert(1)</script>"}
    found = diff_releases(old, {**new, "units": table("units", units)})
    page = diff_page(found, FIRST_RELEASE, SECOND_RELEASE)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert '<html lang="vi">' in page
    assert "So sánh bản 2024-03.r1 với bản 2024-03.r2" in html.unescape(page)


def test_the_page_lists_every_cell_and_every_move() -> None:
    old = {**small_tables(), "scores": ranked({ROOT: None, FIRST: 1, SECOND_UNIT: 2})}
    new = {**small_tables(), "scores": ranked({ROOT: None, FIRST: 2, SECOND_UNIT: 1})}
    page = diff_page(diff_releases(old, new), FIRST_RELEASE, SECOND_RELEASE)
    assert page.count("Thứ hạng: 1 → 2</span>") == page.count("Thứ hạng: 2 → 1</span>") == 1
    assert "unit_code=" not in page
    assert "Tháng 3/2024" in page
    assert "DỮ LIỆU MẪU" not in page
    sample = replace(SECOND_RELEASE, provenance="sample")
    assert "DỮ LIỆU MẪU" in diff_page(diff_releases(old, new), FIRST_RELEASE, sample)


# The command


@pytest.fixture(scope="module")
def two_releases(published_home: Path, made_once: MadeOnce) -> Path:
    """An installation whose second release has a further month."""

    def make(home: Path) -> None:
        copy_home(published_home, home)
        outcome = run(home, SAMPLE_INBOX, "--empty", month="2026-08", at=SECOND)
        assert outcome.code == 0, outcome.err

    return made_once("two-releases", make)


@pytest.mark.usefixtures("settings_of_nobody")
def test_the_command_tells_it_in_lines_as_json_and_as_a_page(
    two_releases: Path, tmp_path: Path
) -> None:
    both = ("diff", "2026-09.r1", "2026-09.r2", "--home", two_releases)
    lines = cchc(*both)
    assert lines.code == 0
    assert re.search(r"^scores: rows \d+ added, 0 removed, 0 changed", lines.out, re.MULTILINE)
    content = json.loads(cchc(*both, "--json").out)
    assert (content["old"], content["new"]) == ("2026-09.r1", "2026-09.r2")
    assert {entry["table"] for entry in content["tables"]} >= {"scores", "units"}
    only = json.loads(cchc(*both, "--json", "--table", "scores").out)
    assert [entry["table"] for entry in only["tables"]] == ["scores"]
    out = tmp_path / "diff.html"
    assert cchc(*both, "--html", "--out", out).out == f"written: {out}\n"
    assert "DỮ LIỆU MẪU" in out.read_text(encoding="utf-8")


@pytest.mark.usefixtures("settings_of_nobody")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2026-09.r1", "2026-09.r7"), "2026-09.r7 was never published -> out: 2026-09.r1"),
        (("2026-09", "2026-09.r1"), "'2026-09' is not a release"),
        (("2026-09.r1", "2026-09.r1", "--table", "x"), "--table: neither release has a table 'x'"),
        (("2026-09.r1", "2026-09.r1", "--json", "--html"), "--json and --html stand together"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    arguments: tuple[str, ...], said: str, published_home: Path
) -> None:
    outcome = cchc("diff", *arguments, "--home", published_home)
    assert outcome.code == 2
    assert said in outcome.problem
    assert len(outcome.problem.splitlines()) == 1


@pytest.mark.usefixtures("settings_of_nobody")
def test_the_same_release_does_not_differ_from_itself(published_home: Path) -> None:
    outcome = cchc("diff", "2026-09.r1", "2026-09.r1", "--home", published_home)
    assert (outcome.code, outcome.out) == (0, "no difference\n")


def test_the_files_of_a_release_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    pq.write_table(pa.table({"a": [1]}), tmp_path / "formats" / "bygone.parquet")
    found = own_tables(replace(FIRST_RELEASE, folder=tmp_path))
    assert (found["bygone"].to_pylist(), own_tables(FIRST_RELEASE)) == ([{"a": 1}], {})
