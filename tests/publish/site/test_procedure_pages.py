"""The page on procedures: what changed from one catalogue to the next, and what cannot be said."""

from typing import Any

from publish.model import Draft
from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.procedures import LISTED, procedure_pages
from tests.publish.site.page_tree import Element, parse
from tests.publish.small_release import APRIL, FIRST, MARCH, ROOT, small_draft, small_tables, table

Row = dict[str, Any]


def _change(number: int, change: str = "changed", column: str = "name_vi", **other: Any) -> Row:
    return {
        "period": str(APRIL), "catalogue": "procedures", "procedure_key": f"1.{number:06d}",
        "column": column if change == "changed" else "*", "change": change,
        "procedure_code": f"1.{number:06d}", "name_vi": f"Thủ tục {number}", "field_code": "LV1",
        "unit_code": None, "old_value": None, "new_value": None, "compared_with": str(MARCH),
        "provenance": "official",
    } | other  # fmt: skip


def _came(period: str, source: str = "procedures", **other: Any) -> Row:
    return {
        "period": period, "unit_code": ROOT, "table": source, "rows": 40, "accepted": 40,
        "received_at": "2024-05-02T03:00:00Z", "quarantined": 0, "duplicates": 0,
        "status": "received", "release": None, "provenance": "official",
    } | other  # fmt: skip


def _page(changes: list[Row], *came: Row, language: str = "vi") -> Element:
    tables = small_tables((MARCH, APRIL))
    rows = {"procedure_changes": changes, "submissions": list(came)}
    draft: Draft = small_draft(
        tables=tables | {name: table(name, content) for name, content in rows.items()},
        periods=(MARCH, APRIL),
    )
    (plan,) = procedure_pages(Figures(draft), {})
    pages = dict(plan.rendered(imprint_of_draft(draft)))
    return parse(pages["thu-tuc.html" if language == "vi" else "en/thu-tuc.html"].decode())


BOTH = (_came(str(MARCH), accepted=39, rows=39), _came(str(APRIL)))


def test_the_finding_counts_procedures_and_the_list_names_each_change() -> None:
    changes = [
        _change(1, old_value="Tên cũ", new_value="Tên mới"),
        _change(1, column="in_force", old_value="true", new_value="false"),
        _change(2, "new"),
        _change(3, "gone"),
        _change(4, "new", unit_code=FIRST),
    ]
    part = _page(changes, *BOTH).one("section", aria_labelledby="procedures")
    assert "2 thủ tục mới có, 1 thay đổi, 1 không còn" in part.text
    for text in ("Tên cũ", "Tên mới", "Còn hiệu lực", "1.000003", "Đơn vị thử Z00.01"):
        assert text in part.text
    english = _page(changes, *BOTH, language="en").one("section", aria_labelledby="procedures")
    assert "2 procedures are new, 1 changed, 1 are gone" in english.text


def test_the_first_catalogue_has_nothing_to_be_compared_with() -> None:
    page = _page([], BOTH[0])
    part = page.one("section", aria_labelledby="procedures")
    assert "chưa có danh mục trước để so sánh" in part.text
    national = page.one("section", aria_labelledby="national_procedures")
    assert "Chưa nhận được danh mục nào" in national.text


def test_a_catalogue_with_rows_set_aside_says_what_it_cannot_tell() -> None:
    unsure = _came(str(APRIL), accepted=39, quarantined=1)
    assert "không kết luận được" in _page([_change(1)], BOTH[0], unsure).text
    assert "không kết luận được" not in _page([_change(1)], *BOTH).text


def test_a_long_list_is_cut_and_says_how_long_it_is() -> None:
    page = _page([_change(number, "new") for number in range(LISTED + 5)], *BOTH)
    assert f"Các thay đổi ({LISTED} trong {LISTED + 5})" in page.text


def test_a_sample_is_marked_at_the_finding() -> None:
    rows = [row | {"provenance": "sample"} for row in BOTH]
    assert "DỮ LIỆU MẪU" in _page([_change(1, provenance="sample")], *rows).text
    assert "DỮ LIỆU MẪU" not in _page([_change(1)], *BOTH).text
