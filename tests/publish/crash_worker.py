"""A process that publishes again and again and is killed: at changes of the disk, steps, moments.

Belongs here: killing, and what must hold of a portal at any moment. Does not: publishing. Run as
``python -m tests.publish.crash_worker FOLDER SCENARIO NUMBER``; it prints its findings as JSON.
"""

import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from publish.gates import site as site_checks
from publish.model import SUMS, Draft, ReleaseId
from publish.portal.publication import publish
from publish.site.pages import releases
from publish.site.pages.periods import month_pages
from publish.site.pages.releases import release_notes_pages
from publish.store.journal import Journal, Line
from publish.store.store import Portal, discard
from tests.publish.small_release import APRIL, MARCH, MOMENT, small_draft, small_tables, unjudged

_CHANGES = frozenset({"os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir"})
_Death = tuple[int, Portal]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def faults(portal: Portal) -> Iterator[str]:
    """What a reader of the portal would stumble on, by plain file operations."""
    if not portal.current.is_symlink():
        return
    site = portal.current.resolve()
    if not site.is_dir():
        yield "the pointer leads nowhere"
        return
    index = json.loads((site / "index.json").read_text())
    current = [release["id"] for release in index["releases"] if release["status"] == "current"]
    if current != ([index["latest"]] if index["latest"] else []):
        yield "the index contradicts itself"
    for release in index["releases"]:
        if release["status"] != "retracted":
            yield from _release_faults(site / release["path"], release["digest"])
    yield from _link_faults(site)


def _link_faults(site: Path) -> Iterator[str]:
    for path in site.rglob("*"):
        if not path.exists():
            yield f"{path.relative_to(site)} is a dangling link"
    if "site_links_resolve" in site_checks.SITE_CHECKS:
        yield from site_checks.site_links_resolve(site)


def with_few_pages() -> None:
    """Two kinds of pages, so that a publication takes a moment, and dies often in a minute.

    They lead to pages that are left out here; that all links resolve is shown elsewhere.
    """
    releases.KINDS = (month_pages, release_notes_pages)
    site_checks.SITE_CHECKS = {
        name: check
        for name, check in site_checks.SITE_CHECKS.items()
        if name != "site_links_resolve"
    }


def _release_faults(folder: Path, digest: str) -> Iterator[str]:
    sums = (folder / SUMS).read_bytes()
    if hashlib.sha256(sums).hexdigest() != digest:
        yield f"{folder}: another digest than in the index"
    for line in sums.decode().splitlines():
        said, name = line.split("  ", 1)
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != said:
            yield f"{folder}: {name} is not what it was"


def leftovers(portal: Portal) -> list[str]:
    """What lies about that no reader can reach, beside the sites of before."""
    shown = {release.id for release in portal.published()}
    stored = {path.relative_to(portal.store).as_posix() for path in portal.store.glob("*/*")}
    kept = {path.name for path in portal.pages.iterdir()}
    current = portal.current.resolve().name
    sites = {path.name for path in portal.sites.iterdir()}
    scratch = {path.name for path in portal.scratch.iterdir()} if portal.scratch.exists() else set()
    return sorted(
        (stored - {release.path for release in shown})
        | (kept - {str(release) for release in shown})
        | {site for site in sites if site > current}
        | scratch
        | {path.name for path in portal.root.glob(".current*")}
        | {line.step for line in [portal.journal.unfinished()] if line}
    )


def next_draft(portal: Portal) -> Draft:
    """March first, then April, then April once more."""
    latest = portal.latest()
    if latest is None:
        return small_draft()
    number = max((r.id.number for r in portal.published() if r.id.month == APRIL), default=0)
    return small_draft(
        id=ReleaseId(APRIL, number + 1),
        published_at=MOMENT + timedelta(days=number + 1),
        tables=small_tables((MARCH, APRIL)),
        periods=(MARCH, APRIL),
        previous=latest,
    )


def go_out(portal: Portal, draft: Draft) -> None:
    """What a run does: lock, build out of sight, publish."""
    with portal.lock(draft.published_at):
        discard(portal.scratch)
        publish(unjudged(draft, portal.scratch), portal)


Arm = Callable[[int], None]
"""Prepares a child for its death; told at which point that is to be."""


def _die_at_change(number: int) -> None:
    """Kill this process just before its n-th change of the file system."""
    seen = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in _CHANGES or (event == "open" and arguments[2] & _WRITING):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def _die_after_line(number: int) -> None:
    """Kill this process as soon as the journal has its n-th line of this act."""
    write, seen = Journal.write, itertools.count(1)

    def write_and_die(journal: Journal, line: Line) -> None:
        write(journal, line)
        if next(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.write = write_and_die  # type: ignore[method-assign]


def _die_after(milliseconds: int) -> None:
    """Kill this process some time from now, whatever it is doing then."""
    timer = f"sleep {milliseconds / 1000}; kill -KILL {os.getpid()}"
    subprocess.Popen(["/bin/sh", "-c", timer], stderr=subprocess.DEVNULL)


def _killed(portal: Portal, draft: Draft, number: int, arm: Arm = _die_at_change) -> bool:
    """Publish in a child that dies at a point; False if it lived to the end."""
    child = os.fork()
    if child == 0:
        try:
            arm(number)
            go_out(portal, draft)
        except BaseException:  # a child must not return into its parent's code
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"the publication failed by itself at point {number}")
    return os.WIFSIGNALED(status)


def _deaths(portal: Portal, draft: Draft, work: Path, numbers: Iterable[int]) -> Iterator[_Death]:
    """A copy of the portal for each point of death, until one lies past the last change."""
    for number in numbers:
        copy = Portal(work / str(number))
        shutil.copytree(portal.root, copy.root, symlinks=True)
        if not _killed(copy, draft, number):
            return
        yield number, copy
        shutil.rmtree(copy.root)


def findings(work: Path, *, published: bool, step: int) -> dict[str, Any]:
    """Kill one publication again and again; after each, look at the portal and publish again.

    Args:
        work: An empty folder.
        published: Whether a release is out already.
        step: It dies at each step-th change, and at every one of the last 10, where the switch is.
    """
    portal = Portal(work / "base")
    portal.root.mkdir(parents=True)
    if published:
        go_out(portal, next_draft(portal))
    draft = next_draft(portal)
    found: dict[str, Any] = {"points": 0, "old": 0, "new": 0, "problems": []}
    last = 1
    for last, copy in _deaths(portal, draft, work / "far", itertools.count(1, step)):
        _look(last, copy, draft, found)
    last = _last_change(portal, draft, work / "between", last, last + step)
    for number, copy in _deaths(portal, draft, work / "near", itertools.count(max(1, last - 9))):
        _look(number, copy, draft, found)
    return found


def _last_change(portal: Portal, draft: Draft, work: Path, died: int, lived: int) -> int:
    """The last change that can be died at, between one that was and one that does not come."""
    while lived - died > 1:
        middle = (died + lived) // 2
        if any(_deaths(portal, draft, work, [middle])):
            died = middle
        else:
            lived = middle
    return died


def findings_by_line(work: Path) -> dict[str, Any]:
    """Kill one publication after each line of its journal."""
    portal, draft, found = _second_release(work)
    for number in itertools.count(1):
        copy = Portal(work / str(number))
        shutil.copytree(portal.root, copy.root, symlinks=True)
        if not _killed(copy, draft, number, _die_after_line):
            return found
        _look(number, copy, draft, found)
        shutil.rmtree(copy.root)
    raise AssertionError


def findings_by_moment(work: Path, *, times: int) -> dict[str, Any]:
    """Kill one publication at random moments of its life, a number of times."""
    portal, draft, found = _second_release(work)
    trial = Portal(work / "trial")
    shutil.copytree(portal.root, trial.root, symlinks=True)
    begun = time.monotonic()
    _killed(trial, draft, 0, lambda number: None)
    life = int(1000 * (time.monotonic() - begun))
    chance = random.Random(4)  # noqa: S311 - moments, not secrets
    while found["points"] < times:
        moment = chance.randrange(life)
        copy = Portal(work / "copy")
        shutil.copytree(portal.root, copy.root, symlinks=True)
        if _killed(copy, draft, moment, _die_after):
            _look(moment, copy, draft, found)
        shutil.rmtree(copy.root)
    return found


def _second_release(work: Path) -> tuple[Portal, Draft, dict[str, Any]]:
    """A portal with one release, the next one's draft, and findings that are still empty."""
    portal = Portal(work / "base")
    portal.root.mkdir(parents=True)
    go_out(portal, next_draft(portal))
    return portal, next_draft(portal), {"points": 0, "old": 0, "new": 0, "problems": []}


def _look(number: int, portal: Portal, draft: Draft, found: dict[str, Any]) -> None:
    """Note what is wrong after a death, and after the publication that follows it."""
    latest = portal.latest()
    found["points"] += 1
    found["new" if latest and latest.id == draft.id else "old"] += 1
    problems = [*faults(portal)]
    go_out(portal, next_draft(portal))
    problems += [*faults(portal), *leftovers(portal)]
    found["problems"] += [f"point {number}: {problem}" for problem in problems]


def _chosen(folder: str, scenario: str, number: str) -> dict[str, Any]:
    if scenario == "lines":
        return findings_by_line(Path(folder))
    if scenario == "moments":
        return findings_by_moment(Path(folder), times=int(number))
    return findings(Path(folder), published=scenario == "again", step=int(number))


if __name__ == "__main__":
    with_few_pages()
    sys.stdout.write(json.dumps(_chosen(*sys.argv[1:])))
