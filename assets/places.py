"""Places in Dagster: the daemon brings them to what the portal shows, and tries again each hour.

Belongs here: a job of one step, and the sensor that asks for it while a place is behind. Does not:
the round itself (``publish.places.rounds``), or the alert that a place is behind (``alerting``).
"""

import time

import dagster as dg

from assets.jobs import PUBLISH_POOL
from assets.resources import Workspace, sensor_status
from publish.places.declared import read_places
from publish.places.rounds import opened
from publish.places.standing import place_states

PLACES_JOB = "places"
_SECONDS_BETWEEN = 60


@dg.op(
    name="bring_to_places", pool=PUBLISH_POOL,
    description="Sends what differs to each place that is behind, and reads it back.",
)  # fmt: skip
def bring_to_places(context: dg.OpExecutionContext, workspace: Workspace) -> None:
    """One round; a place that does not follow is a line, and an alert by the journal."""
    settings, now = workspace.settings, of_now(workspace).now
    with (
        workspace.portal.lock(now),
        opened(
            workspace.portal, settings.home, now, time.monotonic, time.sleep, settings.public_url
        ) as round_,
    ):
        for one in round_.mirror(read_places(settings.home), trusting=True):
            told = f"{one.place.name}: {one.state} {one.shows or '-'} {one.line}".rstrip()
            (context.log.warning if one.state == "behind" else context.log.info)(told)


@dg.job(name=PLACES_JOB, description="Every place shows what the portal shows.")
def places_job() -> None:
    """One step."""
    bring_to_places()


def places_sensor(
    context: dg.SensorEvaluationContext, workspace: Workspace
) -> dg.RunRequest | dg.SkipReason:
    """A round for each site that is shown, and another each hour while a place is behind."""
    site = workspace.portal.current_site()
    states = place_states(workspace.settings.home, workspace.portal)
    behind = [one.place.name for one in states if one.is_behind and one.place.kind != "manual"]
    if site is None or not behind:
        return dg.SkipReason("every place that is sent to shows what the portal shows")
    return dg.RunRequest(run_key=f"{site.name}@{of_now(workspace).now:%Y-%m-%dT%H}")


def of_now(workspace: Workspace) -> Workspace:
    """The same workspace with a clock of its own: a server's first moment would stand for ever."""
    return Workspace(home=workspace.home, inbox=workspace.inbox, moment=workspace.moment)


def places_sensors(*, is_on: bool = False) -> list[dg.SensorDefinition]:
    """The sensor that asks for rounds."""
    sensing = dg.sensor(
        name="places_behind",
        job=places_job,
        minimum_interval_seconds=_SECONDS_BETWEEN,
        default_status=sensor_status(is_on=is_on),
        description="Brings places to what the portal shows; looks at the journal only.",
    )
    return [sensing(places_sensor)]
