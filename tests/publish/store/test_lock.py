"""One publisher at a time, and who it is."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import LockedError
from publish.store.journal import LOCK, break_lock
from publish.store.store import Portal
from tests.publish.small_release import MOMENT

HOLDER = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
from publish.store.store import Portal
with Portal(Path(sys.argv[1])).lock(datetime(2024, 5, 10, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_publisher(portal: Portal) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(portal.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_publisher_is_told_who_holds_the_lock(portal: Portal) -> None:
    with other_publisher(portal) as process:
        with pytest.raises(LockedError) as refused, portal.lock(MOMENT):
            pass
        assert f"pid {process.pid} on " in str(refused.value)
        assert "since 2024-05-10T00:00:00Z" in str(refused.value)
        assert refused.value.exit_code == 3


def test_the_lock_of_a_killed_process_does_not_block(portal: Portal) -> None:
    with other_publisher(portal) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with portal.lock(MOMENT):
        assert json.loads((portal.root / LOCK).read_text())["pid"] == os.getpid()


def test_the_lock_ends_with_its_block_even_after_an_error(portal: Portal) -> None:
    with pytest.raises(RuntimeError), portal.lock(MOMENT):
        raise RuntimeError
    with other_publisher(portal):
        pass


def test_who_holds_the_lock_may_take_it_again(portal: Portal) -> None:
    with portal.lock(MOMENT):
        with portal.lock(MOMENT):
            pass
        with pytest.raises(subprocess.CalledProcessError):
            subprocess.run(
                [sys.executable, "-c", HOLDER, str(portal.root)],
                check=True, capture_output=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip


def test_portals_in_two_folders_do_not_wait_for_each_other(portal: Portal, tmp_path: Path) -> None:
    with other_publisher(portal), Portal(tmp_path / "another").lock(MOMENT):
        pass


def test_the_lock_of_another_machine_is_broken_on_request_only(portal: Portal) -> None:
    left = {"owner": "publisher", "pid": 7, "host": "another-machine", "since": "2024-05-01"}
    portal.root.mkdir(parents=True)
    (portal.root / LOCK).write_text(json.dumps(left))
    with pytest.raises(LockedError, match="pid 7 on another-machine") as refused:
        portal.lock(MOMENT).__enter__()
    assert "cchc unlock" in refused.value.todo
    assert break_lock(portal.root) == "publisher, pid 7 on another-machine since 2024-05-01"
    with portal.lock(MOMENT):
        assert json.loads((portal.root / LOCK).read_text())["host"] == socket.gethostname()


def test_the_lock_of_a_living_process_is_not_broken(portal: Portal) -> None:
    with other_publisher(portal), pytest.raises(LockedError, match="is at work"):
        break_lock(portal.root)


def test_a_lock_that_was_given_back_names_nobody(portal: Portal) -> None:
    with portal.lock(MOMENT):
        pass
    assert (portal.root / LOCK).read_text() == ""
    assert break_lock(portal.root) == ""


def test_a_record_that_a_crash_cut_off_names_nobody(portal: Portal) -> None:
    portal.root.mkdir(parents=True)
    (portal.root / LOCK).write_text('{"owner": "publ')
    with portal.lock(MOMENT):
        pass
