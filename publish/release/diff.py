"""What differs between two releases: rows, cells, columns, moves of rank, kinds of change.

Belongs here: comparing the releases' own files, in the columns that both have, and their versions.
Does not: why a value changed (``revisions``), choosing a version (``publish.model``), or the page
of it (``publish.site.pages.releases``). Today's declarations may differ from those of either
release, so the keys are those that the files themselves tell.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pyarrow as pa

from cchc_pipeline.contracts import Contract, contract_names, load_contract
from cchc_pipeline.core.errors import UsageError
from publish.model import Published, ReleaseId
from publish.package.formats import cell_text
from publish.release.comparison import Comparison, compare
from publish.store.store import Portal, stored_table

ChangeKind = Literal["first", "period", "correction", "schema"]
Tables = Mapping[str, pa.Table]
_RANKED = ("period", "basis", "unit_code", "metric_code", "rank")


@dataclass(frozen=True)
class CellDiff:
    """A cell of a row that both releases have; texts as in the CSV, empty for an empty cell."""

    table: str
    key: str
    column: str
    old: str
    new: str


@dataclass(frozen=True)
class TableDiff:
    """How a table differs, in rows and columns.

    Args:
        table: Its name.
        added: Rows that only the later release has.
        removed: Rows that only the earlier one has.
        changed: Rows of both that differ in a column that both have.
        columns_added: Columns that only the later release has.
        columns_removed: Columns that only the earlier one has.
        cells: The cells that differ.
        is_comparable: False if the keys differ, so that no row can be found again.
    """

    table: str
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    cells: tuple[CellDiff, ...] = ()
    is_comparable: bool = True

    @property
    def any(self) -> bool:
        """Whether there is a difference at all."""
        rows = self.added or self.removed or self.changed
        return bool(rows or self.columns_added or self.columns_removed) or not self.is_comparable


@dataclass(frozen=True)
class RankMove:
    """A unit whose rank by its total differs; None where it had or has none."""

    period: str
    basis: str
    unit_code: str
    unit_name: str
    old: int | None
    new: int | None


@dataclass(frozen=True)
class Diff:
    """How a release differs from an earlier one."""

    tables: tuple[TableDiff, ...]
    tables_added: tuple[str, ...]
    tables_removed: tuple[str, ...]
    rank_moves: tuple[RankMove, ...]

    @property
    def cells(self) -> tuple[CellDiff, ...]:
        """The cells that differ, in all tables."""
        return tuple(cell for table in self.tables for cell in table.cells)

    @property
    def any(self) -> bool:
        """Whether there is a difference at all."""
        return bool(self.tables_added or self.tables_removed) or any(t.any for t in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """The difference for scripts."""
        return {
            "tables": [
                {**_without(asdict(table), "cells"), "cells_changed": len(table.cells)}
                for table in self.tables
            ],
            "tables_added": list(self.tables_added),
            "tables_removed": list(self.tables_removed),
            "rank_moves": [asdict(move) for move in self.rank_moves],
            "cells": [asdict(cell) for cell in self.cells],
        }


def _without(mapping: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def diff_releases(old: Tables, new: Tables) -> Diff:
    """Compare the tables of two releases.

    Args:
        old: Those of the earlier release, as its Parquet files hold them.
        new: Those of the later one.
    """
    both = [name for name in new if name in old]
    return Diff(
        tuple(diff_tables(name, old[name], new[name]) for name in both),
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        tuple(_rank_moves(old, new)),
    )


def diff_tables(name: str, old: pa.Table, new: pa.Table) -> TableDiff:
    """Compare two states of a table in the columns that both have, volatile ones left out."""
    contract = load_contract(name) if name in contract_names() else None
    key = _key_of(new, contract)
    added = tuple(column for column in new.column_names if column not in old.column_names)
    removed = tuple(column for column in old.column_names if column not in new.column_names)
    if key != _key_of(old, contract) or not set(key) <= {*old.column_names} & {*new.column_names}:
        return TableDiff(name, new.num_rows, old.num_rows, 0, added, removed, is_comparable=False)
    left_out = {*key, *(f.name for f in contract.fields if f.volatile)} if contract else {*key}
    columns = [c for c in new.column_names if c in old.column_names and c not in left_out]
    compared = compare(*_alike(new, old), key, columns)
    change, cells = compared.change, tuple(_cells(compared, name, key, contract))
    return TableDiff(name, change.added, change.removed, change.revised, added, removed, cells)


def _cells(
    compared: Comparison, name: str, key: tuple[str, ...], contract: Contract | None
) -> Iterator[CellDiff]:
    for change in compared.row_changes(name):
        if change.before is None or change.after is None:
            continue
        pairs = (f"{column}={_text(change.row[column], column, contract)}" for column in key)
        place = ";".join(pairs)
        for column in change.columns:
            texts = (_text(row[column], column, contract) for row in (change.before, change.after))
            yield CellDiff(name, place, column, *texts)


def _key_of(table: pa.Table, contract: Contract | None) -> tuple[str, ...]:
    """The primary key that the file tells; else today's; else every column."""
    told = (table.schema.metadata or {}).get(b"tableSchema")
    if told:
        return tuple(json.loads(told).get("primaryKey", ()))
    return contract.primary_key if contract else tuple(table.column_names)


def _alike(new: pa.Table, old: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables with the same types, where a column's type was changed: as text if need be."""
    for column in (c for c in new.column_names if c in old.column_names):
        wanted, found = new.schema.field(column).type, old.schema.field(column).type
        if wanted == found:
            continue
        try:
            old = _replaced(old, column, old.column(column).cast(wanted))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            new = _replaced(new, column, _texts(new.column(column)))
            old = _replaced(old, column, _texts(old.column(column)))
    return new, old


def _replaced(table: pa.Table, column: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(column), column, values)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    values = [None if value is None else str(value) for value in column.to_pylist()]
    return pa.array(values, pa.string())


def _text(value: Any, column: str, contract: Contract | None) -> str:
    """A cell's text; a column that is declared no more is written as it comes."""
    names = {field.name for field in contract.fields} if contract else set()
    if contract is not None and column in names:
        return cell_text(value, contract.field(column))
    return "" if value is None else str(value)


def _rank_moves(old: Tables, new: Tables) -> Iterator[RankMove]:
    """The units whose rank by the total differs, within each period and basis of both."""
    if not all(_has_ranks(tables) for tables in (old, new)):
        return
    before, after = _ranks(old["scores"]), _ranks(new["scores"])
    names = _unit_names(new)
    for place in sorted(before.keys() & after.keys()):
        if before[place] != after[place]:
            name = names.get(place[2], "")
            yield RankMove(*place, name, before[place], after[place])


def _has_ranks(tables: Tables) -> bool:
    return "scores" in tables and set(_RANKED) <= set(tables["scores"].column_names)


def _ranks(scores: pa.Table) -> dict[tuple[str, str, str], int | None]:
    rows = scores.select(list(_RANKED)).to_pylist()
    return {
        (row["period"], row["basis"], row["unit_code"]): row["rank"]
        for row in rows
        if row["metric_code"] == "TOTAL"
    }


def _unit_names(tables: Tables) -> dict[str, str]:
    units = tables.get("units")
    if units is None or not {"unit_code", "name_vi"} <= set(units.column_names):
        return {}
    return {row["unit_code"]: row["name_vi"] for row in units.to_pylist()}


def diff_lines(diff: Diff, shown: int) -> Iterator[str]:
    """The difference for a terminal.

    Args:
        diff: The difference.
        shown: How many changed cells are listed.
    """
    yield from (f"{name}: new table" for name in diff.tables_added)
    yield from (f"{name}: published no more" for name in diff.tables_removed)
    for table in diff.tables:
        yield from _table_lines(table)
    for move in diff.rank_moves:
        ranks = f"{_or_none(move.old)} -> {_or_none(move.new)}"
        yield f"rank {move.period} {move.basis} {move.unit_code} {move.unit_name}: {ranks}"
    for cell in diff.cells[:shown]:
        yield f"{cell.table} {cell.key} {cell.column}: {_or_none(cell.old)} -> {_or_none(cell.new)}"
    if len(diff.cells) > shown:
        yield f"… and {len(diff.cells) - shown} more cells: see --json or --html"
    if not diff.any:
        yield "no difference"


def _table_lines(table: TableDiff) -> Iterator[str]:
    if not table.is_comparable:
        yield f"{table.table}: its key changed, so that no row can be found again"
    elif table.added or table.removed or table.changed:
        yield (
            f"{table.table}: rows {table.added} added, {table.removed} removed,"
            f" {table.changed} changed; {len(table.cells)} cells changed"
        )
    for sign, columns in (("new", table.columns_added), ("removed", table.columns_removed)):
        if columns:
            yield f"{table.table}: {sign} columns {', '.join(columns)}"


def _or_none(value: object) -> str:
    return "–" if value in (None, "") else str(value)


def find_release(portal: Portal, text: str) -> Published:
    """A release that was published, by its name.

    Raises:
        UsageError: There is none of that name.
    """
    wanted, known = ReleaseId.parse(text), portal.published()
    for release in known:
        if release.id == wanted:
            return release
    out = ", ".join(str(release.id) for release in known[-5:]) or "none"
    raise UsageError(f"{wanted} was never published", where=str(portal.root), todo=f"out: {out}")


def own_tables(release: Published, only: str | None = None) -> dict[str, pa.Table]:
    """The tables of a release as its own Parquet files hold them.

    Args:
        release: The release.
        only: The name of the one table that is wanted; all if None.
    """
    paths = sorted((release.folder / "formats").glob("*.parquet"))
    return {path.stem: stored_table(path) for path in paths if only in (None, path.stem)}


def change_kinds(releases: Sequence[Published]) -> Mapping[ReleaseId, ChangeKind]:
    """The kind of each release, given all in the order of publication."""
    found: dict[ReleaseId, ChangeKind] = {}
    seen: list[str] = []
    for release in releases:
        found[release.id] = _kind(release.version, seen)
        seen.append(release.version)
    return found


def _kind(version: str, earlier: Sequence[str]) -> ChangeKind:
    """A release may follow another than the last one, if that was taken back in between."""
    if not earlier:
        return "first"
    major, minor, patch = version.split(".")
    if patch != "0":
        return "correction"
    return "period" if minor != "0" or any(v.split(".")[0] == major for v in earlier) else "schema"
