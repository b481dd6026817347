"""One round: every place is brought to what the portal shows, proved by reading it back.

Belongs here: the order (compare, send, prove, lead there, look again), leading a place back, what
is written down, what a round came to. Does not: reaching a place (``files``, ``ckan``, ``seen``),
or words for it (``cchc_pipeline.cli.places``).

Nothing here undoes what the portal shows: a place that cannot be reached is behind, and the next
round tries again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from cchc_pipeline.core.period import Month, utc_text
from publish.model import ReleaseId
from publish.places.ckan import CkanPlace, CkanSight
from publish.places.declared import DeclaredPlace
from publish.places.files import FilesPlace
from publish.places.rclone import GONE, NOT_WHOLE, PlaceError, Rclone
from publish.places.seen import Downloads, Seen, look, require_whole
from publish.places.tree import Difference, SiteTree, shown_site
from publish.store.place_log import (
    PLACE_LOG,
    PlaceAct,
    PlaceLine,
    PlaceLog,
    last_of,
    new_months,
    shown_since,
    times_failed,
)
from publish.store.store import Portal
from publish.verify.places import Download, http_client, load_bounds

State = Literal["confirmed", "stands", "behind", "by_hand"]
_PAUSE = 0.5


class Sender(Protocol):
    """What every kind of place that is sent to can do."""

    def differ(self, site: SiteTree) -> Difference:
        """What lacks there, by digest."""

    def send(self, site: SiteTree, found: Difference) -> tuple[str, ...]:
        """Make it whole there, out of readers' way; the files that were sent."""

    def point(self, name: str, release: str) -> None:
        """Show a site that is whole there, the newest or an earlier one."""

    def tidy(self, site: SiteTree, before: Difference) -> None:
        """Remove what nobody needs any more."""


@dataclass(frozen=True)
class Outcome:
    """What a round came to at a place.

    Args:
        place: The place.
        state: It shows the newest now; it did before; it does not; or people bring it there.
        release: What it is to show; empty if no release is shown.
        shows: The release that it shows, as far as is known.
        since: Since when it shows that, ISO 8601; empty if it never was seen.
        sent: How many bytes were sent.
        files: How many files were sent.
        seconds: How long that took, to the last look.
        fault: Why it is behind: the name of the words.
        line: What was said then.
    """

    place: DeclaredPlace
    state: State
    release: str
    shows: str = ""
    since: str = ""
    sent: int = 0
    files: int = 0
    seconds: float = 0
    fault: str = ""
    line: str = ""

    @property
    def fails(self) -> bool:
        """Whether a publication is not done yet because of it."""
        return self.state == "behind" and self.place.required


@dataclass(frozen=True)
class MirrorRound:
    """What a round needs.

    Args:
        portal: What is to be shown.
        home: The installation, where the journal is.
        now: The moment.
        downloads: Opens a reading of public addresses.
        wait: Sleeps for some seconds.
        clock: Seconds that only grow.
        public_url: The portal's own public address, which a CKAN links to.
    """

    portal: Portal
    home: Path
    now: datetime
    downloads: Downloads
    wait: Callable[[float], None]
    clock: Callable[[], float]
    public_url: str = ""

    @property
    def log(self) -> PlaceLog:
        """The journal."""
        return PlaceLog(self.home / PLACE_LOG)

    def mirror(
        self, places: Iterable[DeclaredPlace], *, trusting: bool = False
    ) -> Iterator[Outcome]:
        """Bring each place to what the portal shows; whoever calls holds the portal's lock.

        Args:
            places: Which.
            trusting: Whether a place whose last line says that it shows this is not asked again.
        """
        site = shown_site(self.portal)
        if site is None:
            return
        for place in places:
            try:
                yield self._at(place, site, trusting=trusting)
            except PlaceError as error:
                yield self._behind(place, site, error)

    def _at(self, place: DeclaredPlace, site: SiteTree, *, trusting: bool) -> Outcome:
        if place.kind == "manual":
            return self._standing(place, site, "by_hand")
        last = last_of(self.log.lines(), place.name)
        is_known = last is not None and last.act == "confirmed" and last.site == site.name
        if is_known and (trusting or self._still_shows(place, site)):
            if not trusting:
                self._require_whole(place, site)
            return self._standing(place, site, "stands")
        if place.production and self._is_sample(site.release):
            raise PlaceError("sample", site.release)
        return self._sent(place, site, self._sender(place, site))

    def _sender(self, place: DeclaredPlace, site: SiteTree) -> Sender:
        if place.kind == "ckan":
            return CkanPlace(place, self.public_url)
        times = times_failed(self.log.lines(), place.name, site.name, NOT_WHOLE)
        is_damaged = times % 2 == 1  # not each time: the fault may be the web server's
        return FilesPlace(Rclone(place, self.home), site.name if is_damaged else "")

    def _still_shows(self, place: DeclaredPlace, site: SiteTree) -> bool:
        """Whether what was confirmed is seen; if not, that is written down first."""
        seen = self._look(place, site)
        if seen.site != site.name:
            self._write(place, site, "gone", f"{GONE}: {place.front}: {seen.release or '-'}")
        return seen.site == site.name

    def _look(self, place: DeclaredPlace, site: SiteTree) -> Seen:
        if place.kind == "ckan":
            return CkanSight(place, self.public_url, self.downloads).look()
        return look(place, site, self.downloads)

    def _require_whole(self, place: DeclaredPlace, site: SiteTree) -> None:
        if place.kind == "ckan":
            CkanSight(place, self.public_url, self.downloads).require_whole(site)
        else:
            require_whole(place, site, self.downloads)

    def _sent(self, place: DeclaredPlace, site: SiteTree, sender: Sender) -> Outcome:
        """Send, prove, lead readers there, and look as they do."""
        began = self.clock()
        found = sender.differ(site)
        sent = sender.send(site, found)
        if place.pointer == "page":
            self._require_whole(place, site)
        sender.point(site.name, site.release)
        self._await(place, site)
        if place.pointer == "link":
            self._prove(place, site, sender)
        sender.tidy(site, found)
        self._write(place, site, "confirmed")
        size, seconds = sum(map(site.size_of, sent)), self.clock() - began
        return Outcome(
            place, "confirmed", site.release, site.release, utc_text(self.now), size, len(sent),
            seconds,
        )  # fmt: skip

    def _await(self, place: DeclaredPlace, site: SiteTree) -> None:
        """Look until the address shows it, or for as long as is allowed."""
        ends = self.clock() + place.wait_seconds
        seen = self._look(place, site)
        while (seen.site, seen.has_front) != (site.name, True):
            if self.clock() >= ends:
                if seen.site == site.name:
                    return  # what is read back says what is wrong
                raise PlaceError("not_shown", f"{place.front}: {seen.release or '-'}")
            self.wait(_PAUSE)
            seen = self._look(place, site)

    def _prove(self, place: DeclaredPlace, site: SiteTree, sender: Sender) -> None:
        """Where only what is shown can be read: back to the site before if it is not whole."""
        try:
            self._require_whole(place, site)
        except PlaceError as error:
            before = shown_since(self.log.lines(), place.name)
            if before is not None and before.site != site.name:
                sender.point(before.site, before.release)
                self._write(place, site, "rolled_back", str(error))
            raise

    def sighted(
        self, place: DeclaredPlace, release: str, month: Month, address: str, by: str
    ) -> PlaceLine:
        """Write down that a release of a month was seen where others put it.

        Args:
            place: The place.
            release: The release.
            month: The month that it was put there for.
            address: The page.
            by: Which office says so.
        """
        counts = place.production and not self._is_sample(release)
        line = PlaceLine(
            utc_text(self.now), place.name, "confirmed", release, "", address, (str(month),),
            counts, by,
        )  # fmt: skip
        self.log.write(line)
        return line

    def missed(
        self, place: DeclaredPlace, month: Month, address: str, why: str
    ) -> PlaceLine | None:
        """Write down that a month is no longer where it was seen; None if it was not seen there.

        Args:
            place: The place.
            month: The month.
            address: The page where it was seen, and is not any more.
            why: What the page shows instead: the name of the words.
        """
        lines = [line for line in self.log.lines() if line.place == place.name]
        own = [line for line in lines if str(month) in line.months]
        if not own or own[-1].act != "confirmed" or own[-1].address != address:
            return None
        line = replace(own[-1], at=utc_text(self.now), act="gone", line=f"{GONE}: {address}: {why}")
        self.log.write(line)
        return line

    def _standing(self, place: DeclaredPlace, site: SiteTree, state: State) -> Outcome:
        shown = shown_since(self.log.lines(), place.name)
        release, since = (shown.release, shown.at) if shown else ("", "")
        return Outcome(place, state, site.release, release, since)

    def _behind(self, place: DeclaredPlace, site: SiteTree, error: PlaceError) -> Outcome:
        self._write(place, site, "failed", str(error))
        shown = self._standing(place, site, "behind")
        return replace(shown, fault=error.kind, line=error.line)

    def _is_sample(self, release: str) -> bool:
        return bool(release) and self.portal.read(ReleaseId.parse(release)).is_sample

    def _write(self, place: DeclaredPlace, site: SiteTree, act: PlaceAct, line: str = "") -> None:
        months: tuple[str, ...] = ()
        if act == "confirmed" and site.release:
            release = self.portal.read(ReleaseId.parse(site.release))
            out = self.portal.published()
            months = new_months(release, out, self.log.lines(), place.name)
        counts = place.production and not self._is_sample(site.release)
        self.log.write(
            PlaceLine(
                utc_text(self.now), place.name, act, site.release, site.name, place.address,
                months, counts, line,
            )
        )  # fmt: skip


@contextmanager
def opened(
    portal: Portal,
    home: Path,
    now: datetime,
    clock: Callable[[], float],
    wait: Callable[[float], None],
    public_url: str,
) -> Iterator[MirrorRound]:
    """A round over the network.

    Args:
        portal: What is to be shown.
        home: The installation.
        now: The moment.
        clock: Seconds that only grow.
        wait: Sleeps for some seconds.
        public_url: The portal's own public address.
    """
    with http_client(load_bounds()) as client:
        yield MirrorRound(
            portal, home, now, lambda: Download(client, clock), wait, clock, public_url
        )
