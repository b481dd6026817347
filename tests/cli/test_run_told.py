"""What an officer is told at the end of a run: facts, words in both languages, the document."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assets.staleness import MadeFrom
from cchc_pipeline.alerts.rules import names_in
from cchc_pipeline.cli import progress
from cchc_pipeline.cli.run_report import RunReport
from cchc_pipeline.cli.run_summary import (
    Speech,
    as_data,
    load_run_words,
    month_lines,
    release_lines,
)
from cchc_pipeline.contracts import Text
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.core.telling import Begun, Made, StepEvent, Turn
from cchc_pipeline.settings import load_settings, spoken
from publish.installation.month_summary import (
    Came,
    Missing,
    MonthSummary,
    Owed,
    OwingUnit,
    RowAccount,
    Score,
    Sheet,
    month_summary,
)
from publish.installation.release_summary import ReleaseSummary, Revision, summary_of_published
from publish.store.store import Portal
from tests.command_line import FIRST, MONTH, SAMPLE_INBOX, SECOND, cchc, copy_home, run

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
MARCH = "2024-03"
ROOT = Path(__file__).parents[2]
HEALTH, CITY = OwingUnit("H24.01", "Sở Y tế"), OwingUnit("H24", "Hải Phòng")
SHEETS = Path("error-sheets/2024-03")


def summary(**facts: Any) -> MonthSummary:
    """A month of which nothing is known but what is given."""
    empty = MonthSummary(Month(2024, 3), CITY, (), SHEETS, (), (), (), (), (), 0)
    return replace(empty, **facts)


def told(language: str = "en", **facts: Any) -> list[str]:
    return list(month_lines(summary(**facts), Speech("vi" if language == "vi" else "en")))


# Words


def test_every_text_stands_in_both_languages_with_the_same_names() -> None:
    words = load_run_words()
    texts = [*words.lines.values(), *words.bases.values(), *(d.words for d in words.doing)]
    for text in texts:
        assert text.vi.strip() and text.en.strip(), text
        assert names_in(text.vi) == names_in(text.en), text


def test_every_line_that_the_program_says_is_there_and_none_is_left_over() -> None:
    files = [*(ROOT / "cchc_pipeline/cli").glob("run*.py"), ROOT / "cchc_pipeline/cli/progress.py"]
    program = "".join(path.read_text("utf-8") for path in files)
    for name in load_run_words().lines:
        assert re.search(rf"[\"']{name}[\"']", program) or name.startswith("job_"), name
    for name in re.findall(r'\.(?:say|result)\(\s*"(\w+)"', program):
        assert name in load_run_words().lines, name


@pytest.mark.parametrize(
    ("variables", "said", "language"),
    [
        ({}, None, "en"),
        ({"LANG": "vi_VN.UTF-8"}, None, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C.UTF-8"}, None, "en"),
        ({"LANG": "vi_VN.UTF-8", "CCHC_LANG": "en"}, None, "en"),
        ({"CCHC_LANG": "vi"}, "en", "en"),
        ({"LC_MESSAGES": "vi_VN"}, None, "vi"),
    ],
)
def test_the_language_is_that_of_the_option_the_setting_the_locale(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str | None, language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert spoken(said) == language
    assert load_settings(lang=said).lang == language


def test_a_language_that_is_not_spoken_is_one_line() -> None:
    outcome = cchc("run", MARCH, "--lang", "fr")
    assert (outcome.code, "CCHC_LANG" in outcome.problem) == (2, True)


@pytest.mark.parametrize(
    ("number", "vi", "en"),
    [(1234, "1.234", "1,234"), (67.18, "67,18", "67.18"), (20.0, "20", "20")],
)
def test_numbers_are_written_as_the_language_does(number: float, vi: str, en: str) -> None:
    assert (Speech("vi").score(number), Speech("en").score(number)) == (vi, en)


# Lines of a month


def test_what_came_is_told_by_source_with_every_row_accounted_for() -> None:
    account = RowAccount(1234, 1200, 30, 4)
    one = Came("dossiers", 1, False, account, {"ho-so.csv": account})
    part = Came("petitions", 2, True, RowAccount(5, 5), {})
    assert told(came=(one, part))[:2] == [
        "2024-03: dossiers of the one-stop system: ho-so.csv: 1,234 rows = 1,200 accepted"
        " + 30 quarantined + 4 duplicates",
        "2024-03: petitions: 2 file(s), received in part, 5 rows = 5 accepted + 0 quarantined"
        " + 0 duplicates",
    ]
    assert "1.234 dòng = 1.200 dùng được + 30 bị tạm giữ + 4 trùng" in told("vi", came=(one,))[0]


def test_sheets_to_send_back_are_named_with_their_unit_and_folder_the_worst_first() -> None:
    sheets = (Sheet(SHEETS / "H24.01.xlsx", HEALTH, 3), Sheet(SHEETS / "x.xlsx", None, 1))
    (line,) = [line for line in told(sheets=sheets) if "send back" in line]
    assert line == (
        "2024-03: 2 error sheet(s) to send back, in error-sheets/2024-03:"
        " H24.01.xlsx (Sở Y tế, 3 row(s)), x.xlsx (unit not known, 1 row(s))"
    )


def test_a_source_without_sheets_says_where_its_refused_rows_are() -> None:
    came = Came("petitions", 1, False, RowAccount(5, 4, 1), {})
    assert any("1 row(s) of petitions were quarantined" in line for line in told(came=(came,)))


def test_long_lists_are_cut_and_say_where_they_are_whole() -> None:
    units = tuple(OwingUnit(f"H24.{n}", f"Xã {n}") for n in range(130))
    (line,) = [line for line in told(missing=(Missing("dossiers", units),)) if "from 130" in line]
    assert line.endswith("Xã 5, and 124 more (all: cchc status --json)")
    assert len(line) < 250


def test_what_is_missing_names_who_owes_it() -> None:
    lines = told("vi", missing=(Missing("scores"),), owed=(Owed(HEALTH, ("7a", "22c")),))
    assert (
        "2024-03: thiếu kết quả đánh giá của Cổng Dịch vụ công quốc gia; nơi gửi: người"
        in "".join(lines)
    )
    assert "2024-03: 2 chỉ tiêu kế hoạch chưa ai báo cáo, nơi nợ: Sở Y tế (7a, 22c)" in lines


def test_the_score_is_told_with_its_rank_and_groups_or_said_to_be_absent() -> None:
    total = Score("ytd", "TOTAL", Text("Tổng điểm", "Total"), 67.18, 100.0, 3, 34)
    group = Score("ytd", "TDGQ", Text("Tiến độ giải quyết", "Timeliness"), 17.0, 20.0, None, None)
    assert (
        "2024-03: score of Hải Phòng, year to date: total 67.18 of 100, rank 3 of 34;"
        " Timeliness 17 of 20 (not ranked)"
    ) in told(scores=(total, group))
    assert any("no total; Timeliness 17" in line for line in told(scores=(group,)))
    assert any(line.startswith("2024-03: no score of Hải Phòng") for line in told())


# Facts


def test_the_facts_of_a_month_are_those_of_the_lake_the_sheets_and_the_inbox(
    march_home: Path,
) -> None:
    found = month_summary(load_settings(home=march_home, inbox=SAMPLE_INBOX), Month.parse(MARCH))
    came = {item.table: item for item in found.came}
    assert set(came) == {"dossiers", "petitions", "procedures", "agency_reports"}
    assert came["dossiers"].account == RowAccount(1500, 1488, 6, 6)
    assert dict(came["dossiers"].by_file) == {"ho-so-mau.csv": came["dossiers"].account}
    assert {item.files for item in found.came} == {1}
    assert sum(sheet.rows for sheet in found.sheets) == 6
    assert all(sheet.path.is_file() for sheet in found.sheets)
    assert {path.name for path in found.sheets_folder.iterdir()} == {
        sheet.path.name for sheet in found.sheets
    }
    assert [missing.table for missing in found.missing] == ["scores", "agency_reports"]
    assert len(found.missing[1].units) == 8
    assert found.owed
    assert found.scores == ()


def test_the_citys_score_and_rank_are_those_that_are_published(published_home: Path) -> None:
    found = month_summary(load_settings(home=published_home, inbox=SAMPLE_INBOX), Month(2026, 9))
    (total,) = [score for score in found.scores if score.metric_code == "TOTAL"]
    assert (total.basis, total.score, total.rank, total.peers) == ("ytd", 67.18, 3, 34)
    assert len(found.scores) == 7, "the total and six groups"
    (came,) = found.came
    assert (came.table, came.files, came.account.rows) == ("scores", 8, 166)


def test_a_sheet_left_of_a_unit_without_refused_rows_is_not_to_be_sent(
    march_home: Path, tmp_path: Path
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    settings = load_settings(home=home, inbox=SAMPLE_INBOX)
    before = month_summary(settings, Month.parse(MARCH)).sheets
    (home / "error-sheets" / MARCH / "H24.M05.xlsx").write_bytes(b"")
    before[0].path.unlink()
    assert month_summary(settings, Month.parse(MARCH)).sheets == before[1:]


# What a release changed


def release(**facts: Any) -> ReleaseSummary:
    return replace(ReleaseSummary("2024-03.r2", "2024-03.r1", "1.0.1", 7, {}, ()), **facts)


def test_the_first_release_and_one_without_revisions_say_so() -> None:
    assert list(release_lines(release(previous=None), "page", Speech())) == [
        "2024-03.r2: the first release; see page"
    ]
    (line,) = release_lines(release(), "page", Speech())
    assert line == (
        "2024-03.r2 against 2024-03.r1: 7 rows added, no published value revised; see page"
    )


def test_revised_cells_are_counted_by_table_and_the_biggest_told_in_words() -> None:
    names = ("2024-03", "Hải Phòng", "Tổng điểm")
    revision = Revision("scores", "period=2024-03", names, "score", "80", "", "SRC")
    lines = list(
        release_lines(
            release(revised_cells={"scores": 1200}, largest=(revision,) * 9), "page", Speech("vi")
        )
    )
    assert "sửa 1.200 giá trị đã công bố (Điểm đánh giá chất lượng phục vụ: 1.200)" in lines[0]
    assert "2024-03 Hải Phòng Tổng điểm, " in lines[1]
    assert "80 -> chưa có" in lines[1]
    assert lines[-1] == "  và 1.195 giá trị nữa trên trang đó"


@pytest.fixture(scope="module")
def corrected(march_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """March made again of fewer dossiers, told as a document; and its home."""
    folder = tmp_path_factory.mktemp("corrected")
    home, inbox = copy_home(march_home, folder / "home"), folder / "inbox"
    shutil.copytree(SAMPLE_INBOX, inbox)
    path = inbox / MARCH / "ho-so-mau.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-60]), "utf-8")
    return home, run(home, inbox, "--json", "--accept-revisions", "SRC", month=MARCH, at=SECOND)


def test_a_corrected_month_counts_each_revised_cell_and_puts_the_city_first(
    corrected: tuple[Path, Any],
) -> None:
    home, outcome = corrected
    assert outcome.code == 0, outcome.err
    latest = Portal(home / "portal").latest()
    assert latest is not None
    log = pq.read_table(latest.folder / "formats" / "revisions.parquet").to_pylist()
    own = [row for row in log if row["release"] == "2024-03.r2"]
    found = summary_of_published(latest, "H24")
    assert sum(found.revised_cells.values()) == len(own)
    assert set(found.revised_cells) == {row["table"] for row in own}
    assert "unit_code=H24" in found.largest[0].key.split(";")
    assert "UBND thành phố Hải Phòng" in found.largest[0].names


# The document


def test_the_document_of_a_run_has_every_fact_and_stdout_nothing_else(
    corrected: tuple[Path, Any],
) -> None:
    _, outcome = corrected
    document = json.loads(outcome.out)
    assert list(document) == [
        "command", "exit_code", "error", "months", "release", "page", "places",
    ]  # fmt: skip
    assert (document["command"], document["exit_code"], document["error"]) == ("run", 0, None)
    (month,) = document["months"]
    assert (month["month"], month["state"], month["why"]) == (MARCH, "made", ["its files"])
    assert set(month) == {
        "month", "state", "why", "root", "came", "sheets_folder", "sheets", "not_taken",
        "missing", "owed", "scores", "corrections",
    }  # fmt: skip
    assert document["release"]["release"] == "2024-03.r2"
    assert document["release"]["previous"] == "2024-03.r1"
    assert Path(document["page"]).is_file()
    assert Path(document["release"]["page"]).is_file()
    assert "2024-03: extract, validate, compute" in outcome.err
    assert "error sheet" not in outcome.err, "the document has it"


def test_a_month_that_stands_is_one_line_and_in_the_document_with_its_facts(
    published_home: Path, tmp_path: Path
) -> None:
    home = copy_home(published_home, tmp_path / "home")
    plain = run(home, SAMPLE_INBOX, at=SECOND)
    assert plain.err.splitlines() == [f"{MONTH}: nothing changed since it was made"]
    in_words = run(home, SAMPLE_INBOX, "--lang", "vi", at=SECOND)
    assert in_words.err.splitlines() == [f"{MONTH}: không có gì thay đổi từ lần làm trước, bỏ qua"]
    assert in_words.out.startswith("không có gì để công bố")
    document = json.loads(run(home, SAMPLE_INBOX, "--json", at=SECOND).out)
    (month,) = document["months"]
    assert (month["state"], month["scores"][-2]["score"] > 0) == ("current", True)
    assert document["release"] is None
    assert Path(document["page"]).is_file()


@pytest.mark.parametrize(
    ("spoil", "arguments", "where", "code"),
    [
        (None, ("2026-13",), "", 2),
        (None, (MARCH, "--to", "2024-02"), "--to", 2),
        (None, (MARCH, "--lang", "fr"), "setting 'lang'", 2),
        ("2026-09/portal/manifest.json", (MONTH,), "manifest.json", 1),
        ("2024-03/ho-so-mau.csv", (MARCH,), "ho-so-mau.csv", 1),
    ],
)
def test_an_error_is_in_the_document_with_what_where_todo_and_its_code(
    tmp_path: Path,
    inbox: Path,
    spoil: str | None,
    arguments: tuple[str, ...],
    where: str,
    code: int,
) -> None:
    if spoil:
        (inbox / spoil).write_bytes(b"[]")
    given = ("--home", tmp_path / "home", "--inbox", inbox, "--published-at", FIRST, "--json")
    outcome = cchc("run", *arguments, *given)
    document = json.loads(outcome.out)
    assert outcome.code == document["exit_code"] == document["error"]["exit_code"] == code
    assert document["error"]["what"]
    assert where in document["error"]["where"]
    assert document["error"]["todo"]
    assert document["error"]["what"] in outcome.problem, "the line is on stderr too"


def test_a_refused_month_has_failed_in_the_document(tmp_path: Path, inbox: Path) -> None:
    (inbox / MARCH / "ho-so-mau.csv").write_bytes(b"a,b\n1,2\n")
    document = json.loads(run(tmp_path / "home", inbox, "--json", month=MARCH).out)
    (month,) = document["months"]
    assert (month["month"], month["state"]) == (MARCH, "failed")
    assert "ho-so-mau.csv" in month["line"]


def test_a_preview_tells_its_release_and_its_page(march_home: Path, tmp_path: Path) -> None:
    home = copy_home(march_home, tmp_path / "home")
    shutil.rmtree(home / "portal")
    given = ("--home", home, "--inbox", SAMPLE_INBOX, "--published-at", FIRST, "--json")
    outcome = cchc("preview", MARCH, *given)
    document = json.loads(outcome.out)
    assert (document["command"], document["release"]["release"]) == ("preview", "2024-03.r1")
    assert Path(document["page"]) == home / "preview/index.html"
    assert Path(document["page"]).is_file()


# Dry runs


def test_a_dry_run_names_the_months_that_rest_on_the_one_named(
    march_home: Path, tmp_path: Path
) -> None:
    home = copy_home(march_home, tmp_path / "home")
    planned = run(home, SAMPLE_INBOX, "--dry-run", month="2024-01").out.splitlines()
    assert "2024-03: rests on a month that would be made; it would be made too" in planned
    later = run(home, SAMPLE_INBOX, "--dry-run", month="2026-09").out
    assert "rests on" not in later
    document = json.loads(run(home, SAMPLE_INBOX, "--dry-run", "--json", month="2024-01").out)
    assert document["plan"] == planned


def test_what_rests_on_a_month_is_its_year_and_the_month_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    months = [Month(2024, 11), Month(2024, 12), Month(2025, 1), Month(2025, 2)]
    made_from = MadeFrom(load_settings(home=tmp_path), Month(2026, 1).start)
    monkeypatch.setattr(MadeFrom, "months", lambda self: tuple(months))
    assert made_from.following([Month(2024, 11)]) == (Month(2024, 12),)
    assert made_from.following([Month(2024, 12)]) == (Month(2025, 1),)
    assert made_from.following([Month(2025, 2)]) == ()


CORRECTION = """corrections:
  - basis: ytd
    unit_code: H24.01
    metric_code: TDGQ
    action: replace
    value: 18.25
    expect: 17.5
    reason_code: SRC
    reason: {vi: Nguồn gõ nhầm, en: The source mistyped}
    reported_by: Sở Nội vụ
    reported_on: 2026-10-01
"""


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            CORRECTION,
            "ytd H24.01 TDGQ would be corrected: score 18.25 (the source should say 17.5)",
        ),
        (CORRECTION.replace("18.25", "much"), "the run would stop: corrections.yaml: entry 1"),
        ("corrections: [", "the run would stop: corrections.yaml: not YAML"),
    ],
)
def test_a_dry_run_reads_corrections(tmp_path: Path, inbox: Path, content: str, line: str) -> None:
    (inbox / MONTH / "corrections.yaml").write_text(content, "utf-8")
    planned = run(tmp_path / "home", inbox, "--dry-run").out
    assert line in planned
    assert not (tmp_path / "home").exists()


def test_a_dry_run_of_all_on_a_new_home_says_that_there_is_nothing(tmp_path: Path) -> None:
    outcome = cchc("run", "--all", "--dry-run", "--home", tmp_path / "home")
    assert (outcome.code, "release: none" in outcome.out) == (0, True)


# The line that keeps moving


def screen(at: float, *tellings: Any, seconds: float | None = None) -> str:
    """The live line some seconds after a job of ten steps began."""
    shown = progress.Screen(Speech())
    shown.began(Begun("month", Month(2024, 3), 10, seconds))
    for step in tellings:
        shown.stepped(step)
    return shown.text(shown.at + at)


def test_the_live_line_tells_month_step_work_and_both_times() -> None:
    first = screen(1.0, StepEvent("raw_dossiers", has_ended=False))
    assert first == "2024-03  step 1 of 10  taking files into the archive  0:01"
    ended = [StepEvent("scores", has_ended=True)] * 5
    assert screen(60, *ended) == "2024-03  step 6 of 10  scores and ranks  1:00  about 1:00 left"
    assert screen(60, *ended, seconds=90).endswith("about 0:30 left"), "as long as last time"
    assert screen(120, *ended, seconds=90).endswith("about 2:00 left")
    assert "step 10 of 10" in screen(60, *ended, *ended, *ended)


def test_a_report_tells_what_is_made_and_what_is_left(tmp_path: Path) -> None:
    report = RunReport("run", as_json=True)
    early = report.interrupted("SIGINT")
    assert early is not None
    assert early.line.startswith("cchc: interrupted (SIGINT) before anything was begun -> ")
    report.job = object()  # type: ignore[assignment]
    report.due({Month(2024, 1): (), Month(2024, 2): ("the program",)})
    report.months[Month(2024, 1)]["state"] = "made"
    ending = report.interrupted("SIGTERM")
    assert ending is not None
    assert (ending.code, "\n" in ending.line) == (1, False)
    assert "made: 2024-01; left: 2024-02, " in ending.line
    assert "give the same command again" in ending.line
    error = json.loads(ending.document)["error"]
    assert (error["exit_code"], "SIGTERM" in error["what"], bool(error["todo"])) == (1, True, True)
    report.tell(Turn(Month(2024, 2), is_whole=True))
    report.is_shown = True
    switching = report.interrupted("SIGTERM")
    assert switching is not None
    assert "the release before it or the new one, whole" in switching.line
    report.is_done = True
    assert report.interrupted("SIGTERM") is None


def test_an_error_of_several_lines_is_whole_in_the_document() -> None:
    document = json.loads(
        RunReport("run", as_json=True).document(CheckFailedError("a\n  b", where="c"))
    )
    assert document["error"]["what"] == "a\n  b"


def test_facts_for_scripts_are_plain() -> None:
    data = as_data(summary(sheets=(Sheet(SHEETS / "x.xlsx", None, 1),)))
    assert data["month"] == MARCH
    assert data["sheets"] == [{"path": "error-sheets/2024-03/x.xlsx", "unit": None, "rows": 1}]
    assert Made(Month(2024, 3)).why == ()
