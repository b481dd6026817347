"""The commands that process months: ``cchc run``, ``backfill``, ``preview``, ``approve``.

Belongs here: arguments and what is printed. Does not: the work (``assets``, ``publish``), which is
imported when a command runs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    month: Annotated[str | None, typer.Argument(help="The month, as 2026-09.")] = None,
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
    every: Annotated[
        bool, typer.Option("--all", help="Name no month: make all that is not current.")
    ] = False,
) -> None:
    """Process a month (or a span) and whatever else is not current; publish one release."""
    span = _span(month, to, every=every)
    job = _job(*span, home, inbox, published_at, accept_revisions, note, is_empty=empty)
    if dry_run:
        _print_plan(job)
        return
    with _alone(job):
        left = _tell_current(job)
        _require_captures(job, left)
        release = None
        job.made_from.remember()
        if job.has_work or empty or not job.made_from.is_published(job.months):
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
    from assets.backfill import fill
    from publish.plan import taken_lines

    job = _job(first, last, home, inbox, published_at, reason, note, is_backfill=True)
    if dry_run:
        _print_plan(job)
        return
    with _alone(job):
        every, failures, release = {*job.months, *job.made_from.months()}, [], None
        stale = job.made_from.stale(every)
        count = progress.Count(len(every), len(every) - len(stale))
        if count.done:
            progress.tell(f"{count.done} of {count.months} months were done before")
        if stale or not job.made_from.is_published(job.months):
            for line in taken_lines(job.settings, sorted(stale)):
                progress.tell(line)
            with _instance(job) as instance:
                failures = fill(job.workspace, sorted(every), count.tell, progress.tell)
                if not {failure.month for failure in failures} & {*job.made_from.months()}:
                    release = _publish(job, instance)
    if release or not failures:
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
        left = _tell_current(job)
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
    from cchc_pipeline.period import Month, utc_text
    from publish.approval import LOG, ApprovalLog, approval_of

    log = ApprovalLog(settings_for(home).home / LOG)
    at = utc_text(moment_of(published_at))
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
    def has_work(self) -> bool:
        """Whether a month has to be made: one asked for, or one that was made before."""
        from assets.made_from import is_asked

        is_fetched = bool(self.months) and is_asked(self.settings)
        return is_fetched or bool(self.made_from.stale({*self.months, *self.made_from.months()}))

    @property
    def portal(self) -> "Portal":
        """Where it is published."""
        from publish.portal import Portal

        return Portal(self.settings.portal_dir)


def _span(month: str | None, to: str | None, *, every: bool) -> tuple[str | None, str | None]:
    """The first and the last month that were named; none with ``--all``.

    Raises:
        UsageError: Neither or both were said.
    """
    if every == (month is not None) or (every and to is not None):
        raise UsageError("name a month, or say --all", where="cchc run", todo="cchc run 2026-09")
    return month, to or month


def _job(
    first: str | None,
    last: str | None,
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


def _months(first: str | None, last: str | None, moment: datetime) -> tuple["Month", ...]:
    """The months of a span, all over and none before Decision 766; none if none is named."""
    from cchc_pipeline.decision766 import FIRST_MONTH
    from cchc_pipeline.period import Month, require_ended

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
    for month, changed in job.made_from.stale({*job.made_from.months()} - {*job.months}).items():
        typer.echo(f"{month}: not current ({', '.join(changed)}); it would be made too")
    source, inbox = database_of(job.settings), job.settings.inbox_dir
    for line in planned_ways(job.months, source, inbox, job.moment):
        typer.echo(line)
    for line in publication_plan(job.settings, job.months, job.moment):
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


def _tell_current(job: _Job) -> list["Month"]:
    """Of the months asked for, say which stand; those that are to be made."""
    from publish.plan import left_lines

    current = job.made_from.current_months(job.months)
    for month in sorted(current):
        progress.tell(f"{month}: {_STANDS}")
    for line in left_lines(job.settings, sorted(current)):
        progress.tell(line)
    return [month for month in job.months if month not in current]


def _process(job: _Job, months: Sequence["Month"], instance: "dg.DagsterInstance") -> None:
    from assets.execution import run_months
    from publish.plan import read_lines, taken_lines

    for line in taken_lines(job.settings, months):
        progress.tell(line)
    run_months(job.workspace, job.months, instance, progress.tell)
    for line in read_lines(job.settings, months):
        progress.tell(line)


def _publish(job: _Job, instance: "dg.DagsterInstance") -> str | None:
    from assets.execution import run_publication

    _tell_silent(job)
    return run_publication(job.workspace, instance, progress.tell)


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
