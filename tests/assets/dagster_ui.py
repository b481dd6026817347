"""Dagster as its pages and daemon use it, in this process: jobs are launched, the sensor follows.

Belongs here: launching, and running what the sensor asks for. Does not: assertions, or Dagster's
real programs (``tests.ops.daemon``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from assets.automation import build_sensors
from assets.instance import persistent_instance
from assets.resources import Workspace
from assets.runner import build_definitions
from tests.command_line import SECOND

(months_that_follow,) = (one for one in build_sensors() if one.name == "months_that_follow")


class Ui:
    """The same jobs and sensor on the same instance."""

    def __init__(self, workspace: Workspace, instance: dg.DagsterInstance) -> None:
        self._workspace, self.instance = workspace, instance
        self._definitions = build_definitions(workspace)

    def launch(self, job: str, month: str | None = None) -> dg.ExecuteInProcessResult:
        """Run a job, for a partition if it has any."""
        return self._definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, partition_key=month, raise_on_error=False
        )

    def launch_assets(
        self, names: Sequence[str], month: str, backfill: str | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run assets that were chosen in the lineage; as a part of a backfill, if it is named."""
        return self._definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance, partition_key=month, raise_on_error=False,
            asset_selection=[dg.AssetKey(name) for name in names],
            tags={"dagster/backfill": backfill} if backfill else None,
        )  # fmt: skip

    def follow(self) -> list[tuple[str, str]]:
        """Run what the sensor asks for, until it asks for nothing more; in order."""
        found: list[tuple[str, str]] = []
        cursor = None
        while True:
            context = dg.build_sensor_context(
                self.instance, cursor, resources={"workspace": self._workspace}
            )
            asked = months_that_follow(context)
            if not isinstance(asked, dg.RunRequest):
                return found
            found.append((str(asked.job_name), str(asked.partition_key)))
            assert self.launch(*found[-1]).success
            cursor = context.cursor


@contextmanager
def ui(home: Path, inbox: Path) -> Iterator[Ui]:
    """The pages of an installation, at the second moment; revisions are said to be right."""
    workspace = Workspace(home=str(home), inbox=str(inbox), moment=SECOND, accept="SRC")
    with persistent_instance(home / "dagster") as instance:
        yield Ui(workspace, instance)
