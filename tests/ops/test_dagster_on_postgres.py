"""Dagster's storage on a real PostgreSQL: events go there, secrets do not."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.instance import end_dead_runs, main, persistent_instance, private_instance
from assets.runner import FOLLOWING_JOB
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.definitions import defs
from tests.command_line import copy_home
from tests.ops.nginx import free_port
from tests.ops.postgres import MARK, Server

pytestmark = [MARK, pytest.mark.usefixtures("settings_of_nobody")]


@dg.asset(pool="publish")
def pooled() -> None:
    """A step with a place in the pool."""


@pytest.fixture
def database(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database that the settings name."""
    with postgres_server.database("dagster") as name:
        monkeypatch.setenv("CCHC_DAGSTER_URL", postgres_server.dagster_url(name))
        yield name


@pytest.fixture
def instance(database: str, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with persistent_instance(tmp_path / "dagster") as instance:
        yield instance


def _count(server: Server, table: str, database: str) -> int:
    with server.connect(database).cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of this file
        return int(cursor.fetchone()[0])


def test_the_events_of_a_run_are_in_the_database_and_no_file_keeps_any(
    postgres_server: Server, database: str, tmp_path: Path, published_home: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    before = {path for path in home.rglob("*.db") if path.stat().st_size}
    with (
        persistent_instance(tmp_path / "dagster") as instance,
        pytest.MonkeyPatch.context() as set_,
    ):
        set_.setenv("CCHC_HOME", str(home))
        done = defs.resolve_job_def(FOLLOWING_JOB).execute_in_process(
            instance=instance, partition_key="2026-09"
        )
        stored = instance.get_latest_materialization_event(dg.AssetKey("plan_tasks"))
    assert stored is not None
    assert stored.run_id == done.run_id
    assert _count(postgres_server, "event_logs", database) > 30
    assert _count(postgres_server, "runs", database) == 1
    assert {path for path in tmp_path.rglob("*.db") if path.stat().st_size} == before


def test_the_password_stands_neither_in_a_file_nor_in_what_is_handed_to_other_processes(
    instance: dg.DagsterInstance, postgres_server: Server, tmp_path: Path
) -> None:
    assert postgres_server.password not in repr(instance.get_ref())
    for path in (tmp_path / "dagster").rglob("*"):
        assert path.is_dir() or postgres_server.password.encode() not in path.read_bytes()


def test_a_dead_run_gives_up_its_place_in_the_pool(instance: dg.DagsterInstance) -> None:
    dead = instance.create_run_for_job(
        defs.resolve_job_def("publish"), tags={"cchc/started_by": "command line"}
    )
    log = instance.event_log_storage
    log.initialize_concurrency_limit_to_default("publish")
    assert log.claim_concurrency_slot("publish", dead.run_id, "release").is_claimed
    assert not log.claim_concurrency_slot("publish", "another", "release").is_claimed
    end_dead_runs(instance)
    assert log.get_concurrency_info("publish").claimed_slots == []
    assert dg.materialize([pooled], instance=instance).success
    closed = instance.get_run_by_id(dead.run_id)
    assert closed is not None
    assert closed.status is dg.DagsterRunStatus.FAILURE


def test_what_is_made_for_a_comparison_leaves_no_trace_in_the_database(
    postgres_server: Server, instance: dg.DagsterInstance, database: str, tmp_path: Path
) -> None:
    """``cchc verify --recompute`` runs months anew; readers of the UI must not see them."""
    with private_instance(tmp_path / "elsewhere2") as private:
        private.create_run_for_job(defs.resolve_job_def("publish"))
    assert _count(postgres_server, "runs", database) == 0


def test_a_wrong_password_is_one_line_without_it(
    postgres_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.dagster_url().replace(postgres_server.password, "khong-dung")
    monkeypatch.setenv("CCHC_DAGSTER_URL", url)
    with pytest.raises(UsageError, match=r"CCHC_DAGSTER_URL: .*password authentication") as caught:
        persistent_instance(tmp_path / "dagster")
    assert "khong-dung" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "dagster").exists()


def test_a_service_does_not_start_without_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"postgresql+psycopg2://a:b@127.0.0.1:{free_port()}/dagster"
    monkeypatch.setenv("CCHC_DAGSTER_URL", address)
    monkeypatch.setenv("CCHC_HOME", str(tmp_path))
    with pytest.raises(SystemExit, match=r"cchc: CCHC_DAGSTER_URL: .*refused.* -> start"):
        main(["--before-daemon"])
