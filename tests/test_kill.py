"""A run that is killed after a step that writes leaves the old site or the new one, whole.

Every second step of the publication is tried, and some of the month's; two processes share them.
Within each, one installation takes its deaths in turn. Deaths within a step of the publication are
tried in ``tests/publish``.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import SAMPLE_INBOX, SECOND, copy_home, run, tree_digest

OLD, NEW = "2024-03.r1", "2026-09.r1"
WORKERS, STRIDE = 2, 4
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def found(march_home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each worker found."""
    folders = [tmp_path_factory.mktemp("killed") for _ in range(WORKERS)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.kill_worker", folder, march_home, str(n), str(STRIDE)],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for n, folder in enumerate(folders, start=1)
    ]  # fmt: skip
    said = [worker.communicate(timeout=800)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WORKERS
    return [json.loads(text) for text in said]


def test_each_of_these_steps_was_the_last_of_a_run(
    found: list[dict[str, Any]],
) -> None:
    died = sorted(death["died_after"] for one in found for death in one["found"][:-1])
    assert died == sorted(set(died))
    assert len(died) > 4


def test_after_each_death_readers_find_the_old_site_or_the_new_one_whole(
    found: list[dict[str, Any]],
) -> None:
    for one in found:
        seen = [death["latest"] for death in one["found"]]
        assert seen == sorted(seen)
        assert set(seen) == {OLD, NEW}
        assert [death["faults"] for death in one["found"]] == [[]] * len(seen)


def test_the_run_after_all_deaths_ends_well_and_one_more_changes_nothing(
    found: list[dict[str, Any]],
) -> None:
    for one in found:
        assert one["found"][-1]["lived_through"] > 10
        assert one["after"] == {"latest": NEW, "faults": []}


def test_the_release_is_byte_for_byte_that_of_a_run_that_nobody_killed(
    found: list[dict[str, Any]], march_home: Path, tmp_path: Path
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    assert run(home, SAMPLE_INBOX, at=SECOND).code == 0
    assert {one["store"] for one in found} == {tree_digest(home / "portal" / "store")}
