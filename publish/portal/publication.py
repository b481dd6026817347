"""A publication: the files of a draft, built out of sight, judged, and handed over to be shown.

Belongs here: which files a release has, and what must be true before it may go out. Does not: what
the files contain, the steps that every act shares (``acts``), or judging (``publish.gates.gates``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.errors import CheckFailedError, disk_error
from cchc_pipeline.core.files import write_whole
from publish.gates.gates import QUALITY, GateResult, judge, quality_report
from publish.model import DESCRIPTOR, Draft, Published
from publish.package.descriptor import changes_text, describe, license_text
from publish.package.formats import json_bytes, to_csv, to_json, to_parquet
from publish.package.signature import SIGNATURE, Signer, trusted_comment
from publish.package.workbook import to_xlsx
from publish.portal.acts import Step, perform, require_later
from publish.release.comparison import Candidate, Terms
from publish.site.kept import make_pages
from publish.site.page import imprint_of_draft
from publish.site.pages.releases import page_recipes
from publish.store.state import Act, Edition
from publish.store.store import (
    RECORD,
    SUMS,
    Portal,
    add_files,
    discard,
    listed_sums,
    move_into_place,
    verify_sums,
    write_files,
)
from publish.verify import VERIFIER, standalone_verifier

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
    gates: tuple[GateResult, ...]
    sums: bytes
    bytes: int

    def failures(self) -> list[str]:
        """One line for each failure of a gate."""
        return [f"{gate.name}: {line}" for gate in self.gates for line in gate.failures]


def release_files(draft: Draft) -> dict[str, bytes]:
    """The files of a release that are judged, by their paths, ``SHA256SUMS`` last."""
    files: dict[str, bytes] = {}
    for name, table in draft.tables.items():
        contract = load_contract(name)
        files[f"data/{name}.csv"] = to_csv(table, contract)
        files[f"formats/{name}.parquet"] = to_parquet(table, contract)
        files[f"formats/{name}.json"] = to_json(table)
        files[f"formats/{name}.xlsx"] = to_xlsx(table, contract, draft)
    files[DESCRIPTOR] = json_bytes(describe(draft, files))
    files[RECORD] = json_bytes(draft.record())
    files["CHANGES.md"] = changes_text(draft).encode()
    files["LICENSE.md"] = license_text(draft).encode()
    files[VERIFIER] = standalone_verifier()
    files[SUMS] = listed_sums(files)
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
        judged = {name: content for name, content in files.items() if name != SUMS}
        write_files(folder, judged, draft.previous.folder if draft.previous else None)
        candidate = Candidate(draft, files, folder, now, terms, portal.published())
        verdicts = judge(candidate)
        files |= report_files(draft, files, verdicts, terms.signer)
        if terms.signer:
            write_whole(portal.public_key, terms.signer.public_key())
        add_files(folder, {name: files[name] for name in files if name not in judged})
    except OSError as error:
        raise disk_error(error, portal.root) from error
    size = sum(len(content) for content in files.values())
    return Built(draft, folder, verdicts, files[SUMS], size)


def report_files(
    draft: Draft,
    files: Mapping[str, bytes],
    verdicts: Iterable[GateResult],
    signer: Signer | None,
) -> dict[str, bytes]:
    """What follows from the judgement: the report on it, the digests anew, their signature."""
    more = {QUALITY: json_bytes(quality_report(draft, verdicts))}
    listed = {name: content for name, content in files.items() if name != SUMS}
    more[SUMS] = listed_sums(listed | more)
    if signer:
        comment = trusted_comment(draft.id, draft.published_text)
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
