"""A place that others fill: a release is looked for on the page where they put it.

Belongs here: what a page says of a release, and following one frame of our own. Does not: making
what is embedded (``publish.site.pages.embeds``), or the requests (``publish.verify.places``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Literal
from urllib.parse import unquote, urljoin

from cchc_pipeline.core.period import Month
from publish.model import Published
from publish.places.seen import Downloads, got
from publish.site.page import EMBEDS

NotSeen = Literal["absent", "nothing", "other_month", "withdrawn", "of_others"]
_RELEASE = re.compile(r"\b\d{4}-\d{2}\.r[1-9]\d*\b")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|noscript)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ROOT = re.compile(r'data-root="([^"]*)"')
_PERIOD = re.compile(r'data-period="(\d{4}-\d{2})"')
_FRAME = re.compile(
    r"<(?:iframe|object|embed)\b[^>]*?(?:src|data)=[\"']([^\"']+)[\"']", re.IGNORECASE
)
_MARKED = re.compile(r'data-release="([^"]*)"')
_MOST_FRAMES = 20


@dataclass(frozen=True)
class Sighting:
    """What a page says.

    Args:
        release: A release of the month that it shows; else one that it names, or nothing.
        why: Why the month counts as not seen; empty if it was.
    """

    release: str = ""
    why: NotSeen | Literal[""] = ""


def sighting(
    page: bytes | None, month: Month, readable: Iterable[Published], root: str, asked: str = ""
) -> Sighting:
    """Look for a release of the month on a page.

    A page shows a month if it names a release whose newest month it is, or a release that contains
    it on a page that says it is of that month. What readers are not shown does not count, nor what
    only repeats the address, as a page of errors or a login does.

    Args:
        page: Its bytes; None if there is none.
        month: The month.
        readable: The releases that were published and not retracted.
        root: The unit whose releases these are; other provinces call theirs alike.
        asked: The address that it was asked by.
    """
    if page is None:
        return Sighting(why="absent")
    text = unescape(_UNSEEN.sub(" ", page.decode(errors="replace")))
    repeated = {*_RELEASE.findall(unquote(asked))} - {*_MARKED.findall(text)}
    named = [release for release in _RELEASE.findall(text) if release not in repeated]
    known = {str(one.id): one for one in readable}
    if not named:
        return Sighting(why="nothing")
    roots = {*_ROOT.findall(text)}
    if roots and root not in roots:
        return Sighting(named[0], "of_others")
    found = [release for release in dict.fromkeys(named) if release in known]
    if not found:
        return Sighting(named[0], "withdrawn")
    is_of_month = str(month) in _PERIOD.findall(text)
    for release in reversed(found):
        one = known[release]
        if one.id.month == month or (is_of_month and month in one.periods):
            return Sighting(release)
    return Sighting(found[0], "other_month")


def frames_of(page: bytes, address: str, own: Iterable[str]) -> tuple[str, ...]:
    """The addresses of frames on a page that show our own embeds.

    Args:
        page: The page.
        address: Its address.
        own: The beginnings of addresses at which our pages are served.
    """
    text = _UNSEEN.sub(" ", page.decode(errors="replace"))
    found = (urljoin(address, unescape(src)) for src in _FRAME.findall(text)[:_MOST_FRAMES])
    roots = tuple(f"{root.rstrip('/')}/" for root in own if root)
    return tuple(f for f in found if f.startswith(roots) and f"/{EMBEDS}/" in f) if roots else ()


def look_for(
    address: str,
    month: Month,
    readable: Iterable[Published],
    own: Iterable[str],
    downloads: Downloads,
    root: str,
) -> Sighting:
    """Fetch a page, and where it frames our embed that one too, and look for the month.

    Raises:
        PlaceError: The address does not answer.
    """
    out, download = tuple(readable), downloads()
    page = got(address, download)
    seen = sighting(page, month, out, root, address)
    for frame in frames_of(page or b"", address, own) if seen.why else ():
        framed = sighting(got(frame, download), month, out, root)
        seen = framed if not framed.why else seen
    return seen
