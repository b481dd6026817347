"""Telling: what is planned is sent, and each message that went out is remembered at once.

Belongs here: one round, by one process at a time. Does not: deciding what is sent (``state``), or
how (``delivery``).
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cchc_pipeline.alerts.delivery import Channel
from cchc_pipeline.alerts.rules import Alert
from cchc_pipeline.alerts.state import (
    Memory,
    Outgoing,
    Wish,
    delivered,
    outgoing,
    promised,
    read_memory,
    updated,
    write_memory,
)
from cchc_pipeline.errors import SourceError


@dataclass(frozen=True)
class Round:
    """What was sent, and one line for each channel that failed."""

    sent: tuple[Outgoing, ...]
    failures: tuple[str, ...]


def planned(
    path: Path, alerts: Sequence[Alert], channels: Sequence[str], at: datetime, wish: Wish
) -> tuple[Outgoing, ...]:
    """What a round would send; nothing is sent or remembered."""
    memory = updated(read_memory(path), alerts, at)
    return outgoing(memory, alerts, channels, at, wish)


def tell(
    path: Path, alerts: Sequence[Alert], channels: Sequence[Channel], at: datetime, wish: Wish
) -> Round:
    """Send what is due over each channel; one that fails does not stop the others.

    A channel that failed is left alone until the next round, which sends the same again.

    Args:
        path: Where the memory is kept.
        alerts: What is open.
        channels: Where to.
        at: The moment.
        wish: Whether it is the digest's turn.
    """
    names = [channel.name for channel in channels]
    with _alone(path):
        memory = updated(read_memory(path), alerts, at)
        due = outgoing(memory, alerts, names, at, wish)
        memory = promised(memory, due)
        write_memory(path, memory)
        sent, failures = list[Outgoing](), list[str]()
        for channel in channels:
            mine = [one for one in due if one.channel == channel.name]
            try:
                for one in mine:
                    channel.send(one.message, at)
                    memory = _remembered(path, memory, one, names)
                    sent.append(one)
            except SourceError as error:
                failures.append(str(error))
    return Round(tuple(sent), tuple(failures))


def _remembered(path: Path, memory: Memory, sent: Outgoing, names: Sequence[str]) -> Memory:
    after = delivered(memory, sent, names)
    write_memory(path, after)
    return after


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process tells; the sensor and a command may meet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
