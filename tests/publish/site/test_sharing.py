"""What stands for a page elsewhere: the picture where its address is shared, the page to embed."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from publish.model import Draft
from publish.package.descriptor import describe
from publish.portal.publication import release_files
from publish.portal.server import serving
from publish.site.page import imprint_of_draft
from publish.site.pages import pictures
from publish.site.pages.releases import page_recipes
from publish.site.share_image import ShareImage
from tests.publish.site.page_tree import parse
from tests.publish.small_release import FIRST, small_draft

ADDRESS = "https://du-lieu.example/cl"
PAGES = {"index.html", "thang/2024-03.html", f"don-vi/{FIRST}.html", "ke-hoach/2024.html"}
EMBEDS = {"nhung/index.html", f"nhung/don-vi/{FIRST}.html", "nhung/ke-hoach/2024.html"}


def made(draft: Draft) -> dict[str, bytes]:
    """Some pages of a release, those to embed for them, and what is attached to them."""
    descriptor, imprint = describe(draft, release_files(draft)), imprint_of_draft(draft)
    return {
        path: content
        for recipe in page_recipes(draft, descriptor)
        if recipe.name in PAGES | EMBEDS
        for path, content in recipe.rendered(imprint)
    }


def public(draft: Draft) -> Draft:
    return replace(draft, identity=replace(draft.identity, public_url=ADDRESS))


@pytest.fixture(scope="module")
def site(good_draft: Draft) -> dict[str, bytes]:
    """Of a portal whose address is known."""
    return made(public(good_draft))


@pytest.mark.parametrize(
    "path",
    ["index.html", "en/thang/2024-03.html", f"don-vi/{FIRST}.html", f"en/don-vi/{FIRST}.html"],
)
def test_months_and_units_name_a_picture_that_is_there(site: dict[str, bytes], path: str) -> None:
    named = parse(site[path].decode()).one("meta", property="og:image").attributes["content"]
    assert named.startswith(f"{ADDRESS}/kem/")
    content = site[named.removeprefix(f"{ADDRESS}/")]
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (1200, 630)
    assert len(content) < 60_000


def test_no_picture_is_drawn_where_the_address_of_the_site_is_not_known(good_draft: Draft) -> None:
    found = made(good_draft)
    assert not [path for path in found if path.endswith(".png")]
    assert not parse(found["index.html"].decode()).all("meta", property="og:image")


@pytest.mark.parametrize("sample", [True, False])
def test_a_picture_of_sample_figures_says_so(sample: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[ShareImage] = []
    monkeypatch.setattr(pictures, "share_image", lambda said: drawn.append(said) or b"")
    made(public(small_draft(sample=sample)))
    unit = next(said for said in drawn if FIRST in said.title)
    assert unit.sample is sample
    assert not any(said.sample for said in drawn if said is not unit)  # their figures are real
    assert (unit.figure, unit.figure_note) == ("49,50", "trên 100 điểm, tháng 3/2024")
    assert [round(share, 2) for _, share in unit.bars if share] == [
        0.46,
        0.41,
        0.69,
        0.82,
        0.46,
        0.38,
    ]


@pytest.mark.parametrize("name", sorted(EMBEDS))
def test_a_page_to_embed_has_no_script_and_leads_to_the_whole_page(
    site: dict[str, bytes], name: str
) -> None:
    for path in (name, f"en/{name}"):
        page = parse(site[path].decode())
        assert not page.all("script"), path
        assert "script-src" not in site[path].decode(), path
        assert all(link.attributes["target"] == "_blank" for link in page.all("a")), path
        assert page.all("a"), path
        assert len(site[path]) < 40_000, path


def test_a_page_tells_how_it_is_embedded(site: dict[str, bytes]) -> None:
    footer = parse(site[f"don-vi/{FIRST}.html"].decode()).one("footer").text
    assert f'<iframe src="{ADDRESS}/nhung/don-vi/{FIRST}.html"' in footer


def test_a_page_to_embed_shows_the_figures_of_its_page(site: dict[str, bytes]) -> None:
    page = parse(site[f"nhung/don-vi/{FIRST}.html"].decode())
    assert page.all("data")[0].attributes["value"] == "49.50"
    assert page.all("svg")


def test_sample_figures_are_marked_in_a_page_to_embed_too() -> None:
    found = made(small_draft(sample=True))
    page = parse(found[f"nhung/don-vi/{FIRST}.html"].decode())
    assert "DỮ LIỆU MẪU" in page.text
    assert (
        '<data value="49.50">49,50</data> <small class="m">mẫu</small>'
        in found[f"nhung/don-vi/{FIRST}.html"].decode()
    )


def test_official_figures_to_embed_are_under_no_banner_of_samples_elsewhere() -> None:
    found = made(small_draft(sample=True))
    page = parse(found["nhung/index.html"].decode())
    assert page.all("data") and "DỮ LIỆU MẪU" not in page.text


@pytest.mark.parametrize(
    ("path", "anybody"),
    [("nhung/index.html", True), ("en/nhung/don-vi/H24.html", True), ("index.html", False),
     ("don-vi/H24.html", False), ("nhung/x.json", False)],
)  # fmt: skip
def test_only_pages_to_embed_may_be_shown_by_others(path: str, anybody: bool) -> None:
    assert serving().policy_of(path).endswith("frame-ancestors *") is anybody
