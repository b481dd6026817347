"""The commands that process months: ``cchc run``, ``backfill``, ``preview``, ``approve``.

Belongs here: arguments and what is printed. Does not: the work (``assets``, ``publish``), which is
imported when a command runs.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline import progress
from cchc_pipeline.arguments import moment_of, settings_for
from cchc_pipeline.errors import CheckFailedError, SchemaDataError, UsageError

if TYPE_CHECKING:
    import dagster as dg

    from assets.made_from import MadeFrom
    from assets.resources import Workspace
    from cchc_pipeline.period import Month
    from cchc_pipeline.settings import Settings
    from publish.portal import Portal
    from publish.release import Acceptance

_Home = Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")]
_Inbox = Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")]
_Month = Annotated[str, typer.Argument(help="The month, as 2026-09.")]
_At = Annotated[
    str | None,
    typer.Option("--published-at", help="The moment of publication, ISO 8601; now if left out."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]
_STANDS = "nothing changed since it was made"
_Note = Annotated[str | None, typer.Option(help="What readers are told of these revisions.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(backfill)
    app.command()(preview)
    app.command()(approve)


def run(
    month: _Month,
    to: Annotated[str | None, typer.Option("--to", help="The last month of a span.")] = None,
    inbox: _Inbox = None,
    home: _Home = None,
    published_at: _At = None,
    dry_run: _DryRun = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="The month goes out even if no source gave figures.")
    ] = False,
    accept_revisions: Annotated[
        str | None, typer.Option(help="Revisions are right, for the reason SRC, ERR, MET or LATE.")
    ] = None,
    note: _Note = None,
) -> None:
    """Process a month (or a span) and publish one release."""
    job = _job(
        month, to or month, home, inbox, published_at, accept_revisions, note, is_empty=empty
    )
    if dry_run:
        _print_plan(job)
        return
    with _alone(job):
        left = _not_current(job)
        _require_captures(job, left)
        release = None
        if left or empty or not job.made_from.is_published(job.months):
            with _instance(job) as instance:
                _process(job, left, instance)
                release = _publish(job, instance)
    _tell_release(job, release)


def backfill(
    first: Annotated[str, typer.Argument(help="The first month, as 2024-01.")],
    last: Annotated[str, typer.Argument(help="The last month.")],
    inbox: _Inbox = None,
    home: _Home = None,
    published_at: _At = None,
    dry_run: _DryRun = False,
    reason: Annotated[
        str | None, typer.Option(help="Revisions are right, for the reason SRC, ERR, MET or LATE.")
    ] = None,
    note: _Note = None,
) -> None:
    """Process many past months, several at a time, and publish one release; resumable."""
    from assets.backfill import RECORD, Record, fill, inputs_of

    job = _job(first, last, home, inbox, published_at, reason, note, is_backfill=True)
    if dry_run:
        _print_plan(job)
        return
    record = Record(
        job.settings.home / RECORD,
        (job.months[0], job.months[-1]),
        inputs_of(job.settings.inbox_dir, job.months),
    )
    with _alone(job):
        current, failures, release = job.made_from.current_months(job.months), [], None
        months = [month for month in job.months if month not in current]
        count = _Count(len(job.months), len(job.months) - len({*months} - record.done()))
        if count.done:
            progress.tell(f"{count.done} of {count.months} months were done before")
        if months or not job.made_from.is_published(job.months):
            with _instance(job) as instance:
                failures = fill(job.workspace, months, record, count.tell, progress.tell)
                release = _publish(job, instance)
    if not failures:
        record.close()
    _tell_release(job, release)
    if failures:
        lines = [f"{failure.month}: {failure.line}" for failure in failures]
        raise CheckFailedError(
            "\n  ".join([f"{len(lines)} of {len(job.months)} months failed", *lines]),
            todo="mend them and run the same command again: the others are done",
        )


def preview(
    month: _Month, inbox: _Inbox = None, home: _Home = None, published_at: _At = None
) -> None:
    """Process a month and show the release that would go out, outside the web root."""
    job = _job(month, month, home, inbox, published_at)
    with _alone(job):
        left = _not_current(job)
        _require_captures(job, left)
        from assets.publish import make_preview

        with _instance(job) as instance:
            _process(job, left, instance)
            _tell_silent(job)
            progress.tell("preview: build, judge")
            found = make_preview(job.workspace)
    if found.built is None or found.site is None:
        typer.echo("nothing to preview: the content is that of the last release")
        return
    typer.echo(f"preview of {found.built.draft.id}: {found.site / 'index.html'}")
    if job.settings.approval:
        typer.echo(f"if it is right: cchc approve {month} --by OFFICE")


def approve(
    month: _Month,
    by: Annotated[str, typer.Option(help="The office that approves; never a person.")],
    note: Annotated[str, typer.Option(help="Words of the office.")] = "",
    home: _Home = None,
    published_at: _At = None,
) -> None:
    """Approve what the last preview showed, so that it may go out on its date."""
    from cchc_pipeline.period import Month
    from publish.approval import LOG, ApprovalLog, approval_of
    from publish.release import instant

    log = ApprovalLog(settings_for(home).home / LOG)
    at = instant(moment_of(published_at))
    entry = approval_of(log.entries(), Month.parse(month), at, by, note)
    log.write(entry)
    typer.echo(f"{entry.release} is approved by {entry.by} at {entry.at}")


@dataclass(frozen=True)
class _Job:
    """What was asked for.

    Dagster is loaded with the workspace: only when there is something to do.
    """

    settings: "Settings"
    months: tuple["Month", ...]
    moment: datetime
    acceptance: "Acceptance | None" = None
    is_backfill: bool = False
    is_empty: bool = False

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
        from assets.made_from import MadeFrom

        return MadeFrom(self.settings, self.moment)

    @property
    def portal(self) -> "Portal":
        """Where it is published."""
        from publish.portal import Portal

        return Portal(self.settings.portal_dir)


def _job(
    first: str,
    last: str,
    home: Path | None,
    inbox: Path | None,
    published_at: str | None,
    reason: str | None = None,
    note: str | None = None,
    *,
    is_backfill: bool = False,
    is_empty: bool = False,
) -> _Job:
    """The arguments, judged before anything is begun.

    Raises:
        UsageError: One of them is wrong.
    """
    from publish.revisions import acceptance_of

    acceptance = acceptance_of(reason, note)
    settings = settings_for(home, inbox)
    moment = moment_of(published_at)
    months = _months(first, last, moment)
    _require_lists(settings)
    return _Job(settings, months, moment, acceptance, is_backfill, is_empty)


def _months(first: str, last: str, moment: datetime) -> tuple["Month", ...]:
    """The months of a span, all of them over and none before Decision 766."""
    from cchc_pipeline.decision766 import FIRST_MONTH
    from cchc_pipeline.period import Month, require_ended

    months = tuple(Month.parse(first).to(Month.parse(last)))
    if not months:
        raise UsageError(f"{last} lies before {first}", where="--to", todo="give a later month")
    if months[0] < FIRST_MONTH:
        raise UsageError(
            f"{first} lies before Decision 766/QĐ-TTg", todo=f"begin with {FIRST_MONTH}"
        )
    require_ended(months[-1], moment)
    return months


def _require_lists(settings: "Settings") -> None:
    """Read what every month needs before the first is begun."""
    from cchc_pipeline.decision766 import load_methodology
    from cchc_pipeline.unit_lists import load_register

    load_register(settings.inbox_dir)
    try:
        load_methodology(settings.methodology)
    except SchemaDataError as error:
        raise UsageError(
            str(error), where="setting CCHC_METHODOLOGY", todo="name one of schemas/decision-766"
        ) from None


def _require_captures(job: _Job, months: Sequence["Month"]) -> None:
    """Refuse captures that cannot be taken in the first second, before Dagster is loaded.

    Not for a backfill: there the other months go on, and the refused one is told at the end.
    """
    from cchc_pipeline.sources.archive import RawArchive
    from cchc_pipeline.sources.file_drop import refuse_unusable

    archive = RawArchive(job.settings.raw_dir)
    for month in months:
        folder = job.settings.inbox_dir / str(month) / "portal"
        refuse_unusable(folder, month, job.settings.root_unit, job.moment, archive)


def _print_plan(job: _Job) -> None:
    from cchc_pipeline.sources.dossier_collection import database_of, planned_ways
    from publish.plan import publication_plan

    for month in sorted(job.made_from.current_months(job.months)):
        typer.echo(f"{month}: {_STANDS}; it would be passed over")
    source, inbox = database_of(job.settings), job.settings.inbox_dir
    for line in planned_ways(job.months, source, inbox, job.moment):
        typer.echo(line)
    names = [str(month) for month in job.months]
    for line in publication_plan(job.settings.inbox_dir, job.settings.portal_dir, names):
        typer.echo(line)


@contextmanager
def _alone(job: _Job) -> Iterator[None]:
    """The only publisher, after what a killed process left open is ended."""
    from publish.acts import settle

    with job.portal.lock(job.moment), progress.shown():
        found = settle(job.portal)
        if found:
            progress.tell(f"the last act did not end: {found}")
        yield


@contextmanager
def _instance(job: _Job) -> Iterator["dg.DagsterInstance"]:
    """The instance, without what a killed process left in it."""
    from assets.instance import end_dead_runs, persistent_instance

    with persistent_instance(job.settings.dagster_dir) as instance:
        end_dead_runs(instance)
        yield instance


def _not_current(job: _Job) -> list["Month"]:
    """The months that have to be made; of the others it is said that they stand."""
    current = job.made_from.current_months(job.months)
    for month in sorted(current):
        progress.tell(f"{month}: {_STANDS}")
    return [month for month in job.months if month not in current]


def _process(job: _Job, months: Sequence["Month"], instance: "dg.DagsterInstance") -> None:
    from assets.execution import run_months

    run_months(job.workspace, months, instance, progress.tell)


def _publish(job: _Job, instance: "dg.DagsterInstance") -> str | None:
    from assets.execution import run_publication

    _tell_silent(job)
    release = run_publication(job.workspace, instance, progress.tell)
    job.made_from.add_publication(job.months)
    return release


def _tell_silent(job: _Job) -> None:
    """Of the months asked for that are not out, say which nobody gave figures for."""
    from publish.assemble import release_months, silent_months

    lake, latest = job.workspace.lake, job.portal.latest()
    asked = {*job.months} & {*release_months(lake)} - {*(latest.periods if latest else ())}
    for month in sorted(silent_months(lake, asked) if not job.is_empty else ()):
        progress.tell(f"{month}: no source gave figures; to publish it: cchc run {month} --empty")


def _tell_release(job: _Job, release: str | None) -> None:
    if release is None:
        typer.echo("nothing to publish: the content is that of the last release")
    else:
        typer.echo(f"published {release}: {job.portal.current / 'index.html'}")


@dataclass
class _Count:
    """Months done of a backfill, and the time that the others will take."""

    months: int
    done: int
    begun: float = field(default_factory=time.monotonic)
    here: int = 0

    def tell(self, month: "Month", line: str) -> None:
        """Say that a month ended."""
        self.here += 1
        state = f"failed: {line.splitlines()[0]}" if line else "done"
        progress.tell(f"{month} {state}{self._rest()}")

    def _rest(self) -> str:
        left = self.months - self.done - self.here
        if left <= 0:
            return ""
        seconds = left * (time.monotonic() - self.begun) / self.here
        return f"; {left} left, about {max(1, round(seconds / 60))} min"
