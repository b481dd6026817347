"""A chart is taken away without a script: a file with its finding, its mark and its citation."""

import re
from xml.etree import ElementTree

import pytest

from publish.model import Draft
from publish.package.descriptor import describe
from publish.portal.publication import release_files
from publish.site.charts.standalone import drawings
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import page_recipes
from tests.publish.site.page_tree import parse
from tests.publish.small_release import small_draft

KEEPING = ("thang/2024-03.html", "ke-hoach/2024.html", "chi-so/TOTAL.html", "chi-so/2024-II.3.html")
SVG = "{http://www.w3.org/2000/svg}"


def made(draft: Draft) -> dict[str, bytes]:
    descriptor, imprint = describe(draft, release_files(draft)), imprint_of_draft(draft)
    return {
        path: content
        for recipe in page_recipes(draft, descriptor)
        if recipe.name in (*KEEPING, "index.html")
        for path, content in recipe.rendered(imprint)
    }


@pytest.fixture(scope="module")
def site() -> dict[str, bytes]:
    """Some pages of a release of sample data, and their files."""
    return made(small_draft(sample=True))


def taken(site: dict[str, bytes], page: str) -> list[str]:
    """The files that the charts of a page lead to, from the root."""
    figures = parse(site[page].decode()).all("figure")
    links = [figure.one("a").attributes["href"] for figure in figures]
    assert all(link.count("../") == page.count("/") for link in links)
    return [link.replace("../", "") for link in links]


@pytest.mark.parametrize("page", [*KEEPING, "index.html"])
@pytest.mark.parametrize("folder", ["", "en/"])
def test_each_chart_leads_to_its_file(site: dict[str, bytes], folder: str, page: str) -> None:
    files = taken(site, folder + page)
    assert len(files) == len(set(files))
    assert set(files) <= site.keys()


def test_the_front_page_leads_to_the_files_of_its_month(site: dict[str, bytes]) -> None:
    assert taken(site, "index.html") == taken(site, "thang/2024-03.html") != []


def test_a_file_says_what_it_shows_where_it_is_from_and_under_which_terms(
    site: dict[str, bytes],
) -> None:
    path = next(p for p in taken(site, "thang/2024-03.html") if "chart-month" in p)
    root = ElementTree.fromstring(site[path])  # noqa: S314 - of our own making
    text = [" ".join(part.itertext()) for part in root.findall(f"{SVG}text")]
    finding = parse(site["thang/2024-03.html"].decode()).all("figcaption")[0].text
    assert "".join(text).replace(" ", "").startswith(finding.replace(" ", ""))
    told = " ".join(text)
    assert "Tháng 3/2024, theo Cổng DVCQG lúc 10:00 ngày 05/4/2024" in told
    assert "bản phát hành 2024-03.r1" in told
    assert "Điều khoản sử dụng: Điều khoản thử nghiệm" in told
    (drawing,) = root.findall(f"{SVG}svg")
    bottom = float(drawing.attrib["y"]) + float(drawing.attrib["height"])
    tops = [float(part.attrib["y"]) for part in root.findall(f"{SVG}text")]
    assert tops[0] < float(drawing.attrib["y"]) < bottom < tops[-1] < float(root.attrib["height"])


def test_a_file_without_a_site_around_it_names_the_page_that_it_is_from(
    site: dict[str, bytes],
) -> None:
    for path in taken(site, "en/thang/2024-03.html"):
        told = site[path].decode()
        assert "Page en/thang/2024-03.html" in " ".join(re.findall(r">([^<]+)<", told))
        assert "../" not in told


def test_a_chart_of_official_figures_can_be_cited_though_its_page_has_samples_too() -> None:
    cited = '<dd data-cite><strong class="mark">DỮ LIỆU MẪU.</strong> Văn phòng UBND.</dd>'
    drawing = '<svg class="bars" height="48" aria-labelledby="{0}-t {0}-d"></svg></figure>'
    page = (
        f"<figure>\n<figcaption>A</figcaption>\n{drawing.format('a')}"
        '<figure>\n<figcaption>B <strong class="mark">DỮ LIỆU MẪU</strong></figcaption>\n'
        f"{drawing.format('b')}{cited}"
    )
    files = dict(drawings(page))
    assert "MẪU" not in files["a"].decode() and "Văn phòng UBND." in files["a"].decode()
    assert "DỮ LIỆU MẪU. Văn phòng UBND." in files["b"].decode()


def test_a_file_of_sample_figures_is_marked_above_the_drawing_too() -> None:
    page = (
        '<figure>\n<figcaption>A &lt; B <strong class="mark">DỮ LIỆU MẪU</strong></figcaption>\n'
        '<svg class="bars" height="48" aria-labelledby="c-t c-d"><title>A</title></svg>'
    )
    ((name, content),) = drawings(page)
    assert name == "c"
    assert "A &lt; B DỮ LIỆU MẪU" in content.decode()
