"""What a release, or one that would go out, changed against the one before it.

Belongs here: rows and revised cells by table, the biggest revisions, from the release's own record
and log. Does not: finding the changes (``publish.release.comparison``, ``revisions``), every cell
of two releases (``publish.release.diff``), or words (``cchc_pipeline.cli.run_summary``).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from publish.model import CODE_LISTS, RECORD, REVISIONS, Draft, Published
from publish.release.diff import own_tables

_NAMED = {"unit_code": "units", "metric_code": "metrics"}
"""The columns of a key whose codes have names in a published list."""
_LARGEST = 20
"""How many of the biggest revisions a summary names."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Revision:
    """A published cell that changed: its key with the names of codes, and both values as texts.

    ``old`` is empty where there was no value, ``new`` where there is none any more.
    """

    table: str
    key: str
    names: tuple[str, ...]
    column: str
    old: str
    new: str
    reason_code: str | None


@dataclass(frozen=True)
class ReleaseSummary:
    """What a release changed.

    Attributes:
        release: Its id.
        previous: The release before it; None if it is the first.
        version: Its version.
        rows_added: Rows of the monthly tables that the one before did not have.
        revised_cells: The published cells that changed, by table, most first.
        largest: The biggest of them, the city's own first.
    """

    release: str
    previous: str | None
    version: str
    rows_added: int
    revised_cells: Mapping[str, int]
    largest: tuple[Revision, ...]


def summary_of_published(release: Published, root: str) -> ReleaseSummary:
    """The summary of a release that is out.

    Args:
        release: The release.
        root: The city's code.
    """
    record = json.loads((release.folder / RECORD).read_text(encoding="utf-8"))
    tables = {
        name: own_tables(release, name)[name] for name in (REVISIONS, *sorted(_NAMED.values()))
    }
    return _summary(record, tables, root)


def summary_of_draft(draft: Draft, root: str) -> ReleaseSummary:
    """The summary of a release that would go out; arguments as for one that is."""
    return _summary(draft.record(), draft.tables, root)


def _summary(
    record: Mapping[str, Any], tables: Mapping[str, pa.Table], root: str
) -> ReleaseSummary:
    log = tables[REVISIONS]
    rows = log.filter(pc.equal(log.column("release"), record["id"])).to_pylist()
    names = {column: _names(tables[table], column) for column, table in _NAMED.items()}
    largest = sorted(rows, key=lambda row: _weight(row, root), reverse=True)[:_LARGEST]
    return ReleaseSummary(
        record["id"],
        record["previous"],
        record["version"],
        _rows_added(record["changes"]),
        dict(Counter(row["table"] for row in rows).most_common()),
        tuple(_revision(row, names) for row in largest),
    )


def _rows_added(changes: Mapping[str, Mapping[str, int]]) -> int:
    """New rows of figures; entries of lists and of the log are none."""
    left_out = {*CODE_LISTS, REVISIONS}
    return sum(change["added"] for name, change in changes.items() if name not in left_out)


def _names(table: pa.Table, column: str) -> dict[str, str]:
    return {row[column]: row["name_vi"] for row in table.select([column, "name_vi"]).to_pylist()}


def _weight(row: Row, root: str) -> tuple[bool, float, float]:
    """How much a reader should hear of a revision first: the city's own, then the largest change.

    A change is measured against the larger of both values, so that a count and a score compare; a
    value that came or went counts as whole.
    """
    is_root = _key(row["key"]).get("unit_code") == root
    old, new = (_number(row[name]) for name in ("old_value", "new_value"))
    if old is None and new is None:
        return is_root, 0.0, 0.0
    distance, largest = abs((new or 0) - (old or 0)), max(abs(old or 0), abs(new or 0))
    return is_root, distance / largest if largest else 0.0, distance


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _key(text: str) -> dict[str, str]:
    """The pairs of a key; one without a column's name is part of the value before it."""
    pairs: dict[str, str] = {}
    for part in text.split(";"):
        name, mark, value = part.partition("=")
        if mark:
            pairs[name] = value
    return pairs


def _told(table: str, column: str, value: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """A part of a key by its name, in Vietnamese as every name here; a number or month as it is."""
    if column == "table":
        return load_contract(value).title.vi
    codes = {code.code: code.name.vi for code in load_contract(table).field(column).codes}
    return names.get(column, codes).get(value, value)


def _revision(row: Row, names: Mapping[str, Mapping[str, str]]) -> Revision:
    told = tuple(_told(row["table"], *part, names) for part in _key(row["key"]).items())
    return Revision(
        row["table"], row["key"], told, row["column"], row["old_value"] or "",
        row["new_value"] or "", row["reason_code"],
    )  # fmt: skip
