"""The entry point of ``dagster dev``: the whole graph, on the settings of the environment.

Belongs here: nothing but the definitions. Does not: assets, or policy.
"""

from assets.execution import build_definitions
from assets.resources import Workspace

defs = build_definitions(Workspace())
