"""The files of a site that list everything: the index, the list of releases, feeds, tombstones.

Belongs here: which of these files an edition has, and the index for programs. Does not: the pages
that come with a release (``release_pages``), or what the feeds contain (``catalogue``, ``feed``).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cchc_pipeline.release_calendar import load_calendar
from publish.catalogue import CATALOGUE, catalogue
from publish.edition import Act, Edition
from publish.feed import FEED, feed
from publish.release import Published
from publish.site.act_pages import act_pages
from publish.site.page import (
    INDEX_PAGE,
    RELEASES_PAGE,
    Imprint,
    Page,
    in_each_language,
    next_release_text,
    path_in,
    render,
)
from publish.site.release_notes import release_page
from publish.sitemap import CALENDAR, calendar_list, sitemap
from publish.vietnamese import LANGUAGES, Language

TOMBSTONE = "RETRACTED.json"


def directory_files(edition: Edition, earlier_pages: Iterable[str] = ()) -> dict[str, bytes]:
    """Every file of a site that does not come with a release, by its path.

    Args:
        edition: What is shown.
        earlier_pages: The pages that readers were shown before; one that the current release
            lacks still answers, and says so.
    """
    files = {page.path: content for page, content in _pages(edition)}
    files |= {"index.json": index(edition), **_feeds(edition, files)}
    for release in edition.releases:
        if release.id in edition.retractions:
            files |= _tombstone(edition, release, edition.retractions[release.id])
    absent = set(earlier_pages) - files.keys() - set(edition.pages)
    return files | {path: _absent_page(edition, path) for path in sorted(absent)}


def _feeds(edition: Edition, pages: Iterable[str]) -> dict[str, bytes]:
    """What programs follow: the catalogue, the feed, the calendar and the sitemap."""
    calendar = load_calendar()
    return {
        CATALOGUE: catalogue(edition),
        FEED: feed(edition, calendar),
        CALENDAR: calendar_list(edition, calendar),
        **sitemap(edition, {*pages, *_kept_pages(edition)}),
    }


def _kept_pages(edition: Edition) -> Iterable[str]:
    """The pages of the current release, and those about every release that can be read."""
    yield from (page for page in edition.pages if page.endswith(".html"))
    for release in edition.readable:
        yield from (path_in(release_page(release.id), language) for language in LANGUAGES)


def index(edition: Edition) -> bytes:
    """The list of releases and acts for programs, oldest first."""
    entries = [
        {
            "id": str(release.id),
            "period": str(release.id.month),
            "path": f"releases/{release.id.path}/",
            "version": release.version,
            "published_at": release.published_at,
            "status": edition.state(release.id),
            "digest": release.digest,
            "provenance": release.provenance,
        }
        for release in edition.releases
    ]
    acts = [{**vars(act), "release": str(act.release)} for act in edition.acts]
    latest = str(edition.current.id) if edition.current else None
    return _json({"latest": latest, "releases": entries, "acts": acts})


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _pages(edition: Edition) -> Iterable[tuple[Page, bytes]]:
    imprint = _imprint(edition)
    for page in in_each_language(RELEASES_PAGE, edition.identity):
        yield page, render("releases.html", page, imprint, {"edition": edition})
    yield from act_pages(edition, imprint)
    if edition.current is None:
        for page in in_each_language(INDEX_PAGE, edition.identity):
            yield page, _withdrawn(page, imprint, "nothing")


def _imprint(edition: Edition) -> Imprint:
    release = edition.current
    if release is None:
        return Imprint(edition.identity, edition.root)
    return Imprint(
        edition.identity, edition.root, release.id, release.version, release.published_at,
        next_release_text(edition.updated_at), release.is_sample,
    )  # fmt: skip


def _withdrawn(page: Page, imprint: Imprint, kind: str, **more: Any) -> bytes:
    content = {"kind": kind, "act": None, "release": None, **more}
    return render("withdrawn.html", page, imprint, content)


def _tombstone(edition: Edition, release: Published, act: Act) -> dict[str, bytes]:
    """What answers in place of a retracted release: why, by whom, and its digest; no figure."""
    folder, imprint = f"releases/{release.id.path}", _imprint(edition)
    record = {
        "id": str(release.id),
        "status": "retracted",
        "published_at": release.published_at,
        "retracted_at": act.at,
        "reason": act.reason,
        "approved_by": act.approved_by,
        "digest": release.digest,
    }
    pages = {
        page.path: _withdrawn(page, imprint, "retracted", act=act, release=release)
        for name in (f"{folder}/{INDEX_PAGE}", release_page(release.id))
        for page in in_each_language(name, edition.identity)
    }
    return {**pages, f"{folder}/{TOMBSTONE}": _json(record)}


def _absent_page(edition: Edition, path: str) -> bytes:
    language: Language = "en" if path.startswith("en/") else "vi"
    page = Page(path.removeprefix("en/"), language, RELEASES_PAGE, edition.identity.public_url)
    return _withdrawn(page, _imprint(edition), "absent")
