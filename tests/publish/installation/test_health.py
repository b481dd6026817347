"""``cchc status --health``: one line and an exit code for whoever watches an installation."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publish.installation import health
from publish.model import RECORD
from publish.store.journal import Line
from publish.store.store import INDEX, Portal
from tests.command_line import cchc
from tests.publish.crash_worker import go_out
from tests.publish.small_release import small_draft

pytestmark = pytest.mark.usefixtures("settings_of_nobody")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation whose portal shows a release."""
    go_out(Portal(tmp_path / "home" / "portal"), small_draft())
    return tmp_path / "home"


def test_an_installation_in_order_is_healthy(home: Path) -> None:
    asked = cchc("status", "--health", "--home", home)
    assert (asked.code, asked.out, asked.err) == (0, "healthy: 2024-03.r1\n", "")
    told = json.loads(cchc("status", "--health", "--json", "--home", home).out)
    assert told == {"healthy": True, "latest": "2024-03.r1", "found": []}


def test_one_that_has_not_published_yet_is_healthy(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    asked = cchc("status", "--health", "--home", tmp_path / "home")
    assert (asked.code, asked.out) == (0, "healthy: nothing published yet\n")


def lose_the_link(home: Path) -> None:
    portal = Portal(home / "portal")
    portal.record_shown()
    portal.current.unlink()


def stop_half_way(home: Path) -> None:
    line = Line("published", "2024-04.r1", "0002-2024-04.r1", "begun", "2024-05-12T00:00:00Z", 1)
    Portal(home / "portal").journal.write(line)


def lose_the_front_page(home: Path) -> None:
    (Portal(home / "portal").current / "index.html").unlink()


def break_the_index(home: Path) -> None:
    (Portal(home / "portal").current / INDEX).write_text("{", encoding="utf-8")


def lose_a_record(home: Path) -> None:
    (Portal(home / "portal").store / "2024-03" / "r1" / RECORD).unlink()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (shutil.rmtree, "is not there"),
        (lose_the_link, "link it again"),
        (stop_half_way, "published 2024-04.r1 stopped at begun"),
        (lose_the_front_page, "the front page is not there"),
        (break_the_index, "index.json: is damaged: it is not what was written -> from a backup"),
        (lose_a_record, "release.json: is damaged: it is not what was written -> from a backup"),
    ],
)
def test_what_is_not_in_order_is_told_in_one_line(
    damage: Callable[[Path], None], told: str, home: Path
) -> None:
    damage(home)
    asked = cchc("status", "--health", "--home", home)
    assert asked.code == 1
    assert told in asked.out
    assert asked.out.count("\n") == 1
    assert json.loads(cchc("status", "--health", "--json", "--home", home).out)["found"]


def test_a_disk_that_is_nearly_full_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "least_free_space", lambda: 10**18)
    asked = cchc("status", "--health", "--home", home)
    assert asked.code == 1
    assert "MB are free on the disk" in asked.out


def test_an_act_that_is_going_on_is_in_order(home: Path) -> None:
    stop_half_way(home)
    with Portal(home / "portal").lock(datetime(2024, 5, 12, tzinfo=UTC)):
        assert cchc("status", "--health", "--home", home).code == 0


def test_it_asks_without_dagster(home: Path) -> None:
    """Which alone would take longer than a watcher waits."""
    program = (
        "import sys; from cchc_pipeline.cli.app import app\n"
        f"try: app(['status', '--health', '--home', {str(home)!r}])\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}\n"
        "      & {'dagster', 'great_expectations', 'pandas', 'duckdb', 'ibis'}))"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.stdout == "healthy: 2024-03.r1\n[]\n", run.stderr
