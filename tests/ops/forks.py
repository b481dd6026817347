"""A process whose forks run the product, one after the other, and are killed.

Belongs here: what such a process loads and remembers for all of them. Does not: forking, or when a
fork dies.
"""

import importlib
from pathlib import Path

from assets.staleness import program_digest
from cchc_pipeline.core.late_imports import unused_modules_late
from tests.judged_once import Memory, judge_once
from tests.kept_engines import keep_engines


def prepare_for_forks(memory: Path) -> None:
    """Import what a run imports late, and let no fork judge what another judged.

    No thread may start here: a fork has only the one that forked.

    Args:
        memory: A folder for what they said, away from what they are killed in.
    """
    with unused_modules_late():
        for name in _LATE:
            importlib.import_module(name)
    program_digest()
    keep_engines()
    judge_once(setattr, Memory(memory))


_LATE = (
    "assets.runner", "frictionless", "great_expectations", "holidays", "ibis.backends.duckdb",
)  # fmt: skip
