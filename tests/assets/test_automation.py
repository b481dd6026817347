"""What runs by itself, and when: each schedule and sensor looked at with the clock moved."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.automation import (
    build_schedules,
    build_sensors,
    daily_extraction,
    inbox_files,
    publication_day,
)
from assets.jobs import OURS
from assets.resources import Workspace
from assets.runner import build_definitions
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake, table_from_rows
from publish.release.approval import ApprovalEntry
from tests.command_line import SAMPLE_INBOX, copy_home

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
SENSORS = {sensor.name: sensor for sensor in build_sensors()}
overdue_publication = SENSORS["overdue_publication"]
months_that_follow = SENSORS["months_that_follow"]
preview_before_the_date = SENSORS["preview_before_the_date"]
BEFORE, ON_TIME, LATE = (f"2026-10-{when}+07:00" for when in ("11T08:30", "12T08:30", "15T09:10"))


@pytest.fixture
def computed(published_home: Path, tmp_path: Path) -> Path:
    """A home in which September 2026 is computed, and nothing is out."""
    home = copy_home(published_home, tmp_path / "home")
    shutil.rmtree(home / "portal")
    return home


def at(home: Path, moment: str, inbox: Path = SAMPLE_INBOX) -> Workspace:
    return Workspace(home=str(home), inbox=str(inbox), moment=moment)


def asked(found: object) -> list[tuple[str | None, str | None]]:
    """The job and month of each run that is asked for; none if the tick was skipped."""
    requests = found if isinstance(found, list) else [found]
    return [(r.job_name, r.partition_key) for r in requests if isinstance(r, dg.RunRequest)]


def scheduled(tick: Any, workspace: Workspace) -> Any:
    return tick(dg.build_schedule_context(), workspace)


def sensed(sensor: Any, workspace: Workspace, cursor: str | None = None) -> Any:
    context = dg.build_sensor_context(cursor=cursor, resources={"workspace": workspace})
    return sensor(context, workspace) if sensor is inbox_files else sensor(context)


def test_a_month_that_is_computed_waits_for_its_announced_moment(computed: Path) -> None:
    skipped = scheduled(publication_day, at(computed, BEFORE))
    assert skipped.skip_message == "2026-09 is announced for 12/10/2026 08:30"
    request = scheduled(publication_day, at(computed, ON_TIME))
    assert asked(request) == [("publish", None)]
    assert request.tags == {"cchc/months": "2026-09", "cchc/days_late": "0"}


def test_a_machine_that_slept_publishes_when_it_wakes_and_says_that_it_is_late(
    computed: Path,
) -> None:
    assert asked(sensed(overdue_publication, at(computed, BEFORE))) == []
    (request,) = sensed(overdue_publication, at(computed, LATE))
    assert asked([request]) == [("publish", None)]
    assert request.tags["cchc/days_late"] == "3"


def test_what_failed_is_asked_for_again_only_once_something_changed(computed: Path) -> None:
    first = scheduled(publication_day, at(computed, ON_TIME)).run_key
    assert scheduled(publication_day, at(computed, LATE)).run_key == first
    workspace = at(computed, LATE)
    workspace.approvals.write(ApprovalEntry(LATE, "approved", "2026-09.r1", "0", "Văn phòng"))
    assert scheduled(publication_day, workspace).run_key != first


def test_an_overdue_month_that_was_never_computed_is_computed_first(tmp_path: Path) -> None:
    found = sensed(overdue_publication, at(tmp_path, LATE))
    assert asked(found) == [("month", "2026-09")]


def test_what_is_out_is_not_published_again(published_home: Path) -> None:
    for moment in (ON_TIME, LATE):
        assert asked(scheduled(publication_day, at(published_home, moment))) == []
        assert asked(sensed(overdue_publication, at(published_home, moment))) == []


def test_a_month_is_collected_every_day_from_its_end_until_it_is_out(
    computed: Path, published_home: Path
) -> None:
    """The sample's September has no petitions: it is not complete."""
    assert asked(scheduled(daily_extraction, at(computed, "2026-09-30T04:30+07:00"))) == [
        ("month", "2026-08")
    ]
    keys = {
        scheduled(daily_extraction, at(computed, f"2026-10-0{day}T04:30+07:00"))[0].run_key
        for day in (1, 2)
    }
    assert keys == {"2026-09@2026-10-01", "2026-09@2026-10-02"}
    assert asked(scheduled(daily_extraction, at(published_home, LATE))) == []


def _inbox(folder: Path) -> Path:
    """An inbox with a file of September that was written long ago."""
    place = folder / "inbox" / "2026-09"
    place.mkdir(parents=True)
    _write(place / "ho-so.csv", "a", "2026-10-05")
    return folder / "inbox"


def _write(path: Path, content: str, day: str) -> None:
    path.write_text(content)
    seconds = Workspace(moment=f"{day}T00:00:00+07:00").now.timestamp()
    os.utime(path, (seconds, seconds))


def _looks(home: Path, inbox: Path, *moments: str) -> list[list[tuple[str | None, str | None]]]:
    """What each look at the inbox asks for, one after the other."""
    cursor, found = None, []
    for moment in moments:
        result = sensed(inbox_files, at(home, moment, inbox), cursor)
        cursor = result.cursor
        found.append(asked(result.run_requests))
    return found


def test_files_are_taken_at_the_second_look_and_once(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path)
    found = _looks(tmp_path, inbox, *["2026-10-06T08:00+07:00"] * 4)
    assert found == [[], [("month", "2026-09")], [], []]


def test_a_file_that_is_still_being_copied_is_waited_for(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path)
    _write(inbox / "2026-09" / "ho-so-2.csv.part", "half", "2026-10-05")
    moment = "2026-10-06T08:00+07:00"
    assert _looks(tmp_path, inbox, moment, moment, moment) == [[], [], []]


def test_a_file_that_was_written_to_a_moment_ago_is_waited_for(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path)
    moments = ("2026-10-05T00:00:30+07:00", "2026-10-05T00:00:59+07:00", "2026-10-05T00:01+07:00")
    assert _looks(tmp_path, inbox, *moments) == [[], [], [("month", "2026-09")]]


def test_a_file_that_changed_is_taken_again(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path)
    moment = "2026-10-07T08:00+07:00"
    cursor = None
    for _ in range(2):
        cursor = sensed(inbox_files, at(tmp_path, moment, inbox), cursor).cursor
    _write(inbox / "2026-09" / "ho-so.csv", "b", "2026-10-06")
    first = sensed(inbox_files, at(tmp_path, moment, inbox), cursor)
    second = sensed(inbox_files, at(tmp_path, moment, inbox), first.cursor)
    assert [asked(first.run_requests), asked(second.run_requests)] == [[], [("month", "2026-09")]]


def test_what_a_command_took_in_already_is_not_processed_again(computed: Path) -> None:
    moment = "2026-11-30T08:00+07:00"
    found = _looks(computed, SAMPLE_INBOX, moment, moment)
    assert ("month", "2026-09") not in found[1]
    assert _looks(computed, _inbox(computed), moment, moment)[1] == [("month", "2026-09")]


def test_files_of_a_month_that_is_running_wait_for_its_end(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    shutil.move(_inbox(tmp_path / "x") / "2026-09", tmp_path / "inbox" / "2026-10")
    moment = "2026-10-07T08:00+07:00"
    assert _looks(tmp_path, tmp_path / "inbox", moment, moment) == [[], []]


def _after(sensor: Any, workspace: Workspace, month: str, **tags: str) -> Any:
    """What a sensor asks for after a run of a month has ended well."""
    run = dg.DagsterRun(job_name="month", tags={"dagster/partition": month, **tags})
    with dg.instance_for_test() as instance:
        event = dg.DagsterEvent("PIPELINE_SUCCESS", "month")
        context = dg.build_run_status_sensor_context(
            sensor.name, event, instance, run, resources={"workspace": workspace}
        )
        found = sensor(context)
        return [found] if isinstance(found, dg.RunRequest | dg.SkipReason) else list(found)


def _follows(workspace: Workspace, *states: str) -> tuple[list[Any], list[Any]]:
    """What is asked for at two looks, with runs of a month in these states."""
    with dg.instance_for_test() as instance:
        for status in states:
            tags = {"dagster/partition": "2024-01"}
            instance.add_run(
                dg.DagsterRun("__ASSET_JOB", status=dg.DagsterRunStatus(status), tags=tags)
            )
        context = dg.build_sensor_context(instance, resources={"workspace": workspace})
        found = asked(months_that_follow(context))
        cursor = context.cursor
        again = dg.build_sensor_context(instance, cursor, resources={"workspace": workspace})
        return found, asked(months_that_follow(again))


@pytest.fixture
def march(march_home: Path, tmp_path: Path) -> Path:
    return copy_home(march_home, tmp_path / "home")


def _of_march(home: Path, table: str) -> Path:
    return Lake(home / "lake", "H24").path(table, Month(2024, 3))


def test_a_month_that_is_not_current_is_made_by_the_job_that_it_needs(march: Path) -> None:
    assert _follows(at(march, LATE)) == ([], [])
    path = _of_march(march, "plan_tasks")
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    assert _follows(at(march, LATE))[0] == [("following", "2024-03")]
    path.write_bytes(content)
    _of_march(march, "scores").unlink()
    assert _follows(at(march, LATE))[0] == [("month", "2024-03")]


@pytest.mark.parametrize("ended", [[], ["SUCCESS"], ["FAILURE"], ["CANCELED"]])
def test_it_follows_whatever_run_ended_last_and_however(march: Path, ended: list[str]) -> None:
    _of_march(march, "plan_tasks").unlink()
    assert _follows(at(march, LATE), *ended)[0] == [("following", "2024-03")]


def test_what_failed_is_not_asked_for_again_as_it_is(march: Path) -> None:
    _of_march(march, "plan_tasks").unlink()
    assert _follows(at(march, LATE))[1] == []


@pytest.mark.parametrize("state", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_nothing_follows_while_a_month_is_being_made_in_whatever_job(
    march: Path, state: str
) -> None:
    _of_march(march, "plan_tasks").unlink()
    assert _follows(at(march, LATE), "FAILURE", state) == ([], [])


def test_nothing_follows_while_a_command_is_at_work(march: Path) -> None:
    _of_march(march, "plan_tasks").unlink()
    workspace = at(march, LATE)
    with workspace.portal.lock(workspace.now):
        assert _follows(workspace) == ([], [])
    assert _follows(workspace)[0] == [("following", "2024-03")]


def test_new_files_are_left_to_the_look_at_the_inbox(march: Path, tmp_path: Path) -> None:
    inbox = Path(shutil.copytree(SAMPLE_INBOX, tmp_path / "inbox"))
    (inbox / "2024-03" / "ho-so-them.csv").write_text("half a fi")
    assert _follows(at(march, LATE, inbox)) == ([], [])


def test_another_program_is_left_to_whoever_installed_it(march: Path) -> None:
    for note in (march / "made-from" / "2024-03").glob("*.json"):
        note.write_text(re.sub(r'"the program": ".*?"', '"the program": "x"', note.read_text()))
    assert _follows(at(march, LATE)) == ([], [])


def test_an_overdue_publication_waits_for_a_month_that_is_not_current(computed: Path) -> None:
    Lake(computed / "lake", "H24").path("year_to_date", Month(2026, 9)).write_bytes(b"x")
    assert asked(sensed(overdue_publication, at(computed, LATE))) == [("month", "2026-09")]
    assert asked(scheduled(publication_day, at(computed, ON_TIME))) == []
    assert asked(_after(preview_before_the_date, at(computed, BEFORE), "2026-09")) == []


def test_what_the_command_line_did_is_left_to_it(computed: Path) -> None:
    assert asked(_after(preview_before_the_date, at(computed, BEFORE), "2026-09", **OURS)) == []


def test_a_month_that_is_not_out_is_previewed_once_it_is_computed(
    computed: Path, published_home: Path
) -> None:
    assert asked(_after(preview_before_the_date, at(computed, BEFORE), "2026-09")) == [
        ("preview", None)
    ]
    assert asked(_after(preview_before_the_date, at(published_home, LATE), "2026-09")) == []


def test_the_schedules_tick_in_the_city_s_time_and_run_from_the_start() -> None:
    told = {s.name: (s.cron_schedule, s.execution_timezone) for s in build_schedules()}
    assert told == {
        "daily_extraction": ("30 4 * * *", "Asia/Ho_Chi_Minh"),
        "publication_day": ("30 8 * * *", "Asia/Ho_Chi_Minh"),
    }


def test_everything_sleeps_until_the_setting_switches_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said, status in (("", "STOPPED"), ("off", "STOPPED"), ("on", "RUNNING")):
        monkeypatch.setenv("CCHC_AUTOMATION", said)
        repository = build_definitions(Workspace(home=str(tmp_path))).get_repository_def()
        all_of_them = (*repository.schedule_defs, *repository.sensor_defs)
        assert len(all_of_them) == 10
        assert {one.default_status.value for one in all_of_them} == {status}, said


def _silent(home: Path) -> Path:
    """The home as if no source had given a figure for September."""
    workspace = at(home, LATE)
    rows = workspace.lake.read("submissions", Month(2026, 9)).to_pylist()
    table = table_from_rows(load_contract("submissions"), [r | {"accepted": 0} for r in rows])
    workspace.lake.write("submissions", Month(2026, 9), table)
    return home


def test_a_month_of_which_no_source_gave_figures_is_never_published_by_itself(
    computed: Path,
) -> None:
    home = _silent(computed)
    told = "2026-09 was announced for 12/10/2026 08:30 and has no figures"
    for tick in (
        scheduled(publication_day, at(home, LATE)),
        sensed(overdue_publication, at(home, LATE)),
    ):
        assert tick.skip_message == told
    assert asked(_after(preview_before_the_date, at(home, BEFORE), "2026-09")) == []


def test_the_cursor_of_the_inbox_is_small(tmp_path: Path) -> None:
    result = sensed(inbox_files, at(tmp_path, LATE, _inbox(tmp_path)))
    assert set(json.loads(result.cursor)) == {"before", "taken"}
