"""The Dagster instance under ``CCHC_HOME``: its file, what dead processes left, failed runs.

Belongs here: ``dagster.yaml`` and when it may be replaced; opening the instance; closing runs whose
process is gone; which failed run is still the last word, and its lines. Does not: jobs and runs
(``runner``), or what follows from a failure (``cchc_pipeline.alerts``). Runs of the command line
and of the daemon count alike.

The file says by whom it was made, with a digest of the rest. While the digest is right nobody
changed the file, and it is made anew when this module says something else; after that it belongs to
whoever changed it.

``python -m assets.instance`` prepares the folder before Dagster's own programs start; with
``--before-daemon`` it also closes the runs that ended with the last daemon.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import dagster as dg
import sqlalchemy
import sqlalchemy.exc

from assets.checks import broken_of
from assets.jobs import MONTH_JOB, OURS, PUBLISH_JOB, PUBLISH_POOL
from cchc_pipeline.alerts.rules import Failure
from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.contracts import contract_names, load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import (
    BEGUN_ANEW,
    CchcError,
    DamagedError,
    UsageError,
    with_extra,
)
from cchc_pipeline.core.files import FileDigests, write_whole
from cchc_pipeline.core.modes import keep_private, make_home
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import DAGSTER_URL, dagster_url, load_settings
from publish.gates.gates import GATES
from publish.installation.damage import dagster_damage
from publish.installation.findings import Look

_PARTITION, _WILL_RETRY = "dagster/partition", "dagster/will_retry"
_TELLING = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.PIPELINE_FAILURE,
}
CONFIG = "dagster.yaml"
_MADE_BY = (
    "# Made by cchc. Change it and it is yours: it is replaced only while this is its digest: "
)
_BEFORE_IT_WAS_MARKED = "3f02a36eb3d9d93889755aad92b13f41b3a6bafb005c854d69541fd6233ba644"
"""Digest of the one file that was written without the line above."""
_ALWAYS = """\
telemetry:
  enabled: false
nux:
  enabled: false

# A pool is a place for one step at a time; publishing is one.
concurrency:
  pools:
    default_limit: 1
  runs:
    max_concurrent_runs: 2
    tag_concurrency_limits:  # a month is worked on by one run at a time
      - {key: dagster/partition, value: {applyLimitPerUniqueValue: true}, limit: 1}

# A crash is tried again once. A failed check or a source that gave nonsense is not: the same
# bytes give the same answer, and whoever can mend it has to be told at once.
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false

# A run that does not begin, does not end or has lost its process is closed; its place is free.
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  cancel_timeout_seconds: 180
  max_runtime_seconds: 21600
  poll_interval_seconds: 60
  free_slots_after_run_end_seconds: 60

schedules:
  use_threads: true
  num_workers: 2
sensors:
  use_threads: true
  num_workers: 2

# A sensor that looks every minute says "nothing" half a million times a year.
retention:
  schedule:
    purge_after_days: {skipped: 30, started: 30, failure: 400, success: 400}
  sensor:
    purge_after_days: {skipped: 2, started: 7, failure: 90, success: 90}
"""
_ON_POSTGRES = f"""
storage:
  postgres:
    postgres_url: {{env: {DAGSTER_URL}}}
"""
_NO_LONGER_THERE = ("assets.event_log", "assets.postgres_storage")
"""Storages of earlier versions; what they stored, the stock ones read."""
OF_A_COMMAND = {**OURS, "dagster/max_retries": "0"}
"""The tags of a run that a command makes: whoever gave the command tries again, not the daemon."""
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
]  # fmt: skip
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING,
]  # fmt: skip
_MEND = "start PostgreSQL, or correct the address"
_BEFORE_DAEMON = "--before-daemon"


def config_text(*, on_postgres: bool) -> str:
    """The whole file; the database's address stands in the environment only."""
    text = _ALWAYS + (_ON_POSTGRES if on_postgres else "")
    return f"{_MADE_BY}{_digest(text)}\n{text}"


def prepare(folder: Path, *, on_postgres: bool) -> None:
    """Write the file if there is none, or if it is ours and says something else.

    Raises:
        UsageError: It does not go with the setting, and events would go to the wrong place.
    """
    config = folder / CONFIG
    found = config.read_text("utf-8") if config.exists() else ""
    if _stores_on_postgres(found) and not on_postgres:
        raise UsageError(
            f"Dagster stores on PostgreSQL, and {DAGSTER_URL} is not set",
            where=str(config),
            todo="set it; or remove this file to store on SQLite from now on",
        )
    wanted = config_text(on_postgres=on_postgres)
    if found and not is_ours(found):
        _require_storages(found, config)
        _require_postgres(found, config, on_postgres=on_postgres)
    elif found != wanted:
        write_whole(config, wanted.encode())


def is_ours(text: str) -> bool:
    """Whether this program wrote a file, and nobody changed it since."""
    first, _, rest = text.partition("\n")
    return _digest(text) == _BEFORE_IT_WAS_MARKED or first == f"{_MADE_BY}{_digest(rest)}"


def _require_postgres(found: str, config: Path, *, on_postgres: bool) -> None:
    if on_postgres and not _stores_on_postgres(found):
        raise UsageError(
            f"{DAGSTER_URL} is set, and this file, which was changed by hand, does not name it",
            where=str(config),
            todo="name it there, unset it, or remove the file",
        )


def _require_storages(found: str, config: Path) -> None:
    gone = [module for module in _NO_LONGER_THERE if _names(found, module)]
    if gone:
        raise UsageError(
            f"it was changed by hand, and names {gone[0]}, which is no longer there",
            where=str(config),
            todo="take the storage out of it, or remove the file: the history is read as it lies",
        )


def _stores_on_postgres(text: str) -> bool:
    return _names(text, DAGSTER_URL)


def _names(text: str, name: str) -> bool:
    """Whether a file names something outside its comments."""
    return any(name in line.partition("#")[0] for line in text.splitlines())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persistent_instance(folder: Path) -> dg.DagsterInstance:
    """The Dagster instance under ``CCHC_HOME/dagster``, made if absent, stored as settings say.

    Raises:
        UsageError: Its database cannot be used.
    """
    url = dagster_url()
    if url is None:
        return private_instance(folder)
    require_database(url)
    _open_folder(folder, on_postgres=True)
    return dg.DagsterInstance.get()


def private_instance(folder: Path) -> dg.DagsterInstance:
    """An instance that keeps everything in its folder, whatever the settings say."""
    _open_folder(folder, on_postgres=False)
    return dg.DagsterInstance.get()


def _open_folder(folder: Path, *, on_postgres: bool) -> None:
    make_home(folder.parent)
    folder.mkdir(exist_ok=True)
    for damaged in (
        () if on_postgres else dagster_damage(folder, Look(folder.parent, FileDigests()))
    ):
        if damaged.kind != "missing":  # that is begun here
            raise DamagedError(folder.parent / damaged.path, BEGUN_ANEW)
    prepare(folder, on_postgres=on_postgres)
    os.environ["DAGSTER_HOME"] = str(folder.resolve())


def require_database(url: str) -> None:
    """Connect once: Dagster itself would try for a while, and fail with a page of its own code.

    Raises:
        UsageError: It cannot be used.
    """
    if importlib.util.find_spec("dagster_postgres") is None:
        raise UsageError("no driver is installed", where=DAGSTER_URL, todo=with_extra("postgres"))
    try:
        sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool).connect().close()
    except sqlalchemy.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise UsageError(
            f"Dagster's database cannot be used: {said}", where=DAGSTER_URL, todo=_MEND
        ) from None


def end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Close what a killed process left open; only for the holder of the portal's lock.

    A run that was killed while it published would keep its place in the pool for good, and every
    later one would wait for it without end.
    """
    dead = instance.get_runs(filters=dg.RunsFilter(tags=OURS, statuses=_UNFINISHED))
    for run in dead:
        instance.report_run_failed(run, "its process ended before the run did")
    places = instance.event_log_storage.get_concurrency_info(PUBLISH_POOL)
    holders = {slot.run_id for slot in places.claimed_slots}
    waiting = {step.run_id for step in places.pending_steps}
    _free_places(instance, holders | waiting | {run.run_id for run in dead})


def end_launched_runs(instance: dg.DagsterInstance) -> None:
    """Close what the last daemon left open; only while no daemon is running.

    The daemon's runs are its children and end with its service. Dagster sees when one of them
    dies, and does not see when all of them die with the machine. A closed run is tried again by
    the daemon, once.
    """
    under_way = instance.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY))
    dead = [run for run in under_way if not OURS.items() <= run.tags.items()]
    for run in dead:
        instance.report_run_failed(run, "the daemon ended before the run did")
    _free_places(instance, (run.run_id for run in dead))


def _free_places(instance: dg.DagsterInstance, runs: Iterable[str]) -> None:
    for run in runs:
        instance.event_log_storage.free_concurrency_slots_for_run(run)


def last_failures(instance: dg.DagsterInstance) -> tuple[Failure, ...]:
    """What the last run of each month and of the publication failed by; nothing if it succeeded.

    A month that was processed as a whole since has mended what any run of it failed by.
    """
    return tuple(
        failure
        for run in _failed(instance)
        if not _is_mended(instance, run)
        for failure in _failures_of(instance, run.dagster_run)
    )


def _failed(instance: dg.DagsterInstance) -> Iterable[dg.RunRecord]:
    """The newest failed run of each job and month, and of the publication.

    One that Dagster tries again by itself is not the last word yet.
    """
    found: dict[tuple[str, str], dg.RunRecord] = {}
    for run in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])):
        job, tags = run.dagster_run.job_name, run.dagster_run.tags
        month = tags.get(_PARTITION, "")
        if (month or job == PUBLISH_JOB) and tags.get(_WILL_RETRY) != "true":
            found.setdefault((job, month), run)
    return found.values()


def _is_mended(instance: dg.DagsterInstance, failed: dg.RunRecord) -> bool:
    run = failed.dagster_run
    month = run.tags.get(_PARTITION)
    jobs = {run.job_name, MONTH_JOB} if month else {run.job_name}
    return any(
        better.storage_id > failed.storage_id
        for job in jobs
        for better in instance.get_run_records(
            dg.RunsFilter(
                job_name=job,
                tags={_PARTITION: month} if month else None,
                statuses=[dg.DagsterRunStatus.SUCCESS],
            ),
            limit=1,
        )
    )


def _failures_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[Failure]:
    """Each rule that a blocking check found broken; what else went wrong, as one line."""
    month = Month.parse(run.tags[_PARTITION]) if _PARTITION in run.tags else None
    events = [
        entry.dagster_event
        for entry in instance.all_logs(run.run_id, of_type=_TELLING)
        if entry.dagster_event
    ]
    checks = list(_failed_checks(month, events))
    yield from checks
    errors = [
        event.step_failure_data.error
        for event in events
        if event.is_step_failure and event.step_failure_data.error
    ]
    lines = [_line(error) for error in errors if not is_check_failure(error)]
    if not lines and not checks:
        ends = [event.message or "" for event in events if event.is_job_failure]
        lines = ends[-1:] or ["the run failed"]
    if lines:
        yield Failure(month, "", "", " | ".join(lines))


def _failed_checks(month: Month | None, events: Iterable[dg.DagsterEvent]) -> Iterator[Failure]:
    for event in events:
        if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        check = event.asset_check_evaluation_data
        if check.severity == dg.AssetCheckSeverity.ERROR:
            asset = check.asset_key.to_user_string()
            for broken in broken_of(check):
                meaning = _meaning(asset, broken.rule)
                yield Failure(month, asset, broken.rule, broken.line, meaning)


def _meaning(asset: str, rule: str) -> CalendarWords | None:
    """What a gate or an expectation asks, in both languages."""
    if asset == "release" and rule in GATES:
        words = read_yaml("release/gates.yaml")["gates"][rule]
        return CalendarWords(words["vi"], words["en"])
    if asset in contract_names():
        for expectation in load_contract(asset).expectations():
            if expectation.id == rule:
                return CalendarWords(expectation.message.vi, expectation.message.en)
    return None


class StepError(Protocol):
    """The error of a step as Dagster keeps it: as text, with the error that caused it."""

    @property
    def message(self) -> str: ...  # noqa: D102

    @property
    def cls_name(self) -> str | None: ...  # noqa: D102

    @property
    def stack(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def cause(self) -> "StepError | None": ...  # noqa: D102


def innermost(error: StepError) -> StepError:
    """The error that a step raised; Dagster wraps it, and keeps it as text."""
    while error.cause is not None:
        error = error.cause
    return error


def is_check_failure(error: StepError) -> bool:
    """Whether it says that a check failed, which has lines of its own."""
    return innermost(error).cls_name == "DagsterAssetCheckFailedError"


def _line(error: StepError) -> str:
    """Our own error's line; of another only its kind, since its text may quote anything."""
    inner = innermost(error)
    if inner.cls_name in {kind.__name__ for kind in CchcError.__subclasses__()}:
        return inner.message.strip().partition(": ")[2].splitlines()[0]
    return f"unexpected {inner.cls_name} -> run it with --debug and report it"


def main(arguments: list[str]) -> None:
    """Prepare the folder; an error is one line, and the service does not start."""
    keep_private()
    try:
        with persistent_instance(load_settings().dagster_dir) as instance:
            if _BEFORE_DAEMON in arguments:
                end_launched_runs(instance)
    except CchcError as error:
        raise SystemExit(f"cchc: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
