"""A site made of links into the store, and the files in it that list everything.

Belongs here: what an edition consists of after an act, which links its site has, the index for
programs, what stands at the address of a withdrawn page. Does not: the content of pages
(``publish.site.pages.releases``) and feeds (``publish.catalogue``), or showing the site (``acts``).
"""

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from cchc_pipeline.calendar import load_calendar
from publish.catalogue.dcat import CATALOGUE, catalogue
from publish.catalogue.diary import DIARY, diary
from publish.catalogue.feeds import CALENDAR, FEED, ROBOTS, calendar_list, feed, robots, sitemap
from publish.catalogue.open_data_list import OPEN_DATA, open_data_list
from publish.model import Identity, Published, ReleaseId
from publish.package.formats import json_bytes
from publish.package.signature import PUBLIC_KEY
from publish.site.kept import RECORD
from publish.site.page import (
    EMBEDS,
    FOOT_NAVIGATION,
    INDEX_PAGE,
    RELEASES_PAGE,
    Imprint,
    Page,
    in_each_language,
    next_release_text,
    path_in,
    render,
    root_row,
)
from publish.site.pages.releases import (
    ACCESS_PAGE,
    CALENDAR_PAGE,
    CHANGES_PAGE,
    act_pages,
    release_page,
)
from publish.site.words import LANGUAGES, Language
from publish.store.reading import listed_sums
from publish.store.state import Act, Edition, shown_after
from publish.store.store import SITE_SUMS, Portal, add_files, read_table, sync_tree

TOMBSTONE = "RETRACTED.json"
_WITH_RELEASES = frozenset(name for _, name in FOOT_NAVIGATION) - {
    ACCESS_PAGE, CALENDAR_PAGE, CHANGES_PAGE, RELEASES_PAGE,
}  # fmt: skip
"""The pages of the foot that are made with a release; the others are made with every act."""


def site_name(portal: Portal, act: Act) -> str:
    """The name of the site that an act makes: its number among all acts, and its release."""
    return f"{len(portal.acts()) + 1:04d}-{act.release}"


def edition_after(portal: Portal, act: Act, identity: Identity) -> Edition:
    """What readers are shown once the act is done; the release itself is in the store already."""
    releases, acts = portal.published(), (*portal.acts(), act)
    if act.kind == "published":
        releases = (*releases, portal.read(act.release))
    chosen = shown_after(acts)
    if chosen is None:
        return Edition(releases, acts, identity, _root(releases[-1], identity))
    return Edition(
        releases, acts, identity, _root(portal.read(chosen), identity),
        portal.descriptor(chosen), _paths_of_pages(portal, chosen),
    )  # fmt: skip


def _root(release: Published, identity: Identity) -> dict[str, object]:
    return dict(root_row(read_table(release, "units").to_pylist(), identity.root_unit))


def _paths_of_pages(portal: Portal, release: ReleaseId) -> tuple[str, ...]:
    return tuple(sorted(set(below(portal.pages_folder(release))) - {RECORD}))


def below(folder: Path) -> Iterable[str]:
    """The files of a folder by their paths in it; folders that are links are not entered."""
    for path in folder.rglob("*"):
        if not path.is_dir():
            yield path.relative_to(folder).as_posix()


def make_site(portal: Portal, edition: Edition, site: Path) -> None:
    """Put a site together out of sight."""
    before = portal.current_site()
    earlier = [path for path in below(before) if path.endswith(".html")] if before else []
    linked = links(portal, edition)
    key = {PUBLIC_KEY: portal.public_key.read_bytes()} if portal.public_key.exists() else {}
    absent = [path for path in earlier if path not in linked]
    own = {**listing_files(edition, absent), **key}
    site.mkdir(parents=True)
    add_files(site, {**own, SITE_SUMS: listed_sums(own)})
    for place, target in linked.items():
        _link(site / place, target)
    sync_tree(site)


def links(portal: Portal, edition: Edition) -> dict[str, Path]:
    """Where each link of a site leads, by its path in the site."""
    found = {f"releases/{r.id.path}": r.folder for r in edition.readable}
    for release in edition.readable:
        found |= _tables(release) | _own_pages(portal, release)
    current = edition.current
    if current is None:
        return found
    pages = portal.pages_folder(current.id)
    found |= {page: pages / page for page in edition.pages if page not in found}
    return found | _tables(current) | {"latest": current.folder}


def _own_pages(portal: Portal, release: Published) -> dict[str, Path]:
    """The pages about a release, which were made with it and answer as long as it does."""
    folder = portal.pages_folder(release.id)
    paths = (path_in(release_page(release.id), language) for language in LANGUAGES)
    return {path: folder / path for path in paths if (folder / path).exists()}


def _tables(release: Published) -> dict[str, Path]:
    """The stable addresses of the tables; the last release that has a table answers for it."""
    found = {}
    for name in release.schema_digests:
        found[f"data/{name}.csv"] = release.folder / "data" / f"{name}.csv"
        for ending in ("parquet", "json", "xlsx"):
            found[f"data/{name}.{ending}"] = release.folder / "formats" / f"{name}.{ending}"
    return found


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(os.path.relpath(target, place.parent))


def listing_files(edition: Edition, earlier_pages: Iterable[str] = ()) -> dict[str, bytes]:
    """Every file of a site that does not come with a release, by its path.

    Args:
        edition: What is shown.
        earlier_pages: The pages that readers were shown before; one that the current release
            lacks still answers, and says so.
    """
    earlier = set(earlier_pages)
    imprint = _imprint(edition, earlier)
    files = {page.path: content for page, content in _pages(edition, imprint)}
    files |= {"index.json": index(edition), **_feeds(edition, files)}
    for release in edition.releases:
        if release.id in edition.retractions:
            files |= _tombstone(edition, imprint, release, edition.retractions[release.id])
    absent = earlier - files.keys() - set(edition.pages)
    return files | {path: _absent_page(edition, imprint, path) for path in sorted(absent)}


def _feeds(edition: Edition, pages: Iterable[str]) -> dict[str, bytes]:
    """What programs follow: the catalogue, the feed, the calendar, the sitemap."""
    calendar = load_calendar()
    return {
        CATALOGUE: catalogue(edition),
        FEED: feed(edition, calendar),
        CALENDAR: calendar_list(edition, calendar),
        DIARY: diary(edition, calendar),
        OPEN_DATA: open_data_list(edition),
        ROBOTS: robots(edition),
        **sitemap(edition, filter(_is_found, {*pages, *_kept_pages(edition)})),
    }


def _is_found(page: str) -> bool:
    """Whether search engines are told of a page: what is to be embedded repeats another."""
    return not page.removeprefix("en/").startswith(f"{EMBEDS}/")


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
    return json_bytes({"latest": latest, "releases": entries, "acts": acts})


def _pages(edition: Edition, imprint: Imprint) -> Iterable[tuple[Page, bytes]]:
    for page in in_each_language(RELEASES_PAGE, edition.identity):
        yield page, render("releases.html", page, imprint, {"edition": edition})
    yield from act_pages(edition, imprint)
    if edition.current is None:
        for page in in_each_language(INDEX_PAGE, edition.identity):
            yield page, _withdrawn(page, imprint, "nothing")


def _imprint(edition: Edition, earlier: Collection[str]) -> Imprint:
    """Of the release that is shown; one that was made before a page existed does not lead there."""
    release = edition.current
    lacking = _WITH_RELEASES.difference(edition.pages, earlier)
    if release is None:
        terms = edition.identity.terms_at(edition.updated_at)
        return Imprint(edition.identity, edition.root, terms, lacking=lacking)
    return Imprint(
        edition.identity, edition.root, edition.identity.terms_at(release.published_at),
        release.id, release.version, release.published_at,
        next_release_text(edition.updated_at), release.is_sample, lacking,
    )  # fmt: skip


def _withdrawn(page: Page, imprint: Imprint, kind: str, **more: Any) -> bytes:
    content = {"kind": kind, "act": None, "release": None, **more}
    return render("withdrawn.html", page, imprint, content)


def _tombstone(
    edition: Edition, imprint: Imprint, release: Published, act: Act
) -> dict[str, bytes]:
    """What answers in place of a retracted release: why, by whom, and its digest; no figure."""
    folder = f"releases/{release.id.path}"
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
    return {**pages, f"{folder}/{TOMBSTONE}": json_bytes(record)}


def _absent_page(edition: Edition, imprint: Imprint, path: str) -> bytes:
    language: Language = "en" if path.startswith("en/") else "vi"
    page = Page(path.removeprefix("en/"), language, RELEASES_PAGE, edition.identity.public_url)
    return _withdrawn(page, imprint, "absent")
