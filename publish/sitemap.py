"""``sitemap.xml`` and ``calendar.json``: what there is to read, and when more comes.

Belongs here: these two small lists. Does not: pages or feeds. Projections of the edition.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from cchc_pipeline.release_calendar import ReleaseCalendar, ReleaseDate
from publish.catalogue import address
from publish.edition import Edition

SITEMAP, CALENDAR = "sitemap.xml", "calendar.json"
LIMIT = 50_000
"""The most addresses that the sitemap protocol allows in a file."""
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(edition: Edition, pages: Iterable[str]) -> dict[str, bytes]:
    """The sitemap by its path; none where the site's address is not known, which it needs.

    Args:
        edition: What is shown.
        pages: The paths of the pages in the site.
    """
    if not edition.identity.public_url:
        return {}
    ElementTree.register_namespace("", _SPACE)
    root = ElementTree.Element(f"{{{_SPACE}}}urlset")
    for path in sorted(pages)[:LIMIT]:
        url = ElementTree.SubElement(root, f"{{{_SPACE}}}url")
        ElementTree.SubElement(url, f"{{{_SPACE}}}loc").text = address(edition, path)
        ElementTree.SubElement(url, f"{{{_SPACE}}}lastmod").text = edition.updated_at
    ElementTree.indent(root)
    return {SITEMAP: ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"}


def calendar_list(edition: Edition, calendar: ReleaseCalendar) -> bytes:
    """The announced dates of the next 12 months, the rule behind them, and every change."""
    after = datetime.fromisoformat(edition.updated_at)
    content: dict[str, Any] = {
        "rule": {
            "day": calendar.rule.day,
            "time": calendar.rule.time,
            "status": calendar.rule.status,
            "basis": vars(calendar.rule.basis),
        },
        "upcoming": [_date(due) for due in calendar.upcoming(after)],
        "changes": [
            {
                "period": change.period,
                "from": change.was.isoformat(),
                "to": change.to.isoformat(),
                "announced": change.announced.isoformat(),
                "reason": vars(change.reason),
            }
            for change in calendar.changes
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _date(due: ReleaseDate) -> dict[str, Any]:
    return {
        "period": str(due.month),
        "moment": due.moment.isoformat(),
        "moved": due.change is not None,
    }
