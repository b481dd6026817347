"""A legacy month and one of the rebuilt portal in one installation, by the command line."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from publish.site.words import number_text
from tests.builders.legacy_rows import drop, units
from tests.command_line import SAMPLE_INBOX, SECOND, cchc, copy_home, published, run
from tests.made_once import MadeOnce

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
LEGACY, NEXT, NEW = "2024-05", "2024-06", "2026-09"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def legacy_home(made_once: MadeOnce) -> Path:
    """An installation that published May 2024 from the legacy gateway, and June without any."""
    return made_once("legacy", _of_legacy)


def _of_legacy(home: Path) -> None:
    windows = ("month", "year")
    drop(home / "inbox", LEGACY, below=units(), captured_at="2024-06-10", windows=windows)
    shutil.copy(SAMPLE_INBOX / "units.csv", home / "inbox")
    outcome = run(home, home / "inbox", "--to", NEXT, "--empty", month=LEGACY)
    assert outcome.code == 0, outcome.err


@pytest.fixture(scope="module")
def both_home(legacy_home: Path, made_once: MadeOnce) -> Path:
    """The same with September 2026 of the sample beside it."""

    def make(home: Path) -> None:
        copy_home(legacy_home, home)
        shutil.copytree(SAMPLE_INBOX / NEW, home / "inbox" / NEW)
        outcome = run(home, home / "inbox", month=NEW, at=SECOND)
        assert outcome.code == 0, outcome.err

    return made_once("legacy-and-new", make)


def of(home: Path, period: str, metric: str = "TOTAL", basis: str = "month") -> dict[str, Any]:
    """Scores of a month by unit."""
    rows: Rows = published(home, "scores")
    wanted = (period, metric, basis)
    return {
        r["unit_code"]: r for r in rows if (r["period"], r["metric_code"], r["basis"]) == wanted
    }


def test_a_legacy_month_is_published_with_its_source_and_methodology(legacy_home: Path) -> None:
    city = of(legacy_home, LEGACY)["H24"]
    assert (city["score"], city["methodology"], city["source_system"]) == (
        83.25, "766-2022", "dvcqg-legacy",
    )  # fmt: skip
    assert (city["recomputed_score"], city["difference"]) == (83.25, 0.0)
    group = of(legacy_home, LEGACY, "TDGQ")["H24"]
    assert (group["score"], group["recomputed_score"]) == (19.25, None)


def test_provinces_of_the_time_are_the_peers_and_ties_share_a_rank(legacy_home: Path) -> None:
    rows = of(legacy_home, LEGACY)
    ranks = {code: row["rank"] for code, row in rows.items() if row["score"] is not None}
    assert ranks == {
        "H24": 1, "H97": 1, "H26": 3, "H98": 4, "H24.91": 1, "H24.92": 2, "H24.93": None,
    }  # fmt: skip
    spans = {r["unit_code"]: str(r["valid_to"]) for r in published(legacy_home, "units")}
    assert spans["H97"] == spans["H24.91"] == "2025-06-30"


def test_what_is_missing_of_a_month_of_that_time_is_its_groups_and_no_metric(
    legacy_home: Path,
) -> None:
    rows = [r for r in published(legacy_home, "scores") if r["period"] == NEXT]
    assert {(r["unit_code"], r["obs_status"]) for r in rows} == {("H24", "O")}
    assert {r["basis"] for r in rows} == {"month", "quarter", "ytd"}
    assert {r["metric_code"] for r in rows} == {
        "TOTAL", "CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH",
    }  # fmt: skip


def test_both_methodologies_stand_in_one_release_and_on_the_pages(both_home: Path) -> None:
    codes = {r["methodology"] for r in published(both_home, "metrics")}
    assert codes == {"766-2022", "766-2026"}
    assert of(both_home, LEGACY)["H24"]["score"] == 83.25
    new = of(both_home, NEW, basis="ytd")["H24"]
    assert new["methodology"] == "766-2026"
    site = both_home / "portal" / "current"
    for month, score in ((LEGACY, 83.25), (NEW, new["score"])):
        page = (site / "thang" / f"{month}.html").read_text("utf-8")
        assert number_text(score, 2, "vi") in page
    method = (site / "phuong-phap.html").read_text("utf-8")
    assert "766-2022" in method
    assert "766-2026" in method


def test_the_pages_compare_nothing_across_the_methodologies(both_home: Path) -> None:
    site = both_home / "portal" / "current"
    page = (site / "chi-so" / "TOTAL.html").read_text("utf-8")
    assert "cách tính 766-2026, nguồn dvcqg-2026; không so sánh với các kỳ trước" in page
    unit = (site / "don-vi" / "H24.html").read_text("utf-8")
    assert "83,25" in unit


def test_the_release_of_both_verifies(both_home: Path) -> None:
    outcome = cchc("verify", "--home", both_home, "--inbox", both_home / "inbox")
    assert outcome.code == 0, outcome.out + outcome.err


def test_provinces_that_were_merged_are_no_peers_of_2026(both_home: Path) -> None:
    assert "H97" not in of(both_home, NEW, basis="ytd")
