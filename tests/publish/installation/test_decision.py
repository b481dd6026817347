"""The front page of a preview: what goes out, what changed, what is missing, the line to type."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cchc_pipeline.contracts import Language
from cchc_pipeline.core.period import Month
from cchc_pipeline.roots import home_of
from cchc_pipeline.settings import Settings
from publish.gates.gates import GATES, Verdict
from publish.installation.decision import Asked, DecisionFacts, decision_html, told_months
from publish.installation.month_summary import Missing, MonthSummary, Owed, OwingUnit, Sheet
from publish.model import Acceptance, Draft
from publish.portal.publication import Built
from tests.publish.small_release import APRIL, FIRST, MARCH, second_release, small_draft

pytestmark = pytest.mark.usefixtures("settings_of_nobody")
CITY, HEALTH = OwingUnit("Z00", "Nơi thử nghiệm"), OwingUnit("Z00.01", "Sở thử nghiệm")
SHEETS = Path("error-sheets/2024-03")
PASSED = tuple(Verdict(name, "") for name in GATES)
BROKEN = (Verdict("no_row_is_lost", "", ("scores: 3 published row(s) would disappear",)),)


def month(**facts: Any) -> MonthSummary:
    empty: dict[str, Any] = dict.fromkeys(
        ("came", "sheets", "not_taken", "missing", "owed", "scores"), ()
    )
    given = {"sheets_folder": SHEETS, "corrections": 0, **empty, **facts}
    return MonthSummary(MARCH, CITY, **given)


def page(
    draft: Draft | None = None,
    gates: tuple[Verdict, ...] = PASSED,
    facts: MonthSummary | None = None,
    lang: Language = "vi",
    **how: Any,
) -> str:
    """The page without its style."""
    asked = Asked((MARCH,), lang=lang, **{k: how.pop(k) for k in ("acceptance",) if k in how})
    shown = facts or month()
    built = Built(draft or small_draft(), Path("draft"), gates, b"", 0)
    settings = Settings(**{"home": Path("home"), "inbox": Path("inbox"), **how})
    text = decision_html(built, DecisionFacts((shown,), shown), settings, asked)
    return unescape(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))


def corrected() -> Draft:
    """The release before, with one score of one unit changed."""

    def change(row: dict[str, Any]) -> dict[str, Any]:
        hit = row["unit_code"] == FIRST and row["metric_code"] == "TDGQ"
        return {**row, "score": 9.25} if hit else row

    return second_release(small_draft(), "scores", change)


def test_where_every_gate_is_passed_the_page_says_go_and_the_line_to_type() -> None:
    said = page(approval=True)
    assert "Bản xem trước 2024-03.r1: có thể công bố" in said
    assert 'cchc approve --digest 000000000000 --by "TÊN CƠ QUAN"' in said
    assert "<kbd>cchc run 2024-03</kbd>" in said
    assert said.count('class="sr">Đạt') == len(GATES)


def test_without_approval_the_run_itself_is_the_line_with_what_it_has_to_be_told() -> None:
    said = page(acceptance=Acceptance("SRC", "Nguồn gửi lại"))
    assert "cchc approve" not in said
    assert '<kbd>cchc run 2024-03 --accept-revisions SRC --note "Nguồn gửi lại"</kbd>' in said


def test_the_lines_to_type_for_a_further_place_name_it() -> None:
    shown = page(home=home_of(Path("home"), "H44"), root_unit="H44", approval=True)
    assert "cchc approve --root H44 --digest" in shown
    assert "cchc run 2024-03 --root H44" in shown


def test_where_it_goes_out_by_itself_the_date_is_said() -> None:
    said = page(automation=True)
    assert "tự công bố lúc 08:30 ngày" in said
    assert "cchc run" not in said


def test_a_failed_gate_is_no_go_with_what_failed_and_nothing_to_approve() -> None:
    said = page(gates=PASSED[:14] + BROKEN, approval=True)
    assert "chưa công bố được" in said
    assert "1 trong 15 kiểm tra không đạt" in said
    assert "Không dòng nào bị mất" in said
    assert "cchc approve" not in said
    assert "<kbd>cchc preview 2024-03</kbd>" in said
    assert "portal/current" not in said


def test_what_changed_is_said_in_words_with_its_unit_and_both_values() -> None:
    said = page(corrected())
    assert "tiếp theo bản 2024-03.r1" in said
    (line,) = re.findall(r"<li>(.*→.*)</li>", said)
    assert f"Đơn vị thử {FIRST}" in line
    assert "8,25 → 9,25" in line


def test_a_long_value_is_cut_since_the_page_is_one_page() -> None:
    long = "Đơn vị thử nghiệm; " * 20
    draft = second_release(
        small_draft(), "plan_indicators", lambda row: {**row, "owed_by": long.strip()}
    )
    said = page(draft)
    assert "Đơn vị thử nghiệm; Đơn vị thử" in said
    assert all(len(line) < 900 for line in re.findall(r"<li>(.*→.*)</li>", said))
    assert "…" in said


def test_what_is_missing_names_who_owes_it_and_the_sheets_that_go_back() -> None:
    facts = month(
        missing=(Missing("scores"), Missing("dossiers", (HEALTH,))),
        owed=(Owed(HEALTH, ("7a", "22c")),),
        sheets=(Sheet(SHEETS / "Z00.01.xlsx", HEALTH, 3),),
    )
    said = page(facts=facts)
    assert "Cổng Dịch vụ công quốc gia. Nơi gửi: " in said
    assert "của 1 đơn vị: Sở thử nghiệm." in said
    assert "2 chỉ tiêu kế hoạch chưa ai báo cáo. Nơi nợ: Sở thử nghiệm." in said
    assert "Gửi lại 1 phiếu lỗi trong error-sheets/2024-03: Sở thử nghiệm." in said


def test_it_is_english_for_who_wants_it() -> None:
    said = page(lang="en", approval=True)
    assert "Preview of 2024-03.r1: it may go out" in said
    assert '--by "OFFICE"' in said


def test_a_late_correction_is_told_of_its_own_month_and_else_of_the_newest() -> None:
    newest = small_draft(periods=(MARCH, APRIL))
    assert told_months(newest, (MARCH,)) == (APRIL, MARCH)
    again = corrected()
    assert told_months(again, (MARCH,)) == (MARCH,)
    assert told_months(again, ()) == (MARCH,)
    assert told_months(again, (Month(2020, 1),)) == (MARCH,)
