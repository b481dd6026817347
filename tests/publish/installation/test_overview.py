"""What an operator is told: the state of every month, and what a run would do."""

from datetime import timedelta
from pathlib import Path

import pytest

from cchc_pipeline.settings import Settings, load_settings
from cchc_pipeline.storage.lake import Lake
from publish.installation.dry_run import foreseen_publication
from publish.installation.status import installation_lines, installation_state
from publish.release.assemble import assemble
from publish.store.store import Portal
from tests.publish.crash_worker import go_out
from tests.publish.small_release import (
    APRIL,
    MARCH,
    MOMENT,
    ROOT,
    fill_lake,
    ingredients,
    score_rows,
    table,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that has not run yet."""
    return load_settings(home=tmp_path, root_unit=ROOT)


def publish_march(settings: Settings) -> None:
    """March computed and published."""
    lake, portal = Lake(settings.lake_dir, settings.root_unit), Portal(settings.portal_dir)
    fill_lake(lake)
    draft = assemble(lake, portal, ingredients(), MOMENT)
    assert draft is not None
    go_out(portal, draft)


def test_before_the_first_run_there_is_nothing(settings: Settings) -> None:
    seen = installation_state(settings)
    assert (seen["latest"], seen["months"], seen["units_awaiting_code"]) == (None, [], [])
    assert next(iter(installation_lines(seen))) == "latest release: none"


def test_a_published_month_says_what_came_what_is_missing_and_who_owes(settings: Settings) -> None:
    publish_march(settings)
    seen = installation_state(settings)
    assert (seen["latest"], seen["published_at"]) == ("2024-03.r1", "2024-05-10T01:00:00Z")
    (march,) = seen["months"]
    assert (march["computed"], march["published"]) == (True, True)
    assert (march["snapshots"], march["rows"], march["quarantined"]) == (1, {"scores": 21}, 1)
    assert march["missing"] == ["dossiers"]
    assert march["owed"] == {"Sở Nội vụ": ["II.3"], "Văn phòng UBND thành phố": ["II.2"]}


def test_a_month_that_was_only_collected_is_neither_computed_nor_published(
    settings: Settings,
) -> None:
    publish_march(settings)
    lake = Lake(settings.lake_dir, settings.root_unit)
    lake.write("scores", APRIL, table("scores", score_rows(APRIL)))
    april = installation_state(settings)["months"][-1]
    assert april["period"] == "2024-04"
    assert (april["computed"], april["published"]) == (False, False)


def test_units_that_the_law_names_and_nobody_gave_a_code_are_listed(settings: Settings) -> None:
    publish_march(settings)
    assert installation_state(settings)["units_awaiting_code"] == []
    city = settings.model_copy(update={"root_unit": "H24"})
    Lake(city.lake_dir, "H24").write("scores", MARCH, table("scores", score_rows(MARCH)))
    state = installation_state(city)
    assert len(state["units_awaiting_code"]) == 15
    assert any("units without a code (15" in line for line in installation_lines(state))


def test_the_lines_have_a_row_for_each_month_and_name_what_is_owed(settings: Settings) -> None:
    publish_march(settings)
    lines = list(installation_lines(installation_state(settings)))
    assert lines[0] == "latest release: 2024-03.r1 2024-05-10T01:00:00Z"
    assert lines[2].split() == ["2024-03", "1", "21", "1", "yes", "yes", "dossiers"]
    assert any(line.startswith("2024-03 owed by ") for line in lines)


# What a run would do


def test_the_plan_names_the_files_the_release_and_the_place(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "inbox/2024-03/portal").mkdir(parents=True)
    answer = tmp_path / "inbox/2024-03/portal/transparency.H24.month.json"
    answer.write_text("{}")
    (tmp_path / "inbox/2024-03/Thumbs.db").write_text("x")
    (tmp_path / "inbox/2024-03/ho-so.csv").write_text("x")
    (tmp_path / "inbox/2024-03/anh.bin").write_text("x")
    plan = foreseen_publication(settings, [MARCH, APRIL], MOMENT)
    assert list(plan) == [
        "2024-03: portal: 1 file(s) would be taken as answers of the national portal",
        "2024-03: anh.bin would not be taken: its content does not show what it is -> take it away",
        "2024-03: ho-so.csv would be taken as One-stop dossiers",
        "2024-03: 1 file(s) of programs (lock files, Thumbs.db …) would be passed over",
        f"2024-03: the run would stop: {answer}: is of H24, not of {ROOT} -> "
        "remove it, or put it into its place's folder of the inbox and say --root H24",
        "2024-04: the archive is replayed",
        "release: 2024-04.r1, if anything differs from nothing",
        f"visible at: {tmp_path / 'portal' / 'current'}",
    ]
    assert not (tmp_path / "portal").exists()


def test_the_plan_keeps_the_name_of_the_newest_month_that_is_out(settings: Settings) -> None:
    portal, lake = Portal(settings.portal_dir), Lake(settings.lake_dir, settings.root_unit)
    publish_march(settings)
    fill_lake(lake, APRIL)
    draft = assemble(lake, portal, ingredients(), MOMENT + timedelta(days=1))
    assert draft is not None
    go_out(portal, draft)
    lines = list(foreseen_publication(settings, [MARCH], MOMENT))
    assert lines[1] == "release: 2024-04.r2, if anything differs from 2024-04.r1"
