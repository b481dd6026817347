"""A run that is killed after a step that writes leaves the old site or the new one, whole.

Every second step of the publication is tried, and some of the month's; two processes share them.
All are by ``python -m tests.ops.kill_worker`` with a stride of 1. Within each, one installation
takes its deaths in turn. Deaths within a step of the publication are tried in ``tests/publish``.

A correction of January that is killed, at any moment, is made whole by the same command, and by
what follows a backfill in Dagster: no month is ever called current that has old sums.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assets.jobs import FOLLOWING_JOB, MONTH_JOB, PUBLISH_JOB
from cchc_pipeline.definitions import defs
from tests.command_line import (
    SAMPLE_INBOX,
    SECOND,
    cchc,
    copy_home,
    figures,
    index,
    published,
    run,
    tree_digest,
    whole_lake,
)
from tests.made_once import MadeOnce

OLD, NEW = "2024-03.r1", "2026-09.r1"
WORKERS, STRIDE = 2, 4
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(march_home: Path, made_once: MadeOnce) -> list[dict[str, Any]]:
    """What each worker found."""
    place = made_once("killed", lambda place: _killed(march_home, place))
    return [json.loads(path.read_bytes()) for path in sorted(place.glob("*.json"))]


def _killed(march_home: Path, place: Path) -> None:
    folders = [place / str(n) for n in range(WORKERS)]
    for folder in folders:
        folder.mkdir(parents=True)
    workers = [
        subprocess.Popen(
            [
                sys.executable, "-m", "tests.ops.kill_worker",
                folder, march_home, str(n), str(STRIDE),
            ],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for n, folder in zip(range(1, STRIDE, STRIDE // WORKERS), folders, strict=True)
    ]  # fmt: skip
    said = [worker.communicate(timeout=800)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WORKERS
    for folder, text in zip(folders, said, strict=True):
        folder.with_suffix(".json").write_text(text, encoding="utf-8")
        shutil.rmtree(folder)


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
        # What a killed run completed is not made again: the same step may come before the switch in
        # a home that begins anew, and after it in one that was killed before.
        seen = [death["latest"] for death in one["found"]]
        assert set(seen) == {OLD, NEW}
        assert seen[-1] == NEW
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


DEATHS = {"command": (11, 90), "pages": (40, 150)}
"""At which moment the first run dies, and how many more each next one passes.

A month has about a hundred; a run leaves the files of the one before it as they are.
"""


@pytest.fixture(scope="module")
def corrected_inbox(correction: Path) -> Path:
    """The sample's inbox in which January's file lacks every third dossier."""
    return correction / "inbox"


@pytest.fixture(scope="module")
def fresh_home(correction: Path) -> Path:
    """An installation that never saw the error."""
    return correction / "fresh"


@pytest.fixture(scope="module", params=list(DEATHS))
def corrected(
    request: pytest.FixtureRequest, correction: Path, made_once: MadeOnce
) -> tuple[Path, list[dict[str, Any]]]:
    """An installation that was told to correct the error, and was killed, as often as said."""

    def killed(place: Path) -> None:
        home = copy_home(correction / "wrong", place / "home")
        deaths = map(str, DEATHS[request.param])
        given = [request.param, home, correction / "inbox", correction / "fresh", *deaths]
        said = subprocess.run(
            [sys.executable, "-m", "tests.ops.killed_correction", *given],
            capture_output=True, text=True, cwd=ROOT, check=False,
            env={**os.environ, "CCHC_REVISION_LIMIT": "1"},  # a third of January is much
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        (place / "found.json").write_text(said.stdout, encoding="utf-8")

    place = made_once(f"killed-{request.param}", killed)
    return place / "home", json.loads((place / "found.json").read_bytes())


def test_at_no_moment_of_a_correction_all_months_are_called_current_with_old_sums(
    corrected: tuple[Path, list[dict[str, Any]]],
) -> None:
    runs = corrected[1]
    assert [run["wrong"] for run in runs] == [[]] * len(runs)
    assert len(runs) > 2
    shown = [run["latest"] for run in runs]
    assert shown == sorted(shown), "what is shown goes from the old to the new, and never back"
    assert (shown[0], shown[-1]) == ("2024-02.r1", "2024-02.r2")


def test_the_moments_are_those_of_every_step_of_every_job_that_a_correction_runs(
    corrected: tuple[Path, list[dict[str, Any]]],
) -> None:
    jobs = (MONTH_JOB, FOLLOWING_JOB, PUBLISH_JOB)
    every = {node.name for job in jobs for node in defs.resolve_job_def(job).nodes}
    assert {step for run in corrected[1] for step in run["steps"]} == every


def test_the_same_asked_for_again_publishes_what_a_fresh_installation_would(
    corrected: tuple[Path, list[dict[str, Any]]], fresh_home: Path, corrected_inbox: Path
) -> None:
    home = corrected[0]
    for all_of in (figures, whole_lake):
        expected = all_of(fresh_home)
        for table, rows in all_of(home).items():
            assert rows == expected.pop(table), table
        assert not expected
    reasons = {row["reason_code"] for row in published(home, "revisions")}
    assert reasons <= {"SRC", "LATE"}
    again = run(home, corrected_inbox, month="2024-01", at=SECOND)
    assert again.out.startswith("nothing to publish"), again.err
    assert index(home)["latest"] == "2024-02.r2"
    assert cchc("verify", "--home", home, "--inbox", corrected_inbox).code == 0
