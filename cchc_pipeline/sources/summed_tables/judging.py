"""Summed tables judged: every row by its identities, every table by its total.

Belongs here: from found tables to the figures of units, faults, and files that are refused. Does
not: finding a table (``tables``), or which units need one: those without dossiers of the month
(``indicators.dossier_statistics``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.scratch import scratch_folder
from cchc_pipeline.registers.units import UnitTexts
from cchc_pipeline.sources.readers.unpacking import unpack
from cchc_pipeline.sources.readers.upload_schema import file_rules, load_upload_schema
from cchc_pipeline.sources.records.rows import (
    SAMPLE_MARK,
    Fault,
    Judged,
    Reading,
    RecordRow,
    Repetition,
    judge_rows,
    reading_of,
)
from cchc_pipeline.sources.records.values import read_number
from cchc_pipeline.sources.summed_tables.layout import summed_layout
from cchc_pipeline.sources.summed_tables.tables import SummedRow, SummedTable, tables_in

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances

SOURCE = "dossier_summaries"
FIGURES = (
    "carried_over", "received", "received_direct", "received_online", "received_postal",
    "fully_online", "finished", "early", "on_time", "late", "open_in_time", "open_overdue",
)  # fmt: skip
"""What of dossier_statistics a summed table can tell."""
_FORM = "form"
Figures = Mapping[str, int | None]


@dataclass(frozen=True)
class Summary:
    """What a summed table tells of a unit; a figure that it does not tell is None."""

    file: str
    row: int
    unit_code: str
    form: str
    figures: tuple[tuple[str, int | None], ...]
    provenance: str

    def as_row(self, month: Month) -> dict[str, Any]:
        """The row of ``dossier_summaries``."""
        told = {"unit_code": self.unit_code, "form": self.form, "provenance": self.provenance}
        return {"period": str(month), **told, **dict(self.figures)}


def read_summaries(about: "Circumstances") -> Reading:
    """The month's summed tables; a file that is refused is told, and stops no month."""
    units = UnitTexts(about.register, about.root, about.month)
    rows: list[RecordRow] = []
    refused: list[str] = []
    with scratch_folder(about.means.scratch) as scratch:
        for file in about.files(SOURCE):
            try:
                path = about.archive.path_of(file.sha256)
                plain = unpack(file.name, path, scratch, file_rules().limits)
                rows += rows_of_file(file.name, tables_in(file.name, plain), about.month, units)
            except SourceError as error:
                refused.append(str(error))
    came = len(refused) < len(about.files(SOURCE))
    judge = partial(judge_summaries, units=units)
    return reading_of(SOURCE, about, judge, (rows, tuple(refused), came))


def rows_of_file(
    name: str, tables: Iterable[SummedTable], month: Month, units: UnitTexts
) -> list[RecordRow]:
    """The rows of a file's tables, as texts by the record's fields.

    Raises:
        SourceError: A table is of another month, lacks a column, or its rows do not add up to its
            total.
    """
    return [row for table in tables for row in _rows_of_table(name, table, month, units)]


def _rows_of_table(
    name: str, table: SummedTable, month: Month, units: UnitTexts
) -> Iterator[RecordRow]:
    layout = summed_layout()
    if table.period and table.period != (month.year, month.month):
        said = f"{table.period[1]:02d}/{table.period[0]}"
        raise layout.refusal("period", name, said=said, month=f"{month.month:02d}/{month.year}")
    lacking = [_title(one) for one in _lacking(table.columns)]
    if lacking:
        raise layout.refusal("no_column", name, columns=", ".join(lacking))
    if not table.rows:
        raise layout.refusal("no_rows", name)
    _require_total(name, table)
    if table.by_unit:
        yield from (_record(name, table, row, row.labels) for row in table.rows)
        return
    if units.holder(table.unit) is None:
        raise layout.refusal("no_unit", name, unit=table.unit)
    whole = table.total or SummedRow(table.rows[0].number, (), _added(table.rows))
    yield _record(name, table, whole, (table.unit,))


def _lacking(columns: frozenset[str]) -> Iterator[str]:
    """The needed columns that a table neither has nor has the parts of."""
    for needed in summed_layout().needed:
        if needed not in columns and needed not in _derived(dict.fromkeys(columns, 1)):
            yield needed


def _require_total(name: str, table: SummedTable) -> None:
    """The rows add up to the total in every column that all of them fill with counts."""
    for column, said in (table.total.cells if table.total else {}).items():
        counts = [_count(row.cells.get(column, "")) for row in table.rows]
        total = _count(said)
        if total is None or None in counts:
            continue
        added = sum(count for count in counts if count is not None)
        if added != total:
            raise summed_layout().refusal(
                "total", name, column=f"“{_title(column)}”", sum=added, total=total
            )


def _added(rows: Iterable[SummedRow]) -> dict[str, str]:
    """Each column added up; one that a row does not fill with a count is left out."""
    told = [{c: _count(text) for c, text in row.cells.items()} for row in rows]
    columns = [c for c in told[0] if all(row.get(c) is not None for row in told)]
    return {c: str(sum(row[c] or 0 for row in told)) for c in columns}


def _record(name: str, table: SummedTable, row: SummedRow, labels: tuple[str, ...]) -> RecordRow:
    mark = "DỮ LIỆU MẪU" if table.is_sample else None
    texts = {"DonVi": "\n".join(labels), _FORM: table.form, SAMPLE_MARK: mark}
    return RecordRow(name, row.number, texts | dict(row.cells))


def judge_summaries(rows: Iterable[RecordRow], units: UnitTexts) -> Judged[Summary]:
    """Judge the rows of all files together; a unit has one row."""
    once = Repetition[Summary](
        SOURCE,
        key=lambda summary: summary.unit_code,
        content=lambda summary: summary.figures,
        fault=lambda summary: Fault("UNIT_REPEATED", "DonVi", summary.unit_code),
    )
    return judge_rows(rows, partial(_judge, units=units), once)


def _judge(row: RecordRow, units: UnitTexts) -> tuple[Summary | None, str | None, list[Fault]]:
    labels = row.text("DonVi").split("\n")
    holders = (units.holder(label) for label in labels)
    unit = next((h.code for h in holders if h is not None and h.code is not None), None)
    told, faults = _counts(row)
    if unit is None:
        faults.insert(0, Fault("UNIT_UNKNOWN", "DonVi", labels[0]))
    told |= _derived(told)
    faults += _contradictions(told)
    faults += [
        Fault("COUNT_MISSING", name)
        for name in summed_layout().needed
        if told.get(name) is None and not row.text(name)
    ]
    if unit is None or faults:
        return None, unit, faults
    figures = tuple((name, told.get(name)) for name in FIGURES)
    provenance = "sample" if row.texts.get(SAMPLE_MARK) else "official"
    return Summary(row.file, row.row, unit, row.text(_FORM), figures, provenance), unit, []


def _counts(row: RecordRow) -> tuple[dict[str, int | None], list[Fault]]:
    """The counts that a row's cells hold; a cell that holds something else is a fault."""
    told: dict[str, int | None] = {}
    faults = []
    for field in load_upload_schema(SOURCE).fields:
        text = row.text(field.name)
        if not text or field.name in ("DonVi", SAMPLE_MARK):
            continue
        told[field.name] = _count(text)
        if told[field.name] is None:
            faults.append(Fault("COUNT_UNREADABLE", field.name, text))
    return told, faults


def _count(text: str) -> int | None:
    try:
        number = read_number(text)
    except ValueError:
        return None
    return int(number) if number >= 0 and number == int(number) else None


def _derived(told: Figures) -> dict[str, int | None]:
    """A needed figure that the table leaves to be worked out: a sum of parts, or what one lacks."""
    found: dict[str, int | None] = {}
    for rule in summed_layout().sums:
        for parts in rule.parts:
            values = [told.get(name) for name in parts]
            lacking = [name for name in parts if told.get(name) is None]
            whole = told.get(rule.whole)
            known = sum(value for value in values if value is not None)
            if whole is None and not lacking:
                found.setdefault(rule.whole, known)
            elif whole is not None and lacking == ["received"] and whole >= known:
                found.setdefault("received", whole - known)
    return found


def _contradictions(told: Figures) -> Iterator[Fault]:
    """The sums that are told with all of one set of their parts, and are not theirs."""
    for rule in summed_layout().sums:
        whole = told.get(rule.whole)
        for parts in rule.parts:
            values = [told.get(name) for name in parts]
            if whole is None or None in values:
                continue
            added = sum(value for value in values if value is not None)
            if added != whole:
                yield Fault("SUM_CONTRADICTS", rule.whole, str(whole), (("sum", str(added)),))
            break


def _title(column: str) -> str:
    fields = load_upload_schema(SOURCE).fields
    return next(field.headings[0] for field in fields if field.name == column)
