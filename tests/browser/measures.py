"""What each kind of page measures: ``python -m tests.browser.measures SITE [--each N]``.

Belongs here: every page of a whole site (``benchmarks.site`` makes one), on a phone and at a desk:
weight, tallest row, where the answer and the search end, what goes sideways or is cut. Does not:
the limits, which ``test_phone`` and the gates hold for a page of each kind.
"""

import argparse
import gzip
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium
from tests.browser.test_phone import BOTTOMS, DESK, PHONE, SIDEWAYS, TALLEST, faults

_FRONT = re.compile(r"^(en/)?(index|don-vi/(?!index)[^/]+|thang/2[^/]+)[.]html$")
"""The pages that answer on their first screen: of months and of units."""
ROWS = """() => Math.max(0, ...[...document.querySelectorAll("main tr")].map(
  row => row.getBoundingClientRect().height))"""


@dataclass(frozen=True)
class Measured:
    """A page."""

    kind: str
    name: str
    weight: int
    row: float
    bottom: float
    faults: tuple[str, ...]


def kind_of(name: str) -> str:
    """``don-vi/*`` of the page of any unit, in its language."""
    folder, _, file = name.rpartition("/")
    return name if file == "index.html" or folder in {"", "en"} else f"{folder}/*"


def pages_of(site: Path, each: int) -> Iterator[str]:
    """The pages of a site; of each kind so many at most."""
    seen: dict[str, int] = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        kind = kind_of(name)
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= each and not name.removeprefix("en/").startswith("nhung/"):
            yield name


def measured(screens: Mapping[str, Page], site: Path, name: str) -> Measured:
    """A page on both screens, all its tables open."""
    found: list[str] = []
    address = (site / name).as_uri()
    for screen, page in screens.items():
        page.goto(address)
        bottom = max(page.evaluate(BOTTOMS)) if _FRONT.search(name) else 0
        tallest = TALLEST if screen == "phone" else 10**4
        found += [f"{screen}: {said}" for said in faults(page, tallest)]
        if screen == "phone":
            row, top = page.evaluate(ROWS), bottom
            found += [f"{screen}: a frame scrolls"] * page.evaluate(SIDEWAYS)
        if bottom > 800:
            found.append(f"{screen}: answer and search end at {bottom:.0f} px")
    weight = len(gzip.compress((site / name).read_bytes()))
    return Measured(kind_of(name), name, weight, row, top, tuple(found))


def report(all_pages: list[Measured]) -> Iterator[str]:
    """A line for each kind, and below it the first faults of its pages."""
    yield "| kind | pages | heaviest, kB gzip | tallest row, px | answer ends, px | faults |"
    yield "|---|---|---|---|---|---|"
    for kind in dict.fromkeys(page.kind for page in all_pages):
        pages = [page for page in all_pages if page.kind == kind]
        figures = (
            len(pages), f"{max(p.weight for p in pages) / 1000:.1f}",
            *(round(max(getattr(p, name) for p in pages)) for name in ("row", "bottom")),
            sum(len(p.faults) for p in pages),
        )  # fmt: skip
        yield f"| {kind} | {' | '.join(map(str, figures))} |"
    for page in all_pages:
        yield from (f"{page.name}: {fault}" for fault in page.faults[:2])


def main() -> None:
    """Measure a site and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="the web root, or the folder of a site's pages")
    parser.add_argument("--each", type=int, default=10**6, help="pages of each kind at most")
    given = parser.parse_args()
    site = given.site.resolve()
    with chromium() as browser:
        screens = {"phone": _opened(browser, phone=True), "desk": _opened(browser, phone=False)}
        found = [measured(screens, site, name) for name in pages_of(site, given.each)]
    sys.stdout.write("\n".join(report(found)) + "\n")


def _opened(browser: Browser, *, phone: bool) -> Page:
    return browser.new_page(viewport=PHONE if phone else DESK)


if __name__ == "__main__":
    main()
