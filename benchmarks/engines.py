"""What a month of dossiers costs on each engine, and whether every table is the same.

Belongs here: measuring, comparing, and a Markdown table. Does not: thresholds. The export is
simulated once and kept in the folder given. Figures stand in ``benchmarks/README.md``.

    python -m benchmarks.engines --folder DIR [--rows 1000000] [--memory 600MB]
                                 [--master 'local[*]']
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.dossiers import MONTH, ROOT, inbox_of
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import count_dossiers
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import UnitTexts
from cchc_pipeline.settings import DEFAULT_MASTER
from cchc_pipeline.sources.dossiers.month import NamedFile, Results, account_rows, read_dossiers
from cchc_pipeline.sources.dossiers.quarantine import lacking_columns
from cchc_pipeline.storage.duckdb_engine import Means

ENGINES = ("duckdb", "spark")
TABLES = ("accepted", "quarantine", "codes", "counts")


def measured(means: Means, inbox: Path, out: Path) -> dict[str, Any]:
    """Read and count the month in this process; seconds of each step, and peak memory."""
    month = Month.parse(MONTH)
    (file,) = (inbox / MONTH).glob("ho-so*.csv")
    results = Results.below(out)
    began = time.perf_counter()
    with means.opened():
        started = time.perf_counter()
    units = UnitTexts(load_register(inbox), ROOT, month)
    reading = read_dossiers([NamedFile(file.name, file)], units, means, results)
    read = time.perf_counter()
    lacking = lacking_columns(account_rows(month, reading))
    with means.opened() as engine:
        counts = count_dossiers(results.accepted, month, engine, lacking)
    counted = time.perf_counter()
    pq.write_table(counts, out / "counts.parquet")
    return {
        "start": started - began,
        "read": read - started,
        "count": counted - read,
        "peak": [_peak(pid) for pid in ("self", *_children())],
        "told": repr((reading.accounts, sorted(reading.warned.items()), reading.provenance)),
    }


def _children() -> list[str]:
    return [
        pid
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]


def _peak(pid: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmHWM" in line)


def line(engine: str, cost: Mapping[str, Any]) -> str:
    """An engine's line of the table."""
    steps = [cost["start"], cost["read"], cost["count"]]
    seconds = " | ".join(f"{step:.1f}" for step in (*steps, sum(steps)))
    return f"| {engine} | {seconds} | {' + '.join(f'{peak:.0f}' for peak in cost['peak'])} |"


def compared(folder: Path, costs: Mapping[str, Mapping[str, Any]]) -> str:
    """One line: whether each table is the same, cell by cell and in the same order."""
    told = []
    for name in TABLES:
        one, other = (pq.read_table(folder / f"out-{e}" / f"{name}.parquet") for e in ENGINES)
        same = other.cast(one.schema).equals(one)
        told.append(f"{name} ({one.num_rows:,} rows): {'equal' if same else 'NOT EQUAL'}")
    same = costs[ENGINES[0]]["told"] == costs[ENGINES[1]]["told"]
    return "; ".join([*told, f"accounts and warnings: {'equal' if same else 'NOT EQUAL'}"])


def main() -> None:
    """Print the table, or measure one engine for it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", default="600MB")
    parser.add_argument("--master", default=DEFAULT_MASTER)
    parser.add_argument("--only", choices=ENGINES, help="measure this one and print it as JSON")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    inbox = inbox_of(given.folder, given.rows)
    if given.only:
        means = Means(given.folder / "scratch", given.memory, given.only, given.master)
        print(json.dumps(measured(means, inbox, given.folder / f"out-{given.only}")))
        return
    print(f"{given.rows:,} rows, {given.memory}, {given.master}\n")
    print("| engine | starting s | reading and judging s | counting s | all s | peak MB |")
    print("|---|---|---|---|---|---|")
    costs = {}
    for engine in ENGINES:
        command = [sys.executable, "-m", "benchmarks.engines", *sys.argv[1:], "--only", engine]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        costs[engine] = json.loads(said.splitlines()[-1])
        print(line(engine, costs[engine]), flush=True)
    print(f"\n{compared(given.folder, costs)}")


if __name__ == "__main__":
    main()
