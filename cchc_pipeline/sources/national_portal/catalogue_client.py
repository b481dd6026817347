"""Asking the national portal for its catalogue of procedures: all pages, or none.

Belongs here: the walk over the pages with the one polite sender, what an interrupted walk takes up
again, and the file that a whole catalogue becomes in the inbox. Does not: sending (``client``),
what a page says or whether pages are whole (``formalities``).

What was answered lies in the raw archive, page by page. A walk asks for the first page anew and
for those that lack; pages that speak of another state of the catalogue, or that were answered
before the portal's last nightly refresh, are asked for again.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cchc_pipeline.core.errors import SourceError, UsageError
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.period import TIMEZONE, Month, utc_text
from cchc_pipeline.sources.national_portal.client import PoliteSender
from cchc_pipeline.sources.national_portal.formalities import (
    CataloguePage,
    read_page,
    whole_catalogue,
)
from cchc_pipeline.sources.national_portal.request import NationalPortal
from cchc_pipeline.sources.raw.archive import Exchange, RawArchive

NAME = "formalities.jsonl"
_NOT_WHOLE = "pages do not make up one catalogue"
"""The note of the exchange that says so; no page before it is taken up again."""
Told = Callable[[int, int], None]
"""Is told how many pages of how many are there."""


def require_time(month: Month, portal: NationalPortal, now: datetime) -> None:
    """Refuse a month whose catalogue the portal cannot tell: it knows it only as of now.

    Raises:
        UsageError: The month is not the one that ended last, or lies before the service.
    """
    after = month.next()
    if month < portal.first_month or not after.start <= now < after.end:
        raise UsageError(
            f"the portal tells its catalogue as of now: {month}'s was to be had in {after}",
            where=f"catalogue of {month}",
            todo="drop a capture of that time into the inbox, as formalities*.json",
        )


class CatalogueWalk:
    """One walk over the catalogue's pages.

    Args:
        sender: Sends, archives, pauses, and stops at a refusal.
        archive: What earlier walks were answered.
        portal: How to ask.
        clock: The current moment, aware.
    """

    def __init__(
        self,
        sender: PoliteSender,
        archive: RawArchive,
        portal: NationalPortal,
        clock: Callable[[], datetime],
    ) -> None:
        self._sender, self._archive, self._clock = sender, archive, clock
        self._catalogue, self._paging = portal.catalogue, portal.paging
        self._success = portal.success_statuses
        self._refreshed = portal.manners.refreshed_at_hour

    def fetch(self, told: Told = lambda done, pages: None) -> tuple[bytes, ...]:
        """The answers of all pages, in their order.

        Raises:
            SourceError: A page was not answered well, or the pages do not make up one catalogue.
        """
        first, content = self._ask(1)
        if first.pages > self._catalogue.max_pages:
            what = f"it has {first.pages} pages, more than {self._catalogue.max_pages}"
            self._sender.stop(what, self._catalogue.path)
        kept, contents, pages = self._kept(first), [content], [first]
        for number in range(2, first.pages + 1):
            page, content = kept.get(number) or self._ask(number)
            contents.append(content)
            pages.append(page)
            if page.of != first.of:
                break  # the rest would not make them whole
            told(number, first.pages)
        self._require_whole(pages)
        return tuple(contents)

    def _ask(self, number: int) -> tuple[CataloguePage, bytes]:
        """Ask for a page, and accept nothing but a good answer that is this page."""
        path = self._catalogue.path
        received = self._sender.send(path, self._body(number))
        try:
            page = read_page(received.content, self._sender.base_url + path)
        except SourceError as error:
            self._sender.stop(error.what, path)
        if page.number != number:
            self._sender.stop(f"asked for page {number}, the answer is page {page.number}", path)
        return page, received.content

    def _body(self, number: int) -> dict[str, Any]:
        paging = self._paging
        return {paging.page_field: number, paging.size_field: self._catalogue.page_size}

    def _require_whole(self, pages: list[CataloguePage]) -> None:
        try:
            whole_catalogue(pages, self._sender.base_url + self._catalogue.path)
        except SourceError:
            now = utc_text(self._clock())
            self._archive.record(Exchange("api", self._catalogue.path, {}, now, note=_NOT_WHOLE))
            raise

    def _kept(self, first: CataloguePage) -> Mapping[int, tuple[CataloguePage, bytes]]:
        """The pages of the same state that were answered since the portal's last refresh."""
        kept: dict[int, tuple[CataloguePage, bytes]] = {}
        for number, sha256 in self._answered().items():
            content = self._archive.get(sha256)
            try:
                page = read_page(content, sha256)
            except SourceError:
                continue
            if page.of == first.of and page.number == number:
                kept[number] = page, content
        return kept

    def _answered(self) -> dict[int, str]:
        """The digests of well answered pages by their number, the latest of each."""
        found: dict[int, str] = {}
        for exchange in self._archive.exchanges(utc_text(self._last_refresh())):
            if exchange.path != self._catalogue.path:
                continue
            if exchange.note == _NOT_WHOLE:
                found.clear()
            elif exchange.status in self._success and exchange.sha256 and not exchange.note:
                number = exchange.request.get(self._paging.page_field)
                if isinstance(number, int) and exchange.request == self._body(number):
                    found[number] = exchange.sha256
        return found

    def _last_refresh(self) -> datetime:
        now = self._clock().astimezone(TIMEZONE)
        today = now.replace(hour=self._refreshed, minute=0, second=0, microsecond=0)
        return today if today <= now else today - timedelta(days=1)


def captured(folder: Path) -> Iterator[Path]:
    """What the month's folder of the inbox holds of the catalogue already."""
    return (path for path in sorted(folder.glob("formalities*")) if path.is_file())


def drop_capture(folder: Path, answers: tuple[bytes, ...]) -> Path:
    """Put a whole catalogue into the month's folder of the inbox: a line an answer, by one rename.

    A line's end within an answer can only stand between its parts, and becomes a blank.
    """
    lines = (answer.replace(b"\r", b" ").replace(b"\n", b" ") for answer in answers)
    path = folder / NAME
    write_whole(path, b"".join(line + b"\n" for line in lines))
    return path
