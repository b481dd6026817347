"""Telling what goes on: plain lines, or on a terminal one line that is written over.

Belongs here: how progress looks on stderr. Does not: what is told.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cchc_pipeline.masking import visible


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
