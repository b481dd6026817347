"""Dagster's own programs on an installation: its daemon, its pages, and what these are asked.

Belongs here: starting, killing, asking. Does not: assertions, or what a test changes of the graph
(``tests.ops.daemon_definitions``).
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg

from tests.ops.nginx import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 300
DEFINITIONS = "tests.ops.daemon_definitions"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]  # fmt: skip
_REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": DEFINITIONS}
_BACKFILL = """mutation ($given: LaunchBackfillParams!) { launchPartitionBackfill(
 backfillParams: $given) { __typename ... on LaunchBackfillSuccess { backfillId } } }"""
_STATE = """query ($id: String!) { partitionBackfillOrError(backfillId: $id)
 { ... on PartitionBackfill { status } } }"""
_RUN = """mutation ($given: ExecutionParams!) { launchRun(executionParams: $given)
 { __typename ... on LaunchRunSuccess { run { runId } } } }"""


def environment(home: Path, moment: str) -> dict[str, str]:
    """The environment of a program on an installation at a moment."""
    own = {"CCHC_HOME": str(home), "DAGSTER_HOME": str(home / "dagster"), "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own, "MOMENT_OF_THE_TEST": moment}


def awake(home: Path, moment: str) -> dict[str, str]:
    """The same with automation on, and nobody who has to approve."""
    return environment(home, moment) | {"CCHC_AUTOMATION": "on", "CCHC_APPROVAL": "off"}


@contextmanager
def daemon(home: Path, moment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real daemon on an installation, begun as the shipped unit does, its clock set."""
    _begin(home, moment)
    command = [Path(sys.executable).with_name("dagster-daemon"), "run"]
    with started(command, home, awake(home, moment)) as process:
        yield process


@contextmanager
def pages_and_daemon(home: Path, moment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """What ``cchc dagster`` starts while automation is on: both programs, and their address."""
    _begin(home, moment)
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port)]
    with started(command, home, awake(home, moment)) as process:
        yield process, f"http://127.0.0.1:{port}"


def _begin(home: Path, moment: str) -> None:
    """What runs before the daemon: the folder is made, and what a dead daemon left is closed."""
    command = [sys.executable, "-m", "assets.instance", "--before-daemon"]
    subprocess.run(command, check=True, env=environment(home, moment), cwd=home)


@contextmanager
def started(
    command: Sequence[str | Path], home: Path, variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """One of Dagster's programs on the graph of the tests; its end is that of its children."""
    with (home / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "-m", DEFINITIONS], cwd=home, stdout=log, stderr=log,
            start_new_session=True, env=dict(variables),
        )  # fmt: skip
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):  # it was killed meanwhile
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(120)


def killed(process: subprocess.Popen[bytes]) -> None:
    """The machine loses its power: the program and its runs are gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def wait_for(
    what: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, patience: int = PATIENCE
) -> None:
    """Look every second until something is so; the daemon's log tells why it is not."""
    for _ in range(patience):
        if what():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(1)
    raise AssertionError(log.read_text()[-4000:])


def is_idle(instance: dg.DagsterInstance) -> bool:
    """Whether no run is left."""
    return not instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))


def asked(address: str, query: str, **variables: Any) -> dict[str, Any]:
    """What the pages answer; they may still be coming up.

    Raises:
        AssertionError: They never did.
    """
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(  # noqa: S310 - this machine's own
        f"{address}/graphql", body, {"Content-Type": "application/json"}
    )
    for _ in range(PATIENCE):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
                return dict(json.load(answer)["data"])
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
    raise AssertionError("the pages did not come up")


def launch_backfill(address: str, what: Sequence[str] | str, months: Sequence[str]) -> str:
    """A backfill as the pages launch it: of a job, or of assets; its id."""
    if isinstance(what, str):
        selector = {"partitionSetName": f"{what}_partition_set", "repositorySelector": _REPOSITORY}
        chosen: dict[str, Any] = {"selector": selector}
    else:
        chosen = {"assetSelection": [{"path": [name]} for name in what]}
    given = {**chosen, "partitionNames": list(months)}
    return str(asked(address, _BACKFILL, given=given)["launchPartitionBackfill"]["backfillId"])


def backfill_state(address: str, backfill: str) -> str:
    """How far a backfill is, in Dagster's word."""
    return str(asked(address, _STATE, id=backfill)["partitionBackfillOrError"]["status"])


def launch_run(address: str, job: str, config: Mapping[str, Any] | None = None) -> str:
    """A run of a job as the pages launch it; its id."""
    selector = {**_REPOSITORY, "pipelineName": job}
    given = {"selector": selector, "mode": "default", "runConfigData": dict(config or {})}
    return str(asked(address, _RUN, given=given)["launchRun"]["run"]["runId"])
