"""``feed.atom``: what was done, newest first, for people and programs that follow the data.

Belongs here: an entry for each act and for each moved date. Does not: the acts themselves
(``edition``), or the words (``schemas/pages/catalogue.yaml``). A projection of the edition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from cchc_pipeline.period import TIMEZONE, utc_text
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.release_calendar import Change, ReleaseCalendar
from publish.catalogue import address
from publish.changes import ChangeKind, change_kinds
from publish.edition import Act, Edition
from publish.release import PACKAGE, Published

FEED = "feed.atom"
LIMIT = 100
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Entry:
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
    title = read_yaml("pages/package.yaml")["title"]["vi"]
    _add(root, "title", title)
    _add(root, "id", uuid5(NAMESPACE_URL, PACKAGE).urn)
    _add(root, "updated", edition.updated_at)
    _add(_add(root, "author"), "name", edition.identity.publisher)
    _add(root, "link", rel="self", href=address(edition, FEED), type="application/atom+xml")
    _add(root, "link", rel="alternate", href=address(edition, "index.html"), type="text/html")
    for entry in entries(edition, calendar, words):
        _add_entry(root, edition, entry)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def entries(edition: Edition, calendar: ReleaseCalendar, words: Mapping[str, Any]) -> list[Entry]:
    """The entries, newest first, at most ``LIMIT``."""
    moved = (_moved(change, words) for change in calendar.changes)
    known = (entry for entry in moved if entry.at <= edition.updated_at)
    found = [*_acts(edition, words), *known]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:LIMIT]


def _acts(edition: Edition, words: Mapping[str, Any]) -> Iterable[Entry]:
    releases = {release.id: release for release in edition.releases}
    kinds = change_kinds(edition.releases)
    for act in edition.acts:
        page = "index.html" if act.release in edition.retractions else "CHANGES.md"
        path = f"releases/{act.release.path}/{page}"
        yield _act(act, releases[act.release], kinds[act.release], words, path)


def _act(
    act: Act, release: Published, kind: ChangeKind, words: Mapping[str, Any], path: str
) -> Entry:
    is_new = act.kind == "published"
    mark = [_both(words["sample"])] if release.is_sample else []
    mark += [_both(words["backfill"])] if release.is_backfill and is_new else []
    more = [_both(words["changes"][kind])] if is_new else []
    if act.reason:
        more.append(_both(words["reason"], reason=act.reason))
    first, last = release.periods[0], release.periods[-1]
    more.append(_both(words["periods"], first=first, last=last, version=release.version))
    return Entry(
        f"{act.at}/{act.kind}/{act.release}",
        act.at,
        " – ".join([*mark, _both(words["acts"][act.kind], release=act.release)]),
        "\n".join([*mark, *more]),
        path,
        _CATEGORIES[kind] if is_new else act.kind,
    )


_CATEGORIES: Mapping[ChangeKind, str] = {
    "first": "release", "period": "release", "correction": "correction", "schema": "schema",
}  # fmt: skip


def _moved(change: Change, words: Mapping[str, Any]) -> Entry:
    announced = utc_text(datetime.combine(change.announced, time(), TIMEZONE))
    title = _both(words["acts"]["moved"], period=change.period, was=change.was, to=change.to)
    text = f"{change.reason.vi} / {change.reason.en}"
    name = f"{announced}/moved/{change.period}"
    return Entry(name, announced, title, text, "calendar.json", "calendar")


def _both(text: Mapping[str, str], **values: object) -> str:
    return " / ".join(text[language].format(**values) for language in ("vi", "en"))


def _add_entry(root: ElementTree.Element, edition: Edition, entry: Entry) -> None:
    node = _add(root, "entry")
    _add(node, "title", entry.title)
    _add(node, "id", uuid5(NAMESPACE_URL, f"{PACKAGE}/{entry.name}").urn)
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
