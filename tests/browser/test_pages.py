"""The pages in a real Chromium, as their readers meet them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from publish.store.store import Portal
from tests.browser.chromium import MARKS, chromium
from tests.publish.crash_worker import go_out
from tests.publish.small_release import small_draft, with_table
from tests.serving import served_portal

pytestmark = MARKS
KINDS = (
    "index.html", "thang/2026-09.html", "thang/index.html", "don-vi/index.html",
    "don-vi/H24.html", "chi-so/index.html", "chi-so/TDGQ.html", "chi-so/DOSSIER_SYNC.html",
    "ke-hoach/index.html", "chat-luong.html", "thuyet-minh-chat-luong.html", "tai-ve.html",
    "phat-hanh.html", "phat-hanh/2026-09.r1.html", "lich-cong-bo.html", "thay-doi.html",
    "phuong-phap.html", "tu-dien.html", "tiep-can.html", "thu-tuc.html", "cac-tinh.html",
)  # fmt: skip
"""A page of each kind; those of the plan are in the March of 2024."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(published_home: Path) -> Iterator[str]:
    """The sample's portal behind the preview server."""
    with served_portal(published_home) as address:
        yield address


def _pages(home: Path) -> list[str]:
    site = (home / "portal" / "current").resolve()
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@dataclass
class Visits:
    """What was met on pages that were loaded one after the other."""

    statuses: dict[str, int] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def _visited(page: Page, address: str, names: Iterable[str]) -> Visits:
    visits = Visits()
    page.on("console", lambda message: visits.said.append(message.text))
    page.on("pageerror", lambda error: visits.said.append(str(error)))
    page.on("request", lambda request: visits.asked.append(request.url))
    for name in names:
        answer = page.goto(address + name)
        assert answer is not None
        visits.statuses[name] = answer.status
        visits.widths[name] = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    return visits


NARROW = {"width": 320, "height": 640}


@pytest.fixture(scope="module", params=["light", "dark"])
def visits(
    request: pytest.FixtureRequest, browser: Browser, address: str, published_home: Path
) -> Visits:
    """Every page on a narrow phone; in the dark one of each kind: the rest differs in its words."""
    names = _pages(published_home)
    assert set(KINDS) <= set(names)
    if request.param == "dark":
        page = browser.new_page(viewport=NARROW, color_scheme="dark")
        return _visited(page, address, KINDS)
    return _visited(browser.new_page(viewport=NARROW, color_scheme="light"), address, names)


def test_every_page_loads_without_an_error_or_a_request_to_another_host(
    visits: Visits, address: str
) -> None:
    assert {name: status for name, status in visits.statuses.items() if status != 200} == {}
    assert visits.said == []
    assert not [url for url in visits.asked if not url.startswith(address)]


def test_no_page_scrolls_sideways_on_a_narrow_phone(visits: Visits) -> None:
    assert {name: wide for name, wide in visits.widths.items() if wide > NARROW["width"]} == {}


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


@pytest.fixture(scope="module")
def with_and_without(browser: Browser) -> Iterator[dict[bool, Page]]:
    """A page on which scripts run, and one on which none does."""
    contexts = {runs: browser.new_context(java_script_enabled=runs) for runs in (False, True)}
    yield {runs: context.new_page() for runs, context in contexts.items()}
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("name", KINDS)
def test_a_page_of_each_kind_says_everything_without_scripts(
    with_and_without: dict[bool, Page], address: str, name: str
) -> None:
    """Only what a script makes work (search boxes, buttons that copy or save) may be hidden."""
    said = []
    for scripts, page in with_and_without.items():
        page.goto(address + name)
        hidden = "details,[data-filter],[data-copy],.take,output"
        if scripts:
            page.evaluate(f"document.querySelectorAll('{hidden}').forEach(e => e.remove())")
            said.append(set(page.inner_text("body").split()))
        else:
            said.append(set(page.inner_text("body").split()))
            assert page.locator("input, button").filter(visible=True).count() == 0
    assert len(said[0]) > 60
    assert said[1] <= said[0]


def test_a_name_that_looks_like_a_script_stays_text(browser: Browser, tmp_path: Path) -> None:
    name = '<script>document.title="taken"</script><img src=x onerror=alert(1)>'
    portal = Portal(tmp_path / "portal")
    named = with_table(small_draft(), "units", lambda row: row | {"name_vi": name, "name_en": name})
    go_out(portal, named)
    page = browser.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("console", lambda message: said.append(message.text))
    for path in ("index.html", "don-vi/index.html", "don-vi/Z00.html", "chat-luong.html"):
        page.goto((portal.current / path).as_uri())
        assert page.title() != "taken"
        assert name in page.inner_text("body"), path
        assert page.locator("img").count() == 0
    page.close()
    assert said == []


def test_the_pages_work_from_a_folder_without_any_server(
    browser: Browser, published_home: Path
) -> None:
    page = browser.new_page()
    page.goto((published_home / "portal" / "current" / "index.html").as_uri())
    page.click("text=Các bản phát hành")
    assert "2026-09.r1" in page.inner_text("main")
    page.close()


@pytest.fixture(scope="module")
def march(march_home: Path) -> Iterator[str]:
    """March 2024, which has a plan and dossiers, behind the preview server."""
    with served_portal(march_home) as address:
        yield address


PLAN_KINDS = (
    "ke-hoach/2024.html", "chi-so/2024-II.6a.html", "thang/2024-03.html", "don-vi/H24.html",
    "chat-luong.html",
)  # fmt: skip


EVERY_RULE = "{resultTypes: ['violations'], rules: {'target-size': {enabled: true}}}"
RULES_OF_COLOURS = "{runOnly: ['color-contrast', 'link-in-text-block']}"


def _faults(page: Page, address: str, asked: str = EVERY_RULE) -> list[str]:
    """What axe-core finds on a page, small targets and matters of good practice too."""
    page.goto(address)
    page.add_script_tag(content=AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run({asked})")
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        for node in fault["nodes"][:2]
    ]


AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, address: str, march: str, scheme: str) -> None:
    dark = scheme == "dark"
    context = browser.new_context(bypass_csp=True, color_scheme="dark" if dark else "light")
    page = context.new_page()
    addresses = [address + n for n in (*KINDS, "en/index.html", "en/don-vi/H24.html")]
    addresses += [march + name for name in PLAN_KINDS]
    if dark:  # the words are the same, the colours are not: every third page shows them all
        addresses = addresses[::3]
    rules = RULES_OF_COLOURS if dark else EVERY_RULE
    found = {name: _faults(page, name, rules) for name in addresses}
    context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ("<img src='data:,'><a href='#'></a>", EVERY_RULE),
        ("<p style='background: black; color: #333'>dark", RULES_OF_COLOURS),
    ],
)
def test_axe_would_notice(browser: Browser, tmp_path: Path, body: str, rules: str) -> None:
    (tmp_path / "bad.html").write_text(f"<html><body>{body}")
    page = browser.new_page()
    assert _faults(page, (tmp_path / "bad.html").as_uri(), rules)
    page.close()


def test_the_keyboard_reaches_the_content_first_and_then_every_link(
    browser: Browser, address: str
) -> None:
    page = _open(browser, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.close()


def test_every_page_has_its_policy_and_the_script_runs_under_it(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}don-vi/index.html")
    page.fill("input[type=search]", "so mau 3")
    shown = [row.inner_text() for row in page.query_selector_all("tbody tr:not([hidden]) th")]
    page.close()
    assert len(shown) == 1
    assert "Sở Mẫu 3" in shown[0]
    assert said == []


def test_a_league_is_sorted_by_a_click_on_its_heading(browser: Browser, address: str) -> None:
    page = _open(browser, address)
    table = page.locator("table.league").first
    table.locator("thead button").nth(2).click()
    values = [
        float(v) for v in _values(page, "table.league >> nth=0 >> tbody td:nth-child(3) data")
    ]
    assert values == sorted(values, reverse=True)
    assert len(values) > 30
    page.close()


def test_a_cell_s_shade_shows_how_near_it_is_to_the_maximum(browser: Browser, address: str) -> None:
    page = _open(browser, address)
    colour = "cell => getComputedStyle(cell).backgroundColor"
    seen = {
        page.locator(f"tr:not(.root) > td.{kind}").first.evaluate(colour)
        for kind in ("h2", "h3", "h4")
    }
    assert len(seen) == 3 and "rgba(0, 0, 0, 0)" not in seen
    page.close()


def _values(page: Page, selector: str) -> list[str]:
    return [data.get_attribute("value") or "" for data in page.query_selector_all(selector)]


def test_a_month_prints_on_a4_without_cutting_its_tables(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page = _open(browser, address)
    page.emulate_media(media="print")
    printed = page.pdf(prefer_css_page_size=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 3
    assert width <= 1280


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address)
    return page
