"""The forms of an export: native, as offices make them by hand, or broken on purpose.

Belongs here: the native columns, as JSON Lines and Parquet; the flat ones with Vietnamese headings
and words, as CSV and XLSX; setting fields to what no export should hold. Does not: which rows there
are, compressing files (``sample``), or judging rows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import xlsxwriter

from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.units import Unit
from cchc_pipeline.simulation.details import (
    FEES,
    SUPPLEMENTS,
    UNREADABLE,
    Rows,
    native_texts,
    office_texts,
    timestamps,
)
from cchc_pipeline.simulation.draws import DAY, Bools, Ints, start_of
from cchc_pipeline.simulation.offer import EMPTY
from cchc_pipeline.simulation.profile import Breakage, Shift, load_office_look, load_profile
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from cchc_pipeline.sources.records.values import value_words

_INSTANTS = ("NgayNopHoSo", "NgayTiepNhan", "NgayKetThucXuLy", "NgayTra")
_SUPPLEMENT = ("NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi")
_FLAT_ONLY = ("SoLanBoSung", "CoKetQuaDienTu", *FEES)
_HOUR = 32400  # 09:00: a shifted moment is not midnight
_EXCEL_EPOCH = 25569  # the serial of 1970-01-01
_TITLE_ROWS = 3


def write_jsonl(out: IO[bytes], exports: Iterable[Rows]) -> None:
    """One object a line; moments as ``yyyyMMddHHmmss``."""
    for rows in exports:
        for record in native_table(rows, as_text=True).to_pylist():
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            out.write(line.encode() + b"\n")


def write_parquet(out: IO[bytes], exports: Iterable[Rows]) -> None:
    """Nested Parquet; moments as timestamps, due moments as text, for some are days."""
    writer = None
    for rows in exports:
        table = native_table(rows, as_text=False)
        writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def native_table(rows: Rows, *, as_text: bool) -> pa.Table:
    """The rows as the national record.

    Args:
        rows: Some rows.
        as_text: Write every moment as text; else those that always have a time are timestamps.
    """
    texts = native_texts(load_office_look().unreadable["native"])
    columns: dict[str, pa.Array] = dict(rows.texts)
    for name, codes in rows.codes.items():
        if name not in _FLAT_ONLY:
            columns[name] = _numbers(codes)
    for name in _INSTANTS:
        moment = rows.moments[name]
        columns[name] = texts(moment, rows.is_day(name)) if as_text else timestamps(moment)
    columns["NgayHenTra"] = texts(rows.moments["NgayHenTra"], rows.due_is_day)
    return pa.table({**columns, **_lists(rows)})


def _lists(rows: Rows) -> dict[str, pa.Array]:
    """Fees, supplements, papers handed in and papers of the result."""
    supplements = [rows.moments[f"NgayTiepNhanBoSung.{n}"] != EMPTY for n in SUPPLEMENTS]
    parts = {name: _supplement_texts(rows, name) for name in _SUPPLEMENT}
    one = [np.ones(len(rows), dtype=np.bool_)]
    digitised = rows.codes["HoSoCoThanhPhanSoHoa"]
    papers = {"DuocSoHoa": [_numbers(digitised)], "DuocTaiSuDung": [_numbers(digitised * 0)]}
    return {
        "DanhSachLePhi": _list(
            [rows.codes[fee] != EMPTY for fee in FEES],
            {"Gia": [_numbers(rows.codes[fee]) for fee in FEES]},
        ),
        "DanhSachHoSoBoSung": _list(supplements, parts),
        "TaiLieuNop": _list(one, papers),
        "DanhSachGiayToKetQua": _list(
            [rows.codes["CoKetQuaDienTu"] == 1], {"DuongDanTepTinKetQua": [_result_files(rows)]}
        ),
    }


def _supplement_texts(rows: Rows, name: str) -> list[pa.Array]:
    texts = native_texts(load_office_look().unreadable["native"])
    is_day = rows.is_day(name)
    return [texts(rows.moments[f"{name}.{n}"], is_day) for n in SUPPLEMENTS]


def _result_files(rows: Rows) -> pa.Array:
    before, _, after = load_office_look().result_file.partition("{number}")
    return pa.array([f"{before}{number:05d}{after}" for number in range(len(rows))])


def _numbers(codes: Ints) -> pa.Array:
    return pa.array(codes, mask=codes == EMPTY)


def _list(told: Sequence[Bools], members: Mapping[str, Sequence[Any]]) -> pa.Array:
    """Lists of structs: for each place, whether a row has it, and the members' values there."""
    kept = np.stack(told, axis=1)
    order = np.arange(kept.size).reshape(kept.shape[::-1]).T.ravel()
    chosen = pa.array(order[kept.ravel()])
    values = {name: pa.concat_arrays(list(parts)).take(chosen) for name, parts in members.items()}
    offsets = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    structs = pa.StructArray.from_arrays(list(values.values()), names=list(values))
    return pa.ListArray.from_arrays(pa.array(offsets), structs)


def broken(rows: Rows, kinds: Sequence[Breakage], month: Month, first: int = 0) -> Rows:
    """The rows, each broken in one way; the ways take turns.

    Args:
        rows: Good rows.
        kinds: The ways.
        month: The month of the export.
        first: The number of the first row among all broken ones, so that pieces go on in turn.
    """
    texts, codes, moments = dict(rows.texts), dict(rows.codes), dict(rows.moments)
    turn = (np.arange(len(rows)) + first) % len(kinds)
    for number, kind in enumerate(kinds):
        chosen = turn == number
        for name, text in (kind.texts or {}).items():
            texts[name] = pc.if_else(pa.array(chosen), pa.scalar(text, pa.string()), texts[name])
        for name, code in (kind.codes or {}).items():
            codes[name] = np.where(chosen, code, codes[name])
        for name, change in (kind.moments or {}).items():
            value = _moment(change, month, rows.moments["NgayTiepNhan"])
            moments |= _set(moments, name, chosen, value)
    return Rows(texts, codes, moments, rows.due_is_day)


def _set(moments: dict[str, Ints], name: str, chosen: Bools, value: Ints) -> dict[str, Ints]:
    """A moment set where chosen; a due date also loses what supplements made of it."""
    changed = {name: np.where(chosen, value, moments[name])}
    if name == "NgayHenTra":
        later = [at for at in moments if "." in at or at == "NgayHenTraMoi"]
        changed |= {at: np.where(chosen, EMPTY, moments[at]) for at in later}
    return changed


def _moment(change: str | Shift, month: Month, received: Ints) -> Ints:
    if isinstance(change, str):
        return np.full(len(received), EMPTY if change == "empty" else UNREADABLE)
    anchors = {"start": start_of(month), "end": start_of(month.next())}
    if change.of == "reception":
        return received + change.days * DAY
    return np.full(len(received), anchors[change.of] + change.days * DAY + _HOUR)


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
    known = {field.name: field.headings[0] for field in load_upload_schema("dossiers").fields}
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
    return {
        name: {code: words[0] for code, words in entry.words.items() if words}
        for name, entry in value_words().codes.items()
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
