"""A release as it would go out, built and shown outside the web root before its date.

Belongs here: a portal of its own that holds the real one's releases by links, the publication in
it, the banner on its pages. Does not: the log of previews (``publish.release.approval``), or who
may look.

Everything is done as it will be on the day: the same gates, the same pages, the same site. Only it
is shut: whoever may read the home's other rooms looks at it.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.modes import PRIVATE, shut
from publish.portal.publication import Built, publish
from publish.store.store import INDEX, Portal, discard, switch

FOLDER = "preview"
_BODY = "<body>"


@dataclass(frozen=True)
class Rehearsal:
    """What came of it.

    Args:
        built: The judged draft; None if nothing would be published.
        site: The web root of the preview; None if there is none.
    """

    built: Built | None
    site: Path | None


def rehearse(portal: Portal, folder: Path, build: Callable[[Portal], Built | None]) -> Rehearsal:
    """Publish into a portal that nobody reads but those who look at the preview.

    Args:
        portal: The real portal; nothing in it is changed.
        folder: Where the preview goes; what was there is removed.
        build: Builds and judges the draft for a portal.
    """
    discard(folder)
    folder.mkdir(mode=PRIVATE.folder, parents=True)
    stage = Portal(folder / "portal")
    _stand_in(portal, stage)
    built = build(stage)
    if built is None or built.failures():
        return Rehearsal(built, None)
    released = publish(built, stage)
    for pages in (stage.pages_folder(released.id), stage.current.resolve()):
        _mark(pages)
    shut(folder)
    return Rehearsal(built, stage.current)


def _stand_in(portal: Portal, stage: Portal) -> None:
    """Let a stage hold, by links, every release and page of the portal, and show the same."""
    site = portal.current_site()
    if site is None:
        return
    for release in portal.published():
        _link(portal.release_folder(release.id), stage.release_folder(release.id))
        _link(portal.pages_folder(release.id), stage.pages_folder(release.id))
    copy = stage.sites / site.name
    copy.mkdir(parents=True)
    shutil.copy(site / INDEX, copy / INDEX)
    switch(stage, copy)


def _link(target: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target.resolve())


def _mark(pages: Path) -> None:
    """Put the banner on each page: its own file, since others may share the one that is there."""
    words = read_yaml("pages/preview.yaml")
    own = [page for page in pages.rglob("*.html") if not page.is_symlink()]
    for page in own:
        language = "en" if page.relative_to(pages).parts[0] == "en" else "vi"
        words_here = f"<strong>{escape(words[language])}</strong>"
        banner = f'{_BODY}\n<p class="banner" role="note">{words_here}</p>'
        marked = page.with_name(f".{page.name}.{os.getpid()}")
        marked.write_text(
            page.read_text(encoding="utf-8").replace(_BODY, banner, 1), encoding="utf-8"
        )
        marked.replace(page)
