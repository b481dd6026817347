"""A place that others fill: a release is looked for on the page where they put it.

Belongs here: what a page says of a release, following one frame of our own, and the line that is
written down. Does not: making what is embedded (``publish.site.pages.embeds``), or the requests.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Literal
from urllib.parse import urljoin

from cchc_pipeline.core.period import Month
from publish.model import Published
from publish.places.seen import Downloads, got
from publish.site.page import EMBEDS

NotSeen = Literal["absent", "nothing", "other_month", "withdrawn"]
_RELEASE = re.compile(r"\b\d{4}-\d{2}\.r[1-9]\d*\b")
_PERIOD = re.compile(r'data-period="(\d{4}-\d{2})"')
_FRAME = re.compile(
    r"<(?:iframe|object|embed)\b[^>]*?(?:src|data)=[\"']([^\"']+)[\"']", re.IGNORECASE
)
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


def sighting(page: bytes | None, month: Month, readable: Iterable[Published]) -> Sighting:
    """Look for a release of the month on a page.

    A page shows a month if it names a release whose newest month it is, or a release that contains
    it on a page that says it is of that month.

    Args:
        page: Its bytes; None if there is none.
        month: The month.
        readable: The releases that were published and not retracted.
    """
    if page is None:
        return Sighting(why="absent")
    text = unescape(page.decode(errors="replace"))
    named, known = _RELEASE.findall(text), {str(one.id): one for one in readable}
    if not named:
        return Sighting(why="nothing")
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
    text = page.decode(errors="replace")
    found = (urljoin(address, unescape(src)) for src in _FRAME.findall(text)[:_MOST_FRAMES])
    roots = tuple(f"{root.rstrip('/')}/" for root in own if root)
    return tuple(f for f in found if f.startswith(roots) and f"/{EMBEDS}/" in f) if roots else ()


def look_for(
    address: str,
    month: Month,
    readable: Iterable[Published],
    own: Iterable[str],
    downloads: Downloads,
) -> Sighting:
    """Fetch a page, and where it frames our embed that one too, and look for the month.

    Raises:
        PlaceError: The address does not answer.
    """
    out, download = tuple(readable), downloads()
    page = got(address, download)
    seen = sighting(page, month, out)
    for frame in frames_of(page or b"", address, own) if seen.why else ():
        framed = sighting(got(frame, download), month, out)
        seen = framed if not framed.why else seen
    return seen
