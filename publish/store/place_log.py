"""What was sent to which place and seen there, a line each: the journal of places.

Belongs here: the lines, writing them so that they survive a crash, and what they come to: what a
place shows, and which months are confirmed of it. Does not: sending or looking
(``publish.places``), or judging it against the plan (``cchc_pipeline.plan``).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Literal

from cchc_pipeline.core.files import append_line
from cchc_pipeline.core.period import Month
from publish.model import Published, ReleaseId

PLACE_LOG = "places.jsonl"
"""Its name in the home."""
PlaceAct = Literal["confirmed", "failed", "rolled_back", "gone"]


@dataclass(frozen=True)
class PlaceLine:
    """Something that was seen of a place, or failed there.

    Args:
        at: The moment, ISO 8601 in UTC.
        place: The place's name.
        act: The place shows it; it could not be brought there; the place was led back; or it showed
            it once, and was seen not to any more.
        release: Of which release; empty where none is shown.
        site: The name of the site, which holds a digest of every byte; empty where a page of
            others was seen.
        address: Where it was looked at.
        months: The months that became public there with it, or are gone from where others put them.
        counts: Whether that counts as publication: a real place, and no sample data.
        line: What was seen, or why it failed.
    """

    at: str
    place: str
    act: PlaceAct
    release: str
    site: str
    address: str
    months: tuple[str, ...] = ()
    counts: bool = False
    line: str = ""


@dataclass(frozen=True)
class PlaceLog:
    """The journal in one file."""

    path: Path

    def write(self, line: PlaceLine) -> None:
        """Append a line and wait until the disk has it."""
        append_line(self.path, json.dumps(asdict(line), ensure_ascii=False).encode())

    def lines(self) -> tuple[PlaceLine, ...]:
        """Every whole line, oldest first."""
        if not self.path.exists():
            return ()
        text = self.path.read_text(encoding="utf-8", errors="replace")
        return tuple(_whole(text.splitlines()))


def _whole(lines: Iterable[str]) -> Iterator[PlaceLine]:
    for text in lines:
        try:
            content = json.loads(text)
            yield PlaceLine(**{**content, "months": tuple(content["months"])})
        except (ValueError, TypeError, KeyError):
            continue  # cut off by a crash


def last_of(lines: Iterable[PlaceLine], place: str) -> PlaceLine | None:
    """The last that is known of a place."""
    return next((line for line in reversed([*lines]) if line.place == place), None)


def times_failed(lines: Iterable[PlaceLine], place: str, site: str, kind: str) -> int:
    """How often the last tries to show a site failed for one kind of reason, one after another."""
    own = [line for line in lines if line.place == place and line.act != "rolled_back"]
    tries = takewhile(
        lambda line: (line.act, line.site) == ("failed", site) and line.line.startswith(f"{kind}:"),
        reversed(own),
    )
    return len([*tries])


def shown_since(lines: Iterable[PlaceLine], place: str) -> PlaceLine | None:
    """The line since which a place shows what it was last seen to show; None if it never was."""
    first, gone = None, set[str]()
    for line in reversed([*lines]):
        if line.place != place or line.act not in {"confirmed", "gone"}:
            continue
        if line.act == "gone" and not line.months:
            break
        if line.act == "gone":
            gone |= {*line.months}
        elif not line.months or {*line.months} - gone:
            if first and (line.site, line.release) != (first.site, first.release):
                break
            first = line
    return first


def release_seen(lines: Iterable[PlaceLine], month: str) -> str:
    """The release by which others were last seen to show a month; empty if none, or if it is gone.

    Who showed the first release of a month does not show its correction for that.
    """
    told = (line for line in lines if month in line.months and line.act in {"confirmed", "gone"})
    last = next(reversed([*told]), None)
    return last.release if last and last.act == "confirmed" else ""


def gone_months(lines: Iterable[PlaceLine]) -> frozenset[tuple[str, str]]:
    """The place and month of each that was confirmed, and then seen to be gone."""
    last = {(line.place, month): line.act for line in lines for month in line.months
            if line.act in {"confirmed", "gone"}}  # fmt: skip
    return frozenset(which for which, act in last.items() if act == "gone")


def new_months(
    release: Published, out: Iterable[Published], lines: Iterable[PlaceLine], place: str
) -> tuple[str, ...]:
    """The months that become public at a place with a release.

    Those that the place did not show before: that an old month is shown now says nothing of when it
    became public.

    Args:
        release: What the place shows.
        out: Every release that was published, oldest first.
        lines: The journal.
        place: The place's name.
    """
    own = [line for line in lines if line.place == place and line.release]
    shown = {line.release for line in own if line.act == "confirmed"}
    first = own[0].release if own else str(release.id)
    before: set[Month] = set()
    for one in out:
        if not shown and str(one.id) == first:
            break
        if not shown or str(one.id) in shown:
            before |= {*one.periods}
    return tuple(str(month) for month in release.periods if month not in before)


def confirmed_months(
    lines: Iterable[PlaceLine], gone: Iterable[ReleaseId]
) -> Iterator[tuple[Month, str, datetime]]:
    """Month, place and moment of each confirmation that counts; not of what is gone.

    A month that is shown again counts from when it was shown first.
    """
    told, withdrawn = tuple(lines), {str(release) for release in gone}
    is_gone = gone_months(told)
    for line in told:
        if line.act == "confirmed" and line.counts and line.release not in withdrawn:
            for month in line.months:
                if (line.place, month) not in is_gone:
                    yield Month.parse(month), line.place, datetime.fromisoformat(line.at)
