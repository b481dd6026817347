"""``cchc diff``: what differs between two releases.

Belongs here: arguments, and where the answer goes. Does not: comparing (``publish.diff``), which is
imported when the command runs. Nothing here changes the state of an installation.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.arguments import settings_for
from cchc_pipeline.errors import UsageError

if TYPE_CHECKING:
    from publish.diff import Diff
    from publish.release import Published

SHOWN = 50
"""How many changed cells a terminal shows."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(diff)


def diff(
    old: Annotated[str, typer.Argument(help="The earlier release, as 2024-03.r1.")],
    new: Annotated[str, typer.Argument(help="The later release.")],
    home: Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for scripts.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Everything, as one page.")] = False,
    table: Annotated[str | None, typer.Option("--table", help="Only this table.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
) -> None:
    """Say what differs between two releases: rows, columns, ranks, cells."""
    from cchc_pipeline.durable import write_whole
    from publish.diff import diff_releases, find_release, own_tables
    from publish.portal import Portal

    if as_json and as_html:
        raise UsageError("--json and --html stand together", todo="choose one")
    portal = Portal(settings_for(home).portal_dir)
    releases = (find_release(portal, old), find_release(portal, new))
    tables = [own_tables(release, table) for release in releases]
    if not any(tables):
        raise UsageError(f"neither release has a table {table!r}", where="--table")
    text = _text(diff_releases(*tables), releases, as_json=as_json, as_html=as_html)
    if out is None:
        typer.echo(text)
    else:
        write_whole(out, f"{text}\n".encode())
        typer.echo(f"written: {out}")


def _text(
    found: "Diff", releases: "tuple[Published, Published]", *, as_json: bool, as_html: bool
) -> str:
    from publish.diff import diff_lines
    from publish.diff_page import diff_page

    old, new = releases
    if as_html:
        return diff_page(found, old, new)
    if as_json:
        content = {"old": str(old.id), "new": str(new.id), **found.as_dict()}
        return json.dumps(content, ensure_ascii=False, indent=2)
    return "\n".join(diff_lines(found, SHOWN))
