"""What a page of others says of a month, and what does not count as showing it."""

from dataclasses import replace
from pathlib import Path

import pytest

from cchc_pipeline.core.period import Month
from publish.model import Published, ReleaseId
from publish.places.manual import Sighting, frames_of, look_for, sighting
from publish.verify.places import Download, http_client, load_bounds
from tests.serving import served

MARCH, APRIL = Month(2024, 3), Month(2024, 4)
OLD = Published(ReleaseId(MARCH, 1), "1.0.0", "", "official", (MARCH,), {}, Path(), "")
NEW = replace(OLD, id=ReleaseId(APRIL, 1), periods=(MARCH, APRIL))
EMBED = '<main data-release="{release}" data-period="{month}">'


def seen(text: str, month: Month = MARCH) -> Sighting:
    return sighting(text.encode(), month, (OLD, NEW))


@pytest.mark.parametrize(
    "text",
    [
        EMBED.format(release="2024-03.r1", month="2024-03"),
        "<p>Bản phát hành 2024-03.r1</p>",
        "<p>Bản phát hành 2024&#45;03.r1, thay cho 2023-12.r1</p>",
    ],
)
def test_a_page_that_names_the_month_s_release_shows_the_month(text: str) -> None:
    assert seen(text) == Sighting("2024-03.r1")


def test_a_page_of_the_month_may_name_a_later_release_that_has_it() -> None:
    assert seen(EMBED.format(release="2024-04.r1", month="2024-03")) == Sighting("2024-04.r1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<p>Tháng 3/2024: 86,97 điểm</p>", "nothing"),
        (EMBED.format(release="2024-04.r1", month="2024-04"), "other_month"),
        (EMBED.format(release="2024-03.r2", month="2024-03"), "withdrawn"),
    ],
)
def test_a_page_that_does_not_show_the_month_is_told_apart(text: str, why: str) -> None:
    assert seen(text).why == why


def test_no_page_shows_nothing() -> None:
    assert sighting(None, MARCH, (OLD,)).why == "absent"


def test_only_frames_of_our_own_embeds_are_followed() -> None:
    page = (
        b'<iframe src="https://example.org/x/nhung/index.html"></iframe>'
        b'<iframe src="https://elsewhere.example/nhung/index.html"></iframe>'
        b'<IFRAME title="a" SRC="https://example.org/x/thang/2024-03.html"></IFRAME>'
    )
    found = frames_of(page, "https://mot-cua.example.org/", ("https://example.org/x",))
    assert found == ("https://example.org/x/nhung/index.html",)
    assert frames_of(page, "https://mot-cua.example.org/", ("",)) == ()


def test_a_page_that_frames_our_embed_shows_what_the_embed_shows(tmp_path: Path) -> None:
    embed = tmp_path / "cong" / "nhung" / "index.html"
    embed.parent.mkdir(parents=True)
    embed.write_text(EMBED.format(release="2024-03.r1", month="2024-03"))
    with served(tmp_path) as address, http_client(load_bounds()) as client:
        (tmp_path / "trang.html").write_text(f'<iframe src="{address}cong/nhung/index.html">')
        found = look_for(
            f"{address}trang.html", MARCH, (OLD,), (f"{address}cong",),
            lambda: Download(client, lambda: 0.0),
        )  # fmt: skip
    assert found == Sighting("2024-03.r1")
