"""Pictures of the portal's pages: ``python -m tests.browser.screenshots HOME OUT``.

Belongs here: a picture of each kind of page, on a desktop and a phone, light and dark, and a
printed month, so that somebody looks at them. Does not: assertions (``test_pages``).
"""

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, ViewportSize

from tests.browser.chromium import chromium
from tests.serving import served_portal

PAGES = {
    "thang": "index.html", "thang-2024-03": "thang/2024-03.html", "don-vi": "don-vi/H24.html",
    "danh-sach-don-vi": "don-vi/index.html", "chi-so": "chi-so/TDGQ.html",
    "chi-tieu": "chi-so/2024-II.6a.html", "ke-hoach": "ke-hoach/2024.html",
    "chat-luong": "chat-luong.html", "tai-ve": "tai-ve.html", "phat-hanh": "phat-hanh.html",
    "lich": "lich-cong-bo.html", "phuong-phap": "phuong-phap.html", "tu-dien": "tu-dien.html",
    "thay-doi": "thay-doi.html", "tiep-can": "tiep-can.html", "english": "en/index.html",
    "xa": "don-vi/H24.M14.html", "quan": "don-vi/H24.M31.html",
    "cac-tinh": "cac-tinh.html", "so-sanh": "thang/index.html#years.so=2024-03|2024-02",
}  # fmt: skip
SCREENS: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CHOSEN = {
    "month-desktop-light": ("thang.desktop.light", "main"),
    "commune-phone-dark": ("xa.phone.dark", "main"),
    "unit-desktop-light": ("quan.desktop.light", "#dossiers"),
    "months-desktop-light": ("so-sanh.desktop.light", "main"),
    "plan-phone-light": ("ke-hoach.phone.light", "#attainment"),
}
"""Those of ``docs/images``: the name there, the picture, and what stands at its top."""
COLOURS = 96
"""So many are enough for a page without photographs, and make its picture small."""


@dataclass(frozen=True)
class Shot:
    """One picture to take."""

    page: str
    screen: str
    scheme: Literal["light", "dark"]

    @property
    def name(self) -> str:
        """``thang.phone.dark``."""
        return f"{self.page}.{self.screen}.{self.scheme}"


def shots() -> Iterator[Shot]:
    """Every page on every screen in both schemes."""
    yield from itertools.starmap(Shot, itertools.product(PAGES, SCREENS, SCHEMES))


def take(browser: Browser, address: str, shot: Shot, path: Path, top: str = "") -> None:
    """Take one picture; the whole page, or a screen with the given element at its top."""
    page = browser.new_page(viewport=SCREENS[shot.screen], color_scheme=shot.scheme)
    page.goto(address + PAGES[shot.page])
    if top:
        page.locator(top).evaluate("element => element.scrollIntoView()")
    page.screenshot(path=path, full_page=not top)
    page.close()


def take_all(browser: Browser, address: str, out: Path) -> None:
    """Every picture, and the month as a printer gets it."""
    out.mkdir(parents=True, exist_ok=True)
    for shot in shots():
        take(browser, address, shot, out / f"{shot.name}.png")
    page = browser.new_page()
    page.goto(address)
    page.pdf(path=out / "thang.print.pdf", prefer_css_page_size=True)
    page.close()


def take_chosen(browser: Browser, address: str, out: Path) -> None:
    """The pictures for the docs."""
    out.mkdir(parents=True, exist_ok=True)
    by_name = {shot.name: shot for shot in shots()}
    for name, (shot, top) in CHOSEN.items():
        path = out / f"{name}.png"
        take(browser, address, by_name[shot], path, top)
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    """Take the pictures of a published site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="an installation that has published, such as var")
    parser.add_argument("out", type=Path, help="the folder for the pictures")
    parser.add_argument("--chosen", action="store_true", help="only those of the docs")
    given = parser.parse_args()
    with served_portal(given.home) as address, chromium() as browser:
        (take_chosen if given.chosen else take_all)(browser, address, given.out)


if __name__ == "__main__":
    main()
