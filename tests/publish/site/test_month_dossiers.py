"""Dossiers on the page of a month: what the row of the whole holds, and what it leaves out."""

import pytest

from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.periods import month_pages
from tests.publish.site.page_tree import parse
from tests.publish.small_release import (
    MARCH,
    ROOT,
    SECOND,
    small_draft,
    with_table,
)


def _text(summed: str, whole: str, path: str) -> str:
    """The page of March where a unit's row is of one source and the whole's of another."""
    sources = {ROOT: whole, SECOND: summed}
    draft = with_table(
        small_draft(),
        "dossier_statistics",
        lambda row: row | {"source": sources.get(row["unit_code"], row["source"])},
    )
    recipes = {recipe.name: recipe for recipe in month_pages(Figures(draft), {})}
    pages = dict(recipes[f"thang/{MARCH}.html"].rendered(imprint_of_draft(draft)))
    return " ".join(parse(pages[path].decode()).text.split())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"thang/{MARCH}.html", "chưa gồm 1 đơn vị gửi bảng tổng hợp"),
        (f"en/thang/{MARCH}.html", "leaves out those who sent a summed table (1)"),
    ],
)
def test_units_whose_summed_tables_the_whole_leaves_out_are_named(path: str, said: str) -> None:
    assert said in _text("summed", "dossiers", path)
    assert said not in _text("dossiers", "dossiers", path)
    assert said not in _text("summed", "summed", path)
