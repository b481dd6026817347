"""Simulated dossiers as rows, with their texts.

Belongs here: the columns that every form of export shares, and putting texts together column by
column. Does not: where the values come from (``offer``, ``details``), or files (``sample``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.simulation.draws import Bools, Ints
from cchc_pipeline.simulation.offer import EMPTY, Course, Reception
from cchc_pipeline.simulation.office_days import DAY
from cchc_pipeline.simulation.profile import PersonalColumn

UNREADABLE = EMPTY + 1
FEES = ("Gia", "Gia2")
SUPPLEMENTS = (1, 2)
DUE_FIELDS = ("NgayHenTra", "NgayHenTraMoi")
_COUNTER_DIGITS = 4  # of a dossier code, at least
_EPOCH = date(1970, 1, 1).toordinal()


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


def texts_of(reception: Reception, course: Course, root: str) -> dict[str, pa.Array]:
    """Every text column of the record, and the personal columns that real exports have."""
    profile, procedures = reception.profile, reception.procedures
    field = procedures.fields[course.procedure]
    empty = reception.draws.below("field", course.index, profile.details.field_empty)
    personal = {
        name: _artificial(column, course.index) for name, column in profile.personal.items()
    }
    return {
        "MaHoSo": dossier_codes(reception, course),
        "MaTTHC": _procedure_codes(reception, course, root),
        "TenTTHC": picked(procedures.names, course.procedure),
        "MaLinhVuc": picked(procedures.field_codes, field, empty),
        "TenLinhVuc": picked(procedures.field_names, field, empty),
        "DonViXuLy": picked([unit.code for unit in reception.offer.units], course.unit),
        "DuLieuMau": pa.repeat(pa.scalar(profile.mark), len(course.index)),
        **personal,
    }


def picked(names: Iterable[str], places: Ints, empty: Bools | None = None) -> pa.Array:
    """The name at each place, null where ``empty``."""
    return pa.array(list(names), pa.string()).take(pa.array(places, mask=empty))


def dossier_codes(reception: Reception, course: Course) -> pa.Array:
    """``H24.M16-240115-0001`` or ``000.00.16.H24-240115-0001``: unit, day of reception, counter.

    Every other unit has the longer form if its number is two digits, as that form asks. The
    counter is that of the month over all units.
    """
    prefixes = [_prefix(unit.code, at % 2 == 0) for at, unit in enumerate(reception.offer.units)]
    return pc.binary_join_element_wise(
        picked(prefixes, course.unit),
        day_texts(course.received // DAY, "%y%m%d"),
        _padded(course.index + 1, _COUNTER_DIGITS),
        "-",
    )


def _prefix(code: str, is_long: bool) -> str:
    root, _, number = code.partition(".")
    is_plain = len(number) == 2 and number.isdigit()
    return f"000.00.{number}.{root}" if is_long and is_plain else code


def _procedure_codes(reception: Reception, course: Course, root: str) -> pa.Array:
    """Codes of procedures, some with the local suffix of the root."""
    share = reception.profile.details.local_suffix
    local = reception.draws.below("suffix", course.index, share).astype(np.int64)
    suffix = picked(["", reception.profile.suffix.format(root=root)], local)
    codes = picked(reception.procedures.codes, course.procedure)
    return pc.binary_join_element_wise(codes, suffix, "")


def day_texts(days: Ints, form: str) -> pa.Array:
    """Days counted from 1970 as text; each different day is written once."""
    different, places = np.unique(days, return_inverse=True)
    return picked((date.fromordinal(int(d) + _EPOCH).strftime(form) for d in different), places)


def _padded(numbers: Ints, digits: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")


def _artificial(column: PersonalColumn, index: Ints) -> pa.Array:
    """A value with a number in it that no person has."""
    before, _, after = column.form.partition("{number}")
    return pc.binary_join_element_wise(before, _padded(index, column.digits), after, "")
