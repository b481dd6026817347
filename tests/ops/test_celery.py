"""Dagster on several machines by Celery: the configuration of the docs, loaded by the library."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.executor.init import InitExecutorContext
from dagster_celery.executor import CeleryExecutor
from dagster_celery.launcher import CeleryRunLauncher

from assets.instance import CONFIG, config_text, persistent_instance
from assets.jobs import MONTH_JOB, PREVIEW_JOB, PUBLISH_JOB
from cchc_pipeline.celery_definitions import defs

SHIPPED = Path(__file__).parents[2] / "docs" / "deployment" / "celery"
BROKER, BACKEND = "memory://", "cache+memory://"

pytestmark = pytest.mark.usefixtures("settings_of_nobody", "addresses")


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", BROKER)
    monkeypatch.setenv("CELERY_RESULT_BACKEND", BACKEND)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on our own file with the launcher added, as the page of deployment says."""
    text = config_text(on_postgres=False) + (SHIPPED / "launcher.yaml").read_text("utf-8")
    (tmp_path / CONFIG).write_text(text, "utf-8")
    with persistent_instance(tmp_path) as instance:
        yield instance


def test_runs_are_launched_as_tasks_and_the_monitoring_can_ask_after_them(
    instance: dg.DagsterInstance,
) -> None:
    launcher = instance.run_launcher
    assert isinstance(launcher, CeleryRunLauncher)
    assert launcher.celery.conf.broker_url == BROKER
    assert launcher.celery.conf.task_track_started
    assert launcher.celery.conf.worker_prefetch_multiplier == 1
    assert launcher.supports_check_run_worker_health
    assert instance.run_monitoring_enabled


def test_addresses_with_their_passwords_stand_in_the_environment_only() -> None:
    for path in SHIPPED.glob("*.yaml"):
        named = _configured(yaml.safe_load(path.read_text("utf-8")))
        assert named["broker"] == {"env": "CELERY_BROKER_URL"}
        assert named["backend"] == {"env": "CELERY_RESULT_BACKEND"}


def _configured(content: dict[str, Any]) -> dict[str, Any]:
    (first,) = content.values()
    config: dict[str, Any] = first["config"]
    return config


def test_each_step_of_a_month_may_be_a_task_and_a_publication_stays_in_one_process() -> None:
    executors = {
        job: defs.resolve_job_def(job).executor_def.name
        for job in (MONTH_JOB, PUBLISH_JOB, PREVIEW_JOB)
    }
    assert executors == {
        MONTH_JOB: "celery", PUBLISH_JOB: "in_process", PREVIEW_JOB: "in_process",
    }  # fmt: skip


def test_the_executor_is_made_of_its_configuration(instance: dg.DagsterInstance) -> None:
    job = defs.resolve_job_def(MONTH_JOB)
    config = dg.validate_run_config(
        job, yaml.safe_load((SHIPPED / "steps.yaml").read_text("utf-8"))
    )
    assert config is not None
    make = job.executor_def.executor_creation_fn
    assert make is not None
    executor = make(
        InitExecutorContext(
            job=dg.reconstructable(_month),
            executor_def=job.executor_def,
            executor_config=config["execution"]["celery"],
            instance=instance,
        )
    )
    assert isinstance(executor, CeleryExecutor)
    assert executor.broker == BROKER
    assert executor.retries.disabled


def _month() -> dg.JobDefinition:
    return defs.resolve_job_def(MONTH_JOB)
