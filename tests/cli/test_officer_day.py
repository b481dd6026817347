"""An officer's day on a Vietnamese machine: no screen has an English word.

From an empty inbox over a wrong file to a preview that may not go out, on an installation that has
published before. Months are not made here: what a run tells of them is ``test_run_told``'s.
"""

import shutil
from pathlib import Path

import pytest

from publish.release.approval import LOG, ApprovalEntry, ApprovalLog
from publish.store.store import Portal
from tests.command_line import SAMPLE_INBOX, Outcome, cchc, copy_home
from tests.english import english_in

MARCH = "2024-03"
OFFICE = "Văn phòng UBND thành phố"


@pytest.fixture
def vietnamese(settings_of_nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(published_home: Path, tmp_path: Path) -> Path:
    return copy_home(published_home, tmp_path / "home")


def screen(*line: object) -> Outcome:
    """A command, of which everything shown is Vietnamese."""
    outcome = cchc(*line)
    shown = f"{outcome.out}\n{outcome.err}"
    assert [text for text in shown.splitlines() if english_in(text)] == []
    return outcome


@pytest.mark.usefixtures("vietnamese")
def test_before_anything_came(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "inbox").mkdir(parents=True)
    assert "chưa có" in screen("status", "--home", home).out
    assert "chưa công bố gì" in screen("serve", "--home", home).problem
    assert "chưa có bản xem trước" in screen("approve", "--by", OFFICE, "--home", home).problem
    assert "bản phát hành:" in screen("run", MARCH, "--dry-run", "--home", home).out


@pytest.mark.usefixtures("vietnamese")
def test_a_line_that_is_mistyped_says_what_is_wrong_with_it() -> None:
    assert screen("duyet").problem == "cchc: Không có lệnh duyet. -> cchc --help"
    assert "tùy chọn" in screen("run", MARCH, "--nhanh").problem
    assert "Thiếu" in screen("approve").problem
    assert "không phải là tháng" in screen("run", "2024-13").problem
    assert "ở tương lai" in screen("run", "2099-01").problem
    assert screen("run").code == 2
    assert "phải là" in screen("status", "--lang", "fr").problem


@pytest.mark.usefixtures("vietnamese")
def test_a_wrong_file_is_told_with_the_name_that_it_should_have(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inbox = home / "inbox" / MARCH
    inbox.mkdir(parents=True)
    shutil.copy(SAMPLE_INBOX / MARCH / "ho-so-mau.csv", inbox / "bao cao thang 3.csv")
    (inbox / "anh.png").write_bytes(b"\x89PNG")
    shutil.copy(SAMPLE_INBOX / "units.csv", home / "inbox")
    planned = screen("run", MARCH, "--dry-run", "--home", home).out
    assert (
        "bao cao thang 3.csv sẽ không được nhận: theo nội dung thì đó là hồ sơ một cửa" in planned
    )
    assert "lần chạy sẽ dừng" in planned
    tried = screen("validate", inbox / "anh.png", "--month", MARCH, "--home", home)
    assert tried.code != 0
    (inbox / "ho-so.csv").write_text("Cột,Khác\n1,2\n", encoding="utf-8")
    headless = screen("validate", inbox / "ho-so.csv", "--home", home)
    assert "không thấy dòng tiêu đề trong 50 dòng đầu" in headless.problem


@pytest.mark.usefixtures("vietnamese")
def test_what_refused_rows_are_and_what_is_expected(tmp_path: Path) -> None:
    tried = screen(
        "validate", SAMPLE_INBOX / MARCH / "ho-so-mau.csv", "--home", tmp_path,
        "--inbox", SAMPLE_INBOX,
    )  # fmt: skip
    assert "bị tạm giữ" in tried.out
    assert "Cần có:" in tried.out


@pytest.mark.usefixtures("vietnamese")
def test_the_state_of_an_installation_and_proofs_of_what_is_out(home: Path) -> None:
    latest = Portal(home / "portal").latest()
    assert latest is not None
    release = str(latest.id)
    state = screen("status", "--home", home, "--inbox", SAMPLE_INBOX).out
    assert f"bản phát hành mới nhất: {release}" in state
    assert "còn thiếu" in state
    assert "tốt:" in screen("status", "--health", "--home", home).out
    proofs = screen("verify", "--home", home).out
    assert proofs.count("\nđạt ") > 10
    assert screen("diff", release, release, "--home", home).out == "không có gì khác\n"
    assert "không phải làm gì" in screen("rollback", release, "--home", home).out
    assert "chưa từng được công bố" in screen("rollback", "2020-01.r1", "--home", home).problem


@pytest.mark.usefixtures("vietnamese")
def test_an_approval_of_another_preview_and_of_the_right_one(home: Path) -> None:
    log = ApprovalLog(home / LOG)
    log.write(ApprovalEntry("x", "previewed", "2026-09.r2", "a" * 64, months=(MARCH,)))
    other = screen("approve", "2026-08", "--by", OFFICE, "--home", home)
    assert "bản xem trước gần nhất là 2026-09.r2 -> cchc preview 2026-08, và xem" in other.problem
    stale = screen("approve", "--digest", "b" * 12, "--by", OFFICE, "--home", home)
    assert "có số liệu khác" in stale.problem
    given = screen("approve", MARCH, "--by", OFFICE, "--home", home)
    assert f"được {OFFICE} phê duyệt" in given.out


@pytest.mark.usefixtures("vietnamese")
def test_english_is_there_for_who_asks_wherever_in_the_line(home: Path) -> None:
    assert cchc("--lang", "en", "status", "--home", home).out.startswith("latest release:")
    assert cchc("status", "--home", home, "--lang=en").out.startswith("latest release:")
