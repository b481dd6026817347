"""The commands that process months: ``cchc run``, ``backfill``, ``preview``, ``approve``.

Belongs here: options, and the order in which a command does its work. Does not: what was asked
(``run_request``), what is told (``run_report``), or the work (``assets``, ``publish``), which is
imported when a command runs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.cli.options import Home, Inbox, moment_of, say, settings_for
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.wording import worded

if TYPE_CHECKING:
    import dagster as dg

    from assets.runner import MonthFailure
    from cchc_pipeline.cli.run_report import RunReport
    from cchc_pipeline.cli.run_request import Job
    from cchc_pipeline.core.period import Month

_Month = Annotated[str, typer.Argument(help="The month, as 2026-09.")]
_At = Annotated[
    str | None,
    typer.Option("--published-at", help="The moment of publication, ISO 8601; now if left out."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]
_Empty = Annotated[
    bool, typer.Option("--empty", help="The month goes out even if no source gave figures.")
]
_Accepted = Annotated[
    str | None, typer.Option(help="Revisions are right, for the reason SRC, ERR, MET or LATE.")
]
_Note = Annotated[str | None, typer.Option(help="What readers are told of these revisions.")]
_Json = Annotated[bool, typer.Option("--json", help="One document on stdout, for scripts.")]


def register(app: typer.Typer) -> None:
    """Add the commands, in this order."""
    for command in (run, backfill, preview, approve):
        app.command()(command)


def run(
    month: Annotated[str | None, typer.Argument(help="The month, as 2026-09.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="The last month of a span.")] = None,
    inbox: Inbox = None,
    home: Home = None,
    published_at: _At = None,
    dry_run: _DryRun = False,
    empty: _Empty = False,
    accept_revisions: _Accepted = None,
    note: _Note = None,
    every: Annotated[
        bool, typer.Option("--all", help="Name no month: make all that is not current.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Process a month (or a span) and whatever else is not current; publish one release."""
    from cchc_pipeline.cli.run_report import reported
    from cchc_pipeline.cli.run_request import (
        RunOptions,
        RunPlace,
        job_of,
        require_captures,
        span_of,
    )

    with reported("run", as_json=as_json) as report:
        said = RunOptions(accept_revisions, note, is_empty=empty)
        place = RunPlace(home, inbox, published_at)
        job = job_of(span_of(month, to, every=every), place, said)
        report.begin(job)
        if dry_run:
            _tell_dry_run(job, report)
            return
        with _alone(job, report):
            left = _tell_current(job, report)
            require_captures(job, left)
            release = None
            job.made_from.remember()
            if job.has_work or empty or not job.made_from.is_published(job.months):
                report.due(job.made_from.stale(job.every))
                with _instance(job) as instance:
                    _process(job, left, instance, report)
                    release = _publish(job, instance, report)
            _tell_release(job, release, report)
            _bring_to_places(job, report)


def backfill(
    first: Annotated[str, typer.Argument(help="The first month, as 2024-01.")],
    last: Annotated[str, typer.Argument(help="The last month.")],
    inbox: Inbox = None,
    home: Home = None,
    published_at: _At = None,
    dry_run: _DryRun = False,
    reason: Annotated[
        str | None, typer.Option(help="Revisions are right, for the reason SRC, ERR, MET or LATE.")
    ] = None,
    note: _Note = None,
    as_json: _Json = False,
) -> None:
    """Process many past months, several at a time, and publish one release; resumable."""
    from cchc_pipeline.cli.run_report import reported
    from cchc_pipeline.cli.run_request import RunOptions, RunPlace, job_of

    with reported("backfill", as_json=as_json) as report:
        said = RunOptions(reason, note, is_backfill=True)
        job = job_of((first, last), RunPlace(home, inbox, published_at), said)
        report.begin(job)
        if dry_run:
            _tell_dry_run(job, report)
            return
        with _alone(job, report):
            release, failures = _fill(job, report)
            if release or not failures:
                _tell_release(job, release, report)
            _bring_to_places(job, report)
        _require_none_failed(job, failures)


def preview(
    month: _Month,
    inbox: Inbox = None,
    home: Home = None,
    published_at: _At = None,
    empty: _Empty = False,
    accept_revisions: _Accepted = None,
    note: _Note = None,
    as_json: _Json = False,
) -> None:
    """Process a month and show the release that would go out, outside the web root."""
    from cchc_pipeline.cli.run_report import reported
    from cchc_pipeline.cli.run_request import RunOptions, RunPlace, job_of, require_captures

    with reported("preview", as_json=as_json) as report:
        said = RunOptions(accept_revisions, note, is_empty=empty)
        job = job_of((month, month), RunPlace(home, inbox, published_at), said)
        report.begin(job)
        with _alone(job, report):
            left = _tell_current(job, report)
            require_captures(job, left)
            with _instance(job) as instance:
                _process(job, left, instance, report)
                _tell_silent(job, report)
                _preview(job, report)


def approve(
    month: Annotated[
        str | None, typer.Argument(help="Only if the last preview was made for this month.")
    ] = None,
    *,
    by: Annotated[str, typer.Option(help="The office that approves; never a person.")],
    digest: Annotated[str, typer.Option(help="Only if these are the figures it showed.")] = "",
    note: Annotated[str, typer.Option(help="Words of the office.")] = "",
    home: Home = None,
    published_at: _At = None,
) -> None:
    """Approve what the last preview showed, so that it may go out on its date."""
    from cchc_pipeline.core.period import Month, utc_text
    from publish.release.approval import LOG, ApprovalLog, ApprovalRequest, approval_of

    log = ApprovalLog(settings_for(home).home / LOG)
    at = utc_text(moment_of(published_at))
    asked = ApprovalRequest(Month.parse(month) if month else None, digest.strip().lower(), by, note)
    entry = approval_of(log.entries(), at, asked)
    log.write(entry)
    say(f"{entry.release} ({entry.digest}) is approved by {entry.by} at {entry.at}")


def _tell_dry_run(job: "Job", report: "RunReport") -> None:
    """The lines of a dry run: they are what was asked for."""
    report.foreseen = list(_dry_run_lines(job))
    report.results += [worded(line, report.speech.language) for line in report.foreseen]


def _dry_run_lines(job: "Job") -> Iterator[str]:
    """What stands, what would be made besides, and what would become of files and the release."""
    from cchc_pipeline.sources.dossiers.collection import database_of, foreseen_ways
    from publish.installation.dry_run import foreseen_publication

    current = job.made_from.current_months(job.months)
    stale = job.made_from.stale({*job.made_from.months()} - {*job.months})
    for month in sorted(current):
        yield f"{month}: nothing changed since it was made; it would be passed over"
    for month, changed in stale.items():
        yield f"{month}: not current ({', '.join(changed)}); it would be made too"
    anew = {*job.months, *stale} - current
    for month in job.made_from.following(anew):
        if month not in anew:
            yield f"{month}: rests on a month that would be made; it would be made too"
    source, inbox = database_of(job.settings), job.settings.inbox_dir
    yield from foreseen_ways(job.months, source, inbox, job.moment)
    yield from foreseen_publication(job.settings, job.months, job.moment)


@contextmanager
def _alone(job: "Job", report: "RunReport") -> Iterator[None]:
    """The only publisher, where nothing is damaged, and what a killed process left is ended.

    Who names no month doubts everything: no digest is taken from memory.
    """
    from assets.damage import clear_the_way
    from cchc_pipeline.core.modes import make_home
    from cchc_pipeline.core.unforeseen import require_address_space
    from publish.installation.findings import damage_lines
    from publish.portal.acts import settle

    require_address_space()
    make_home(job.settings.home)
    with job.portal.lock(job.moment):
        if not job.months:
            job.made_from.doubt()
        damaged = clear_the_way(job.settings, job.made_from, job.moment)
        report.lines(damage_lines(damaged, job.settings.lang))
        found = settle(job.portal)
        if found:
            report.say("unended", found=found)
        for unit in job.replaced:
            report.say("unit_replaced", unit=unit.code, day=unit.valid_from)
        yield


@contextmanager
def _instance(job: "Job") -> Iterator["dg.DagsterInstance"]:
    """The instance, without what a killed process left in it."""
    from assets.instance import end_dead_runs, persistent_instance

    with persistent_instance(job.settings.dagster_dir) as instance:
        end_dead_runs(instance)
        yield instance


def _tell_current(job: "Job", report: "RunReport") -> list["Month"]:
    """Of the months asked for, say which stand; those that are to be made."""
    from publish.installation.dry_run import left_lines

    current = job.made_from.current_months(job.months)
    for month in sorted(current):
        report.stands(month)
    report.lines(left_lines(job.settings, sorted(current)))
    return [month for month in job.months if month not in current]


def _process(
    job: "Job", months: Sequence["Month"], instance: "dg.DagsterInstance", report: "RunReport"
) -> None:
    from assets.runner import run_months
    from publish.installation.dry_run import taken_lines

    report.lines(taken_lines(job.settings, months))
    run_months(job.workspace, job.months, instance, report.tell)


def _fill(job: "Job", report: "RunReport") -> "tuple[str | None, list[MonthFailure]]":
    """Make the months side by side, and publish if none failed that is out already."""
    from assets.runner import fill
    from cchc_pipeline.cli import interruption, progress
    from cchc_pipeline.core.telling import SIDE_BY_SIDE, Begun
    from publish.installation.dry_run import taken_lines

    stale = job.made_from.stale(job.every)
    for month in (month for month in job.months if month not in stale and report.as_json):
        report.stands(month)
    if len(stale) < len(job.every):
        report.say("done_before", done=len(job.every) - len(stale), months=len(job.every))
    if not stale and job.made_from.is_published(job.months):
        return None, []
    report.due(stale)
    report.lines(taken_lines(job.settings, sorted(stale)))
    interruption.before_workers()
    report.tell(Begun(SIDE_BY_SIDE, None, len(stale)))
    with _instance(job) as instance:
        count = progress.Count(len(stale))
        failures = fill(job.workspace, job.every, count.tell, report.tell)
        for failure in failures:
            report.failed(failure.month, failure.line)
        if {failure.month for failure in failures} & {*job.made_from.months()}:
            return None, failures
        return _publish(job, instance, report), failures


def _require_none_failed(job: "Job", failures: "Sequence[MonthFailure]") -> None:
    if failures:
        lines = [f"{failure.month}: {failure.line}" for failure in failures]
        raise CheckFailedError(
            "\n  ".join([f"{len(lines)} of {len(job.months)} months failed", *lines]),
            todo="mend them and run the same command again: the others are done",
        )


def _publish(job: "Job", instance: "dg.DagsterInstance", report: "RunReport") -> str | None:
    from assets.runner import run_publication

    _tell_silent(job, report)
    return run_publication(job.workspace, instance, report.tell)


def _tell_silent(job: "Job", report: "RunReport") -> None:
    """Of the months asked for that are not out, say which nobody gave figures for."""
    from publish.release.assemble import release_months, silent_months

    lake, latest = job.workspace.lake, job.portal.latest()
    asked = {*job.months} & {*release_months(lake)} - {*(latest.periods if latest else ())}
    for month in sorted(silent_months(lake, asked) if not job.is_empty else ()):
        report.say("silent", month=month)


def _tell_release(job: "Job", release: str | None, report: "RunReport") -> None:
    """What the release changed, then the address to look at."""
    from publish.installation.release_summary import summary_of_published
    from publish.site.pages.releases import release_page

    latest, site = job.portal.latest(), job.portal.current
    if release is None or latest is None:
        report.page = str(site / "index.html") if latest else None
        report.result("no_news")
        return
    summary = summary_of_published(latest, job.settings.root_unit)
    report.released(summary, site / "index.html", site / release_page(release))
    report.result("published", release=release, page=site / "index.html")


def _bring_to_places(job: "Job", report: "RunReport") -> None:
    """Send what is shown now to the places that are not known to show it."""
    from cchc_pipeline.cli.place_words import as_data, outcome_lines, require_shown
    from cchc_pipeline.cli.places import bring

    outcomes = bring(job.settings)
    report.places = [as_data(outcome) for outcome in outcomes]
    report.lines(outcome_lines(outcomes, report.speech))
    require_shown([outcome for outcome in outcomes if outcome.fails], report.speech)


def _preview(job: "Job", report: "RunReport") -> None:
    from assets.published import make_preview
    from cchc_pipeline.core.telling import PREVIEW, Begun, StepEvent
    from publish.installation.decision import front_page
    from publish.installation.release_summary import summary_of_draft
    from publish.release.approval import DIGEST_SHOWN
    from publish.site.pages.releases import release_page

    report.tell(Begun(PREVIEW, None, 1))
    report.tell(StepEvent("release", has_ended=False))
    found = make_preview(job.workspace, job.settings.lang)
    if found.built is None or found.site is None:
        report.result("nothing_to_preview")
        return
    draft, page = found.built.draft, front_page(job.settings.home)
    summary = summary_of_draft(draft, job.settings.root_unit)
    report.released(summary, page, found.site / release_page(draft.id))
    report.result("preview", release=draft.id, page=page)
    if job.settings.approval:
        digest, root = draft.input_digest[:DIGEST_SHOWN], job.settings.root_option
        report.result("approve", digest=digest, root=root)
