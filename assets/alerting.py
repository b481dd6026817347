"""Alerts in Dagster: the facts they follow from, and the rounds that tell them.

Belongs here: gathering the facts from lake, inbox, portal and runs, of which nothing is changed;
one round of telling, for the command line and the daemon. Does not: judging the facts
(``cchc_pipeline.alerts.rules``), words, memory and channels (``cchc_pipeline.alerts``).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import dagster as dg
import pyarrow.compute as pc

from assets.instance import last_failures
from assets.places import of_now
from assets.resources import Workspace, schedule_status, sensor_status
from assets.validated import NOT_READ, NOTHING, SUBMISSIONS
from cchc_pipeline.alerts.delivery import channels_of
from cchc_pipeline.alerts.rules import (
    WITHIN_LIMIT,
    Alert,
    AwaitedMonth,
    Facts,
    Failure,
    FileLeft,
    FilesLeft,
    MissingSource,
    PlaceBehind,
    Policy,
    RuleCount,
    SetAside,
    Shown,
    alerts_of,
    awaited_months,
)
from cchc_pipeline.alerts.telling import Round, Wish, tell
from cchc_pipeline.calendar import CalendarWords, load_calendar
from cchc_pipeline.contracts import load_code_list
from cchc_pipeline.contracts.sources import DeclaredSource, declared_sources, source_named
from cchc_pipeline.core.errors import CchcError, SourceError, UsageError
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.plan import plan_of
from cchc_pipeline.plan.due_reports import DueReport
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.inbox.account import account_of, untaken
from cchc_pipeline.sources.inbox.files import PORTAL_FOLDER, arrivals
from cchc_pipeline.sources.raw.deliveries import delivered_paths
from cchc_pipeline.sources.readers.upload_schema import load_upload_schema
from publish.installation.reporting import first_publication, reports_around
from publish.places.standing import place_states
from publish.places.watching import look_at, shown_here
from publish.release.assemble import release_months

_ACCOUNTS = {one.account: one for one in declared_sources() if one.account}
"""The source whose rows set aside are checked on a table."""
DIGEST_JOB = "digest"
_SECONDS_BETWEEN = 600
_NO_CHANNEL = "no channel for alerts is set"
_DAILY = "30 7 * * *"


def gather(
    workspace: Workspace, instance: dg.DagsterInstance | None, clock: Callable[[], float]
) -> Facts:
    """Everything that is known at the workspace's moment.

    Args:
        workspace: The installation.
        instance: Its runs; None if it has none yet.
        clock: Seconds that only grow.
    """
    failures = last_failures(instance) if instance else ()
    shown, faults = _shown(workspace)
    return Facts(
        tuple(_awaited(workspace, instance)) if not faults else (),
        (*failures, *faults),
        tuple(_set_aside(workspace, failures)),
        shown,
        look_at(workspace.settings.mirror_list, clock),
        tuple(_files_left(workspace)),
        tuple(_unmade(workspace)),
        tuple(_places_behind(workspace)) if not faults else (),
    )


def _unmade(workspace: Workspace) -> Iterator[DueReport]:
    """The periodic reports that are due about now and of which no paper was made."""
    settings, today = workspace.settings, workspace.now.astimezone(TIMEZONE).date()
    begun = first_publication(workspace.portal)
    for kept in reports_around(settings.home, begun, settings.root_unit, today):
        if kept.made is None:
            yield kept.due


def _shown(workspace: Workspace) -> tuple[Shown | None, tuple[Failure, ...]]:
    """What the portal shows; a portal that cannot be read is a fault of the publication."""
    try:
        return shown_here(workspace.portal), ()
    except CchcError as error:
        return None, (Failure(None, "", "", str(error)),)


def _places_behind(workspace: Workspace) -> Iterator[PlaceBehind]:
    """The places that a publication is not done without, by the journal; nobody is asked."""
    for state in place_states(workspace.settings.home, workspace.portal):
        place = state.place
        if place.required and state.is_behind:
            title = CalendarWords(place.title.vi, place.title.en)
            yield PlaceBehind(place.name, title, place.kind == "manual", state.shows, state.line)


def _awaited(workspace: Workspace, instance: dg.DagsterInstance | None) -> Iterator[AwaitedMonth]:
    lake, latest, calendar = workspace.lake, workspace.portal.latest(), load_calendar()
    held = {month for table in ("raw_portal", "scores") for month in lake.months(table)}
    computed = set(release_months(lake))
    for month in awaited_months(latest.periods if latest else (), held, workspace.now):
        due = calendar.release_date(month).moment
        missing = tuple(_missing(workspace, month))
        refused = _refused(instance, month) if instance else ()
        yield AwaitedMonth(month, due, missing, month in computed, refused)


def _refused(instance: dg.DagsterInstance, month: Month) -> tuple[str, ...]:
    """What was said of the month's small files that could not be read, when they were read last."""
    asked = dg.AssetRecordsFilter(dg.AssetKey(SUBMISSIONS), asset_partitions=[str(month)])
    found = instance.fetch_materializations(asked, limit=1).records
    event = found[0].asset_materialization if found else None
    said = event.metadata.get(NOT_READ) if event else None
    return tuple(str(said.value).splitlines()) if said and said.value != NOTHING else ()


def _missing(workspace: Workspace, month: Month) -> Iterator[MissingSource]:
    """The expected sources that neither the lake nor the inbox has for a month."""
    for source in map(source_named, workspace.settings.expected_list):
        if source.kind == "forms":
            yield from _missing_forms(workspace, month, source)
        elif not _has_come(workspace, month, source):
            yield MissingSource(source.source)


def _has_come(workspace: Workspace, month: Month, source: DeclaredSource) -> bool:
    folder = workspace.inbox_of(month)
    if workspace.lake.read(source.raw, month).num_rows:
        return True
    if source.record is None:
        return any((folder / PORTAL_FOLDER).rglob("*.json"))
    try:
        return bool(delivered_paths(folder / source.folder, load_upload_schema(source.record)))
    except SourceError:
        return True  # it came; what is wrong with it, the run says


def _missing_forms(
    workspace: Workspace, month: Month, source: DeclaredSource
) -> Iterator[MissingSource]:
    """The units without a form, once they were read; before that only whether any form came."""
    if plan_of(workspace.settings.root_unit, month.year) is None:
        return
    if not _has_come(workspace, month, source):
        yield MissingSource(source.source)
        return
    rows = workspace.lake.read("submissions", month).to_pylist()
    root = workspace.settings.root_unit
    codes = [
        row["unit_code"]
        for row in rows
        if row["table"] == source.source and row["status"] == "missing" and row["unit_code"] != root
    ]
    if codes:
        yield MissingSource(source.source, tuple(_names(workspace, month, codes)))


def _names(workspace: Workspace, month: Month, codes: Iterable[str]) -> Iterator[str]:
    register = workspace.register
    for code in codes:
        unit = register.find(code, month)
        yield unit.name_vi if unit else code


def _files_left(workspace: Workspace) -> Iterator[FilesLeft]:
    """What lies untaken in the inbox now, by month."""
    reasons = {code.code: code.name for code in load_code_list("file_reasons").codes}
    inbox = workspace.settings.inbox_dir
    for month in arrivals(inbox):
        files = tuple(
            FileLeft(
                file.path, CalendarWords(reasons[file.why].vi, reasons[file.why].en), file.should_be
            )
            for file in untaken(account_of(inbox / str(month)))
        )
        if files:
            yield FilesLeft(month, files)


def _set_aside(workspace: Workspace, failures: Iterable[Failure]) -> Iterator[SetAside]:
    """The shares of the months that were stopped for them."""
    for failure in failures:
        source = _ACCOUNTS.get(failure.asset)
        if failure.check == WITHIN_LIMIT and failure.month and source:
            yield _share(workspace, failure.month, failure.asset, source)


def _share(workspace: Workspace, month: Month, asset: str, source: DeclaredSource) -> SetAside:
    settings, table = workspace.settings, workspace.lake.read(asset, month)
    rows, refused = (pc.sum(table.column(name)).as_py() or 0 for name in ("rows", "quarantined"))
    return SetAside(
        month,
        source.source,
        asset,
        rows,
        refused,
        float(settings.quarantine_limit),
        tuple(_rules(workspace, month, str(source.quarantine))),
        str(settings.error_sheets_dir / str(month)) if source.error_sheets else "",
    )


def _rules(workspace: Workspace, month: Month, quarantine: str) -> Iterator[RuleCount]:
    names = {code.code: code.name for code in load_code_list("quarantine_rules").codes}
    broken = workspace.lake.read(quarantine, month).column("rule").to_pylist()
    for rule, count in Counter(broken).most_common():
        name = names.get(rule)
        yield RuleCount(
            CalendarWords(name.vi, name.en) if name else CalendarWords(rule, rule), count
        )


def policy_of(settings: Settings) -> Policy:
    """How early and how late something is told."""
    return Policy(settings.alert_days_before, settings.alert_late_hours, settings.mirror_hours)


def open_alerts(workspace: Workspace, instance: dg.DagsterInstance | None) -> tuple[Alert, ...]:
    """Every cause that is open at the workspace's moment."""
    facts = gather(workspace, instance, time.monotonic)
    return alerts_of(facts, policy_of(workspace.settings), workspace.now)


def tell_round(
    workspace: Workspace, instance: dg.DagsterInstance | None, *, is_digest: bool
) -> Round:
    """Tell what is due over every channel that is set.

    Raises:
        UsageError: None is set, or one is set wrongly.
    """
    settings = workspace.settings
    channels = channels_of(settings)
    if not channels:
        raise UsageError(_NO_CHANNEL, todo="set CCHC_SMTP_HOST or CCHC_ALERT_WEBHOOK")
    alerts = open_alerts(workspace, instance)
    wish = Wish(is_digest, quiet=not settings.digest_when_well)
    return tell(settings.alerts_file, alerts, channels, workspace.now, wish)


def alert_sensor(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SkipReason:
    """One round; what a channel did not take is sent again at the next."""
    if not channels_of(workspace.settings):
        return dg.SkipReason(_NO_CHANNEL)
    done = tell_round(of_now(workspace), context.instance, is_digest=False)
    return dg.SkipReason("; ".join((f"sent {len(done.sent)} message(s)", *done.failures)))


@dg.op(name="tell_digest", description="Everything open, and what has ended, as one message.")
def tell_digest(context: dg.OpExecutionContext, workspace: Workspace) -> None:
    """Send the digest; a channel that did not take it gets it from the sensor later."""
    if not channels_of(workspace.settings):
        context.log.info(_NO_CHANNEL)
        return
    done = tell_round(of_now(workspace), context.instance, is_digest=True)
    context.log.info(f"sent {len(done.sent)} message(s)")
    for line in done.failures:
        context.log.warning(line)


@dg.job(name=DIGEST_JOB, description="The daily digest of what is open.")
def digest_job() -> None:
    """One step."""
    tell_digest()


def daily_digest(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run a day, also if a tick is evaluated twice."""
    day = context.scheduled_execution_time.astimezone(TIMEZONE).date().isoformat()
    return dg.RunRequest(run_key=f"{DIGEST_JOB}-{day}")


def alert_sensors(*, is_on: bool = False) -> list[dg.SensorDefinition]:
    """The sensor that tells new causes."""
    sensing = dg.sensor(
        name="alerts",
        minimum_interval_seconds=_SECONDS_BETWEEN,
        default_status=sensor_status(is_on=is_on),
        description="Tells each new cause once, by e-mail and webhook; it starts no run.",
    )
    return [sensing(alert_sensor)]


def alert_schedules(*, is_on: bool = False) -> list[dg.ScheduleDefinition]:
    """The schedule of the digest."""
    scheduling = dg.schedule(
        cron_schedule=_DAILY,
        job=digest_job,
        name="daily_digest",
        execution_timezone=TIMEZONE.key,
        default_status=schedule_status(is_on=is_on),
        description="The digest, each morning before the hour of publication.",
    )
    return [scheduling(daily_digest)]
