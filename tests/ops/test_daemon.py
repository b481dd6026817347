"""Nobody at the keyboard: Dagster's daemon takes files in, previews, publishes on the day."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.instance import persistent_instance
from assets.staleness import MadeFrom
from cchc_pipeline.settings import load_settings
from publish.store.store import Portal
from tests.command_line import (
    SAMPLE_INBOX,
    WHILE_NOTHING_IS_DUE,
    copy_home,
    tree_digest,
    whole_lake,
)
from tests.ops.daemon import (
    DEFINITIONS,
    daemon,
    environment,
    is_idle,
    killed,
    started,
    wait_for,
)
from tests.ops.nginx import free_port

ON_THE_DAY = "2026-10-12T08:31:00+07:00"
LONG_AGO = 1_791_000_000  # in October 2026, before the day
FAR_AHEAD = "2026-12-24T12:00:00+07:00"
SEVERAL_LOOKS = 20
"""Awake, the inbox is looked at every five seconds, and what is overdue at once."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation that has never run, with September's files in its inbox."""
    inbox = tmp_path / "home" / "inbox"
    shutil.copytree(SAMPLE_INBOX / "2026-09", inbox / "2026-09")
    shutil.copy(SAMPLE_INBOX / "units.csv", inbox)
    for path in inbox.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return tmp_path / "home"


@pytest.fixture
def at_work(home: Path, settings_of_nobody: None) -> Iterator[subprocess.Popen[bytes]]:
    """A real daemon on an installation that has never run, on the morning of publication."""
    with daemon(home, ON_THE_DAY) as process:
        yield process


@pytest.mark.slow
def test_files_that_settle_are_processed_previewed_and_published_on_the_day(
    home: Path, at_work: subprocess.Popen[bytes]
) -> None:
    log, portal = home / "daemon.log", Portal(home / "portal")
    wait_for(portal.current.exists, at_work, log)
    wait_for((home / "preview" / "portal" / "current").exists, at_work, log)
    latest = portal.latest()
    assert latest is not None
    assert (str(latest.id), latest.published_at) == ("2026-09.r1", "2026-10-12T01:31:00Z")
    with persistent_instance(home / "dagster") as instance:
        wait_for(lambda: is_idle(instance), at_work, log)
        runs = instance.get_runs()
        told = {run.job_name: run.tags for run in runs}
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert told["month"]["dagster/sensor_name"] == "inbox_files"
    assert told["publish"]["dagster/schedule_name"] == "publication_day"
    assert told["publish"]["cchc/days_late"] == "0"
    assert told["preview"]["dagster/sensor_name"] == "preview_before_the_date"


@pytest.mark.slow
def test_opening_the_pages_long_after_every_date_launches_nothing(
    published_home: Path, tmp_path: Path, settings_of_nobody: None
) -> None:
    """``dagster dev`` brings its daemon; with automation off it asks nothing of ours."""
    home = copy_home(published_home, tmp_path / "home")
    before, log = tree_digest(home / "portal"), home / "daemon.log"
    pages = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(free_port())]
    with (
        persistent_instance(home / "dagster") as instance,
        started(pages, home, environment(home, FAR_AHEAD)) as dev,
    ):
        runs = len(instance.get_runs())
        wait_for(lambda: {"SENSOR", "SCHEDULER"} <= {*instance.get_daemon_heartbeats()}, dev, log)
        time.sleep(SEVERAL_LOOKS)
        assert len(instance.get_runs()) == runs
        assert not instance.all_instigator_state()
        assert dev.poll() is None, log.read_text()
    assert tree_digest(home / "portal") == before


@pytest.fixture
def corrected_home(correction: Path, tmp_path: Path, settings_of_nobody: None) -> Path:
    """An installation that published January and February 2024; then January was corrected."""
    home = copy_home(correction / "wrong", tmp_path / "home")
    inbox = copy_home(correction / "inbox", home / "inbox")
    settled = datetime.fromisoformat(WHILE_NOTHING_IS_DUE).timestamp() - 86_400
    for path in inbox.rglob("*"):
        os.utime(path, (settled, settled))  # long before the daemon's clock
    return home


@pytest.mark.slow
def test_a_backfill_in_dagster_that_is_killed_ends_with_the_lake_of_a_fresh_installation(
    corrected_home: Path, correction: Path
) -> None:
    """Its runs may come in any order; what they, or their death, left stale is made anew."""
    home, log = corrected_home, corrected_home / "daemon.log"
    record = MadeFrom(load_settings(home=home), datetime.fromisoformat(WHILE_NOTHING_IS_DUE))
    with persistent_instance(home / "dagster") as instance:
        with daemon(home, WHILE_NOTHING_IS_DUE) as process:
            command = [Path(sys.executable).with_name("dagster"), "job", "backfill", "-j", "month"]
            subprocess.run(
                [*command, "--partitions", "2024-01,2024-02", "--noprompt", "-m", DEFINITIONS],
                cwd=home, check=True, capture_output=True,
                env=environment(home, WHILE_NOTHING_IS_DUE),
            )  # fmt: skip
            wait_for(lambda: bool(_of_backfill(instance, _STARTED)), process, log)
            killed(process)
        with daemon(home, WHILE_NOTHING_IS_DUE) as process:
            wait_for(lambda: _is_at_rest(instance, record), process, log)
    expected = whole_lake(correction / "fresh")
    for table, rows in whole_lake(home).items():
        assert rows == expected.pop(table), table
    assert not expected


_STARTED = [dg.DagsterRunStatus.STARTED]


def _of_backfill(
    instance: dg.DagsterInstance, statuses: list[dg.DagsterRunStatus] | None = None
) -> list[dg.DagsterRun]:
    runs = instance.get_runs(dg.RunsFilter(job_name="month", statuses=statuses or []))
    return [run for run in runs if "dagster/backfill" in run.tags]


def _is_at_rest(instance: dg.DagsterInstance, record: MadeFrom) -> bool:
    """Whether no run is left, and every month is current."""
    return len(_of_backfill(instance)) > 1 and is_idle(instance) and not record.stale()
