"""The pages in a real Chromium, as their readers meet them.

Skipped where Chromium is absent, unless ``CCHC_TEST_ALL`` forbids skipping.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from publish.preview import preview_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CCHC_TEST_ALL"), reason="no chromium here"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(published_home: Path) -> Iterator[str]:
    """The sample's portal behind the preview server."""
    with preview_server(published_home / "portal" / "current", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _pages(home: Path) -> list[str]:
    site = (home / "portal" / "current").resolve()
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_loads_without_an_error_or_a_request_to_another_host(
    browser: Browser, address: str, published_home: Path, scheme: str
) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    names = _pages(published_home)
    for name in names:
        answer = page.goto(address + name)
        assert answer is not None
        assert answer.status == 200, name
    page.close()
    assert said == []
    assert len(names) >= 6
    assert not [url for url in asked if not url.startswith(address)]


def test_no_page_scrolls_sideways_on_a_narrow_phone(
    browser: Browser, address: str, published_home: Path
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    for name in _pages(published_home):
        page.goto(address + name)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{name} is {wide} px wide"
    page.close()


def test_the_month_page_shows_the_city_s_total_rank_and_capture_time(
    browser: Browser, address: str
) -> None:
    page = _open(browser, address)
    text = page.inner_text("main")
    for words in ("67,18", "Hạng 3 trong 34", "Tạm tính", "10/10/2026", "DỮ LIỆU MẪU"):
        assert words.casefold() in text.casefold(), words
    page.close()


def test_everything_is_readable_without_scripts_and_every_link_answers(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    links = {
        link.get_attribute("href") or ""
        for link in page.query_selector_all("main a, footer a, header a")
    }
    assert len(links) > 20
    for link in sorted(links):
        if not link.startswith(("#", "http")):
            assert context.request.get(address + link.partition("#")[0]).ok, link
    context.close()


def test_the_pages_work_from_a_folder_without_any_server(
    browser: Browser, published_home: Path
) -> None:
    page = browser.new_page()
    page.goto((published_home / "portal" / "current" / "index.html").as_uri())
    page.click("text=Các bản phát hành")
    assert "2026-09.r1" in page.inner_text("main")
    page.close()


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address)
    return page
