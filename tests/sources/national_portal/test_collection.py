"""A month taken in over a real connection, parsed, and replayed without one."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import SourceError
from cchc_pipeline.core.period import TIMEZONE, Basis, Month
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.national_portal.collection import Collected, collect_national_portal
from cchc_pipeline.sources.national_portal.tables import read_month
from cchc_pipeline.sources.raw.archive import RawArchive
from tests.builders.portal_answers import built_snapshot, sample_unit
from tests.sources.national_portal.replay_portal import ROOT_ID, WAF_PAGE, ReplayPortal

MONTH = Month(2026, 8)
SEPTEMBER = datetime(2026, 9, 5, 4, 30, tzinfo=TIMEZONE)
METHODOLOGY = load_methodology("766-2026")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between requests are asserted elsewhere; here they would only cost time."""
    monkeypatch.setattr(
        "cchc_pipeline.sources.national_portal.collection.time.sleep", lambda seconds: None
    )


@pytest.fixture
def answers() -> dict[tuple[str, str | None], bytes | list[bytes]]:
    """Consistent answers of a root with the real root's id and one unit below."""
    root = sample_unit("H24", "Thành phố Mẫu", "city", 1)
    root = type(root)(root.code, ROOT_ID, root.name, root.level, root.counts)
    built = built_snapshot(root, [sample_unit("H24.M01", "Sở Mẫu", "agency", 2)], METHODOLOGY)
    return {
        (name.removesuffix(".H24"), ROOT_ID if name.endswith(".H24") else None): json.dumps(
            answer
        ).encode()
        for name, answer in built.items()
    }


def _collect(tmp_path: Path, url: str, at: datetime = SEPTEMBER, fetch: bool = True) -> Collected:
    settings = Settings(home=tmp_path, portal_fetch=fetch, portal_base_url=url)
    return collect_national_portal(
        MONTH, settings, RawArchive(tmp_path / "raw"), tmp_path / "inbox", at
    )


def test_a_month_is_asked_for_parsed_and_replayed_later_without_the_network(
    tmp_path: Path, answers: dict[tuple[str, str | None], bytes | list[bytes]]
) -> None:
    with ReplayPortal(answers=answers) as portal:
        collected = _collect(tmp_path, portal.url)
        asked = len(portal.asked)
    assert {snapshot.basis for snapshot in collected.snapshots} == {Basis.MONTH, Basis.YTD}
    assert asked == 2 * 8
    rows = read_month(
        MONTH, RawArchive(tmp_path / "raw"), METHODOLOGY, load_register(), Settings(home=tmp_path)
    )
    codes = {row["unit_code"] for row in rows["portal_scores"]}
    assert codes == {"H24", "H24.M01"}
    assert {row["message_en"] for row in rows["portal_findings"]} == {
        "0 of 114 units of level commune are in the answers"
    }
    (account,) = rows["portal_submissions"]
    assert account["rows"] == account["accepted"] == 2 * (6 * 2 + 1 + 1)
    later = _collect(tmp_path, "http://127.0.0.1:9", fetch=False)
    assert later.snapshots == collected.snapshots


def test_the_year_so_far_is_not_asked_for_once_its_month_is_past(
    tmp_path: Path, answers: dict[tuple[str, str | None], bytes | list[bytes]]
) -> None:
    with ReplayPortal(answers=answers) as portal:
        collected = _collect(tmp_path, portal.url, datetime(2026, 11, 5, tzinfo=TIMEZONE))
    assert {snapshot.basis for snapshot in collected.snapshots} == {Basis.MONTH}
    assert any("not asked for ytd" in note for note in collected.notes)


def test_a_refusal_is_one_line_that_says_where_files_can_be_dropped_instead(tmp_path: Path) -> None:
    with (
        ReplayPortal(script={"transparency": [WAF_PAGE]}) as portal,
        pytest.raises(SourceError) as caught,
    ):
        _collect(tmp_path, portal.url)
    assert "inbox/2026-08/portal" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(set(portal.endpoints_asked)) < 7
    assert RawArchive(tmp_path / "raw").snapshots(MONTH) == ()


def test_what_was_dropped_is_taken_without_asking(tmp_path: Path) -> None:
    folder = tmp_path / "inbox" / "portal"
    folder.mkdir(parents=True)
    for name, answer in built_snapshot(
        sample_unit("H24", "Thành phố Mẫu", "city", 1), [], METHODOLOGY
    ).items():
        (folder / f"{name}.month.json").write_text(json.dumps(answer), encoding="utf-8")
    with ReplayPortal() as portal:
        collected = _collect(tmp_path, portal.url)
        assert portal.asked == []
    assert [snapshot.channel for snapshot in collected.snapshots] == ["file"]
