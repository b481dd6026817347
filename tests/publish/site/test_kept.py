"""Pages that did not change are the same files in the next release; the others are made anew."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from publish.model import Draft, ReleaseId
from publish.package.descriptor import describe
from publish.site.kept import PageCount, make_pages, read_record
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import page_recipes
from tests.publish.small_release import (
    APRIL,
    FIRST,
    FIRST_RELEASE,
    MARCH,
    SECOND,
    small_draft,
    small_tables,
    with_table,
    written_once,
)

MAY = APRIL.next()
ALWAYS = {"index.html", "tai-ve.html", "thuyet-minh-chat-luong.html"}
"""The pages that state sizes and digests of the newest files, and the quality of the release."""


def draft_of(*months: Any, number: int = 1) -> Draft:
    return small_draft(
        id=ReleaseId(months[-1], number), periods=months, tables=small_tables(months)
    )


def following(draft: Draft, **changes: Any) -> Draft:
    """The same content as a later release."""
    return replace(
        draft, id=ReleaseId(draft.id.month, draft.id.number + 1), previous=FIRST_RELEASE, **changes
    )


def make(draft: Draft, folder: Path, before: Path | None = None, **more: Any) -> PageCount:
    descriptor = describe(draft, written_once(draft))
    plans = page_recipes(draft, descriptor)
    return make_pages(folder, plans, imprint_of_draft(draft), before, **more)


def anew(first: Path, second: Path) -> set[str]:
    """The Vietnamese pages of the second folder that are not the files of the first."""
    return {
        path.relative_to(second).as_posix()
        for path in second.rglob("*.html")
        if not path.relative_to(second).as_posix().startswith("en/")
        and not (
            (first / path.relative_to(second)).exists()
            and path.samefile(first / path.relative_to(second))
        )
    }


def test_nothing_is_rendered_twice_but_what_tells_of_the_release_itself(tmp_path: Path) -> None:
    draft = draft_of(MARCH, APRIL)
    make(draft, tmp_path / "1")
    count = make(following(draft), tmp_path / "2", tmp_path / "1")
    assert anew(tmp_path / "1", tmp_path / "2") == ALWAYS | {"phat-hanh/2024-04.r2.html"}
    assert count.rendered == 4
    assert count.kept > 30


def test_a_changed_figure_renews_the_pages_that_show_it_and_no_other(tmp_path: Path) -> None:
    draft = draft_of(MARCH, APRIL)
    make(draft, tmp_path / "1")

    def change(row: dict[str, Any]) -> dict[str, Any]:
        key = (row["period"], row["unit_code"], row["metric_code"])
        return row | {"score": 9.0} if key == ("2024-03", FIRST, "TDGQ") else row

    make(following(with_table(draft, "scores", change)), tmp_path / "2", tmp_path / "1")
    renewed = anew(tmp_path / "1", tmp_path / "2")
    assert {"thang/2024-03.html", f"don-vi/{FIRST}.html"} <= renewed
    assert not {f"don-vi/{SECOND}.html", "chi-so/CKMB.html", "phuong-phap.html"} & renewed
    assert "thang/2024-04.html" not in renewed  # it tells changes of totals, and this is a group


def test_a_further_month_leaves_the_pages_of_older_months_alone(tmp_path: Path) -> None:
    make(draft_of(MARCH, APRIL), tmp_path / "1")
    make(draft_of(MARCH, APRIL, MAY), tmp_path / "2", tmp_path / "1")
    renewed = anew(tmp_path / "1", tmp_path / "2")
    assert {"thang/2024-05.html", f"don-vi/{FIRST}.html"} <= renewed
    assert "thang/2024-04.html" in renewed  # it leads to May now
    assert "thang/2024-03.html" not in renewed


def test_what_is_taken_over_is_what_would_be_rendered_but_for_the_imprint(tmp_path: Path) -> None:
    make(draft_of(MARCH, APRIL), tmp_path / "1")
    later = draft_of(MARCH, APRIL, MAY)
    make(later, tmp_path / "linked", tmp_path / "1")
    make(later, tmp_path / "whole")
    for path in (tmp_path / "whole").rglob("*.html"):
        linked = tmp_path / "linked" / path.relative_to(tmp_path / "whole")
        assert without_imprint(linked) == without_imprint(path), path.name


def without_imprint(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return re.sub(r"(?s)<!-- imprint -->.*?<!-- /imprint -->", "", text)


def test_a_page_names_the_release_in_which_it_last_changed(tmp_path: Path) -> None:
    make(draft_of(MARCH, APRIL), tmp_path / "1")
    make(draft_of(MARCH, APRIL, MAY), tmp_path / "2", tmp_path / "1")
    record = read_record(tmp_path / "2")
    assert record["thang/2024-03.html"].release == "2024-04.r1"
    assert "2024-04.r1" in (tmp_path / "2/thang/2024-03.html").read_text(encoding="utf-8")
    assert record["thang/2024-05.html"].release == "2024-05.r1"


def test_pages_of_a_retracted_release_are_made_anew(tmp_path: Path) -> None:
    draft = draft_of(MARCH, APRIL)
    make(draft, tmp_path / "1")
    count = make(following(draft), tmp_path / "2", tmp_path / "1", withdrawn={ReleaseId(APRIL, 1)})
    assert count.kept == 0


def test_another_program_makes_every_page_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = draft_of(MARCH, APRIL)
    make(draft, tmp_path / "1")
    monkeypatch.setattr("publish.site.kept.program_digest", lambda: "another")
    assert make(following(draft), tmp_path / "2", tmp_path / "1").kept == 0


def test_without_hard_links_pages_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = draft_of(MARCH, APRIL)
    make(draft, tmp_path / "1")

    def refuse(*given: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr("os.link", refuse)
    count = make(following(draft), tmp_path / "2", tmp_path / "1")
    assert count.kept > 30
    page = "thang/2024-03.html"
    assert (tmp_path / "2" / page).read_bytes() == (tmp_path / "1" / page).read_bytes()


def test_attachments_come_and_go_with_their_page(tmp_path: Path) -> None:
    draft = draft_of(MARCH, APRIL)
    make(draft, tmp_path / "1")
    make(following(draft), tmp_path / "2", tmp_path / "1")
    name = f"kem/don-vi/{FIRST}/scores.csv"
    assert (tmp_path / "2" / name).samefile(tmp_path / "1" / name)
