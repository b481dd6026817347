"""A round at a moment of the story, and a reader who looks all the while.

Belongs here: calling the round, reading a place as its readers do. Does not: servers, assertions.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import httpx

from publish.places.declared import DeclaredPlace
from publish.places.rounds import MirrorRound, Outcome
from publish.places.tree import SITES, pointed_at, shown_site
from publish.store.place_log import PLACE_LOG, PlaceLine, PlaceLog
from publish.store.store import Portal
from publish.verify.places import Download, http_client, load_bounds

NOW = datetime(2024, 6, 10, 1, 0, tzinfo=UTC)


def bring(
    stages: Path,
    stage: str,
    place: DeclaredPlace,
    home: Path,
    *,
    trusting: bool = False,
    days: int = 0,
) -> Outcome:
    """One round at a stage, its journal kept in a home of its own."""
    home.mkdir(exist_ok=True)
    with http_client(load_bounds()) as client:
        round_ = MirrorRound(
            Portal(stages / stage / "portal"), home, NOW + timedelta(days=days),
            lambda: Download(client, time.monotonic), time.sleep, time.monotonic,
        )  # fmt: skip
        (outcome,) = round_.mirror([place], trusting=trusting)
    return outcome


def lines_of(home: Path) -> tuple[PlaceLine, ...]:
    """What was written down."""
    return PlaceLog(home / PLACE_LOG).lines()


def site_of(stages: Path, stage: str) -> str:
    """What the site of a stage is called at a place."""
    site = shown_site(Portal(stages / stage / "portal"))
    assert site is not None
    return site.name


def sight(place: DeclaredPlace, client: httpx.Client) -> str:
    """What a reader is shown now: the site's name and the proof of it, or what is wrong with it.

    Whoever follows the pointer reads the index there, and the sums of the release that it names.
    """
    base = place.address
    if place.pointer == "page":
        page = client.get(base + "index.html")
        if page.status_code != 200:
            return "nothing"
        name = pointed_at(page.content)
        if not name:
            return f"a torn pointer: {page.content[:80]!r}"
        base = f"{base}{SITES}/{name}/"
    index = client.get(base + "index.json")
    if index.status_code != 200:
        return "nothing" if place.pointer == "link" else "a pointer to nothing"
    content = json.loads(index.content)
    told = f"{len(content['acts'])}: {content['latest']}"
    return told if _is_whole(client, base, index.content) else f"a mixture: {told}"


def _is_whole(client: httpx.Client, base: str, index: bytes) -> bool:
    """Whether the release that the index names is there, if that still is the index afterwards."""
    content = json.loads(index)
    digests = {e["id"]: (e["path"], e["digest"]) for e in content["releases"]}
    path, digest = digests.get(content["latest"], ("", ""))
    if (
        not path
        or hashlib.sha256(client.get(f"{base}{path}SHA256SUMS").content).hexdigest() == digest
    ):
        return True
    return client.get(base + "index.json").content != index


@contextmanager
def watched(place: DeclaredPlace) -> Iterator[set[str]]:
    """All that a reader saw who looked every 20 ms."""
    seen: set[str] = set()
    ended = Event()

    def look() -> None:
        with httpx.Client(timeout=10) as client:
            while not ended.wait(0.02):
                seen.add(sight(place, client))

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(20)


def emptied(folder: Path) -> Path:
    """A folder without anything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
