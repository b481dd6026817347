"""Unchanged inputs cost nothing; whatever a month rests on makes it anew, and no other."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from assets.staleness import RECORD, MadeFrom
from cchc_pipeline.core.period import Month
from cchc_pipeline.settings import load_settings
from cchc_pipeline.storage.lake import Lake
from tests.assets.dagster_ui import ui
from tests.command_line import FIRST, MONTH, SAMPLE_INBOX, SECOND, THIRD, cchc, copy_home, run
from tests.made_once import MadeOnce

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


def _records(home: Path) -> dict[str, bytes]:
    """What is recorded; the digests that are remembered beside it are no part of it."""
    files = sorted((home / RECORD).rglob("*.json"))
    return {str(f.relative_to(home)): f.read_bytes() for f in files if f.name != "digests.json"}


def test_a_run_without_news_loads_neither_dagster_nor_great_expectations(home: Path) -> None:
    program = (
        "import sys; from cchc_pipeline.cli.app import main\n"
        "try: main()\n"
        "finally: print([m for m in ('dagster', 'great_expectations') if m in sys.modules])"
    )
    given = ["run", MONTH, "--home", home, "--inbox", SAMPLE_INBOX, "--published-at", SECOND]
    before = _records(home)
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
    assert _records(home) == before


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
    monkeypatch.setattr("assets.staleness.program_digest", lambda: "another")
    assert not _is_current(home, inbox)


@pytest.fixture
def both(march_home: Path, made_once: MadeOnce, tmp_path: Path) -> Path:
    """An installation that made March and April 2024; April has no files."""

    def make(home: Path) -> None:
        copy_home(march_home, home)
        assert run(home, SAMPLE_INBOX, "--empty", month="2024-04", at=SECOND).code == 0

    return copy_home(made_once("march-and-april", make), tmp_path / "home")


def _stale(home: Path, inbox: Path = SAMPLE_INBOX) -> dict[Month, tuple[str, ...]]:
    settings = load_settings(home=home, inbox=inbox)
    return MadeFrom(settings, datetime.fromisoformat(SECOND)).stale()


@pytest.mark.parametrize("table", ["year_to_date", "dossier_statistics"])
def test_a_month_rests_on_what_the_month_before_hands_on_and_on_nothing_later(
    both: Path, table: str
) -> None:
    lake, march, april = Lake(both / "lake", "H24"), Month(2024, 3), Month(2024, 4)
    assert _stale(both) == {}
    lake.path(table, april).write_bytes(b"another")
    assert _stale(both) == {april: ("its tables",)}
    lake.path(table, march).write_bytes(b"another")
    assert _stale(both)[march] == ("its tables",)
    lake.path(table, april).unlink()
    assert april in _stale(both)


def test_a_month_names_what_changed_of_the_months_before(both: Path) -> None:
    path = Lake(both / "lake", "H24").path("year_to_date", Month(2024, 3))
    path.write_bytes(path.read_bytes() + b" ")
    assert _stale(both)[Month(2024, 4)] == ("the months before",)


def test_a_run_makes_whatever_else_is_not_current_and_says_so(both: Path) -> None:
    path = Lake(both / "lake", "H24").path("year_to_date", Month(2024, 3))
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    planned = run(both, SAMPLE_INBOX, "--dry-run", month="2024-04", at=THIRD)
    assert "2024-03: not current (its tables); it would be made too" in planned.out
    outcome = run(both, SAMPLE_INBOX, "--empty", month="2024-04", at=THIRD)
    assert outcome.code == 0, outcome.err
    lines = outcome.err.splitlines()
    assert "2024-03: year to date (not current: its tables)" in lines
    assert path.read_bytes() == content
    assert "2024-04: year to date" not in lines, "once March was made again, it was current"
    assert _stale(both) == {}


def test_another_program_is_told_by_status_and_made_by_run_all(
    both: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.staleness.program_digest", lambda: "another")
    status = ("status", "--home", both, "--inbox", SAMPLE_INBOX)
    told = cchc(*status).out
    assert "2024-03 is not current: the program" in told
    assert "2024-04 is not current: the program" in told
    assert "to make them: cchc run --all" in told
    outcome = cchc("run", "--all", "--home", both, "--inbox", SAMPLE_INBOX, "--published-at", THIRD)
    assert outcome.code == 0, outcome.err
    assert _stale(both) == {}
    assert "not current" not in cchc(*status).out


def test_a_file_that_changes_while_the_month_is_made_leaves_no_record(
    home: Path, inbox: Path
) -> None:
    settings = load_settings(home=home, inbox=inbox)
    made_from = MadeFrom(settings, datetime.fromisoformat(SECOND))
    made_from.begin("alone", SEPTEMBER, "run")
    (inbox / MONTH / "phan-anh.csv").write_text("x")
    assert made_from.end("alone", SEPTEMBER, ["run"]) == ("its files",)
    assert made_from.stale([SEPTEMBER]) == {SEPTEMBER: ("its files",)}


def test_a_stage_that_another_run_began_is_not_recorded(home: Path, inbox: Path) -> None:
    settings = load_settings(home=home, inbox=inbox)
    made_from = MadeFrom(settings, datetime.fromisoformat(SECOND))
    made_from.begin("of_year", SEPTEMBER, "one run")
    assert made_from.end("of_year", SEPTEMBER, ["another"]) == ("another run of it",)


def test_a_record_that_cannot_be_read_means_that_nothing_is_known(home: Path) -> None:
    for path in (home / RECORD).rglob("*.json"):
        path.write_text("half a li")
    assert not _is_current(home, SAMPLE_INBOX)


def test_a_link_to_another_site_or_a_date_that_came_asks_the_publication_again(home: Path) -> None:
    settings = load_settings(home=home, inbox=SAMPLE_INBOX)
    made_from = MadeFrom(settings, datetime.fromisoformat(FIRST))
    assert made_from.is_published([SEPTEMBER])
    index = home / "portal" / "current" / "index.json"
    index.write_bytes(index.read_bytes() + b" ")
    assert not made_from.is_published([SEPTEMBER])


OF_YEAR = (
    ("year_to_date",), ("plan_indicators", "plan_tasks"), ("dossier_continuity",), ("month_record",)
)  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "backfills", "is_made"),
    [
        (OF_YEAR, ("one",) * 4, True),
        ([sum(OF_YEAR, ())], (None,), True),
        (OF_YEAR, (None,) * 4, False),
        (OF_YEAR, ("one", "another", "one", "one"), False),
        ([("year_to_date", "month_record")], ("one",), False),
        ([("month_record",)], ("one",), False),
    ],
)
def test_assets_chosen_in_the_lineage_make_a_month_current_only_if_all_of_a_stage_are_made(
    home: Path, parts: Sequence[tuple[str, ...]], backfills: Sequence[str | None], is_made: bool
) -> None:
    """By one run, or by the runs into which Dagster cuts one backfill of assets."""
    Lake(home / "lake", "H24").path("plan_tasks", SEPTEMBER).unlink()
    (home / RECORD / MONTH / "of_year.json").unlink()
    with ui(home, SAMPLE_INBOX) as pages:
        for names, backfill in zip(parts, backfills, strict=True):
            assert pages.launch_assets(names, MONTH, backfill).success
    assert _is_current(home, SAMPLE_INBOX) is is_made


def test_a_month_of_which_only_the_first_and_the_last_step_were_made_is_not_current(
    home: Path, inbox: Path
) -> None:
    """Its file changed: what was not made anew is of the old one."""
    assert _is_current(home, inbox)
    path = next((inbox / MONTH).glob("*.y*ml"), inbox / MONTH / "corrections.yaml")
    path.write_text("corrections: []\n")
    with ui(home, inbox) as pages:
        assert pages.launch_assets(["month_begun", "month_by_itself"], MONTH).success
    assert not _is_current(home, inbox)
