"""Nobody at the keyboard: Dagster's daemon takes files in, previews, publishes on the day."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from assets.instance import persistent_instance
from publish.portal import Portal
from tests.command_line import SAMPLE_INBOX, copy_home, tree_digest
from tests.ops.nginx import free_port

ROOT = Path(__file__).parents[2]
ON_THE_DAY = "2026-10-12T08:31:00+07:00"
FAR_AHEAD = "2026-12-24T12:00:00+07:00"
LONG_AGO = 1_791_000_000  # in October 2026, before the day
PATIENCE = 300
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
def daemon(home: Path, settings_of_nobody: None) -> Iterator[subprocess.Popen[bytes]]:
    """A real daemon on that installation, its clock set to the morning of publication."""
    with persistent_instance(home / "dagster"):
        pass
    command = [Path(sys.executable).with_name("dagster-daemon"), "run"]
    with started(command, home, ON_THE_DAY, CCHC_AUTOMATION="on", CCHC_APPROVAL="off") as process:
        yield process


@contextmanager
def started(
    command: Sequence[str | Path], home: Path, at: str, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One of Dagster's programs on an installation, at a moment."""
    own = {"CCHC_HOME": str(home), "DAGSTER_HOME": str(home / "dagster"), "PYTHONPATH": str(ROOT)}
    with (home / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-m", "tests.ops.daemon_definitions"], cwd=home, stdout=log, stderr=log,
            start_new_session=True,
            env={**os.environ, **own, "MOMENT_OF_THE_TEST": at, **settings},
        )  # fmt: skip
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def wait_for(what: Callable[[], bool], daemon: subprocess.Popen[bytes], log: Path) -> None:
    """Look every second until something is so; the daemon's log tells why it is not."""
    for _ in range(PATIENCE):
        if what():
            return
        assert daemon.poll() is None, log.read_text()
        time.sleep(1)
    raise AssertionError(log.read_text()[-4000:])


@pytest.mark.slow
def test_files_that_settle_are_processed_previewed_and_published_on_the_day(
    home: Path, daemon: subprocess.Popen[bytes]
) -> None:
    log, portal = home / "daemon.log", Portal(home / "portal")
    wait_for(portal.current.exists, daemon, log)
    wait_for((home / "preview" / "portal" / "current").exists, daemon, log)
    latest = portal.latest()
    assert latest is not None
    assert (str(latest.id), latest.published_at) == ("2026-09.r1", "2026-10-12T01:31:00Z")
    with persistent_instance(home / "dagster") as instance:
        wait_for(lambda: not instance.get_runs(dg.RunsFilter(statuses=_RUNNING)), daemon, log)
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
    """``dagster dev`` brings its daemon: with automation off it looks at nothing that we made."""
    home = copy_home(published_home, tmp_path / "home")
    before, log = tree_digest(home / "portal"), home / "daemon.log"
    pages = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(free_port())]
    with persistent_instance(home / "dagster") as instance, started(pages, home, FAR_AHEAD) as dev:
        runs = len(instance.get_runs())
        wait_for(lambda: {"SENSOR", "SCHEDULER"} <= {*instance.get_daemon_heartbeats()}, dev, log)
        time.sleep(SEVERAL_LOOKS)
        assert len(instance.get_runs()) == runs
        assert not instance.all_instigator_state()
        assert dev.poll() is None, log.read_text()
    assert tree_digest(home / "portal") == before


_RUNNING = [
    dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]  # fmt: skip
