"""Whether an installation is in order at a glance: what a container or a watcher asks each minute.

Belongs here: what can be seen in a fraction of a second without Dagster, and changes nothing. Does
not: proofs of what is there (``publish.verify``), months and what they lack (``status``), or what
somebody must act on (``cchc alerts``).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import CchcError
from publish.model import ReleaseId
from publish.store.store import Portal

_FRONT_PAGE = "index.html"


def shown_release(portal: Portal) -> ReleaseId | None:
    """The release that readers are shown; None if none is, or it cannot be read."""
    try:
        latest = portal.latest()
    except (CchcError, OSError, ValueError, KeyError, TypeError):
        return None
    return latest.id if latest else None


def ailments(home: Path, portal: Portal) -> Iterator[str]:
    """What is not in order, a sentence each."""
    if not (home.is_dir() and os.access(home, os.W_OK | os.X_OK)):
        yield f"{home} is not there, or this account may not write to it"
        return
    free, needed = shutil.disk_usage(home).free, least_free_space()
    if free < needed:
        yield f"{free // 1_000_000} MB are free on the disk, {needed // 1_000_000} are needed"
    yield from _of_the_portal(portal)


def least_free_space() -> int:
    """Bytes that are to be free on the disk of the home."""
    return int(read_yaml("release/health.yaml")["least_free_space"])


def _of_the_portal(portal: Portal) -> Iterator[str]:
    """An act that stopped is the next one's to clear; one that is going on is in order."""
    unfinished = portal.journal.unfinished()
    if unfinished and not portal.is_locked():
        yield f"{unfinished.act} {unfinished.release} stopped at {unfinished.step}"
    try:
        portal.latest()
    except CchcError as error:
        yield str(error)
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield f"the portal cannot be read ({type(error).__name__}): {portal.current}"
    else:
        site = portal.current_site()
        if site is not None and not (site / _FRONT_PAGE).is_file():
            yield f"the front page is not there: {site / _FRONT_PAGE}"
