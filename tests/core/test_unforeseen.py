"""An error that nobody foresaw is one line with what was at work, and a report that can be sent."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import duckdb
import pyarrow as pa
import pytest

from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.unforeseen import AT_WORK, UnforeseenError, foreseen
from publish.installation import status
from tests.command_line import SAMPLE_INBOX, Outcome, cchc, copy_home, run

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
ROOT = Path(__file__).parents[2]
PERSON = "Nguyễn Văn Mẫu, 031099001234"


def _fault(*_: object) -> NoReturn:
    row = {PERSON: 1}
    raise KeyError(f"{PERSON} {row}")


@pytest.fixture
def outcome(
    published_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Outcome, Path]:
    """``cchc status`` on a home with an address in its settings, and with a fault of ours."""
    home = copy_home(published_home, tmp_path / "home")
    monkeypatch.setenv("CCHC_SMTP_TO", "lan@haiphong.example")
    monkeypatch.setenv("CCHC_SMTP_PASSWORD", "mat-khau-rat-dai")
    monkeypatch.setattr(status, "_inbox", _fault)
    return cchc("status", "--home", home, "--inbox", SAMPLE_INBOX), home


def test_the_line_names_the_report_that_lies_in_the_home(outcome: tuple[Outcome, Path]) -> None:
    said, home = outcome
    (report,) = (home / "reports").iterdir()
    assert said.code == 1
    assert said.problem.startswith("cchc: unexpected KeyError")
    assert said.problem.endswith(f"-> send {report}, or run it with --debug")
    assert report.stat().st_mode & 0o777 == 0o600


def test_the_report_says_where_the_program_was_and_nothing_of_the_data(
    outcome: tuple[Outcome, Path],
) -> None:
    (report,) = (outcome[1] / "reports").iterdir()
    text = report.read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["error"] == "KeyError"
    assert content["command"] == ["…", "--home", "…", "--inbox", "…"]
    assert content["frames"][-1].startswith("tests/core/test_unforeseen.py:")
    assert content["frames"][-1].endswith(" _fault")
    assert any("publish/installation/status.py" in frame for frame in content["frames"])
    assert content["settings"]["workers"] == 2
    assert content["settings"]["smtp_to"] == content["settings"]["home"] == "set"
    assert content["libraries"]["duckdb"]
    for word in ("Nguyễn", "031099001234", "lan@", "mat-khau", str(outcome[1].parent)):
        assert word not in text, word


def test_the_same_error_is_the_same_report(outcome: tuple[Outcome, Path]) -> None:
    home = outcome[1]
    assert cchc("status", "--home", home, "--inbox", SAMPLE_INBOX).code == 1
    assert len(list((home / "reports").iterdir())) == 1


def test_an_error_within_a_step_names_the_step_and_the_month(
    published_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    monkeypatch.setattr("assets.validated.read_dossiers", _fault)
    said = run(home, SAMPLE_INBOX, month="2024-03")
    (report,) = (home / "reports").iterdir()
    content = json.loads(report.read_text(encoding="utf-8"))
    assert said.problem.startswith("cchc: unexpected KeyError at read_dossiers of 2024-03")
    assert said.problem.count("\n") == 0
    assert content["step"] == "read_dossiers of 2024-03"
    assert content["command"][:2] == ["…", "2024-03"]
    assert content["frames"][-1].endswith(" _fault")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 8388608 failed"),
        duckdb.OutOfMemoryException("could not allocate block of size 256.0 KiB"),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        pa.ArrowException("Unknown error: std::bad_alloc"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_end_of_memory_is_told_as_such(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AT_WORK, "step", "scores of 2024-03")
    monkeypatch.setattr(AT_WORK, "file", "")
    said = str(foreseen(error))
    assert said.startswith("there is not enough memory at scores of 2024-03 -> give it more")


def test_an_error_of_ours_stays_what_it_is() -> None:
    error = CheckFailedError("a check")
    assert foreseen(error) is error
    assert not isinstance(foreseen(OSError(28, "No space left on device")), UnforeseenError)


@pytest.mark.parametrize("kilobytes", [900_000, 1_500_000])
def test_a_run_in_too_little_memory_is_one_line(tmp_path: Path, kilobytes: int) -> None:
    limit = kilobytes * 1024
    done = subprocess.run(
        [
            sys.executable, "-m", "cchc_pipeline", "run", "2024-03",
            "--home", tmp_path / "home", "--inbox", SAMPLE_INBOX,
        ],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("cchc: ulimit -v: there is not enough memory")
    assert done.stderr.count("\n") == 1
