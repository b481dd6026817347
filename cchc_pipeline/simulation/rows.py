"""Rows of an export before they take the form of a file.

Belongs here: the columns that every form renders. Does not: where their values come from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cchc_pipeline.simulation.course import EMPTY
from cchc_pipeline.simulation.draws import Bools, Ints

UNREADABLE = EMPTY + 1
FEES = ("Gia", "Gia2")
SUPPLEMENTS = (1, 2)
DUE_FIELDS = ("NgayHenTra", "NgayHenTraMoi")


@dataclass(frozen=True)
class Rows:
    """Some rows, column by column.

    Attributes:
        texts: Arrow strings under the names of the record's fields, null where empty.
        codes: Whole numbers, ``EMPTY`` where there is none; fees stand under ``FEES``.
        moments: Seconds of city time, ``EMPTY`` or ``UNREADABLE``; of supplement n also
            ``NgayBoSung.n``, ``NgayTiepNhanBoSung.n``, ``NgayHenTraTruoc.n``, ``NgayHenTraMoi.n``.
        due_is_day: Whether a row's due moments are days without a time.
    """

    texts: Mapping[str, pa.Array]
    codes: Mapping[str, Ints]
    moments: Mapping[str, Ints]
    due_is_day: Bools

    def __len__(self) -> int:
        return len(self.due_is_day)

    def is_day(self, name: str) -> Bools:
        """Where a moment is a day without a time."""
        due = name.partition(".")[0] in (*DUE_FIELDS, "NgayHenTraTruoc")
        return self.due_is_day if due else np.zeros(len(self), dtype=np.bool_)

    def fee_total(self) -> Ints:
        """The sum of a row's fees."""
        total: Ints = np.sum([np.where(self.codes[f] == EMPTY, 0, self.codes[f]) for f in FEES], 0)
        return total

    def last_new_due(self) -> Ints:
        """The last new due moment, ``EMPTY`` without supplements."""
        first, second = (self.moments[f"NgayHenTraMoi.{n}"] for n in SUPPLEMENTS)
        return np.where(second == EMPTY, first, second)


def joined(rows: "list[Rows]") -> Rows:
    """Rows below one another."""
    first = rows[0]

    def stacked(of: Callable[[Rows], Mapping[str, Any]]) -> dict[str, Ints]:
        return {name: np.concatenate([of(part)[name] for part in rows]) for name in of(first)}

    return Rows(
        {name: pa.concat_arrays([part.texts[name] for part in rows]) for name in first.texts},
        stacked(lambda part: part.codes),
        stacked(lambda part: part.moments),
        np.concatenate([part.due_is_day for part in rows]),
    )
