"""From facts to alerts: pure rules, one a kind of cause, and the words they are told in.

Belongs here: what is known of an installation at a moment, as far as an alert could follow from it,
as plain facts; when a cause is open, its key, and what ``schemas/alerts`` must say of each kind.
Does not: filling the words in (``message``), or whether it was told already (``telling``). A cause
that is mended is simply no longer among the alerts.
"""

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, get_args

from cchc_pipeline.calendar import CalendarWords
from cchc_pipeline.core.data import read_yaml, refuse, typed
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.plan.due_reports import DueReport, stage_of

PUBLICATION = "publication"
"""What a failure is called that belongs to no month."""
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
    "report_due",
    "report_late",
    "place_behind",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
WITHIN_LIMIT = "quarantine_within_limit"
REVISIONS_EXPECTED = "revisions_are_expected"
_PATH = "alerts/messages.yaml"
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class MissingSource:
    """A source that has given nothing for a month.

    Args:
        table: As in the column ``table`` of ``submissions``.
        units: The names of the units that owe it; none if it comes as a whole.
    """

    table: str
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class AwaitedMonth:
    """A month that is over and not published, with its announced date.

    ``refused`` has a line for each file of the month that cannot be read: it counts as not come.
    """

    month: Month
    due: datetime
    missing: tuple[MissingSource, ...] = ()
    computed: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """What the last run of a month or of the publication failed by.

    Args:
        month: None for the publication.
        asset: The table whose check failed; empty if the run failed by an error.
        check: The check's name; empty likewise.
        line: What the program said.
        meaning: What the check asks, where that is known in both languages.
    """

    month: Month | None
    asset: str
    check: str
    line: str
    meaning: CalendarWords | None = None

    @property
    def place(self) -> str:
        """The month, or the publication, as keys name it."""
        return str(self.month) if self.month else PUBLICATION


@dataclass(frozen=True)
class RuleCount:
    """How many rows a rule set aside."""

    name: CalendarWords
    rows: int


@dataclass(frozen=True)
class SetAside:
    """The rows of a source and month that were set aside.

    Args:
        month: The month.
        table: As in the column ``table`` of ``submissions``.
        asset: The table that the check on the share belongs to.
        rows: All rows.
        quarantined: Those set aside.
        limit: The share that is allowed.
        rules: By how many rows they set aside, most first.
        sheets: The folder of the error sheets; empty if there are none.
    """

    month: Month
    table: str
    asset: str
    rows: int
    quarantined: int
    limit: float
    rules: tuple[RuleCount, ...] = ()
    sheets: str = ""


@dataclass(frozen=True)
class FileLeft:
    """A file of the inbox that is not taken: where it lies, why, and where it should be."""

    path: str
    why: CalendarWords
    should_be: str = ""


@dataclass(frozen=True)
class FilesLeft:
    """What lies in a month's folder of the inbox and is not taken."""

    month: Month
    files: tuple[FileLeft, ...]


@dataclass(frozen=True)
class Shown:
    """The release that a portal shows, and since when (known of our own only)."""

    release: str
    digest: str
    since: datetime | None = None


@dataclass(frozen=True)
class Mirror:
    """A copy of the portal; ``refused`` says why it could not be asked."""

    address: str
    shown: Shown | None = None
    refused: str = ""


@dataclass(frozen=True)
class PlaceBehind:
    """A place that must show what the portal shows, and was not seen to.

    Args:
        name: Its code.
        title: What it is called.
        by_hand: Whether others put it there.
        shows: The release that it was last seen to show; empty if none.
        line: Why the last try failed.
    """

    name: str
    title: CalendarWords
    by_hand: bool
    shows: str = ""
    line: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that an alert can follow from; of periodic reports those that were not made."""

    awaited: tuple[AwaitedMonth, ...] = ()
    failures: tuple[Failure, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    shown: Shown | None = None
    mirrors: tuple[Mirror, ...] = ()
    files_left: tuple[FilesLeft, ...] = ()
    reports: tuple[DueReport, ...] = ()
    places: tuple[PlaceBehind, ...] = ()


def awaited_months(
    published: Iterable[Month], held: Iterable[Month], at: datetime
) -> tuple[Month, ...]:
    """The months that are over and should come next: those after the newest that is published.

    Args:
        published: The months of the release that is shown.
        held: The months of which anything is there; without a release they begin with the first.
            A new installation awaits nothing.
        at: The moment.
    """
    newest, first = max(published, default=None), min(held, default=None)
    month = newest.next() if newest else first
    found = []
    while month is not None and month.has_ended(at):
        found.append(month)
        month = month.next()
    return tuple(found)


@dataclass(frozen=True)
class Policy:
    """How early and how late something is told.

    Args:
        days_before: A source is missing this many days before the announced date.
        late_hours: A publication is late this many hours after it.
        mirror_hours: A mirror, or a place that others fill, may be behind for this long.
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
class Unseen:
    """A place that is behind, and what it should show."""

    place: PlaceBehind
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
    fact: (
        AwaitedMonth | Failure | SetAside | Late | Behind | Mirror | FilesLeft | DueReport | Unseen
    )

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
        *_reports(facts.reports, policy, at),
        *_places(facts, policy, at),
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


def _reports(reports: Iterable[DueReport], policy: Policy, at: datetime) -> Iterator[Alert]:
    """Periodic reports that are due soon or are late, until they are made."""
    today = at.astimezone(TIMEZONE).date()
    for report in reports:
        stage = stage_of(report, today, policy.days_before)
        if stage in ("soon", "late"):
            kind: Kind = "report_due" if stage == "soon" else "report_late"
            yield Alert(kind, report.key, report.month, report)


def _mirrors(facts: Facts, policy: Policy, at: datetime) -> Iterator[Alert]:
    ours = facts.shown
    for mirror in facts.mirrors:
        if mirror.refused:
            yield Alert("mirror_silent", mirror.address, None, mirror)
        elif ours and _is_behind(mirror.shown, ours, policy, at):
            yield Alert("mirror_behind", mirror.address, None, Behind(mirror, ours))


def _places(facts: Facts, policy: Policy, at: datetime) -> Iterator[Alert]:
    """What is sent by itself is there at once; what others put there takes them some time."""
    ours = facts.shown
    for place in facts.places if ours else ():
        if ours and (not place.by_hand or _is_long(ours, policy, at)):
            yield Alert("place_behind", place.name, None, Unseen(place, ours))


def _is_behind(theirs: Shown | None, ours: Shown, policy: Policy, at: datetime) -> bool:
    same = theirs is not None and (theirs.release, theirs.digest) == (ours.release, ours.digest)
    return _is_long(ours, policy, at) and not same


def _is_long(ours: Shown, policy: Policy, at: datetime) -> bool:
    return ours.since is not None and at - ours.since > timedelta(hours=policy.mirror_hours)


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
    of_place: CalendarWords
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
    reports: Mapping[str, CalendarWords]


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
