"""An end from outside: SIGTERM, or Ctrl-C, ends the process at once with one line.

Belongs here: waiting for the signal, the line, the end. Does not: what the line says of the work
(whoever works tells it by ``explain``), or leaving things whole: a run may be killed at any moment,
and the next one goes on with what is left.

The signals are blocked for all other threads and waited for by one: no handler runs in the middle
of somebody's code, so that neither Dagster, DuckDB nor an import turns them into an error of its
own, and a long query does not put them off. Nothing that costs an import stands here.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

COMMANDS = frozenset({"run", "backfill", "preview"})
"""The commands that work for long; the others end as Python programs do."""
_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
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


def guard(arguments: Sequence[str]) -> None:
    """Wait for the signals from now on, if these are the arguments of a command that works long."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    is_watched = signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    if command in COMMANDS and not is_watched:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=_watch, name="interruption", daemon=True).start()


def explain(said: Explain) -> None:
    """Let this tell what is left from now on."""
    _explain.append(said)


def silence_tracker() -> None:
    """Before worker processes start: Python's tracker of semaphores frees them without a word."""
    os.environ.setdefault("PYTHONWARNINGS", _TRACKER_IS_SILENT)


def _watch() -> None:
    while True:
        name = signal.Signals(signal.sigwait(_SIGNALS)).name
        ending = _explained(name)
        if ending is not None:
            _end(ending)


def _explained(name: str) -> Ending | None:
    """What is to be said; whatever is in the middle of changing must not keep the process alive."""
    try:
        return _explain[-1](name)
    except Exception:
        return Ending(f"cchc: interrupted ({name}) -> give the same command again")


def _end(ending: Ending) -> None:
    multiprocessing = sys.modules.get("multiprocessing")
    for child in multiprocessing.active_children() if multiprocessing else ():
        child.kill()
    start = _CLEAR_LINE if os.isatty(2) else ""
    for stream, text in ((2, f"{start}{ending.line}\n"), (1, ending.document)):
        left = text.encode(errors="backslashreplace")
        with contextlib.suppress(OSError):  # whoever read has left
            while left:
                left = left[os.write(stream, left) :]
    os._exit(ending.code)
