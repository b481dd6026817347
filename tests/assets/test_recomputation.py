"""Making a release again: the same bytes from the archive, or the cell that differs."""

import json
import os
from pathlib import Path

import pytest

from assets.recomputation import portal_as_of, recomputed
from cchc_pipeline.settings import DOSSIERS_URL, Settings, load_settings
from publish.model import ReleaseId
from publish.store.state import Act
from publish.store.store import INDEX, Portal, switch
from tests.command_line import MONTH, SECOND, change_answer, copy_home, row_of, run
from tests.publish.small_release import APRIL, MARCH
from tests.publish.verify.damaged_release import whole_release

FIRST_RELEASE, SECOND_RELEASE = ReleaseId.parse(f"{MONTH}.r1"), ReleaseId.parse(f"{MONTH}.r2")


def silent(_: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture
def settings(published_home: Path, tmp_path: Path, inbox: Path) -> Settings:
    """An installation that has published once, to be changed."""
    return load_settings(home=copy_home(published_home, tmp_path / "home"), inbox=inbox)


@pytest.mark.slow
def test_releases_are_made_again_as_each_was_and_a_changed_figure_is_named(
    settings: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first although more has come in since, the second although it rests on the first.

    No source is asked for it: the database that is named cannot be reached.
    """
    change_answer(inbox, "handling-satisfaction", _one_more)
    assert run(settings.home, inbox, at=SECOND).out.startswith(f"published {SECOND_RELEASE}")
    monkeypatch.setenv(DOSSIERS_URL, "postgresql://a:b@127.0.0.1:1/x")
    before = dict(os.environ)
    assert recomputed(settings, FIRST_RELEASE, silent).result == "passed"
    assert dict(os.environ) == before

    path = Portal(settings.portal_dir).release_folder(SECOND_RELEASE) / "data" / "scores.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if ",ytd,H24,CKMB," in line)
    cells = lines[number].split(",")
    was, cells[4] = cells[4], "0.07"
    path.write_text("\n".join([*lines[:number], ",".join(cells), *lines[number + 1 :], ""]))
    told = recomputed(settings, SECOND_RELEASE, silent)
    (line,) = told.failures
    assert line.startswith(f"data/scores.csv differs: row {number} ({MONTH} ytd H24 CKMB), score")
    assert f"'0.07', made again '{was}'" in line


def _one_more(data: dict[str, object]) -> None:
    metric = row_of(data, "H24.M22")["metrics"][1]
    metric.update(numerator=metric["numerator"] + 1, ratio=20.0)


def test_a_changed_raw_byte_is_found_before_anything_is_computed(settings: Settings) -> None:
    blob = next(path for path in (settings.raw_dir / "blobs").glob("*/*") if path.is_file())
    blob.write_bytes(blob.read_bytes() + b" ")
    told = recomputed(settings, FIRST_RELEASE, silent)
    assert told.result == "failed"
    assert str(blob) in told.failures[0]
    assert "altered" in told.failures[0]


def test_another_version_of_the_program_is_said_first(settings: Settings) -> None:
    folder = Portal(settings.portal_dir).release_folder(FIRST_RELEASE)
    record = json.loads((folder / "release.json").read_bytes())
    (folder / "release.json").write_text(json.dumps(record | {"generator": "cchc_pipeline 0.0.1"}))
    next((settings.raw_dir / "blobs").glob("*/*")).unlink()
    said: list[str] = []
    told = recomputed(settings, FIRST_RELEASE, said.append)
    assert "cchc_pipeline 0.0.1" in said[0]
    assert "cchc_pipeline 0.0.1" in told.failures[0]
    assert "missing" in told.failures[1]


def test_without_the_raw_archive_nothing_is_made_again(tmp_path: Path) -> None:
    told = recomputed(load_settings(home=tmp_path), FIRST_RELEASE, silent)
    assert (told.result, "no raw archive" in told.reason) == ("not checked", True)


MARCH_ONE, MARCH_TWO, APRIL_ONE = ReleaseId(MARCH, 1), ReleaseId(MARCH, 2), ReleaseId(APRIL, 1)


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    """A portal that published twice, went back, and published again."""
    portal = Portal(tmp_path / "portal")
    acts = [
        Act("2024-04-10T00:00:00Z", "published", MARCH_ONE),
        Act("2024-04-20T00:00:00Z", "published", MARCH_TWO),
        Act("2024-04-21T00:00:00Z", "rolled_back", MARCH_ONE, "Sai", "VP"),
        Act("2024-05-10T00:00:00Z", "published", APRIL_ONE),
    ]
    for release in (MARCH_ONE, MARCH_TWO, APRIL_ONE):
        whole_release(portal.release_folder(release))
    site = portal.sites / "0004"
    site.mkdir(parents=True)
    index = {
        "releases": [{"id": str(act.release)} for act in acts if act.kind == "published"],
        "acts": [{**vars(act), "release": str(act.release)} for act in acts],
    }
    (site / INDEX).write_text(json.dumps(index))
    switch(portal, site)
    return portal


def test_a_portal_is_as_it_was_before_a_release_went_out(portal: Portal, tmp_path: Path) -> None:
    then = Portal(tmp_path / "then")
    portal_as_of(portal, APRIL_ONE, then)
    assert [release.id for release in then.published()] == [MARCH_ONE, MARCH_TWO]
    assert then.acts() == portal.acts()[:3]
    latest = then.latest()
    assert latest is not None
    assert latest.id == MARCH_ONE, "it had been rolled back by then"
    assert then.shown() == {MARCH_ONE, MARCH_TWO}


def test_before_the_first_release_a_portal_is_empty(portal: Portal, tmp_path: Path) -> None:
    then = Portal(tmp_path / "then")
    portal_as_of(portal, MARCH_ONE, then)
    assert (then.published(), then.latest(), then.shown()) == ((), None, frozenset())
