"""Dagster's event log on SQLite, with one connection a file instead of one an event.

Belongs here: how the log is stored. Does not: what is logged.

A month logs about nine hundred events, most of them results of checks. The stock storage opens,
commits and closes a database for each, which took a third of the run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.pool import QueuePool
from typing_extensions import override

_BUSY_SECONDS = 30


class SteadyEventLog(SqliteEventLogStorage):
    """Keeps its connections; a power cut may lose the last events of a run, never a release.

    ``base_dir`` is the instance's folder; the files lie where the stock storage keeps them, so
    that either can read what the other wrote.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    @override
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "SteadyEventLog":
        """Made by Dagster from ``dagster.yaml``."""
        return cls(str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data)

    @contextmanager
    @override
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            engine = self._engines.get(shard) or self._opened(shard)
            with engine.begin() as connection:
                yield connection

    def _opened(self, shard: str) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool,
            pool_size=1,
            connect_args={"timeout": _BUSY_SECONDS},
        )
        sqlalchemy.event.listen(engine, "connect", _without_waiting_for_the_disk)
        self._initdb(engine)
        self._engines[shard] = engine
        return engine

    @override
    def dispose(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _without_waiting_for_the_disk(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
