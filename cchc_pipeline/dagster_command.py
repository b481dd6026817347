"""``cchc dagster``: Dagster's pages on this installation.

Belongs here: which of Dagster's programs is started, and with which environment. Does not: the
graph (``assets``), or the services of a server (``docs/deployment``).
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cchc_pipeline.arguments import settings_for

_GRAPH = "cchc_pipeline.definitions"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dagster)


def dagster(
    home: Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")] = None,
    inbox: Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 3000,
) -> None:
    """Dagster's pages: lineage, months, checks, runs; only to look unless automation is on."""
    from assets.instance import persistent_instance

    settings = settings_for(home, inbox)
    with persistent_instance(settings.dagster_dir):
        pass  # makes its folder and dagster.yaml, which also switches telemetry off
    os.environ["CCHC_HOME"] = str(settings.home.resolve())
    os.environ["CCHC_INBOX"] = str(settings.inbox_dir.resolve())
    doing = "schedules and sensors run" if settings.automation else "only to look"
    typer.echo(f"http://127.0.0.1:{port}/  ({doing}; Ctrl+C ends)")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *program(port, is_on=settings.automation)])  # noqa: S606 - no shell is what is wanted


def program(port: int, *, is_on: bool) -> list[str]:
    """The module to start and its arguments: with the daemon, or pages that change nothing."""
    place = ["-h", "127.0.0.1", "-p", str(port), "-m", _GRAPH]
    if is_on:
        return ["-m", "dagster", "dev", *place]
    return ["-m", "dagster_webserver", *place, "--read-only"]
