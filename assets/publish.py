"""Publish: the release as a judged draft, then the one switch that makes it visible.

Belongs here: two assets, and the gates as checks on the first. Does not: the gates themselves
(``publish.gates``) or the order of the steps (``publish.publication``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from assets.extract import OWNERS
from assets.resources import GENERATOR, Workspace
from cchc_pipeline.settings import Settings, signing_passphrase
from publish.assemble import MONTHLY, Ingredients, assemble
from publish.gates import GATES
from publish.publication import Built, Terms, build
from publish.publication import publish as make_visible
from publish.signature import Signer, require_safe_key

PUBLISH_POOL = "publish"
_NOTHING = "nothing to publish: the content is that of the last release"


def _gate_specs() -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(name, asset="release", blocking=True, description=gate.__doc__ or "")
        for name, gate in GATES.items()
    ]


@dg.asset(
    deps=list(MONTHLY), check_specs=_gate_specs(), group_name="publish", owners=OWNERS,
    kinds={"file"}, pool=PUBLISH_POOL, io_manager_key="memory",
)  # fmt: skip
def release(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> Iterator[dg.Output[Built | None] | dg.AssetCheckResult]:
    """The next release: data package, four formats and digests, built out of sight and judged."""
    built = build_release(workspace)
    yield dg.Output(built, metadata=_metadata(built))
    gates = {gate.name: gate.failures for gate in built.gates} if built else {}
    for name in GATES:
        failures = gates.get(name, ())
        yield dg.AssetCheckResult(
            passed=not failures,
            check_name=name,
            description="; ".join(failures[:3]) if built else _NOTHING,
            metadata={"failures": len(failures)},
        )


def build_release(workspace: Workspace) -> Built | None:
    """The judged draft, or None if nothing differs from the last release."""
    settings, portal = workspace.settings, workspace.portal
    ingredients = Ingredients(
        workspace.register,
        settings.methodology,
        workspace.identity,
        GENERATOR,
        settings.disclosure_threshold,
        workspace.acceptance,
    )
    with portal.lock(workspace.now):
        draft = assemble(workspace.lake, portal, ingredients, workspace.now)
        if draft is None:
            return None
        return build(draft, portal, workspace.now, terms_of(settings))


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
        settings.methodology,
        settings.disclosure_threshold,
        settings.revision_limit,
        signer,
    )


def _metadata(built: Built | None) -> Mapping[str, Any]:
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


@dg.asset(
    group_name="publish", owners=OWNERS, kinds={"file"}, pool=PUBLISH_POOL, io_manager_key="memory"
)
def publication(
    context: dg.AssetExecutionContext, workspace: Workspace, release: Built | None
) -> dg.MaterializeResult[None]:
    """The release and its site made visible by one rename."""
    if release is None:
        return dg.MaterializeResult(metadata={"state": _NOTHING})
    with workspace.portal.lock(workspace.now):
        published = make_visible(release, workspace.portal)
    return dg.MaterializeResult(
        metadata={
            "release": str(published.id),
            "version": published.version,
            "sha256sums": published.digest,
            "folder": dg.MetadataValue.path(published.folder),
        }
    )
