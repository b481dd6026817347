"""Publish: the release as a judged draft, then the one switch that makes it visible; its preview.

Belongs here: three assets, and the gates as checks on the first. Does not: the gates themselves
(``publish.gates.gates``) or the order of the steps (``publish.portal.publication``).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.checks import Broken, told
from assets.damage import quick_look, require_sound
from assets.jobs import PUBLISH_POOL
from assets.resources import GENERATOR, Workspace, of_asset
from assets.staleness import MadeFrom
from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.contracts import Language
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.modes import make_home
from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.settings import Settings, signing_passphrase
from publish.gates.gates import GATES
from publish.installation.decision import Asked, front_page, write_front_page
from publish.model import Draft
from publish.package.signature import Signer, require_safe_key
from publish.portal.publication import Built, Rehearsal, build, rehearse
from publish.portal.publication import publish as make_visible
from publish.release.approval import ApprovalEntry, days_late, require_approved
from publish.release.assemble import MONTHLY, Ingredients, assemble, release_months
from publish.release.comparison import Terms
from publish.store.store import PREVIEW, Portal

_CHECK = "gates"
_NOTHING = "nothing to publish: the content is that of the last release"


def _gate_specs() -> list[dg.AssetCheckSpec]:
    asked = {name: gate.__doc__ or "" for name, gate in GATES.items()}
    text = f"{len(asked)} gates, each of which blocks."
    return [
        dg.AssetCheckSpec(_CHECK, asset="release", blocking=True, description=text, metadata=asked)
    ]


@dg.asset(
    deps=[*MONTHLY, "month_record"], check_specs=_gate_specs(), group_name="publish",
    **of_asset("file"), pool=PUBLISH_POOL, io_manager_key="memory",
)  # fmt: skip
def release(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.Output[Built | None] | dg.AssetCheckResult]:
    """The next release: data package, four formats and digests, built out of sight and judged."""
    built = build_release(workspace)
    if built and workspace.settings.approval:
        approval = require_approved(built.draft, workspace.approvals.entries())
        context.log.info(f"approved by {approval.by} at {approval.at}")
    yield dg.Output(built, metadata=_metadata(built))
    broken = [
        Broken(gate.name, len(gate.failures), "; ".join(gate.failures[:3]))
        for gate in (built.gates if built else ())
        if gate.failures
    ]
    yield told("release", _CHECK, "error", len(built.gates) if built else 0, broken)


def build_release(workspace: Workspace) -> Built | None:
    """The judged draft, if all it rests on is sound; None if nothing differs from the last one."""
    with workspace.portal.lock(workspace.now):
        made_from = MadeFrom(workspace.settings, workspace.now)
        require_sound(quick_look(workspace.settings, made_from), workspace.settings)
        return build_for(workspace, workspace.portal, workspace.asked_months)


def build_for(workspace: Workspace, portal: Portal, asked: frozenset[Month]) -> Built | None:
    """The judged draft of a portal that nobody else publishes to; nothing is asked of its files."""
    settings = workspace.settings
    ingredients = Ingredients(
        workspace.register,
        settings.methodology,
        workspace.identity,
        GENERATOR,
        settings.disclosure_threshold,
        workspace.acceptance,
        asked,
        workspace.backfill,
        MadeFrom(settings, workspace.now).stale(),
        empty=workspace.empty,
    )
    draft = assemble(workspace.lake, portal, ingredients, workspace.now)
    if draft is None:
        return None
    return build(draft, portal, workspace.now, terms_of(settings))


def make_preview(workspace: Workspace, lang: Language | None = None) -> Rehearsal:
    """The next release as a run of the months asked for would make it, shown outside the web root.

    Where none is asked for, with every computed month: as on their dates.

    Args:
        workspace: What the steps share.
        lang: The language of its front page; that of the settings if left out.

    Raises:
        CheckFailedError: A gate failed, so that nothing could go out as things stand.
    """
    months = workspace.asked_months or frozenset(release_months(workspace.lake))
    with workspace.portal.lock(workspace.now):
        found = rehearse(
            workspace.portal,
            workspace.settings.home / PREVIEW,
            lambda stage: build_for(workspace, stage, months),
        )
    built, settings = found.built, workspace.settings
    if built is None:
        return found
    named = tuple(sorted(workspace.asked_months))
    asked = Asked(named, workspace.acceptance, is_empty=workspace.empty, lang=lang or settings.lang)
    write_front_page(settings, built, asked)
    if found.site is None:
        raise CheckFailedError(
            "\n  ".join(["checks failed", *built.failures()]),
            where=f"preview of {built.draft.id}",
            todo=f"see {front_page(settings.home)}",
        )
    at, draft = utc_text(workspace.now), built.draft
    texts = tuple(str(month) for month in sorted(months))
    seen = ApprovalEntry(at, "previewed", str(draft.id), draft.input_digest, months=texts)
    workspace.approvals.write(seen)
    return found


def terms_of(settings: Settings) -> Terms:
    """By what a draft is judged and signed, by the settings.

    Raises:
        UsageError: The signing key may not be used.
    """
    signer = None
    if settings.signing_key is not None:
        require_safe_key(settings.signing_key, settings.home)
        signer = Signer(settings.signing_key, signing_passphrase())
    return Terms(
        settings.production,
        settings.disclosure_threshold,
        settings.revision_limit,
        signer,
    )


def _metadata(built: Built | None) -> dict[str, Any]:
    if built is None:
        return {"state": _NOTHING}
    draft = built.draft
    return {
        "release": str(draft.id),
        "version": draft.version,
        "provenance": draft.provenance,
        "rows": sum(table.num_rows for table in draft.tables.values()),
        "bytes": built.bytes,
        "input_digest": draft.input_digest,
    }


@dg.asset(group_name="publish", pool=PUBLISH_POOL, io_manager_key="memory", **of_asset("file"))
def publication(
    context: dg.AssetExecutionContext, workspace: Workspace, release: Built | None
) -> dg.MaterializeResult[None]:
    """The release and its site made visible by one rename."""
    made_from = MadeFrom(workspace.settings, workspace.now)
    if release is None:
        made_from.add_publication(workspace.asked_months)
        return dg.MaterializeResult(metadata={"state": _NOTHING})
    make_home(workspace.settings.home)
    with workspace.portal.lock(workspace.now):
        published = make_visible(release, workspace.portal)
        made_from.add_publication(workspace.asked_months)
    return dg.MaterializeResult(
        metadata={
            "release": str(published.id),
            "version": published.version,
            "sha256sums": published.digest,
            "folder": dg.MetadataValue.path(published.folder),
            "days_late": _days_late(release.draft),
        }
    )


def _days_late(draft: Draft) -> int:
    """How many days after its date the newest month goes out for the first time."""
    before = draft.previous.periods if draft.previous else ()
    if draft.backfill or draft.id.month in before:
        return 0
    return days_late(draft.id.month, load_calendar(), draft.published_at)


@dg.asset(
    deps=list(MONTHLY), group_name="preview", pool=PUBLISH_POOL, io_manager_key="memory",
    **of_asset("file"),
)  # fmt: skip
def release_preview(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.MaterializeResult[None]:
    """The next release as it would go out, for those who look at it before its date."""
    found = make_preview(workspace)
    if found.built is None or found.site is None:
        return dg.MaterializeResult(metadata={"state": _NOTHING})
    return dg.MaterializeResult(
        metadata=_metadata(found.built) | {"folder": dg.MetadataValue.path(found.site)}
    )
