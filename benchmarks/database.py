"""What a month of dossiers from a real PostgreSQL costs, beside the same month dropped as CSV.

Belongs here: filling a database of its own, measuring, and a Markdown table. Does not: thresholds.
Figures of a machine stand in ``benchmarks/README.md``.

    python -m benchmarks.database --folder DIR [--rows 1000000] [--runs 3] [--without-run]
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.dossiers import AT, CCHC, MONTH, Cost, cost_of, inbox_of
from cchc_pipeline.period import Month
from cchc_pipeline.settings import DOSSIERS_URL
from cchc_pipeline.simulation.profile import load_office_look
from cchc_pipeline.sources.archive import RawArchive
from cchc_pipeline.sources.dossier_collection import collect_dossiers
from cchc_pipeline.sources.dossier_database import DossierDatabase
from cchc_pipeline.sources.record_files.record_form import fold_heading, load_form
from tests.ops.postgres import Server, postgres

ROWS, VIEW, DATABASE = 1_000_000, "cchc_ho_so", "mot_cua"
READER, PASSWORD = "doc_ho_so", "mau"
_MOMENTS = ("NgayNopHoSo", "NgayTiepNhan", "NgayKetThucXuLy", "NgayTra")
_UNREADABLE = load_office_look().unreadable["office"]
_READABLE = r"^[0-3]\d/[01]\d/20\d\d \d\d:\d\d:\d\d$"


def fill(server: Server, file: Path) -> float:
    """Copy a CSV into a table with dates, make the view and its account; seconds that it took."""
    with file.open("rb") as content:
        headings = content.readline().decode("utf-8-sig").strip().split(";")
    known = load_form("dossiers").by_fold
    names = [known.get(fold_heading(heading), f"Khac{at}") for at, heading in enumerate(headings)]
    texts = ", ".join(f'"{name}" text' for name in names)
    values = ", ".join(_value(name) for name in names)
    shown = ", ".join(f'"{name}" AS {name}' for name in names)
    began = time.perf_counter()
    server.execute(f'CREATE DATABASE "{DATABASE}"')
    server.execute(f"CREATE TABLE tho ({texts})", database=DATABASE)
    _copy(server, file)
    server.execute(
        f"CREATE TABLE ho_so AS SELECT {values} FROM tho",  # noqa: S608 - own names
        "DROP TABLE tho",
        "VACUUM ANALYZE ho_so",
        f"CREATE VIEW {VIEW} AS SELECT {shown} FROM ho_so",  # noqa: S608 - own names
        f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT SELECT ON {VIEW} TO {READER}",
        database=DATABASE,
    )
    return time.perf_counter() - began


def _value(name: str) -> str:
    if name in _MOMENTS:
        read = f"""to_timestamp("{name}", 'DD/MM/YYYY HH24:MI:SS')::timestamp"""
        holds = f"""\"{name}" ~ '{_READABLE}' AND "{name}" <> '{_UNREADABLE}'"""
        return f"""CASE WHEN {holds} THEN {read} END AS "{name}\""""
    return f'"{name}"'


def _copy(server: Server, file: Path) -> None:
    connection: Any = server.connect(DATABASE)
    with connection.cursor() as cursor, file.open("rb") as content:
        cursor.copy_expert("COPY tho FROM STDIN (FORMAT csv, HEADER, DELIMITER ';')", content)
    connection.close()


def extract(inbox: Path, home: Path) -> None:
    """Take a month in, from the database if one is named, and say what happened."""
    url = os.environ.get(DOSSIERS_URL)
    source = DossierDatabase(url, VIEW) if url else None
    archive, now = RawArchive(home / "raw"), datetime.fromisoformat(AT)
    month = Month.parse(MONTH)
    print("\n".join(collect_dossiers(month, source, archive, inbox / MONTH, now).notes))


def kept_bytes(inbox: Path) -> int:
    """How much a delivery weighs in the archive."""
    with tempfile.TemporaryDirectory(dir=inbox.parent) as home:
        cost_of([*_EXTRACT, inbox, home])
        blobs = (Path(home) / "raw" / "blobs").glob("*/*")
        return sum(path.stat().st_size for path in blobs)


_EXTRACT: Sequence[object] = (sys.executable, "-m", "benchmarks.database", "--extract")


def measured(command: Sequence[object], inbox: Path, runs: int, *, last: Sequence[object]) -> str:
    """Median wall seconds and highest peak of a command on fresh homes."""
    costs: list[Cost] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=inbox.parent) as home:
            costs.append(cost_of([*command, *(home if part == "HOME" else part for part in last)]))
    return f"{median(c.wall for c in costs):.2f} / {max(c.peak for c in costs):.0f}"


def row_of(way: str, inbox: Path, runs: int, *, whole: bool) -> str:
    """One line of the table."""
    taken = measured(_EXTRACT, inbox, runs, last=[inbox, "HOME"])
    run = [CCHC, "run", MONTH, "--inbox", inbox, "--published-at", AT]
    month = measured(run, inbox, runs, last=["--home", "HOME"]) if whole else "–"
    return f"| {way} | {taken} | {month} | {kept_bytes(inbox) / 1e6:.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-run", action="store_true", help="measure the extraction only")
    parser.add_argument("--extract", type=Path, nargs=2, metavar=("INBOX", "HOME"))
    given = parser.parse_args()
    if given.extract:
        extract(*given.extract)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    filled, bare = (inbox_of(given.folder, rows).resolve() for rows in (given.rows, 0))
    (file,) = (filled / MONTH).glob("ho-so*.csv")
    whole = not given.without_run
    with postgres() as server:
        print(f"{given.rows:,} rows, filled in {fill(server, file):.0f} s", flush=True)
        print(f"median wall s / highest peak MB of {given.runs}")
        print("\n| way in | extraction | `cchc run` | kept MB |\n|---|---|---|---|")
        os.environ.pop(DOSSIERS_URL, None)
        print(row_of("CSV in the inbox", filled, given.runs, whole=whole), flush=True)
        os.environ[DOSSIERS_URL] = server.url(DATABASE, READER, PASSWORD)
        print(row_of("database", bare, given.runs, whole=whole), flush=True)


if __name__ == "__main__":
    main()
