"""What was asked of ``cchc run``, ``backfill`` and ``preview``, judged before anything is begun.

Belongs here: from arguments to months, settings and moment; what stands as it is. Does not: the
commands (``run``), or what is told (``run_report``).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cchc_pipeline.cli.options import moment_of, settings_for
from cchc_pipeline.core.errors import DamagedError, SchemaDataError, UsageError

if TYPE_CHECKING:
    from assets.resources import Workspace
    from assets.staleness import MadeFrom
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.registers.units import Unit
    from cchc_pipeline.settings import Settings
    from publish.model import Acceptance
    from publish.store.store import Portal


@dataclass(frozen=True)
class RunPlace:
    """Where things are, and when it is: as the options say."""

    home: Path | None = None
    inbox: Path | None = None
    published_at: str | None = None


@dataclass(frozen=True)
class RunOptions:
    """What was said of the release: its revisions are right, and why; months may be empty."""

    reason: str | None = None
    note: str | None = None
    is_backfill: bool = False
    is_empty: bool = False


@dataclass(frozen=True)
class Job:
    """What was asked for.

    Dagster is loaded with the workspace: only when there is something to do.
    """

    settings: "Settings"
    months: tuple["Month", ...]
    moment: datetime
    acceptance: "Acceptance | None" = None
    is_backfill: bool = False
    is_empty: bool = False
    replaced: tuple["Unit", ...] = ()

    @cached_property
    def workspace(self) -> "Workspace":
        """What the steps of a run share."""
        from assets.resources import Workspace

        settings, said = self.settings, self.acceptance
        return Workspace(
            home=str(settings.home),
            inbox=str(settings.inbox) if settings.inbox else "",
            moment=self.moment.isoformat(),
            accept=said.reason if said else "",
            note=said.note if said else "",
            asked=[str(month) for month in self.months],
            empty=self.is_empty,
            backfill=self.is_backfill,
        )

    @cached_property
    def made_from(self) -> "MadeFrom":
        """What stands as it is."""
        from assets.staleness import MadeFrom

        return MadeFrom(self.settings, self.moment)

    @property
    def every(self) -> tuple["Month", ...]:
        """The months asked for, and all that were made before: those that have to be current."""
        return tuple(sorted({*self.months, *self.made_from.months()}))

    @property
    def has_work(self) -> bool:
        """Whether a month has to be made: one asked for, or one that was made before."""
        from assets.staleness import is_asked

        is_fetched = bool(self.months) and is_asked(self.settings)
        return is_fetched or bool(self.made_from.stale(self.every))

    @property
    def portal(self) -> "Portal":
        """Where it is published."""
        from publish.store.store import Portal

        return Portal(self.settings.portal_dir)


def span_of(month: str | None, to: str | None, *, every: bool) -> tuple[str | None, str | None]:
    """The first and the last month that were named; none with ``--all``.

    Raises:
        UsageError: Neither or both were said.
    """
    if every == (month is not None) or (every and to is not None):
        raise UsageError("name a month, or say --all", where="cchc run", todo="cchc run 2026-09")
    return month, to or month


def job_of(
    span: tuple[str | None, str | None], place: RunPlace, said: RunOptions | None = None
) -> Job:
    """The arguments, judged before anything is begun.

    Args:
        span: The first and the last month; None if none is named.
        place: Where and when.
        said: What was said of the release.

    Raises:
        UsageError: One of them is wrong.
    """
    from cchc_pipeline.government import government_of
    from publish.release.revisions import acceptance_of

    told = said or RunOptions()
    acceptance = acceptance_of(told.reason, told.note)
    settings = settings_for(place.home, place.inbox)
    moment = moment_of(place.published_at)
    months = _months(*span, moment)
    replaced = _require_lists(settings)
    job = Job(settings, months, moment, acceptance, told.is_backfill, told.is_empty, replaced)
    with suppress(DamagedError):  # that is told with all other damage
        job.portal.require_package(government_of(settings.root_unit).package)
    return job


def _months(first: str | None, last: str | None, moment: datetime) -> tuple["Month", ...]:
    """The months of a span, all over and none before Decision 766; none if none is named."""
    from cchc_pipeline.core.period import Month, require_ended
    from cchc_pipeline.methodology import FIRST_MONTH

    if first is None or last is None:
        return ()
    months = tuple(Month.parse(first).to(Month.parse(last)))
    if not months:
        raise UsageError(f"{last} lies before {first}", where="--to", todo="give a later month")
    if months[0] < FIRST_MONTH:
        raise UsageError(
            f"{first} lies before Decision 766/QĐ-TTg", todo=f"begin with {FIRST_MONTH}"
        )
    require_ended(months[-1], moment)
    return months


def _require_lists(settings: "Settings") -> tuple["Unit", ...]:
    """Read what every month needs before the first is begun: rows that replace a unit."""
    from cchc_pipeline.government import require_government
    from cchc_pipeline.methodology import load_methodology
    from cchc_pipeline.registers.unit_lists import load_register

    require_government(settings.root_unit)
    register = load_register(settings.inbox_dir, settings.root_unit)
    try:
        load_methodology(settings.methodology)
    except SchemaDataError as error:
        raise UsageError(
            str(error), where="setting CCHC_METHODOLOGY", todo="name one of schemas/decision-766"
        ) from None
    return register.replaced


def require_captures(job: Job, months: Sequence["Month"]) -> None:
    """Refuse captures that cannot be taken in the first second, before Dagster is loaded.

    Not for a backfill: there the other months go on, and the refused one is told at the end.
    """
    from cchc_pipeline.sources.national_portal.drop import refuse_unusable
    from cchc_pipeline.sources.raw.archive import RawArchive

    archive = RawArchive(job.settings.raw_dir)
    for month in months:
        folder = job.settings.inbox_dir / str(month) / "portal"
        refuse_unusable(folder, month, job.settings.root_unit, job.moment, archive)
