"""Who looked at a release before its date, and who approved it: a log, and the gate that reads it.

Belongs here: the log's lines and what follows from them. Does not: making the preview
(``rehearsal``), or when a release is due (``due``).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from cchc_pipeline.durable import append_line
from cchc_pipeline.errors import CheckFailedError, UsageError
from cchc_pipeline.period import Month
from publish.release import Draft, ReleaseId

LOG = "approvals.jsonl"


@dataclass(frozen=True)
class Entry:
    """Something that was done before a publication.

    Args:
        at: The moment, ISO 8601 in UTC.
        act: A preview was made, or its content was approved.
        release: The release that it would be.
        input_digest: What the figures were: other figures need another approval.
        by: Which office approved; empty for a preview.
        note: Words of the office, or nothing.
    """

    at: str
    act: Literal["previewed", "approved"]
    release: str
    input_digest: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class ApprovalLog:
    """The log in one file."""

    path: Path

    def write(self, entry: Entry) -> None:
        """Append an entry and wait until the disk has it."""
        append_line(self.path, json.dumps(asdict(entry), ensure_ascii=False).encode())

    def entries(self) -> list[Entry]:
        """Every whole entry, oldest first."""
        if not self.path.exists():
            return []
        return list(_whole(self.path.read_text(encoding="utf-8", errors="replace").splitlines()))


def _whole(lines: Iterable[str]) -> Iterator[Entry]:
    for text in lines:
        try:
            yield Entry(**json.loads(text))
        except (ValueError, TypeError):
            continue  # cut off by a crash


def approval_of(entries: Iterable[Entry], month: Month, at: str, by: str, note: str = "") -> Entry:
    """The approval of what was previewed last.

    Raises:
        UsageError: That month was not previewed last, or nobody is named.
    """
    previews = [entry for entry in entries if entry.act == "previewed"]
    last = previews[-1] if previews else None
    if last is None or ReleaseId.parse(last.release).month != month:
        shown = f"the last preview is of {last.release}" if last else "there is no preview"
        raise UsageError(shown, where=str(month), todo=f"cchc preview {month}, and look at it")
    if not by.strip():
        raise UsageError("an approval names the office that gives it", where="--by")
    return Entry(at, "approved", last.release, last.input_digest, by.strip(), note.strip())


def require_approved(draft: Draft, entries: Iterable[Entry]) -> Entry:
    """The approval of exactly these figures.

    Raises:
        CheckFailedError: They were not approved, or changed since.
    """
    approved = [entry for entry in entries if entry.act == "approved"]
    mine = [entry for entry in approved if entry.input_digest == draft.input_digest]
    if mine:
        return mine[-1]
    month = draft.id.month
    todo = f"cchc preview {month}, look at it, then cchc approve {month} --by OFFICE"
    earlier = [entry for entry in approved if entry.release == str(draft.id)]
    what = "is not approved"
    if earlier:
        what = f"changed since {earlier[-1].by} approved it at {earlier[-1].at}"
    raise CheckFailedError(what, where=str(draft.id), todo=todo)
