"""The commands on a whole installation: ``cchc backup`` and ``cchc restore``.

Belongs here: arguments and what is printed. Does not: the work (``publish.backup``,
``publish.restore``), which is imported when a command runs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.arguments import moment_of, settings_for
from cchc_pipeline.errors import UsageError

if TYPE_CHECKING:
    from publish.backup import Contents


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="A new file, such as cchc-2026-10-12.tar.zst.")],
    home: Annotated[Path | None, typer.Option("--home", help="What is copied.")] = None,
) -> None:
    """Copy everything below CCHC_HOME into one file, as of one moment."""
    from publish.backup import back_up, outside_of
    from publish.portal import Portal

    settings, moment = settings_for(home), moment_of(None)
    if not settings.home.is_dir():
        raise UsageError("no such folder", where=f"home {settings.home}", todo="check CCHC_HOME")
    with Portal(settings.portal_dir).lock(moment):
        contents = back_up(settings.home, file, moment)
    typer.echo(f"{_said(contents)} in {file} ({file.stat().st_size / 1e6:.1f} MB)")
    for name in outside_of(settings.home):
        typer.echo(f"not in it: {name} is a link out of the home", err=True)
    if not settings.inbox_dir.resolve().is_relative_to(settings.home.resolve()):
        typer.echo(f"not in it: the inbox, {settings.inbox_dir}", err=True)


def restore(
    file: Annotated[Path, typer.Argument(help="What cchc backup wrote.")],
    home: Annotated[Path, typer.Option("--home", help="A folder that is empty or absent.")],
) -> None:
    """Make an installation of its copy, each file proved, or leave nothing."""
    from publish.restore import restore as unpack

    contents = unpack(file, home)
    typer.echo(f"{_said(contents)}, copied at {contents.made_at}, in {home}")


def _said(contents: "Contents") -> str:
    return f"{contents.release or 'nothing published'}: {len(contents.files)} files"
