"""The daemon and places: one round for each site, another each hour while a place is behind."""

from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.places import PLACES_JOB, places_job, places_sensors
from assets.resources import Workspace
from publish.store.place_log import PLACE_LOG, PlaceLog
from publish.store.store import Portal
from tests.made_once import MadeOnce
from tests.publish.places.servers import MARK, mounted
from tests.publish.places.stages import make_stages

pytestmark = MARK
(SENSOR,) = places_sensors()
AT = datetime.fromisoformat("2024-06-10T08:30:00+07:00")


@pytest.fixture
def home(made_once: MadeOnce, tmp_path: Path) -> Path:
    """A small portal that shows its second release."""
    stages, home = made_once("stages-of-places", make_stages), tmp_path / "home"
    home.mkdir()
    (home / "portal").symlink_to(stages / "revised" / "portal")
    return home


def asked(home: Path, at: datetime = AT) -> str:
    """The key of the run that the sensor asks for; empty if it asks for none."""
    workspace = Workspace(home=str(home), moment=at.isoformat())
    context = dg.build_sensor_context(resources={"workspace": workspace})
    found = SENSOR.evaluate_tick(context).run_requests or []
    return str(found[0].run_key) if found else ""


def test_an_installation_without_places_asks_for_nothing(home: Path) -> None:
    assert asked(home) == ""


def test_a_place_that_is_behind_is_brought_and_then_left_alone(home: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "there", "link") as place:
        declare(home, place.shown_at, tmp_path / "there")
        site = Portal(home / "portal").current.resolve().name
        assert asked(home) == f"{site}@2024-06-10T08"
        assert asked(home, AT + timedelta(hours=1)) == f"{site}@2024-06-10T09"
        workspace = Workspace(home=str(home), moment=AT.isoformat())
        done = places_job.execute_in_process(resources={"workspace": workspace})
        assert done.success
        assert asked(home) == ""
    (line,) = PlaceLog(home / PLACE_LOG).lines()
    assert (line.act, line.release) == ("confirmed", "2024-04.r1")


def test_a_place_that_does_not_answer_fails_no_run(home: Path, tmp_path: Path) -> None:
    declare(home, "http://127.0.0.1:9/", tmp_path / "there")
    workspace = Workspace(home=str(home), moment=AT.isoformat())
    assert places_job.execute_in_process(resources={"workspace": workspace}).success
    (line,) = PlaceLog(home / PLACE_LOG).lines()
    assert (line.act, line.line.partition(":")[0]) == ("failed", "silent")
    assert asked(home), "it is tried again"


def test_the_job_is_in_the_graph_and_asleep_until_automation_is_on() -> None:
    (awake,) = places_sensors(is_on=True)
    assert places_job.name == PLACES_JOB
    assert SENSOR.default_status == dg.DefaultSensorStatus.STOPPED
    assert awake.default_status == dg.DefaultSensorStatus.RUNNING


def declare(home: Path, address: str, there: Path) -> None:
    there.mkdir(exist_ok=True)
    (home / "places.yaml").write_text(
        "places:\n  - {name: noi_thu, title: {vi: Thử, en: Trial}, kind: files, required: true,\n"
        f"     shown_at: '{address}', remote: {{type: local}}, path: '{there}', pointer: link,\n"
        "     wait_seconds: 0}\n",
        encoding="utf-8",
    )
