"""The entry point of ``dagster dev``: the whole graph, on the settings of the environment.

Belongs here: nothing but the definitions. Does not: assets, or policy.
"""

from assets.resources import Workspace
from assets.runner import build_definitions

defs = build_definitions(Workspace())
