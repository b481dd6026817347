"""SIGTERM and Ctrl-C, sent to real processes at many moments: one line, an exit code."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import FIRST, SAMPLE_INBOX, SECOND, cchc, index, run

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
ROOT = Path(__file__).parents[2]
MARCH = "2024-03"


@dataclass(frozen=True)
class Ended:
    """What a process said and how it ended after the signal."""

    code: int
    out: str
    lines: list[str]
    seconds: float

    @property
    def last(self) -> str:
        """The line that tells the end."""
        return self.lines[-1]


def started(*arguments: object) -> "subprocess.Popen[str]":
    """``cchc`` as its own session, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "cchc_pipeline", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended_at(marker: str, delay: float, ctrl_c: bool, *arguments: object) -> Ended:
    """Start, wait for a line, and send the signal: Ctrl-C goes to all processes of the session."""
    process, lines, seen = started(*arguments), list[str](), threading.Event()
    assert process.stderr is not None
    assert process.stdout is not None

    def read() -> None:
        for line in process.stderr or ():
            lines.append(line.rstrip("\n"))
            if marker and re.search(marker, line):
                seen.set()

    reader = threading.Thread(target=read)
    reader.start()
    while marker and not seen.wait(0.05):
        assert process.poll() is None, lines
    time.sleep(delay)
    before = time.monotonic()
    if ctrl_c:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    code = process.wait(60)
    seconds = time.monotonic() - before
    out = process.stdout.read()
    reader.join(20)
    assert not reader.is_alive(), "something that it started still holds its stderr"
    return Ended(code, out, lines, seconds)


def require_one_line(ended: Ended, name: str) -> None:
    assert ended.code == 1, ended.lines
    assert ended.last.startswith(f"cchc: interrupted ({name})"), ended.lines
    assert " -> " in ended.last
    told = "\n".join(ended.lines)
    assert told.count("cchc: ") == 1
    for word in ("Traceback", "KeyboardInterrupt", "Dagster", "unexpected", "resource_tracker"):
        assert word not in told, ended.lines


# a line that tells the moment, and seconds after it
MOMENTS = [
    ("", 0.6),
    ("", 1.5),
    ("extract, validate", 0.2),
    ("^  month_begun", 0.0),
    ("^  raw_dossiers", 0.1),
    ("^  read_dossiers", 0.05),
    ("^  submissions_checks", 0.0),
    ("^publish", 0.5),
    ("^  release$", 0.0),
]


@pytest.mark.slow
def test_a_run_ends_in_one_line_at_any_moment_and_the_same_command_goes_on(
    tmp_path: Path, march_home: Path
) -> None:
    home = tmp_path / "home"
    given = ("run", MARCH, "--debug", "--home", home, "--inbox", SAMPLE_INBOX)
    for number, (marker, delay) in enumerate(MOMENTS):
        ended = ended_at(marker, delay, number % 2 == 0, *given, "--published-at", FIRST)
        require_one_line(ended, "SIGINT" if number % 2 == 0 else "SIGTERM")
        assert ended.seconds < 20
        assert ended.out == ""
    after = run(home, SAMPLE_INBOX, month=MARCH, at=SECOND)
    assert after.code == 0, after.err
    assert index(home)["latest"] == index(march_home)["latest"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("marker", "delay", "ctrl_c"), [("is taken as", 0.3, True), ("is taken as", 6.0, False)]
)
def test_a_backfill_ends_in_one_line_with_its_workers(
    tmp_path: Path, marker: str, delay: float, ctrl_c: bool
) -> None:
    span = ("backfill", "2024-01", "2024-02", "--home", tmp_path / "home", "--inbox", SAMPLE_INBOX)
    ended = ended_at(marker, delay, ctrl_c, *span)
    require_one_line(ended, "SIGINT" if ctrl_c else "SIGTERM")
    assert "left: 2024-01, 2024-02, " in ended.last
    assert not [
        path
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(tmp_path).encode() in _content(path)
    ]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_an_interruption_is_in_the_document_too(tmp_path: Path) -> None:
    given = ("--home", tmp_path / "home", "--inbox", SAMPLE_INBOX, "--json")
    ended = ended_at("is taken as", 0.0, False, "preview", MARCH, *given)
    require_one_line(ended, "SIGTERM")
    document = json.loads(ended.out)
    assert (document["command"], document["exit_code"]) == ("preview", 1)
    assert "SIGTERM" in document["error"]["what"]
    assert document["error"]["todo"]
    assert [(month["month"], month["state"]) for month in document["months"]] == [
        (MARCH, "not_made")
    ]


def test_other_commands_end_as_programs_do(tmp_path: Path) -> None:
    with started("serve", "--home", tmp_path) as process:
        assert process.wait(60) == 2


@pytest.mark.parametrize("long", ["time.sleep(60)", "any(n < 0 for n in range(10**11))", "QUERY"])
def test_whatever_is_being_done_does_not_put_it_off(long: str) -> None:
    query = "__import__('duckdb').table_function('range', [10**12]).sum('range').fetchall()"
    program = (
        "import os, signal, sys, time\n"
        "from cchc_pipeline.cli.interruption import give_way, guard\n"
        "guard(['--debug', 'run'])\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('a handler of another library'))\n"
        f"print('at work', flush=True)\ntry: {long.replace('QUERY', query)}\n"
        "finally: give_way()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert said.startswith("cchc: interrupted (SIGTERM) before anything was begun"), said
    assert (process.returncode, said.count("\n")) == (1, 1)


def on_a_terminal(program: str) -> str:
    """What a terminal of 100 columns is sent by a program."""
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm"},
        stdin=other, stdout=other, stderr=other,
    ) as process:  # fmt: skip
        os.close(other)
        sent = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # the other end is closed
                break
            sent += part
            if not part:
                break
        process.wait(60)
    os.close(main)
    return sent.decode()


TELLING = """
import time
from cchc_pipeline.core.telling import Begun, Made, StepEvent, Turn
from cchc_pipeline.cli import progress
from cchc_pipeline.core.period import Month
from cchc_pipeline.cli.run_summary import Speech
with progress.shown(Speech("vi")):
    progress.tell(Turn(Month(2024, 3), is_whole=True))
    progress.tell(Begun("month", Month(2024, 3), 3))
    for name in ("raw_dossiers", "read_dossiers", "scores"):
        progress.tell(StepEvent(name, has_ended=False))
        time.sleep(0.6)
        progress.tell(StepEvent(name, has_ended=True))
    progress.tell(Made(Month(2024, 3)))
    progress.tell("một\\x1b[31mdòng")
print("kết quả")
"""


def test_on_a_terminal_one_line_moves_and_is_gone_before_the_result() -> None:
    sent = on_a_terminal(TELLING)
    assert "2024-03  bước 2/3  đọc và kiểm tra từng hồ sơ" in sent
    assert "2024-03: xong sau 2 giây" in sent
    assert "\x1b[31m" not in sent, "what a terminal obeys is made visible"
    last = sent[sent.rindex("kết quả") :]
    assert "\x1b" not in last, "nothing is written over the result"
    assert "bước" not in sent[sent.rindex("xong sau") :]


def test_off_a_terminal_the_same_is_two_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TELLING], env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.splitlines() == [
        "2024-03: bắt đầu (nhận, kiểm tra, tính)",
        "2024-03: xong sau 2 giây",
        "một\\x1b[31mdòng",
    ]


def test_the_process_of_a_test_is_not_guarded() -> None:
    """``main`` in this process leaves its signals alone: only the installed command guards."""
    before = signal.getsignal(signal.SIGTERM)
    cchc("run", "2026-13")
    assert signal.getsignal(signal.SIGTERM) is before
