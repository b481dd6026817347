"""The guide for a new source, followed: a module, its contracts, one declaration, and nothing else.

``tests/cases/new_source`` is laid into a copy of the product; no file of the copy is edited.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command_line import FIRST, SAMPLE_INBOX

CASE, PRODUCT = Path(__file__).parent / "cases" / "new_source", Path(__file__).parents[1]
MONTH = "2024-03"
HEADINGS = "Mã phiếu,Đơn vị được đánh giá,Mức độ hài lòng,Dữ liệu mẫu\n"
ROWS = """\
MAU-1,H24.M01,5,x
MAU-2,H24.M02,4,x
MAU-2,H24.M02,4,x
MAU-3,Sở Không Có,4,x
MAU-4,H24.M01,chín,x
,H24.M01,3,x
"""
Told = subprocess.CompletedProcess[str]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the product, the new source in it, and an inbox that holds its files."""
    folder = tmp_path_factory.mktemp("new-source")
    for package in ("cchc_pipeline", "assets", "publish", "schemas"):
        unneeded = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PRODUCT / package, folder / "product" / package, ignore=unneeded)
    shutil.copytree(CASE / "schemas", folder / "product" / "schemas", dirs_exist_ok=True)
    shutil.copy(CASE / "surveys.py", folder / "product" / "cchc_pipeline" / "sources")
    inbox = folder / "inbox" / MONTH
    inbox.mkdir(parents=True)
    shutil.copy(SAMPLE_INBOX / "units.csv", inbox.parent)
    (inbox / "khao-sat").mkdir()
    (inbox / "khao-sat" / "khao-sat-mau.csv").write_text(HEADINGS + ROWS, encoding="utf-8")
    (inbox / "phieu.csv").write_text(HEADINGS + ROWS, encoding="utf-8")
    return folder


def _python(home: Path, *arguments: object) -> Told:
    """Python with that product, on a home of its own."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("CCHC_")}
    places = {"PYTHONPATH": str(home / "product"), "CCHC_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=home, env={**ours, **places},
    )  # fmt: skip


def _cchc(home: Path, *arguments: object) -> Told:
    return _python(home, "-m", "cchc_pipeline.cli.app", *arguments)


@pytest.fixture(scope="module")
def made(home: Path) -> Told:
    """The run of a month to which only the new source gave anything."""
    done = _cchc(home, "run", MONTH, "--published-at", FIRST, "--debug")
    assert done.returncode == 0, done.stderr
    return done


def _lake(home: Path, table: str) -> list[dict[str, object]]:
    (path,) = (home / "lake" / table).rglob("*.parquet")
    return list(pq.read_table(path).to_pylist())


def test_it_touches_a_module_and_files_of_data_and_edits_none() -> None:
    files = [path.relative_to(CASE) for path in CASE.rglob("*") if path.is_file()]
    assert sorted(map(str, files)) == [
        "schemas/quarantine/surveys.yaml",
        "schemas/records/surveys.yaml",
        "schemas/sources/surveys.yaml",
        "schemas/tables/raw_surveys.yaml",
        "schemas/tables/survey_quarantine.yaml",
        "schemas/tables/surveys.yaml",
        "surveys.py",
    ]
    in_product = (PRODUCT / path for path in files)
    assert not [path for path in in_product if path.exists()]


def test_its_files_are_judged_before_they_are_handed_in(home: Path) -> None:
    told = _cchc(home, "validate", home / "inbox" / MONTH / "khao-sat", "--month", MONTH)
    assert "surveys 2024-03: 6 dòng = 2 dùng được + 3 bị tạm giữ + 1 trùng" in told.stdout
    assert "dòng 6: Mức độ hài lòng không hợp lệ: “chín”." in told.stdout


def test_its_files_are_known_by_name_and_by_content(made: Told) -> None:
    assert "khao-sat/khao-sat-mau.csv is taken as Survey answers" in made.stderr
    misnamed = "phieu.csv is not taken: by its content it is Survey answers"
    assert f"{misnamed} -> name it khao-sat/khao-sat.csv" in made.stderr


def test_it_is_received_read_and_checked(home: Path, made: Told) -> None:
    assert [row["file"] for row in _lake(home, "raw_surveys")] == ["khao-sat-mau.csv"]
    assert [row["rating"] for row in _lake(home, "surveys")] == [5, 4]
    rules = {row["row"]: row["rule"] for row in _lake(home, "survey_quarantine")}
    assert rules == {5: "UNIT_UNKNOWN", 6: "RATING_UNREADABLE", 7: "CODE_MISSING"}
    for table in ("raw_surveys", "surveys", "survey_quarantine"):
        assert f"  {table}_checks" in made.stderr.splitlines()


@pytest.mark.usefixtures("made")
def test_it_is_accounted_for_in_what_is_published(home: Path) -> None:
    release = home / "portal" / "current" / "releases" / MONTH / "r1"
    submissions = (release / "data" / "submissions.csv").read_text(encoding="utf-8")
    assert f"{MONTH},H24,surveys," in submissions
    assert ",6,2,3,1,received," in submissions
    summary = (release / "data" / "quarantine_summary.csv").read_text(encoding="utf-8")
    assert f"{MONTH},H24.M01,surveys,RATING_UNREADABLE,1" in summary
    record = json.loads((release / "release.json").read_text(encoding="utf-8"))
    assert [source["title"] for source in record["sources"]] == ["Phiếu khảo sát mẫu"]
    assert list(record["inputs"][MONTH]) == ["surveys"]
    assert record["provenance"] == "sample"


@pytest.mark.usefixtures("made")
def test_its_state_is_told(home: Path) -> None:
    state = json.loads(_cchc(home, "status", "--json").stdout)
    (month,) = state["months"]
    assert month["rows"] == {"surveys": 6}
    assert month["quarantined"] == 3
    assert "petitions" in month["missing"]


def test_it_is_expected_each_month_as_it_declares(home: Path) -> None:
    asked = "from cchc_pipeline.settings import load_settings; print(load_settings().expected_list)"
    assert "'petitions', 'surveys', 'agency_reports'" in _python(home, "-c", asked).stdout


@pytest.mark.usefixtures("made")
def test_what_is_gone_from_the_inbox_is_replayed_until_it_is_taken_back(home: Path) -> None:
    (home / "inbox" / MONTH / "khao-sat" / "khao-sat-mau.csv").unlink()
    shown = _cchc(home, "run", MONTH, "--dry-run")
    assert "khao-sat-mau.csv of 2024-03 is no longer in the inbox" in shown.stdout + shown.stderr
    file = "khao-sat/khao-sat-mau.csv"
    gone = _cchc(home, "withdraw", MONTH, file, "--by", "Sở Mẫu", "--reason", "sent in error")
    assert gone.returncode == 0, gone.stderr
    assert "surveys" in gone.stdout + gone.stderr
