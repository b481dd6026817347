"""The pages on a phone and on a desk: the answer first, nothing sideways, no tall row, no cut word.

What a page must not have is measured in the browser, and each measure is shown to find its fault.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.chromium import MARKS, chromium
from tests.browser.test_pages import KINDS, PLAN_KINDS
from tests.serving import served_portal

pytestmark = MARKS
PHONE: ViewportSize = {"width": 375, "height": 800}
DESK: ViewportSize = {"width": 1280, "height": 800}
TALLEST = 160
"""The most pixels of a row on a phone: five rows are seen at once."""
FOLDED = "details.fold, section > details"
MEASURE = """tallest => {
  const faults = [], wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) faults.push(`${wide} px wide`);
  for (const row of document.querySelectorAll("main tr")) {
    const { height } = row.getBoundingClientRect();
    if (height > tallest) faults.push(`${height} px: ${row.innerText.slice(0, 60)}`);
  }
  for (const link of document.querySelectorAll("header nav a, footer nav a")) {
    const { height } = link.getBoundingClientRect();
    if (height < 24) faults.push(`${height} px to touch: ${link.innerText}`);
  }
  for (const text of document.querySelectorAll("svg text")) {
    const { left, right } = text.getBoundingClientRect();
    const frame = text.ownerSVGElement.getBoundingClientRect();
    const out = left < frame.left - 1 || right > frame.right + 1;
    if (out || text.textContent.endsWith("…")) faults.push(`cut: ${text.textContent}`);
  }
  return faults;
}"""
SIDEWAYS = """() => [...document.querySelectorAll(".scroll")].filter(
  frame => frame.scrollWidth > frame.clientWidth + 1).length"""
BOTTOMS = """() => [".headline, .box", ".finder input"].map(
  query => document.querySelector(`main ${query.replace(", ", ", main ")}`)
    .getBoundingClientRect().bottom)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def addresses(published_home: Path, march_home: Path) -> Iterator[list[str]]:
    """A page of each kind: September 2026, which has scores, and March 2024, which has a plan."""
    with served_portal(published_home) as september, served_portal(march_home) as march:
        kinds = [september + name for name in (*KINDS, "don-vi/H24.M01.html", "en/index.html")]
        plans = [march + name for name in (*PLAN_KINDS, "don-vi/H24.M03.html", "index.html")]
        yield [*kinds, *plans, *(march + f"en/{name}" for name in PLAN_KINDS)]


def faults(page: Page, tallest: int) -> list[str]:
    """What is wrong with a page as it is laid out, with all its tables open."""
    page.evaluate(f"document.querySelectorAll('{FOLDED}').forEach(part => part.open = true)")
    found: list[str] = page.evaluate(MEASURE, tallest)
    return found


def test_on_a_phone_no_page_has_a_tall_row_a_cut_word_or_anything_sideways(
    browser: Browser, addresses: list[str]
) -> None:
    page = browser.new_page(viewport=PHONE)
    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = faults(page, TALLEST)
        found[address] += [f"{count} frames scroll"] if (count := page.evaluate(SIDEWAYS)) else []
    page.close()
    assert {address: said for address, said in found.items() if said} == {}


def test_at_a_desk_no_page_is_too_wide_or_cuts_a_word(
    browser: Browser, addresses: list[str]
) -> None:
    page = browser.new_page(viewport=DESK)
    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = faults(page, 10_000)
    page.close()
    assert {address: said for address, said in found.items() if said} == {}


FRONT = re.compile(r":\d+/(en/)?(index|don-vi/H24[^/]*|thang/2[^/]*)[.]html$")
"""The pages of months and units, in an address."""


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_answer_and_the_search_stand_on_the_first_screen(
    browser: Browser, addresses: list[str], viewport: ViewportSize
) -> None:
    page = browser.new_page(viewport=viewport)
    asked = [address for address in addresses if FRONT.search(address)]
    assert len(asked) > 8
    for address in asked:
        page.goto(address)
        assert max(page.evaluate(BOTTOMS)) < viewport["height"], address
    page.close()


BREAKS: dict[str, tuple[str, str]] = {
    "a row whose cells stand below each other": (
        "tr, td, th { display: block !important; line-height: 3 !important }", "px: "),
    "a table that is laid out as on a desk": (
        "table { min-width: 60rem !important }", "px wide"),
    "a link to other pages that is small to touch": (
        "footer nav a { padding: 0 !important; line-height: 20px }", "px to touch: "),
    "a label that is moved out of its chart": ("svg text { transform: translateX(9rem) }", "cut: "),
}  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
def test_the_measures_find_what_they_are_for(
    browser: Browser, addresses: list[str], broken: str
) -> None:
    style, said = BREAKS[broken]
    page = browser.new_page(viewport=PHONE)
    page.goto(addresses[0])
    page.add_style_tag(content=style)
    assert any(said in fault for fault in faults(page, TALLEST))
    page.close()


def test_a_caveat_before_the_answer_would_be_noticed(
    browser: Browser, addresses: list[str]
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(addresses[0])
    page.evaluate("document.querySelector('main').prepend(document.querySelector('main .banner'))")
    page.evaluate("document.querySelector('main .banner').style.minHeight = '9rem'")
    assert max(page.evaluate(BOTTOMS)) > PHONE["height"]
    page.close()


def test_a_unit_is_found_from_the_front_page_without_accents(
    browser: Browser, addresses: list[str]
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(addresses[0])
    assert not page.locator("#unit-list a").first.is_visible()
    page.fill(".finder input", "so mau 3")
    page.locator("#unit-list a").filter(visible=True).click()
    assert "Sở Mẫu 3" in page.inner_text("h1")
    page.close()


def test_a_unit_is_found_from_the_page_of_another(browser: Browser, addresses: list[str]) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(next(a for a in addresses if a.endswith("don-vi/H24.M01.html")))
    page.fill(".finder input", "so mau 3")
    page.press(".finder input", "Enter")
    page.wait_for_url("**/don-vi/index.html*")
    shown: list[Any] = page.locator("tbody tr").filter(visible=True).all_inner_texts()
    page.close()
    assert len(shown) == 1 and "Sở Mẫu 3" in shown[0]


def test_without_a_script_the_list_of_units_is_there_to_be_opened(
    browser: Browser, addresses: list[str]
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(addresses[0])
    page.click(".found > summary")
    assert page.locator("#unit-list a").first.is_visible()
    context.close()


def test_a_folded_table_opens_when_something_in_it_is_looked_for(
    browser: Browser, addresses: list[str]
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(addresses[0])
    table = page.locator("details.fold table.league").first
    assert not table.is_visible()
    page.fill(f"[data-filter={table.get_attribute('id')}] input", "quang ninh")
    assert table.is_visible()
    assert table.locator("tbody tr").filter(visible=True).count() == 1
    page.close()


def test_at_a_desk_and_in_print_nothing_is_folded(browser: Browser, addresses: list[str]) -> None:
    page = browser.new_page(viewport=DESK)
    page.goto(addresses[0])
    for media in ("screen", "print"):
        page.emulate_media(media="print" if media == "print" else "screen")
        assert page.locator("details.fold table.league tbody tr").last.is_visible(), media
    page.close()
