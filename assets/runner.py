"""Running the graph in process: a month, a publication, many months side by side.

Belongs here: the run of a month and of a publication, its progress, failed checks as lines, the
processes that fill many months. Does not: which assets a job has (``jobs``), what is left to do
(``staleness``), arguments or printing (``cchc_pipeline.cli.run``).

Many months are filled in two stages with a wait between them. In the first each month is extracted,
validated and counted by itself. In the second the year to date is handed on from month to month, so
that the months of a year follow each other, and only years run side by side.
"""

import atexit
import ctypes
import gc
import logging
import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, ClassVar

import dagster as dg

from assets import computed, jobs, published, raw, validated
from assets.alerting import alert_schedules, alert_sensors
from assets.automation import build_schedules, build_sensors
from assets.checks import CHECKS, broken_of
from assets.instance import (
    OF_A_COMMAND,
    StepError,
    innermost,
    is_check_failure,
    persistent_instance,
)
from assets.jobs import ALONE_JOB, FOLLOWING_JOB, JOBS, MONTH_JOB, PUBLISH_JOB
from assets.month_checks import FRESHNESS_CHECKS, freshness_schedule
from assets.places import places_sensors
from assets.resources import ParquetIOManager, Workspace
from assets.staleness import ALONE, MadeFrom, Stage, is_asked
from cchc_pipeline.core.errors import CchcError, CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.telling import YEARS, Begun, Made, Progress, StepEvent, Turn
from cchc_pipeline.core.unforeseen import AT_WORK, frames_in, told_of

_ERRNO = re.compile(r"\[Errno (\d+)\] [^:]*(?:: '(.*?)')?")
_STEPS = {"STEP_START": False, "STEP_SUCCESS": True}
_DIE_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of Linux: a worker does not outlive the command that started it."""
Told = Callable[[Month, str], None]
"""Is told of a month that ended, with the line of its error or an empty text."""


def build_definitions(
    workspace: Workspace,
    schedules: Sequence[dg.ScheduleDefinition] | None = None,
    sensors: Sequence[dg.SensorDefinition] | None = None,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
) -> dg.Definitions:
    """The whole graph on one workspace, asleep unless its settings switch automation on."""
    is_on = workspace.settings.automation
    schedules = build_schedules(is_on=is_on) if schedules is None else schedules
    sensors = build_sensors(is_on=is_on) if sensors is None else sensors
    return dg.Definitions(
        assets=dg.load_assets_from_modules([jobs, raw, validated, computed, published]),
        asset_checks=[*CHECKS, *FRESHNESS_CHECKS],
        resources={
            "workspace": workspace,
            "io_manager": ParquetIOManager(workspace=workspace),
            "memory": dg.mem_io_manager,
        },
        jobs=JOBS,
        schedules=[*schedules, *alert_schedules(is_on=is_on), freshness_schedule(is_on=is_on)],
        sensors=[*sensors, *alert_sensors(is_on=is_on), *places_sensors(is_on=is_on)],
        loggers={"steps": _step_logger},
        executor=executor,
    )


def run_months(
    workspace: Workspace, months: Sequence[Month], instance: dg.DagsterInstance, progress: Progress
) -> None:
    """Make each month that is not current, in order: those asked for, and all made before.

    Each is asked about when its turn comes, since a month may rest on one that was just made. A
    month asked for whose source is asked over the network is made in any case. The first that fails
    stops the rest.

    Raises:
        CheckFailedError: A blocking check failed; one line for each.
        CchcError: What a source raised.
    """
    definitions, asked = build_definitions(workspace), frozenset(months)
    made_from = MadeFrom(workspace.settings, workspace.now)
    for month in sorted(asked | {*made_from.months()}):
        changed = made_from.differing(month)
        if month in asked and is_asked(workspace.settings_for(month)):
            changed = {ALONE: ()}
        if not changed:
            continue
        job = job_for(changed)
        why = tuple(part for parts in changed.values() for part in parts)
        progress(Turn(month, job == MONTH_JOB, why if month not in asked else ()))
        execute(definitions, job, instance, progress, str(month))
        require_current(made_from, month)
        progress(Made(month, why))
    made_from.remember()


def require_current(made_from: MadeFrom, month: Month) -> None:
    """Hold that a month that was made just now is current.

    Raises:
        CheckFailedError: Something that it rests on changed meanwhile.
    """
    left = [part for parts in made_from.differing(month).values() for part in parts]
    if left:
        raise CheckFailedError(
            f"changed while it was being made: {', '.join(left)}",
            where=str(month),
            todo="give the same command again",
        )


def job_for(changed: Mapping[Stage, tuple[str, ...]]) -> str:
    """The job that makes a month current, by what changed."""
    return MONTH_JOB if ALONE in changed else FOLLOWING_JOB


def run_publication(
    workspace: Workspace, instance: dg.DagsterInstance, progress: Progress
) -> str | None:
    """Build, judge and publish; the id of the release, or None if there was nothing to publish."""
    definitions = build_definitions(workspace)
    result = execute(definitions, PUBLISH_JOB, instance, progress, None)
    metadata = result.asset_materializations_for_node("publication")[0].metadata
    return str(metadata["release"].value) if "release" in metadata else None


def execute(
    definitions: dg.Definitions,
    job: str,
    instance: dg.DagsterInstance,
    progress: Progress,
    partition: str | None,
) -> dg.ExecuteInProcessResult:
    """Run a job in this process.

    Raises:
        CheckFailedError: A blocking check failed; one line for each.
        CchcError: What a step raised.
    """
    chosen, month = definitions.resolve_job_def(job), Month.parse(partition) if partition else None
    progress(Begun(job, month, len(chosen.nodes), _seconds(instance, job)))
    _StepLines.progress = progress
    _StepLines.failed_at.clear()
    CchcError.made.clear()
    result = chosen.execute_in_process(
        instance=instance,
        partition_key=partition,
        raise_on_error=False,
        run_config={"loggers": {"steps": {}}},
        tags=OF_A_COMMAND,
    )
    if not result.success:
        raise _cause(result, partition or "publication")
    return result


def _seconds(instance: dg.DagsterInstance, job: str) -> float | None:
    """How long the job took when it ran well last."""
    well = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    for run in instance.get_run_records(well, limit=1):
        if run.start_time and run.end_time:
            return run.end_time - run.start_time
    return None


def _cause(result: dg.ExecuteInProcessResult, where: str) -> CchcError:
    """What a failed run has to say: the errors of its steps, then its failed blocking checks.

    One error that the project raised itself is returned as it was, with its exit code.
    """
    failures = {
        event.step_key or "": event.step_failure_data.error
        for event in result.get_step_failure_events()
        if event.step_failure_data.error
    }
    told = [
        _original(error) or _unforeseen(error, step, where)
        for step, error in failures.items()
        if not is_check_failure(error)
    ]
    checks = _failed_checks(result)
    if len(told) == 1 and not checks:
        cause = told[0]
    elif told or checks:
        lines = [str(error) for error in told]
        cause = CheckFailedError("\n  ".join(["checks failed", *lines, *checks]), where=where)
    else:
        cause = CheckFailedError("the run failed", where=where, todo="see `cchc dagster`")
    cause.__cause__ = RuntimeError("\n".join(error.to_string() for error in failures.values()))
    return cause


def _failed_checks(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        f"{check.asset_key.to_user_string()}: {broken.line}"
        for check in result.get_asset_check_evaluations()
        if check.severity == dg.AssetCheckSeverity.ERROR
        for broken in broken_of(check)
    ]


def _original(error: StepError) -> CchcError | None:
    """The project's own error as it was raised; None if it was another."""
    line = innermost(error).message.strip().partition(": ")[2]
    return next((own for own in CchcError.made if str(own).strip() == line), None)


def _unforeseen(error: StepError, step: str, where: str) -> CchcError:
    """An error that is not ours; what the disk refuses is said as such."""
    AT_WORK.step, AT_WORK.file = f"{step} of {where}", _StepLines.failed_at.get(step, "")
    inner = innermost(error)
    kind = inner.cls_name or "Error"
    first = inner.message.strip().splitlines()[0].removeprefix(f"{kind}: ")
    number = _ERRNO.search(first)
    refused = OSError(int(number[1]), os.strerror(int(number[1])), number[2]) if number else None
    return told_of([kind], first, frames_in(inner.stack), refused)


class _StepLines(logging.Handler):
    """Tells which step runs, and what they warn of; Dagster hands its loggers all of it."""

    progress: Progress = staticmethod(lambda line: None)
    failed_at: ClassVar[dict[str, str]] = {}
    """By failed step, the file that it was reading: other steps go on after it."""

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None and record.levelno == logging.WARNING:
            type(self).progress(meta.get("orig_message", record.getMessage()))
        elif event is not None and event.is_step_failure:
            type(self).failed_at[event.step_key] = AT_WORK.file
        elif event is not None and event.event_type_value in _STEPS:
            has_ended = _STEPS[event.event_type_value]
            AT_WORK.file = ""
            type(self).progress(StepEvent(event.step_key, has_ended))


@dg.logger(config_schema=None, description="Tells each step as it begins and ends.")
def _step_logger(context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("cchc.steps", level=logging.DEBUG)
    logger.addHandler(_StepLines())
    return logger


@dataclass(frozen=True)
class Ended:
    """A month that a worker ended: what had changed, and the line of its error, if any."""

    month: Month
    changed: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class MonthFailure:
    """A month that could not be processed, and the line that says why."""

    month: Month
    line: str


def fill(
    workspace: Workspace, months: Sequence[Month], told: Told, progress: Progress
) -> list[MonthFailure]:
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
        initializer=begin_worker,
        initargs=(os.getpid(), *gc.get_threshold()),
    )


def _side_by_side(
    pool: ProcessPoolExecutor,
    workspace: Workspace,
    job: str | None,
    groups: Collection[tuple[Month, ...]],
    told: Callable[[Ended], None],
) -> list[MonthFailure]:
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
                failed.append(MonthFailure(one.month, one.line))
    return failed


def begin_worker(command: int, *objects_before_collection: int) -> None:
    """Make this process a worker of a command: it does not outlive it, and costs no more than it.

    Otherwise it would write to the lake after its command, and its lock, are gone. What it loads
    takes seconds, in which the command may have died: its work lies in the pipe all the same. It
    looks for garbage as seldom as its command does, and like it ends without taking its objects
    apart.

    Args:
        command: The process of the command.
        *objects_before_collection: As the command has it.
    """
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != command:
        os._exit(1)
    gc.set_threshold(*objects_before_collection)
    atexit.register(os._exit, 0)


def process(fields: Mapping[str, Any], job: str | None, months: Sequence[str]) -> list[Ended]:
    """In a worker: work on months in order."""
    workspace = Workspace(**fields)
    AT_WORK.home, AT_WORK.settings = workspace.settings.home, dict(workspace.settings)
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
