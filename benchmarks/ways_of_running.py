"""January is corrected in 24 months that are out: every way of making them anew, killed once.

Run as ``python -m benchmarks.ways_of_running [--months 24] [--dossiers 300] [--way NAME …]``. The
months are simulated and published, then half of January's dossiers are taken out of its file. On
copies of that installation each way makes the months anew, is killed by SIGKILL when some of them
are, goes on as its user would, and publishes; then every table of the lake and of the release is
compared with those of an installation that never saw the error. Exit 1 if any differs.

Belongs here: the ways, and their comparison. Does not: how Dagster's programs are started and asked
(``tests.ops.daemon``), the months (``backfill``), the tests of each way (``tests``).
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg

from assets.instance import persistent_instance
from assets.jobs import MONTH_JOB, PUBLISH_JOB
from assets.staleness import RECORD, MadeFrom
from benchmarks.backfill import CCHC, Published, cchc, compared, months, ready_inbox, simulate
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import load_settings
from tests.command_line import copy_home, figures, whole_lake
from tests.ops.daemon import (
    backfill_state,
    is_idle,
    killed,
    launch_backfill,
    launch_run,
    pages_and_daemon,
)

ENOUGH = 2
"""How many months are made anew when the process is killed."""
PATIENCE = 3600
_ENDED = ("COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED")
_BY_UI = {"resources": {"workspace": {"config": {"accept": "SRC"}}}}


@dataclass(frozen=True)
class Installation:
    """A home with the corrected inbox, the months that are made anew, and the moment of it all."""

    home: Path
    span: Sequence[Month]
    moment: str

    @property
    def given(self) -> tuple[object, ...]:
        """The options of every command on it."""
        inbox = self.home / "inbox"
        return "--home", self.home, "--inbox", inbox, "--published-at", self.moment

    @property
    def record(self) -> MadeFrom:
        """What its months were made from."""
        return MadeFrom(load_settings(home=self.home), datetime.fromisoformat(self.moment))

    def made_since(self, moment: float) -> int:
        """How many months were recorded as a whole since a moment."""
        notes = (self.home / RECORD).glob("*/of_year.json")
        return sum(note.stat().st_mtime > moment for note in notes)


def killed_command(at: Installation, *arguments: object) -> str:
    """Give a command and kill it once it has made some months."""
    begun = time.time()
    command = [*CCHC, *map(str, (*arguments, *at.given))]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while at.made_since(begun) < ENOUGH and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    ended = process.wait()
    left = len(at.record.stale())
    return f"killed ({ended}) after {time.time() - begun:.0f} s, {left} months not current"


def by_backfill(at: Installation) -> Iterator[str]:
    """``cchc backfill``, killed, and again."""
    command = ("backfill", at.span[0], at.span[-1], "--reason", "SRC")
    yield killed_command(at, *command)
    yield said(cchc(*command, *at.given))


def by_runs(at: Installation) -> Iterator[str]:
    """``cchc run`` of January, killed, and again; then of every other month."""
    first, *others = at.span
    yield killed_command(at, "run", first, "--accept-revisions", "SRC")
    for month in (first, *others):
        ended = cchc("run", month, "--accept-revisions", "SRC", *at.given)
        if month == first or ended.returncode or not ended.stdout.startswith("nothing"):
            yield f"{month}: {said(ended)}"


def said(ended: subprocess.CompletedProcess[str]) -> str:
    """What a command that was to end well said at last."""
    lines = (ended.stdout or ended.stderr).strip().splitlines()
    return f"exit {ended.returncode}: {lines[-1] if lines else 'nothing'}"


def by_job(at: Installation) -> Iterator[str]:
    """A backfill of the job ``month`` over all partitions, launched in the pages."""
    return by_pages(at, MONTH_JOB)


def by_assets(at: Installation) -> Iterator[str]:
    """A backfill of every asset of a month over all partitions, launched in the lineage."""
    from cchc_pipeline.definitions import defs  # noqa: PLC0415 - reads the settings of now

    keys = defs.resolve_job_def(MONTH_JOB).asset_layer.selected_asset_keys
    return by_pages(at, sorted(key.to_user_string() for key in keys))


def by_pages(at: Installation, what: Sequence[str] | str) -> Iterator[str]:
    """Launch it in the pages, kill pages, daemon and runs, start them again; publish when idle."""
    begun = time.time()
    with pages_and_daemon(at.home, at.moment) as (process, address):
        backfill = launch_backfill(address, what, [str(month) for month in at.span])
        _until(lambda: at.made_since(begun) >= ENOUGH)
        killed(process)
    left = len(at.record.stale())
    yield f"killed after {time.time() - begun:.0f} s, {left} months not current"
    with (
        pages_and_daemon(at.home, at.moment) as (_, address),
        persistent_instance(at.home / "dagster") as instance,
    ):
        is_whole = _until(lambda: _is_at_rest(at, instance, address, backfill))
        state = backfill_state(address, backfill)
        rest = "at rest" if is_whole else "NOT AT REST"
        yield f"{rest} after {time.time() - begun:.0f} s, {state}"
        yield f"runs: {_runs(instance)}"
        run = launch_run(address, PUBLISH_JOB, _BY_UI)
        _until(lambda: is_idle(instance))
        found = instance.get_run_by_id(run)
        yield f"publish: {found.status.value if found else 'none'}"


def _is_at_rest(
    at: Installation, instance: dg.DagsterInstance, address: str, backfill: str
) -> bool:
    """Whether the backfill ended, no run is left, and every month is current."""
    return (
        is_idle(instance)
        and backfill_state(address, backfill) in _ENDED
        and not at.record.stale()
        and is_idle(instance)
    )


def _until(what: Callable[[], bool]) -> bool:
    """Look every second, for an hour at most."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(1)
    return False


def _runs(instance: dg.DagsterInstance) -> str:
    """The runs of the daemon by job and end."""
    runs = [run for run in instance.get_runs() if "cchc/started_by" not in run.tags]
    counted = Counter(f"{run.job_name} {run.status.value}" for run in runs)
    return ", ".join(f"{count} × {what}" for what, count in sorted(counted.items()))


WAYS: Mapping[str, Callable[[Installation], Iterator[str]]] = {
    "backfill": by_backfill, "runs": by_runs, "job": by_job, "assets": by_assets,
}  # fmt: skip


def tables(home: Path) -> Published:
    """All that is published and all that lies in the lake."""
    return figures(home) | whole_lake(home)


def scenario(work: Path, count: int, dossiers: int, ways: Sequence[str]) -> Iterator[str]:
    """Run it, a line for each figure.

    Raises:
        AssertionError: A way left other tables.
    """
    span = months(count)
    first, moment = (f"{span[-1].next()}-{day}T08:31:00+07:00" for day in (19, 20))
    before = Installation(work / "before", span, first)  # on days on which nothing is due
    files = {m: simulate(ready_inbox(before.home), m, dossiers) for m in span}
    begun = time.monotonic()
    yield said(cchc("backfill", span[0], span[-1], *before.given))
    rows = files[span[0]].read_text(encoding="utf-8").splitlines(keepends=True)
    files[span[0]].write_text("".join([rows[0], *rows[1::2]]), encoding="utf-8")
    yield f"{count} months made and published in {time.monotonic() - begun:.0f} s"
    fresh = Installation(work / "fresh", span, moment)
    copy_home(before.home / "inbox", fresh.home / "inbox")
    yield said(cchc("backfill", span[0], span[-1], *fresh.given))
    differing = []
    for way in ways:
        at = Installation(copy_home(before.home, work / way), span, moment)
        begun = time.monotonic()
        for line in WAYS[way](at):
            yield f"{way}: {line}"
        found = compared(tables(at.home), tables(fresh.home))
        differing += [way] if found != "the same" else []
        yield f"{way}: {time.monotonic() - begun:.0f} s; beside a fresh installation: {found}"
    if differing:
        raise AssertionError(f"other tables by {', '.join(differing)}")


def main() -> None:
    """Run the scenario, in a temporary folder unless one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--dossiers", type=int, default=300, help="a month")
    parser.add_argument("--way", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--folder", type=Path, help="keeps the installations")
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("CCHC_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        work = given.folder or Path(folder)
        try:
            for line in scenario(work, given.months, given.dossiers, given.way):
                print(line, flush=True)
        except AssertionError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
