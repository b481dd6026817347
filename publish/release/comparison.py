"""A draft beside the release before it: what changed, and which release changed it last.

Belongs here: what a candidate is; comparing tables by their keys, column by column; the stamp on
each row. Does not: the reasons for a change (``revisions``), the gates (``publish.gates.gates``),
or the files (``publish.portal.publication``).

Only what differs leaves the columns of arrow: a table of many months mostly stays as it was.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import Contract
from publish.model import Draft, Published, TableChange
from publish.package.signature import Signer
from publish.store.reading import DraftPackage, Subject

_NEW, _OLD = "row in the new table", "row in the old table"
"""Names of helper columns; a blank keeps them apart from those of any table."""


@dataclass(frozen=True)
class Terms:
    """The rules of publishing of an installation: one value from its settings to the gates.

    Args:
        production: Whether the portal is the city's real one, which refuses sample data.
        threshold: Fewer dossiers than this are not shown apart.
        revision_limit: The share of a year's published values that may be revised unasked.
        signer: Who signs; None where releases are not signed.
    """

    production: bool
    threshold: int
    revision_limit: Decimal = Decimal("0.25")
    signer: Signer | None = None


@dataclass(frozen=True)
class Candidate:
    """A draft with the bytes that it would publish, and the moment at which it is judged.

    ``folder`` holds the same bytes as files, for the checks that read a package from disk;
    ``shown`` are the releases that the portal shows already.
    """

    draft: Draft
    files: Mapping[str, bytes]
    folder: Path
    now: datetime
    terms: Terms
    shown: tuple[Published, ...] = ()

    @cached_property
    def package(self) -> DraftPackage:
        """Its files and tables, as the checks read them that what is out must pass too."""
        subject = Subject(str(self.draft.id), self.folder)
        return DraftPackage(subject, self.files, self.draft.tables)


@dataclass(frozen=True)
class RowChange:
    """A row that is not as before.

    Args:
        table: Its table.
        before: The row as it was; None if it is new.
        after: The row as it is; None if it is gone.
        columns: The columns of the cells that changed, keys excepted.
    """

    table: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    columns: tuple[str, ...]

    @property
    def row(self) -> Mapping[str, Any]:
        """The row as it is, or as it was if it is gone; its key is the same in both."""
        return self.after if self.after is not None else self.before or {}


@dataclass(frozen=True)
class Comparison:
    """Two states of a table, row by row; the numbers are positions of rows.

    Args:
        new: The later state.
        old: The earlier state.
        columns: The columns that were compared, keys excepted.
        added: Rows of ``new`` whose key is not in ``old``.
        removed: Rows of ``old`` whose key is not in ``new``.
        same: Rows of both that are alike, as pairs.
        revised: Rows of both that differ, as pairs.
        cells: For each compared column, which of the revised rows differ in it.
    """

    new: pa.Table
    old: pa.Table
    columns: tuple[str, ...]
    added: Sequence[int]
    removed: Sequence[int]
    same: Sequence[tuple[int, int]]
    revised: Sequence[tuple[int, int]]
    cells: Mapping[str, Sequence[bool]]

    @property
    def change(self) -> TableChange:
        """How the states differ, in rows."""
        return TableChange(len(self.added), len(self.revised), len(self.removed))

    def row_changes(self, table: str) -> Iterator[RowChange]:
        """The rows that differ: revised, new, gone. Empty cells of a new or gone row are none."""
        after = _rows(self.new, [new for new, _ in self.revised])
        before = _rows(self.old, [old for _, old in self.revised])
        for number, (was, now) in enumerate(zip(before, after, strict=True)):
            changed = tuple(name for name in self.columns if self.cells[name][number])
            yield RowChange(table, was, now, changed)
        for row in _rows(self.new, self.added):
            yield RowChange(table, None, row, self._filled(row))
        for row in _rows(self.old, self.removed):
            yield RowChange(table, row, None, self._filled(row))

    def _filled(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(name for name in self.columns if row[name] is not None)


def _rows(table: pa.Table, positions: Sequence[int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.take(pa.array(positions, pa.int64())).to_pylist()
    return rows


def comparable(contract: Contract, known: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The columns, keys excepted, whose cells can be compared with the release before.

    Args:
        contract: The table's contract; its volatile columns (capture times, the release itself)
            do not count.
        known: The columns that the release before had, with their types of Table Schema; None if
            they are as today. A column that is new, or of another type, has nothing before it.
    """
    values = [name for name in contract.value_columns if name not in contract.primary_key]
    if known is None:
        return tuple(values)
    return tuple(
        name
        for name in values
        if name in known and _kind(known[name]) == _kind(contract.field(name).type)
    )


def _kind(type_: str) -> str:
    """Types whose cells can be compared with each other have one name."""
    return {"integer": "number", "yearmonth": "string"}.get(type_, type_)


def compare(
    new: pa.Table, old: pa.Table | None, key: Sequence[str], columns: Iterable[str]
) -> Comparison:
    """Compare two states of a table.

    Args:
        new: The table of the draft.
        old: The same table of the release before, or None.
        key: The columns that tell its rows apart.
        columns: The other columns to compare; those that one of the states lacks are left out.
    """
    earlier = old if old is not None else new.schema.empty_table()
    names = tuple(c for c in columns if c in new.column_names and c in earlier.column_names)
    added, removed, pairs = _matched(new, earlier, key)
    left, right = new.take(pairs.column(_NEW)), earlier.take(pairs.column(_OLD))
    differing = {name: _differing(left.column(name), right.column(name)) for name in names}
    touched = [any(row) for row in zip(*differing.values(), strict=True)]
    both = list(zip(pairs.column(_NEW).to_pylist(), pairs.column(_OLD).to_pylist(), strict=True))
    touched = touched or [False] * len(both)
    return Comparison(
        new,
        earlier,
        names,
        added,
        removed,
        [pair for pair, is_touched in zip(both, touched, strict=True) if not is_touched],
        [pair for pair, is_touched in zip(both, touched, strict=True) if is_touched],
        {name: [d for d, t in zip(differing[name], touched, strict=True) if t] for name in names},
    )


def _matched(
    new: pa.Table, old: pa.Table, key: Sequence[str]
) -> tuple[list[int], list[int], pa.Table]:
    """The positions of new rows, of gone rows, and of rows that are in both, as pairs."""
    joined = _numbered(new, key, _NEW).join(
        _numbered(old.cast(_types_of(old, new, key)), key, _OLD),
        keys=list(key),
        join_type="full outer",
        use_threads=False,
    )
    in_new, in_old = (joined.column(name).is_valid() for name in (_NEW, _OLD))
    added = joined.filter(pc.invert(in_old)).column(_NEW).to_pylist()
    removed = joined.filter(pc.invert(in_new)).column(_OLD).to_pylist()
    pairs = joined.filter(pc.and_(in_new, in_old)).sort_by([(_NEW, "ascending")])
    return sorted(added), sorted(removed), pairs


def _numbered(table: pa.Table, key: Sequence[str], name: str) -> pa.Table:
    positions = pa.array(range(table.num_rows), pa.int64())
    return table.select(list(key)).append_column(name, positions)


def _types_of(old: pa.Table, new: pa.Table, key: Sequence[str]) -> pa.Schema:
    """The schema of ``old`` with the keys typed as in ``new``, so that they can meet."""
    return pa.schema(
        [new.schema.field(f.name) if f.name in key else f for f in old.schema],
    )


def _differing(one: pa.ChunkedArray, other: pa.ChunkedArray) -> list[bool]:
    """Where two columns differ; an empty cell equals an empty one only."""
    unequal = pc.fill_null(pc.not_equal(one, other), False)
    found: list[bool] = pc.or_(unequal, pc.xor(one.is_null(), other.is_null())).to_pylist()
    return found


def stamp(compared: Comparison, release: str) -> pa.Table:
    """The new table with its ``release`` column filled; one without it as it is.

    Args:
        compared: The draft's table and that of the release before.
        release: Stamped on each row that is not as before; the others keep what they had.
    """
    new = compared.new
    if "release" not in new.column_names:
        return new
    inherited = compared.old.column("release").to_pylist() if compared.same else []
    stamps = [release] * new.num_rows
    for position, earlier in compared.same:
        stamps[position] = inherited[earlier] or release
    place = new.column_names.index("release")
    field = new.schema.field(place)
    return new.set_column(place, field, pa.array(stamps, field.type))
