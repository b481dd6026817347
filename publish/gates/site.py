"""What must hold of a site before it is shown: links lead somewhere, pages are light.

Belongs here: checks over the files of a site, each returning one line a fault. Does not: the gates
of a release (``gates``), or whether a page says the right thing (its tests).
"""

import gzip
import posixpath
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.masking import personal_marks
from publish.gates.marks import samples_are_marked
from publish.site.kept import ATTACHMENTS

PAGE_LIMIT = 60_000
"""The most bytes that a page may weigh compressed (60 kB, so that it opens on a phone)."""


_TEXTS = frozenset({".html", ".json", ".xml", ".atom", ".svg", ".txt", ".jsonld"})


_ATTRIBUTE = re.compile(r'\s(href|src|id)="([^"]*)"')
"""Our templates quote every attribute, and escape quotes in every text."""


@dataclass(frozen=True)
class _Links:
    """The addresses that a page refers to, and the places in it that others can refer to."""

    targets: frozenset[str]
    places: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "_Links":
        """Those of a page."""
        found = [(name, unescape(value)) for name, value in _ATTRIBUTE.findall(text)]
        targets = frozenset(value for name, value in found if name != "id")
        return cls(targets, frozenset(value for name, value in found if name == "id"))


def site_links_resolve(site: Path, judged: Container[str] = ()) -> Iterable[str]:
    """Each relative link leads to a file of the site, and to a place in it that exists.

    Pages that were judged before are judged again: what they lead to may have gone.
    """
    pages = {path: _Links.of(content.decode()) for path, content in _pages(site)}
    for path, links in pages.items():
        for target in sorted(links.targets):
            if not _leads_somewhere(site, path, target, pages):
                yield f"{path}: {target!r} leads nowhere"


def _leads_somewhere(site: Path, page: str, target: str, pages: Mapping[str, _Links]) -> bool:
    """Links to other servers are not followed: a publication does not hang on them."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
    path = page if not parts.path else path
    if parts.path.startswith("/") or path.startswith("..") or not (site / path).exists():
        return False
    place = unquote(parts.fragment)
    return not place or (path in pages and place in pages[path].places)


def pages_are_light(site: Path, judged: Container[str] = ()) -> Iterable[str]:
    """No page weighs more than ``PAGE_LIMIT`` compressed."""
    for path, content in _pages(site, judged):
        if len(content) <= PAGE_LIMIT // 2:
            continue  # nothing weighs more compressed than twice what it is
        weight = len(gzip.compress(content))
        if weight > PAGE_LIMIT:
            yield f"{path}: {weight} bytes compressed, {PAGE_LIMIT} are allowed"


def pages_hold_nothing_personal(site: Path, judged: Container[str] = ()) -> Iterable[str]:
    """No page, index or feed of the site holds what looks like personal data.

    The tables behind ``data/`` were judged with their release.
    """
    for path in sorted(path for path in site.rglob("*") if path.suffix in _TEXTS):
        name = path.relative_to(site).as_posix()
        if not name.startswith("data/") and name not in judged:
            for kind in personal_marks(path.read_text(encoding="utf-8")):
                yield f"{name}: holds what looks like a {kind}"


def addresses_keep_answering(
    site: Path, before: Path | None, taken_away: Iterable[str] = ()
) -> Iterable[str]:
    """Whatever the site before answered, this one answers, but for retracted releases.

    Args:
        site: The site to be shown.
        before: The one that is shown; None before the first.
        taken_away: The folders of retracted releases.
    """
    gone = tuple(taken_away)
    for path in sorted(before.rglob("*")) if before else ():
        name = path.relative_to(before).as_posix() if before else ""
        if name.split("/")[0] == ATTACHMENTS:
            continue  # it goes when its page goes
        if not (site / name).exists() and not name.startswith(gone):
            yield f"{name} would answer no more"


def _pages(site: Path, judged: Container[str] = ()) -> Iterable[tuple[str, bytes]]:
    """The site's own pages; what lies behind its links into the store was judged before."""
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name not in judged:
            yield name, path.read_bytes()


def judged_before(site: Path, before: Path | None) -> frozenset[str]:
    """The files of a site that the one before showed at the same address: the very same files."""
    paths = site.rglob("*") if before else ()
    names = (path.relative_to(site).as_posix() for path in paths if path.is_file())
    return frozenset(name for name in names if before and _is_same(site / name, before / name))


def _is_same(now: Path, before: Path) -> bool:
    return before.exists() and now.samefile(before)


SITE_CHECKS: Mapping[str, Callable[[Path, Container[str]], Iterable[str]]] = {
    check.__name__: check
    for check in (
        site_links_resolve,
        pages_are_light,
        pages_hold_nothing_personal,
        samples_are_marked,
    )
}


def require_sound_site(
    site: Path, before: Path | None = None, taken_away: Iterable[str] = ()
) -> None:
    """Run every check on a site that was put together.

    Args:
        site: The site to be shown.
        before: The one that is shown; None before the first.
        taken_away: The folders of retracted releases.

    Raises:
        CheckFailedError: One has failed; the line names the first three faults.
    """
    judged = judged_before(site, before)
    faults = [
        f"{name}: {line}" for name, check in SITE_CHECKS.items() for line in check(site, judged)
    ]
    lost = addresses_keep_answering(site, before, taken_away)
    faults += [f"addresses_keep_answering: {line}" for line in lost]
    if faults:
        raise CheckFailedError("; ".join(faults[:3]), where=str(site))
