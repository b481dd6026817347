"""The commands on releases that are out: ``cchc rollback``, ``retract``, ``export``, ``unlock``.

Belongs here: arguments and what is printed. Does not: the work (``publish.acts``,
``publish.export``), which is imported when a command runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.arguments import end_of, moment_of, settings_for
from cchc_pipeline.errors import UsageError

if TYPE_CHECKING:
    from publish.edition import Act, ActKind
    from publish.portal import Portal
    from publish.release import Identity

_Home = Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")]
_Release = Annotated[str, typer.Argument(help="The release, as 2024-03.r1.")]
_At = Annotated[
    str | None, typer.Option("--published-at", help="The moment, ISO 8601; now if left out.")
]
_By = Annotated[str, typer.Option("--approved-by", help="Who approved it; else the publisher.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rollback)
    app.command()(retract)
    app.command()(export)
    app.command()(unlock)


def rollback(
    release: _Release,
    reason: Annotated[str, typer.Option(help="Why; readers are told.")] = "",
    approved_by: _By = "",
    home: _Home = None,
    published_at: _At = None,
) -> None:
    """Show a release again that is out: one step back, or forward again."""
    from publish.acts import show_again
    from publish.portal import Portal

    shown = Portal(settings_for(home).portal_dir).latest()
    if shown is not None and str(shown.id) == release:
        typer.echo(f"nothing to do: {release} is shown")
        return
    said = _Said("rolled_back", release, reason, approved_by, published_at)
    _act(said, home, show_again)


def retract(
    release: _Release,
    reason: Annotated[str, typer.Option(help="Why; readers are told.")],
    approved_by: _By = "",
    home: _Home = None,
    published_at: _At = None,
) -> None:
    """Take a release away from readers; a tombstone says why."""
    from publish.acts import retract as take_away

    if not reason.strip():
        raise UsageError("a retraction needs a reason", where="--reason")
    _act(_Said("retracted", release, reason, approved_by, published_at), home, take_away)


@dataclass(frozen=True)
class _Said:
    """An act as it was asked for."""

    kind: "ActKind"
    release: str
    reason: str
    approved_by: str
    published_at: str | None


def _act(said: _Said, home: Path | None, do: "Callable[[Portal, Act, Identity], None]") -> None:
    """Do an act under the lock, and say what readers are shown now."""
    from cchc_pipeline.period import utc_text
    from publish.acts import settle
    from publish.edition import Act
    from publish.portal import Portal
    from publish.release import ReleaseId, identity_of

    settings, moment = settings_for(home), moment_of(said.published_at)
    portal, identity = Portal(settings.portal_dir), identity_of(settings)
    approver = said.approved_by.strip() or identity.publisher
    release = ReleaseId.parse(said.release)
    act = Act(utc_text(moment), said.kind, release, said.reason.strip(), approver)
    with portal.lock(moment):
        found = settle(portal)
        if found:
            typer.echo(f"the last act did not end: {found}", err=True)
        do(portal, act, identity)
    shown = portal.latest()
    typer.echo(f"{said.kind.replace('_', ' ')}: {release}; shown is {shown.id if shown else '-'}")


def export(
    out: Annotated[Path, typer.Option(help="A new folder for the files.")],
    as_of: Annotated[
        str | None, typer.Option(help="A date or moment: what was shown then. Now if left out.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table; again for more.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="Only csv, parquet, json or xlsx.")] = "",
    home: _Home = None,
) -> None:
    """Copy out the data as they stood on a date."""
    from publish.export import export_files, release_as_of, write_out
    from publish.portal import Portal

    portal = Portal(settings_for(home).portal_dir)
    moment = end_of(as_of, "--as-of") if as_of else moment_of(None)
    release = portal.read(release_as_of(portal.acts(), moment))
    files = export_files(release, table or (), form)
    write_out(files, out)
    typer.echo(
        f"{release.id} ({release.version}, {release.published_at}): {len(files)} files in {out}"
    )


def unlock(home: _Home = None) -> None:
    """Forget a lock that a dead process on another machine left behind."""
    from publish.lock import break_lock

    root = settings_for(home).portal_dir
    left = break_lock(root) if root.exists() else ""
    typer.echo(f"the lock of {left} is broken" if left else "nobody left a lock")
