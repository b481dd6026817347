"""Periodic reports beside the papers that were made: made, due soon, late, not asked for."""

import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import pytest

from cchc_pipeline.core.period import TIMEZONE
from cchc_pipeline.reports.made import FOLDER, LOG, MadeReport, made_reports, record
from cchc_pipeline.settings import Settings
from publish.installation.reporting import report_lines, report_state, reports_around

OLD, NEW = date(2026, 1, 12), date(2026, 11, 20)
PAPER = MadeReport(
    "2026-12-04T02:00:00Z", "quarter", "2026-11", "", "2026-11.r1", "", {"bao-cao.docx": "0"}
)


def states(home: Path, begun: date, today: date) -> dict[str, str]:
    moment = datetime(today.year, today.month, today.day, 9, tzinfo=TIMEZONE)
    seen = report_state(Settings(home=home), begun, moment)
    return {f"{one['kind']}:{one['month']}": one["state"] for one in seen["due"]}


@pytest.mark.parametrize(
    ("today", "state"),
    [(date(2026, 12, 1), "later"), (date(2026, 12, 7), "soon"), (date(2026, 12, 10), "late")],
)
def test_a_report_that_was_not_made_is_due_later_soon_or_late(
    tmp_path: Path, today: date, state: str
) -> None:
    assert states(tmp_path, OLD, today)["quarter:2026-12"] == state


def test_the_paper_of_the_same_time_counts_and_no_other(tmp_path: Path) -> None:
    for other in ({"unit": "H24.M01"}, {"kind": "month"}, {"period": "2026-08"}):
        record(tmp_path, MadeReport(**asdict(PAPER) | other | {"files": {str(other): "1"}}))
    assert states(tmp_path, OLD, date(2026, 12, 7))["quarter:2026-12"] == "soon"
    record(tmp_path, PAPER)
    told = states(tmp_path, OLD, date(2026, 12, 7))
    assert (told["quarter:2026-12"], told["year:2026-12"]) == ("made", "soon")


def test_nothing_is_asked_for_that_was_due_before_the_first_release(tmp_path: Path) -> None:
    assert "quarter:2026-09" not in states(tmp_path, date(2026, 10, 1),
                                           date(2026, 10, 5))  # fmt: skip
    assert "quarter:2026-09" in states(tmp_path, OLD, date(2026, 10, 5))
    assert reports_around(tmp_path, None, "H24", date(2026, 12, 7)) == ()


def test_status_says_it_in_both_languages_with_the_line_to_type(tmp_path: Path) -> None:
    record(tmp_path, PAPER)
    moment = datetime(2026, 12, 10, 9, tzinfo=TIMEZONE)
    seen = report_state(Settings(home=tmp_path), NEW, moment)
    vi, en = ("\n".join(report_lines(seen, lang)) for lang in ("vi", "en"))  # type: ignore[arg-type]
    assert "Báo cáo quý 2026-12, hạn 09/12/2026: đã lập ngày 04/12/2026" in vi
    assert "Báo cáo năm 2026-12, hạn 09/12/2026: TRỄ HẠN, chưa lập" in vi
    assert "LATE, not made; make it with cchc report 2026-11 --year" in en
    assert "1 report(s) and letter(s) made" in en


def test_a_record_that_a_crash_cut_off_is_none(tmp_path: Path) -> None:
    record(tmp_path, PAPER)
    with (tmp_path / FOLDER / LOG).open("ab") as log:
        log.write(json.dumps(asdict(PAPER)).encode()[:40])
    assert made_reports(tmp_path) == (PAPER,)
