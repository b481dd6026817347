"""``cchc dagster``: the pages of this installation, which only look unless automation is on."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.cli.operating import program
from tests.command_line import copy_home, tree_digest
from tests.ops.nginx import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 240
STARTS_A_SENSOR = """mutation { startSensor(sensorSelector: {repositoryName: "__repository__",
 repositoryLocationName: "cchc_pipeline.definitions", sensorName: "inbox_files"})
 { __typename } }"""


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """A copy of an installation that has published September 2026."""
    return copy_home(published_home, tmp_path / "home")


@pytest.fixture
def address(home: Path, settings_of_nobody: None) -> Iterator[str]:
    """The pages, opened by the command."""
    port = free_port()
    command = [sys.executable, "-m", "cchc_pipeline.cli.app", "dagster"]
    with (home / "pages.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--home", str(home), "--port", str(port)],
            stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _asked(address: str, query: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - this machine's own
        f"{address}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
        return dict(json.load(answer)["data"])


def _when_up(address: str, query: str) -> dict[str, Any]:
    for _ in range(PATIENCE):
        try:
            return _asked(address, query)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
    raise AssertionError("the pages did not come up")


@pytest.mark.slow
def test_the_pages_show_this_home_and_start_nothing(home: Path, address: str) -> None:
    before = tree_digest(home / "portal")
    runs = _when_up(address, "{runsOrError {... on Runs {results {jobName}}}}")
    jobs = [run["jobName"] for run in runs["runsOrError"]["results"]]
    assert jobs == ["publish", "month"]
    found = _asked(address, STARTS_A_SENSOR)
    assert found["startSensor"]["__typename"] == "UnauthorizedError"
    assert "telemetry:\n  enabled: false" in (home / "dagster" / "dagster.yaml").read_text("utf-8")
    assert tree_digest(home / "portal") == before


def test_the_daemon_comes_with_the_pages_only_when_automation_is_on() -> None:
    assert program(3000, is_on=True)[:3] == ["-m", "dagster", "dev"]
    asleep = program(3000, is_on=False)
    assert asleep[:2] == ["-m", "dagster_webserver"]
    assert "--read-only" in asleep
    for arguments in (asleep, program(3000, is_on=True)):
        assert arguments[arguments.index("-h") + 1] == "127.0.0.1"
