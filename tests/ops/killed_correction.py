"""A process whose children correct January, and are killed; each death leaves what a test looks at.

Belongs here: dying at a moment, and what is wrong of the lake at any moment of a run. Does not:
expectations. Run as
``python -m tests.ops.killed_correction WAY HOME INBOX FRESH FIRST STRIDE``, where the way is
``command`` or ``pages``; it prints what it found as JSON. ``1 1`` dies at every moment.

A moment is the end of any step of Dagster's, and whatever lies between two files that are put in
their place. Children are forks, so that the libraries are imported once. One home takes the deaths
in turn, and the same is asked for each time. A month that is current, with all months before it,
has at every moment the tables of an installation that never saw the error: that is looked at each
time, whether the child dies there or not.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from assets.instance import end_launched_runs
from assets.jobs import MONTH_JOB, OURS, PUBLISH_JOB
from assets.staleness import MadeFrom
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import load_settings
from cchc_pipeline.storage.lake import Lake, content_digest
from tests.assets.dagster_ui import ui
from tests.command_line import SECOND, index, run
from tests.ops.forks import prepare_for_forks

JANUARY, FEBRUARY = "2024-01", "2024-02"
TOLD = ("year_to_date", "plan_indicators", "plan_tasks", "dossier_statistics", "dossier_continuity")
_ELSEWHERE = ("dagster", "portal")
"""Dagster's own files, and those of readers, of which ``tests.publish`` tries every moment."""
Found = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """The installation that is corrected, its inbox, and one that never saw the error."""

    home: Path
    inbox: Path
    fresh: Path

    def wrong_months(self) -> list[str]:
        """What may go out, by the record, and is not as in a fresh installation."""
        settings = load_settings(home=self.home, inbox=self.inbox)
        record = MadeFrom(settings, datetime.fromisoformat(SECOND))
        stale = min(record.stale(), default=None)
        return [
            f"{month} {table}"
            for month in record.months()
            if stale is None or month < stale
            for table in TOLD
            if _digest(self.home, table, month) != _told_by(self.fresh, table, month)
        ]


@cache
def _told_by(fresh: Path, table: str, month: Month) -> str:
    return _digest(fresh, table, month)


def _digest(home: Path, table: str, month: Month) -> str:
    return content_digest(Lake(home / "lake", "H24").read(table, month))


def by_command(places: Places) -> None:
    """The command that an officer gives, and gives again."""
    outcome = run(places.home, places.inbox, month=JANUARY, at=SECOND)
    os.write(2, outcome.problem.encode())
    os._exit(outcome.code)


def by_pages(places: Places) -> None:
    """A backfill of both months in any order, then what follows, then the publication.

    As the daemon does after it was killed: what it had begun is closed, and tried again.
    """
    with ui(places.home, places.inbox) as pages:
        end_launched_runs(pages.instance)
        done = pages.instance.get_runs(
            dg.RunsFilter(job_name=MONTH_JOB, statuses=[dg.DagsterRunStatus.SUCCESS])
        )
        months = {r.tags["dagster/partition"] for r in done if not OURS.items() <= r.tags.items()}
        for month in (FEBRUARY, JANUARY):
            if month not in months:
                assert pages.launch(MONTH_JOB, month).success
        pages.follow()
        assert pages.launch(PUBLISH_JOB).success
    os._exit(0)


WAYS: Mapping[str, Callable[[Places], None]] = {"command": by_command, "pages": by_pages}


def moments(way: str, places: Places, die_at: int) -> tuple[bool, list[Found]]:
    """Go a way in a fork that dies at a moment.

    Returns:
        Whether it died, and of each moment that it saw the step that had ended, if that was what
        happened, and what was wrong.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(240)  # a run that waits without end is a fault to be seen, not waited for
        _watch(places, die_at, writing)
        WAYS[way](places)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        seen = [json.loads(line) for line in pipe.read().splitlines()]
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not died and os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"the run ended with {status}")
    return died, seen


def _watch(places: Places, die_at: int, pipe: int) -> None:
    """In the child: look at each moment, and die at one."""
    passed = 0

    def look(step: str = "") -> None:
        nonlocal passed
        passed += 1
        told = {"step": step, "wrong": places.wrong_months()}
        os.write(pipe, json.dumps(told).encode() + b"\n")
        if passed == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(event: str, given: tuple[Any, ...]) -> None:
        """Python tells of every rename before it is done, by whomever."""
        if event == "os.rename":
            path = Path(os.fsdecode(given[1]))
            below = path.relative_to(places.home) if path.is_relative_to(places.home) else None
            if below and below.parts[0] not in _ELSEWHERE:
                look()

    sys.addaudithook(audited)
    report = dg.DagsterInstance.handle_new_event

    def reported(instance: dg.DagsterInstance, event: Any, **given: Any) -> None:
        report(instance, event, **given)
        if event.dagster_event and event.dagster_event.is_step_success:
            look(event.step_key)

    dg.DagsterInstance.handle_new_event = reported  # type: ignore[method-assign]


def deaths(way: str, places: Places, first: int, stride: int) -> Iterator[Found]:
    """Die at every ``stride``-th moment from ``first`` on, until a run outlives them all."""
    number, died = first, True
    while died:
        died, seen = moments(way, places, number)
        yield {
            "moments": len(seen),
            "steps": [moment["step"] for moment in seen if moment["step"]],
            "wrong": [line for moment in seen for line in moment["wrong"]],
            "latest": index(places.home)["latest"],
        }
        number += stride


if __name__ == "__main__":
    places = Places(*(Path(argument) for argument in sys.argv[2:5]))
    prepare_for_forks(places.home.with_name("judged"))
    found = list(deaths(sys.argv[1], places, int(sys.argv[5]), int(sys.argv[6])))
    sys.stdout.write(json.dumps(found))
