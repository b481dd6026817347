"""Many months at once: side by side where they do not rest on each other, resumable, one commit.

Belongs here: what is left to do, the processes that do it, the record of what is done. Does not:
the jobs (``execution``), or arguments (``cchc_pipeline.backfill_command``).

The work has two stages with a wait between them. In the first each month is extracted, validated
and counted by itself. In the second the figures that rest on earlier months are made; they read
what the first stage left, so their months may run side by side too.
"""

import ctypes
import hashlib
import json
import multiprocessing
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assets.dependent_months import following_months
from assets.execution import Progress, build_definitions, execute
from assets.instance import persistent_instance
from assets.jobs import ALONE_JOB, FOLLOWING_JOB
from assets.made_from import LISTS, MadeFrom
from assets.resources import GENERATOR, Workspace
from cchc_pipeline.durable import write_whole
from cchc_pipeline.errors import CchcError
from cchc_pipeline.period import Month

RECORD = "backfill.json"
_DIE_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of Linux: a worker does not outlive the command that started it."""

Told = Callable[[Month, str], None]
"""Is told of a month that ended, with the line of its error or an empty text."""


@dataclass(frozen=True)
class Failure:
    """A month that could not be processed, and the line that says why."""

    month: Month
    line: str


class Record:
    """Which months of a span are done, kept so that an interrupted backfill goes on.

    A month counts as done as long as its files in the inbox, the lists and the program are those
    that it was done with.

    Args:
        path: Its file.
        span: First and last month.
        inputs: For each month, a digest of what it is made from.
    """

    def __init__(self, path: Path, span: tuple[Month, Month], inputs: Mapping[Month, str]) -> None:
        self._path, self._inputs = path, inputs
        self._name = f"{span[0]}/{span[1]}/{GENERATOR}"
        self._done: dict[str, str] = self._read()

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return dict(kept["done"]) if kept["backfill"] == self._name else {}

    def done(self) -> frozenset[Month]:
        """The months that need not be done again."""
        return frozenset(m for m, made in self._inputs.items() if self._done.get(str(m)) == made)

    def add(self, month: Month) -> None:
        """A month is done."""
        self._done[str(month)] = self._inputs[month]
        kept = {"backfill": self._name, "done": self._done}
        write_whole(self._path, json.dumps(kept, indent=1).encode() + b"\n")

    def close(self) -> None:
        """The span is published: the next backfill begins anew."""
        self._path.unlink(missing_ok=True)


def inputs_of(inbox: Path, months: Iterable[Month]) -> dict[Month, str]:
    """For each month a digest of the names, sizes and times of its files, and of the lists."""
    lists = [_stamp(inbox, inbox / name) for name in LISTS if (inbox / name).is_file()]
    return {month: _digest([*lists, *_stamps(inbox, inbox / str(month))]) for month in months}


def _stamps(inbox: Path, folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield _stamp(inbox, path)


def _stamp(inbox: Path, path: Path) -> str:
    state = path.stat()
    return f"{path.relative_to(inbox)} {state.st_size} {state.st_mtime_ns}"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def fill(
    workspace: Workspace, months: Sequence[Month], record: Record, told: Told, progress: Progress
) -> list[Failure]:
    """Process the months that are not done, then what rests on them.

    Args:
        workspace: The installation; its settings say how many months run side by side.
        months: The months of the span that have to be made.
        record: What is done already; each month is added as it ends.
        told: Is told of each month that ended the first stage.
        progress: Is told of everything else.

    Returns:
        The months that failed: the others are not held up by them.
    """
    made_from, lake = MadeFrom(workspace.settings, workspace.now), workspace.lake
    current = made_from.current_months(set(following_months(lake, months)) - set(months))
    left = [month for month in months if month not in record.done()]
    failed = _side_by_side(workspace, ALONE_JOB, left, record.add, told)
    good = [month for month in months if month not in {failure.month for failure in failed}]
    resting = {*good, *following_months(lake, good)}
    progress(f"year to date of {len(resting)} month(s)")
    failed += _side_by_side(workspace, FOLLOWING_JOB, sorted(resting), _nothing, _nothing)
    made_from.add_months({*good, *current} - {failure.month for failure in failed})
    return failed


def _nothing(*said: object) -> None:
    """Nobody is told."""


def _side_by_side(
    workspace: Workspace,
    job: str,
    months: Collection[Month],
    done: Callable[[Month], None],
    told: Told,
) -> list[Failure]:
    """Run a job for each month in as many processes as the settings allow."""
    if not months:
        return []
    fields = {name: getattr(workspace, name) for name in type(workspace).model_fields}
    failed = []
    with ProcessPoolExecutor(
        min(workspace.settings.workers, len(months)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_die_with_parent,
    ) as pool:
        running = {pool.submit(partial(process, fields, job), str(m)): m for m in months}
        for ended in as_completed(running):
            month, line = running[ended], ended.result()
            if line:
                failed.append(Failure(month, line))
            else:
                done(month)
            told(month, line)
    return sorted(failed, key=lambda failure: failure.month)


def _die_with_parent() -> None:
    """Otherwise a worker would write to the lake after its command, and its lock, are gone."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def process(fields: Mapping[str, Any], job: str, month: str) -> str:
    """In a worker: run a job for a month; the line of its error, or an empty text."""
    workspace = Workspace(**fields)
    try:
        with persistent_instance(workspace.settings.dagster_dir) as instance:
            execute(build_definitions(workspace), job, instance, lambda line: None, month)
    except CchcError as error:
        return str(error)
    return ""
