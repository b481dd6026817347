"""The pages: every file of the site beside the releases, from a draft and the list of releases.

Belongs here: which pages there are, their addresses and links, the index for programs. Does not:
what a month's page shows (``month_page``), the look (``templates``), words (``schemas/pages``).

Pages know each other by relative addresses only, so that they work below any base path and from
a folder; each Vietnamese page has its English twin at the same path below ``en/``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cchc_pipeline.period import Month
from publish.month_chart import group_chart, group_finding
from publish.month_page import MonthFacts, month_facts
from publish.page_forms import Forms
from publish.page_words import load_words
from publish.release import Draft, Published
from publish.vietnamese import LANGUAGES, Language

INDEX = "index.html"
RELEASES = "phat-hanh.html"
CURRENT, SUPERSEDED = "current", "superseded"


@dataclass(frozen=True)
class MonthLink:
    """A month and the path of its page in its language's part of the site."""

    month: Month

    @property
    def path(self) -> str:
        """The same in both languages."""
        return f"thang/{self.month}.html"


@dataclass(frozen=True)
class Page:
    """A page's place in the site.

    Args:
        name: Its path within its language.
        language: Its language.
        lasting: The name under which its content can be found again; ``name`` for most.
        public_url: Where the site is served, or empty.
    """

    name: str
    language: Language
    lasting: str
    public_url: str = ""

    @property
    def path(self) -> str:
        """Its path in the site."""
        return _path(self.name, self.language)

    @property
    def other(self) -> Language:
        """The language of its twin."""
        return "en" if self.language == "vi" else "vi"

    @property
    def root(self) -> str:
        """The way from the page to the site's root; empty at the root."""
        return "../" * self.path.count("/")

    @property
    def twin(self) -> str:
        """The way to the same page in the other language."""
        return self.root + _path(self.name, self.other)

    @property
    def permalink(self) -> str:
        """The lasting address: absolute if the site's own is known."""
        lasting = _path(self.lasting, self.language)
        return f"{self._base}{lasting}" if self._base else self.root + lasting

    @property
    def canonical(self) -> str:
        """The lasting absolute address, or empty."""
        return self.permalink if self._base else ""

    @property
    def _base(self) -> str:
        return f"{self.public_url.rstrip('/')}/" if self.public_url else ""

    def to(self, name: str) -> str:
        """The way to a page in the same language."""
        return self.root + _path(name, self.language)


def _path(name: str, language: Language) -> str:
    return name if language == "vi" else f"{language}/{name}"


def render_site(draft: Draft, releases: tuple[Published, ...]) -> dict[str, bytes]:
    """Every file of the site beside the releases and their links, by its path.

    Args:
        draft: The release that the pages show.
        releases: All releases, oldest first, the last being the draft as published.
    """
    site = {page.path: content for page, content in _pages(draft, releases)}
    return site | {"index.json": _index(releases)}


def _pages(draft: Draft, releases: Sequence[Published]) -> Iterable[tuple[Page, bytes]]:
    for month in draft.periods:
        facts, link = month_facts(draft, month), MonthLink(month)
        names = [link.path, *([INDEX] if month == max(draft.periods) else [])]
        for name in names:
            for page in _in_each_language(name, draft, lasting=link.path):
                yield page, _month_page(page, facts, draft)
    for page in _in_each_language(RELEASES, draft, lasting=RELEASES):
        yield page, _render("releases.html", page, draft, {"releases": releases})


def _in_each_language(name: str, draft: Draft, *, lasting: str) -> Iterable[Page]:
    for language in LANGUAGES:
        yield Page(name, language, lasting, draft.identity.public_url)


def _month_page(page: Page, facts: MonthFacts, draft: Draft) -> bytes:
    links = [MonthLink(month) for month in sorted(draft.periods)]
    place = links.index(MonthLink(facts.month))
    return _render(
        "month.html",
        page,
        draft,
        {
            "facts": facts,
            "previous": links[place - 1] if place else None,
            "next": links[place + 1] if place + 1 < len(links) else None,
            "months": list(reversed(links)),
        },
    )


def _render(template: str, page: Page, draft: Draft, content: Mapping[str, Any]) -> bytes:
    statuses = {row["code"]: row for row in draft.tables["obs_status"].to_pylist()}
    forms = Forms(load_words(page.language), statuses)
    context = {
        "page": page,
        "draft": draft,
        "root": _root(draft),
        "license": _license(page, draft),
        "t": forms.words,
        "f": forms,
        "group_chart": group_chart,
        "group_finding": group_finding,
        **content,
    }
    return _environment().get_template(template).render(context).encode()


def _root(draft: Draft) -> Mapping[str, Any]:
    """The publishing unit's latest row in the list of units."""
    code = draft.identity.root_unit
    rows = [row for row in draft.tables["units"].to_pylist() if row["unit_code"] == code]
    unnamed = {"name_vi": code, "name_en": code}
    return max(rows, key=lambda row: row["valid_from"], default=unnamed)


def _license(page: Page, draft: Draft) -> str:
    """The address of the terms: one on the web, or the file in the release."""
    place = draft.identity.license_path
    is_address = place.startswith(("https://", "http://"))
    return place if is_address else f"{page.root}releases/{draft.id.path}/{place}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("publish", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("publish").joinpath("templates/style.css").read_text(encoding="utf-8")
    environment.globals["style"] = style
    return environment


def _index(releases: Sequence[Published]) -> bytes:
    """The list of releases for programs, oldest first."""
    entries = [
        {
            "id": str(release.id),
            "period": str(release.id.month),
            "path": f"releases/{release.id.path}/",
            "version": release.version,
            "published_at": release.published_at,
            "status": CURRENT if release is releases[-1] else SUPERSEDED,
            "digest": release.digest,
            "provenance": release.provenance,
        }
        for release in releases
    ]
    index = {"latest": entries[-1]["id"], "releases": entries}
    return (json.dumps(index, ensure_ascii=False, indent=2) + "\n").encode()
