"""``cchc report`` on an installation that has published: files, record, refusals, status."""

import json
import shutil
from pathlib import Path

import pytest

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.reports import office
from tests.command_line import MONTH, cchc, copy_home, published

MADE = "reports-to-sign"


@pytest.fixture(scope="module")
def home(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that the tests below make papers in."""
    return copy_home(published_home, tmp_path_factory.mktemp("papers") / "home")


def test_the_report_and_its_brief_are_written_for_their_owner_only(home: Path) -> None:
    told = json.loads(cchc("report", MONTH, "--home", home, "--json").out)
    paths = [Path(path) for path in told["files"]]
    assert [path.name for path in paths] == [
        f"{name}-thang-{MONTH}.{ending}"
        for name in ("bao-cao", "tom-tat")
        for ending in ("docx", "html")
    ]
    assert (told["release"], told["sample"], told["new"]) == (f"{MONTH}.r1", True, True)
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    folders = (home / MADE, *{path.parent for path in paths})
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_the_total_in_the_report_is_the_published_one(home: Path) -> None:
    cchc("report", MONTH, "--home", home)
    page = (home / MADE / MONTH / f"{MONTH}.r1" / f"bao-cao-thang-{MONTH}.html").read_text()
    place = ("H24", "TOTAL", "ytd")
    (row,) = (r for r in published(home, "scores")
              if (r["unit_code"], r["metric_code"], r["basis"]) == place)  # fmt: skip
    assert f"là {row['score']:.2f}/100 điểm (tạm tính)".replace(".", ",") in page


def test_the_same_again_is_no_news_and_is_recorded_once(home: Path) -> None:
    cchc("report", MONTH, "--unit", "H24.M01", "--home", home)
    before = (home / MADE / "made.jsonl").read_text()
    again = cchc("report", MONTH, "--unit", "H24.M01", "--home", home)
    assert again.out.startswith("Không có gì mới: công văn gửi H24.M01, tháng 9/2026")
    assert (home / MADE / "made.jsonl").read_text() == before


def test_a_paper_that_somebody_edited_is_not_written_over(home: Path) -> None:
    cchc("report", MONTH, "--year", "--home", home)
    paper = home / MADE / MONTH / f"{MONTH}.r1" / "bao-cao-nam-2026.docx"
    paper.write_bytes(b"edited")
    refused = cchc("report", MONTH, "--year", "--home", home)
    assert refused.code == 2
    assert "có thể người soạn thảo đã sửa" in refused.problem
    assert paper.read_bytes() == b"edited"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2026-08",), "tháng 8/2026 không có trong bản phát hành 2026-09.r1"),
        ((MONTH, "--unit", "H24.M99"), "không có đơn vị H24.M99 trong tháng 9/2026"),
        ((MONTH, "--unit", "H24"), "H24 là toàn tỉnh, thành phố"),
        ((MONTH, "--as-of", "2026-10-01"), "chưa có bản nào được công bố đến 23:59 ngày 01/10"),
        ((MONTH, "--quarter", "--year"), "chỉ chọn một trong"),
    ],
)
def test_what_there_is_no_report_of_is_one_line_in_vietnamese(
    home: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = cchc("report", *arguments, "--home", home)
    assert refused.code == 2
    assert said in refused.problem
    assert len(refused.problem.splitlines()) == 1


def test_of_a_release_that_was_retracted_since_no_report_is_made(
    home: Path, tmp_path: Path
) -> None:
    own = copy_home(home, tmp_path / "home")
    cchc("retract", f"{MONTH}.r1", "--reason", "Sai nguồn", "--home", own)
    refused = cchc("report", MONTH, "--as-of", "2026-10-20", "--home", own)
    assert "đã bị thu hồi: Sai nguồn" in refused.problem
    assert "chưa có bản nào được công bố" in cchc("report", MONTH, "--home", own).problem


def test_status_tells_which_paper_was_made_last(home: Path) -> None:
    cchc("report", MONTH, "--quarter", "--home", home)
    seen = json.loads(cchc("status", "--home", home, "--json").out)["reports"]
    assert {one["kind"] for one in seen["made"]} >= {"month", "quarter"}
    assert seen["made"][-1]["release"] == f"{MONTH}.r1"


def test_without_libreoffice_the_pdf_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("soffice") is None
    with pytest.raises(UsageError, match="không tìm thấy LibreOffice"):
        office.to_pdf(tmp_path / "bao-cao.docx")
