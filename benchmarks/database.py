"""What a month of dossiers from a real PostgreSQL costs, beside the same month dropped as CSV.

Belongs here: filling a database of its own, measuring, and a Markdown table. Does not: thresholds.
Figures of a machine stand in ``benchmarks/README.md``.

    python -m benchmarks.database --folder DIR [--rows 1000000] [--runs 3] [--without-run]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.dossiers import AT, CCHC, MONTH, inbox_of
from benchmarks.process_cost import Cost, cost_of
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import DOSSIERS_URL
from cchc_pipeline.simulation.profile import load_office_look
from cchc_pipeline.sources.dossiers.collection import collect_dossiers
from cchc_pipeline.sources.dossiers.database import DossierDatabase
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.readers.upload_schema import fold_heading, load_upload_schema
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
    known = load_upload_schema("dossiers").by_fold
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
    """Take a month in, from the database if one is named; say what this process took.

    The peak that a parent is told of its child begins with the parent's own.
    """
    url = os.environ.get(DOSSIERS_URL)
    source = DossierDatabase(url, VIEW) if url else None
    archive, now = RawArchive(home / "raw"), datetime.fromisoformat(AT)
    collect_dossiers(Month.parse(MONTH), source, archive, inbox / MONTH, now)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(time.process_time(), status.partition("VmHWM:")[2].split()[0])


@dataclass(frozen=True)
class Taken:
    """Of one extraction: its cost, its processor's seconds, and the MB that are kept."""

    cost: Cost
    processor: float
    kept: float


def extraction(inbox: Path) -> Taken:
    """Take a month in, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.database", "--extract", inbox]
    with tempfile.TemporaryDirectory(dir=inbox.parent) as home:
        began = time.perf_counter()
        said = subprocess.run([*map(str, command), home], check=True, capture_output=True).stdout
        wall = time.perf_counter() - began
        blobs = (Path(home) / "raw" / "blobs").glob("*/*")
        kept = sum(path.stat().st_size for path in blobs) / 1e6
    processor, peak = map(float, said.split())
    return Taken(Cost(wall, peak / 1024), processor, kept)


def month(inbox: Path) -> Cost:
    """``cchc run`` in a fresh home beside the inbox."""
    with tempfile.TemporaryDirectory(dir=inbox.parent) as home:
        return cost_of([CCHC, "run", MONTH, "--home", home, "--inbox", inbox, "--published-at", AT])


def row_of(way: str, inbox: Path, runs: int, *, whole: bool) -> str:
    """One line of the table."""
    taken = [extraction(inbox) for _ in range(runs)]
    months = [month(inbox) for _ in range(runs)] if whole else []
    processor, kept = median(one.processor for one in taken), taken[0].kept
    cost = _told([one.cost for one in taken])
    return f"| {way} | {cost} | {processor:.1f} | {_told(months)} | {kept:.0f} |"


def _told(costs: Sequence[Cost]) -> str:
    if not costs:
        return "–"
    return f"{median(c.wall for c in costs):.2f} / {max(c.peak for c in costs):.0f}"


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
        print(
            "\n| way in | extraction | processor s | `cchc run` | kept MB |\n|---|---|---|---|---|"
        )
        os.environ.pop(DOSSIERS_URL, None)
        print(row_of("CSV in the inbox", filled, given.runs, whole=whole), flush=True)
        os.environ[DOSSIERS_URL] = server.url(DATABASE, READER, PASSWORD)
        print(row_of("database", bare, given.runs, whole=whole), flush=True)


if __name__ == "__main__":
    main()
