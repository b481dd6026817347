"""The entry point of ``dagster dev``: the whole graph, on the settings of the environment.

Belongs here: nothing but the definitions. Does not: assets, or policy.
"""

from assets.resources import Workspace
from assets.runner import build_definitions
from cchc_pipeline.core.modes import keep_private

keep_private()  # what a run writes, in this process or in one that it starts
defs = build_definitions(Workspace())
