"""Many months at once: the others go on where one fails, a killed one goes on where it stopped."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.core.period import Month
from publish.store.store import Portal, read_tables
from tests.command_line import FIRST, SAMPLE_INBOX, SECOND, cchc, copy_home, index, run

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
JANUARY, FEBRUARY, MARCH = (Month(2024, number) for number in (1, 2, 3))
SPAN = (JANUARY, FEBRUARY)


def backfill(home: Path, inbox: Path, *options: object, at: str = FIRST) -> Any:
    given = ("--home", home, "--inbox", inbox, "--published-at", at, *options)
    return cchc("backfill", *map(str, SPAN), *given)


def figures(home: Path) -> Mapping[str, list[dict[str, Any]]]:
    """What is published, without what tells of releases and of what this system published when."""
    latest = Portal(home / "portal").latest()
    assert latest is not None
    tables = read_tables(latest)
    told = {"release", "received_at"}
    return {
        name: [{k: v for k, v in row.items() if k not in told} for row in table.to_pylist()]
        for name, table in tables.items()
        if name != "revisions"
    }


@pytest.mark.slow
def test_a_corrupt_month_holds_nobody_up_and_a_killed_backfill_goes_on(
    inbox: Path, tmp_path: Path
) -> None:
    home, broken = tmp_path / "home", inbox / "2024-02" / "ho-so-mau.xlsx"
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    outcome = backfill(home, inbox)
    assert outcome.code == 1
    assert "1 of 2 months failed" in outcome.problem
    assert "2024-02: ho-so-mau.xlsx" in outcome.problem
    latest = Portal(home / "portal").latest()
    assert latest is not None
    assert latest.periods == (JANUARY,)

    broken.write_bytes(whole)
    _killed_once_it_works(home, inbox)
    assert index(home)["latest"] == "2024-01.r1", "readers see what they saw"
    outcome = backfill(home, inbox, at=SECOND)
    assert outcome.code == 0, outcome.err
    assert outcome.err.startswith("1 of 2 months were done before")

    one_by_one = tmp_path / "one-by-one"
    for month, moment in zip(SPAN, (FIRST, SECOND), strict=True):
        assert run(one_by_one, inbox, month=str(month), at=moment).code == 0
    assert _without_publications(figures(home)) == _without_publications(figures(one_by_one))
    feed = (home / "portal" / "current" / "feed.atom").read_text(encoding="utf-8")
    assert feed.count("– Bổ sung kỳ trước") == 2


def _without_publications(tables: Mapping[str, list[dict[str, Any]]]) -> Mapping[str, Any]:
    """Target 31 and its task count this system's own releases, which differ on purpose."""
    rows = [row for row in tables["plan_indicators"] if row["indicator_id"] != "31"]
    return {**tables, "plan_indicators": rows}


def _killed_once_it_works(home: Path, inbox: Path) -> None:
    """Start the command as a user does, and kill it with SIGKILL while a worker is at work."""
    runs = len(list((home / "dagster" / "history" / "runs").glob("*.db")))
    command = [sys.executable, "-m", "cchc_pipeline.cli.app", "backfill", *map(str, SPAN)]
    process = subprocess.Popen(
        [*command, "--home", home, "--inbox", inbox, "--published-at", SECOND],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(120):
        if len(list((home / "dagster" / "history" / "runs").glob("*.db"))) > runs:
            break
        assert process.poll() is None
        time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    outcome = backfill(tmp_path / "home", SAMPLE_INBOX, "--dry-run")
    assert outcome.code == 0
    assert outcome.out.count("would be taken as One-stop dossiers") == 2
    assert not (tmp_path / "home").exists()


def test_a_preview_is_shown_outside_the_web_root_and_approved_before_it_may_go_out(
    march_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    shutil.rmtree(home / "portal")
    monkeypatch.setenv("CCHC_APPROVAL", "true")
    given = ("--home", home, "--inbox", SAMPLE_INBOX, "--published-at", FIRST)
    assert "there is no preview" in cchc("approve", "2024-03", "--by", "x", "--home", home).problem
    shown = cchc("preview", "2024-03", *given)
    assert shown.code == 0, shown.err
    digest = re.search(r"cchc approve --digest ([0-9a-f]{12}) --by OFFICE", shown.out)
    assert digest
    site = home / "preview" / "portal" / "current"
    pages = [path.read_text(encoding="utf-8") for path in site.resolve().rglob("*.html")]
    assert len(pages) > 40
    assert all(("BẢN XEM TRƯỚC" in page) != ("PREVIEW, not yet" in page) for page in pages)
    assert not (home / "portal" / "current").exists()

    status = ("status", "--home", home, "--inbox", SAMPLE_INBOX)
    assert "last preview: 2024-03.r1 2026-10-12T01:30:00Z, not approved" in cchc(*status).out
    by = ("--by", "Văn phòng UBND thành phố", "--home", home, "--published-at", FIRST)
    assert "other figures" in cchc("approve", "--digest", "0" * 12, *by).problem
    approved = cchc("approve", "--digest", digest[1], *by)
    assert approved.code == 0
    assert f"2024-03.r1 ({digest[1]}) is approved" in approved.out
    assert "approved by Văn phòng UBND thành phố" in cchc(*status).out
    out = cchc("run", "2024-03", "--home", home, "--inbox", SAMPLE_INBOX, "--published-at", SECOND)
    assert out.code == 0, out.err
    acts = [json.loads(line)["act"] for line in (home / "approvals.jsonl").read_text().splitlines()]
    assert acts == ["previewed", "approved"]
    page = (home / "portal" / "current" / "index.html").read_text(encoding="utf-8")
    assert "BẢN XEM TRƯỚC" not in page
