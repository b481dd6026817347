"""What a month of dossiers costs, beside one DuckDB query that does the same to the same file.

Belongs here: measuring and a Markdown table. Does not: thresholds. Exports are made once and kept
in the folder given. Figures of a machine stand in ``benchmarks/README.md``.

    python -m benchmarks.dossiers --folder DIR [--rows 80000 1000000 10000000] [--runs 3]
                                     [--forms CSV Parquet]
"""

import argparse
import csv
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.process_cost import Cost, cost_of
from cchc_pipeline.core.period import Month
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.simulation import Options, write_sample

CCHC = Path(sys.executable).with_name("cchc")
BASELINE = Path(__file__).with_name("dossiers_baseline.py")
MONTH, ROOT, AT = "2024-03", "H24", "2024-04-12T08:30:00+07:00"
UNITS, MARK = 30, "DỮ LIỆU MẪU"
ROWS = (80_000, 1_000_000, 10_000_000)


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


def parquet_inbox_of(folder: Path, rows: int) -> Path:
    """The same rows as one Parquet file of the same texts."""
    inbox, plain = folder / f"inbox-{rows}-parquet", inbox_of(folder, rows)
    if not inbox.is_dir():
        making = folder / f"making-{rows}-parquet"
        shutil.rmtree(making, ignore_errors=True)
        (making / MONTH).mkdir(parents=True)
        shutil.copy(plain / "units.csv", making)
        (file,) = (plain / MONTH).glob("ho-so*.csv")
        texts = f"read_csv('{file}', delim = ';', header = true, all_varchar = true)"
        duckdb.sql(f"SELECT * FROM {texts}").write_parquet(f"{making / MONTH / file.stem}.parquet")  # noqa: S608 - our own file
        making.rename(inbox)
    return inbox


def baseline(inbox: Path) -> Cost:
    """One DuckDB query in a fresh process."""
    (file,) = (inbox / MONTH).glob("ho-so*")
    return cost_of([sys.executable, BASELINE, file, inbox / "units.csv", MONTH])


def run(inbox: Path, home: Path, *more: str) -> Cost:
    """``cchc run`` of the month."""
    given = ("--home", home, "--inbox", inbox, "--published-at", AT)
    return cost_of([CCHC, "run", MONTH, *given, *more])


INBOXES = {"CSV": inbox_of, "Parquet": parquet_inbox_of}


def row_of(rows: int, folder: Path, runs: int, form: str) -> str:
    """One line of the table: the query, a run in a fresh home, once more, and an empty month."""
    costs: dict[str, list[Cost]] = {"query": [], "run": [], "again": [], "empty": []}
    inbox = INBOXES[form](folder, rows)
    for _ in range(runs):
        costs["query"].append(baseline(inbox))
        with tempfile.TemporaryDirectory(dir=folder) as home:
            costs["run"].append(run(inbox, Path(home)))
            costs["again"].append(run(inbox, Path(home)))
        with tempfile.TemporaryDirectory(dir=folder) as home:
            costs["empty"].append(run(inbox_of(folder, 0), Path(home), "--empty"))
    walls = {name: median(cost.wall for cost in of) for name, of in costs.items()}
    peaks = {name: max(cost.peak for cost in of) for name, of in costs.items()}
    used = {name: median(cost.processor for cost in of) for name, of in costs.items()}
    more = used["run"] - used["empty"]
    cells = [f"{rows:,} {form}", *(f"{walls[name]:.2f} / {peaks[name]:.0f}" for name in costs)]
    cells += [f"{used[name]:.1f}" for name in ("query", "run", "empty")]
    cells.append(f"{more / used['query']:.1f}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="*", default=list(ROWS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--forms", nargs="*", default=list(INBOXES), choices=INBOXES)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"{os.cpu_count()} processors, median wall s / highest peak MB of {given.runs}\n")
    print(
        "| rows | one query | `cchc run` | nothing new | an empty month"
        " | processor s: query | run | empty | less empty, by the query |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for rows in given.rows:
        for form in given.forms:
            print(row_of(rows, given.folder, given.runs, form), flush=True)


if __name__ == "__main__":
    main()
