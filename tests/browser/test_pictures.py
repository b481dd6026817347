"""A drawing is saved as a file of its own, with its finding, its mark and its citation."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from publish.site.extract import Figures
from publish.site.page import imprint_of_draft
from publish.site.pages.units import unit_pages
from tests.browser.chromium import MARKS, chromium
from tests.publish.small_release import FIRST, small_draft

pytestmark = MARKS
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a unit of sample data."""
    draft = small_draft(sample=True)
    recipe = next(r for r in unit_pages(Figures(draft), {}) if FIRST in r.name)
    for path, content in recipe.rendered(imprint_of_draft(draft)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    opened = browser.new_page()
    opened.goto((tmp_path / recipe.name).as_uri())
    yield opened
    opened.close()


def saved(page: Page, kind: str) -> Path:
    """The file that the first drawing's button gives."""
    with page.expect_download() as found:
        page.locator("figure button", has_text=kind).first.click()
    assert found.value.suggested_filename.startswith(FIRST)
    return Path(found.value.path())


def test_a_drawing_is_saved_with_its_finding_its_mark_and_its_citation(page: Page) -> None:
    root = ElementTree.fromstring(saved(page, "SVG").read_bytes())  # noqa: S314 - of our own page
    text = " ".join(" ".join(part.itertext()) for part in root.iter(f"{SVG}text"))
    assert "DỮ LIỆU MẪU, không dùng để trích dẫn." in text
    assert "bản phát hành 2024-03.r1" in text
    _, drawing = root.iter(f"{SVG}svg")
    tops = [float(part.attrib["y"]) for part in root.findall(f"{SVG}text")]
    bottom = float(drawing.attrib["y"]) + float(drawing.attrib["height"])
    assert float(drawing.attrib["height"]) > 60
    assert tops[0] < float(drawing.attrib["y"]) < bottom < tops[-1]
    assert page.locator("figcaption").first.inner_text().split()[0] in text


def test_a_drawing_is_saved_as_a_picture(page: Page) -> None:
    with Image.open(saved(page, "PNG")) as picture:
        assert picture.format == "PNG"
        assert picture.width >= 960
        assert len(set(picture.convert("RGB").resize((80, 60)).get_flattened_data())) > 4
