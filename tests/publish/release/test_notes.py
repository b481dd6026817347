"""CHANGES.md: revisions in words, rows by table, columns."""

from dataclasses import replace

from cchc_pipeline.contracts import load_contract
from publish.model import PUBLISHED_TABLES, Acceptance, Draft
from publish.package.descriptor import changes_text
from publish.release.revisions import Causes
from publish.site.revised import revision_lines
from publish.store.state import Renewal
from tests.publish.small_release import FIRST_RELEASE, Row, second_release

CAPTURED_ANEW = Causes(Renewal(replaced=frozenset({("2024-03", "scores")})))


def other_ratio(row: Row) -> Row:
    return row | {"ratio": 82.0}


def columns() -> dict[str, dict[str, str]]:
    """The columns of every table as they are today."""
    return {
        name: {field.name: field.type for field in load_contract(name).fields}
        for name in PUBLISHED_TABLES
    }


def test_the_first_release_has_revised_nothing_and_changed_no_column(good_draft: Draft) -> None:
    text = changes_text(good_draft)
    assert revision_lines(good_draft) == []
    assert "cột" not in text


def test_the_revisions_come_first_in_words(good_draft: Draft) -> None:
    second = second_release(good_draft, "scores", other_ratio, CAPTURED_ANEW)
    text = changes_text(second, revision_lines(second))
    lines = text.splitlines()
    assert lines[4] == "Sửa 21 số liệu của 3 đơn vị"
    assert lines[6] == "## Nguồn thay đổi (21 số liệu)"
    assert "- Đơn vị thử Z00.01, Tổng điểm, tháng 3/2024: Tỷ lệ 82,50 → 82,00" in lines
    assert lines.index("## Số dòng thay đổi theo bảng") > 6
    assert "SRC" not in text
    assert "unit_code" not in text


def test_what_was_said_of_them_is_told(good_draft: Draft) -> None:
    said = Causes(acceptance=Acceptance("ERR", "Cộng nhầm"))
    lines = revision_lines(second_release(good_draft, "scores", other_ratio, said))
    assert "## Lỗi của bên công bố (21 số liệu): Cộng nhầm" in lines


def test_columns_and_tables_that_changed_are_named(good_draft: Draft) -> None:
    before = columns()
    del before["scores"]["rank"], before["units"]
    before["scores"] |= {"grade": "string", "numerator": "string"}
    before["bygone"] = {"a": "string"}
    text = changes_text(replace(good_draft, previous=FIRST_RELEASE, columns_before=before))
    assert "- `scores`: cột mới `rank`" in text
    assert "- `scores`: cột bỏ `grade`" in text
    assert "- `scores`: cột đổi kiểu `numerator`" in text
    assert "- `units`: bảng mới" in text
    assert "- `bygone`: không còn công bố" in text
    assert "`plan_tasks`: cột" not in text


def test_the_same_columns_are_not_mentioned(good_draft: Draft) -> None:
    text = changes_text(replace(good_draft, previous=FIRST_RELEASE, columns_before=columns()))
    assert "cột" not in text
