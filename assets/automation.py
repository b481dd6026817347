"""What runs by itself: collecting each day, files that arrive, previews, the day of publication.

Belongs here: schedules and sensors, each a look at the state and the runs that follow from it. Does
not: the decisions (``publish.release.approval``, ``cchc_pipeline.sources.inbox.files``), or the
jobs (``jobs``).

Everything sleeps until ``CCHC_AUTOMATION`` is on. A machine that was asleep asks for everything
when it wakes: Dagster makes up for the last missed tick of a schedule, and ``overdue_publication``
looks every five minutes.

Why none of these is an ``AutomationCondition`` of Dagster (tried on 1.13):

* ``months_that_follow``, ``preview_before_the_date``: a condition knows events and not the record:
  it makes a month again after one that came out the same, runs beside a command that makes what
  follows itself, and sees no list that changed and no run that died before it logged anything.
* ``inbox_files``: a file in the inbox is no asset before it has settled and was taken in.
* the others: an announced date moves with holidays, and an approval is no asset; ``on_cron`` knows
  neither.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from assets.jobs import FOLLOWING_JOB, JOBS, MONTH_JOB, OURS, PREVIEW_JOB, PUBLISH_JOB
from assets.resources import Workspace, schedule_status, sensor_status
from assets.staleness import ALONE, FILES, PROGRAM, MadeFrom
from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.core.period import TIMEZONE, Month
from cchc_pipeline.sources.inbox.files import arrivals, has_settled, untaken
from cchc_pipeline.storage.lake import content_digest
from publish.release.approval import days_late, due_months, open_months
from publish.release.assemble import MONTHLY, release_months, silent_months

COLLECT_AT = "30 4 * * *"
"""After the national portal's own refresh at about 02:00, when it must not be asked."""
PUBLISH_AT = "30 8 * * *"
LOOK_SECONDS = 60
GRACE = timedelta(minutes=15)
"""How long after the announced moment a publication counts as missed by its schedule."""
_PARTITION = "dagster/partition"
_BY_NAME = {job.name: job for job in JOBS}
_ENDED = {
    dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED,
}  # fmt: skip


def build_schedules(
    *, is_on: bool = False, collect_at: str = COLLECT_AT, publish_at: str = PUBLISH_AT
) -> list[dg.ScheduleDefinition]:
    """The schedules, at times of the city written as cron does; asleep unless switched on."""
    common: dict[str, Any] = {
        "execution_timezone": TIMEZONE.key,
        "default_status": schedule_status(is_on=is_on),
    }
    collecting = dg.schedule(job=_BY_NAME[MONTH_JOB], cron_schedule=collect_at, **common)
    publishing = dg.schedule(job=_BY_NAME[PUBLISH_JOB], cron_schedule=publish_at, **common)
    return [collecting(daily_extraction), publishing(publication_day)]


def daily_extraction(
    context: dg.ScheduleEvaluationContext, workspace: Workspace
) -> list[dg.RunRequest] | dg.SkipReason:
    """Collect each month that is over and not out, every day until everything has come."""
    at = workspace.now
    waiting = [m for m in _open(workspace, at) if not _is_complete(workspace, m)]
    if not waiting:
        return dg.SkipReason("every month that is over is complete or out")
    return [_of_month(month, f"{month}@{at:%Y-%m-%d}") for month in waiting]


def publication_day(
    context: dg.ScheduleEvaluationContext, workspace: Workspace
) -> dg.RunRequest | dg.SkipReason:
    """Publish on the announced date."""
    at = workspace.now
    due = _due(workspace, at)
    stale = list(_made_from(workspace).stale()) if due else []
    if stale:  # it would be stopped, and not be asked for again once they are made
        return dg.SkipReason(f"{stale[0]} is not current; it is made first")
    if due:
        return _publication(workspace, due, at)
    return dg.SkipReason(_why_nothing_is_due(workspace, at))


def overdue_publication(
    context: dg.SensorEvaluationContext, workspace: Workspace
) -> list[dg.RunRequest] | dg.SkipReason:
    """Make up for a publication day that was slept through, and compute first what was not."""
    at = workspace.now
    moments = {m: load_calendar().release_date(m).moment for m in _open(workspace, at)}
    overdue = [month for month, moment in moments.items() if moment + GRACE <= at]
    computed = set(release_months(workspace.lake))
    overdue = _with_figures(workspace, overdue)
    missing = [month for month in overdue if month not in computed]
    if overdue and not missing:
        missing = list(_made_from(workspace).stale())[:1]
    if missing:
        return [_of_month(month, f"{month}@{at:%Y-%m-%d}") for month in missing]
    if overdue:
        return [_publication(workspace, tuple(overdue), at)]
    return dg.SkipReason(_why_nothing_is_due(workspace, at))


def inbox_files(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SensorResult:
    """Process a month whose files arrived or changed, once nobody is copying them any more."""
    at, seen = workspace.now, json.loads(context.cursor or "{}")
    before: dict[str, str] = seen.get("before", {})
    taken: dict[str, str] = seen.get("taken", {})
    made_from = _made_from(workspace)
    found = {m: a for m, a in arrivals(workspace.settings.inbox_dir).items() if m.has_ended(at)}
    new = [
        month
        for month in untaken(found, taken, {m for m in found if made_from.has_taken(m)})
        if has_settled(found[month], before.get(str(month)), at)
    ]
    taken |= {str(month): found[month].state for month in new}
    cursor = {"before": {str(m): a.state for m, a in found.items()}, "taken": taken}
    return dg.SensorResult(
        [_of_month(month, f"{month}:{found[month].state}") for month in new],
        cursor=json.dumps(cursor),
        skip_reason=None if new else "nothing new has settled in the inbox",
    )


def months_that_follow(
    context: dg.SensorEvaluationContext, workspace: Workspace
) -> dg.RunRequest | dg.SkipReason:
    """Make the first month that is not current any more; once nothing runs, the next.

    Whatever left it so: a run of any job, whether it ended well or not, or a list that changed.
    What failed is asked for again once something changed. New files are left to ``inbox_files``,
    which waits until they have settled; another program to whoever installed it.
    """
    if _is_under_way(context.instance, workspace):
        return dg.SkipReason("whoever is making months goes on with them")
    made_from = _made_from(workspace)
    stale = made_from.stale()
    if any(PROGRAM in changed for changed in stale.values()):
        return dg.SkipReason("some months were made by another program: cchc run --all")
    before: dict[str, str] = json.loads(context.cursor or "{}")
    asked = {name: state for name, state in before.items() if Month.parse(name) in stale}
    for month in (month for month, changed in stale.items() if FILES not in changed):
        state = made_from.state(month)
        if asked.get(str(month)) != state:
            context.update_cursor(json.dumps(asked | {str(month): state}))
            job = MONTH_JOB if ALONE in made_from.differing(month) else FOLLOWING_JOB
            return _of_month(month, None, job)
    context.update_cursor(json.dumps(asked))
    return dg.SkipReason("every month is current, or failed as it is")


def preview_before_the_date(
    context: dg.RunStatusSensorContext, workspace: Workspace
) -> dg.RunRequest | dg.SkipReason:
    """Show what would go out as soon as a month that is not out has been computed."""
    computed = release_months(workspace.lake)
    waiting = _with_figures(workspace, _open(workspace, workspace.now))
    waiting = [month for month in waiting if month in computed]
    if _is_ours(context.dagster_run) or not waiting or _made_from(workspace).stale():
        return dg.SkipReason("there is nothing to preview, or a month is made first")
    return dg.RunRequest(run_key=f"preview:{_state(workspace, waiting)}", job_name=PREVIEW_JOB)


def _open(workspace: Workspace, at: datetime) -> tuple[Month, ...]:
    return open_months(_out(workspace), at)


def _out(workspace: Workspace) -> tuple[Month, ...]:
    latest = workspace.portal.latest()
    return latest.periods if latest else ()


def _due(workspace: Workspace, at: datetime) -> tuple[Month, ...]:
    told = _with_figures(workspace, release_months(workspace.lake))
    return due_months(told, _out(workspace), load_calendar(), at)


def _with_figures(workspace: Workspace, months: Iterable[Month]) -> list[Month]:
    """The months without those that were computed and of which no source gave figures."""
    months = list(months)
    computed = set(release_months(workspace.lake)) & {*months}
    silent = silent_months(workspace.lake, computed)
    return [month for month in months if month not in silent]


def _why_nothing_is_due(workspace: Workspace, at: datetime) -> str:
    waiting = _open(workspace, at)
    if not waiting:
        return "every month that is over is out"
    moment = load_calendar().release_date(waiting[0]).moment
    if moment > at:
        return f"{waiting[0]} is announced for {moment:%d/%m/%Y %H:%M}"
    lacks = "is not computed" if _with_figures(workspace, waiting[:1]) else "has no figures"
    return f"{waiting[0]} was announced for {moment:%d/%m/%Y %H:%M} and {lacks}"


def _is_complete(workspace: Workspace, month: Month) -> bool:
    """Whether every input of the city came, and the month was computed with it."""
    if month not in release_months(workspace.lake):
        return False
    root = workspace.settings.root_unit
    accounts = workspace.lake.read("submissions", month).to_pylist()
    return not any(r["status"] == "missing" and r["unit_code"] == root for r in accounts)


def _made_from(workspace: Workspace) -> MadeFrom:
    return MadeFrom(workspace.settings, workspace.now)


def _is_under_way(instance: dg.DagsterInstance, workspace: Workspace) -> bool:
    """Whether a command is at work, or a run of a month, of whatever job."""
    unfinished = [s for s in dg.DagsterRunStatus if s not in _ENDED]
    runs = instance.get_runs(dg.RunsFilter(statuses=unfinished))
    return workspace.portal.is_locked() or any(_PARTITION in run.tags for run in runs)


def _is_ours(run: dg.DagsterRun) -> bool:
    """Whether the command line made the run: it does the rest itself."""
    return all(run.tags.get(name) == value for name, value in OURS.items())


def _of_month(month: Month, key: str | None, job: str = MONTH_JOB) -> dg.RunRequest:
    return dg.RunRequest(run_key=key, partition_key=str(month), job_name=job)


def _publication(workspace: Workspace, months: tuple[Month, ...], at: datetime) -> dg.RunRequest:
    """A publication, asked for once for each state of what it would publish."""
    late = max(days_late(month, load_calendar(), at) for month in months)
    return dg.RunRequest(
        run_key=f"publish:{_state(workspace, months)}",
        job_name=PUBLISH_JOB,
        tags={"cchc/months": " ".join(map(str, months)), "cchc/days_late": str(late)},
    )


def _state(workspace: Workspace, months: Iterable[Month]) -> str:
    """A digest of what is computed for months, and of what was approved."""
    digest = hashlib.sha256()
    for month in months:
        for name in MONTHLY:
            digest.update(content_digest(workspace.lake.read(name, month)).encode())
    approved = [entry for entry in workspace.approvals.entries() if entry.act == "approved"]
    digest.update(str(len(approved)).encode())
    return digest.hexdigest()[:16]


def build_sensors(
    *, is_on: bool = False, look_seconds: int = LOOK_SECONDS
) -> list[dg.SensorDefinition]:
    """The sensors; how often the inbox is looked at may be said."""
    status = sensor_status(is_on=is_on)
    month = _BY_NAME[MONTH_JOB]
    often: dict[str, Any] = {
        "minimum_interval_seconds": look_seconds,
        "default_status": status,
    }
    looking = dg.sensor(job=month, **often)
    follows = dg.sensor(jobs=[month, _BY_NAME[FOLLOWING_JOB]], **often)
    late = dg.sensor(
        jobs=[month, _BY_NAME[PUBLISH_JOB]], minimum_interval_seconds=300, default_status=status
    )
    shows = dg.run_status_sensor(  # of all jobs: assets may be launched without one of ours
        run_status=dg.DagsterRunStatus.SUCCESS, request_job=_BY_NAME[PREVIEW_JOB],
        default_status=status,
    )  # fmt: skip
    return [
        looking(inbox_files),
        late(overdue_publication),
        follows(months_that_follow),
        shows(preview_before_the_date),
    ]
