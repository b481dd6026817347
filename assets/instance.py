"""The Dagster instance under ``CCHC_HOME``: opening it, and what dead processes left in it.

Belongs here: the instance. Does not: its configuration (``assets.dagster_home``), jobs and runs
(``assets.execution``).

``python -m assets.instance`` prepares the folder before Dagster's own programs start; with
``--before-daemon`` it also closes the runs that ended with the last daemon.
"""

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import dagster as dg
import sqlalchemy
import sqlalchemy.exc

from assets.dagster_home import prepare
from assets.publish import PUBLISH_POOL
from cchc_pipeline.errors import CchcError, UsageError
from cchc_pipeline.secret_settings import DAGSTER_URL, dagster_url
from cchc_pipeline.settings import load_settings

OURS = {"cchc/started_by": "command line"}
OF_A_COMMAND = {**OURS, "dagster/max_retries": "0"}
"""The tags of a run that a command makes: whoever gave the command tries again, not the daemon."""
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
]  # fmt: skip
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING,
]  # fmt: skip
_INSTALL = "install cchc-pipeline[postgres]"
_MEND = "start PostgreSQL, or correct the address"
_BEFORE_DAEMON = "--before-daemon"


def persistent_instance(folder: Path) -> dg.DagsterInstance:
    """The Dagster instance under ``CCHC_HOME/dagster``, made if absent, stored as settings say.

    Raises:
        UsageError: Its database cannot be used.
    """
    url = dagster_url()
    if url is None:
        return private_instance(folder)
    _require_database(url)
    _open_folder(folder, on_postgres=True)
    return dg.DagsterInstance.get()


def private_instance(folder: Path) -> dg.DagsterInstance:
    """An instance that keeps everything in its folder, whatever the settings say."""
    _open_folder(folder, on_postgres=False)
    return dg.DagsterInstance.get()


def _open_folder(folder: Path, *, on_postgres: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder, on_postgres=on_postgres)
    os.environ["DAGSTER_HOME"] = str(folder.resolve())


def _require_database(url: str) -> None:
    """Connect once: Dagster itself would try for a while, and fail with a page of its own code."""
    if importlib.util.find_spec("dagster_postgres") is None:
        raise UsageError("no driver is installed", where=DAGSTER_URL, todo=_INSTALL)
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


def main(arguments: list[str]) -> None:
    """Prepare the folder; an error is one line, and the service does not start."""
    try:
        with persistent_instance(load_settings().dagster_dir) as instance:
            if _BEFORE_DAEMON in arguments:
                end_launched_runs(instance)
    except CchcError as error:
        raise SystemExit(f"cchc: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
