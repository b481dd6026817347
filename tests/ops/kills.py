"""SIGKILL at random moments of each kind of long work: what readers see then, and what comes next.

Belongs here: killing, and what must hold afterwards. Does not: deaths at chosen steps, which are
the suite's (``tests/ops/test_kill.py``). Run as ``python -m tests.ops.kills TIMES [SEED [KIND…]]``:
that many deaths of each kind of work. It prints a line a death and the figures; its exit code tells
whether all was well.

Children are forks, so that the libraries are imported once; a backfill's workers die with it.
"""

import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assets.instance import end_launched_runs
from assets.jobs import MONTH_JOB, PUBLISH_JOB
from cchc_pipeline.core.late_imports import unused_modules_late
from cchc_pipeline.core.modes import keep_private
from publish.store.store import Portal
from tests.assets.dagster_ui import ui
from tests.command_line import SAMPLE_INBOX, SECOND, cchc, copy_home, run
from tests.publish.crash_worker import faults

OLD, NEW = "2024-03.r1", "2026-09.r1"
_STARTED = 1.0
"""Seconds that a child has at least, where its life is too short to be divided."""


@dataclass(frozen=True)
class Work:
    """A folder with an installation that has published March, and its copy."""

    folder: Path

    @property
    def home(self) -> Path:
        """The installation that is at work."""
        return self.folder / "home"

    @property
    def copy(self) -> Path:
        """A backup of the one that has published March."""
        return self.folder / "march.tar.zst"


def _run(work: Work) -> int:
    return _told(run(work.home, SAMPLE_INBOX, at=SECOND))


def _backfill(work: Work) -> int:
    given = ("--home", work.home, "--inbox", SAMPLE_INBOX, "--published-at", SECOND)
    return _told(cchc("backfill", "2024-01", "2024-02", *given))


def _daemon(work: Work) -> int:
    """As the daemon does: what it had begun is closed, a month is made, what follows, published."""
    with ui(work.home, SAMPLE_INBOX) as pages:
        end_launched_runs(pages.instance)
        made = pages.launch(MONTH_JOB, "2026-09").success
        pages.follow()
        return 0 if made and pages.launch(PUBLISH_JOB).success else 1


def _restore(work: Work) -> int:
    """Into the folder of before, or, where a part was moved into place already, into a new one."""
    target = work.home / "restored"
    if target.exists() and {path.name for path in target.iterdir()} - {".restoring"}:
        shutil.rmtree(target)
    done = _told(cchc("restore", work.copy, "--home", target))
    return done or _told(cchc("verify", "--installation", "--home", target))


def _told(outcome: object) -> int:
    code = getattr(outcome, "code", 1)
    if code:
        os.write(2, f"{outcome}\n".encode())
    return int(code)


KINDS: Mapping[str, Callable[[Work], int]] = {
    "run": _run, "backfill": _backfill, "daemon": _daemon, "restore": _restore,
}  # fmt: skip


def in_a_child(do: Callable[[Work], int], work: Work, seconds: float | None = None) -> int | None:
    """The exit code of work in a fork; None if it was killed after so many seconds."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        signal.alarm(600)  # work that waits without end is a fault to be seen, not waited for
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        try:
            code = do(work)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            code = 70
        os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def deaths(kind: str, march: Path, work: Work, times: int, chance: random.Random) -> Iterator[str]:
    """Kill one kind of work at random moments; what was wrong after each, or nothing."""
    do = KINDS[kind]
    copy_home(march, work.home)
    begun = time.monotonic()
    code = in_a_child(do, work)
    life = max(time.monotonic() - begun, _STARTED)
    sys.stdout.write(f"{kind}: {life:.1f} s if nobody kills it\n")
    yield "" if code == 0 else f"it ended with {code} by itself"
    for _ in range(times):
        shutil.rmtree(work.home)
        copy_home(march, work.home)
        moment = chance.uniform(0.02, life)
        killed = in_a_child(do, work, moment) is None
        shown = _latest(work.home)
        wrong = [*faults(Portal(work.home / "portal"))]
        wrong += [*faults(Portal(work.home / "restored" / "portal"))]
        wrong += [] if shown in {OLD, NEW, "2024-03.r2"} else [f"shown is {shown}"]
        after = in_a_child(do, work)
        wrong += [] if after == 0 else [f"the next one ended with {after}"]
        wrong += [*faults(Portal(work.home / "portal"))]
        if kind != "restore" and in_a_child(_verify, work):
            wrong.append("verify --installation finds damage")
        end = "killed" if killed else "done before"
        sys.stdout.write(f"{kind} {end} after {moment:.2f} s, shown {shown}: {wrong or 'whole'}\n")
        sys.stdout.flush()
        yield "; ".join(wrong)
    shutil.rmtree(work.home)


def _verify(work: Work) -> int:
    given = ("verify", "--installation", "--home", work.home, "--inbox", SAMPLE_INBOX)
    return _told(cchc(*given))


def _latest(home: Path) -> str:
    latest = Portal(home / "portal").latest()
    return str(latest.id) if latest else "nothing"


def _march(work: Work) -> int:
    march = work.folder / "march"
    done = _told(run(march, SAMPLE_INBOX, month="2024-03"))
    return done or _told(cchc("backup", work.copy, "--home", march))


def main(times: int, seed: int, kinds: list[str]) -> int:
    """All kinds, one after the other; the number of deaths after which something was wrong."""
    with unused_modules_late():
        for name in ("assets.runner", "great_expectations", "frictionless"):
            importlib.import_module(name)
    keep_private()
    work, count = Work(Path(tempfile.mkdtemp(prefix="cchc-kills-"))), Counter[str]()
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    assert in_a_child(_march, work) == 0
    for kind in kinds:
        for wrong in deaths(kind, work.folder / "march", work, times, chance):
            count["wrong" if wrong else "whole"] += 1
    shutil.rmtree(work.folder)
    sys.stdout.write(f"{dict(count)}\n")
    return count["wrong"]


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int((*sys.argv, "1")[2]), sys.argv[3:] or [*KINDS])))
