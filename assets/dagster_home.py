"""What ``dagster.yaml`` says: where Dagster stores, what it tries again, how much at once.

Belongs here: that file, and when it may be replaced. Does not: opening the instance
(``assets.instance``).

The file says by whom it was made, with a digest of the rest. While the digest is right nobody
changed the file, and it is made anew when this module says something else; after that it belongs
to whoever changed it.
"""

import hashlib
from pathlib import Path

from cchc_pipeline.durable import write_whole
from cchc_pipeline.errors import UsageError
from cchc_pipeline.secret_settings import DAGSTER_URL

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
