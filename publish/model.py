"""What a release is: a draft can be built and judged, a published one can only be read.

Belongs here: the two types and the names of releases. Does not: files
(``publish.package.formats``), judging (``gates``), where releases are kept (``store``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.government import Government, government_of
from cchc_pipeline.settings import Settings, neighbours_of
from cchc_pipeline.terms import ReuseTerms, TermsWords, terms_on

DESCRIPTOR = "datapackage.json"
RECORD = "release.json"
SUMS = "SHA256SUMS"
QUALITY = "quality.json"
SET = "settings"
"""The id of terms of reuse that the settings name."""
STATISTICS = "dossier_statistics"
REVISIONS = "revisions"
PROCEDURE_CHANGES = "procedure_changes"
SET_ASIDE = "quarantine_summary"
PUBLISHED_TABLES = (
    "scores", "plan_indicators", "plan_tasks", "dossier_statistics", "petition_statistics",
    "submissions", "quarantine_summary", "revisions", "corrections", "units", "successions",
    "metrics", "indicators", "procedures", "procedure_changes", "obs_status",
)  # fmt: skip
"""The published tables in the order of the descriptor: figures first, code lists last."""

CODE_LISTS = frozenset(
    {"units", "successions", "metrics", "indicators", "procedures", "obs_status"}
)
_ID = re.compile(r"(\d{4}-\d{2})\.r([1-9]\d*)")


@dataclass(frozen=True, order=True)
class ReleaseId:
    """The newest month that a release contains, and its number: ``2024-03.r1``."""

    month: Month
    number: int

    @classmethod
    def parse(cls, text: str) -> "ReleaseId":
        """Read ``YYYY-MM.rN``.

        Raises:
            UsageError: The text names no release.
        """
        match = _ID.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} is not a release", todo="write it as 2024-03.r1")
        return cls(Month.parse(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.month}.r{self.number}"

    @property
    def path(self) -> str:
        """Its folder below ``releases/``."""
        return f"{self.month}/r{self.number}"


@dataclass(frozen=True)
class Source:
    """Where figures came from, and when they were captured."""

    title: str
    captured_at: str
    provenance: str
    period: str
    basis: str


@dataclass(frozen=True)
class TableChange:
    """How a table differs from the release before, in rows."""

    added: int = 0
    revised: int = 0
    removed: int = 0

    @property
    def any(self) -> bool:
        """Whether there is a difference at all."""
        return bool(self.added or self.revised or self.removed)


@dataclass(frozen=True)
class Identity:
    """Who publishes, under which terms, where: from the settings.

    An empty ``license_name`` is the legal basis in force on the day of a publication.
    ``neighbours`` are the other places of the installation, each with the address of its site.
    """

    publisher: str
    contact: str
    license_name: str
    license_path: str
    public_url: str
    root_unit: str
    neighbours: tuple[tuple[str, str], ...] = ()

    @property
    def government(self) -> Government:
        """What is known of the province or city that publishes."""
        return government_of(self.root_unit)

    @property
    def package(self) -> str:
        """The name of its data package."""
        return self.government.package

    def terms_at(self, published: str | datetime) -> ReuseTerms:
        """The terms of what is published at a moment: as set, else by the law of its day."""
        if isinstance(published, str):
            published = datetime.fromisoformat(published)
        by_law = terms_on(published)
        if not self.license_name:
            return by_law
        named = TermsWords(self.license_name, self.license_name)
        return ReuseTerms(SET, named, by_law.text)


def identity_of(settings: Settings) -> Identity:
    """Who publishes, by the settings."""
    return Identity(
        settings.publisher, settings.contact, settings.license_name, settings.license_path,
        settings.public_url, settings.root_unit, neighbours_of(settings),
    )  # fmt: skip


@dataclass(frozen=True)
class Acceptance:
    """What whoever publishes said of this release's revisions: that they are right, and why.

    Args:
        reason: A code of ``schemas/code-lists/reason_codes.yaml``.
        note: Words for readers, or nothing.
    """

    reason: str
    note: str = ""


@dataclass(frozen=True)
class Published:
    """A release that is out. It has no way to be written to."""

    id: ReleaseId
    version: str
    published_at: str
    provenance: str
    periods: tuple[Month, ...]
    schema_digests: Mapping[str, str]
    folder: Path
    digest: str
    input_digest: str = ""
    is_backfill: bool = False

    @property
    def is_sample(self) -> bool:
        """Whether any of its figures is sample data."""
        return self.provenance == "sample"


@dataclass(frozen=True)
class Draft:
    """A release in the making: the tables as they would be published.

    ``before`` are the tables of ``previous`` in today's schema. ``full_statistics`` are those
    before disclosure control: what the gate compares with, and nothing that is written anywhere.
    ``columns_before`` are the columns of the release before, table by table, each with its type;
    ``inputs`` is, for each period, a digest of each thing that its figures were made from;
    ``backfill`` says that past months were added or made anew; ``stale`` are the months that are
    not what they would be made from now, with what changed; ``files_left`` counts, by period,
    reason and right place, the files that lay in the inbox and were not taken.
    """

    id: ReleaseId
    published_at: datetime
    tables: Mapping[str, pa.Table]
    periods: tuple[Month, ...]
    sources: tuple[Source, ...]
    identity: Identity
    previous: Published | None = None
    before: Mapping[str, pa.Table] = field(default_factory=dict)
    changes: Mapping[str, TableChange] = field(default_factory=dict)
    schema_digests: Mapping[str, str] = field(default_factory=dict)
    generator: str = ""
    input_digest: str = ""
    full_statistics: pa.Table | None = None
    columns_before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    acceptance: Acceptance | None = None
    backfill: bool = False
    stale: Mapping[Month, tuple[str, ...]] = field(default_factory=dict)
    files_left: tuple[Mapping[str, Any], ...] = ()

    @property
    def published_text(self) -> str:
        """The moment of publication as ISO 8601 in UTC, whole seconds."""
        return utc_text(self.published_at)

    @property
    def terms(self) -> ReuseTerms:
        """The terms of reuse of its day."""
        return self.identity.terms_at(self.published_at)

    @property
    def provenance(self) -> str:
        """``sample`` as soon as a source, a unit or a figure is sample data, else ``official``."""
        stated = {source.provenance for source in self.sources}
        for table in self.tables.values():
            if "provenance" in table.column_names:
                stated.update(table.column("provenance").unique().to_pylist())
        return "sample" if "sample" in stated else "official"

    @property
    def is_sample(self) -> bool:
        """Whether any of its figures is sample data."""
        return self.provenance == "sample"

    @property
    def version(self) -> str:
        """SemVer: a changed column is MAJOR, a further month MINOR, a mended value PATCH."""
        if self.previous is None:
            return "1.0.0"
        major, minor, patch = (int(part) for part in self.previous.version.split("."))
        if dict(self.schema_digests) != dict(self.previous.schema_digests):
            return f"{major + 1}.0.0"
        if set(self.periods) - set(self.previous.periods):
            return f"{major}.{minor + 1}.0"
        return f"{major}.{minor}.{patch + 1}"

    def record(self) -> dict[str, Any]:
        """The content of ``release.json``."""
        return {
            "id": str(self.id),
            "period": str(self.id.month),
            "periods": [str(month) for month in self.periods],
            "version": self.version,
            "published_at": self.published_text,
            "previous": str(self.previous.id) if self.previous else None,
            "provenance": self.provenance,
            "generator": self.generator,
            "input_digest": self.input_digest,
            "schema_digests": dict(self.schema_digests),
            "rows": {name: table.num_rows for name, table in self.tables.items()},
            "changes": {
                name: {"added": c.added, "revised": c.revised, "removed": c.removed}
                for name, c in self.changes.items()
            },
            "sources": [vars(source) for source in self.sources],
            "inputs": {period: dict(digests) for period, digests in self.inputs.items()},
            "accepted_revisions": vars(self.acceptance) if self.acceptance else None,
            "backfill": self.backfill,
        }
