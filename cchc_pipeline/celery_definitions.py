"""The entry point for workers of Celery: the same graph, each step of a month a task.

Belongs here: the executor. Does not: the graph, or where the broker is (``docs/deployment``). Needs
the extra ``celery``.
"""

from dagster_celery import celery_executor

from assets.resources import Workspace
from assets.runner import build_definitions
from cchc_pipeline.core.modes import keep_private

keep_private()  # what a run writes, in this process or in one that it starts
defs = build_definitions(Workspace(), executor=celery_executor)
