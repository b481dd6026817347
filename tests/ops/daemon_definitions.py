"""The whole graph for a daemon under test: the clock stands, and schedules tick each minute.

Belongs here: what a test changes of ``cchc_pipeline.definitions``. Does not: assertions.
"""

import os

from assets.automation import build_schedules, build_sensors
from assets.resources import Workspace
from assets.runner import build_definitions

workspace = Workspace(moment=os.environ["MOMENT_OF_THE_TEST"])
is_on = workspace.settings.automation
defs = build_definitions(
    workspace,
    build_schedules(is_on=is_on, publish_at="* * * * *"),
    build_sensors(is_on=is_on, look_seconds=5),
)
