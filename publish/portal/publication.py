"""A publication: the files of a draft, built out of sight, judged, and handed over to be shown.

Belongs here: which files a release has, what must be true before it may go out, and its rehearsal:
all of it done as on the day, in a portal of its own that holds the real one's releases by links,
and is shut: whoever may read the home's other rooms looks at it.
Does not: what the files contain, the steps that every act shares (``acts``), judging
(``publish.gates.gates``), or the log of previews (``publish.release.approval``).
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files as files_of
from pathlib import Path

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import CheckFailedError, disk_error
from cchc_pipeline.core.files import write_whole
from cchc_pipeline.core.modes import PRIVATE, shut
from publish.gates.gates import Verdict, judge, quality_report
from publish.model import DESCRIPTOR, QUALITY, RECORD, SUMS, Draft, Published
from publish.package.bundle import bundle, bundle_name
from publish.package.croissant import CROISSANT, croissant
from publish.package.descriptor import changes_text, describe, license_text
from publish.package.formats import json_bytes, paths_of, to_csv, to_json, to_parquet
from publish.package.month_workbook import month_workbook, month_workbook_name
from publish.package.signature import SIGNATURE, Signer, trusted_comment
from publish.package.workbook import to_xlsx
from publish.portal.acts import Step, perform, require_later
from publish.release.comparison import Candidate, Terms
from publish.site.kept import make_pages
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import page_recipes
from publish.site.revised import revision_lines
from publish.store.reading import listed_sums, verify_sums
from publish.store.state import Act, Edition
from publish.store.store import (
    INDEX,
    Portal,
    add_files,
    discard,
    move_into_place,
    switch,
    sync_tree,
)

VERIFIER = "verify.py"
"""The verifier that every release carries: one file, the standard library only."""
_BODY = "<body>"
_DONE = {"rolled_back": "which was rolled back", "retracted": "which was retracted"}
_ANEW = {
    "rolled_back": "correct the data, or show it again with: cchc rollback {release}",
    "retracted": "correct the data and run again",
}


@dataclass(frozen=True)
class Built:
    """A draft with its files, built in the scratch folder and judged.

    ``sums`` is the content of its ``SHA256SUMS``: what was judged is what must go out.
    """

    draft: Draft
    folder: Path
    gates: tuple[Verdict, ...]
    sums: bytes
    bytes: int

    def failures(self) -> list[str]:
        """One line for each failure of a gate."""
        return [f"{gate.name}: {line}" for gate in self.gates for line in gate.failures]


def release_files(draft: Draft) -> dict[str, bytes]:
    """The files of a release that are judged, by their paths."""
    files: dict[str, bytes] = {}
    for name, table in draft.tables.items():
        contract = load_contract(name)
        as_csv, parquet, as_json, xlsx = paths_of(name)
        files[as_csv] = to_csv(table, contract)
        files[parquet] = to_parquet(table, contract)
        files[as_json] = to_json(table)
        files[xlsx] = to_xlsx(table, contract, draft)
    descriptor = describe(draft, files)
    files[DESCRIPTOR] = json_bytes(descriptor)
    files[CROISSANT] = json_bytes(croissant(descriptor, draft.identity))
    files[RECORD] = json_bytes(draft.record())
    files["CHANGES.md"] = changes_text(draft, revision_lines(draft)).encode()
    files["LICENSE.md"] = license_text(draft).encode()
    package = draft.identity.package
    files[month_workbook_name(package)] = month_workbook(draft)
    files[bundle_name(package)] = bundle(package, files, draft.published_at)
    files[VERIFIER] = files_of("publish.verify").joinpath("standalone.py").read_bytes()
    return files


def build(draft: Draft, portal: Portal, now: datetime, terms: Terms) -> Built:
    """Write the draft into a fresh scratch folder, run every gate on it, and add their report.

    What is in the same bytes in the release before is linked to it.

    Args:
        draft: The release in the making.
        portal: Where it would be published.
        now: The moment at which it is judged.
        terms: By what.

    Raises:
        CheckFailedError: The moment lies before the last act, the content was withdrawn, or the
            disk refused.
    """
    require_later(portal, draft.published_text)
    refuse_withdrawn(draft, Edition(portal.published(), portal.acts(), draft.identity))
    folder = portal.scratch / str(draft.id)
    files = release_files(draft)
    try:
        discard(portal.scratch)
        folder.mkdir(parents=True)
        add_files(folder, files, draft.previous.folder if draft.previous else None)
        verdicts = judge(Candidate(draft, files, folder, now, terms, portal.published()))
        more = closing_files(draft, files, verdicts, terms.signer)
        if terms.signer:
            write_whole(portal.public_key, terms.signer.public_key())
        add_files(folder, more)
        sync_tree(folder)
    except OSError as error:
        raise disk_error(error, portal.root) from error
    size = sum(len(content) for content in (*files.values(), *more.values()))
    return Built(draft, folder, verdicts, more[SUMS], size)


def closing_files(
    draft: Draft,
    files: Mapping[str, bytes],
    verdicts: Iterable[Verdict],
    signer: Signer | None,
) -> dict[str, bytes]:
    """What follows from the judgement: the report on it, the digests of all, their signature."""
    more = {QUALITY: json_bytes(quality_report(draft, verdicts))}
    more[SUMS] = listed_sums({**files, **more})
    if signer:
        comment = trusted_comment(draft.identity.package, draft.id, draft.published_text)
        more[SIGNATURE] = signer.sign(more[SUMS], comment)
    return more


def publish(built: Built, portal: Portal) -> Published:
    """Make a built draft visible.

    Raises:
        CheckFailedError: A gate has failed, a step finds something other than it wrote, or the
            disk refused: readers see what they saw.
        AfterwardsError: It is out, but something after that failed.
    """
    draft = built.draft
    if built.failures():
        raise CheckFailedError("; ".join(built.failures()[:3]), where=str(draft.id))
    _require_still_next(built, portal)
    act = Act(draft.published_text, "published", draft.id)
    perform(portal, act, draft.identity, storing_steps(built, portal))
    return portal.read(draft.id)


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


def storing_steps(built: Built, portal: Portal) -> tuple[Step, ...]:
    """From the scratch folder to the store, and the pages beside it; nobody is shown either."""
    draft, place = built.draft, portal.release_folder(built.draft.id)
    return (
        Step("store", lambda: move_into_place(built.folder, place)),
        Step("verify", lambda: verify_sums(place)),
        Step("pages", lambda: _write_pages(portal, draft)),
    )


def _write_pages(portal: Portal, draft: Draft) -> None:
    edition = Edition(portal.published(), portal.acts(), draft.identity)
    before = portal.pages_folder(draft.previous.id) if draft.previous else None
    make_pages(
        portal.pages_folder(draft.id),
        page_recipes(draft, portal.descriptor(draft.id)),
        imprint_of_draft(draft),
        before,
        edition.retractions,
    )


def refuse_withdrawn(draft: Draft, edition: Edition) -> None:
    """What was rolled back or retracted does not go out again by itself.

    Raises:
        CheckFailedError: The draft has the very content of such a release.
    """
    digests = {r.input_digest: r.id for r in edition.releases if r.id in edition.withdrawn}
    release = digests.get(draft.input_digest)
    if release is not None:
        act = edition.withdrawn[release]
        raise CheckFailedError(
            f"the content is that of {release}, {_DONE[act.kind]} at {act.at}: {act.reason}",
            where=str(draft.id),
            todo=_ANEW[act.kind].format(release=release),
        )


@dataclass(frozen=True)
class Rehearsal:
    """What came of it.

    Args:
        built: The judged draft; None if nothing would be published.
        site: The web root of the preview; None if there is none.
    """

    built: Built | None
    site: Path | None


def rehearse(portal: Portal, folder: Path, build: Callable[[Portal], Built | None]) -> Rehearsal:
    """Publish into a portal that nobody reads but those who look at the preview.

    Args:
        portal: The real portal; nothing in it is changed.
        folder: Where the preview goes; what was there is removed.
        build: Builds and judges the draft for a portal.
    """
    discard(folder)
    folder.mkdir(mode=PRIVATE.folder, parents=True)
    stage = Portal(folder / "portal")
    try:
        _stand_in(portal, stage)
        built = build(stage)
        if built is None or built.failures():
            return Rehearsal(built, None)
        released = publish(built, stage)
        for pages in (stage.pages_folder(released.id), stage.current.resolve()):
            _mark(pages)
    finally:
        shut(folder)
    return Rehearsal(built, stage.current)


def _stand_in(portal: Portal, stage: Portal) -> None:
    """Let a stage hold, by links, every release and page of the portal, and show the same."""
    site = portal.current_site()
    if site is None:
        return
    for release in portal.published():
        _link(portal.release_folder(release.id), stage.release_folder(release.id))
        _link(portal.pages_folder(release.id), stage.pages_folder(release.id))
    copy = stage.sites / site.name
    copy.mkdir(parents=True)
    shutil.copy(site / INDEX, copy / INDEX)
    switch(stage, copy)


def _link(target: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target.resolve())


def _mark(pages: Path) -> None:
    """Put the banner on each page: its own file, since others may share the one that is there."""
    words = read_yaml("pages/preview.yaml")
    own = [page for page in pages.rglob("*.html") if not page.is_symlink()]
    for page in own:
        language = "en" if page.relative_to(pages).parts[0] == "en" else "vi"
        words_here = f"<strong>{escape(words[language])}</strong>"
        banner = f'{_BODY}\n<p class="banner" role="note">{words_here}</p>'
        marked = page.with_name(f".{page.name}.{os.getpid()}")
        marked.write_text(
            page.read_text(encoding="utf-8").replace(_BODY, banner, 1), encoding="utf-8"
        )
        marked.replace(page)
