"""Survey answers: an invented source, from rows of text to answers that can be counted.

Belongs here: judging the rows of ``khao-sat*`` files. Does not: opening files, or counting.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import UnitTexts
from cchc_pipeline.sources.records.rows import (
    Fault,
    Judged,
    Quarantined,
    Reading,
    RecordRow,
    Repetition,
    reading_of_rows,
    set_row_aside,
    unreadable_line,
    without_repetitions,
)
from cchc_pipeline.sources.records.values import read_coded

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances

TABLE = "surveys"


@dataclass(frozen=True)
class Answer:
    """One answer; its code stays behind."""

    file: str
    row: int
    code: str
    unit_code: str
    rating: int

    def as_row(self, month: Month) -> dict[str, Any]:
        """The row of the table ``surveys``."""
        said = {key: value for key, value in self.__dict__.items() if key != "code"}
        return {"period": str(month), **said}


def read_surveys(about: "Circumstances") -> Reading:
    """The month's answers."""
    units = UnitTexts(about.register, about.root, about.month)
    return reading_of_rows(TABLE, about, lambda rows: judge_answers(rows, units))


def judge_answers(rows: Iterable[RecordRow], units: UnitTexts) -> Judged[Answer]:
    """Judge a month's answers, all files together."""
    accepted: list[Answer] = []
    set_aside: list[Quarantined] = []
    count = 0
    for row in rows:
        count += 1
        unit, rating = _unit(row.text("DonVi"), units), _rating(row.text("MucDoHaiLong"))
        faults = list(_faults(row, unit, rating))
        if unit is None or rating is None or faults:
            set_aside += set_row_aside(TABLE, row, unit, faults)
        else:
            accepted.append(Answer(row.file, row.row, row.text("MaPhieu"), unit, rating))
    once = Repetition[Answer](
        TABLE,
        key=lambda answer: answer.code,
        content=lambda answer: (answer.unit_code, answer.rating),
        fault=lambda _: Fault("CODE_REPEATED", "MaPhieu"),
    )
    return without_repetitions(count, accepted, set_aside, once)


def _faults(row: RecordRow, unit: str | None, rating: int | None) -> Iterator[Fault]:
    if row.fault is not None:
        yield unreadable_line(row.fault)
        return
    if not row.text("MaPhieu"):
        yield Fault("CODE_MISSING", "MaPhieu")
    if unit is None:
        yield Fault("UNIT_UNKNOWN", "DonVi", row.text("DonVi"))
    if rating is None:
        yield Fault("RATING_UNREADABLE", "MucDoHaiLong", row.text("MucDoHaiLong"))


def _unit(text: str, units: UnitTexts) -> str | None:
    holder = units.holder(text)
    return holder.code if holder and holder.succession is None else None


def _rating(text: str) -> int | None:
    try:
        return read_coded("MucDoHaiLong", text)
    except ValueError:
        return None
