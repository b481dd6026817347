"""What a backfill of 24 months costs beside 24 single runs, and whether both publish the same.

Run as ``python -m benchmarks.backfill [--dossiers 2000] [--months 24]``. The months are simulated,
with what goes wrong in real ones: a corrupt file, a file that comes late, a month that is handed in
anew, a unit that is missing. The first backfill is killed half-way by SIGKILL and goes on.

Belongs here: the scenario and its figures. Does not: the tests of each part (``tests``).
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from assets.staleness import RECORD
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake
from publish.model import STATISTICS
from publish.store.store import Portal, read_tables

CCHC = (sys.executable, "-m", "cchc_pipeline.cli.app")
UNITS = Path(__file__).parents[1] / "schemas" / "sample" / "inbox" / "units.csv"
FIRST = Month(2024, 1)
LATE, RESTATED, SHORT, CORRUPT = (Month(2024, month) for month in (5, 8, 3, 10))
GONE = ";H24.M02;"
Published = dict[str, list[dict[str, Any]]]


def cchc(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [*CCHC, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def timed(*arguments: object) -> tuple[float, int, str]:
    """Seconds, exit code and what was said."""
    begun = time.monotonic()
    ended = cchc(*arguments)
    return time.monotonic() - begun, ended.returncode, ended.stderr + ended.stdout


def months(count: int) -> list[Month]:
    """The months of the scenario."""
    found = [FIRST]
    while len(found) < count:
        found.append(found[-1].next())
    return found


def ready_inbox(home: Path) -> Path:
    """The inbox of an installation, with the units."""
    inbox = home / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    shutil.copy(UNITS, inbox)
    return inbox


def simulate(inbox: Path, month: Month, dossiers: int, seed: int = 1) -> Path:
    """A month's export in the inbox."""
    given = ("--dossiers", dossiers, "--seed", seed, "--out", inbox, "--inbox", inbox)
    ended = cchc("simulate", month, *given)
    ended.check_returncode()
    return inbox / str(month) / "ho-so-mau.csv"


def troubled(inbox: Path, span: Sequence[Month], dossiers: int) -> Iterator[None]:
    """The inbox as it is at first; then as it is in the end."""
    files = {month: simulate(inbox, month, dossiers) for month in span}
    rows = files[SHORT].read_text(encoding="utf-8").splitlines(keepends=True)
    files[SHORT].write_text("".join(r for r in rows if GONE not in r), encoding="utf-8")
    whole = files[CORRUPT].read_bytes()
    files[CORRUPT].write_bytes(whole[:1000] + b"\xff\xfe\x00" + whole[1000:])
    heading, *content = files[LATE].read_text(encoding="utf-8").splitlines(keepends=True)
    half = len(content) // 2
    files[LATE].write_text("".join([heading, *content[:half]]), encoding="utf-8")
    yield
    files[CORRUPT].write_bytes(whole)
    late = files[LATE].with_name("ho-so-den-muon.csv")
    late.write_text("".join([heading, *content[half:]]), encoding="utf-8")
    simulate(inbox, RESTATED, dossiers, seed=2)
    yield


def killed_half_way(home: Path, inbox: Path, span: Sequence[Month]) -> float:
    """Start a backfill, and kill it once half of the months are done; the seconds it had."""
    begun = time.monotonic()
    command = [*CCHC, "backfill", str(span[0]), str(span[-1]), "--home", home, "--inbox", inbox]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while len(_done(home)) < len(span) // 2 and process.poll() is None:
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return time.monotonic() - begun


def _done(home: Path) -> Collection[Path]:
    """The months that were made by themselves, of which the record tells."""
    return list((home / RECORD).glob("*/alone.json"))


def published(home: Path) -> Published:
    """What is published, without what tells of releases and of what was published when.

    Which small counts are joined depends on what readers saw before, so the statistics are also
    compared as they were before that.
    """
    latest = Portal(home / "portal").latest()
    if latest is None:
        return {}
    told = {"release", "received_at"}
    tables = {
        name: [{k: v for k, v in row.items() if k not in told} for row in table.to_pylist()]
        for name, table in read_tables(latest).items()
        if name != "revisions"
    }
    rows = tables["plan_indicators"]
    computed = Lake(home / "lake", "H24").read_all(STATISTICS).to_pylist()
    tables[f"{STATISTICS} as computed"] = computed
    tables["plan_indicators"] = [row for row in rows if row["indicator_id"] != "31"]
    return tables


def scenario(work: Path, count: int, dossiers: int) -> Iterator[str]:
    """Run it, a line for each figure."""
    inbox, home, single = ready_inbox(work), work / "home", work / "single"
    span = months(count)
    state = troubled(inbox, span, dossiers)
    next(state)
    yield f"killed after {killed_half_way(home, inbox, span):.0f} s, {len(_done(home))} months done"
    given = ("--home", home, "--inbox", inbox)
    seconds, code, said = timed("backfill", span[0], span[-1], *given)
    yield f"resumed: {seconds:.0f} s, exit {code}; {said.splitlines()[0]}"
    next(state)
    seconds, code, _ = timed("backfill", span[0], span[-1], *given, "--reason", "LATE")
    yield f"mended, a late file, a month anew: {seconds:.0f} s, exit {code}"
    whole = ("--home", work / "whole", "--inbox", inbox)
    seconds, code, _ = timed("backfill", span[0], span[-1], *whole)
    yield f"the whole span in one go: {seconds:.0f} s, exit {code}"
    begun = time.monotonic()
    for month in span:
        one = ("--home", single, "--inbox", inbox, "--accept-revisions", "LATE")
        cchc("run", month, *one).check_returncode()
    yield f"{count} single runs: {time.monotonic() - begun:.0f} s"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield f"largest process: {peak:.0f} MB (a backfill has its workers beside it)"
    for made, how in ((work / "whole", "in one go"), (home, "killed, resumed, mended")):
        yield f"{how}, beside the single runs: {compared(published(made), published(single))}"


def compared(made: Published, single: Published) -> str:
    """The tables that differ, with how many rows of each do."""
    told = []
    for name in sorted(made.keys() | single.keys()):
        rows, others = (
            {json.dumps(row, sort_keys=True, default=str) for row in tables.get(name, ())}
            for tables in (made, single)
        )
        if rows != others:
            told.append(f"{name} ({len(rows - others)} of {len(rows)} rows)")
    return ", ".join(told) or "the same"


def main() -> None:
    """Run the scenario in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--dossiers", type=int, default=2000, help="a month")
    given = parser.parse_args()
    os.environ.pop("CCHC_HOME", None)
    with tempfile.TemporaryDirectory() as folder:
        for line in scenario(Path(folder), given.months, given.dossiers):
            print(line, flush=True)


if __name__ == "__main__":
    main()
