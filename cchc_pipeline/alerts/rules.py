"""From facts to alerts: pure rules, one a kind of cause, and the words they are told in.

Belongs here: when a cause is open, its key, and what ``schemas/alerts`` must say of each kind. Does
not: filling the words in (``message``), or whether it was told already (``telling``). A cause that
is mended is simply no longer among the alerts.
"""

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, get_args

from cchc_pipeline.alerts.facts import (
    AwaitedMonth,
    Facts,
    Failure,
    FilesLeft,
    Mirror,
    SetAside,
    Shown,
)
from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.core.data import read_yaml, refuse, typed
from cchc_pipeline.core.period import Month

Kind = Literal[
    "source_missing",
    "files_not_taken",
    "check_failed",
    "run_failed",
    "quarantine",
    "revisions",
    "publication_late",
    "mirror_behind",
    "mirror_silent",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
WITHIN_LIMIT = "quarantine_within_limit"
REVISIONS_EXPECTED = "revisions_are_expected"
_PATH = "alerts/messages.yaml"
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Policy:
    """How early and how late something is told.

    Args:
        days_before: A source is missing this many days before the announced date.
        late_hours: A publication is late this many hours after it.
        mirror_hours: A mirror may be behind for this long.
    """

    days_before: int
    late_hours: int
    mirror_hours: int


@dataclass(frozen=True)
class Late:
    """A month that is past its date: how long, and whether its last run failed."""

    awaited: AwaitedMonth
    by: timedelta
    failed: bool


@dataclass(frozen=True)
class Behind:
    """A mirror that shows another release than the portal."""

    mirror: Mirror
    ours: Shown


@dataclass(frozen=True)
class Alert:
    """A cause that is open.

    Args:
        kind: Which rule it follows from.
        about: Of what, unique within the kind.
        month: The month concerned, if it is one.
        fact: What its words are made of.
    """

    kind: Kind
    about: str
    month: Month | None
    fact: AwaitedMonth | Failure | SetAside | Late | Behind | Mirror | FilesLeft

    @property
    def key(self) -> str:
        """The cause's name, the same for as long as it is open."""
        return f"{self.kind}:{self.about}"


def alerts_of(facts: Facts, policy: Policy, at: datetime) -> tuple[Alert, ...]:
    """Every cause that is open at a moment, each once."""
    found = (
        *_failed(facts.failures, facts.set_aside),
        *_late(facts, policy, at),
        *_missing(facts.awaited, policy, at),
        *(Alert("files_not_taken", str(left.month), left.month, left) for left in facts.files_left),
        *_mirrors(facts, policy, at),
    )
    return tuple({alert.key: alert for alert in found}.values())


def _missing(awaited: Iterable[AwaitedMonth], policy: Policy, at: datetime) -> Iterator[Alert]:
    for month in awaited:
        is_near = at >= month.due - timedelta(days=policy.days_before)
        if month.refused or (month.missing and is_near):
            yield Alert("source_missing", str(month.month), month.month, month)


def _late(facts: Facts, policy: Policy, at: datetime) -> Iterator[Alert]:
    failed = {failure.month for failure in facts.failures}
    for month in facts.awaited:
        late = at - month.due
        if late >= timedelta(hours=policy.late_hours):
            fact = Late(month, late, month.month in failed or None in failed)
            yield Alert("publication_late", str(month.month), month.month, fact)


def _failed(failures: Iterable[Failure], set_aside: Iterable[SetAside]) -> Iterator[Alert]:
    """One alert a failed check; those that have a kind of their own are told as that."""
    shares = {(fact.month, fact.asset): fact for fact in set_aside}
    for failure in failures:
        share = shares.get((failure.month, failure.asset)) if failure.month else None
        if failure.check == WITHIN_LIMIT and share:
            yield Alert("quarantine", f"{share.month}:{share.table}", share.month, share)
        elif failure.check == REVISIONS_EXPECTED:
            yield Alert("revisions", failure.place, failure.month, failure)
        elif failure.check:
            about = f"{failure.place}:{failure.asset}.{failure.check}"
            yield Alert("check_failed", about, failure.month, failure)
        else:
            yield Alert("run_failed", failure.place, failure.month, failure)


def _mirrors(facts: Facts, policy: Policy, at: datetime) -> Iterator[Alert]:
    ours = facts.shown
    for mirror in facts.mirrors:
        if mirror.refused:
            yield Alert("mirror_silent", mirror.address, None, mirror)
        elif ours and _is_behind(mirror.shown, ours, policy, at):
            yield Alert("mirror_behind", mirror.address, None, Behind(mirror, ours))


def _is_behind(theirs: Shown | None, ours: Shown, policy: Policy, at: datetime) -> bool:
    same = theirs is not None and (theirs.release, theirs.digest) == (ours.release, ours.digest)
    long = ours.since is not None and at - ours.since > timedelta(hours=policy.mirror_hours)
    return long and not same


@dataclass(frozen=True)
class KindWords:
    """What is said of a kind of cause; the fields are those of the file."""

    severity: Severity
    again: Literal["at_once", "after_digest"]
    title: CalendarWords
    body: CalendarWords
    todo: CalendarWords


@dataclass(frozen=True)
class AlertWords:
    """All words; the fields are those of the file."""

    basis: str
    at_once_at_most: int
    listed_at_most: int
    kinds: Mapping[Kind, KindWords]
    digest: Mapping[str, CalendarWords]
    several: Mapping[str, CalendarWords]
    todo: CalendarWords
    severities: Mapping[Severity, CalendarWords]
    publication: CalendarWords
    month: CalendarWords
    more: CalendarWords
    hours: CalendarWords
    days: CalendarWords
    owed_by: CalendarWords
    unreadable: CalendarWords
    rule: CalendarWords
    file_left: CalendarWords
    file_misplaced: CalendarWords
    sheets: CalendarWords
    no_sheets: CalendarWords
    shows_nothing: CalendarWords
    waits: Mapping[str, CalendarWords]


@cache
def load_words() -> AlertWords:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used; the line says where.
    """
    return parse_words(read_yaml(_PATH), f"schemas/{_PATH}")


def parse_words(tree: object, where: str) -> AlertWords:
    """Type the words, and refuse a text that lacks a language or says more in one than the other.

    Args:
        tree: The content of the file.
        where: What errors call it.

    Raises:
        SchemaDataError: As for ``load_words``.
    """
    words = typed(AlertWords, tree, where)
    absent = [f"kinds: {kind} has no words" for kind in KINDS if kind not in words.kinds]
    refuse([*absent, *_faults(words, "")], where)
    return words


def _faults(content: Any, place: str) -> Iterator[str]:
    if isinstance(content, CalendarWords):
        if not content.vi.strip() or not content.en.strip():
            yield f"{place}: a language is empty"
        elif names_in(content.vi) != names_in(content.en):
            yield f"{place}: the languages use different names in braces"
    elif isinstance(content, Mapping):
        for name, part in content.items():
            yield from _faults(part, f"{place}.{name}".strip("."))
    elif is_dataclass(content):
        yield from _faults({f.name: getattr(content, f.name) for f in fields(content)}, place)


def names_in(text: str) -> set[str]:
    """The names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
