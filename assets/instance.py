"""The Dagster instance under ``CCHC_HOME``: its configuration, and what a dead process left in it.

Belongs here: the instance. Does not: jobs and runs (``assets.execution``).
"""

import os
from pathlib import Path

import dagster as dg

from assets.publish import PUBLISH_POOL

OURS = {"cchc/started_by": "command line"}
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED,
]  # fmt: skip
_INSTANCE = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
event_log_storage:
  module: assets.event_log
  class: SteadyEventLog
  config:
    base_dir: {env: DAGSTER_HOME}
"""


def persistent_instance(folder: Path) -> dg.DagsterInstance:
    """The Dagster instance under ``CCHC_HOME/dagster``, made if absent."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dagster.yaml"
    if not config.exists():
        config.write_text(_INSTANCE, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder.resolve())
    return dg.DagsterInstance.get()


def end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Close what a killed process left open; only for the holder of the portal's lock.

    A run that was killed while it published would keep its place in the pool for good, and every
    later one would wait for it without end.
    """
    dead = instance.get_runs(filters=dg.RunsFilter(tags=OURS, statuses=_UNFINISHED))
    for run in dead:
        instance.report_run_failed(run, "its process ended before the run did")
    log = instance.event_log_storage
    places = log.get_concurrency_info(PUBLISH_POOL)
    holders = {slot.run_id for slot in places.claimed_slots}
    waiting = {step.run_id for step in places.pending_steps}
    for run_id in holders | waiting | {run.run_id for run in dead}:
        log.free_concurrency_slots_for_run(run_id)
