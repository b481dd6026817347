"""January is corrected, and made anew by every way there is: the same figures come out.

A backfill, single runs, and a month launched in Dagster's UI, where the sensor starts what follows.
"""

import gzip
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from assets.checks import broken_of
from assets.jobs import MONTH_JOB, PUBLISH_JOB
from tests.assets.dagster_ui import ui
from tests.command_line import (
    FIRST,
    SAMPLE_INBOX,
    SECOND,
    cchc,
    copy_home,
    figures,
    run,
    whole_lake,
)
from tests.made_once import MadeOnce

pytestmark = [pytest.mark.usefixtures("settings_of_nobody"), pytest.mark.slow]
SPAN = ("2024-01", "2024-03")


def small_year(inbox: Path, *, keep_every: int = 1) -> Path:
    """An inbox of three months; of January's dossiers only some, if so said."""
    for name in ("2024-01", "2024-02", "2024-03"):
        shutil.copytree(SAMPLE_INBOX / name, inbox / name)
    shutil.copy(SAMPLE_INBOX / "units.csv", inbox)
    path = inbox / "2024-01" / "ho-so-mau.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[::keep_every])))
    return inbox


def filled(home: Path, inbox: Path, at: str) -> Path:
    """A home of which the whole span was backfilled."""
    given = ("--home", home, "--inbox", inbox, "--published-at", at)
    outcome = cchc("backfill", *SPAN, *given, "--reason", "SRC")
    assert outcome.code == 0, outcome.err
    return home


def told(home: Path) -> dict[str, list[dict[str, Any]]]:
    """All that is published, and all that lies in the lake."""
    return figures(home) | whole_lake(home)


@pytest.fixture(scope="module")
def homes(made_once: MadeOnce) -> tuple[Path, Path, Path]:
    """A home that published the error, the inbox with the correction, and a home made from it."""
    folder = made_once("ways", _homes)
    return folder / "before", folder / "right", folder / "fresh"


def _homes(folder: Path) -> None:
    filled(folder / "before", small_year(folder / "wrong"), FIRST)
    filled(folder / "fresh", small_year(folder / "right", keep_every=2), SECOND)


def test_a_backfill_again_gives_the_figures_of_a_fresh_installation(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, inbox, fresh = homes
    assert told(filled(copy_home(before, tmp_path / "home"), inbox, SECOND)) == told(fresh)


def test_a_single_run_of_january_gives_them_and_says_what_it_made_too(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, inbox, fresh = homes
    home = copy_home(before, tmp_path / "home")
    outcome = run(home, inbox, "--accept-revisions", "SRC", month="2024-01", at=SECOND)
    assert outcome.code == 0, outcome.err
    made = [
        line for line in outcome.err.splitlines() if re.match(r"2024-0\d: (extract|year)", line)
    ]
    assert made == [
        "2024-01: extract, validate, compute",
        "2024-02: year to date (not current: the months before)",
        "2024-03: year to date (not current: the months before)",
    ]
    assert told(home) == told(fresh)


def test_a_month_launched_in_the_ui_stops_the_publication_until_what_follows_is_made(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, inbox, fresh = homes
    home = copy_home(before, tmp_path / "home")
    with ui(home, inbox) as pages:
        assert pages.launch(MONTH_JOB, "2024-01").success
        stopped = pages.launch(PUBLISH_JOB)
        assert not stopped.success
        checks = stopped.get_asset_check_evaluations()
        assert {broken.rule for check in checks for broken in broken_of(check)} == {
            "every_month_is_current",
            "year_to_date_is_the_sum_of_months",
        }
        assert pages.follow() == [("following", "2024-02"), ("following", "2024-03")]
        assert pages.launch(PUBLISH_JOB).success
    assert told(home) == told(fresh)
