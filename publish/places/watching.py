"""Copies of the portal at other addresses: what each shows, beside what ours shows.

Belongs here: asking a copy for its ``index.json``. Does not: whether it is behind
(``cchc_pipeline.alerts.rules``), or making copies.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from cchc_pipeline.alerts.rules import Mirror, Shown
from cchc_pipeline.core.errors import SourceError
from publish.store.store import INDEX, Portal
from publish.verify.places import Download, http_client, load_bounds

_SECONDS, _TRIES, _PAUSE = 5, 2, 0.5
_LARGEST_INDEX = 16 * 2**20


def shown_here(portal: Portal) -> Shown | None:
    """What this portal shows, and since when: its last act."""
    latest = portal.latest()
    if latest is None:
        return None
    return Shown(str(latest.id), latest.digest, datetime.fromisoformat(portal.acts()[-1].at))


def look_at(addresses: Iterable[str], clock: Callable[[], float]) -> tuple[Mirror, ...]:
    """What each copy shows, or why it could not be asked.

    Args:
        addresses: Of copies, http or https.
        clock: Seconds that only grow.
    """
    bounds = replace(
        load_bounds(),
        answer_seconds=_SECONDS,
        whole_seconds=_SECONDS,
        largest_file_bytes=_LARGEST_INDEX,
    )
    with http_client(bounds) as client:
        return tuple(
            _seen(address, lambda: Download(client, clock, bounds)) for address in addresses
        )


def _seen(address: str, download: Callable[[], Download]) -> Mirror:
    try:
        for attempt in _tries():
            with attempt:
                content = download().get(f"{address.rstrip('/')}/{INDEX}")
    except SourceError as error:
        return Mirror(address, refused=error.what)
    if content is None:
        return Mirror(address, refused=f"there is no {INDEX}")
    try:
        return Mirror(address, _shown(json.loads(content)))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Mirror(address, refused=f"{INDEX} is not that of a portal")


def _shown(index: Any) -> Shown | None:
    latest = index["latest"]
    if latest is None:
        return None
    digests = {entry["id"]: entry["digest"] for entry in index["releases"]}
    return Shown(str(latest), str(digests[latest]))


def _tries() -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(SourceError),
        stop=stop_after_attempt(_TRIES),
        wait=wait_fixed(_PAUSE),
        reraise=True,
    )
