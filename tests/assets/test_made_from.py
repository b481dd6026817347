"""Unchanged inputs cost nothing; whatever a month rests on makes it anew, and no other."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from assets.made_from import RECORD, MadeFrom
from cchc_pipeline.period import Month
from cchc_pipeline.settings import Settings, load_settings
from cchc_pipeline.store import Lake
from tests.command_line import FIRST, MONTH, SAMPLE_INBOX, SECOND, copy_home, run

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
SEPTEMBER = Month.parse(MONTH)
_STANDS = f"{MONTH}: nothing changed since it was made"


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """An installation that published, which a test may change."""
    return copy_home(published_home, tmp_path / "home")


def _is_current(home: Path, inbox: Path, **settings: object) -> bool:
    chosen = load_settings(home=home, inbox=inbox).model_copy(update=settings)
    return SEPTEMBER in MadeFrom(chosen, datetime.fromisoformat(SECOND)).current_months([SEPTEMBER])


def test_a_run_without_news_loads_neither_dagster_nor_great_expectations(home: Path) -> None:
    program = (
        "import sys; from cchc_pipeline.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('dagster', 'great_expectations') if m in sys.modules])"
    )
    given = ["run", MONTH, "--home", home, "--inbox", SAMPLE_INBOX, "--published-at", SECOND]
    before = (home / RECORD).read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, given)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "nothing to publish: the content is that of the last release", "[]",
    ]  # fmt: skip
    assert _STANDS in done.stderr
    assert (home / RECORD).read_bytes() == before


def test_files_that_were_only_copied_again_are_no_change(home: Path, inbox: Path) -> None:
    assert _is_current(home, inbox)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda inbox: (inbox / MONTH / "phan-anh.csv").write_text("x"), id="a file more"
        ),
        pytest.param(lambda inbox: shutil.rmtree(inbox / MONTH / "portal"), id="files taken away"),
        pytest.param(lambda inbox: (inbox / "successions.csv").write_text("x"), id="another list"),
    ],
)
def test_a_changed_input_makes_the_month_anew(
    home: Path, inbox: Path, change: Callable[[Path], object]
) -> None:
    change(inbox)
    assert not _is_current(home, inbox)


def test_files_of_another_month_do_not(home: Path, inbox: Path) -> None:
    (inbox / "2024-03" / "ho-so-2.csv").write_text("x")
    assert _is_current(home, inbox)


def test_another_setting_makes_the_month_anew(home: Path, inbox: Path) -> None:
    assert not _is_current(home, inbox, provisional_days=30)


def test_a_source_that_is_asked_over_the_network_is_always_asked(home: Path, inbox: Path) -> None:
    assert not _is_current(home, inbox, portal_fetch=True)


def test_a_table_that_was_changed_or_lost_in_the_lake_makes_the_month_anew(
    home: Path, inbox: Path
) -> None:
    path = Lake(home / "lake", "H24").path("scores", SEPTEMBER)
    content = path.read_bytes()
    path.write_bytes(content + b"x")
    assert not _is_current(home, inbox)
    path.write_bytes(content)
    assert _is_current(home, inbox)
    path.unlink()
    assert not _is_current(home, inbox)


def test_another_program_makes_the_month_anew(
    home: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.made_from.program_digest", lambda: "another")
    assert not _is_current(home, inbox)


def test_a_month_carries_what_it_took_from_the_months_before(
    march_home: Path, tmp_path: Path
) -> None:
    """April rests on March's counts, March on nothing of April's."""
    home = copy_home(march_home, tmp_path / "home")
    assert run(home, SAMPLE_INBOX, month="2024-04", at=SECOND).code == 0
    settings: Settings = load_settings(home=home, inbox=SAMPLE_INBOX)
    march, april = Month(2024, 3), Month(2024, 4)
    made_from = MadeFrom(settings, datetime.fromisoformat(SECOND))
    assert made_from.current_months([march, april]) == {march, april}
    lake = Lake(settings.lake_dir, settings.root_unit)
    lake.path("dossier_counts", april).write_bytes(b"another")
    assert made_from.current_months([march, april]) == {march}
    lake.path("dossier_counts", march).write_bytes(b"another")
    assert made_from.current_months([march, april]) == frozenset()


def test_a_record_that_cannot_be_read_means_that_nothing_is_known(home: Path) -> None:
    (home / RECORD).write_text("half a li")
    assert not _is_current(home, SAMPLE_INBOX)


def test_a_link_to_another_site_or_a_date_that_came_asks_the_publication_again(home: Path) -> None:
    settings = load_settings(home=home, inbox=SAMPLE_INBOX)
    made_from = MadeFrom(settings, datetime.fromisoformat(FIRST))
    assert made_from.is_published([SEPTEMBER])
    index = home / "portal" / "current" / "index.json"
    index.write_bytes(index.read_bytes() + b" ")
    assert not made_from.is_published([SEPTEMBER])
