"""A real Chromium for the tests of pages.

Belongs here: where it is, how it is started, when its absence skips, what is an error of a page's
script. Does not: assertions about pages.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CCHC_TEST_ALL"), reason="no chromium here"
    ),
]
"""Skipped where Chromium is absent, unless ``CCHC_TEST_ALL`` forbids skipping."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@contextmanager
def visiting(browser: Browser, address: str) -> Iterator[Page]:
    """A page; an error of its script fails the test."""
    page = browser.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    yield page
    page.close()
    assert said == []
