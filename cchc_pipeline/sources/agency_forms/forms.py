"""Forms that units handed in, judged; and who still owes one.

Belongs here: judging the rows of a form against what its unit owes, two forms of one unit, the
source's rows of ``submissions``. Does not: finding a row in the workbook and judging it alone
(``rows``), the values that follow (``indicators.plan_indicators``). What a unit writes under Ghi
chú stays in the file: it may name people.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cchc_pipeline.contracts.sources import source_named
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.plan import plan_of
from cchc_pipeline.registers.units import Unit, UnitRegister, UnitTexts
from cchc_pipeline.sources.agency_forms.items import (
    Form,
    FormItem,
    UnitReport,
    form_items,
    items_of,
    load_bodies,
)
from cchc_pipeline.sources.agency_forms.rows import INPUTS, Cells, FormCells, judge_row, open_form
from cchc_pipeline.sources.records.rows import SUBMISSIONS, Fault, Quarantined, Reading, quarantine
from cchc_pipeline.sources.records.values import read_month

if TYPE_CHECKING:
    from cchc_pipeline.sources.records.other_inputs import Circumstances


TABLE = "agency_reports"


@dataclass(frozen=True)
class FormTerms:
    """What a form is judged by: the month that it is to be about, the units, the plan's root."""

    month: Month
    register: UnitRegister
    root: str


@dataclass(frozen=True)
class FormReading:
    """What came of one form: ``rows`` filled in = accepted + quarantined rows + duplicates.

    ``is_sample`` is whether the form says that it is sample data.
    """

    file: str
    unit_code: str
    sha256: str
    rows: int
    accepted: tuple[UnitReport, ...]
    quarantined: tuple[Quarantined, ...]
    duplicates: int
    is_sample: bool = False

    @property
    def quarantined_rows(self) -> int:
        """How many rows were set aside; one row may break several rules."""
        return len({entry.row for entry in self.quarantined})


@dataclass(frozen=True)
class FormsReading:
    """What came of all forms of a month; ``refused`` says in one line each what was not read."""

    readings: tuple[FormReading, ...]
    refused: tuple[SourceError, ...]

    @property
    def reports(self) -> tuple[UnitReport, ...]:
        """Every accepted row."""
        return tuple(report for reading in self.readings for report in reading.accepted)

    @property
    def quarantined(self) -> tuple[Quarantined, ...]:
        """Every broken rule."""
        return tuple(entry for reading in self.readings for entry in reading.quarantined)


def reports_from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[UnitReport, ...]:
    """The reports that rows of ``agency_reports`` hold."""
    return tuple(
        UnitReport(
            month=Month.parse(row["period"]),
            unit_code=row["unit_code"],
            item_id=row["item_id"],
            numerator=_exact(row["numerator"]),
            denominator=_exact(row["denominator"]),
            value=_exact(row["value"]),
            status=row["status"],
            completed_on=row["completed_on"],
        )
        for row in rows
    )


def _exact(number: float | None) -> Decimal | None:
    """The decimal that was stored: the shortest one that gives the same double."""
    return None if number is None else Decimal(str(number))


def read_forms(files: Iterable[tuple[str, bytes]], terms: FormTerms) -> FormsReading:
    """Read all forms of a month.

    The same bytes twice are one form, whose rows are counted as duplicates. Two different forms of
    one unit are both refused: nobody can tell which one is meant.

    Args:
        files: Name and content of each file of ``inbox/<month>/bao-cao``.
        terms: What they are judged by.
    """
    readings: dict[str, list[FormReading]] = defaultdict(list)
    refused: list[SourceError] = []
    for name, content in sorted(files):
        try:
            reading = read_form(content, name, terms)
            readings[reading.unit_code].append(reading)
        except SourceError as error:
            refused.append(error)
    kept: list[FormReading] = []
    for same_unit in readings.values():
        if len({reading.sha256 for reading in same_unit}) == 1:
            kept.append(_with_duplicates(same_unit))
        else:
            refused.append(_two_forms(same_unit))
    return FormsReading(tuple(kept), tuple(refused))


def _with_duplicates(same: list[FormReading]) -> FormReading:
    first, further = same[0], sum(reading.rows for reading in same[1:])
    return replace(first, rows=first.rows + further, duplicates=first.duplicates + further)


def _two_forms(same_unit: list[FormReading]) -> SourceError:
    names = " and ".join(reading.file for reading in same_unit)
    return SourceError(
        f"different forms of {same_unit[0].unit_code}, so neither was read",
        where=names,
        todo="keep the one that is meant",
    )


def read_form(content: bytes, file: str, terms: FormTerms) -> FormReading:
    """Read one form that came back.

    A row in which nothing is filled in is not reported, and not counted.

    Args:
        content: The file's bytes.
        file: Its name.
        terms: What it is judged by.

    Raises:
        SourceError: The file is no form, names no unit of the month, or is about another month, or
            its year has no plan.
    """
    form = open_form(content, file)
    unit = _unit_of(form, terms)
    _refuse_other_month(form, terms.month)
    judged = _judge_rows(form, unit, terms)
    repeated, duplicates = _repetitions(judged, form.rows)
    kept = [(n, r) for n, r, _ in judged if r is not None and n not in repeated | duplicates]
    set_aside = [
        *((n, faults) for n, _, faults in judged if faults),
        *((n, (Fault("ITEM_REPEATED", value=_item(form, n)),)) for n in repeated),
    ]
    return FormReading(
        file=file,
        unit_code=unit.code,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=len(judged),
        accepted=tuple(report for _, report in kept),
        quarantined=tuple(
            entry
            for number, faults in sorted(set_aside, key=lambda pair: pair[0])
            for entry in quarantine(TABLE, (file, number), unit.code, faults)
        ),
        duplicates=len(duplicates),
        is_sample=form.is_sample,
    )


_Judged = tuple[int, UnitReport | None, tuple[Fault, ...]]


def _judge_rows(form: FormCells, unit: Unit, terms: FormTerms) -> list[_Judged]:
    plan, bodies = plan_of(terms.root, terms.month.year), load_bodies(terms.month.year)
    if plan is None or bodies is None:
        raise SourceError(
            f"no unit owes a form for {terms.month.year}, which has no plan",
            where=form.file,
            todo=f"add schemas/plan/{terms.month.year}, or take the form out of the inbox",
        )
    known = {item.id for item in form_items(plan, bodies)}
    owed = {item.id: item for item in items_of(plan, bodies, unit)}
    return [
        (number, None, (Fault("FORMULA_NOT_KEPT", value=form.unkept[number]),))
        if number in form.unkept
        else _judge(number, cells, (known, owed), unit, terms.month)
        for number, cells in form.rows
        if number in form.unkept or any(key in cells for key in INPUTS)
    ]


def _judge(
    number: int,
    cells: Cells,
    items: tuple[set[str], Mapping[str, FormItem]],
    unit: Unit,
    month: Month,
) -> _Judged:
    known, owed = items
    item_id = cells.get("item_id", "")
    if not item_id:
        return number, None, (Fault("ITEM_MISSING"),)
    if item_id not in owed:
        rule = "ITEM_NOT_OWED" if item_id in known else "ITEM_UNKNOWN"
        return number, None, (Fault(rule, "", item_id, (("year", str(month.year)),)),)
    told = judge_row(cells, owed[item_id], month)
    if told.faults:
        return number, None, told.faults
    figures = (told.numerator, told.denominator, told.value)
    return (
        number,
        UnitReport(month, unit.code, item_id, *figures, told.status, told.completed_on),
        (),
    )


def _repetitions(
    judged: list[_Judged], rows: Iterable[tuple[int, Cells]]
) -> tuple[set[int], set[int]]:
    """Rows of one id: those that differ, all of them; and of equal ones all but the first."""
    by_id: dict[str, list[tuple[int, UnitReport]]] = defaultdict(list)
    ids = {number: cells.get("item_id", "") for number, cells in rows}
    counts = Counter(ids[number] for number, _, _ in judged)
    for number, report, _ in judged:
        if report is not None:
            by_id[report.item_id].append((number, report))
    differing, duplicates = set(), set()
    for item_id, same in by_id.items():
        numbers = [number for number, _ in same]
        if len({report for _, report in same}) > 1 or len(same) < counts[item_id]:
            differing.update(numbers)
        else:
            duplicates.update(numbers[1:])
    return differing, duplicates


def _item(form: FormCells, number: int) -> str:
    return dict(form.rows)[number].get("item_id", "")


def _unit_of(form: FormCells, terms: FormTerms) -> Unit:
    """The unit by its code, or by its name where the form gives no code."""
    said = form.block.get("unit_code") or form.block.get("unit_name")
    if said is None:
        raise SourceError(
            "does not say which unit it is of", where=form.file, todo="fill in Mã đơn vị"
        )
    found = UnitTexts(terms.register, terms.root, terms.month).resolve(said)
    unit = terms.register.find(found.code, terms.month) if found and not found.ended else None
    if unit is None:
        raise SourceError(
            f"its unit is no unit below {terms.root} in {terms.month}",
            where=form.file,
            todo="correct Mã đơn vị, or add the unit to inbox/units.csv",
        )
    return unit


def _refuse_other_month(form: FormCells, month: Month) -> None:
    try:
        stated = read_month(form.block.get("period", ""))
    except ValueError:
        raise SourceError(
            "does not say which month it is about",
            where=form.file,
            todo=f"write Kỳ báo cáo as {month}",
        ) from None
    if stated != month:
        raise SourceError(
            f"is about {stated}", where=form.file, todo=f"put it into the inbox of {stated}"
        )


def read_agency_forms(about: "Circumstances") -> Reading:
    """The month's forms; one that cannot be read counts as not handed in, and is told."""
    declared = source_named(TABLE)
    terms = FormTerms(about.month, about.register, about.root)
    files = about.files(declared.input)
    reading = read_forms([(file.name, about.archive.get(file.sha256)) for file in files], terms)
    received = {file.name: file.received_at for file in files}
    handed_in = submission_rows(reading, terms, received)
    return Reading(
        {
            declared.accepted[0]: [report.as_row() for report in reading.reports],
            str(declared.quarantine): [q.as_row(str(about.month)) for q in reading.quarantined],
            SUBMISSIONS: handed_in,
        },
        tuple(str(refusal) for refusal in reading.refused),
    )


def owing_forms(month: Month, register: UnitRegister, root: str) -> tuple[Form, ...]:
    """The forms of all units that owe one in a month, in the register's order.

    A year without a plan has none.
    """
    plan, bodies = plan_of(root, month.year), load_bodies(month.year)
    if plan is None or bodies is None:
        return ()
    forms = (
        Form(unit, month, items_of(plan, bodies, unit)) for unit in register.below(root, month)
    )
    return tuple(form for form in forms if form.items)


def submission_rows(
    reading: FormsReading, terms: FormTerms, received_at: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row for each unit that owes a form, and for each that handed one in unasked.

    A form that could not be read has not been received: ``reading.refused`` says why.

    Args:
        reading: What came of the month's forms.
        terms: What they were judged by.
        received_at: When each file came in, by its name, as UTC text.
    """
    came = {form.unit_code: form for form in reading.readings}
    owing = [form.unit.code for form in owing_forms(terms.month, terms.register, terms.root)]
    return [
        _row(code, came.get(code), str(terms.month), received_at)
        for code in sorted({*owing, *came})
    ]


def _row(
    code: str, form: FormReading | None, period: str, received_at: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "period": period,
        "unit_code": code,
        "table": TABLE,
        "received_at": received_at[form.file] if form else None,
        "rows": form.rows if form else None,
        "accepted": len(form.accepted) if form else None,
        "quarantined": form.quarantined_rows if form else None,
        "duplicates": form.duplicates if form else None,
        "status": "received" if form else "missing",
        "provenance": "sample" if form and form.is_sample else "official",
    }
