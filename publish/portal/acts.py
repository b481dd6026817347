"""What is done in public: a release shown, shown again, or retracted. One commit point each.

Belongs here: the order of the steps, the journal beside them, and what the next act does about one
that did not end. Does not: building and judging a release (``publication``), the single moves
(``publish.store.store``), or what a site consists of (``links``).

A crash before the switch leaves the old site, a crash after it the new one; what it leaves
elsewhere is cleared by the next act.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cchc_pipeline.core.errors import AfterwardsError, CheckFailedError, UsageError, disk_error
from publish.gates.site import require_sound_site
from publish.model import Identity, ReleaseId
from publish.portal.links import edition_after, make_site, site_name
from publish.store.journal import BEGUN, CLEARED, ENDED, Line
from publish.store.reading import verify_sums
from publish.store.state import Act, Edition
from publish.store.store import (
    Portal,
    clear_leftovers,
    discard,
    keep_newest_sites,
    switch,
)

SWITCH = "switch"


@dataclass(frozen=True)
class Step:
    """A named step; the journal tells when it is done."""

    name: str
    do: Callable[[], object]


def perform(portal: Portal, act: Act, identity: Identity, prepare: Sequence[Step] = ()) -> None:
    """Do an act: prepare, make its site, switch, tidy.

    Args:
        portal: Where; the caller holds its lock.
        act: What is done.
        identity: Who publishes.
        prepare: The steps before the site is made.

    Raises:
        CheckFailedError: A step found something that must not be shown, or the disk refused;
            readers see what they saw.
        AfterwardsError: It is shown, but something after that failed.
    """
    require_later(portal, act.at)
    line = Line(act.kind, str(act.release), site_name(portal, act), BEGUN, act.at, os.getpid())
    is_shown = False
    try:
        portal.journal.write(line)
        for step in steps_of(portal, act, identity, prepare):
            step.do()
            is_shown = is_shown or step.name == SWITCH
            portal.journal.write(replace(line, step=step.name))
        portal.journal.write(replace(line, step=ENDED))
    except OSError as error:
        refused = disk_error(error, portal.root)
        if is_shown:
            raise AfterwardsError(
                f"{act.release} is shown, but then: {refused.what}",
                where=refused.where,
                todo=f"{refused.todo}; the next run tidies up",
            ) from error
        raise refused from error


def steps_of(
    portal: Portal, act: Act, identity: Identity, prepare: Sequence[Step]
) -> tuple[Step, ...]:
    """The steps in order. Only the switch changes what a reader sees."""
    site, before = portal.sites / site_name(portal, act), portal.current_site()
    edition: list[Edition] = []
    return (
        Step("clear", lambda: clear_leftovers(portal)),
        *prepare,
        Step("list", lambda: edition.append(edition_after(portal, act, identity))),
        Step("site", lambda: make_site(portal, edition[0], site)),
        Step("check", lambda: require_sound_site(site, before, _taken_away(edition[0]))),
        Step(SWITCH, lambda: switch(portal, site)),
        Step("ledger", portal.record_shown),
        Step("tidy", lambda: _tidy(portal)),
    )


def _taken_away(edition: Edition) -> tuple[str, ...]:
    """The beginnings of addresses that answer no more, since a retraction took what they had."""
    kept = {table for release in edition.readable for table in release.schema_digests}
    gone = {table for release in edition.releases for table in release.schema_digests} - kept
    folders = (f"releases/{release.path}/" for release in edition.retractions)
    nothing_left = () if edition.current else ("data", "latest")
    return (*folders, *(f"data/{table}." for table in sorted(gone)), *nothing_left)


def _tidy(portal: Portal) -> None:
    discard(portal.scratch)
    keep_newest_sites(portal)


def settle(portal: Portal) -> str:
    """End what a killed process left open; only for the holder of the lock.

    Returns:
        What was found and done, or an empty text.
    """
    line = portal.journal.unfinished()
    if line is None:
        return ""
    site = portal.current_site()
    was_shown = site is not None and site.name == line.site
    clear_leftovers(portal)
    _tidy(portal)
    portal.journal.write(replace(line, step=ENDED if was_shown else CLEARED, pid=os.getpid()))
    began = f"{line.release} ({line.act}, {line.at}) stopped after step {line.step!r}"
    if was_shown:
        return f"{began}; it was shown already, the rest is done now"
    return f"{began}; it was not shown, and what it left is cleared"


def require_later(portal: Portal, at: str) -> None:
    """Acts follow each other in time, or readers could not tell what stood when.

    Raises:
        CheckFailedError: The clock, or the moment given, lies before the last act.
    """
    last = next(reversed(portal.acts()), None)
    if last is not None and at <= last.at:
        raise CheckFailedError(
            f"the moment {at} is not after the last act ({last.release} {last.kind} at {last.at})",
            where=str(portal.root),
            todo="correct the clock, or the moment given",
        )


def show_again(portal: Portal, act: Act, identity: Identity) -> None:
    """Roll back, or forward again: show a release that is out.

    Raises:
        UsageError: There is no such release, or it was retracted.
        CheckFailedError: Its files are not what they were, or its pages were not kept.
    """
    _require_readable(portal, act.release)
    prepare = (
        Step("verify", lambda: verify_sums(portal.release_folder(act.release))),
        Step("pages", lambda: _require_pages(portal, act.release)),
    )
    perform(portal, act, identity, prepare)


def retract(portal: Portal, act: Act, identity: Identity) -> None:
    """Take a release away from readers and leave a tombstone; its bytes stay in the store.

    Raises:
        UsageError: There is no such release, or it was retracted already.
    """
    _require_readable(portal, act.release)
    perform(portal, act, identity)


def _require_readable(portal: Portal, release: ReleaseId) -> None:
    out = [published.id for published in portal.published()]
    if release not in out:
        known = ", ".join(map(str, out[-5:])) or "none"
        raise UsageError(
            f"{release} was never published", where=str(portal.root), todo=f"out are: {known}"
        )
    gone = [act for act in portal.acts() if act.kind == "retracted" and act.release == release]
    if gone:
        raise UsageError(f"{release} was retracted at {gone[0].at}: {gone[0].reason}")


def _require_pages(portal: Portal, release: ReleaseId) -> None:
    if not portal.pages_folder(release).is_dir():
        raise CheckFailedError("its pages were not kept", where=str(portal.pages_folder(release)))
