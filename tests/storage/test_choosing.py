"""Choosing an engine: by a setting, in one place, with one clear line where it cannot start."""

import ast
import importlib.util
from pathlib import Path

import pytest
import sqlglot

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.settings import load_settings
from cchc_pipeline.storage import spark_engine
from cchc_pipeline.storage.duckdb_engine import open_engine
from cchc_pipeline.storage.spark_dialect import to_spark
from tests.command_line import SAMPLE_INBOX, run

ROOT = Path(__file__).parents[2]
NAMES = {"duckdb", "spark"}
pytestmark = pytest.mark.usefixtures("settings_of_nobody")


def test_duckdb_is_the_engine_unless_the_setting_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (load_settings().engine, load_settings().spark_master) == ("duckdb", "local[*]")
    monkeypatch.setenv("CCHC_ENGINE", "spark")
    monkeypatch.setenv("CCHC_SPARK_MASTER", "spark://127.0.0.1:7077")
    assert load_settings().engine == "spark"
    monkeypatch.setenv("CCHC_ENGINE", "polars")
    with pytest.raises(UsageError, match="CCHC_ENGINE"):
        load_settings()


@pytest.mark.parametrize(
    "master", ["127.0.0.1:7077", "local[two]", "local[2] --conf a=b", "http://a"]
)
def test_a_master_that_is_none_is_refused(master: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCHC_SPARK_MASTER", master)
    with pytest.raises(UsageError, match="CCHC_SPARK_MASTER"):
        load_settings()


def _open(folder: Path, master: str = "local[3]") -> None:
    with open_engine("spark", "600MB", master, folder / "scratch"):
        pass


def test_without_pyspark_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"CCHC_ENGINE=spark: pyspark is not installed -> .*EXTRA=spark"
    ):
        _open(tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="no pyspark here")
def test_without_java_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match=r"there is no Java -> .*openjdk"):
        _open(tmp_path)


def test_a_master_that_does_not_answer_stops_a_run_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_engine, "_require_software", lambda: None)
    monkeypatch.setenv("CCHC_ENGINE", "spark")
    monkeypatch.setenv("CCHC_SPARK_MASTER", "spark://127.0.0.1:1")
    outcome = run(tmp_path / "home", SAMPLE_INBOX, month="2024-03")
    assert outcome.code != 0
    assert "CCHC_SPARK_MASTER=spark://127.0.0.1:1" in outcome.problem
    assert len(outcome.problem.splitlines()) == 1
    assert "Traceback" not in outcome.err


def _names_compared(source: Path) -> set[str]:
    """The names of engines that a module compares something with."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare | ast.match_case):
            told = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            found |= {value for value in told if isinstance(value, str) and value in NAMES}
    return found


def test_only_the_place_that_opens_engines_asks_for_their_names() -> None:
    sources = [
        p for part in ("cchc_pipeline", "assets", "publish") for p in (ROOT / part).rglob("*.py")
    ]
    asking = {str(path.relative_to(ROOT)) for path in sources if _names_compared(path)}
    assert asking == {"cchc_pipeline/storage/duckdb_engine.py"}


def test_a_function_that_the_dialect_does_not_know_is_refused_not_guessed() -> None:
    with pytest.raises(sqlglot.errors.UnsupportedError, match="levenshtein_of_mine"):
        to_spark("SELECT levenshtein_of_mine(a, b) FROM t")
    with pytest.raises(sqlglot.errors.UnsupportedError, match="first match"):
        to_spark("SELECT regexp_replace(a, 'x', '') FROM t")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("hash(a, b)", "XXHASH64(ISNULL(a), a, ISNULL(b), b)"),
        (r"regexp_full_match(a, '\d+')", r"a RLIKE '\\A(?:\\d+)\\z'"),
        ("regexp_matches(a, 'x$')", r"a RLIKE 'x\\z'"),
        ("regexp_extract(a, 'x', 0)", "REGEXP_EXTRACT(a, 'x', 0)"),
        ("to_minutes(a)", "MAKE_DT_INTERVAL(0, 0, a)"),
        ("CAST(a AS TIMESTAMP)", "CAST(a AS TIMESTAMP_NTZ)"),
        ("array_length(list_filter(a, lambda x: x > 1))", "SIZE(FILTER(a, x -> x > 1))"),
        ("struct_pack(x := a)", "STRUCT(a AS x)"),
    ],
)
def test_what_sqlglot_alone_would_change_is_translated(ours: str, theirs: str) -> None:
    assert to_spark(f"SELECT {ours}") == f"SELECT {theirs}"
