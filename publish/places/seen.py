"""What readers see at a place: read back over its public address.

Belongs here: which site the address leads to, and whether every file of the release is there byte
by byte. Does not: sending (``files``), pages that people made (``manual``), or the requests
themselves (``publish.verify.places``).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cchc_pipeline.core.errors import SourceError
from publish.places.declared import DeclaredPlace
from publish.places.rclone import INSECURE, NOT_WHOLE, PlaceError, meant
from publish.places.tree import SITES, SiteTree, pointed_at
from publish.site.page import INDEX_PAGE
from publish.store.store import INDEX
from publish.verify.places import Download

Downloads = Callable[[], Download]
_AT_ONCE = 8
"""Requests side by side: a place may be far away."""


@dataclass(frozen=True)
class Seen:
    """What the public address shows.

    Args:
        site: The name of the site, where it is ours or a page names it; empty if not known.
        release: The release that is shown; empty if none is.
        has_front: Whether who asks for the folder is given its front page, too.
    """

    site: str = ""
    release: str = ""
    has_front: bool = True


def look(place: DeclaredPlace, site: SiteTree, downloads: Downloads) -> Seen:
    """What a place shows now.

    Raises:
        PlaceError: It does not answer.
    """
    if place.pointer == "page":
        name = pointed_at(got(place.front, downloads()) or b"")
        return Seen(name, _release_in(name))
    download = downloads()
    index, front = (got(a, download) or b"" for a in (place.address + INDEX, place.front))
    if _digest(index) != site.files[INDEX]:
        return Seen(release=_latest(index))
    return Seen(site.name, site.release, _digest(front) == site.files[INDEX_PAGE])


def _release_in(name: str) -> str:
    """The release that a site's name carries: number, release, digest."""
    return ".".join(name.split("-", 1)[1].rsplit("-", 1)[:1]) if name else ""


def _latest(index: bytes | None) -> str:
    try:
        return str(json.loads(index or b"{}").get("latest") or "")
    except (ValueError, AttributeError, RecursionError):
        return ""


def base_of(place: DeclaredPlace, site: SiteTree) -> str:
    """The address below which the files of a site are read."""
    return f"{place.address}{SITES}/{site.name}/" if place.pointer == "page" else place.address


def require_whole(place: DeclaredPlace, site: SiteTree, downloads: Downloads) -> None:
    """Every file that proves a site is read and is ours.

    Raises:
        PlaceError: One is not, or the address does not answer.
    """
    base = base_of(place, site)
    if place.pointer == "link" and not look(place, site, downloads).has_front:
        raise PlaceError(NOT_WHOLE, f"{place.front}: other bytes")
    parts = [site.proof[number::_AT_ONCE] for number in range(_AT_ONCE)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for faults in pool.map(lambda part: [*_faults(base, part, site, downloads())], parts):
            for fault in faults:
                raise PlaceError(NOT_WHOLE, fault)


def _faults(base: str, paths: Iterable[str], site: SiteTree, download: Download) -> Iterator[str]:
    for path in paths:
        content = got(base + path, download)
        if content is None:
            yield f"{base}{path}: absent"
        elif _digest(content) != site.files[path]:
            yield f"{base}{path}: other bytes"


def got(address: str, download: Download) -> bytes | None:
    """The content of a public address; None if there is nothing.

    Raises:
        PlaceError: It does not answer.
    """
    try:
        return download.get(address)
    except SourceError as error:
        kind = INSECURE if meant(error.what) == INSECURE else "silent"
        raise PlaceError(kind, f"{address}: {error.what}") from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
