"""The graph at work: what is stored and told, what a failed check stops, what the log keeps."""

import gc
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.checks import broken_of
from assets.instance import end_dead_runs, last_failures, persistent_instance
from assets.jobs import MONTH_JOB, PUBLISH_JOB, PUBLISH_POOL
from assets.resources import COLUMNS, ROWS, Workspace
from assets.runner import begin_worker, run_months
from cchc_pipeline.cli.run_summary import Speech, load_run_words
from cchc_pipeline.core.errors import CheckFailedError, SourceError
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.telling import Begun, Made, StepEvent, Telling, Turn
from cchc_pipeline.definitions import defs
from cchc_pipeline.storage.lake import Lake
from tests.command_line import (
    FIRST,
    MONTH,
    SAMPLE_INBOX,
    change_answer,
    copy_home,
    in_lake,
    row_of,
)

pytestmark = pytest.mark.usefixtures("settings_of_nobody")


@pytest.fixture
def instance(published_home: Path, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of an installation that has published."""
    home = copy_home(published_home, tmp_path / "home")
    with persistent_instance(home / "dagster") as instance:
        yield instance


def _materialization(instance: dg.DagsterInstance, asset: str) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization


def test_every_run_is_kept_for_the_engineer_to_look_at(instance: dg.DagsterInstance) -> None:
    assert [(run.job_name, run.status) for run in instance.get_runs()] == [
        (PUBLISH_JOB, dg.DagsterRunStatus.SUCCESS),
        (MONTH_JOB, dg.DagsterRunStatus.SUCCESS),
    ]


def test_a_table_is_stored_with_its_rows_size_and_digest(
    instance: dg.DagsterInstance, published_home: Path
) -> None:
    stored = _materialization(instance, "scores")
    assert stored.partition == MONTH
    assert stored.metadata["dagster/row_count"].value == len(in_lake(published_home, "scores"))
    digest = str(stored.metadata["sha256"].value)
    assert stored.tags is not None
    assert stored.tags["dagster/data_version"] == digest[:16]


def test_every_table_of_a_month_tells_how_many_rows_it_has(
    instance: dg.DagsterInstance, published_home: Path
) -> None:
    graph = defs.resolve_asset_graph()
    names = [key.to_user_string() for key in graph.get_all_asset_keys()]
    tables = [name for name in names if COLUMNS in graph.get(dg.AssetKey(name)).metadata]
    lake = Lake(published_home / "lake", "H24")
    told = {name: _materialization(instance, name).metadata.get(ROWS) for name in tables}
    assert len(tables) > 30
    for name, rows in told.items():
        assert rows is not None, name
        assert rows.value == lake.read(name, Month.parse(MONTH)).num_rows, name


def test_a_publication_says_which_release_it_made(instance: dg.DagsterInstance) -> None:
    stored = _materialization(instance, "publication")
    assert stored.metadata["release"].value == "2026-09.r1"


def test_every_check_of_a_month_has_its_result_in_the_log_and_a_month_is_few_events(
    instance: dg.DagsterInstance,
) -> None:
    (run,) = [run for run in instance.get_runs() if run.job_name == MONTH_JOB]
    found = _evaluations(instance, run.run_id)
    assert {check.partition for check in found} == {MONTH}
    assert {check.check_name for check in found} == {"errors", "warnings"}
    assert not [check for check in found if not check.passed and check.blocking]
    planned = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
    assert len(instance.all_logs(run.run_id, of_type=planned)) == len(found)
    assert len(instance.all_logs(run.run_id)) < 520


def _evaluations(instance: dg.DagsterInstance, run: str) -> list[dg.AssetCheckEvaluation]:
    events = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return [event.get_dagster_event().asset_check_evaluation_data for event in events]


def test_every_file_of_the_log_is_sound(published_home: Path) -> None:
    folder = published_home / "dagster" / "history" / "runs"
    for path in folder.glob("*.db"):
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _run_month(home: Path, inbox: Path) -> list[Telling]:
    """Process the month alone; what is told of it."""
    workspace, said = Workspace(home=str(home), inbox=str(inbox), moment=FIRST), list[Telling]()
    with persistent_instance(home / "dagster") as instance:
        run_months(workspace, [Month.parse(MONTH)], instance, said.append)
    return said


def test_a_blocking_check_that_fails_stops_what_comes_after_it(tmp_path: Path, inbox: Path) -> None:
    change_answer(
        inbox, "service-results", lambda data: row_of(data, "H24.M02").update(totalScore=1.0)
    )
    with pytest.raises(CheckFailedError, match="groups add up"):
        _run_month(tmp_path / "home", inbox)
    written = {path.parents[2].name for path in (tmp_path / "home" / "lake").rglob("*.parquet")}
    assert "portal_findings" in written
    assert not written & {"observed_scores", "score_recomputation", "scores", "submissions"}


def test_a_failed_check_says_which_rules_are_broken_on_how_many_rows(
    tmp_path: Path, inbox: Path
) -> None:
    change_answer(
        inbox, "service-results", lambda data: row_of(data, "H24.M02").update(totalScore=1.0)
    )
    with pytest.raises(CheckFailedError):
        _run_month(tmp_path / "home", inbox)
    with persistent_instance(tmp_path / "home" / "dagster") as instance:
        (run,) = instance.get_runs()
        red = [check for check in _evaluations(instance, run.run_id) if not check.passed]
        failures = last_failures(instance)
    assert [(check.asset_key.to_user_string(), check.partition) for check in red] == [
        ("portal_findings", MONTH)
    ]
    (broken,) = broken_of(red[0])
    assert (broken.rule, broken.rows) == ("GROUPS_DO_NOT_ADD_UP", 1)
    assert [(failure.place, failure.check, failure.line) for failure in failures] == [
        (MONTH, broken.rule, broken.line)
    ]


def test_a_good_month_does_not_hide_the_red_one(tmp_path: Path, inbox: Path) -> None:
    change_answer(
        inbox, "service-results", lambda data: row_of(data, "H24.M02").update(totalScore=1.0)
    )
    with pytest.raises(CheckFailedError):
        _run_month(tmp_path / "home", inbox)
    workspace = Workspace(home=str(tmp_path / "home"), inbox=str(inbox), moment=FIRST)
    key = dg.AssetCheckKey(dg.AssetKey("portal_findings"), "errors")
    with persistent_instance(tmp_path / "home" / "dagster") as instance:
        run_months(workspace, [Month(2026, 8)], instance, lambda line: None)
        months = instance.event_log_storage.get_asset_check_partition_info([key])
    assert {info.partition_key for info in months} == {"2026-08", MONTH}


def test_a_month_tells_its_turn_how_many_steps_it_has_each_of_them_and_its_end(
    tmp_path: Path, inbox: Path
) -> None:
    said = _run_month(tmp_path / "home", inbox)
    begun = next(telling for telling in said if isinstance(telling, Begun))
    ended = [telling for telling in said if isinstance(telling, StepEvent) and telling.has_ended]
    assert said[0] == Turn(Month.parse(MONTH), is_whole=True)
    assert (begun.month, begun.steps, begun.seconds) == (Month.parse(MONTH), len(ended), None)
    assert said[-1] == Made(Month.parse(MONTH), ("never made as a whole",))
    assert load_run_words().doing
    assert {Speech("vi").doing(step.name) for step in ended}.isdisjoint(s.name for s in ended)


def test_a_source_that_cannot_be_read_keeps_its_kind_of_error(tmp_path: Path, inbox: Path) -> None:
    (inbox / MONTH / "portal" / "manifest.json").write_text("[]", "utf-8")
    with pytest.raises(SourceError, match="manifest: not an object") as caught:
        _run_month(tmp_path / "home", inbox)
    assert caught.value.where.endswith("manifest.json")
    assert caught.value.todo


def test_the_first_month_that_fails_stops_the_rest(tmp_path: Path, inbox: Path) -> None:
    (inbox / MONTH / "portal" / "manifest.json").write_text("[]", "utf-8")
    home, said = tmp_path / "home", list[Telling]()
    months = [Month(2026, 9), Month(2026, 10)]
    workspace = Workspace(home=str(home), inbox=str(inbox), moment=FIRST)
    with persistent_instance(home / "dagster") as instance, pytest.raises(SourceError):
        run_months(workspace, months, instance, said.append)
    assert [turn.month for turn in said if isinstance(turn, Turn)] == [Month(2026, 9)]
    assert not any(isinstance(telling, Made) for telling in said)


def test_a_month_that_is_not_over_is_refused_inside_the_graph_too(tmp_path: Path) -> None:
    """``dagster dev`` does not pass through the command line."""
    workspace = Workspace(
        home=str(tmp_path), inbox=str(SAMPLE_INBOX), moment="2026-09-30T23:59:59+07:00"
    )
    with (
        persistent_instance(tmp_path / "dagster") as instance,
        pytest.raises(Exception, match="2026-09 is still running"),
    ):
        run_months(workspace, [Month(2026, 9)], instance, lambda line: None)


def test_a_run_whose_process_died_is_closed_and_gives_up_its_place_in_the_pool(
    instance: dg.DagsterInstance,
) -> None:
    dead = instance.create_run_for_job(
        defs.resolve_job_def(PUBLISH_JOB), tags={"cchc/started_by": "command line"}
    )
    log = instance.event_log_storage
    assert log.claim_concurrency_slot(PUBLISH_POOL, dead.run_id, "release").is_claimed
    end_dead_runs(instance)
    assert log.get_concurrency_info(PUBLISH_POOL).claimed_slots == []
    closed = instance.get_run_by_id(dead.run_id)
    assert closed is not None
    assert closed.status is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize(("is_alive", "worked"), [(True, True), (False, False)])
def test_a_worker_whose_command_died_while_it_was_loading_does_no_work(
    is_alive: bool, worked: bool
) -> None:
    """Its work lies in the pipe by then; the next command's worker would do it too."""
    command = os.getpid() if is_alive else 2**22
    worker = os.fork()
    if worker == 0:
        begin_worker(command, *gc.get_threshold())
        os._exit(0)
    assert (os.waitpid(worker, 0)[1] == 0) is worked
