"""What lies in the inbox is told by every command, and what was delivered can be taken back."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.dossier_export import csv_bytes, dossier
from tests.command_line import SAMPLE_INBOX, cchc, copy_home, in_lake, published, run
from tests.made_once import MadeOnce

MARCH = "2024-03"
UNIT = "H24.M01"
EXPORT = csv_bytes([dossier(number, DonViXuLy=UNIT) for number in range(1, 5)])


def inbox_with(place: Path, **files: bytes) -> Path:
    """An inbox with the sample units and files of March."""
    folder = place / MARCH
    folder.mkdir(parents=True)
    shutil.copy(SAMPLE_INBOX / "units.csv", place)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return place


@pytest.fixture(scope="module")
def processed(made_once: MadeOnce) -> tuple[Path, Path, str]:
    """A month that was published while a file of another name lay there, and what the run said."""
    place = made_once("told", _processed)
    return place / "home", place / "inbox", (place / "said").read_text(encoding="utf-8")


def _processed(place: Path) -> None:
    files = {"ho-so.csv": EXPORT, "HoSo thang 3.csv": EXPORT, "Thumbs.db": b"x", "x.bin": b"x"}
    inbox = inbox_with(place / "inbox", **files)
    outcome = run(place / "home", inbox, month=MARCH)
    assert outcome.code == 0, outcome.problem
    (place / "said").write_text(outcome.err, encoding="utf-8")


@pytest.mark.parametrize(
    "names", [("HoSo.csv", "phan anh.csv"), ("baocao/H24.M01.xlsx",), ("ghi chu.txt", "~$a.xlsx")]
)
def test_a_month_of_which_nothing_is_taken_stops_and_leaves_nothing(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    inbox = inbox_with(tmp_path / "inbox", **dict.fromkeys(names, EXPORT))
    outcome = run(tmp_path / "home", inbox, month=MARCH)
    assert outcome.code == 1
    assert "nothing is taken" in outcome.problem
    assert all(name in outcome.problem for name in names if not name.startswith("~$"))
    assert not in_lake(tmp_path / "home", "scores", MARCH)
    assert not in_lake(tmp_path / "home", "submissions", MARCH)


def test_a_run_tells_each_file_and_what_was_read(processed: tuple[Path, Path, str]) -> None:
    _, _, said = processed
    assert "ho-so.csv is taken as One-stop dossiers" in said
    assert "HoSo thang 3.csv is not taken" in said
    assert "name it ho-so-2.csv" in said
    assert "1 file(s) of programs" in said
    assert "ho-so.csv: 4 rows = 4 accepted + 0 quarantined + 0 duplicates" in said


def test_status_the_lake_and_the_alert_tell_what_is_not_taken(
    processed: tuple[Path, Path, str],
) -> None:
    home, inbox, _ = processed
    told = json.loads(cchc("status", "--home", home, "--inbox", inbox, "--json").out)
    assert len(told["inbox"]["not_taken"]) == 2
    assert "HoSo thang 3.csv" in cchc("status", "--home", home, "--inbox", inbox).out
    fates = {
        row["path"]: (row["fate"], row["should_be"])
        for row in in_lake(home, "inbox_account", MARCH)
    }
    assert fates["HoSo thang 3.csv"] == ("not_taken", "ho-so-2.csv")
    assert fates["Thumbs.db"] == ("litter", None)
    alerts = cchc("alerts", "--home", home, "--inbox", inbox).out
    assert "2 tệp trong hộp nhận không được nhận" in alerts
    assert "HoSo thang 3.csv (Sai tên hoặc sai chỗ; tên đúng: ho-so-2.csv)" in alerts


def test_the_quality_page_counts_them_by_reason_and_names_none(
    processed: tuple[Path, Path, str],
) -> None:
    home, _, _ = processed
    for page, reason in (("", "Sai tên hoặc sai chỗ"), ("en/", "Wrong name or place")):
        text = (home / "portal/current" / page / "chat-luong.html").read_text(encoding="utf-8")
        assert reason in text
        assert "HoSo thang 3" not in text


def test_a_withdrawn_file_counts_no_more_and_the_month_is_made_anew(
    processed: tuple[Path, Path, str], tmp_path: Path
) -> None:
    home = copy_home(processed[0], tmp_path / "home")
    inbox = Path(shutil.copytree(processed[1], tmp_path / "inbox"))
    asked = ("withdraw", MARCH, "ho-so.csv", "--reason", "nhầm", "--home", home, "--inbox", inbox)
    assert cchc(*asked).problem.endswith("remove it first")
    for path in (inbox / MARCH).iterdir():
        path.unlink()
    plan = run(home, inbox, "--dry-run", month=MARCH)
    assert "ho-so.csv of 2024-03 is no longer in the inbox" in plan.out
    act = json.loads(cchc(*asked, "--json").out)
    assert (act["file"], act["reason"], act["left"]) == ("ho-so.csv", "nhầm", "")
    again = cchc(*asked)
    assert (again.code, "nothing was delivered" in again.problem) == (2, True)
    assert (
        "ho-so.csv (dossiers) was withdrawn" in cchc("status", "--home", home, "--inbox", inbox).out
    )
    outcome = run(
        home, inbox, "--accept-revisions", "SRC", month=MARCH, at="2026-10-20T08:30:00+07:00"
    )
    assert outcome.code == 0, outcome.problem
    missing = {row["table"] for row in published(home, "submissions") if row["status"] == "missing"}
    assert "dossiers" in missing


def test_broken_corrections_that_were_deleted_name_the_way_out(tmp_path: Path) -> None:
    files = {"ho-so.csv": EXPORT, "corrections.yaml": b"corrections:\n  - {basis: month}\n"}
    inbox, home = inbox_with(tmp_path / "inbox", **files), tmp_path / "home"
    assert run(home, inbox, month=MARCH).code == 1
    (inbox / MARCH / "corrections.yaml").unlink()
    outcome = run(home, inbox, month=MARCH)
    assert outcome.code == 1
    assert "corrections.yaml of 2024-03 is no longer in the inbox" in outcome.err
    assert "cchc withdraw 2024-03 corrections.yaml" in outcome.problem


def test_petitions_beside_a_damaged_file_count_and_are_told(tmp_path: Path) -> None:
    petitions = (SAMPLE_INBOX / MARCH / "phan-anh-mau.csv").read_bytes()
    files = {"phan-anh.csv": petitions, "phan-anh-2.xlsx": b"PK\x03\x04"}
    inbox, home = inbox_with(tmp_path / "inbox", **files), tmp_path / "home"
    outcome = run(home, inbox, month=MARCH)
    assert outcome.code == 0, outcome.problem
    assert "petitions: 2 file(s), received in part, 59 rows = 59 accepted" in outcome.err
    assert "phan-anh-2.xlsx: " in outcome.err
    (account,) = [row for row in published(home, "submissions") if row["table"] == "petitions"]
    assert account["status"] == "partial"
    rows = {row["unit_code"]: row for row in published(home, "petition_statistics")}
    assert (rows["H24"]["obs_status"], rows["H24"]["received"]) == ("P", 53)
    (month,) = json.loads(cchc("status", "--home", home, "--inbox", inbox, "--json").out)["months"]
    assert month["rows"]["petitions"] == 59
    tried = cchc("validate", inbox / MARCH, "--inbox", inbox, "--json")
    told = json.loads(tried.out)
    assert (tried.code, told["rows"], told["accepted"], len(told["refusals"])) == (1, 59, 59, 1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda month: (month / "portal/transparency.H24.year.json").unlink(), "not whole"),
        (lambda month: (month / "portal/manifest.json").write_text("{"), "manifest"),
        (lambda month: os.mkfifo(month / "ho-so.csv"), "ho-so.csv is no file"),
        (lambda month: (month / "corrections.yaml").mkdir(), "corrections.yaml is no file"),
    ],
)
def test_a_dry_run_says_what_would_stop_the_month_and_leaves_nothing(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    shutil.copytree(SAMPLE_INBOX / "2026-09", inbox / "2026-09")
    shutil.copy(SAMPLE_INBOX / "units.csv", inbox)
    spoil(inbox / "2026-09")
    outcome = run(home, inbox, "--dry-run", month="2026-09")
    assert outcome.code == 0, outcome.problem
    (line,) = [line for line in outcome.out.splitlines() if "the run would stop" in line]
    assert words in line
    assert not list(home.rglob("*"))


def test_a_pipe_under_the_name_of_a_list_hangs_nothing(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path / "inbox")
    (inbox / "units.csv").unlink()
    os.mkfifo(inbox / "units.csv")
    outcome = run(tmp_path / "home", inbox, "--dry-run", month=MARCH)
    assert outcome.code == 2
    assert "is no regular file" in outcome.problem


# cchc validate


def sample(place: str) -> Callable[[Path], list[Path]]:
    return lambda _: [SAMPLE_INBOX / place]


def elsewhere(content: bytes, name: str) -> Callable[[Path], list[Path]]:
    def made(folder: Path) -> list[Path]:
        (folder / name).write_bytes(content)
        return [folder / name]

    return made


@pytest.mark.parametrize(
    ("files", "kind", "code"),
    [
        (sample("2024-03/phan-anh-mau.csv"), "petitions", 0),
        (sample("2024-03/tthc-mau.csv"), "procedures", 0),
        (sample("2024-03/bao-cao/H24.M01.xlsx"), "agency_forms", 0),
        (sample("2024-03/bao-cao"), "agency_forms", 0),
        (sample("2026-09/portal"), "scores", 0),
        (sample("2026-09/portal/transparency.H24.year.json"), "scores", 0),
        (sample("2026-09/portal/manifest.json"), "manifest", 0),
        (sample("units.csv"), "units", 0),
        (elsewhere(EXPORT, "xuat.dat"), "dossiers", 0),
        (elsewhere(b"corrections: []\n", "sua.txt"), "corrections", 0),
        (elsewhere(b"corrections: [{x: 1}]\n", "corrections.yaml"), "corrections", 1),
        (elsewhere(b"period,place,published_at\n2024-03,city_portal,2024-04-10\n", "p.csv"),
         "publications", 0),
        (elsewhere(b"period,place,published_at\n2024-03,x,2024-04-10\n", "p.csv"),
         "publications", 1),
        (elsewhere(b"old_code,new_code,date,kind\nH24.M01,,2024-03-01,gone\n", "a.csv"),
         "successions", 1),
        (elsewhere(b'{"code": "ERR", "data": {"groupScores": 1}}', "a.json"), "scores", 1),
    ],
)  # fmt: skip
def test_validate_takes_every_kind_and_names_it(
    tmp_path: Path, files: Callable[[Path], list[Path]], kind: str, code: int
) -> None:
    found = files(tmp_path)
    month = (
        () if any(text in str(found[0]) for text in ("2024-03", "2026-09")) else ("--month", MARCH)
    )
    outcome = cchc(
        "validate", *found, *month, "--inbox", SAMPLE_INBOX, "--home", tmp_path / "h", "--json"
    )
    assert outcome.code == code, outcome.problem
    told = json.loads(outcome.out)
    assert told["table"] == kind
    assert bool(told["problem"] or told["refusals"]) == bool(code)
    assert not (tmp_path / "h").exists()


def test_validate_says_that_a_month_would_stop_and_which_name_a_file_should_have(
    tmp_path: Path,
) -> None:
    rows = [dossier(1, DonViXuLy=UNIT), dossier(2, DonViXuLy=UNIT, TongLePhi="-1")]
    (tmp_path / "HoSo.csv").write_bytes(csv_bytes(rows))
    outcome = cchc("validate", tmp_path / "HoSo.csv", "--month", MARCH, "--inbox", SAMPLE_INBOX)
    assert outcome.code == 1
    assert "lần chạy của kỳ sẽ dừng" in outcome.out
    assert "HoSo.csv: a run takes nothing in under this name -> name it ho-so.csv" in outcome.out


def test_validate_tells_several_kinds_apart_and_a_month_whole(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path / "inbox", **{"ho-so.csv": EXPORT, "x.bin": b"x"})
    outcome = cchc("validate", inbox / MARCH, inbox / "units.csv", "--inbox", inbox)
    assert outcome.code == 1
    for words in ("dossiers 2024-03: 4 dòng", "units: ", "x.bin is not taken"):
        assert words in outcome.out


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: None])
def test_validate_opens_nothing_but_regular_files(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "ho-so.csv")
    outcome = cchc("validate", tmp_path / "ho-so.csv", "--month", MARCH, "--inbox", SAMPLE_INBOX)
    assert outcome.code == 2


def test_validate_does_not_guess_what_nothing_shows(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0")
    outcome = cchc("validate", tmp_path / "a.bin", "--month", MARCH, "--inbox", SAMPLE_INBOX)
    assert (outcome.code, "--table" in outcome.problem) == (2, True)


def _second_capture(place: Path, content: bytes) -> Path:
    """A copy of the sample's capture, of which one answer says something else."""
    folder = place / "2026-09/portal"
    shutil.copytree(SAMPLE_INBOX / "2026-09/portal", folder)
    (folder / "transparency.H24.year.json").write_bytes(content)
    return folder


@pytest.mark.parametrize("first", ["", "transparency.H24.year.json"])
@pytest.mark.parametrize("second", ["", "transparency.H24.year.json"])
def test_validate_reads_each_of_several_captures(tmp_path: Path, first: str, second: str) -> None:
    good, bad = SAMPLE_INBOX / "2026-09/portal", _second_capture(tmp_path, b'{"x":')
    for files in ((good / first, bad / second), (bad / second, good / first)):
        outcome = cchc("validate", *files, "--inbox", SAMPLE_INBOX)
        assert outcome.code == 1
        assert str(bad / "transparency.H24.year.json") in outcome.problem
    (bad / "transparency.H24.year.json").write_bytes(
        (good / "transparency.H24.year.json").read_bytes()
    )
    both = cchc("validate", good, bad, "--inbox", SAMPLE_INBOX, "--json")
    once = cchc("validate", good, "--inbox", SAMPLE_INBOX, "--json")
    assert json.loads(both.out)["rows"] == 2 * json.loads(once.out)["rows"]


def test_validate_says_nothing_of_folders_of_its_own() -> None:
    answer = SAMPLE_INBOX / "2026-09/portal/transparency.H24.year.json"
    outcome = cchc("validate", answer, "--inbox", SAMPLE_INBOX)
    assert f"{answer.parent}: no manifest says" in outcome.out
    assert "cchc-" not in outcome.out


def test_validate_of_an_inbox_asks_for_one_of_its_months() -> None:
    outcome = cchc("validate", SAMPLE_INBOX)
    assert (outcome.code, "it holds months" in outcome.problem) == (2, True)
