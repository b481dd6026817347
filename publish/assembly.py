"""A site: links into the store and the kept pages, and the files that list everything.

Belongs here: which links a site has, and what an edition consists of after an act. Does not: the
listing files (``directory``), the pages (``release_pages``), or showing the site (``acts``).
"""

import os
from collections.abc import Iterable
from pathlib import Path

from publish.directory import directory_files
from publish.edition import Act, Edition, shown_after
from publish.portal import Portal, read_table, sync_tree, write_files
from publish.release import Identity, Published, ReleaseId
from publish.signature import PUBLIC_KEY
from publish.site.kept import RECORD
from publish.site.page import path_in, root_row
from publish.site.release_notes import release_page
from publish.vietnamese import LANGUAGES


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
        portal.descriptor(chosen), _pages(portal, chosen),
    )  # fmt: skip


def _root(release: Published, identity: Identity) -> dict[str, object]:
    return dict(root_row(read_table(release, "units").to_pylist(), identity.root_unit))


def _pages(portal: Portal, release: ReleaseId) -> tuple[str, ...]:
    return tuple(sorted(set(below(portal.pages_folder(release))) - {RECORD}))


def below(folder: Path) -> Iterable[str]:
    """The files of a folder by their paths in it; folders that are links are not entered."""
    for path in folder.rglob("*"):
        if not path.is_dir():
            yield path.relative_to(folder).as_posix()


def make_site(portal: Portal, edition: Edition, site: Path) -> None:
    """Assemble a site out of sight."""
    before = portal.current_site()
    earlier = [path for path in below(before) if path.endswith(".html")] if before else []
    linked = links(portal, edition)
    key = {PUBLIC_KEY: portal.public_key.read_bytes()} if portal.public_key.exists() else {}
    absent = [path for path in earlier if path not in linked]
    write_files(site, {**directory_files(edition, absent), **key})
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
