"""What each place shows as far as the journal knows: nobody is asked.

Belongs here: which place is behind, for ``cchc status``, alerts and the daemon. Does not: looking
(``seen``), or telling (``cchc_pipeline.cli.places``, ``cchc_pipeline.alerts``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publish.places.declared import DeclaredPlace, read_places
from publish.store.place_log import (
    PLACE_LOG,
    PlaceLine,
    PlaceLog,
    last_of,
    release_seen,
    shown_since,
)
from publish.store.store import Portal


@dataclass(frozen=True)
class PlaceState:
    """A place, and what it was last seen to show.

    Args:
        place: The place.
        release: The release that it is to show; empty if none is shown.
        shows: What it shows; empty if that was never seen.
        since: Since when, ISO 8601; empty likewise.
        is_behind: Whether it was not seen to show what the portal shows.
        fault: Why the last try failed: the name of the words; empty if it did not.
        line: What was said then.
    """

    place: DeclaredPlace
    release: str
    shows: str = ""
    since: str = ""
    is_behind: bool = False
    fault: str = ""
    line: str = ""

    def as_dict(self) -> Mapping[str, Any]:
        """For a script."""
        place = {"name": self.place.name, "kind": self.place.kind, "required": self.place.required}
        shown = {"shows": self.shows or None, "since": self.since or None}
        why = {"fault": self.fault or None, "line": self.line or None}
        release = {"release": self.release or None, "behind": self.is_behind}
        return {**place, **shown, **release, **why}


def place_states(home: Path, portal: Portal) -> tuple[PlaceState, ...]:
    """Every declared place, by the journal; before the first publication nothing is behind."""
    places, site = read_places(home), portal.current_site()
    if not places or site is None:
        return tuple(PlaceState(place, "") for place in places)
    latest, lines = portal.latest(), PlaceLog(home / PLACE_LOG).lines()
    release, newest = (str(latest.id), str(latest.id.month)) if latest else ("", "")
    return tuple(_state(place, release, site.name, newest, lines) for place in places)


def _state(
    place: DeclaredPlace, release: str, site: str, newest: str, lines: Iterable[PlaceLine]
) -> PlaceState:
    own = [line for line in lines if line.place == place.name]
    last, shown = last_of(own, place.name), shown_since(own, place.name)
    if place.kind == "manual":
        is_behind = bool(release) and release_seen(own, newest) != release
    else:
        is_behind = last is None or last.act != "confirmed" or not last.site.startswith(f"{site}-")
    why = last.line if last and last.act != "confirmed" else ""
    fault, _, said = why.partition(": ")
    shows, since = (shown.release, shown.at) if shown else ("", "")
    return PlaceState(place, release, shows, since, is_behind, fault, said)
