"""Invented dossiers (DỮ LIỆU MẪU) and their counts, for tests of what is computed from them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_measures import COUNTED_NAMES
from cchc_pipeline.indicators.dossier_statistics import count_dossiers
from cchc_pipeline.indicators.dossier_targets import UnitsOf, dossier_values, month_tallies
from cchc_pipeline.indicators.plan_indicators import Key, Measured
from cchc_pipeline.indicators.year_to_date import YearToDate, sums_of_rows, year_to_date_rows
from cchc_pipeline.storage.duckdb_engine import DuckDBEngine

MARCH = Month(2024, 3)
Row = dict[str, Any]
_NUMBERS: Iterator[int] = count(1)
_DAY = len("2024-03-01")
_NOTHING: Mapping[str, frozenset[str]] = MappingProxyType({})


def dossier(**said: Any) -> Row:
    """A dossier taken in on 5 March 2024 and still open, but for what is said.

    Moments are texts; a bare day has no time: a due day ends at 23:59:59, another begins at 00:00.
    """
    row: Row = {field.name: None for field in load_contract("dossiers").fields}
    row |= {
        "period": "2024-03", "file": FILE, "row": next(_NUMBERS),
        "unit_code": "H24.M01", "procedure_code": "9.900001", "field_code": "MAU-LV01",
        "status": 4, "channel": 1, "received_at": "2024-03-05",
    }  # fmt: skip
    row |= said
    for name in ("received", "due", "finished"):
        text = row[f"{name}_at"]
        if isinstance(text, str):
            row[f"{name}_timed"] = len(text) > _DAY
            end = "T23:59:59" if name == "due" and len(text) == _DAY else ""
            row[f"{name}_at"] = datetime.fromisoformat(text + end)
    return row


def finished(on: str, **said: Any) -> Row:
    """A dossier whose result was returned at a moment."""
    return dossier(**{"status": 10, "finished_at": on, **said})


def not_taken_in(**said: Any) -> Row:
    """A dossier newly registered, which has its unit, field and status only."""
    nothing = {"procedure_code": None, "channel": None, "received_at": None, "received_timed": None}
    return dossier(**{"status": 1, **nothing, **said})


Lacking = Mapping[str, frozenset[str]]
"""By file, the columns that it does not have."""
FILE = "ho-so-mau.csv"
"""The file of a dossier of which no other is said."""


def everywhere(absent: frozenset[str]) -> Lacking:
    """The one file lacks columns."""
    return {FILE: absent}


def counts(
    rows: Iterable[Mapping[str, Any]], month: Month = MARCH, lacking: Lacking = _NOTHING
) -> pa.Table:
    """``dossier_counts`` of dossiers, counted from Parquet by DuckDB as in a run."""
    listed = [dict(row, period=str(month)) for row in rows]
    table = pa.Table.from_pylist(listed, schema=load_contract("dossiers").arrow_schema())
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "dossiers.parquet"
        pq.write_table(table, path)
        return count_dossiers(path, month, DuckDBEngine(connection, Path(folder)), lacking)


def values_to_date(
    counted_in: Mapping[Month, pa.Table | None], month: Month, units_of: UnitsOf
) -> dict[Key, Measured]:
    """The plan's values of a month whose sums were handed on month by month, as rows each time."""
    sums, own = YearToDate(), YearToDate()
    for earlier in Month(month.year, 1).to(month):
        counts_of = counted_in.get(earlier)
        own = YearToDate(month_tallies(earlier, "H24", units_of(earlier), counts_of))
        sums = sums_of_rows(year_to_date_rows(earlier, "H24", sums.with_month(own)))
    return dossier_values(month, "H24", units_of, own.tallies, sums.tallies)


def counted(*rows: Mapping[str, Any], month: Month = MARCH) -> dict[str, int]:
    """Every measure over all the dossiers."""
    table = counts(rows, month)
    return {name: sum(table[name].to_pylist()) for name in COUNTED_NAMES}


def those_that_count(*rows: Mapping[str, Any], month: Month = MARCH) -> dict[str, int]:
    """The measures that are not 0, without those of the year."""
    found = counted(*rows, month=month)
    return {name: n for name, n in found.items() if n and not name.endswith("_of_year")}
