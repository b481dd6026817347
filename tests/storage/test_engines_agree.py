"""DuckDB and Spark make the same of the same month, cell by cell, and publish the same files.

One Spark serves the whole file: starting it costs more than all it does here.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.indicators.dossier_statistics import count_dossiers
from cchc_pipeline.registers.units import UnitTexts
from cchc_pipeline.settings import EngineName
from cchc_pipeline.sources.dossiers import month as month_of_dossiers
from cchc_pipeline.sources.dossiers import values as read
from cchc_pipeline.sources.dossiers.judging import Refused
from cchc_pipeline.sources.dossiers.month import (
    DossierReading,
    NamedFile,
    Results,
    account_rows,
    read_dossiers,
)
from cchc_pipeline.sources.dossiers.quarantine import lacking_columns, write_quarantine
from cchc_pipeline.sources.dossiers.rules import dossier_faults
from cchc_pipeline.sources.records.values import value_words
from cchc_pipeline.storage.duckdb_engine import Means, open_engine
from tests.command_line import SAMPLE_INBOX, in_lake, run
from tests.storage.nasty_rows import AMOUNTS, MARCH, MOMENTS, ROOT, WORDS, files, register
from tests.storage.spark import MARK, MASTER, MEMORY

pytestmark = [MARK, pytest.mark.slow]


@dataclass(frozen=True)
class Made:
    """What an engine made of the month."""

    reading: DossierReading
    refused: list[Refused]
    tables: dict[str, pa.Table]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that Java is started from, which must stay as it is.

    Java is told not to optimise what it runs once: that halves the processor time of these tests.
    """
    folder = tmp_path_factory.mktemp("started-here")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        yield folder


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> list[NamedFile]:
    """The month's files."""
    folder = tmp_path_factory.mktemp("export")
    content = files(folder)
    for name, said in content.items():
        (folder / name).write_bytes(said)
    return [NamedFile(name, folder / name) for name in content]


def _made(engine: EngineName, export: list[NamedFile], folder: Path) -> Made:
    kept: list[Refused] = []

    def keep(month: Any, refused: Any, *paths: Path) -> int:
        kept.extend(refused)
        return write_quarantine(month, kept, *paths)

    means = Means(folder / "scratch", MEMORY, engine, MASTER)
    results = Results.below(folder / "results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(month_of_dossiers, "write_quarantine", keep)
        reading = read_dossiers(export, UnitTexts(register(), ROOT, MARCH), means, results)
    lacking = lacking_columns(account_rows(MARCH, reading))
    with means.opened() as opened:
        counts = count_dossiers(results.accepted, MARCH, opened, lacking)
    paths = {"accepted": results.accepted, "quarantine": results.quarantine, "codes": results.codes}
    tables = {name: pq.read_table(path) for name, path in paths.items()}
    assert not means.scratch.exists()
    return Made(reading, kept, tables | {"counts": counts})


@pytest.fixture(scope="module")
def by_duckdb(export: list[NamedFile], tmp_path_factory: pytest.TempPathFactory) -> Made:
    return _made("duckdb", export, tmp_path_factory.mktemp("duckdb"))


@pytest.fixture(scope="module")
def by_spark(
    export: list[NamedFile], tmp_path_factory: pytest.TempPathFactory, place: Path
) -> Made:
    return _made("spark", export, tmp_path_factory.mktemp("spark"))


def test_the_month_holds_what_engines_could_disagree_on(by_duckdb: Made) -> None:
    rules = set(by_duckdb.tables["quarantine"]["rule"].to_pylist())
    accounts = by_duckdb.reading.accounts
    assert rules == set(dossier_faults())
    assert len({account.file for account in accounts}) == 2
    assert all(sum(getattr(a, name) for a in accounts) for name in ("duplicates", "not_received"))
    assert by_duckdb.reading.warned["submitted_after_received"]


def test_accounts_warnings_notes_and_provenance_are_the_same(
    by_duckdb: Made, by_spark: Made
) -> None:
    assert by_spark.reading == by_duckdb.reading


def test_every_refused_row_has_the_same_mask_and_texts(by_duckdb: Made, by_spark: Made) -> None:
    assert by_spark.refused == by_duckdb.refused


@pytest.mark.parametrize("table", ["accepted", "quarantine", "codes", "counts"])
def test_every_table_is_the_same_cell_by_cell_and_in_order(
    table: str, by_duckdb: Made, by_spark: Made
) -> None:
    one, other = by_duckdb.tables[table], by_spark.tables[table]
    assert [(f.name, f.type) for f in other.schema] == [(f.name, f.type) for f in one.schema]
    assert other.to_pylist() == one.to_pylist()


def test_every_reading_of_a_text_is_the_same(tmp_path: Path, place: Path) -> None:
    texts = sorted({*MOMENTS, *AMOUNTS, *(text for said in WORDS.values() for text in said)})
    day = f"({read.code_day('t')})"
    expressions = [
        f"CAST({read.moment('t')} AS VARCHAR)", read.is_timed("t"), read.amount("t"),
        read.whole_number("t"), read.dossier_code("t", day), read.procedure_code("t"),
        read.field_code("t"), read.is_like_formula("t"),
        *(read.code(field, "t") for field in value_words().codes),
    ]  # fmt: skip
    query = f"SELECT t, {', '.join(expressions)} FROM texts ORDER BY t"  # noqa: S608 - our own
    found = []
    for engine in ("duckdb", "spark"):
        with open_engine(engine, MEMORY, MASTER, tmp_path / engine / "scratch") as opened:
            opened.put("texts", pa.table({"t": [*texts, None]}))
            found.append(list(opened.rows(query)))
    for one, other in zip(*found, strict=True):
        assert other == one


def test_a_run_on_spark_publishes_the_same_data(
    march_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("CCHC_ENGINE", "spark")
    monkeypatch.setenv("CCHC_SPARK_MASTER", MASTER)
    home = tmp_path / "home"
    outcome = run(home, SAMPLE_INBOX, month="2024-03")
    assert outcome.code == 0, outcome.err
    assert "WARN" not in outcome.err
    data = list((march_home / "portal/current/latest/data").iterdir())
    assert len(data) > 8
    for path in data:
        assert (home / "portal/current/latest/data" / path.name).read_bytes() == path.read_bytes()
    lake = in_lake(march_home, "dossiers", "2024-03")
    assert lake
    assert in_lake(home, "dossiers", "2024-03") == lake
    assert list(place.iterdir()) == [], "Spark writes into its scratch folder only"


def test_duckdb_still_reads_files_where_spark_judges(tmp_path: Path, place: Path) -> None:
    with open_engine("spark", MEMORY, MASTER, tmp_path / "scratch") as opened:
        assert isinstance(opened.reader, duckdb.DuckDBPyConnection)
