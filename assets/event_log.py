"""Dagster's event log on SQLite, with one connection a file instead of one an event.

Belongs here: how the log is stored. Does not: what is logged.

A month logs about nine hundred events, most of them results of checks. The stock storage opens,
commits and closes a database for each, which took a third of the run.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
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
        self._begun: dict[str, sqlalchemy.Connection] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)
        self._db_lock = threading.RLock()  # type: ignore[assignment]  # a batch connects within

    @classmethod
    @override
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "SteadyEventLog":
        """Made by Dagster from ``dagster.yaml``."""
        return cls(str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data)

    @contextmanager
    @override
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            if shard in self._begun:
                yield self._begun[shard]
                return
            engine = self._engines.get(shard) or self._opened(shard)
            with engine.begin() as connection:
                yield connection

    @override
    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store what a run plans in one transaction a file."""
        shards = (INDEX_SHARD_NAME, *{event.run_id for event in events})
        with self._db_lock, ExitStack() as transactions:
            for shard in shards:
                self._begun[shard] = transactions.enter_context(self._connect(shard))
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._begun.clear()

    @override
    def has_table(self, table_name: str) -> bool:
        """Whether a table is there; one that was is not looked for again with every event."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

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
