"""Alerts in Dagster: the sensor, the digest's job and schedule, and freshness by month."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.alerting import alert_schedules, alert_sensors, digest_job, gather
from assets.instance import persistent_instance
from assets.jobs import ALONE_JOB, FOLLOWING_JOB, MONTH_JOB
from assets.month_checks import FRESH, FRESHNESS_JOB, newest_due
from assets.resources import Workspace
from assets.runner import build_definitions
from assets.validated import NOT_READ, SUBMISSIONS
from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.core.period import TIMEZONE, Month
from publish.release.assemble import MONTHLY
from tests.alerts.servers import Office, office
from tests.command_line import copy_home

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
EARLY, LATE = "2026-11-10T09:00:00+07:00", "2026-11-13T09:00:00+07:00"
(alert_sensor,), (daily_digest,) = alert_sensors(), alert_schedules()


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """A copy of an installation that has published September 2026."""
    return copy_home(published_home, tmp_path / "home")


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """Its Dagster instance."""
    with persistent_instance(home / "dagster") as instance:
        yield instance


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A mail server and a webhook, and the settings that lead to them."""
    with office() as found:
        for name, value in found.settings.items():
            monkeypatch.setenv(name, value)
        yield found


def tick(home: Path, instance: dg.DagsterInstance, at: str = EARLY) -> str:
    """What one tick of the sensor says."""
    workspace = Workspace(home=str(home), moment=at)
    with dg.build_sensor_context(instance, resources={"workspace": workspace}) as context:
        said = alert_sensor(context)
    assert isinstance(said, dg.SkipReason)
    return said.skip_message or ""


def test_the_sensor_tells_a_new_cause_once_and_starts_no_run(
    home: Path, instance: dg.DagsterInstance, servers: Office
) -> None:
    before = len(instance.get_runs())
    assert tick(home, instance) == "sent 2 message(s)"
    assert tick(home, instance) == "sent 0 message(s)"
    assert servers.mailbox.keys == servers.hook.keys == ["source_missing:2026-10"]
    assert len(instance.get_runs()) == before


def test_the_sensor_says_which_channel_failed_and_no_address(
    home: Path, instance: dg.DagsterInstance, servers: Office
) -> None:
    servers.hook.answers += [500, 500]
    said = tick(home, instance)
    assert said == "sent 1 message(s); webhook: answered 500 -> it is tried again the next time"
    assert tick(home, instance) == "sent 1 message(s)"
    assert servers.hook.keys == ["source_missing:2026-10"]


def test_what_could_not_be_read_of_an_awaited_month_is_a_fact(
    home: Path, instance: dg.DagsterInstance
) -> None:
    line = "phan-anh.xlsx: is damaged or cut off -> export the file again"
    read = dg.AssetMaterialization(SUBMISSIONS, partition="2026-10", metadata={NOT_READ: line})
    instance.report_runless_asset_event(read)
    (awaited,) = gather(Workspace(home=str(home), moment=EARLY), instance, time.monotonic).awaited
    assert awaited.refused == (line,)


def test_the_sensor_without_a_channel_does_nothing(
    home: Path, instance: dg.DagsterInstance
) -> None:
    assert tick(home, instance) == "no channel for alerts is set"
    assert not (home / "alerts.json").exists()


def test_a_server_that_stays_up_reads_the_clock_at_each_tick(
    home: Path, instance: dg.DagsterInstance, servers: Office
) -> None:
    """The resource keeps its first moment; the sensor must not."""
    workspace = Workspace(home=str(home))
    object.__setattr__(workspace, "now", datetime.fromisoformat("2020-01-01T00:00:00+07:00"))
    with dg.build_sensor_context(instance, resources={"workspace": workspace}) as context:
        alert_sensor(context)
    assert '"since": "2020' not in (home / "alerts.json").read_text(encoding="utf-8")


def test_the_digest_is_one_run_a_day_at_half_past_seven_in_the_city() -> None:
    assert (daily_digest.cron_schedule, daily_digest.execution_timezone) == (
        "30 7 * * *",
        TIMEZONE.key,
    )
    at = datetime(2026, 11, 13, 0, 30, tzinfo=datetime.fromisoformat(EARLY).tzinfo)
    with dg.build_schedule_context(scheduled_execution_time=at) as context:
        request = daily_digest(context)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == "digest-2026-11-13"


def test_the_digest_job_sends_one_message_over_each_channel(
    home: Path, instance: dg.DagsterInstance, servers: Office
) -> None:
    workspace = Workspace(home=str(home), moment=LATE)
    done = digest_job.execute_in_process(instance=instance, resources={"workspace": workspace})
    assert done.success
    assert servers.mailbox.keys == servers.hook.keys == ["digest:2026-11-13"]
    assert "2 việc đang mở" in servers.hook.posts[0]["title"]


def test_a_digest_that_did_not_go_out_follows_by_the_sensor(
    home: Path, instance: dg.DagsterInstance, servers: Office
) -> None:
    servers.hook.answers += [500, 500]
    workspace = Workspace(home=str(home), moment=LATE)
    done = digest_job.execute_in_process(instance=instance, resources={"workspace": workspace})
    assert done.success
    assert servers.hook.keys == []
    assert tick(home, instance, LATE) == "sent 1 message(s)"
    assert servers.hook.keys == servers.mailbox.keys == ["digest:2026-11-13"]


# Freshness


def definitions(home: Path, at: str) -> dg.Definitions:
    """The graph on an installation at a moment."""
    return build_definitions(Workspace(home=str(home), moment=at))


def judged(home: Path, at: str) -> dict[str, dg.AssetCheckEvaluation]:
    """The verdict on each table."""
    job = definitions(home, at).resolve_job_def(FRESHNESS_JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
        assert result.success
        checks = result.get_asset_check_evaluations()
    return {check.asset_key.to_user_string(): check for check in checks}


def test_every_published_table_that_has_the_newest_due_month_is_fresh(published_home: Path) -> None:
    found = judged(published_home, "2026-11-12T08:29:00+07:00")
    assert set(found) == set(MONTHLY)
    assert all(check.passed for check in found.values())


def test_a_month_past_its_deadline_is_a_warning_that_names_it(published_home: Path) -> None:
    found = judged(published_home, "2026-11-12T08:30:00+07:00")
    assert set(found) == set(MONTHLY)
    for check in found.values():
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert not check.blocking
        assert "2026-10 was due on 2026-11-12 08:30" in (check.description or "")
        assert check.metadata["newest"].value == "2026-09"


@pytest.mark.parametrize(
    ("at", "month"),
    [("2026-11-12T08:29:59+07:00", "2026-09"), ("2026-11-12T01:30:00+00:00", "2026-10"),
     ("2026-12-14T08:29:59+07:00", "2026-10"), ("2026-12-14T08:30:00+07:00", "2026-11")],
)  # fmt: skip
def test_the_deadline_is_that_of_the_calendar_which_avoids_weekends(at: str, month: str) -> None:
    due = newest_due(load_calendar(), datetime.fromisoformat(at))
    assert due.month == Month.parse(month)


def test_what_is_added_loads_as_dagster_dev_loads_it(published_home: Path) -> None:
    added = definitions(published_home, LATE)
    dg.Definitions.validate_loadable(added)
    names = {job.name for job in added.resolve_all_job_defs()}
    assert {FRESHNESS_JOB, digest_job.name} <= names
    graph = added.resolve_asset_graph()
    assert not any(
        graph.get_check_spec(key).blocking for key in graph.asset_check_keys if key.name == FRESH
    )


def test_the_jobs_of_one_month_leave_the_freshness_of_the_newest_out(published_home: Path) -> None:
    for name in (MONTH_JOB, ALONE_JOB, FOLLOWING_JOB):
        steps = definitions(published_home, LATE).resolve_job_def(name).graph.node_dict
        assert "look_at_freshness" not in steps
