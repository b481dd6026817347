"""Extracts: the rows and facts that one page is made from, and nothing else.

Belongs here: cutting the tables of a release by period, unit or metric, and the digest of what was
cut. Does not: choosing what a page shows (a module for each kind of page), or keeping pages.

A page is a function of its extract. Equal extracts make equal pages, so that a page whose extract
did not change since the last release need not be rendered again.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.period import Month
from publish.model import Draft, Identity
from publish.release.approval import speaks

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Extract:
    """What a page is made from.

    Args:
        tables: The rows that it may show, by table.
        identity: Who publishes.
        more: Other facts, as plain values that JSON knows.
    """

    tables: Mapping[str, pa.Table]
    identity: Identity
    more: Mapping[str, Any] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, in its order."""
        found: list[Row] = self.tables[table].to_pylist()
        return found

    @property
    def is_sample(self) -> bool:
        """Whether the release that it was cut from holds sample data."""
        return bool(self.more.get("is_sample"))

    @property
    def digest(self) -> str:
        """SHA-256 of everything that the page can see."""
        plain = json.dumps([vars(self.identity), self.more], sort_keys=True, ensure_ascii=False)
        found = hashlib.sha256(plain.encode())
        for name, table in sorted(self.tables.items()):
            found.update(name.encode())
            found.update(_digest(table))
        return found.hexdigest()


def _digest(table: pa.Table) -> bytes:
    """Of the rows alone: taken out anew, they carry nothing of what they were cut from."""
    rows = table.combine_chunks().take(pa.array(np.arange(table.num_rows)))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return hashlib.sha256(sink.getbuffer()).digest()


class Figures:
    """The tables of a release, each cut once and handed out in parts."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._cut = cache(self._cut_by)

    @property
    def months(self) -> tuple[Month, ...]:
        """The periods of the release, oldest first."""
        return tuple(sorted(self.draft.periods))

    @cached_property
    def newest(self) -> Month:
        """The newest month with figures; the newest of all if none has any."""
        told = (m for m in reversed(self.months) if speaks(self.of_months("submissions", m)))
        return next(told, self.months[-1])

    @property
    def root(self) -> str:
        """The code of the unit that publishes."""
        return self.draft.identity.root_unit

    def whole(self, table: str) -> pa.Table:
        """A table as it is published."""
        return self.draft.tables[table]

    def part(self, table: str, column: str, value: str) -> pa.Table:
        """The rows of a table with a value in a column, in the table's order."""
        return self._cut(table, column).get(value, self.whole(table).slice(0, 0))

    def of_months(self, table: str, *months: Month) -> pa.Table:
        """The rows of some periods."""
        return pa.concat_tables([self.part(table, "period", str(month)) for month in months])

    def values(self, table: str, column: str) -> tuple[str, ...]:
        """The values that a column has, in order."""
        return tuple(sorted(self._cut(table, column)))

    def extract(self, tables: Mapping[str, pa.Table], **more: Any) -> Extract:
        """An extract of these tables, with what every page of this release knows."""
        return Extract(tables, self.draft.identity, {**self._of_all, **more})

    @cached_property
    def _of_all(self) -> Mapping[str, Any]:
        return {"is_sample": self.draft.is_sample}

    def _cut_by(self, table: str, column: str) -> Mapping[str, pa.Table]:
        whole = self.whole(table)
        ordered = whole.take(pc.sort_indices(whole, [(column, "ascending")])).combine_chunks()
        return dict(_runs(ordered, column))


def _runs(ordered: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The stretches of equal values of a column by which a table is ordered."""
    counts = ordered.column(column).value_counts()
    start = 0
    for entry in counts.to_pylist():
        yield entry["values"], ordered.slice(start, entry["counts"])
        start += entry["counts"]
