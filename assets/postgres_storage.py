"""Dagster's storage on PostgreSQL, with connections that are kept.

Belongs here: how connections are made. Does not: what is stored, or the address of the database.

The stock storage connects anew for each event. A month logs about nine hundred, so that a run took
twice as long as on SQLite.
"""

from typing import Any

from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config
from typing_extensions import override

from cchc_pipeline.secret_settings import with_driver

_STATEMENT_MILLISECONDS = 60_000
_RECYCLE_SECONDS = 3600
_MORE_AT_ONCE = 10


class PooledPostgresStorage(DagsterPostgresStorage):
    """The stock storage in the mode that Dagster made for its web server."""

    def __init__(self, postgres_url: str, inst_data: Any = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage.optimize_for_webserver(
                _STATEMENT_MILLISECONDS, _RECYCLE_SECONDS, max_overflow=_MORE_AT_ONCE
            )

    @classmethod
    @override
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PooledPostgresStorage":
        """Made by Dagster from ``dagster.yaml``."""
        return cls(with_driver(pg_url_from_config(config_value)), inst_data)
