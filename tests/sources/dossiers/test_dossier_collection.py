"""Which way a month's dossiers come in: files, a database in its time, or the archive."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month
from cchc_pipeline.sources.dossiers.collection import Way, foreseen_ways, way_in
from cchc_pipeline.sources.dossiers.database import DossierDatabase, _number_text, read_month

MARCH = Month(2024, 3)
SECOND = timedelta(seconds=1)
FIRST, LAST = MARCH.end, MARCH.next().end - SECOND
SOURCE = DossierDatabase("sqlite://", "v")


@pytest.mark.parametrize(
    ("now", "has_files", "has_database", "way"),
    [
        (FIRST, False, True, "database"),
        (LAST, False, True, "database"),
        (FIRST - SECOND, False, True, "archive"),
        (LAST + SECOND, False, True, "archive"),
        (FIRST, True, True, "inbox"),
        (LAST + SECOND, True, True, "inbox"),
        (FIRST, True, False, "inbox"),
        (FIRST, False, False, "archive"),
    ],
)
def test_the_inbox_wins_then_the_database_in_its_time_then_the_archive(
    now: datetime, has_files: bool, has_database: bool, way: Way
) -> None:
    chosen = way_in(MARCH, now, has_files=has_files, has_database=has_database)
    assert chosen.way == way
    assert bool(chosen.notes) == (has_database and way != "database")


def test_a_dry_run_says_which_way_without_asking(tmp_path: Path) -> None:
    months = [MARCH.previous(), MARCH]
    (tmp_path / "2024-02").mkdir()
    (tmp_path / "2024-02" / "ho-so.csv").write_text("x")
    assert list(foreseen_ways(months, SOURCE, tmp_path, FIRST)) == [
        "2024-02: the inbox holds an export: the database is not asked",
        "2024-03: dossiers are read from database view v",
    ]
    assert list(foreseen_ways(months, None, tmp_path, FIRST)) == []


@pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://a:bi-mat@b/c", "khong://a/b"])
def test_a_database_that_is_not_postgresql_is_refused(url: str, tmp_path: Path) -> None:
    """SQLite, for one, compares moments as texts, and would be wrong by a second in silence."""
    with pytest.raises(UsageError, match="not PostgreSQL") as caught:
        read_month(DossierDatabase(url, "v"), MARCH, tmp_path / "x")
    assert "bi-mat" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("50000.00", "50000"), ("1.234", "1.234e0"), ("1E+6", "1000000"), ("NaN", "NaN"), ("0", "0")],
)
def test_a_decimal_is_never_taken_for_thousands(value: str, text: str) -> None:
    assert _number_text(Decimal(value)) == text
