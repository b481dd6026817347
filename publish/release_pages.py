"""The pages that come with a release: a month each, the newest as the front page.

Belongs here: which pages a draft has, and how they link to each other. Does not: what a month's
page shows (``month_page``), or the pages that list all releases (``directory``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.period import Month
from publish.month_page import MonthFacts, month_facts
from publish.page import INDEX_PAGE, Page, imprint_of_draft, in_each_language, render
from publish.release import Draft
from publish.structured_data import dataset_markup, script_text


@dataclass(frozen=True)
class MonthLink:
    """A month and the path of its page in its language's part of the site."""

    month: Month

    @property
    def path(self) -> str:
        """The same in both languages."""
        return f"thang/{self.month}.html"


def release_pages(draft: Draft, descriptor: Mapping[str, Any]) -> dict[str, bytes]:
    """Every page of a release by its path in the site, both languages.

    Args:
        draft: The release.
        descriptor: Its ``datapackage.json``, for the markup that search engines read.
    """
    return {page.path: content for page, content in _pages(draft, descriptor)}


def _pages(draft: Draft, descriptor: Mapping[str, Any]) -> Iterable[tuple[Page, bytes]]:
    for month in draft.periods:
        facts, link = month_facts(draft, month), MonthLink(month)
        names = [link.path, *([INDEX_PAGE] if month == max(draft.periods) else [])]
        for name in names:
            for page in in_each_language(name, draft.identity, lasting=link.path):
                yield page, _month_page(page, facts, draft, descriptor)


def _month_page(
    page: Page, facts: MonthFacts, draft: Draft, descriptor: Mapping[str, Any]
) -> bytes:
    links = [MonthLink(month) for month in sorted(draft.periods)]
    place = links.index(MonthLink(facts.month))
    content = {
        "draft": draft,
        "markup": script_text(dataset_markup(descriptor, draft.identity, page.root)),
        "facts": facts,
        "previous": links[place - 1] if place else None,
        "next": links[place + 1] if place + 1 < len(links) else None,
        "months": list(reversed(links)),
    }
    statuses = {row["code"]: row for row in draft.tables["obs_status"].to_pylist()}
    return render("month.html", page, imprint_of_draft(draft), content, statuses)
