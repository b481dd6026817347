"""The procedure catalogue: from rows of text to procedures with one code each.

Belongs here: judging the rows of ``tthc*`` files. Does not: opening files (``readers``), or
the targets taken from the catalogue (``indicators.records``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import dataclass as typed_dataclass

from cchc_pipeline.core.data import NO_EXTRAS, load
from cchc_pipeline.core.period import Month
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
from cchc_pipeline.sources.records.values import (
    begins_like_formula,
    is_cell_error,
    read_code,
    read_coded,
    read_flag,
    read_procedure_code,
)

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances

TABLE = "procedures"
UNKNOWN_FIELD = "UNKNOWN"
_FLAGS = {
    "eligible": "DuDieuKienToanTrinh",
    "integrated": "TichHopDVCQG",
    "standardised": "ChuanHoa",
    "public": "CongKhai",
}
_TEXTS = ("TenTTHC", "MaLinhVuc", "TenLinhVuc")


@dataclass(frozen=True)
class Procedure:
    """One procedure of a month's catalogue; a flag is None where the source does not say.

    Attributes:
        code: Without its local suffix.
        level: Codes of the levels that carry it out, joined by ";".
        service_level: 4 fully online, 3 partly, 2 information only.
        in_force: False only where the source says that it no longer applies.
    """

    file: str
    row: int
    code: str
    name_vi: str
    field_code: str
    field_name: str | None
    level: str | None
    service_level: int | None
    eligible: bool | None
    integrated: bool | None
    standardised: bool | None
    public: bool | None
    in_force: bool

    @property
    def unit_code(self) -> str | None:
        """A procedure is no unit's: several carry it out."""
        return None

    @property
    def fully_online(self) -> bool | None:
        """Whether it is offered fully online."""
        return None if self.service_level is None else self.service_level == 4

    def as_row(self, month: Month) -> dict[str, Any]:
        """The row of ``procedure_catalogue``."""
        placed = {"file", "row", "code"}
        said = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in placed}
        return {"period": str(month), "procedure_code": self.code, **said}


def procedures_from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Procedure, ...]:
    """The procedures that rows of ``procedure_catalogue`` hold."""
    names = [f.name for f in fields(Procedure) if f.name not in ("file", "row", "code")]
    return tuple(
        Procedure("", 0, row["procedure_code"], **{name: row[name] for name in names})
        for row in rows
    )


def read_procedures(about: "Circumstances") -> Reading:
    """The month's procedure catalogue."""
    return reading_of_rows(TABLE, about, judge_procedures)


def judge_procedures(rows: Iterable[RecordRow]) -> Judged[Procedure]:
    """Judge a month's catalogue, all files together.

    Codes with and without their local suffix are one. The units that carry a procedure out are not
    kept, so that rows which differ by unit alone collapse; other contradictions are set aside.
    """
    return judge_rows(rows, _judge, _once_a_code())


def _once_a_code() -> Repetition[Procedure]:
    return Repetition(
        TABLE,
        key=lambda procedure: procedure.code,
        content=lambda procedure: tuple(procedure.as_row(Month(1, 1)).items()),
        fault=lambda procedure: Fault("CODE_CONTRADICTS", "MaTTHC", procedure.code),
    )


def _judge(row: RecordRow) -> tuple[Procedure | None, None, list[Fault]]:
    if row.fault is not None:
        return None, None, [unreadable_line(row.fault)]
    faults = list(_text_faults(row))
    code = _procedure_code(row)
    flags = {
        name: read_cell(row, column, read_flag, "FLAG_UNREADABLE", faults)
        for name, column in _FLAGS.items()
    }
    level = _levels(row, faults)
    read_level = partial(read_coded, "MucDo")
    service_level = read_cell(row, "MucDo", read_level, "SERVICE_LEVEL_UNKNOWN", faults)
    read_state = partial(read_code, codes=catalogue_rules().states)
    state = read_cell(row, "TrangThai", read_state, "STATE_UNKNOWN", faults)
    if code is None or faults:
        return None, None, faults
    return Procedure(
        row.file, row.row, code, row.text("TenTTHC"),
        row.text("MaLinhVuc") or UNKNOWN_FIELD, row.text("TenLinhVuc") or None,
        level, service_level, **flags, in_force=state != "inactive",
    ), None, []  # fmt: skip


def _text_faults(row: RecordRow) -> Iterator[Fault]:
    code = row.text("MaTTHC")
    if not code:
        yield Fault("CODE_MISSING", "MaTTHC")
    elif _procedure_code(row) is None:
        yield Fault("CODE_MALFORMED", "MaTTHC", code)
    if not row.text("TenTTHC"):
        yield Fault("NAME_MISSING", "TenTTHC")
    for name in _TEXTS:
        if begins_like_formula(row.text(name)):
            yield Fault("TEXT_LIKE_FORMULA", name)
    for name in (*_TEXTS, "DuLieuMau"):
        if is_cell_error(row.text(name)):
            yield Fault("CELL_ERROR", name, row.text(name))


def _procedure_code(row: RecordRow) -> str | None:
    try:
        return read_procedure_code(row.text("MaTTHC"))
    except ValueError:
        return None


def _levels(row: RecordRow, faults: list[Fault]) -> str | None:
    found = []
    for part in filter(None, (part.strip() for part in re.split("[;,/]", row.text("CapThucHien")))):
        try:
            found.append(read_code(part, catalogue_rules().levels))
        except ValueError:
            faults.append(Fault("LEVEL_UNKNOWN", "CapThucHien", part))
    order = list(catalogue_rules().levels)
    return ";".join(sorted(set(found), key=order.index)) or None


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class Share:
    """Which procedures a target is about, and what they must be, by properties of a procedure."""

    among: tuple[str, ...]
    met: tuple[str, ...]


@typed_dataclass(frozen=True, config=NO_EXTRAS)
class CatalogueRules:
    """The content of ``schemas/forms/procedures.yaml``: words by code, targets, a note."""

    levels: dict[str, list[str]]
    states: dict[str, list[str]]
    task_note: str
    targets: Mapping[str, Share]


@cache
def catalogue_rules() -> CatalogueRules:
    """How a catalogue is read, and which targets it answers.

    Raises:
        SchemaDataError: The data are not usable.
    """
    return load(CatalogueRules, "forms/procedures.yaml")
