"""What a month of dossiers costs, beside one DuckDB query that does the same to the same file.

Belongs here: measuring and a Markdown table. Does not: thresholds. Exports are made once and kept
in the folder given. Figures of a machine stand in ``benchmarks/README.md``.

    python benchmarks/dossiers.py --folder DIR [--rows 100000 1000000 5000000] [--runs 3]
                                  [--without-run]
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cchc_pipeline.period import Month
from cchc_pipeline.simulation import Options, write_sample
from cchc_pipeline.unit_lists import load_register

CCHC = Path(sys.executable).with_name("cchc")
BASELINE = Path(__file__).with_name("dossiers_baseline.py")
MONTH, ROOT, AT = "2024-03", "H24", "2024-04-12T08:30:00+07:00"
UNITS, MARK = 30, "DỮ LIỆU MẪU"
ROWS = (100_000, 1_000_000, 5_000_000)


@dataclass(frozen=True)
class Cost:
    """Of one process: wall seconds, peak memory in MB."""

    wall: float
    peak: float


def cost_of(command: Sequence[object]) -> Cost:
    """Run a process once and wait for it.

    Raises:
        RuntimeError: It ended with an error.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(a) for a in command], stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode(errors="replace")[-2000:])
    return Cost(time.perf_counter() - began, used.ru_maxrss / 1024)


def units_csv(inbox: Path) -> None:
    """Thirty sample units: agencies and districts."""
    inbox.mkdir(parents=True, exist_ok=True)
    with (inbox / "units.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(
            ["unit_code", "name_vi", "name_en", "level", "parent_code", "valid_from", "valid_to",
             "provenance", "basis"]
        )  # fmt: skip
        for number in range(1, UNITS + 1):
            level, word = ("agency", "Sở") if number % 2 else ("district", "Quận")
            name = f"{word} Mẫu {number} ({MARK})"
            code = f"{ROOT}.M{number:02d}"
            writer.writerow([code, name, name, level, ROOT, "2022-01-01", "", "sample", MARK])


def inbox_of(folder: Path, rows: int) -> Path:
    """An inbox with one CSV of so many rows; 0 is an inbox with the units only."""
    inbox = folder / f"inbox-{rows}"
    if not inbox.is_dir():
        making = folder / f"making-{rows}"
        shutil.rmtree(making, ignore_errors=True)
        units_csv(making)
        if rows:
            write_sample(making, Month.parse(MONTH), Options(rows), load_register(making), ROOT)
        making.rename(inbox)
    return inbox


def baseline(inbox: Path) -> Cost:
    """One DuckDB query in a fresh process."""
    (file,) = (inbox / MONTH).glob("ho-so*.csv")
    return cost_of([sys.executable, BASELINE, file, inbox / "units.csv", MONTH])


def run(inbox: Path) -> Cost:
    """``cchc run`` in a fresh home beside the inbox."""
    with tempfile.TemporaryDirectory(dir=inbox.parent) as home:
        return cost_of([CCHC, "run", MONTH, "--home", home, "--inbox", inbox, "--published-at", AT])


def row_of(rows: int, folder: Path, runs: int, *, whole: bool) -> str:
    """One line of the table; the three kinds of runs take turns."""
    costs: dict[str, list[Cost]] = {"query": [], "month": [], "empty": []}
    filled, empty = inbox_of(folder, rows), inbox_of(folder, 0)
    for _ in range(runs):
        costs["query"].append(baseline(filled))
        costs["empty"].append(run(empty))
        if whole:
            costs["month"].append(run(filled))
    walls = {k: median([c.wall for c in of]) for k, of in costs.items() if of}
    peaks = {k: max(c.peak for c in of) for k, of in costs.items() if of}
    cells = [f"{rows:,}", f"{walls['query']:.2f} / {peaks['query']:.0f}"]
    cells.append(f"{walls['month']:.2f} / {peaks['month']:.0f}" if whole else "–")
    cells.append(f"{walls['empty']:.2f} / {peaks['empty']:.0f}")
    more = walls["month"] - walls["empty"] if whole else 0.0
    cells += [f"{more:.2f}", f"{more / walls['query']:.1f}"] if whole else ["–", "–"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="*", default=list(ROWS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-run", action="store_true", help="leave out the filled month")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"{os.cpu_count()} processors, median wall s / highest peak MB of {given.runs}")
    print("\n| rows | one query | `cchc run` | empty month | less the empty month | times |")
    print("|---|---|---|---|---|---|")
    for rows in given.rows:
        print(row_of(rows, given.folder, given.runs, whole=not given.without_run), flush=True)


if __name__ == "__main__":
    main()
