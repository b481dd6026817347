"""Petitions (phản ánh, kiến nghị): from rows of text to petitions that can be counted.

Belongs here: judging the rows of ``phan-anh*`` files. Does not: opening files, or counting
(``indicators.records``). The record is believed; the rules follow those of dossiers
(domain: section 5.1). Neither the petition's code nor anything that people wrote passes on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import NameHolder, UnitRegister, UnitTexts
from cchc_pipeline.sources.records.rows import (
    Fault,
    Judged,
    Reading,
    RecordRow,
    Repetition,
    judge_rows,
    read_cell,
    reading_of_rows,
    unreadable_line,
)
from cchc_pipeline.sources.records.values import Moment, is_cell_error, read_coded, read_moment

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances

TABLE = "petitions"
_MOMENTS = {"received": "NgayTiepNhan", "due": "HanXuLy", "answered": "NgayTraLoi"}
_RATING = "MucDoHaiLong"


@dataclass(frozen=True)
class Petition:
    """One petition, by the city's clock; a due day without a time ends at 23:59:59."""

    file: str
    row: int
    code: str
    unit_code: str
    received_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    rating: int | None

    def as_row(self, month: Month) -> dict[str, Any]:
        """The row of the table ``petitions``, without the code."""
        said = {key: value for key, value in self.__dict__.items() if key != "code"}
        return {"period": str(month), **said}


def petitions_from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Petition, ...]:
    """The petitions that rows of the table ``petitions`` hold."""
    return tuple(
        Petition(code="", **{key: value for key, value in row.items() if key != "period"})
        for row in rows
    )


def read_petitions(about: "Circumstances") -> Reading:
    """The month's petitions."""

    def judge(rows: Iterable[RecordRow]) -> Judged[Petition]:
        return judge_petitions(rows, about.month, about.register, about.root)

    return reading_of_rows(TABLE, about, judge)


def judge_petitions(
    rows: Iterable[RecordRow], month: Month, register: UnitRegister, root: str
) -> Judged[Petition]:
    """Judge a month's petitions, all files together.

    Args:
        rows: The rows: every petition that was open at some time in the month.
        month: The month.
        register: The units.
        root: The root unit; it and the units below it may answer petitions.
    """
    units = UnitTexts(register, root, month, with_root=True)
    known: dict[str, NameHolder] = {}

    def judge(row: RecordRow) -> tuple[Petition | None, str | None, list[Fault]]:
        said = row.text("DonViXuLy")
        if said not in known:
            known[said] = units.holder(said) or NameHolder(None)
        petition, faults = _judge(row, month, known[said])
        return petition, known[said].code, faults

    return judge_rows(rows, judge, _once_a_code())


def _once_a_code() -> Repetition[Petition]:
    return Repetition(
        TABLE,
        key=lambda petition: petition.code,
        content=lambda p: (p.unit_code, p.received_at, p.due_at, p.answered_at, p.rating),
        fault=lambda _: Fault("CODE_REPEATED", "MaPhanAnh"),
    )


def _judge(row: RecordRow, month: Month, holder: NameHolder) -> tuple[Petition | None, list[Fault]]:
    if row.fault is not None:
        return None, [unreadable_line(row.fault)]
    unit_code, faults = holder.code, list(_code_faults(row))
    if holder.succession is not None:
        said = (("succession", holder.succession),)
        faults.append(Fault("UNIT_NOT_VALID", "DonViXuLy", row.text("DonViXuLy"), said))
    elif unit_code is None:
        faults.append(Fault("UNIT_UNKNOWN", "DonViXuLy", row.text("DonViXuLy")))
    moments = {
        name: read_cell(row, column, read_moment, "DATE_UNREADABLE", faults)
        for name, column in _MOMENTS.items()
    }
    rating = read_cell(row, _RATING, partial(read_coded, _RATING), "RATING_UNREADABLE", faults)
    received = moments["received"]
    if not row.text("NgayTiepNhan"):
        faults.append(Fault("RECEIVED_MISSING", "NgayTiepNhan"))
    if received is not None:
        faults += _contradictions(received, moments["due"], moments["answered"], month)
    if received is None or unit_code is None or faults:
        return None, faults
    due, answered = moments["due"], moments["answered"]
    return Petition(
        row.file, row.row, row.text("MaPhanAnh"), unit_code, received.at,
        due.as_due if due else None, answered.at if answered else None, rating,
    ), []  # fmt: skip


def _code_faults(row: RecordRow) -> Iterator[Fault]:
    code = row.text("MaPhanAnh")
    if not code:
        yield Fault("CODE_MISSING", "MaPhanAnh")
    for name in ("MaPhanAnh", "DuLieuMau"):
        if is_cell_error(row.text(name)):
            yield Fault("CELL_ERROR", name, row.text(name))


def _contradictions(
    received: Moment, due: Moment | None, answered: Moment | None, month: Month
) -> list[Fault]:
    start, end = (moment.replace(tzinfo=None) for moment in (month.start, month.end))
    broken = {
        ("DUE_BEFORE_RECEIVED", "HanXuLy"): due is not None and due.before(received),
        ("ANSWERED_BEFORE_RECEIVED", "NgayTraLoi"): (
            answered is not None and answered.before(received)
        ),
        ("RECEIVED_AFTER_PERIOD", "NgayTiepNhan"): received.at >= end,
        ("ANSWERED_BEFORE_PERIOD", "NgayTraLoi"): answered is not None and answered.at < start,
    }
    return [Fault(rule, column) for (rule, column), is_broken in broken.items() if is_broken]
