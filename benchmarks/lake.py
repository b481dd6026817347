"""What the lake's layout costs: many small files, and a query across years and provinces.

Run as ``python -m benchmarks.lake [--months 120] [--roots 34]``. Writes below a temporary folder
only.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake, table_from_rows

TABLE = "submissions"
UNITS = 130


def a_month(root: str, month: Month) -> pa.Table:
    """As many rows as a city of 130 units has of four inputs."""
    rows = [
        {
            "period": str(month), "unit_code": f"{root}.{unit:03d}", "table": table,
            "received_at": f"{month}-28T04:30:00+07:00", "rows": unit, "accepted": unit,
            "quarantined": 0, "duplicates": 0, "status": "received", "release": None,
        }
        for unit in range(UNITS)
        for table in ("scores", "dossiers", "petitions", "agency_reports")
    ]  # fmt: skip
    return table_from_rows(load_contract(TABLE), rows)


def fill(place: Path, roots: list[str], months: list[Month]) -> None:
    """A table of every root and month."""
    for root in roots:
        for month in months:
            Lake(place, root).write(TABLE, month, a_month(root, month))


def join_years(place: Path, joined: Path, roots: list[str], months: list[Month]) -> None:
    """The same rows with a file a root and year: what joining years would give."""
    for root in roots:
        for year in sorted({month.year for month in months}):
            of_year = [month for month in months if month.year == year]
            table = pa.concat_tables(Lake(place, root).read(TABLE, month) for month in of_year)
            path = joined / f"root_unit={root}" / f"year={year}" / "part-0.parquet"
            path.parent.mkdir(parents=True)
            pq.write_table(table, path, compression="zstd")


def timed(name: str, work: Callable[[], object]) -> None:
    """Print the least of three times."""
    times = []
    for _ in range(3):
        before = time.perf_counter()
        work()
        times.append(time.perf_counter() - before)
    print(f"{name:60} {min(times) * 1000:9.1f} ms")


def count(pattern: str, where: str) -> object:
    """A count by DuckDB over a Hive-style tree."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT count(*), sum(rows) FROM read_parquet('{pattern}', hive_partitioning = true,"  # noqa: S608
            f" hive_types_autocast = false) WHERE {where}"
        ).fetchall()


def main() -> None:
    """Measure both layouts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--roots", type=int, default=34)
    given = parser.parse_args()
    roots = [f"H{number:02d}" for number in range(1, given.roots + 1)]
    months = [Month(2024 + number // 12, number % 12 + 1) for number in range(given.months)]
    place = Path(tempfile.mkdtemp(prefix="cchc-lake-"))
    try:
        measure(place / "lake", place / "years", roots, months)
    finally:
        shutil.rmtree(place)


def measure(lake: Path, years: Path, roots: list[str], months: list[Month]) -> None:
    """Fill, join and read."""
    before = time.perf_counter()
    fill(lake, roots, months)
    print(f"written: {len(roots) * len(months)} files in {time.perf_counter() - before:.1f} s")
    join_years(lake, years, roots, months)
    for name, place in (("months", lake / TABLE), ("years", years)):
        size = sum(path.stat().st_size for path in place.rglob("*.parquet")) / 1e6
        print(f"{name}: {size:.1f} MB")
    one, last = Lake(lake, roots[0]), months[-1]
    timed("months() of one root", lambda: one.months(TABLE))
    timed("read() of one month", lambda: one.read(TABLE, last))
    timed("read_all() of one root", lambda: one.read_all(TABLE))
    of_years = years / f"root_unit={roots[0]}"
    schema = load_contract(TABLE).arrow_schema()
    timed("  years: the same root", lambda: ds.dataset(of_years, schema=schema).to_table())
    timed("read_all() of every root", lambda: [Lake(lake, r).read_all(TABLE) for r in roots])
    timed("  years: every root", lambda: ds.dataset(years, schema=schema).to_table())
    every = f"{lake}/{TABLE}/*/*/*.parquet"
    joined = f"{years}/*/*/*.parquet"
    here = f"root_unit = '{roots[0]}'"
    timed("DuckDB, everything", lambda: count(every, "true"))
    timed("  years", lambda: count(joined, "true"))
    timed("DuckDB, one root and month", lambda: count(every, f"{here} AND month = '{last}'"))
    timed(
        "  years", lambda: count(joined, f"{here} AND year = '{last.year}' AND period = '{last}'")
    )


if __name__ == "__main__":
    main()
