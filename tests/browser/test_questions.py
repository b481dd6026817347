"""Five questions of a reader, each answered in at most two clicks from the front page."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import MARKS, chromium, visiting
from tests.publish.small_release import FIRST, MARCH, ROOT
from tests.publish.two_months import LATE, MISSED, WHY
from tests.serving import served_portal

pytestmark = MARKS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(two_months_home: Path) -> Iterator[str]:
    """The front page of a small portal."""
    with served_portal(two_months_home) as address:
        yield address


@pytest.fixture
def front(browser: Browser, address: str) -> Iterator[Page]:
    with visiting(browser, address) as page:
        yield page


def go(page: Page, *links: str) -> None:
    """Follow links by their words: two at most."""
    assert len(links) <= 2
    for words in links:
        page.get_by_role("link", name=words, exact=True).filter(visible=True).first.click()


def test_how_late_is_my_commune(front: Page) -> None:
    front.fill(".finder input", f"don vi thu {FIRST}")
    go(front, f"Đơn vị thử {FIRST}")
    row = front.locator(f"#table-dossiers tr[data-row='{MARCH}']").inner_text().split()
    assert str(LATE) in row
    assert "đúng hạn" in front.inner_text("#table-dossiers thead").lower()


def test_is_the_city_better_than_in_spring(front: Page) -> None:
    go(front, "So với tháng trước và cùng kỳ năm trước")
    section = front.locator("section[aria-labelledby=beside]")
    assert "+1,50" in section.locator("tr.gap").first.inner_text()
    go(front, "So sánh hai tháng")
    front.wait_for_url("**/thang/index.html")
    months = front.locator("#years tbody tr").all_inner_texts()
    assert "49,50" in months[0] and "48,00" in months[1]


def test_which_targets_are_missed_and_who_owes(front: Page) -> None:
    go(front, "Kế hoạch", "Chỉ tiêu kế hoạch cải cách hành chính năm 2024")
    missed = front.locator("#table-targets tr:has(td.no)")
    assert [row.get_attribute("data-row") for row in missed.all()] == [MISSED]
    assert "Sở Nội vụ" in front.inner_text("section[aria-labelledby=debts]")


def test_what_was_corrected_last_month_and_why(front: Page) -> None:
    go(front, "Các bản phát hành", "2024-03.r2")
    told = front.inner_text("section[aria-labelledby=revisions]")
    for words in (f"Đơn vị thử {FIRST}", "Tháng 3/2024", "49,50", "48,50", WHY.note):
        assert words.lower() in told.lower(), (words, told)


def test_which_file_is_behind_this_chart(front: Page) -> None:
    with front.expect_download() as drawing:
        front.locator("figure a[download]").first.click()
    assert drawing.value.suggested_filename.endswith(".vi.svg")
    with front.expect_download() as rows:
        front.locator("#main .downloads a[download]").first.click()
    with Path(rows.value.path()).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    wanted = {"unit_code": ROOT, "metric_code": "TDGQ", "period": str(MARCH)}
    assert [row["score"] for row in found if wanted.items() <= row.items()] == ["8.25"]
