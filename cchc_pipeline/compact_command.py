"""``cchc compact``: months of the lake that lie in several files, made one file each.

Belongs here: arguments and what is printed. Does not: the work (``cchc_pipeline.compaction``),
which is imported when the command runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.arguments import moment_of, settings_for
from cchc_pipeline.progress import tell

if TYPE_CHECKING:
    from cchc_pipeline.store import Lake


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(compact)


def compact(
    home: Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be joined.")] = False,
) -> None:
    """Join months of the lake that lie in several files; their rows stay the same."""
    from cchc_pipeline.compaction import plan_compaction
    from cchc_pipeline.store import Lake
    from publish.portal import Portal

    settings = settings_for(home)
    lake = Lake(settings.lake_dir, settings.root_unit)
    if dry_run:
        plan = plan_compaction(lake)
        for scattered in plan:
            typer.echo(f"would join {scattered}")
        typer.echo(f"{len(plan)} months lie in several files")
        return
    with Portal(settings.portal_dir).lock(moment_of(None)):
        typer.echo(f"{_joined(lake)} months joined")


def _joined(lake: "Lake") -> int:
    """How many months were joined; each is told."""
    from cchc_pipeline import compaction

    plan = compaction.plan_compaction(lake)
    for scattered in plan:
        tell(f"join {scattered}")
        compaction.compact(scattered)
    compaction.clear_scratch(lake)
    return len(plan)
