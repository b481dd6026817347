"""Telling what goes on: plain lines, or on a terminal one line that is written over.

Belongs here: how progress looks on stderr, and the count of a backfill. Does not: the lines told.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import typer

from cchc_pipeline.masking import visible
from cchc_pipeline.period import Month


def tell(line: str) -> None:
    """Plain lines; on a terminal each step replaces the one before. Nothing raw is in them."""
    line = visible(line, None)
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{line}")
        sys.stderr.write("" if line.startswith(" ") else "\n")
        sys.stderr.flush()
    else:
        typer.echo(line, err=True)


@contextmanager
def shown() -> Iterator[None]:
    """Leave the terminal at the beginning of an empty line, whatever happens."""
    try:
        yield
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


@dataclass
class Count:
    """Months done of a backfill, and the time that the others will take."""

    months: int
    done: int
    begun: float = field(default_factory=time.monotonic)
    here: int = 0

    def tell(self, month: Month, line: str) -> None:
        """Say that a month ended."""
        self.here += 1
        state = f"failed: {line.splitlines()[0]}" if line else "done"
        tell(f"{month} {state}{self._rest()}")

    def _rest(self) -> str:
        left = self.months - self.done - self.here
        if left <= 0:
            return ""
        seconds = left * (time.monotonic() - self.begun) / self.here
        return f"; {left} left, about {max(1, round(seconds / 60))} min"
