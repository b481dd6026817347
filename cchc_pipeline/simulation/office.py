"""Simulated dossiers as offices export them: CSV and XLSX with Vietnamese headings and words.

Belongs here: flat columns, headings, words, the look of a workbook. Does not: native files
(``exports``).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import xlsxwriter

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import Unit
from cchc_pipeline.simulation.details import office_texts
from cchc_pipeline.simulation.draws import Ints
from cchc_pipeline.simulation.offer import EMPTY
from cchc_pipeline.simulation.office_days import DAY
from cchc_pipeline.simulation.profile import load_office_look, load_profile
from cchc_pipeline.simulation.rows import UNREADABLE, Rows

_EXCEL_EPOCH = 25569  # the serial of 1970-01-01
_TITLE_ROWS = 3


def write_csv(out: IO[bytes], exports: Iterable[Rows]) -> None:
    """A heading row and one row a dossier, separated by semicolons as a Vietnamese Excel does."""
    options = pacsv.WriteOptions(delimiter=";", quoting_style="none", include_header=False)
    out.write((";".join(headings()) + "\n").encode())
    writer = None
    for rows in exports:
        table = csv_table(rows)
        writer = writer or pacsv.CSVWriter(out, table.schema, write_options=options)
        writer.write(table)
    if writer is not None:
        writer.close()


def headings() -> tuple[str, ...]:
    """The heading of each column, as offices write it."""
    form = read_yaml("records/dossiers.yaml")
    known = {field["name"]: field["headings"][0] for field in form["fields"]}
    known |= {name: column.heading for name, column in load_profile().personal.items()}
    return tuple(known[name] for name in load_office_look().columns)


def csv_table(rows: Rows) -> pa.Table:
    """The rows as text: words, ``dd/mm/yyyy HH:MM:SS``, amounts with dots for thousands."""
    write = office_texts(load_office_look().unreadable["office"])
    moments = _moments(rows)
    columns = {name: write(moment, rows.is_day(name)) for name, moment in moments.items()}
    columns |= {name: _words_of(name, codes) for name, codes in rows.codes.items()}
    columns |= {"TongLePhi": _amounts(rows.fee_total()), **rows.texts}
    names = load_office_look().columns
    return pa.table({name: columns[name] for name in names})


def _moments(rows: Rows) -> dict[str, Ints]:
    return {name: moment for name, moment in rows.moments.items() if "." not in name}


@cache
def _words() -> Mapping[str, Mapping[int, str]]:
    """The word of each code of a field, as the reader knows it: the first one of the list."""
    codes = read_yaml("records/dossier_values.yaml")["codes"]
    return {
        name: {code: words[0] for code, words in entry["words"].items() if words}
        for name, entry in codes.items()
    }


def _words_of(name: str, codes: Ints) -> pa.Array:
    """Codes as words, or as digits where the field or the code has none."""
    known, different = _words().get(name, {}), np.unique(codes)
    texts = [None if c == EMPTY else known.get(int(c), str(c)) for c in different]
    return pa.array(texts, pa.string()).take(pa.array(np.searchsorted(different, codes)))


def _amounts(totals: Ints) -> pa.Array:
    different = np.unique(totals)
    texts = pa.array([f"{int(total):,}".replace(",", ".") for total in different])
    return texts.take(pa.array(np.searchsorted(different, totals)))


def write_xlsx(
    out: IO[bytes], exports: Iterable[Rows], month: Month, units: Iterable[Unit]
) -> None:
    """A workbook with a title block and a total line; units by name, several sheets if needed."""
    look, sheet, number, told = load_office_look(), None, 0, 0
    book = _Book(out, month, {unit.code: unit.name_vi for unit in units})
    for rows in exports:
        for values in book.cells(rows):
            if sheet is None or number == look.rows_a_sheet:
                sheet, number = book.sheet(), 0
            book.line(sheet, _TITLE_ROWS + 1 + number, values)
            number, told = number + 1, told + 1
    sheet = sheet or book.sheet()
    sheet.write_string(_TITLE_ROWS + 1 + number, 0, look.total)
    sheet.write_number(_TITLE_ROWS + 1 + number, 1, told)
    book.close()


class _Book:
    """A workbook that is written row by row and never held."""

    def __init__(self, out: IO[bytes], month: Month, unit_names: Mapping[str, str]) -> None:
        self._month = month
        self._names = _unambiguous(unit_names)
        self._book = xlsxwriter.Workbook(
            out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        created = datetime(month.year, month.month, 1, tzinfo=UTC).replace(tzinfo=None)
        self._book.set_properties({"title": load_office_look().title, "created": created})
        forms = {False: "dd/mm/yyyy hh:mm:ss", True: "dd/mm/yyyy"}
        self._forms = {key: self._book.add_format({"num_format": f}) for key, f in forms.items()}
        self._bold = self._book.add_format({"bold": True})
        self._sheets = 0

    def sheet(self) -> Any:
        """A further sheet with its title block and heading row."""
        self._sheets += 1
        look, titles = load_office_look(), headings()
        sheet = self._book.add_worksheet(look.sheet.format(number=self._sheets))
        sheet.merge_range(0, 0, 0, len(titles) - 1, look.title, self._bold)
        month = f"{self._month.month:02d}/{self._month.year}"
        sheet.merge_range(1, 0, 1, len(titles) - 1, look.period.format(month=month), self._bold)
        for column, title in enumerate(titles):
            sheet.write_string(_TITLE_ROWS, column, title, self._bold)
        return sheet

    def cells(self, rows: Rows) -> Iterable[tuple[Any, ...]]:
        """Rows of cells: texts, whole numbers, or a serial with whether it is a day."""
        columns: dict[str, list[Any]] = {k: v.to_pylist() for k, v in rows.texts.items()}
        columns["DonViXuLy"] = [self._names.get(code, code) for code in columns["DonViXuLy"]]
        for name, codes in rows.codes.items():
            column = _words_of(name, codes) if name in _words() else None
            columns[name] = _whole(codes) if column is None else column.to_pylist()
        columns["MucDoHaiLong"] = _whole(rows.codes["MucDoHaiLong"])
        columns["TongLePhi"] = rows.fee_total().tolist()
        for name, moment in _moments(rows).items():
            columns[name] = _serials(moment, rows.is_day(name).tolist())
        return zip(*(columns[name] for name in load_office_look().columns), strict=True)

    def line(self, sheet: Any, row: int, values: tuple[Any, ...]) -> None:
        """Write one row, leaving out empty cells."""
        for column, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, column, value)
            elif isinstance(value, tuple):
                sheet.write_number(row, column, value[0], self._forms[value[1]])
            elif value is not None:
                sheet.write_number(row, column, value)

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


def _unambiguous(names: Mapping[str, str]) -> dict[str, str]:
    """Without names that two units share: their codes stand instead."""
    all_names = list(names.values())
    return {code: name for code, name in names.items() if all_names.count(name) == 1}


def _whole(codes: Ints) -> list[int | None]:
    return [None if code == EMPTY else code for code in codes.tolist()]


def _serials(moment: Ints, is_day: list[bool]) -> list[Any]:
    """Spreadsheet serials with whether they are days; the text of what is no date."""
    unreadable = load_office_look().unreadable["office"]
    gaps = {EMPTY: None, UNREADABLE: unreadable}
    return [
        gaps[second] if second in gaps else (second / DAY + _EXCEL_EPOCH, day)
        for second, day in zip(moment.tolist(), is_day, strict=True)
    ]
