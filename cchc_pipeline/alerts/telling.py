"""What is open since when, what is to be told now, and that it was told.

Belongs here: the memory in ``CCHC_HOME/alerts.json``, pure functions on it, and one round of
telling, by one process at a time. Does not: judging what is open (``rules``), or how a message is
sent (``delivery``). A channel that failed simply has not been told: the next time it is.
"""

import fcntl
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cchc_pipeline.alerts.delivery import Channel
from cchc_pipeline.alerts.message import Message, Told, digest, several, title_of, worded
from cchc_pipeline.alerts.rules import Alert, load_words
from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.files import write_whole

FILE = "alerts.json"


@dataclass(frozen=True)
class Cause:
    """A cause that is or was open.

    Args:
        title: In one line; of one that has ended as it was last.
        since: When it became open.
        told: The channels that were told of it.
        ended: When it was open no more.
        heard: The channels that were told that it has ended.
        again: Whether it is told at once when it comes back.
    """

    title: CalendarWords
    since: datetime
    told: tuple[str, ...] = ()
    ended: datetime | None = None
    heard: tuple[str, ...] = ()
    again: str = "at_once"


@dataclass(frozen=True)
class Memory:
    """All causes by their keys, and the channels that are owed a digest."""

    open: Mapping[str, Cause] = field(default_factory=dict)
    ended: Mapping[str, Cause] = field(default_factory=dict)
    owed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A message for a channel, and the causes that it tells."""

    channel: str
    message: Message
    opened: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    is_digest: bool = False


@dataclass(frozen=True)
class Wish:
    """What was asked for: a digest, and whether it is left out when all is well."""

    digest: bool = False
    quiet: bool = False


def read_memory(path: Path) -> Memory:
    """What was told; nothing if the file is not there.

    One that cannot be read counts as nothing: causes are then told twice, not never.
    """
    try:
        return TypeAdapter(Memory).validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return Memory()


def write_memory(path: Path, memory: Memory) -> None:
    """Keep what was told."""
    text = json.dumps(asdict(memory), ensure_ascii=False, indent=2, default=_as_text)
    write_whole(path, f"{text}\n".encode())


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def updated(memory: Memory, alerts: Iterable[Alert], at: datetime) -> Memory:
    """The memory with what has become open, and what is so no more."""
    now = {alert.key: _cause(memory, alert, at) for alert in alerts}
    gone = {
        key: replace(cause, ended=at, heard=())
        for key, cause in memory.open.items()
        if key not in now
    }
    kept = {key: cause for key, cause in memory.ended.items() if key not in now}
    return Memory(now, {**kept, **gone}, memory.owed)


def _cause(memory: Memory, alert: Alert, at: datetime) -> Cause:
    """An open cause as it was, or a new one; what comes and goes by itself keeps who was told."""
    again = load_words().kinds[alert.kind].again
    before, left = memory.open.get(alert.key), memory.ended.get(alert.key)
    if before is not None:
        return replace(before, title=title_of(alert), again=again)
    if left is not None and left.again == "after_digest":
        return replace(left, title=title_of(alert), ended=None, heard=())
    return Cause(title_of(alert), at, again=again)


def outgoing(
    memory: Memory, alerts: Sequence[Alert], channels: Iterable[str], at: datetime, wish: Wish
) -> tuple[Outgoing, ...]:
    """What is to be sent: to each channel its digest, or what it was not told of yet.

    Args:
        memory: As ``updated`` gives it for these alerts.
        alerts: What is open.
        channels: The names of the channels.
        at: The moment.
        wish: What was asked for.
    """
    found: list[Outgoing] = []
    for channel in channels:
        if wish.digest or channel in memory.owed:
            found += _digest_for(channel, memory, alerts, at, wish)
        else:
            found += _news_for(channel, memory, alerts, at)
    return tuple(found)


def _digest_for(
    channel: str, memory: Memory, alerts: Sequence[Alert], at: datetime, wish: Wish
) -> Iterable[Outgoing]:
    ended = {key: cause for key, cause in memory.ended.items() if channel not in cause.heard}
    if wish.quiet and not alerts and not ended:
        return
    since = {key: cause.since for key, cause in memory.open.items()}
    told = [Told(cause.title, cause.since) for cause in ended.values()]
    message = digest(alerts, since, told, at)
    keys = tuple(alert.key for alert in alerts)
    yield Outgoing(channel, message, keys, tuple(ended), is_digest=True)


def _news_for(
    channel: str, memory: Memory, alerts: Sequence[Alert], at: datetime
) -> Iterable[Outgoing]:
    news = [alert for alert in alerts if channel not in memory.open[alert.key].told]
    if len(news) > load_words().at_once_at_most:
        yield Outgoing(channel, several(news, at), tuple(alert.key for alert in news))
        return
    for alert in news:
        yield Outgoing(channel, worded(alert), (alert.key,))


def delivered(memory: Memory, sent: Outgoing, channels: Iterable[str]) -> Memory:
    """The memory after a message went out; what every channel has heard the end of is forgotten."""
    opened = {
        key: replace(cause, told=_with(cause.told, sent.channel)) if key in sent.opened else cause
        for key, cause in memory.open.items()
    }
    ended = {
        key: replace(cause, heard=_with(cause.heard, sent.channel)) if key in sent.ended else cause
        for key, cause in memory.ended.items()
    }
    left = {key: cause for key, cause in ended.items() if set(channels) - set(cause.heard)}
    owed = tuple(c for c in memory.owed if not (sent.is_digest and c == sent.channel))
    return Memory(opened, left, owed)


def promised(memory: Memory, planned: Iterable[Outgoing]) -> Memory:
    """The memory before digests go out: each is owed until it was delivered."""
    return replace(memory, owed=tuple(sorted({o.channel for o in planned if o.is_digest})))


def _with(channels: Sequence[str], channel: str) -> tuple[str, ...]:
    return tuple(sorted({*channels, channel}))


@dataclass(frozen=True)
class Round:
    """What was sent, and one line for each channel that failed."""

    sent: tuple[Outgoing, ...]
    failures: tuple[str, ...]


def would_be_sent(
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
