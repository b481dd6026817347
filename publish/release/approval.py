"""When a release may go out, and who approved it.

Belongs here: which months are due, the log of approvals, and what follows from its lines. Does not:
the dates (``cchc_pipeline.calendar``), making the preview (``publish.portal.publication``), or
starting anything (``assets.automation``).
"""

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.calendar import ReleaseCalendar
from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.core.files import append_line
from cchc_pipeline.core.period import Month
from publish.model import Draft, ReleaseId

CATCH_UP = 3
"""How many months are made up for after a machine was off."""
LOG = "approvals.jsonl"
DIGEST_SHOWN = 12
"""Characters by which people tell one digest from another."""


def ready_months(
    computed: Iterable[Month],
    out: Container[Month],
    asked: Container[Month],
    calendar: ReleaseCalendar,
    at: datetime,
) -> tuple[Month, ...]:
    """The months that a release may contain; the others wait for their announced date.

    Args:
        computed: The months that are computed.
        out: Those that the release before contains.
        asked: Those that whoever publishes named.
        calendar: The announced dates.
        at: The moment of publication.
    """
    return tuple(
        month
        for month in computed
        if month in out or month in asked or calendar.release_date(month).moment <= at
    )


def speaks(rows: pa.Table) -> bool:
    """Whether any source or unit gave figures for a month.

    Args:
        rows: The month's rows of ``submissions``; without an accepted row nobody said anything,
            whatever files came.
    """
    return bool(pc.any(pc.greater(rows["accepted"], 0)).as_py())


def due_months(
    computed: Iterable[Month], out: Container[Month], calendar: ReleaseCalendar, at: datetime
) -> tuple[Month, ...]:
    """The computed months whose date has come and that are not out."""
    return tuple(m for m in ready_months(computed, (), (), calendar, at) if m not in out)


def days_late(month: Month, calendar: ReleaseCalendar, at: datetime) -> int:
    """How many days after its announced date a month goes out; 0 on the day."""
    return max(0, (at.date() - calendar.release_date(month).moment.date()).days)


def open_months(out: Iterable[Month], at: datetime) -> tuple[Month, ...]:
    """The months that are over and not out, oldest first: what is to be done without being asked.

    Of an empty portal the last month only; never more than ``CATCH_UP`` months: what lies farther
    back is a backfill's, which somebody decides on.

    Args:
        out: The months that are out.
        at: The moment.
    """
    this = Month(at.year, at.month)
    newest = max(out, default=this.previous().previous())
    earliest = this
    for _ in range(CATCH_UP):
        earliest = earliest.previous()
    return tuple(m for m in max(newest.next(), earliest).to(this) if m.has_ended(at))


@dataclass(frozen=True)
class ApprovalEntry:
    """Something that was done before a publication.

    Args:
        at: The moment, ISO 8601 in UTC.
        act: A preview was made, or its content was approved.
        release: The release that it would be.
        input_digest: What the figures were: other figures need another approval.
        months: For which months a preview was asked: a correction of an old one is in a release
            that is named for the newest.
        by: Which office approved; empty for a preview.
        note: Words of the office, or nothing.
    """

    at: str
    act: Literal["previewed", "approved"]
    release: str
    input_digest: str
    by: str = ""
    note: str = ""
    months: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """What the figures are told by, as people write it."""
        return self.input_digest[:DIGEST_SHOWN]

    def is_for(self, month: Month) -> bool:
        """Whether it is of a month's release, or was made for that month's sake."""
        return ReleaseId.parse(self.release).month == month or str(month) in self.months


@dataclass(frozen=True)
class ApprovalLog:
    """The log in one file."""

    path: Path

    def write(self, entry: ApprovalEntry) -> None:
        """Append an entry and wait until the disk has it."""
        append_line(self.path, json.dumps(asdict(entry), ensure_ascii=False).encode())

    def entries(self) -> list[ApprovalEntry]:
        """Every whole entry, oldest first."""
        if not self.path.exists():
            return []
        return list(_whole(self.path.read_text(encoding="utf-8", errors="replace").splitlines()))


def _whole(lines: Iterable[str]) -> Iterator[ApprovalEntry]:
    for text in lines:
        try:
            yield ApprovalEntry(**json.loads(text))
        except (ValueError, TypeError):
            continue  # cut off by a crash


@dataclass(frozen=True)
class ApprovalRequest:
    """What an office approves, as it was said.

    Args:
        month: For which month the preview was made; None: whatever was previewed last.
        digest: The beginning of the digest that the preview showed; empty if it was not said.
        by: The office.
        note: Its words, or nothing.
    """

    month: Month | None
    digest: str
    by: str
    note: str = ""


def approval_of(entries: Iterable[ApprovalEntry], at: str, asked: ApprovalRequest) -> ApprovalEntry:
    """The approval of what was previewed last.

    Raises:
        UsageError: There is no preview, it is not of that month or digest, or nobody is named.
    """
    previews = [entry for entry in entries if entry.act == "previewed"]
    if not previews:
        month = asked.month or "MONTH"
        raise UsageError("there is no preview", todo=f"cchc preview {month}, and look at it")
    last = previews[-1]
    if asked.month and not last.is_for(asked.month):
        raise UsageError(
            f"the last preview is of {last.release}",
            where=str(asked.month),
            todo=f"cchc preview {asked.month}, and look at it",
        )
    if not last.input_digest.startswith(asked.digest):
        raise UsageError(
            f"the last preview is of other figures: {last.release}, {last.digest}",
            where=f"--digest {asked.digest}",
            todo="look at it, and approve what it shows",
        )
    if not asked.by.strip():
        raise UsageError("an approval names the office that gives it", where="--by")
    return ApprovalEntry(
        at, "approved", last.release, last.input_digest, asked.by.strip(), asked.note.strip()
    )


def require_approved(draft: Draft, entries: Iterable[ApprovalEntry]) -> ApprovalEntry:
    """The approval of exactly these figures.

    Raises:
        CheckFailedError: They were not approved, or changed since.
    """
    approved = [entry for entry in entries if entry.act == "approved"]
    mine = [entry for entry in approved if entry.input_digest == draft.input_digest]
    if mine:
        return mine[-1]
    month = draft.id.month
    todo = f"cchc preview {month}, look at it, then cchc approve --by OFFICE"
    earlier = [entry for entry in approved if entry.release == str(draft.id)]
    what = "is not approved"
    if earlier:
        what = f"changed since {earlier[-1].by} approved it at {earlier[-1].at}"
    raise CheckFailedError(what, where=str(draft.id), todo=todo)
