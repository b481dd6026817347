"""January is corrected, and made anew by every way there is: the same figures come out.

A backfill, single runs, and a month launched in Dagster's UI, where the sensor starts what follows.
"""

import gzip
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.compute as pc
import pytest

from assets.automation import build_sensors
from assets.check_results import broken_of
from assets.execution import build_definitions
from assets.instance import persistent_instance
from assets.jobs import MONTH_JOB, PUBLISH_JOB
from assets.resources import Workspace
from publish.portal import Portal, read_tables
from tests.command_line import FIRST, SAMPLE_INBOX, SECOND, cchc, copy_home, in_lake, run
from tests.made_once import MadeOnce

pytestmark = [pytest.mark.usefixtures("settings_of_nobody"), pytest.mark.slow]
SPAN = ("2024-01", "2024-03")


def small_year(inbox: Path, *, keep_every: int = 1) -> Path:
    """An inbox of three months; of January's dossiers only some, if so said."""
    for name in ("2024-01", "2024-02", "2024-03"):
        shutil.copytree(SAMPLE_INBOX / name, inbox / name)
    shutil.copy(SAMPLE_INBOX / "units.csv", inbox)
    path = inbox / "2024-01" / "ho-so-mau.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[::keep_every])))
    return inbox


def filled(home: Path, inbox: Path, at: str) -> Path:
    """A home of which the whole span was backfilled."""
    given = ("--home", home, "--inbox", inbox, "--published-at", at)
    outcome = cchc("backfill", *SPAN, *given, "--reason", "SRC")
    assert outcome.code == 0, outcome.err
    return home


def figures(home: Path) -> dict[str, list[dict[str, Any]]]:
    """What is published, without what tells of releases.

    Of the statistics by field the complete ones of the lake: which fields are shown apart depends
    on what was shown before, on purpose.
    """
    latest = Portal(home / "portal").latest()
    assert latest is not None
    told = {"release", "received_at"}
    tables = read_tables(latest)
    statistics = tables["dossier_statistics"]
    tables["dossier_statistics"] = statistics.filter(pc.equal(statistics["field_code"], "ALL"))
    complete = {
        f"{m} complete": in_lake(home, "dossier_statistics", str(m)) for m in latest.periods
    }
    return complete | {
        name: [{k: v for k, v in row.items() if k not in told} for row in table.to_pylist()]
        for name, table in tables.items()
        if name != "revisions"
    }


@pytest.fixture(scope="module")
def homes(made_once: MadeOnce) -> tuple[Path, Path, Path]:
    """A home that published the error, the inbox with the correction, and a home made from it."""
    folder = made_once("ways", _homes)
    return folder / "before", folder / "right", folder / "fresh"


def _homes(folder: Path) -> None:
    filled(folder / "before", small_year(folder / "wrong"), FIRST)
    filled(folder / "fresh", small_year(folder / "right", keep_every=2), SECOND)


def test_a_backfill_again_gives_the_figures_of_a_fresh_installation(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, inbox, fresh = homes
    assert figures(filled(copy_home(before, tmp_path / "home"), inbox, SECOND)) == figures(fresh)


def test_a_single_run_of_january_gives_them_and_says_what_it_made_too(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, inbox, fresh = homes
    home = copy_home(before, tmp_path / "home")
    outcome = run(home, inbox, "--accept-revisions", "SRC", month="2024-01", at=SECOND)
    assert outcome.code == 0, outcome.err
    made = [
        line for line in outcome.err.splitlines() if re.match(r"2024-0\d: (extract|year)", line)
    ]
    assert made == [
        "2024-01: extract, validate, compute",
        "2024-02: year to date (not current: the months before)",
        "2024-03: year to date (not current: the months before)",
    ]
    assert figures(home) == figures(fresh)


def test_a_month_launched_in_the_ui_stops_the_publication_until_what_follows_is_made(
    homes: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    before, inbox, fresh = homes
    home = copy_home(before, tmp_path / "home")
    with _ui(home, inbox) as ui:
        january = ui.launch(MONTH_JOB, "2024-01")
        stopped = ui.launch(PUBLISH_JOB)
        assert not stopped.success
        checks = stopped.get_asset_check_evaluations()
        assert {broken.rule for check in checks for broken in broken_of(check)} == {
            "every_month_is_current",
            "year_to_date_is_the_sum_of_months",
        }
        assert ui.followed(january.run_id) == [("following", "2024-02"), ("following", "2024-03")]
        assert ui.launch(PUBLISH_JOB).success
    assert figures(home) == figures(fresh)


(months_that_follow,) = (one for one in build_sensors() if one.name == "months_that_follow")


class _Ui:
    """Dagster as its UI and daemon use it: the same jobs and sensor on the same instance."""

    def __init__(self, workspace: Workspace, instance: dg.DagsterInstance) -> None:
        self._workspace, self._instance = workspace, instance
        self._definitions = build_definitions(workspace)

    def launch(self, job: str, month: str | None = None) -> dg.ExecuteInProcessResult:
        """Run a job, for a partition if it has any."""
        return self._definitions.resolve_job_def(job).execute_in_process(
            instance=self._instance, partition_key=month, raise_on_error=False
        )

    def followed(self, run_id: str) -> list[tuple[str, str]]:
        """Run what the sensor asks for after a run, and after each of these; in order."""
        found: list[tuple[str, str]] = []
        while True:
            run = self._instance.get_run_by_id(run_id)
            assert run is not None
            context = dg.build_run_status_sensor_context(
                months_that_follow.name, dg.DagsterEvent("PIPELINE_SUCCESS", run.job_name),
                self._instance, run, resources={"workspace": self._workspace},
            )  # fmt: skip
            asked: Any = months_that_follow(context)
            if not isinstance(asked, dg.RunRequest):
                return found
            found.append((str(asked.job_name), str(asked.partition_key)))
            done = self.launch(*found[-1])
            assert done.success
            run_id = done.run_id


@contextmanager
def _ui(home: Path, inbox: Path) -> Iterator[_Ui]:
    workspace = Workspace(home=str(home), inbox=str(inbox), moment=SECOND, accept="SRC")
    with persistent_instance(home / "dagster") as instance:
        yield _Ui(workspace, instance)
