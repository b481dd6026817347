"""Many months at once: side by side where they do not rest on each other, resumable, one commit.

Belongs here: the processes that do the work. Does not: what is left to do, which the record says
(``made_from``); the jobs (``execution``); arguments (``cchc_pipeline.run_commands``).

The work has two stages with a wait between them. In the first each month is extracted, validated
and counted by itself. In the second the year to date is handed on from month to month, so that the
months of a year follow each other, and only years run side by side.
"""

import atexit
import ctypes
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from assets.execution import build_definitions, execute, job_for, require_current
from assets.instance import persistent_instance
from assets.jobs import ALONE_JOB
from assets.made_from import ALONE, MadeFrom
from assets.resources import Workspace
from assets.telling import YEARS, Begun, Made, Progress
from cchc_pipeline.errors import CchcError
from cchc_pipeline.period import Month

_DIE_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of Linux: a worker does not outlive the command that started it."""

Told = Callable[[Month, str], None]
"""Is told of a month that ended, with the line of its error or an empty text."""


@dataclass(frozen=True)
class Ended:
    """A month that a worker ended: what had changed, and the line of its error, if any."""

    month: Month
    changed: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class Failure:
    """A month that could not be processed, and the line that says why."""

    month: Month
    line: str


def fill(
    workspace: Workspace, months: Sequence[Month], told: Told, progress: Progress
) -> list[Failure]:
    """Make the months that are not current.

    Args:
        workspace: The installation; its settings say how many months run side by side.
        months: Those of the span, and whatever else was made before.
        told: Is told of each month that ended the first stage.
        progress: Is told of everything else.

    Returns:
        The months that failed: the others are not held up by them.
    """
    made_from = MadeFrom(workspace.settings, workspace.now)
    stages = {month: made_from.differing(month) for month in months}
    left = [(month,) for month in months if ALONE in stages[month]]

    def whole(ended: Ended) -> None:
        if ended.changed and not ended.line:
            why = next(iter(stages[ended.month].values()), ended.changed)
            progress(Made(ended.month, why))

    with _workers(workspace.settings.workers) as pool:
        failed = _side_by_side(
            pool, workspace, ALONE_JOB, left, lambda ended: told(ended.month, ended.line)
        )
        bad = {failure.month for failure in failed}
        good = [month for month in sorted(months) if month not in bad]
        progress(Begun(YEARS, None, len(good)))
        years = [tuple(of_year) for _, of_year in groupby(good, key=lambda month: month.year)]
        failed += _side_by_side(pool, workspace, None, years, whole)
    return sorted(failed, key=lambda failure: failure.month)


def _workers(number: int) -> ProcessPoolExecutor:
    """Processes for both stages: what they load takes seconds, and one is begun when needed."""
    return ProcessPoolExecutor(
        number,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=gc.get_threshold(),
    )


def _side_by_side(
    pool: ProcessPoolExecutor,
    workspace: Workspace,
    job: str | None,
    groups: Collection[tuple[Month, ...]],
    told: Callable[[Ended], None],
) -> list[Failure]:
    """Work on groups of months in as many processes as there are, each group in order.

    Args:
        pool: The processes.
        workspace: The installation.
        job: What is run for each month; None: whatever makes it current.
        groups: The months.
        told: Is told of each month that ended.
    """
    fields = {name: getattr(workspace, name) for name in type(workspace).model_fields}
    work, failed = partial(process, fields, job), []
    for ended in as_completed([pool.submit(work, list(map(str, group))) for group in groups]):
        for one in ended.result():
            told(one)
            if one.line:
                failed.append(Failure(one.month, one.line))
    return failed


def _begin(*objects_before_collection: int) -> None:
    """Make this process a worker of a command: it does not outlive it, and costs no more than it.

    Otherwise it would write to the lake after its command, and its lock, are gone. It looks for
    garbage as seldom as its command does, and like it ends without taking its objects apart.
    """
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    gc.set_threshold(*objects_before_collection)
    atexit.register(os._exit, 0)


def process(fields: Mapping[str, Any], job: str | None, months: Sequence[str]) -> list[Ended]:
    """In a worker: work on months in order."""
    workspace = Workspace(**fields)
    made_from = MadeFrom(workspace.settings, workspace.now)
    definitions, ended = build_definitions(workspace), []
    with persistent_instance(workspace.settings.dagster_dir) as instance:
        for month in months:
            changed, line = made_from.differing(Month.parse(month)), ""
            try:
                if changed:
                    chosen = job or job_for(changed)
                    execute(definitions, chosen, instance, lambda line: None, month)
                    if job is None:
                        require_current(made_from, Month.parse(month))
            except CchcError as error:
                line = str(error)
            why = tuple(part for parts in changed.values() for part in parts)
            ended.append(Ended(Month.parse(month), why, line))
    return ended
