"""What was typed, sorted or chosen stands in the address: it can be sent on, and none does harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import MARKS, chromium, visiting
from tests.publish.small_release import FIRST, SECOND

pytestmark = MARKS
AGENCIES = "table-league-month-agency"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(two_months_home: Path) -> str:
    """The address of a small portal, read from its folder."""
    return f"{(two_months_home / 'portal' / 'current').resolve().as_uri()}/"


def units_of(page: Page, table: str) -> list[str]:
    rows = page.locator(f"#{table} tbody tr").filter(visible=True).all()
    return [row.get_attribute("data-row") or "" for row in rows]


@pytest.mark.parametrize(
    "given",
    ["tim=%", "tim=%E0%A4%A", "%", "#", "=", "units=%C3", "tim=a&tim=%", "x.so=|||", "a.1=x"],
)
def test_no_address_stops_the_search_box(browser: Browser, site: str, given: str) -> None:
    with visiting(browser, f"{site}don-vi/index.html#{given}") as page:
        page.fill("input[type=search]", SECOND)
        assert page.locator("tbody tr").filter(visible=True).count() == 1


def test_a_filtered_and_sorted_table_is_sent_on_by_its_address(browser: Browser, site: str) -> None:
    with visiting(browser, f"{site}thang/2024-03.html") as page:
        page.locator(f"#{AGENCIES} thead button").nth(1).click()
        page.locator(f"#{AGENCIES} thead button").nth(1).click()
        order = units_of(page, AGENCIES)
        page.fill(f"[data-filter={AGENCIES}] input", "thu z00.0")
        sent = page.evaluate("location.href")
    assert order == sorted(order, reverse=True) and len(order) == 2
    with visiting(browser, sent) as page:
        assert page.input_value(f"[data-filter={AGENCIES}] input") == "thu z00.0"
        assert units_of(page, AGENCIES) == order
        page.fill(f"[data-filter={AGENCIES}] input", SECOND)
        assert units_of(page, AGENCIES) == [SECOND]
        page.keyboard.press("Escape")
        assert "=thu" not in page.evaluate("location.href") and len(units_of(page, AGENCIES)) == 2


def test_two_units_are_compared_and_the_comparison_is_sent_on(browser: Browser, site: str) -> None:
    with visiting(browser, f"{site}thang/2024-03.html") as page:
        place = page.locator(f"[data-compare={AGENCIES}]")
        place.locator("summary").click()
        place.locator("select").nth(0).select_option(FIRST)
        place.locator("select").nth(1).select_option(SECOND)
        told = place.locator("tbody tr").all_inner_texts()
        sent = page.evaluate("location.href")
    assert len(told) == 3 and "−1,00" in told[2]
    with visiting(browser, sent) as page:
        place = page.locator(f"[data-compare={AGENCIES}]")
        assert place.locator("tbody tr").all_inner_texts() == told


def test_two_months_are_compared_where_they_were_measured_alike(
    browser: Browser, site: str
) -> None:
    with visiting(browser, f"{site}thang/index.html#years.so=2024-03|2024-02") as page:
        gap = page.locator(".compare tbody tr").last
        points, ranks = gap.locator("td").all_inner_texts()[:2]
        assert (points, ranks) == ("+1,50", "+1")  # the second rank became the first
        page.evaluate(
            "document.querySelectorAll('#years td[data-like]')[0].dataset.like = 'otherwise'"
        )
        page.locator(".compare select").first.select_option("2024-03")
        page.locator(".compare select").first.dispatch_event("change")
        assert "+1,50" not in gap.inner_text()


def test_an_address_that_is_opened_in_a_page_that_is_open_takes_effect(
    browser: Browser, site: str
) -> None:
    with visiting(browser, f"{site}don-vi/index.html") as page:
        page.evaluate(f"location.hash = 'tim={SECOND}'")
        page.wait_for_function("document.querySelector('[data-filter] input').value !== ''")
        assert page.locator("tbody tr").filter(visible=True).count() == 1
