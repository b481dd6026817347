"""Releases read back by MLCommons' own library, by hand: every record set, every cell.

Belongs here: what is asked of that library, and holding its answers against the CSV files. Does
not: what the file says (``test_croissant``). It needs ``mlcroissant`` in an environment of its own,
since that brings what no program here may lean on; nothing of this project is imported. Run as
``ENVIRONMENT/bin/python -m tests.publish.package.croissant_trial RELEASE…``: folders of releases.
"""

import csv
import importlib
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any


def main(folders: list[str]) -> None:
    """Try each release; end at the first that does not hold."""
    library = importlib.import_module("mlcroissant")
    for folder in map(Path, folders):
        begun = time.perf_counter()
        data = library.Dataset(jsonld=str(folder / "croissant.json"))
        issues = data.metadata.ctx.issues
        require(not issues.errors and not issues.warnings, issues.report())
        cells = sum(_read_back(folder, data, one.id) for one in data.metadata.record_sets)
        took = time.perf_counter() - begun
        sys.stdout.write(
            f"{folder}: {len(data.metadata.record_sets)} record sets, {cells} cells alike,"
            f" no error and no warning, {took:.1f} s\n"
        )


def _read_back(folder: Path, data: Any, name: str) -> int:
    """How many cells of a table are alike."""
    path = folder / "data" / f"{name.replace('-', '_')}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    records = list(data.records(name))
    require(len(records) == len(rows), f"{name}: {len(records)} records, {len(rows)} rows")
    for number, (row, record) in enumerate(zip(rows, records, strict=True), start=2):
        _compare(f"{name}, row {number}", row, record)
    return sum(map(len, rows))


def _compare(where: str, row: Mapping[str, str], record: Mapping[str, Any]) -> None:
    found = {key.partition("/")[2]: value for key, value in record.items()}
    require(found.keys() == row.keys(), f"{where}: {sorted(found)}")
    for column, cell in row.items():
        require(_is_same(cell, found[column]), f"{where}: {column}: {cell!r}, {found[column]!r}")


def _is_same(cell: str, value: Any) -> bool:
    """Whether a cell of the CSV is the value that was read; nothing is equal to nothing alone.

    The library guesses types before it makes texts: 1 in a column with gaps comes as 1.0.
    """
    if value is None or value != value or not cell:  # noqa: PLR0124 - not a number
        return not cell and (value is None or value != value)  # noqa: PLR0124
    if isinstance(value, bytes):
        return value.decode() in {cell, f"{cell}.0"}
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, datetime):
        return value.date().isoformat() == cell or value == datetime.fromisoformat(cell)
    return float(cell) == float(value)


def require(holds: object, what: str) -> None:
    """A trial ends at the first thing that does not hold."""
    if not holds:
        raise SystemExit(f"DOES NOT HOLD: {what}")


if __name__ == "__main__":
    main(sys.argv[1:])
