"""Spark, on this machine or on a cluster: its one session of this process, and the engine on it.

Belongs here: how Spark is configured, what it may write and where, what is told when it does not
start; what ``Engine`` asks, in Spark's terms. Does not: translating a query (``spark_dialect``).

Starting costs 6 to 12 s, so months share the session; it is started when first asked for, and
stopped when the process ends. Whatever Spark says goes into a log in its scratch folder.

Files are read by DuckDB here too: a table's texts are streamed into one Parquet file in the scratch
folder, and everything from there on is Spark's. Driver and executors must share that folder and the
lake. What is read several times is a Parquet folder (staged rows) or persisted (tables).
"""

import atexit
import importlib.util
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.core.errors import UsageError, with_extra
from cchc_pipeline.core.sql import literal
from cchc_pipeline.storage.engine import Texts
from cchc_pipeline.storage.spark_dialect import to_spark

_LEAST_MEMORY = 512
_SECONDS_TO_ANSWER = 5
_LOG = "spark.log"
_OTHERWISE = "or set CCHC_ENGINE=duckdb"
_lock = threading.Lock()


@dataclass
class _Running:
    """The session, and what it was started with."""

    session: Any
    master: str
    folder: Path

    def serves(self, master: str) -> bool:
        """Whether it still can be used for a master."""
        return self.master == master and self.folder.is_dir()


_running: list[_Running] = []


def spark_session(master: str, memory_limit: str, scratch: Path) -> Any:
    """A session with names of its own on the process's Spark, which is started if need be.

    Args:
        master: Where Spark runs.
        memory_limit: What the driver may take, as ``600MB`` or ``2GB``; not less than 512 MB.
        scratch: A folder beside which Spark keeps what it writes.

    Raises:
        UsageError: pyspark or Java is missing, or the master cannot be reached.
    """
    with _lock:
        if not (_running and _running[0].serves(master)):
            _require_software()
            _require_answer(master)
            stop()
            _running.append(_started(master, memory_limit, scratch.parent))
        return _running[0].session.newSession()


def stop() -> None:
    """Stop Spark and remove what it wrote."""
    while _running:
        one = _running.pop()
        one.session.stop()
        shutil.rmtree(one.folder, ignore_errors=True)


def _started(master: str, memory_limit: str, beside: Path) -> _Running:
    folder = beside / f"spark-{os.getpid()}"
    _remove_leftovers(beside)
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    session = _session(_configuration(master, memory_limit, folder.resolve()), master, folder)
    atexit.unregister(_end)
    atexit.register(_end)
    return _Running(session, master, folder)


def _require_software() -> None:
    """Raise for what is missing before Spark says so on many lines."""
    where = "CCHC_ENGINE=spark"
    if importlib.util.find_spec("pyspark") is None:
        todo = f"{with_extra('spark')}, {_OTHERWISE}"
        raise UsageError("pyspark is not installed", where=where, todo=todo)
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which("java") or (home and (Path(home) / "bin" / "java").is_file())):
        todo = f"install openjdk-17-jre-headless, {_OTHERWISE}"
        raise UsageError("there is no Java", where=where, todo=todo)


def _require_answer(master: str) -> None:
    """Raise for a cluster that nobody finds, which Spark itself tries for a minute."""
    for host, port in re.findall(r"(?:spark://|,)([^:,]+):(\d+)", master):
        try:
            socket.create_connection((host, int(port)), _SECONDS_TO_ANSWER).close()
            return
        except OSError:
            continue
    if master.startswith("spark://"):
        raise _unreachable(master, "nothing answers there")


def _unreachable(master: str, why: str) -> UsageError:
    what = f"Spark cannot be started at its master: {why}"
    todo = f"correct the address or start the cluster, {_OTHERWISE}"
    return UsageError(what, where=f"CCHC_SPARK_MASTER={master}", todo=todo)


def _configuration(master: str, memory_limit: str, folder: Path) -> dict[str, str]:
    """What is not left to ``spark-defaults.conf``, which says the rest: executors, images."""
    java = f'"-Djava.io.tmpdir={folder / "tmp"}" -XX:-UsePerfData -Duser.timezone=UTC'
    settings = {
        "spark.master": master,
        "spark.app.name": "cchc",
        "spark.driver.memory": f"{max(_megabytes(memory_limit), _LEAST_MEMORY)}m",
        "spark.driver.extraJavaOptions": java,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.codegen.wholeStage": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith("local"):
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "4",
        }
    return settings


def _megabytes(limit: str) -> int:
    return int(limit[:-2]) * (1000 if limit.endswith("GB") else 1)


def _session(settings: dict[str, str], master: str, folder: Path) -> Any:
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - an extra
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    # Else the launcher leaves a folder among the system's temporary ones.
    os.environ.setdefault("SPARK_LAUNCHER_OPTS", "-XX:-UsePerfData")
    conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
    try:
        # Its own words would reach the terminal of whoever runs this: Java's streams are a file.
        with (folder / _LOG).open("ab") as log:
            gateway = SparkContext._gateway or launch_gateway(conf, {"stdout": log, "stderr": log})
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except (
        Exception
    ) as error:  # Java's come in several classes, which all mean that it did not start
        lines = str(error).strip().splitlines()
        said = next((line for line in lines if "Exception" in line), lines[0] if lines else "")
        shutil.rmtree(folder, ignore_errors=True)
        raise _unreachable(master, said.strip(" :")[:200]) from None


def _remove_leftovers(beside: Path) -> None:
    """Folders of processes that were killed."""
    for folder in beside.glob("spark-*"):
        number = folder.name.removeprefix("spark-")
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _end() -> None:
    """At the end of the process: Java goes too, and nothing of it is left."""
    from pyspark import SparkContext  # noqa: PLC0415 - an extra, and loaded by now

    stop()
    gateway = SparkContext._gateway
    process = getattr(gateway, "proc", None)
    if gateway is not None and process is not None:
        gateway.shutdown()
        process.stdin.close()
        process.wait(_SECONDS_TO_ANSWER)


class SparkEngine:
    """The engine on a session with names of its own.

    Args:
        reader: Reads files, and nothing else.
        scratch: The folder for staged rows.
        master: Where Spark runs.
        memory_limit: What its driver may take.

    Raises:
        UsageError: Spark cannot be started.
    """

    def __init__(
        self, reader: duckdb.DuckDBPyConnection, scratch: Path, master: str, memory_limit: str
    ) -> None:
        self._reader, self._scratch = reader, scratch.resolve()
        self._session = spark_session(master, memory_limit, scratch)
        self._persisted: list[Any] = []

    @property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """The connection that reads files."""
        return self._reader

    def stage(self, name: str, texts: Texts, query: str) -> None:
        """See ``Engine``: DuckDB reads and numbers the rows, Spark does the rest."""
        source, staged = self._scratch / f"{name}.texts.parquet", self._scratch / name
        number = f"coalesce(row_no, {texts.first_row} + row_number() OVER () - 1)"
        self._reader.execute(
            f"COPY (SELECT * REPLACE ({number} AS row_no) FROM ({texts.sql}))"
            f" TO {literal(source)} (FORMAT parquet, COMPRESSION snappy)"
        )
        self._read("texts", source)
        self._query(query).write.parquet(_address(staged))
        source.unlink()
        self._read(name, staged)

    def put(self, name: str, table: pa.Table) -> None:
        """See ``Engine``."""
        path = self._scratch / f"{name}.parquet"
        pq.write_table(table, path)
        self._read(name, path)

    def open(self, name: str, file: Path) -> None:
        """See ``Engine``."""
        self._read(name, file.resolve())

    def view(self, name: str, query: str) -> None:
        """See ``Engine``."""
        self._query(query).createOrReplaceTempView(name)

    def table(self, name: str, query: str) -> None:
        """See ``Engine``."""
        rows = self._query(query).persist()
        self._persisted.append(rows)
        rows.createOrReplaceTempView(name)

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """See ``Engine``."""
        for row in self._query(query).toLocalIterator():
            yield tuple(value.asDict() if hasattr(value, "asDict") else value for value in row)

    def write(self, query: str, columns: Sequence[str], order: Sequence[str], path: Path) -> None:
        """See ``Engine``: one task sorts and writes all, since the lake has one file a month."""
        folder = self._scratch / f"{path.stem}.written"
        rows = self._query(query).repartition(1).sortWithinPartitions(*order).select(*columns)
        rows.write.parquet(_address(folder))
        [file] = folder.glob("part-*.parquet")
        file.replace(path)
        shutil.rmtree(folder)

    def arrow(self, query: str) -> pa.Table:
        """See ``Engine``."""
        return self._query(query).toArrow()

    def close(self) -> None:
        """See ``Engine``; Spark itself goes on until the process ends."""
        for rows in self._persisted:
            rows.unpersist()

    def _query(self, query: str) -> Any:
        return self._session.sql(to_spark(query))

    def _read(self, name: str, path: Path) -> None:
        self._session.read.parquet(_address(path)).createOrReplaceTempView(name)


def _address(path: Path) -> str:
    """A path as Spark takes it: of this machine's file system, not of a cluster's own.

    Spark does not decode what an URI escapes, such as the ``=`` in the lake's folders.
    """
    return f"file://{path}"
