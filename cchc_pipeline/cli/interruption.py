"""An end from outside: SIGTERM, or Ctrl-C, ends the process at once with one line.

Belongs here: waiting for the signal, the line, the end. Does not: what the line says of the work
(whoever works tells it by ``explain``), or leaving things whole: a run may be killed at any moment,
and the next one goes on with what is left.

The interpreter writes each signal to a pipe at the moment at which it comes, and one thread waits
for it: a long query does not put it off, and whatever handler Dagster has installed by then need
not be reached. Ctrl-C goes to every process of the terminal: the main thread blocks it, so that
what it starts (workers, Dagster's helpers) inherits that and leaves the answer to this process.
SIGTERM is not blocked, since such helpers could not be ended then. Nothing that costs an import
stands here.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

COMMANDS = frozenset({"run", "backfill", "preview"})
"""The commands that work for long; the others end as Python programs do."""
_WITH_A_VALUE = frozenset({"--lang", "--root"})
"""The options that may stand before the command, and take the next word."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_A_MOMENT = 0.1
"""Seconds: longer than a thread that is due has to wait for its turn."""
_CLEAR_LINE = "\r\x1b[2K\x1b[?25h"
"""On a terminal: write over the live line, and show the cursor again."""
_TRACKER_IS_SILENT = "ignore:resource_tracker"


class Ending(NamedTuple):
    """What is said at the end: a line on stderr, a document on stdout, the exit code."""

    line: str
    document: str = ""
    code: int = 1


Explain = Callable[[str], Ending | None]
"""From the signal's name to what is said; None: the work is done, and the signal is let go."""


def _before_the_work(name: str) -> Ending:
    return Ending(f"cchc: interrupted ({name}) before anything was begun -> give the command again")


_explain: list[Explain] = [_before_the_work]


_streams: dict[int, int] = {}
"""Copies of stdout and stderr: within a step Dagster lets both lead to a file of its own."""


def guard(arguments: Sequence[str]) -> None:
    """Wait for the signals from now on, if these are the arguments of a command that works long."""
    if _command(arguments) not in COMMANDS or _streams:
        return
    _streams.update({stream: copy_of(stream) for stream in (1, 2)})
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_watch, args=(reading,), name="interruption", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _command(arguments: Sequence[str]) -> str:
    words = iter(arguments)
    for word in words:
        if word in _WITH_A_VALUE:
            next(words, "")
        elif not word.startswith("-"):
            return word
    return ""


def copy_of(stream: int) -> int:
    """A number of its own for stdout (1) or stderr (2); for a closed one, of what swallows all."""
    try:
        return os.dup(stream)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def give_way() -> None:
    """Before an error is told: if a signal was its cause, this process ends here."""
    if _streams:
        time.sleep(_A_MOMENT)


def explain(said: Explain) -> None:
    """Let this tell what is left from now on."""
    _explain.append(said)


def before_workers() -> None:
    """Before worker processes start, which are to leave the answer to this one.

    Python's tracker of their semaphores frees these without a word after an end from outside; as it
    starts, it opens the thread for the signals again.
    """
    from multiprocessing import resource_tracker

    os.environ.setdefault("PYTHONWARNINGS", _TRACKER_IS_SILENT)
    resource_tracker.ensure_running()
    if _streams:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _watch(pipe: int) -> None:
    while True:
        number = os.read(pipe, 1)[0]
        if number in _SIGNALS:
            ending = _explained(signal.Signals(number).name)
            if ending is not None:
                _end(ending)


def _explained(name: str) -> Ending | None:
    """What is to be said; whatever is in the middle of changing must not keep the process alive."""
    try:
        return _explain[-1](name)
    except Exception:
        return Ending(f"cchc: interrupted ({name}) -> give the same command again")


def _end(ending: Ending) -> None:
    _end_children()
    start = _CLEAR_LINE if os.isatty(_streams[2]) else ""
    for stream, text in ((2, f"{start}{ending.line}\n"), (1, ending.document)):
        left = text.encode(errors="backslashreplace")
        with contextlib.suppress(OSError):  # whoever read has left
            while left:
                left = left[os.write(_streams[stream], left) :]
    os._exit(ending.code)


def _end_children() -> None:
    """Workers at once; Dagster's helpers, which would go within a second, as they are told to."""
    multiprocessing = sys.modules.get("multiprocessing")
    for worker in multiprocessing.active_children() if multiprocessing else ():
        worker.kill()
    with contextlib.suppress(OSError, ValueError):
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 - pathlib is an import
            with open(f"/proc/self/task/{thread}/children") as children:  # noqa: PTH123
                for child in children.read().split():
                    os.kill(int(child), signal.SIGTERM)
