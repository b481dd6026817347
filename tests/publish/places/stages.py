"""An installation at each moment of a small story: published, revised, rolled back, retracted.

Belongs here: making the homes, once. Does not: places, or what they must show.
"""

import shutil
from pathlib import Path

import pytest

from publish.model import ReleaseId
from publish.portal.acts import retract, show_again
from publish.store.state import Act
from publish.store.store import Portal
from tests.publish import crash_worker
from tests.publish.crash_worker import go_out, next_draft
from tests.publish.small_release import IDENTITY, MARCH, MOMENT, small_draft

STAGES = ("published", "revised", "rolled_back", "retracted")
"""March; then April; March again; and at last April taken away for good."""


def make_stages(folder: Path) -> None:
    """A home for each stage, with the few pages that a test needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crash_worker.releases, "KINDS", crash_worker.releases.KINDS)
        patch.setattr(crash_worker.site_checks, "SITE_CHECKS", crash_worker.site_checks.SITE_CHECKS)
        crash_worker.with_few_pages()
        home = folder / "at_work"
        portal = Portal(home / "portal")
        for stage in STAGES:
            _act(portal, stage)
            shutil.copytree(home, folder / stage, symlinks=True)
        go_out(Portal(folder / "sample" / "portal"), small_draft(sample=True))
        shutil.rmtree(home)


def _act(portal: Portal, stage: str) -> None:
    if stage in {"published", "revised"}:
        go_out(portal, next_draft(portal))
        return
    latest = max(portal.published(), key=lambda release: release.published_at)
    with portal.lock(MOMENT):
        if stage == "rolled_back":
            act = Act("2024-06-01T01:00:00Z", "rolled_back", ReleaseId(MARCH, 1), "Sai số", "VP")
            show_again(portal, act, IDENTITY)
        else:
            act = Act("2024-06-02T01:00:00Z", "retracted", latest.id, "Sai số", "VP")
            retract(portal, act, IDENTITY)
