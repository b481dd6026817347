"""A process whose children run ``cchc run`` and are killed between two steps.

Belongs here: dying at a step, looking at the portal after each death, the run that comes after all
of them. Does not: expectations. Run as
``python -m tests.ops.kill_worker FOLDER HOME FIRST STRIDE``; it prints what it found as JSON.

Children are forks, so that the libraries are imported once. One home takes the deaths in turn: each
run finds what the one before it left.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cchc_pipeline.cli import progress
from cchc_pipeline.core.telling import Begun, StepEvent, Telling
from publish.store.journal import Journal, Line
from publish.store.store import Portal
from tests.command_line import SAMPLE_INBOX, SECOND, run, tree_digest
from tests.ops.forks import prepare_for_forks
from tests.publish.crash_worker import faults

PUBLISH_JOB = "publish"


def steps_passed(home: Path, die_after: int) -> int:
    """Run the second month in a fork that dies after a step; the number of steps it passed.

    Args:
        home: The installation.
        die_after: After which step; 0 to live.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run_and_die(home, die_after, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        passed = len(pipe.read())
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not died and os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"the run after step {passed} ended with {status}")
    return passed if died else -passed


def _run_and_die(home: Path, die_after: int, pipe: int) -> None:
    """In the child: count the steps of the publication, some of the month's, and die.

    A month's steps write to raw zone and lake, where no reader looks: every tenth is tried.
    """
    passed, of_month, publishes = 0, 0, False
    signal.alarm(240)  # a run that waits without end is a fault to be seen, not waited for

    def step() -> None:
        nonlocal passed
        passed += 1
        os.write(pipe, b".")
        if passed == die_after:
            os.kill(os.getpid(), signal.SIGKILL)

    def told(telling: Telling) -> None:
        nonlocal of_month, publishes
        publishes = publishes or (isinstance(telling, Begun) and telling.job == PUBLISH_JOB)
        if _is_step(telling):
            of_month += 1
            if publishes or of_month % 10 == 0:
                step()

    progress.tell = told
    Journal.write = _then(Journal.write, step)  # type: ignore[method-assign]
    outcome = run(home, SAMPLE_INBOX, at=SECOND)
    os.write(2, outcome.problem.encode())
    os._exit(outcome.code)


def _is_step(telling: Telling) -> bool:
    """Whether what is told is the end of a step that leaves something behind.

    Judging a table by its contract leaves nothing but its results, and there are forty of those.
    """
    return (
        isinstance(telling, StepEvent)
        and telling.has_ended
        and not telling.name.endswith("_checks")
    )


def _then(
    write: Callable[[Journal, Line], None], step: Callable[[], None]
) -> Callable[[Journal, Line], None]:
    def both(journal: Journal, line: Line) -> None:
        write(journal, line)
        step()

    return both


def observed(home: Path) -> dict[str, Any]:
    """What a reader finds now."""
    portal = Portal(home / "portal")
    latest = portal.latest()
    return {"latest": str(latest.id) if latest else None, "faults": list(faults(portal))}


def deaths(source: Path, home: Path, first: int, stride: int) -> Iterator[dict[str, Any]]:
    """Die after every ``stride``-th step from ``first`` on, until a run outlives them all.

    Once readers are shown the new release, the next run must end well, and the home is again what
    the last run left that died before: the month need not be made once more.
    """
    shutil.copytree(source, home, symlinks=True)
    old, number, before = observed(home)["latest"], first, home.with_name("before")
    shutil.copytree(home, before, symlinks=True)
    while (passed := steps_passed(home, number)) > 0:
        seen = observed(home)
        yield {"died_after": passed, **seen}
        if seen["latest"] != old:
            steps_passed(home, die_after=0)
            _put_back(before, home)
        else:
            _put_back(home, before)
        number += stride
    yield {"lived_through": -passed, **observed(home)}


def _put_back(good: Path, home: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(good, home, symlinks=True)


if __name__ == "__main__":
    place = Path(sys.argv[1]) / "home"
    prepare_for_forks(Path(sys.argv[1]) / "judged")
    found = list(deaths(Path(sys.argv[2]), place, int(sys.argv[3]), int(sys.argv[4])))
    digest = tree_digest(place / "portal" / "store")
    again = -steps_passed(place, die_after=0)
    result = {"found": found, "store": digest, "again": again, "after": observed(place)}
    sys.stdout.write(json.dumps(result))
