"""What the page of a release shows: its files, and what changed since the one before.

Belongs here: choosing and counting. Does not: comparing releases (``publish.diff``), words, HTML.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from publish.release import REVISIONS, ReleaseId
from publish.site.downloads import TableFiles, table_files
from publish.site.extract import Extract, Figures, Row
from publish.site.planned import Material, PlannedPage

LISTED = 50
"""The most revised cells that are listed."""


def release_page(release: ReleaseId | str) -> str:
    """The name of a release's page."""
    return f"phat-hanh/{release}.html"


@dataclass(frozen=True)
class ReleaseNotes:
    """What the page of a release says.

    ``step`` is ``first``, ``major``, ``minor`` or ``patch``; ``changes`` are rows added, revised
    and removed, by table.
    """

    step: str
    descriptor: Mapping[str, Any]
    files: tuple[TableFiles, ...]
    changes: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, int]
    revisions: tuple[Row, ...]
    acceptance: Mapping[str, str] | None

    @property
    def revised(self) -> int:
        """How many published cells were revised."""
        return sum(self.reasons.values())


def release_notes_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """The page of the release itself; those of earlier ones were made with them."""
    draft = figures.draft
    log = figures.whole(REVISIONS)
    changes = {
        name: {"added": change.added, "revised": change.revised, "removed": change.removed}
        for name, change in draft.changes.items()
        if change.any
    }
    extract = figures.extract(
        {REVISIONS: log.filter(pc.equal(log["release"], str(draft.id)))},
        descriptor=descriptor,
        rows={name: table.num_rows for name, table in draft.tables.items()},
        changes=changes,
        acceptance=vars(draft.acceptance) if draft.acceptance else None,
    )
    yield PlannedPage(release_page(draft.id), "release.html", extract, release_material)


def release_material(extract: Extract) -> Material:
    """What the template of a release needs."""
    return Material({"notes": release_notes(extract), "is_sample_release": extract.is_sample})


def release_notes(extract: Extract) -> ReleaseNotes:
    """Choose and count what the page of a release shows."""
    descriptor, rows = extract.more["descriptor"], extract.rows(REVISIONS)
    return ReleaseNotes(
        step=_step(descriptor),
        descriptor=descriptor,
        files=table_files(descriptor, extract.more["rows"]),
        changes=extract.more["changes"],
        reasons=dict(sorted(Counter(row["reason_code"] for row in rows).items())),
        revisions=tuple(rows[:LISTED]),
        acceptance=extract.more["acceptance"],
    )


def _step(descriptor: Mapping[str, Any]) -> str:
    """Which number of the version rose."""
    before = descriptor.get("previousVersion")
    if not before:
        return "first"
    pairs = zip(descriptor["version"].split("."), before.split("."), strict=True)
    return next(
        (n for n, (new, old) in zip(("major", "minor", "patch"), pairs, strict=True) if new != old),
        "patch",
    )
