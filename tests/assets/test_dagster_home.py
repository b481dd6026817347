"""``dagster.yaml``: what it says, and whose it is."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.instance import (
    CONFIG,
    OURS,
    config_text,
    end_launched_runs,
    persistent_instance,
    prepare,
)
from assets.jobs import PUBLISH_JOB
from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.definitions import defs

pytestmark = pytest.mark.usefixtures("settings_of_nobody")


@dg.op
def _refuses() -> None:
    raise ValueError


@dg.job
def _failing() -> None:
    _refuses()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with persistent_instance(tmp_path / "dagster") as instance:
        yield instance


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_dagster_understands_the_file(instance: dg.DagsterInstance) -> None:
    assert instance.run_retries_max_retries == 1
    assert not instance.run_retries_retry_on_asset_or_op_failure
    assert instance.run_monitoring_enabled
    assert instance.global_op_concurrency_default_limit == 1
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 2


def test_the_address_of_the_database_is_named_and_not_repeated() -> None:
    text = config_text(on_postgres=True)
    assert "{env: CCHC_DAGSTER_URL}" in text
    assert "://" not in text
    assert "CCHC_DAGSTER_URL" not in config_text(on_postgres=False)


def test_a_file_that_an_earlier_version_made_is_replaced(tmp_path: Path) -> None:
    first, _, rest = config_text(on_postgres=False).partition("\n")
    earlier = rest + "# something else\n"
    marked = first.replace(_digest(rest), _digest(earlier)) + "\n" + earlier
    (tmp_path / CONFIG).write_text(marked, "utf-8")
    prepare(tmp_path, on_postgres=False)
    assert (tmp_path / CONFIG).read_text("utf-8") == config_text(on_postgres=False)


def test_the_file_of_the_first_version_which_had_no_mark_is_replaced(tmp_path: Path) -> None:
    first = (
        "telemetry:\n  enabled: false\nnux:\n  enabled: false\nconcurrency:\n  pools:\n"
        "    default_limit: 1\nevent_log_storage:\n  module: assets.event_log\n"
        "  class: SteadyEventLog\n  config:\n    base_dir: {env: DAGSTER_HOME}\n"
    )
    (tmp_path / CONFIG).write_text(first, "utf-8")
    prepare(tmp_path, on_postgres=False)
    assert (tmp_path / CONFIG).read_text("utf-8") == config_text(on_postgres=False)


@pytest.mark.parametrize("added", ["", "# ours, with one more line\n"])
def test_a_file_that_an_engineer_wrote_or_changed_stays(tmp_path: Path, added: str) -> None:
    written = f"{config_text(on_postgres=False)}{added}" if added else "telemetry: {}\n"
    (tmp_path / CONFIG).write_text(written, "utf-8")
    prepare(tmp_path, on_postgres=False)
    assert (tmp_path / CONFIG).read_text("utf-8") == written


def test_a_setting_that_an_engineers_file_does_not_follow_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("telemetry: {}  # not CCHC_DAGSTER_URL\n", "utf-8")
    with pytest.raises(UsageError, match=r"changed by hand, does not name it -> name it there"):
        prepare(tmp_path, on_postgres=True)
    (tmp_path / CONFIG).write_text("storage: {postgres: {env: CCHC_DAGSTER_URL}}\n", "utf-8")
    prepare(tmp_path, on_postgres=True)


@pytest.mark.parametrize("module", ["assets.event_log", "assets.postgres_storage"])
def test_a_changed_file_that_names_a_storage_of_an_earlier_version_is_refused(
    tmp_path: Path, module: str
) -> None:
    written = f"event_log_storage:\n  module: {module}\n"
    (tmp_path / CONFIG).write_text(written, "utf-8")
    with pytest.raises(UsageError, match=f"{module}, which is no longer there -> take the storage"):
        prepare(tmp_path, on_postgres=False)
    assert (tmp_path / CONFIG).read_text("utf-8") == written
    (tmp_path / CONFIG).write_text(f"telemetry: {{}}  # not {module}\n", "utf-8")
    prepare(tmp_path, on_postgres=False)


def test_a_shell_without_the_setting_does_not_move_the_history_to_sqlite(tmp_path: Path) -> None:
    prepare(tmp_path, on_postgres=True)
    with pytest.raises(UsageError, match=r"CCHC_DAGSTER_URL is not set -> set it; or remove"):
        prepare(tmp_path, on_postgres=False)
    assert (tmp_path / CONFIG).read_text("utf-8") == config_text(on_postgres=True)


def test_a_crash_is_tried_again_and_a_failed_step_is_not(instance: dg.DagsterInstance) -> None:
    failed = _failing.execute_in_process(instance=instance, raise_on_error=False)
    crashed = instance.create_run_for_job(_failing)
    instance.report_run_failed(crashed, "the process is gone")
    again = {run.run_id: run.tags["dagster/will_retry"] for run in instance.get_runs()}
    assert again == {failed.run_id: "false", crashed.run_id: "true"}


def test_a_publication_that_crashed_is_done_again_from_its_beginning() -> None:
    job = defs.resolve_job_def(PUBLISH_JOB)
    assert job.run_tags["dagster/retry_strategy"] == "ALL_STEPS"


def test_before_a_daemon_starts_the_runs_of_the_last_one_are_closed(
    instance: dg.DagsterInstance,
) -> None:
    started = dg.DagsterRunStatus.STARTED
    launched = instance.create_run_for_job(_failing, status=started)
    typed = instance.create_run_for_job(_failing, status=started, tags=OURS)
    waiting = instance.create_run_for_job(_failing)
    log = instance.event_log_storage
    log.initialize_concurrency_limit_to_default("publish")
    assert log.claim_concurrency_slot("publish", launched.run_id, "step").is_claimed
    end_launched_runs(instance)
    status = {run.run_id: run.status.value for run in instance.get_runs()}
    assert status == {
        launched.run_id: "FAILURE", typed.run_id: "STARTED", waiting.run_id: "NOT_STARTED"
    }  # fmt: skip
    assert log.get_concurrency_info("publish").claimed_slots == []
