"""That no figure which sample data went into is shown on a page without its mark.

Belongs here: reading the tables of pages back and holding them against the files beside them. Does
not: which rows are samples (``publish.release.provenance``), or how a mark looks
(``publish.site.forms``).

A release without sample data costs nothing here.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

_ADDRESS = {
    "unit": "unit_code", "basis": "basis", "period": "period", "field": "field_code",
    "metric": "metric_code", "indicator": "indicator_id",
}  # fmt: skip
"""What the attributes ``data-…`` of a table, a heading or a page say of the rows behind it."""
_TABLE = re.compile(r"<table\b([^>]*)>(.*?)</table>", re.DOTALL)
_HEAD = re.compile(r'<th scope="col"([^>]*)>')
_ROW = re.compile(r'<tr\b[^>]*\bdata-row="([^"]*)"[^>]*>(.*?)</tr>', re.DOTALL)
_SAYS = re.compile(r'\bdata-(\w+)="([^"]*)"')
_CELL, _MARK = re.compile(r"<t[hd]\b"), '<small class="m">'
Row = Mapping[str, Any]


def samples_are_marked(site: Path, judged: Container[str] = ()) -> Iterable[str]:
    """Each number of a row that sample data went into has its mark, and so has its caption."""
    record = site / "latest" / "release.json"
    if not record.exists() or json.loads(record.read_bytes())["provenance"] != "sample":
        return
    published = _Tables(site / "latest" / "formats")
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name not in judged and not name.startswith(("releases/", "latest/")):
            yield from (
                f"{name}: {line}" for line in _unmarked(path.read_text(encoding="utf-8"), published)
            )


def _unmarked(page: str, published: "_Tables") -> Iterator[str]:
    _, _, main = page.partition("<main ")
    period = dict(_SAYS.findall(main.partition(">")[0]))
    for attributes, body in _TABLE.findall(main):
        said = period | dict(_SAYS.findall(attributes))
        heads = [dict(_SAYS.findall(head)) for head in _HEAD.findall(body)]
        for key, cells in _ROW.findall(body) if "table" in said else ():
            for head, cell in zip(heads, _CELL.split(cells)[1:], strict=False):
                is_figure = "<data " in cell and "col" in head
                if is_figure and _MARK not in cell and published.is_sample(said | head, key):
                    yield f"{said['table']} {key}: {head['col']} is sample data and is not marked"
        if _MARK in body and 'class="mark"' not in body.partition("</caption>")[0]:
            yield "the caption of a table with sample figures does not say so"


class _Tables:
    """The published tables of a release, read when a page shows one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, list[Row]] = {}
        self._found: dict[tuple[tuple[str, str], ...], list[Row]] = {}

    def is_sample(self, said: Mapping[str, str], key: str) -> bool:
        """Whether every row that an address and a row's key can mean is a sample."""
        metric = said["col"].rpartition(".")[0]
        address = {_ADDRESS[name]: text for name, text in said.items() if name in _ADDRESS}
        address |= {"metric_code": metric} if metric else {}
        parts = set(key.split("|"))
        rows = [
            row
            for row in self._at(said["table"], address)
            if parts <= {str(value) for value in row.values()}
        ]
        return bool(rows) and all(row.get("provenance") == "sample" for row in rows)

    def _at(self, table: str, address: Mapping[str, str]) -> list[Row]:
        place = (("table", table), *sorted(address.items()))
        if place not in self._found:
            self._found[place] = [
                row
                for row in self._table(table)
                if all(str(row[name]) == text for name, text in address.items() if name in row)
            ]
        return self._found[place]

    def _table(self, name: str) -> list[Row]:
        if name not in self._rows:
            self._rows[name] = pq.read_table(self._folder / f"{name}.parquet").to_pylist()
        return self._rows[name]
