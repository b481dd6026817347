"""Alerts in Dagster: a sensor that tells new causes, and a job with its schedule for the digest.

Belongs here: one round of telling, for the command line and the daemon. Does not: facts
(``alert_facts``), rules, words, channels (``cchc_pipeline.alerts``).
"""

import time

import dagster as dg

from assets.alert_facts import gather
from assets.awake import schedule_status, sensor_status
from assets.resources import Workspace
from cchc_pipeline.alerts.delivery import channels_of
from cchc_pipeline.alerts.rules import Alert, Policy, alerts_of
from cchc_pipeline.alerts.state import Wish
from cchc_pipeline.alerts.telling import Round, tell
from cchc_pipeline.errors import UsageError
from cchc_pipeline.period import TIMEZONE
from cchc_pipeline.settings import Settings

DIGEST_JOB = "digest"
_SECONDS_BETWEEN = 600
_NO_CHANNEL = "no channel for alerts is set"
_DAILY = "30 7 * * *"


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
    done = tell_round(_of_now(workspace), context.instance, is_digest=False)
    return dg.SkipReason("; ".join((f"sent {len(done.sent)} message(s)", *done.failures)))


@dg.op(name="tell_digest", description="Everything open, and what has ended, as one message.")
def tell_digest(context: dg.OpExecutionContext, workspace: Workspace) -> None:
    """Send the digest; a channel that did not take it gets it from the sensor later."""
    if not channels_of(workspace.settings):
        context.log.info(_NO_CHANNEL)
        return
    done = tell_round(_of_now(workspace), context.instance, is_digest=True)
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


def _of_now(workspace: Workspace) -> Workspace:
    """The same workspace with a clock of its own: a server's first moment would stand for ever."""
    return Workspace(home=workspace.home, inbox=workspace.inbox, moment=workspace.moment)


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
