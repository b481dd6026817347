"""Going out: build, judge, stage, verify, switch. One commit point.

Belongs here: the order of the steps and what each may leave behind. Does not: what the files
contain, the single moves (``portal``), or judging (``gates``, ``site_checks``). A crash before
the switch leaves the old site, a crash after it the new one; what it leaves elsewhere is cleared
by the next publication.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.errors import CheckFailedError
from publish.candidate import Candidate
from publish.descriptor import describe
from publish.formats import to_csv, to_json, to_parquet
from publish.gates import GateResult, judge
from publish.notes import changes_text, license_text
from publish.portal import (
    RECORD,
    SUMS,
    Portal,
    discard,
    move_into_place,
    switch,
    sync_tree,
    verify_sums,
    write_files,
)
from publish.release import DESCRIPTOR, Draft, Published
from publish.site import render_site
from publish.site_checks import require_sound_site
from publish.workbook import to_xlsx


@dataclass(frozen=True)
class Built:
    """A draft with its files, built in the scratch folder and judged.

    ``sums`` is the content of its ``SHA256SUMS``: what was judged is what must go out.
    """

    draft: Draft
    folder: Path
    gates: tuple[GateResult, ...]
    sums: bytes
    bytes: int

    def failures(self) -> list[str]:
        """One line for each failure of a gate."""
        return [f"{gate.name}: {line}" for gate in self.gates for line in gate.failures]


def release_files(draft: Draft) -> dict[str, bytes]:
    """Every file of a release by its path, ``SHA256SUMS`` last."""
    files: dict[str, bytes] = {}
    for name, table in draft.tables.items():
        contract = load_contract(name)
        files[f"data/{name}.csv"] = to_csv(table, contract)
        files[f"formats/{name}.parquet"] = to_parquet(table, contract)
        files[f"formats/{name}.json"] = to_json(table)
        files[f"formats/{name}.xlsx"] = to_xlsx(table, contract, draft)
    files[DESCRIPTOR] = _json(describe(draft, files))
    files[RECORD] = _json(draft.record())
    files["CHANGES.md"] = changes_text(draft).encode()
    files["LICENSE.md"] = license_text(draft).encode()
    files[SUMS] = _sums(files)
    return files


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _sums(files: Mapping[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def build(
    draft: Draft,
    portal: Portal,
    *,
    now: datetime,
    production: bool,
    methodology: str,
    threshold: int,
) -> Built:
    """Write the draft into a fresh scratch folder and run every gate on it.

    Args:
        draft: The release in the making.
        portal: Where it would be published.
        now: The moment at which it is judged.
        production: Whether the portal is the city's real one, which refuses sample data.
        methodology: The name of the scoring rules in ``schemas/decision-766``.
        threshold: Fewer dossiers than this are not shown apart.
    """
    folder = portal.scratch / str(draft.id)
    discard(portal.scratch)
    files = release_files(draft)
    write_files(folder, files)
    candidate = Candidate(
        draft, files, folder, now, production, methodology, threshold, portal.published()
    )
    size = sum(len(content) for content in files.values())
    return Built(draft, folder, judge(candidate), files[SUMS], size)


def publish(built: Built, portal: Portal) -> Published:
    """Make a built draft visible.

    Raises:
        CheckFailedError: A gate has failed, or a step finds something other than it wrote.
    """
    if built.failures():
        raise CheckFailedError("; ".join(built.failures()[:3]), where=str(built.draft.id))
    _require_still_next(built, portal)
    for step in publication_steps(built, portal):
        step()
    return portal.read(built.draft.id)


def _require_still_next(built: Built, portal: Portal) -> None:
    """Between building and publishing, the lock may have been another's."""
    latest, previous = portal.latest(), built.draft.previous
    sums = built.folder / SUMS
    is_same = sums.exists() and sums.read_bytes() == built.sums
    if (latest and latest.id) != (previous and previous.id) or not is_same:
        raise CheckFailedError(
            "another publication came between building and publishing",
            where=str(built.draft.id),
            todo="run again",
        )


def publication_steps(built: Built, portal: Portal) -> tuple[Callable[[], None], ...]:
    """The steps in order. Only ``switch`` changes what a reader sees."""
    draft, place = built.draft, portal.release_folder(built.draft.id)
    earlier = portal.published()
    site = portal.sites / str(draft.id)
    return (
        lambda: clear_leftovers(portal),
        lambda: move_into_place(built.folder, place),
        lambda: verify_sums(place),
        lambda: build_site(portal, draft, earlier, site),
        lambda: require_sound_site(site),
        lambda: switch(portal, site),
        portal.record_shown,
        lambda: discard(portal.scratch),
    )


def clear_leftovers(portal: Portal) -> None:
    """Remove releases and sites that a crash left without ever showing them.

    What a reader may have seen is never removed, even if the current site does not name it.
    """
    portal.record_shown()
    shown = portal.shown()
    kept = {portal.release_folder(release) for release in shown}
    for folder in portal.store.glob("*/r*"):
        if folder not in kept:
            discard(folder)
    for site in portal.sites.glob("*"):
        is_current = site.resolve() == portal.current_site()
        if not is_current and site.name not in {str(release) for release in shown}:
            discard(site)


def build_site(portal: Portal, draft: Draft, earlier: tuple[Published, ...], site: Path) -> None:
    """Assemble the pages, the index and the links into the store, out of sight."""
    this = portal.read(draft.id)
    write_files(site, render_site(draft, (*earlier, this)))
    for release in (*earlier, this):
        _link(site / "releases" / release.id.path, release.folder)
    _link(site / "latest", site / "releases" / draft.id.path)
    for name in draft.tables:
        _link(site / "data" / f"{name}.csv", this.folder / "data" / f"{name}.csv")
        for ending in ("parquet", "json", "xlsx"):
            _link(site / "data" / f"{name}.{ending}", this.folder / "formats" / f"{name}.{ending}")
    sync_tree(site)


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(os.path.relpath(target, place.parent))
