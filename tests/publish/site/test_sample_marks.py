"""No sample number is shown without its mark: pages are read back against the files beside them."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from publish.gates.marks import samples_are_marked
from publish.model import CODE_LISTS, PUBLISHED_TABLES
from tests.publish.site.page_tree import Element, parse

COLUMNS = {
    "data-unit": "unit_code", "data-basis": "basis", "data-period": "period",
    "data-field": "field_code", "data-metric": "metric_code", "data-indicator": "indicator_id",
}  # fmt: skip
"""What the attributes of a table say of its rows."""
BADGES = ("DỮ LIỆU MẪU", "SAMPLE DATA")
Row = dict[str, str]


@pytest.fixture(params=["published_home", "march_home"])
def site(request: pytest.FixtureRequest) -> Path:
    """A portal: real totals of the city beside sample units, and sample dossiers."""
    home: Path = request.getfixturevalue(request.param)
    return home / "portal" / "current"


def rows_of(site: Path, table: str) -> list[Row]:
    with (site / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pages_of(site: Path) -> Iterator[tuple[str, Element]]:
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if not name.startswith(("releases/", "latest/")):
            yield name, parse(path.read_text(encoding="utf-8"))


def cells_of(page: Element, table: Element) -> Iterator[tuple[Element, dict[str, str], str]]:
    """Each cell of a table that shows a number, what its row must be like, and its number."""
    period = page.one("main").attributes.get("data-period")
    stated = {"data-period": period} if period else {}
    stated |= {name: value for name, value in table.attributes.items() if value is not None}
    heads = table.one("thead").all("th")
    for tr in (row for row in table.all("tr") if "data-row" in row.attributes):
        parts = [part for part in tr.content if isinstance(part, Element)]
        for head, cell in zip(heads, parts, strict=False):
            column = head.attributes.get("data-col")
            if column and cell.all("data"):
                told = stated | {k: v for k, v in head.attributes.items() if k == "data-basis"}
                metric, _, name = column.rpartition(".")
                told |= {"data-metric": metric} if metric else {}
                yield cell, {**told, "key": tr.attributes["data-row"]}, name


def shown_rows(rows: list[Row], told: dict[str, str], column: str, value: str) -> list[Row]:
    """The rows of a file that a cell can be of."""
    fixed = {COLUMNS[k]: v for k, v in told.items() if k in COLUMNS and COLUMNS[k] in rows[0]}
    return [
        row
        for row in rows
        if all(row[k] == v for k, v in fixed.items())
        and all(part in row.values() for part in told["key"].split("|"))
        and row[column] == value
    ]


def test_each_number_of_a_sample_row_has_its_mark_and_a_real_one_has_none(site: Path) -> None:
    tables = {name: rows_of(site, name) for name in PUBLISHED_TABLES}
    seen = {"sample": 0, "official": 0}
    for name, page in pages_of(site):
        for table in page.all("table"):
            published = table.attributes.get("data-table")
            if not published or "provenance" not in tables[published][0]:
                continue
            for cell, told, column in cells_of(page, table):
                value = cell.all("data")[0].attributes["value"]
                found = shown_rows(tables[published], told, column, value)
                stated = {row["provenance"] for row in found}
                assert stated, (name, published, told, column, value)
                if len(stated) == 1:
                    marks = cell.all("small", class_="m")
                    assert bool(marks) == (stated == {"sample"}), (name, published, told, column)
                    seen[stated.pop()] += 1
    assert seen["sample"] > 500


def test_a_table_or_a_chart_with_a_sample_figure_says_so_above_it(site: Path) -> None:
    marked = 0
    for name, page in pages_of(site):
        for table in page.all("table"):
            if table.all("small", class_="m"):
                assert any(badge in table.one("caption").text for badge in BADGES), name
                marked += 1
    assert marked > 20


def test_every_form_of_a_table_says_it_row_by_row(site: Path) -> None:
    formats = site / "latest" / "formats"
    for table in set(PUBLISHED_TABLES) - CODE_LISTS:
        stated = [row["provenance"] for row in rows_of(site, table)]
        content = json.loads((formats / f"{table}.json").read_text(encoding="utf-8"))
        assert [row["provenance"] for row in content] == stated
        assert pq.read_table(formats / f"{table}.parquet")["provenance"].to_pylist() == stated


def test_the_workbook_and_the_feed_say_that_there_are_samples(site: Path) -> None:
    book = CalamineWorkbook.from_path(str(site / "latest" / "formats" / "scores.xlsx"))
    first = [str(cell) for row in book.get_sheet_by_index(0).to_python() for cell in row]
    assert any("DỮ LIỆU MẪU" in text for text in first)
    assert "DỮ LIỆU MẪU" in (site / "feed.atom").read_text(encoding="utf-8")


@pytest.fixture
def copy(site: Path, tmp_path: Path) -> Path:
    """The first page of the portal with the files that the gate holds it against."""
    (tmp_path / "latest").symlink_to((site / "latest").resolve())
    (tmp_path / "index.html").write_text((site / "index.html").read_text(encoding="utf-8"))
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        (r' <small class="m">mẫu</small></t[dh]>', "is sample data and is not marked"),
        (r' <strong class="mark">DỮ LIỆU MẪU</strong></caption>', "does not say so"),
    ],
)
def test_the_gate_finds_a_mark_that_is_lost(copy: Path, pattern: str, fault: str) -> None:
    page = copy / "index.html"
    assert list(samples_are_marked(copy)) == []
    text, end = page.read_text(encoding="utf-8"), pattern.rpartition("<")[2]
    page.write_text(re.sub(pattern, f"<{end}".replace("[dh]", "d"), text, count=1))
    (line,) = samples_are_marked(copy)
    assert line.startswith("index.html: ") and fault in line


def test_a_page_that_was_judged_before_is_not_read_again(copy: Path) -> None:
    (copy / "index.html").write_text("<main >")
    assert list(samples_are_marked(copy, {"index.html"})) == []
