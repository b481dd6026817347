"""The entry point for workers of Celery: the same graph, each step of a month a task.

Belongs here: the executor. Does not: the graph, or where the broker is (``docs/deployment``). Needs
the extra ``celery``.
"""

from dagster_celery import celery_executor

from assets.resources import Workspace
from assets.runner import build_definitions

defs = build_definitions(Workspace(), executor=celery_executor)
