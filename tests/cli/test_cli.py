"""The command line as its users meet it: what it says, what it leaves, how it ends."""

import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from assets.staleness import RECORD as MADE_FROM
from cchc_pipeline.core.period import TIMEZONE
from publish.store.store import Portal
from tests.command_line import (
    FIRST,
    MONTH,
    SAMPLE_INBOX,
    SECOND,
    THIRD,
    cchc,
    copy_home,
    index,
    run,
    shown,
    tree_digest,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("settings_of_nobody")]
INSTALLED = Path(sys.executable).with_name("cchc")


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    """A copy of an installation that has published September 2026."""
    return copy_home(published_home, tmp_path / "home")


def test_the_first_run_publishes_and_says_where(published_home: Path) -> None:
    assert index(published_home)["latest"] == "2026-09.r1"
    assert (published_home / "portal" / "current" / "index.html").is_file()


def test_a_second_run_has_nothing_to_publish_and_changes_nothing_that_is_shown(home: Path) -> None:
    before = shown(home)
    outcome = run(home, SAMPLE_INBOX, at=SECOND)
    assert (outcome.code, shown(home)) == (0, before)
    assert outcome.out == "nothing to publish: the content is that of the last release\n"


def test_the_same_inputs_and_moment_make_the_same_bytes(
    published_home: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    assert run(again, SAMPLE_INBOX).code == 0
    assert shown(again) == shown(published_home)
    assert tree_digest(again / "raw" / "portal") == tree_digest(published_home / "raw" / "portal")


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(home: Path, tmp_path: Path) -> None:
    before = tree_digest(tmp_path)
    outcome = run(home, SAMPLE_INBOX, "--dry-run", at=SECOND)
    assert (outcome.code, outcome.err) == (0, "")
    said = outcome.out.splitlines()
    assert said[0] == "2026-09: nothing changed since it was made; it would be passed over"
    assert said[1] == "2026-09: portal: 8 file(s) would be taken as answers of the national portal"
    assert said[2].startswith("release: 2026-09.r2, if anything differs from 2026-09.r1")
    nowhere = run(tmp_path / "new", SAMPLE_INBOX, "--dry-run")
    assert "release: 2026-09.r1" in nowhere.out
    assert tree_digest(tmp_path) == before


def test_a_span_processes_every_month_and_publishes_once(tmp_path: Path) -> None:
    outcome = run(tmp_path / "home", SAMPLE_INBOX, "--to", MONTH, "--empty", month="2026-08")
    assert outcome.out.startswith("published 2026-09.r1"), outcome.err
    (release,) = index(tmp_path / "home")["releases"]
    assert release["period"] == "2026-09"
    status = json.loads(cchc("status", "--home", tmp_path / "home", "--json").out)
    assert [month["period"] for month in status["months"]] == ["2026-08", "2026-09"]
    assert [month["published"] for month in status["months"]] == [True, True]
    assert status["months"][0]["missing"] == ["dossiers", "petitions", "procedures", "scores"]


def test_a_month_of_a_span_without_figures_is_left_out_and_told(tmp_path: Path) -> None:
    outcome = run(tmp_path / "home", SAMPLE_INBOX, "--to", MONTH, month="2026-08")
    assert outcome.out.startswith("published 2026-09.r1"), outcome.err
    told = "2026-08: no source gave figures; to publish it: cchc run 2026-08 --empty"
    assert told in outcome.err
    status = json.loads(cchc("status", "--home", tmp_path / "home", "--json").out)
    assert [month["published"] for month in status["months"]] == [False, True]


def test_a_newest_month_without_figures_goes_out_only_if_named_and_not_on_the_front_page(
    home: Path, inbox: Path
) -> None:
    before, at = tree_digest(home / "portal" / "current"), "2026-11-20T09:00:00+07:00"
    refused = run(home, inbox, month="2026-10", at=at)
    assert refused.code == 1
    assert refused.err.splitlines()[-1] == (
        "cchc: 2026-10: no source gave figures -> drop the files,"
        " or publish it without: cchc run 2026-10 --empty"
    )
    assert tree_digest(home / "portal" / "current") == before
    named = run(home, inbox, "--empty", month="2026-10", at=at)
    assert named.out.startswith("published 2026-10.r1"), named.err
    front = (home / "portal" / "current" / "index.html").read_text("utf-8")
    assert "Tháng 9/2026" in front.partition("<h1>")[2].partition("</h1>")[0]


def test_an_earlier_month_that_comes_later_is_a_revision_of_the_newest(home: Path) -> None:
    outcome = run(home, SAMPLE_INBOX, month="2024-03", at=SECOND)
    assert outcome.out.startswith("published 2026-09.r2"), outcome.err
    entries = index(home)["releases"]
    assert [entry["status"] for entry in entries] == ["superseded", "current"]


def test_progress_is_plain_lines_on_stderr_and_the_result_one_line_on_stdout(home: Path) -> None:
    shutil.rmtree(home / MADE_FROM)
    outcome = run(home, SAMPLE_INBOX, at=SECOND)
    lines = outcome.err.splitlines()
    assert lines[:2] == [
        "2026-09: portal: 8 file(s) are taken as answers of the national portal",
        "2026-09: extract, validate, compute",
    ]
    assert not any(line.startswith(" ") for line in lines), "no line a step"
    assert [line for line in lines if "made in" in line]
    assert "\x1b" not in outcome.err
    assert outcome.out == "nothing to publish: the content is that of the last release\n"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["run", "2026-13"], ["'2026-13' is not a month", "YYYY-MM"]),
        (["run", "2099-01"], ["2099-01 lies in the future", "run it from 2099-02-01 on"]),
        (
            ["run", "2026-10", "--published-at", "2026-10-20"],
            ["2026-10 is still running", "run it from 2026-11-01 on"],
        ),
        (["run", "2022-05"], ["lies before Decision 766", "begin with 2022-06"]),
        (["run", "2026-09", "--to", "2026-08"], ["--to", "lies before 2026-09"]),
        (["run", MONTH, "--published-at", "soon"], ["--published-at", "'soon' is not a moment"]),
        (["run", MONTH, "--published-at", "2099-01-01"], ["--published-at", "in the future"]),
        (["run", MONTH, "--inbox", "nowhere"], ["inbox nowhere: no such folder", "--inbox"]),
        (["serve"], ["nothing is published yet", "cchc run MONTH"]),
    ],
)
def test_a_wrong_command_is_one_line_with_exit_code_2(
    arguments: list[str], parts: list[str], tmp_path: Path
) -> None:
    outcome = cchc(*arguments, "--home", tmp_path / "home")
    assert (outcome.code, outcome.out) == (2, "")
    (line,) = outcome.err.splitlines()
    assert line.startswith("cchc: ")
    assert " -> " in line
    assert all(part in line for part in parts), line
    assert not (tmp_path / "home").exists()


def test_an_option_that_does_not_exist_is_usage_too() -> None:
    outcome = cchc("run", MONTH, "--hom", "x")
    assert outcome.code == 2
    assert "--home" in outcome.err


def test_a_running_month_is_refused_by_the_clock_when_no_moment_is_given(tmp_path: Path) -> None:
    now = datetime.now(TIMEZONE)
    outcome = cchc("run", f"{now:%Y-%m}", "--home", tmp_path / "home")
    assert outcome.code == 2
    assert "is still running" in outcome.err


def test_a_moment_before_the_last_release_is_refused_by_its_gate(home: Path, inbox: Path) -> None:
    before = shown(home)
    outcome = run(home, inbox, month="2024-03", at="2026-10-11T00:00:00+07:00")
    assert (outcome.code, shown(home)) == (1, before)
    assert "is not after" in outcome.problem


def test_another_publisher_at_work_is_exit_code_3(home: Path) -> None:
    holder = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from publish.store.store import Portal\n"
        "with Portal(Path(sys.argv[1])).lock(datetime.fromisoformat(sys.argv[2])):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, home / "portal", FIRST],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        outcome = run(home, SAMPLE_INBOX, at=SECOND)
        other.communicate("")
    assert outcome.code == 3
    (line,) = outcome.err.splitlines()
    assert f"pid {other.pid}" in line
    assert "wait until it has ended" in line


@pytest.mark.parametrize("place", [0, 3])
def test_debug_adds_the_traceback_wherever_it_stands(place: int, tmp_path: Path) -> None:
    arguments: list[object] = ["run", "2026-13", "--home", tmp_path]
    arguments.insert(place, "--debug")
    with pytest.raises(Exception, match="not a month"):
        cchc(*arguments)


def test_debug_shows_the_traceback_of_the_step_that_failed(tmp_path: Path, inbox: Path) -> None:
    (inbox / MONTH / "ho-so.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(Exception, match="no heading row") as caught:
        run(tmp_path / "home", inbox, "--debug")
    assert "csv_files.py" in str(caught.value.__cause__)


def test_a_home_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", "utf-8")
    outcome = run(tmp_path / "home", SAMPLE_INBOX)
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) == 1


def test_an_error_that_nobody_foresaw_is_one_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("what")

    monkeypatch.setattr("publish.installation.dry_run.foreseen_publication", broken)
    outcome = run(tmp_path / "home", SAMPLE_INBOX, "--dry-run")
    assert outcome.code == 1
    assert outcome.err == "cchc: unexpected KeyError: 'what' -> run it with --debug and report it\n"


def test_status_says_what_is_there_and_who_owes_what(march_home: Path) -> None:
    lines = cchc("status", "--home", march_home, "--inbox", SAMPLE_INBOX).out.splitlines()
    assert lines[0].startswith("latest release: 2024-03.r1")
    assert any(line.startswith("2024-03 ") and line.endswith(" scores") for line in lines)
    assert any("owed by" in line for line in lines)
    seen = json.loads(cchc("status", "--home", march_home, "--json").out)
    assert set(seen) == {
        "latest", "published_at", "preview", "months", "units_awaiting_code", "inbox", "damaged",
        "not_current", "places", "reports",
    }  # fmt: skip
    assert seen["latest"] == "2024-03.r1"
    (month,) = seen["months"]
    assert (month["period"], month["computed"], month["published"]) == ("2024-03", True, True)
    assert month["owed"]


def test_status_before_anything_was_done_is_no_error(tmp_path: Path) -> None:
    outcome = cchc("status", "--home", tmp_path / "new")
    assert outcome.code == 0
    assert outcome.out.startswith("latest release: none")
    assert not (tmp_path / "new").exists()


@pytest.fixture
def address(published_home: Path, tmp_path: Path) -> Iterator[str]:
    """Where the installed ``cchc serve`` serves, on a free port."""
    with subprocess.Popen(
        [INSTALLED, "serve", "--home", published_home, "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        reader = threading.Timer(30, server.kill)  # a server that says nothing must not hang us
        reader.start()
        try:
            yield server.stdout.readline().split()[0]
        finally:
            reader.cancel()
            server.kill()  # a caller may have left the milder signals ignored


def test_serve_shows_pages_and_files_with_their_types(address: str) -> None:
    types = {
        "": "text/html; charset=utf-8",
        "en/": "text/html; charset=utf-8",
        "data/scores.csv": "text/csv; charset=utf-8",
        "index.json": "application/json; charset=utf-8",
    }
    assert address.startswith("http://127.0.0.1:")
    for path, expected in types.items():
        with urllib.request.urlopen(address + path, timeout=10) as response:  # noqa: S310 - own
            assert (response.status, response.headers["Content-Type"]) == (200, expected)


def test_serve_on_a_port_in_use_is_one_line(address: str, published_home: Path) -> None:
    port = address.rstrip("/").rpartition(":")[2]
    outcome = cchc("serve", "--home", published_home, "--port", port)
    assert outcome.code == 2
    (line,) = outcome.err.splitlines()
    assert f"port {port} cannot be used" in line


def test_the_installed_command_ends_with_its_exit_code_from_any_folder(tmp_path: Path) -> None:
    outside = {name: value for name, value in os.environ.items() if name != "PATH"}
    wrong = subprocess.run(
        [INSTALLED, "run", "2026-13"], cwd=tmp_path, env=outside, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 1
    helped = subprocess.run(
        [INSTALLED, "--help"], cwd=tmp_path, env=outside, capture_output=True, text=True, check=True
    )
    assert all(command in helped.stdout for command in ("run", "status", "serve"))


def test_the_lock_is_free_again_after_a_run_that_failed(home: Path, inbox: Path) -> None:
    (inbox / MONTH / "portal" / "manifest.json").write_text("[]", "utf-8")
    assert run(home, inbox, at=SECOND).code == 1
    with Portal(home / "portal").lock(datetime.fromisoformat(THIRD)):
        assert index(home)["latest"] == "2026-09.r1"


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["run", "2026-13"], 2)])
def test_the_installed_command_ends_with_its_code_after_what_was_left_for_the_end(
    arguments: list[str], code: int
) -> None:
    program = (
        "import atexit, sys; from cchc_pipeline.cli.app import command\n"
        "atexit.register(print, 'left for the end')\n"
        "sys.argv[0] = 'cchc'; command()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stdout.endswith("left for the end\n")
