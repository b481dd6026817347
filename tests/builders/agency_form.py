"""Forms as units would fill them in: the empty form's own cells, with answers written into them.

Belongs here: sample units (DỮ LIỆU MẪU) and filling in a form. Does not: assertions.
"""

import io
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import python_calamine
import xlsxwriter

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import Unit, UnitRegister
from cchc_pipeline.sources.agency_forms.blank import form_bytes
from cchc_pipeline.sources.agency_forms.forms import FormTerms
from cchc_pipeline.sources.agency_forms.items import form_for

MARCH = Month(2024, 3)
COLUMNS = (
    "item_id",
    "content",
    "numerator",
    "denominator",
    "value",
    "status",
    "completed_on",
    "note",
)
HEADING_ROW = 7
Rows = list[list[Any]]


def unit(code: str, name: str, level: str, valid_to: date | None = None) -> Unit:
    """A sample unit below H24 since 2024."""
    return Unit(code, name, name, level, "H24", date(2024, 1, 1), valid_to, "sample", "DỮ LIỆU MẪU")


OFFICE = unit("H24.M01", "Văn phòng UBND thành phố", "agency")
HOME_AFFAIRS = unit("H24.M02", "Sở Nội Vụ", "agency")
FINANCE = unit("H24.M03", "Sở Tài chính", "agency")
SAMPLE = unit("H24.M04", "Sở Mẫu 4 (DỮ LIỆU MẪU)", "agency")
DISTRICT = unit("H24.M31", "Quận Mẫu 31 (DỮ LIỆU MẪU)", "district", date(2025, 6, 30))
COMMUNE = unit("H24.M51", "Xã Mẫu 51 (DỮ LIỆU MẪU)", "commune")


def register(*units: Unit) -> UnitRegister:
    """The city and these units, and none of the units that the law names."""
    root = tuple(u for u in load_register().units if u.code == "H24")
    return UnitRegister((*root, *units))


EVERYONE = register(OFFICE, HOME_AFFAIRS, FINANCE, SAMPLE, DISTRICT, COMMUNE)


def terms(units: UnitRegister = EVERYONE, month: Month = MARCH) -> FormTerms:
    """What the forms of a month are judged by."""
    return FormTerms(month, units, "H24")


def empty_rows(unit_code: str, month: Month = MARCH, units: UnitRegister = EVERYONE) -> Rows:
    """The cells of the report sheet of an empty form."""
    content = form_bytes(form_for(unit_code, month, units, "H24"))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name("Báo cáo").to_python(skip_empty_area=False)


def workbook(rows: Rows, sheet: str = "Báo cáo", more: Mapping[str, Rows] | None = None) -> bytes:
    """A workbook of these cells."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    for name, cells in {sheet: rows, **(more or {})}.items():
        worksheet = book.add_worksheet(name)
        for number, row in enumerate(cells):
            for column, cell in enumerate(row):
                if cell not in ("", None):
                    worksheet.write(number, column, cell)
    book.close()
    return out.getvalue()


def filled(
    unit_code: str,
    answers: Mapping[str, Mapping[str, Any]],
    month: Month = MARCH,
    units: UnitRegister = EVERYONE,
    change: Callable[[Rows], None] | None = None,
) -> bytes:
    """A form with answers by item and column; ``change`` may do more to its cells."""
    rows = [
        [*row, *[""] * (len(COLUMNS) - len(row))] for row in empty_rows(unit_code, month, units)
    ]
    places = {str(row[0]): row for row in rows[HEADING_ROW:]}
    for item, told in answers.items():
        row = places.get(item)
        if row is None:
            rows.append(row := [item, *[""] * (len(COLUMNS) - 1)])
        for key, value in told.items():
            row[COLUMNS.index(key)] = value
    if change is not None:
        change(rows)
    return workbook(rows)
