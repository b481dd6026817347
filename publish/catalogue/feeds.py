"""What is new and what there is to read: feed, sitemap, ``robots.txt``, ``calendar.json``.

Belongs here: an entry for each act and each moved date; the list of pages; the list of dates. Does
not: the acts themselves (``publish.store.state``), pages (``publish.site``), words
(``schemas/pages/catalogue.yaml``), or dates for a diary (``diary``). All are projections of an
edition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from cchc_pipeline.calendar import DateChange, ReleaseCalendar, ReleaseDate
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import TIMEZONE, utc_text
from cchc_pipeline.core.written import day_of
from cchc_pipeline.plan.due_reports import DueReport, due_reports
from publish.catalogue.dcat import address
from publish.model import Published
from publish.package.descriptor import package_words
from publish.package.formats import json_bytes
from publish.release.diff import ChangeKind, change_kinds
from publish.store.state import Act, Edition

FEED = "feed.atom"
MOST_ENTRIES = 100
_ATOM = "http://www.w3.org/2005/Atom"
_CATEGORIES: Mapping[ChangeKind, str] = {
    "first": "release", "period": "release", "correction": "correction", "schema": "schema",
}  # fmt: skip
SITEMAP, CALENDAR, ROBOTS = "sitemap.xml", "calendar.json", "robots.txt"
MOST_PAGES = 50_000
"""The most addresses that the sitemap protocol allows in a file."""
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class FeedEntry:
    """An entry of the feed.

    Args:
        name: What its lasting identifier is made of.
        at: When, ISO 8601 in UTC.
        title: In Vietnamese and English.
        text: More, in both; may be empty.
        path: The page that it leads to, in the site.
        category: ``release``, ``correction``, ``schema``, ``rolled_back``, ``retracted`` or
            ``calendar``.
    """

    name: str
    at: str
    title: str
    text: str
    path: str
    category: str


def feed(edition: Edition, calendar: ReleaseCalendar) -> bytes:
    """The feed as Atom."""
    ElementTree.register_namespace("", _ATOM)
    words = read_yaml("pages/catalogue.yaml")
    root = ElementTree.Element(f"{{{_ATOM}}}feed", {"xml:lang": "vi"})
    title = package_words(edition.identity)["title"]["vi"]
    _add(root, "title", title)
    _add(root, "id", uuid5(NAMESPACE_URL, edition.identity.package).urn)
    _add(root, "updated", edition.updated_at)
    _add(_add(root, "author"), "name", edition.identity.publisher)
    _add(root, "link", rel="self", href=address(edition, FEED), type="application/atom+xml")
    _add(root, "link", rel="alternate", href=address(edition, "index.html"), type="text/html")
    for entry in entries(edition, calendar, words):
        _add_entry(root, edition, entry)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def entries(
    edition: Edition, calendar: ReleaseCalendar, words: Mapping[str, Any]
) -> list[FeedEntry]:
    """The entries, newest first, at most ``LIMIT``."""
    moved = (_moved(change, words) for change in calendar.changes)
    known = (entry for entry in moved if entry.at <= edition.updated_at)
    found = [*_acts(edition, words), *known]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:MOST_ENTRIES]


def _acts(edition: Edition, words: Mapping[str, Any]) -> Iterable[FeedEntry]:
    releases = {release.id: release for release in edition.releases}
    kinds = change_kinds(edition.releases)
    for act in edition.acts:
        page = "index.html" if act.release in edition.retractions else "CHANGES.md"
        path = f"releases/{act.release.path}/{page}"
        yield _act(act, releases[act.release], kinds[act.release], words, path)


def _act(
    act: Act, release: Published, kind: ChangeKind, words: Mapping[str, Any], path: str
) -> FeedEntry:
    is_new = act.kind == "published"
    mark = [_both(words["sample"])] if release.is_sample else []
    mark += [_both(words["backfill"])] if release.is_backfill and is_new else []
    more = [_both(words["changes"][kind])] if is_new else []
    if act.reason:
        more.append(_both(words["reason"], reason=act.reason))
    first, last = release.periods[0], release.periods[-1]
    more.append(_both(words["periods"], first=first, last=last, version=release.version))
    return FeedEntry(
        f"{act.at}/{act.kind}/{act.release}",
        act.at,
        " – ".join([*mark, _both(words["acts"][act.kind], release=act.release)]),
        "\n".join([*mark, *more]),
        path,
        _CATEGORIES[kind] if is_new else act.kind,
    )


def _moved(change: DateChange, words: Mapping[str, Any]) -> FeedEntry:
    announced = utc_text(datetime.combine(change.announced, time(), TIMEZONE))
    title = _both(words["acts"]["moved"], period=change.period, was=change.was, to=change.to)
    text = f"{change.reason.vi} / {change.reason.en}"
    name = f"{announced}/moved/{change.period}"
    return FeedEntry(name, announced, title, text, "calendar.json", "calendar")


def _both(text: Mapping[str, str], **values: object) -> str:
    return " / ".join(text[language].format(**values) for language in ("vi", "en"))


def _add_entry(root: ElementTree.Element, edition: Edition, entry: FeedEntry) -> None:
    node = _add(root, "entry")
    _add(node, "title", entry.title)
    _add(node, "id", uuid5(NAMESPACE_URL, f"{edition.identity.package}/{entry.name}").urn)
    _add(node, "updated", entry.at)
    _add(node, "published", entry.at)
    _add(node, "category", term=entry.category)
    _add(node, "link", rel="alternate", href=address(edition, entry.path))
    _add(node, "summary", entry.text)


def _add(
    parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    node = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    node.text = text
    return node


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
    for path in sorted(pages)[:MOST_PAGES]:
        url = ElementTree.SubElement(root, f"{{{_SPACE}}}url")
        ElementTree.SubElement(url, f"{{{_SPACE}}}loc").text = address(edition, path)
        ElementTree.SubElement(url, f"{{{_SPACE}}}lastmod").text = edition.updated_at
    ElementTree.indent(root)
    return {SITEMAP: ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"}


def robots(edition: Edition) -> bytes:
    """Everything may be read by programs; the sitemap is named where the site's address is known.

    What a program asks of ``/robots.txt`` is the root of a server: below a path it is a mere file.
    """
    lines = ["User-agent: *", "Disallow:"]
    if edition.identity.public_url:
        lines.append(f"Sitemap: {address(edition, SITEMAP)}")
    return ("\n".join(lines) + "\n").encode()


def missed(edition: Edition, calendar: ReleaseCalendar) -> tuple[ReleaseDate, ...]:
    """The months that are not out although their date has passed, as of the last act."""
    out = {month for release in edition.readable for month in release.periods}
    begun = min((release.published_at for release in edition.releases), default="")
    at = datetime.fromisoformat(edition.updated_at)
    return calendar.missed(out, datetime.fromisoformat(begun), at) if begun else ()


def calendar_list(edition: Edition, calendar: ReleaseCalendar) -> bytes:
    """The dates of the next 12 months, the rule behind them, every change; reports that are due."""
    after = datetime.fromisoformat(edition.updated_at)
    content: dict[str, Any] = {
        "rule": {
            "day": calendar.rule.day,
            "time": calendar.rule.time,
            "status": calendar.rule.status,
            "basis": vars(calendar.rule.basis),
        },
        "upcoming": [_date(due) for due in calendar.upcoming(after)],
        "missed": [
            {**_date(due), "days_late": due.days_late(after)} for due in missed(edition, calendar)
        ],
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
        "reports": [_report(due) for due in coming_reports(edition, calendar)],
    }
    return json_bytes(content)


def coming_reports(edition: Edition, calendar: ReleaseCalendar) -> tuple[DueReport, ...]:
    """The periodic reports that are due within a year of the last act."""
    today = day_of(edition.updated_at)
    return due_reports(edition.identity.root_unit, today, today + timedelta(days=365), calendar)


def _report(due: DueReport) -> dict[str, Any]:
    return {
        "kind": due.kind,
        "title": vars(due.title),
        "month": str(due.month),
        "due": due.due.isoformat(),
        "before": due.before.isoformat(),
        "addressee": due.addressee,
        "status": due.status,
    }


def _date(due: ReleaseDate) -> dict[str, Any]:
    return {
        "period": str(due.month),
        "moment": due.moment.isoformat(),
        "moved": due.change is not None,
    }
