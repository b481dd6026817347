"""The lists that the register of units is read from: those shipped, and those of the inbox.

Belongs here: ``schemas/units``, ``inbox/units.csv``, ``inbox/successions.csv``, and what is wrong
with a row. Does not: what a register answers (``units``).
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.units import (
    LEVELS,
    UNIT_CODE,
    ExpectedCount,
    NamedUnit,
    Succession,
    Unit,
    UnitRegister,
    ended_before,
)

UNIT_COLUMNS = (
    "unit_code", "name_vi", "name_en", "level", "parent_code", "valid_from", "valid_to",
)  # fmt: skip
SUCCESSION_COLUMNS = ("old_code", "new_code", "date", "kind")
SUCCESSION_KINDS = ("renamed", "merged", "split", "established", "abolished")


def load_register(inbox: Path | None = None) -> UnitRegister:
    """The shipped units, extended by ``inbox/units.csv`` and ``inbox/successions.csv``.

    Raises:
        SchemaDataError: A list cannot be used; the line names file, row and column.
    """
    register = _shipped_register()
    if inbox is None:
        return register
    units_csv, successions_csv = inbox / "units.csv", inbox / "successions.csv"
    if units_csv.exists():
        rows = _read_units(units_csv)
        register = _giving_way(register, rows).extended(rows)
        _refuse_overlaps(register, str(units_csv))
    if successions_csv.exists():
        added = _read_successions(successions_csv, register)
        register = replace(register, successions=(*register.successions, *added))
    return register


def _giving_way(register: UnitRegister, rows: Iterable[Unit]) -> UnitRegister:
    """The register with its root over where a row of the root begins.

    The shipped root begins with the data's first month; a list may describe it from a later day on.
    """
    starts = {row.code: row.valid_from for row in sorted(rows, key=lambda r: r.valid_from)[::-1]}
    units = (
        ended_before(unit, starts[unit.code])
        if unit.level == "city" and starts.get(unit.code, unit.valid_from) > unit.valid_from
        else unit
        for unit in register.units
    )
    return replace(register, units=tuple(units))


def _shipped_register() -> UnitRegister:
    coded, local = read_yaml("units/units.yaml"), read_yaml("units/hai-phong.yaml")
    root, provinces = coded["root"], coded["provinces"]
    units = [
        Unit(**root, parent_code=None, valid_to=None, provenance="official"),
        *(
            Unit(
                **row,
                level="province",
                parent_code=None,
                valid_from=provinces["valid_from"],
                valid_to=None,
                provenance="source",
                basis=provinces["basis"],
            )
            for row in provinces["units"]
        ),
    ]
    return UnitRegister(
        tuple(units),
        tuple(_named_units(local["named"])),
        tuple(_shipped_successions(local)),
        tuple(ExpectedCount(**row) for row in local["counts"]),
    )


def _named_units(blocks: Iterable[Mapping[str, Any]]) -> Iterable[NamedUnit]:
    for block in blocks:
        rest = {key: value for key, value in block.items() if key != "names"}
        for name in block["names"]:
            yield NamedUnit(name, **rest)


def _shipped_successions(local: Mapping[str, Any]) -> Iterable[Succession]:
    for row in local["successions"]:
        yield Succession(
            None, row["old"], row.get("new_code"), row["new"], row["date"], row["kind"],
            row["basis"],
        )  # fmt: skip
    gone = local["abolished"]
    for name in gone["names"]:
        yield Succession(None, name, None, "", gone["date"], "abolished", gone["basis"])


def _read_units(path: Path) -> list[Unit]:
    return [
        _unit_row(row, f"{path}, row {number}")
        for number, row in _csv_rows(path, required=UNIT_COLUMNS)
    ]


def _unit_row(row: Mapping[str, str], where: str) -> Unit:
    code, level = row["unit_code"], row["level"]
    if not UNIT_CODE.fullmatch(code):
        raise SchemaDataError(
            f"unit_code {code!r} is not a code", where=where, todo="write it like H24.16"
        )
    if level not in LEVELS:
        raise SchemaDataError(
            f"level {level!r} is unknown", where=where, todo=f"use one of {', '.join(LEVELS)}"
        )
    if not row["name_vi"]:
        raise SchemaDataError("name_vi is empty", where=where, todo="give the official name")
    if row["name_vi"].startswith(("=", "+", "-", "@", "\t")):
        raise SchemaDataError(
            "name_vi begins like a formula", where=where, todo="remove the first character"
        )
    return Unit(
        code,
        row["name_vi"],
        row["name_en"] or row["name_vi"],
        level,
        row["parent_code"] or None,
        _day(row["valid_from"], f"{where}, valid_from"),
        _day(row["valid_to"], f"{where}, valid_to") if row["valid_to"] else None,
        "sample" if row.get("provenance") == "sample" else "official",
        row.get("basis") or "inbox/units.csv",
    )


def _read_successions(path: Path, register: UnitRegister) -> list[Succession]:
    names = {unit.code: unit.name_vi for unit in register.units}
    rows = []
    for number, row in _csv_rows(path, required=SUCCESSION_COLUMNS):
        where = f"{path}, row {number}"
        if row["kind"] not in SUCCESSION_KINDS:
            raise SchemaDataError(
                f"kind {row['kind']!r} is unknown",
                where=where,
                todo=f"use one of {', '.join(SUCCESSION_KINDS)}",
            )
        for code in filter(None, (row["old_code"], row["new_code"])):
            if code not in names:
                raise SchemaDataError(
                    f"unit {code!r} stands in no list of units", where=where, todo="add it first"
                )
        old, new = row["old_code"] or None, row["new_code"] or None
        rows.append(
            Succession(
                old, names.get(old or "", ""), new, names.get(new or "", ""),
                _day(row["date"], f"{where}, date"), row["kind"],
                row.get("basis") or "inbox/successions.csv",
            )
        )  # fmt: skip
    return rows


def _csv_rows(path: Path, required: tuple[str, ...]) -> Iterable[tuple[int, dict[str, str]]]:
    """The rows of a small comma or semicolon CSV as NFC text, numbered as a spreadsheet does."""
    text = _csv_text(path)
    heading = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text),
        delimiter=";" if heading.count(";") > heading.count(",") else ",",
        strict=True,
    )
    try:
        _require_columns(reader.fieldnames or (), required, str(path))
        for row in reader:
            if None in row or None in row.values():
                raise SchemaDataError(
                    "another number of cells than the heading row",
                    where=f"{path}, row {reader.line_num}",
                    todo="give each column one cell",
                )
            if any(row.values()):
                yield reader.line_num, {key: value.strip() for key, value in row.items()}
    except csv.Error as error:
        raise SchemaDataError(
            f"not CSV: {error}", where=f"{path}, row {reader.line_num + 1}", todo="correct that row"
        ) from None


def _csv_text(path: Path) -> str:
    if not path.is_file():  # a pipe would never end
        todo = "put a file of that name there, or nothing"
        raise SchemaDataError("is no regular file", where=str(path), todo=todo)
    try:
        return unicodedata.normalize("NFC", path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        what, todo = "not UTF-8 text", "save it as CSV UTF-8"
    except OSError as error:
        what, todo = f"cannot be read: {error.strerror}", "check the file and its permissions"
    raise SchemaDataError(what, where=str(path), todo=todo)


def _require_columns(given: Iterable[str], required: tuple[str, ...], where: str) -> None:
    missing = [name for name in required if name not in given]
    if missing:
        raise SchemaDataError(
            f"no column {', '.join(missing)}",
            where=where,
            todo=f"the heading row is {','.join(required)}",
        )


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SchemaDataError(
            f"{text!r} is not a date", where=where, todo="write it as YYYY-MM-DD"
        ) from None


def _refuse_overlaps(register: UnitRegister, where: str) -> None:
    """Of one code, at most one unit exists on a day; and every parent stands in the list."""
    codes = {unit.code for unit in register.units}
    before: Unit | None = None
    for unit in sorted(register.units, key=lambda u: (u.code, u.valid_from)):
        if unit.valid_to is not None and unit.valid_to < unit.valid_from:
            raise SchemaDataError(f"{unit.code} ends before it begins", where=where)
        if unit.parent_code is not None and unit.parent_code not in codes:
            raise SchemaDataError(
                f"parent {unit.parent_code!r} of {unit.code} stands in no list", where=where,
                todo="add it, or leave parent_code empty",
            )  # fmt: skip
        if (
            before is not None
            and before.code == unit.code
            and (before.valid_to is None or before.valid_to >= unit.valid_from)
        ):
            raise SchemaDataError(
                f"{unit.code} exists twice on {unit.valid_from}", where=where,
                todo="end the earlier row (valid_to) the day before",
            )  # fmt: skip
        before = unit
