"""What a page of others says of a month, and what does not count as showing it."""

from dataclasses import replace
from pathlib import Path

import pytest

from cchc_pipeline.core.period import Month
from publish.model import Published, ReleaseId
from publish.places.manual import Sighting, frames_of, look_for, sighting
from publish.verify.places import Download, http_client, is_within, load_bounds
from tests.serving import served

MARCH, APRIL = Month(2024, 3), Month(2024, 4)
OLD = Published(ReleaseId(MARCH, 1), "1.0.0", "", "official", (MARCH,), {}, Path(), "")
NEW = replace(OLD, id=ReleaseId(APRIL, 1), periods=(MARCH, APRIL))
EMBED = '<main data-release="{release}" data-period="{month}">'


def seen(text: str, month: Month = MARCH, asked: str = "") -> Sighting:
    return sighting(text.encode(), month, (OLD, NEW), "H24", asked)


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
        ("<!-- 2024-03.r1 --><p>Đang bảo trì", "nothing"),
        ("<script>var r = '2024-03.r1'</script>", "nothing"),
        ("<template><p>2024-03.r1</p></template><!-- <p>2024-03.r1", "nothing"),
        ('<main data-root="H44" data-release="2024-03.r1" data-period="2024-03">', "of_others"),
    ],
)
def test_a_page_that_does_not_show_the_month_is_told_apart(text: str, why: str) -> None:
    assert seen(text).why == why


def test_a_page_that_only_repeats_the_address_does_not_show_what_it_names() -> None:
    page, asked = "<p>Không tìm thấy /tin/2024-03.r1", "https://mot-cua.example.org/tin/2024-03.r1"
    assert seen(page, asked=asked).why == "nothing"
    assert seen(EMBED.format(release="2024-03.r1", month="2024-03"), asked=asked).why == ""


@pytest.mark.parametrize(
    ("address", "counts"),
    [
        ("https://mot-cua.example.org/hp/tin/1.html", True),
        ("https://MOT-CUA.example.org:443/hp", True),
        ("https://mot-cua.example.org/hp-khac/", False),
        ("https://mot-cua.example.org/khac/../phu-tho/", False),
        ("http://mot-cua.example.org/hp/", True),
        ("https://mot-cua.example.org@evil.example/hp/", False),
        ("https://nguoi@mot-cua.example.org/hp/", False),
        ("ftp://mot-cua.example.org/hp/", False),
        ("không phải địa chỉ", False),
    ],
)
def test_only_an_address_below_that_of_the_place_is_one_of_it(address: str, counts: bool) -> None:
    assert is_within(address, "https://mot-cua.example.org/hp/") is counts


def test_a_host_is_the_same_however_it_is_written() -> None:
    assert is_within("https://xn--hi-phng-h0a8159d.vn/a", "https://hải-phòng.vn/")


def test_no_page_shows_nothing() -> None:
    assert sighting(None, MARCH, (OLD,), "H24").why == "absent"


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
            lambda: Download(client, lambda: 0.0), "H24",
        )  # fmt: skip
    assert found == Sighting("2024-03.r1")
