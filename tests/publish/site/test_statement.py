"""The quality statement: every heading of ESMS, every figure from the release, samples marked."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cchc_pipeline.core.data import read_yaml
from publish.gates.gates import Verdict, quality_report
from publish.model import REVISIONS, STATISTICS, Acceptance, Draft
from publish.release.revisions import Causes
from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.statement import (
    CONCEPTS,
    STATEMENT_PAGE,
    quality_statement,
    statement_pages,
)
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import (
    APRIL,
    MARCH,
    ROOT,
    second_release,
    small_draft,
    small_tables,
    submission_rows,
    table,
    with_table,
)

WORDS: Mapping[str, Any] = read_yaml("pages/messages/statement.yaml")["statement"]


def statement_of(draft: Draft) -> dict[str, list[Mapping[str, str]]]:
    return {part["concept"]: part["says"] for part in quality_statement(Figures(draft))}


def told(draft: Draft, concept: str) -> str:
    return " ".join(f"{said['vi']} {said['quoted']}" for said in statement_of(draft)[concept])


def is_sample(said: Mapping[str, str]) -> bool:
    return said["provenance"] == "sample"


def page_of(draft: Draft, language: str = "vi") -> Element:
    (recipe,) = statement_pages(Figures(draft), {"temporalCoverage": "2024-03/2024-03"})
    pages = dict(recipe.rendered(imprint_of_draft(draft)))
    return parse(pages[STATEMENT_PAGE if language == "vi" else f"en/{STATEMENT_PAGE}"].decode())


def test_every_heading_is_there_in_the_order_of_esms_and_none_is_empty(good_draft: Draft) -> None:
    assert list(CONCEPTS) == list(WORDS["heading"])
    said = statement_of(good_draft)
    assert list(said) == [name.upper() for name in WORDS["heading"]]
    assert all(said.values())


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_says_what_the_report_of_the_release_says(
    good_draft: Draft, language: str
) -> None:
    page = page_of(good_draft, language)
    for part in quality_report(good_draft, [Verdict("period_is_over", "")])["statement"]:
        section = page.one("section", aria_labelledby=part["concept"])
        assert part["heading"][language] in section.one("h2").text
        shown = [item.text.strip() for item in section.all("li")]
        assert shown == [
            " ".join(filter(None, (said[language], said["quoted"]))) for said in part["says"]
        ]
    assert "../" * (language == "en") + "releases/2024-03/r1/quality.json" in {
        link.attributes["href"] for link in page.one("main").all("a")
    }


def test_what_was_stopped_or_not_judged_has_no_statement(good_draft: Draft) -> None:
    assert "statement" in quality_report(good_draft, [Verdict("period_is_over", "")])
    assert "statement" not in quality_report(good_draft, [])
    stopped = [Verdict("period_is_over", ""), Verdict("text_is_clean", "", ("a tab",))]
    assert "statement" not in quality_report(good_draft, stopped)


def test_a_sentence_on_sample_figures_is_marked_and_one_on_none_is_not() -> None:
    sample = small_draft(sample=True)
    (scores,) = (said for said in statement_of(sample)["ACCURACY"] if "điểm công bố" in said["vi"])
    assert scores["provenance"] == "sample"
    assert not any(is_sample(said) for said in statement_of(sample)["QUALITY_MGMNT"])
    page = page_of(sample)
    assert "DỮ LIỆU MẪU" in page.one("section", aria_labelledby="sample").text
    marked = [item for item in page.all("li") if item.all("small", class_="m")]
    stated = [said for part in statement_of(sample).values() for said in part]
    assert len(marked) == sum(map(is_sample, stated)) > 5


def test_no_sentence_of_a_release_without_samples_is_marked(good_draft: Draft) -> None:
    assert not any(is_sample(said) for part in statement_of(good_draft).values() for said in part)


def test_joined_fields_and_withheld_rows_are_counted(good_draft: Draft) -> None:
    assert "2 trong 10 dòng hồ sơ theo lĩnh vực là dòng gộp" in told(good_draft, "CONF")
    hidden = with_table(good_draft, "scores", lambda row: row | {"score": None, "obs_status": "Q"})
    assert "21 dòng bị ẩn" in told(hidden, "CONF")
    assert "0,00 % số dòng có giá trị trong bảng Điểm" in told(hidden, "ACCURACY")


def test_revisions_are_counted_by_reason(good_draft: Draft) -> None:
    assert "Bản này sửa 0 giá trị" in told(good_draft, "DATA_REV")
    one = second_release(
        good_draft,
        "scores",
        lambda row: row | {"rank": 2} if row["metric_code"] == "TOTAL" else row,
        Causes(acceptance=Acceptance("SRC")),
    )
    count = one.tables[REVISIONS].num_rows
    assert count == 3
    assert f"Bản này sửa {count} giá trị đã công bố; từ trước đến nay là {count}." in told(
        one, "DATA_REV"
    )
    assert "Nguồn thay đổi: 3 giá trị" in told(one, "DATA_REV")
    assert "đã công bố ở bản trước" in told(one, "TIMELINESS_PUNCT")


@pytest.mark.parametrize(
    ("day", "said"),
    [(12, "12 ngày sau khi kỳ kết thúc. Hạn"), (12, "đúng hạn"), (15, "chậm 3 ngày")],
)
def test_the_date_is_held_against_the_calendar(good_draft: Draft, day: int, said: str) -> None:
    out = replace(good_draft, published_at=datetime(2024, 4, day - 1, 20, tzinfo=UTC))
    assert said in " ".join(told(out, "TIMELINESS_PUNCT").split())


def test_months_that_lack_between_others_are_counted() -> None:
    months = (MARCH, APRIL.next())
    draft = small_draft(tables=small_tables(months), periods=months)
    assert "Thiếu 1 tháng ở giữa" in told(draft, "REF_PERIOD")
    whole = (MARCH, APRIL)
    joined = small_draft(tables=small_tables(whole), periods=whole)
    assert "Không thiếu tháng nào" in told(joined, "REF_PERIOD")


def test_what_was_owed_set_aside_and_summed_is_told(good_draft: Draft) -> None:
    assert "1 trong 2 lượt gửi" in told(good_draft, "COST_BURDEN")
    assert "Chưa có hồ sơ nào" in told(good_draft, "ACCURACY")
    came = submission_rows()[0] | {"table": "dossiers", "rows": 200, "quarantined": 1}
    rule = {"period": str(MARCH), "unit_code": ROOT, "table": "dossiers", "rule": "CODE_MISSING",
            "quarantined": 1, "release": None}  # fmt: skip
    tables = small_tables() | {
        "submissions": table("submissions", [came]),
        "quarantine_summary": table("quarantine_summary", [rule]),
    }
    draft = with_table(
        small_draft(tables=tables), STATISTICS, lambda row: row | {"source": "summed"}
    )
    assert "0,50 % số dòng hồ sơ của tháng 3/2024 bị tạm giữ" in told(draft, "ACCURACY")
    assert "13 trong 13 dòng hồ sơ lấy từ bảng tổng hợp" in told(draft, "STAT_PROCESS")
    assert "1 dòng bị tạm giữ" in told(draft, "STAT_PROCESS")
