"""The pages that come with a release, planned.

Belongs here: which kinds of pages a release has, in the order in which they are made. Does not:
what a kind shows (a module for each), or the pages that list all releases (``publish.directory``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from publish.release import Draft
from publish.site.download_pages import download_pages
from publish.site.extract import Figures
from publish.site.indicator_pages import indicator_pages
from publish.site.month_pages import month_pages
from publish.site.period_pages import period_pages
from publish.site.plan_pages import plan_pages
from publish.site.planned import PlannedPage
from publish.site.quality_pages import quality_pages
from publish.site.reference_pages import reference_pages
from publish.site.release_notes import release_notes_pages
from publish.site.unit_pages import unit_pages

KINDS: tuple[Callable[[Figures, Mapping[str, Any]], Iterable[PlannedPage]], ...] = (
    month_pages,
    period_pages,
    unit_pages,
    indicator_pages,
    plan_pages,
    quality_pages,
    reference_pages,
    download_pages,
    release_notes_pages,
)
"""Each gives its pages from the figures of a release and its ``datapackage.json``."""


def planned_pages(draft: Draft, descriptor: Mapping[str, Any]) -> Iterator[PlannedPage]:
    """Every page of a release.

    Args:
        draft: The release.
        descriptor: Its ``datapackage.json``.
    """
    figures = Figures(draft)
    for pages_of in KINDS:
        yield from pages_of(figures, descriptor)
