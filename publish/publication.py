"""Going out: build, judge, stage, verify, switch. One commit point.

Belongs here: the order of the steps and what each may leave behind. Does not: what the files
contain, or the single moves (``portal``). A crash before the switch leaves the old site, a crash
after it the new one; what it leaves elsewhere is cleared by the next publication.
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
from publish.descriptor import describe
from publish.formats import to_csv, to_json, to_parquet
from publish.gates import DESCRIPTOR, Candidate, GateResult, judge
from publish.notes import changes_text, license_text
from publish.portal import (
    RECORD,
    SUMS,
    Portal,
    discard,
    move_into_place,
    switch,
    verify_sums,
    write_files,
)
from publish.release import Draft, Published
from publish.site import render_site
from publish.workbook import to_xlsx


@dataclass(frozen=True)
class Built:
    """A draft with its files, built in the scratch folder and judged."""

    draft: Draft
    folder: Path
    gates: tuple[GateResult, ...]
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
    draft: Draft, portal: Portal, *, now: datetime, production: bool, methodology: str
) -> Built:
    """Write the draft into a fresh scratch folder and run every gate on it."""
    folder = portal.scratch / str(draft.id)
    discard(portal.scratch)
    files = release_files(draft)
    write_files(folder, files)
    gates = judge(Candidate(draft, files, folder, now, production, methodology))
    return Built(draft, folder, gates, sum(len(content) for content in files.values()))


def publish(built: Built, portal: Portal) -> Published:
    """Make a built draft visible.

    Raises:
        CheckFailedError: A gate has failed, or a step finds something other than it wrote.
    """
    if built.failures():
        raise CheckFailedError("; ".join(built.failures()[:3]), where=str(built.draft.id))
    for step in publication_steps(built, portal):
        step()
    return portal.read(built.draft.id)


def publication_steps(built: Built, portal: Portal) -> tuple[Callable[[], None], ...]:
    """The steps in order. Only the last but one changes what a reader sees."""
    draft, place = built.draft, portal.release_folder(built.draft.id)
    earlier = portal.published()
    site = portal.sites / str(draft.id)
    return (
        lambda: clear_leftovers(portal, earlier),
        lambda: move_into_place(built.folder, place),
        lambda: verify_sums(place),
        lambda: build_site(portal, draft, earlier, site),
        lambda: switch(portal, site),
        lambda: discard(portal.scratch),
    )


def clear_leftovers(portal: Portal, published: tuple[Published, ...]) -> None:
    """Remove releases and sites that a crash left without ever showing them."""
    known = {release.folder for release in published}
    for folder in portal.store.glob("*/r*"):
        if folder not in known:
            discard(folder)
    shown = portal.current_site()
    for site in portal.sites.glob("*"):
        if site.resolve() != shown and not _was_shown(site, published):
            discard(site)


def _was_shown(site: Path, published: tuple[Published, ...]) -> bool:
    return site.name in {str(release.id) for release in published}


def build_site(
    portal: Portal, draft: Draft, earlier: tuple[Published, ...], site: Path
) -> None:
    """Assemble the pages, the index and the links into the store, out of sight."""
    this = portal.read(draft.id)
    write_files(site, render_site(draft, (*earlier, this)))
    for release in (*earlier, this):
        _link(site / "releases" / release.id.path, release.folder)
    _link(site / "latest", site / "releases" / draft.id.path)
    for name in draft.tables:
        _link(site / "data" / f"{name}.csv", this.folder / "data" / f"{name}.csv")
        for ending in ("parquet", "json", "xlsx"):
            _link(
                site / "data" / f"{name}.{ending}", this.folder / "formats" / f"{name}.{ending}"
            )


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(os.path.relpath(target, place.parent))
