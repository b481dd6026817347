"""Making a release again from the raw archive, in a home of its own, and comparing the bytes.

Belongs here: the home as it was when the release went out, running its months there, and what
differs. Does not: the checks on the release itself (``publish.verify``).

What is known of that moment: the archive's records carry their time of receipt, the index its acts,
the release what was handed in. What is not: today's settings, lists in the inbox and program are
used.
"""

import csv
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assets.instance import private_instance
from assets.published import build_for
from assets.resources import GENERATOR, Workspace
from assets.runner import run_months
from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.errors import CchcError
from cchc_pipeline.core.telling import Progress
from cchc_pipeline.settings import DOSSIERS_URL, Settings
from cchc_pipeline.sources.raw.archive import RawArchive
from cchc_pipeline.sources.raw.withdrawals import archive_as_of
from publish.gates.gates import Verdict
from publish.model import RECORD, Published, ReleaseId
from publish.package.signature import SIGNATURE
from publish.store.state import Act
from publish.store.store import INDEX, Portal, switch
from publish.verify.checks import differences

_LISTS = ("units.csv", "successions.csv", "publications.csv")
"""What the inbox holds for all months, and the archive does not."""
_OFFLINE = {"CCHC_PORTAL_FETCH": "false", DOSSIERS_URL: ""}
_NAME = "recomputation"
_TITLE = "Made again from the raw archive, every file has the same bytes"

Record = Mapping[str, Any]


def recomputed(settings: Settings, release: ReleaseId, progress: Progress) -> Verdict:
    """Make a release again and compare.

    Args:
        settings: Of the installation that published it.
        release: Which.
        progress: Is told what is being done.
    """
    if not settings.raw_dir.is_dir():
        return Verdict(_NAME, _TITLE, reason=f"there is no raw archive at {settings.raw_dir}")
    published = Portal(settings.portal_dir).read(release)
    record: Record = json.loads((published.folder / RECORD).read_bytes())
    notes = []
    if record["generator"] != GENERATOR:
        notes.append(f"it was made by {record['generator']}, and is made again by {GENERATOR}")
        progress(notes[0])
    with TemporaryDirectory(prefix="cchc-recompute-") as folder:
        try:
            failures = _differences(settings, published, record, Path(folder), progress)
        except CchcError as error:
            failures = [str(error)]
    return Verdict(_NAME, _TITLE, tuple([*notes, *failures] if failures else ()))


def _differences(
    settings: Settings, published: Published, record: Record, home: Path, progress: Progress
) -> list[str]:
    workspace = _home_as_of(settings, published, record, home)
    with _offline(), private_instance(home / "dagster") as instance:
        run_months(workspace, published.periods, instance, progress)
        progress("build and compare")
        built = build_for(workspace, workspace.portal, workspace.asked_months)
    if built is None:
        return ["nothing differs from the release before: there would be no release"]
    return list(differences(published.folder, built.folder, leave_out={SIGNATURE}))


def _home_as_of(settings: Settings, published: Published, record: Record, home: Path) -> Workspace:
    """A home that knows what was known when the release went out, and nothing of its own."""
    moment = datetime.fromisoformat(published.published_at)
    archive, again = RawArchive(settings.raw_dir), RawArchive(home / "raw")
    archive_as_of(archive, moment, again, _stood(published.folder))
    portal_as_of(Portal(settings.portal_dir), published.id, Portal(home / "portal"))
    (home / "inbox").mkdir()
    for name in _LISTS:
        if (settings.inbox_dir / name).is_file():
            shutil.copy(settings.inbox_dir / name, home / "inbox" / name)
    accepted = record.get("accepted_revisions") or {}
    return Workspace(
        home=str(home),
        inbox=str(home / "inbox"),
        moment=published.published_at,
        accept=accepted.get("reason") or "",
        note=accepted.get("note") or "",
        asked=[str(month) for month in published.periods],
        empty=True,
        backfill=bool(record.get("backfill")),
    )


def _stood(folder: Path) -> dict[tuple[str, str], str]:
    """When the delivery of each record and month had been received, as the release tells it."""
    sources = {one.source: one for one in declared_sources()}
    stood: dict[tuple[str, str], str] = {}
    with (folder / "data" / "submissions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            source = sources.get(row["table"])
            if source and source.record and row["received_at"]:
                key = (source.record, row["period"])
                stood[key] = max(row["received_at"], stood.get(key, ""))
    return stood


def portal_as_of(portal: Portal, release: ReleaseId, target: Portal) -> None:
    """Fill an empty portal with what another showed when a release was about to go out.

    Args:
        portal: The portal.
        release: One that it published.
        target: Gets links to the releases before it, and an index that lists them.
    """
    acts = portal.acts()
    before = acts[: acts.index(next(act for act in acts if _published(act) == release))]
    if not before:
        return
    earlier = [act.release for act in before if act.kind == "published"]
    for one in earlier:
        place = target.release_folder(one)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(portal.release_folder(one).resolve())
    index = {
        "latest": None,
        "releases": [{"id": str(one)} for one in earlier],
        "acts": [{**vars(act), "release": str(act.release)} for act in before],
    }
    site = target.sites / "before"
    site.mkdir(parents=True)
    (site / INDEX).write_text(json.dumps(index), encoding="utf-8")
    switch(target, site)


def _published(act: Act) -> ReleaseId | None:
    return act.release if act.kind == "published" else None


@contextmanager
def _offline() -> Iterator[None]:
    """No source may be asked now for what it said then; Dagster's home is set for a while only."""
    before = {name: os.environ.get(name) for name in (*_OFFLINE, "DAGSTER_HOME")}
    os.environ.update(_OFFLINE)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
