"""A process whose children correct January, and are killed; each death leaves what a test looks at.

Belongs here: dying at a step, and what is wrong of the lake at any moment of a run. Does not:
expectations. Run as ``python -m tests.killed_correction HOME INBOX FRESH FIRST STRIDE``; it prints
what it found as JSON.

Children are forks, so that the libraries are imported once. One home takes the deaths in turn, and
the same command is given each time. A month that is current, with all months before it, has at
every moment the tables of an installation that never saw the error: what a kill would leave at that
moment is looked at after each file that is put in place, whether the child dies there or not.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import cchc_pipeline.store
from assets import made_from
from assets.made_from import MadeFrom
from cchc_pipeline import progress
from cchc_pipeline.period import Month
from cchc_pipeline.settings import load_settings
from cchc_pipeline.store import Lake, content_digest
from tests.command_line import SECOND, index, run

JANUARY = "2024-01"
TOLD = ("year_to_date", "plan_indicators", "plan_tasks", "dossier_statistics", "dossier_continuity")


def wrong_months(home: Path, inbox: Path, fresh: Path) -> list[str]:
    """What may go out, by the record, and is not as in a fresh installation."""
    settings = load_settings(home=home, inbox=inbox)
    record = MadeFrom(settings, datetime.fromisoformat(SECOND))
    stale = min(record.stale(), default=None)
    return [
        f"{month} {table}"
        for month in record.months()
        if stale is None or month < stale
        for table in TOLD
        if _digest(home, table, month) != _told_by(fresh, table, month)
    ]


@cache
def _told_by(fresh: Path, table: str, month: Month) -> str:
    return _digest(fresh, table, month)


def _digest(home: Path, table: str, month: Month) -> str:
    return content_digest(Lake(home / "lake", "H24").read(table, month))


def steps_passed(places: tuple[Path, Path, Path], die_after: int) -> tuple[int, list[str]]:
    """Give the command in a fork that dies after a step; 0 lets it live.

    Returns:
        How many steps it passed, negative if it lived to the end, and what was wrong on the way.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run_and_die(places, die_after, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read().decode().splitlines()
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not died and os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"the run ended with {status}")
    wrong = [line for line in lines if line != "."]
    passed = len(lines) - len(wrong)
    return (passed if died else -passed), wrong


def _run_and_die(places: tuple[Path, Path, Path], die_after: int, pipe: int) -> None:
    """In the child: look after each step and each file of the lake and the record, and die."""
    passed = 0
    signal.alarm(240)  # a run that waits without end is a fault to be seen, not waited for

    def step() -> None:
        nonlocal passed
        passed += 1
        wrong = wrong_months(*places)
        os.write(pipe, "".join(f"{line}\n" for line in (".", *wrong)).encode())
        if passed == die_after:
            os.kill(os.getpid(), signal.SIGKILL)

    cchc_pipeline.store.write_whole = _then(cchc_pipeline.store.write_whole, step)
    cchc_pipeline.store.put_in_place = _then(cchc_pipeline.store.put_in_place, step)
    made_from.write_whole = _then(made_from.write_whole, step)
    progress.tell = lambda line: None
    outcome = run(places[0], places[1], month=JANUARY, at=SECOND)
    os.write(2, outcome.problem.encode())
    os._exit(outcome.code)


def _then(write: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def both(*given: Any) -> Any:
        written = write(*given)
        step()
        return written

    return both


def deaths(places: tuple[Path, Path, Path], first: int, stride: int) -> Iterator[dict[str, Any]]:
    """Die after every ``stride``-th step from ``first`` on, until a run outlives them all."""
    number = first
    while True:
        passed, wrong = steps_passed(places, number)
        yield {"passed": passed, "wrong": wrong, "latest": index(places[0])["latest"]}
        if passed < 0:
            return
        number += stride


if __name__ == "__main__":
    for name in ("assets.execution", "great_expectations", "frictionless"):
        importlib.import_module(name)
    home, inbox, fresh = (Path(argument) for argument in sys.argv[1:4])
    found = list(deaths((home, inbox, fresh), int(sys.argv[4]), int(sys.argv[5])))
    sys.stdout.write(json.dumps(found))
