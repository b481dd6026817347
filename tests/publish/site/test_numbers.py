"""Every number on every page is the cell of the CSV that it claims to be."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cchc_pipeline.contracts import load_contract
from tests.publish.site.page_tree import Element, parse

ATTRIBUTES = {
    "data-period": "period", "data-basis": "basis", "data-unit": "unit_code",
    "data-metric": "metric_code", "data-field": "field_code", "data-indicator": "indicator_id",
}  # fmt: skip
"""What a page, a table, or a column says of its cells, and the column of the CSV that holds it."""

KEY = "any column of the key"
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Table:
    """The rows of a CSV, and where a column has a value: there are thousands of numbers to find."""

    rows: Rows
    places: Mapping[tuple[str, str], set[int]]


def read_table(path: Path) -> Table:
    """A published CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    key, places = load_contract(path.stem).primary_key, defaultdict(set)
    for place, row in enumerate(rows):
        for name in {*ATTRIBUTES.values()} & row.keys():
            places[name, row[name]].add(place)
        for name in key:
            places[KEY, row[name]].add(place)
    return Table(rows, places)


@dataclass(frozen=True)
class Shown:
    """A number on a page: where it claims to stand, and its machine value."""

    page: str
    table: str
    known: Mapping[str, str]
    parts: frozenset[str]
    column: str
    value: str

    def rows(self, table: "Table") -> Rows:
        """The rows of the CSV that the page can mean."""
        wanted = [*self.known.items(), *((KEY, part) for part in self.parts)]
        found = set.intersection(*(table.places.get(value, set()) for value in wanted))
        return [table.rows[place] for place in sorted(found)]


def numbers(path: str, page: Element) -> Iterator[Shown]:
    """The numbers in the tables of a page that are cells of a published table."""
    (main,) = page.all("main")
    for table in main.all("table"):
        if "data-table" in table.attributes:
            yield from _of_table(path, table, _known(main) | _known(table))


def _of_table(path: str, table: Element, known: Mapping[str, str]) -> Iterator[Shown]:
    name = table.attributes["data-table"]
    heads = table.all("thead")[0].all("th")
    for row in (tr for tr in table.all("tr") if "data-row" in tr.attributes):
        cells = [cell for cell in row.content if isinstance(cell, Element)]
        assert len(cells) == len(heads), (path, row.attributes)
        for head, cell in zip(heads, cells, strict=True):
            column = head.attributes.get("data-col")
            values = [data for data in cell.all("data") if not _is_note(cell, data)]
            if column is None or not values:
                continue
            metric, _, column = column.rpartition(".")
            parts = frozenset(row.attributes["data-row"].split("|"))
            parts |= {metric} if metric else frozenset()
            value = values[0].attributes["value"]
            yield Shown(path, name, {**known, **_known(head)}, parts, column, value)


def _known(element: Element) -> dict[str, str]:
    found = {ATTRIBUTES[k]: v for k, v in element.attributes.items() if k in ATTRIBUTES}
    return {name: value for name, value in found.items() if value}


def _is_note(cell: Element, data: Element) -> bool:
    """Counts below a value are cells of other columns."""
    return any(data in list(sub.walk()) for sub in cell.all("span"))


def _files(home: Path) -> tuple[dict[str, Element], dict[str, Table]]:
    site = (home / "portal" / "current").resolve()
    pages = {
        path.relative_to(site).as_posix(): parse(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    return pages, {path.stem: read_table(path) for path in sorted((site / "data").glob("*.csv"))}


@pytest.mark.parametrize(
    ("name", "of_scores"), [("published_home", {"cac-tinh.html"}), ("march_home", set())]
)
def test_every_number_in_a_table_is_one_cell_of_the_csv(
    name: str, of_scores: set[str], request: pytest.FixtureRequest
) -> None:
    pages, tables = _files(request.getfixturevalue(name))
    seen = [shown for path, page in pages.items() for shown in numbers(path, page)]
    kinds = {(shown.page.removeprefix("en/").split("/")[0], shown.table) for shown in seen}
    wrong = []
    for shown in seen:
        rows = shown.rows(tables[shown.table])
        if len(rows) != 1 or rows[0][shown.column] != shown.value:
            wrong.append((shown, [row[shown.column] for row in rows]))
    assert not wrong[:3], f"{len(wrong)} of {len(seen)}"
    assert len(seen) > 2000
    wanted = {"thang", "don-vi", "chi-so", "chat-luong.html"} | of_scores
    assert {folder for folder, _ in kinds} >= wanted


def test_both_languages_show_the_same_numbers(published_home: Path) -> None:
    pages, _ = _files(published_home)
    for path, page in pages.items():
        if not path.startswith("en/"):
            own = [(s.table, s.known, s.parts, s.column, s.value) for s in numbers(path, page)]
            twin = numbers(path, pages[f"en/{path}"])
            assert own == [(s.table, s.known, s.parts, s.column, s.value) for s in twin], path


def test_a_number_that_is_not_the_csv_s_is_noticed(published_home: Path) -> None:
    pages, tables = _files(published_home)
    page = pages["thang/2026-09.html"]
    data = next(d for d in page.all("table")[0].all("data") if d.attributes["value"])
    data.attributes["value"] = "99.99"
    shown = next(s for s in numbers("thang/2026-09.html", page) if s.value == "99.99")
    (row,) = shown.rows(tables[shown.table])
    assert row[shown.column] != "99.99"
