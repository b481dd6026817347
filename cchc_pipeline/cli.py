"""``cchc``: the command line.

Belongs here: arguments, progress, exit codes, errors as one line. Does not: work; commands import
what they need when they run, so that ``cchc --help`` answers at once.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cchc_pipeline.errors import CchcError, UsageError

app = typer.Typer(
    name="cchc",
    help="Monthly open data on the quality of public service: extract, validate, compute, publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Home = Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")]
_Inbox = Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")]


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    _Debug.on = debug


class _Debug:
    """Whether errors keep their traceback."""

    on = False


@app.command()
def run(  # noqa: PLR0913 - one parameter an option
    month: Annotated[str, typer.Argument(help="The month, as 2026-09.")],
    to: Annotated[str | None, typer.Option("--to", help="The last month of a span.")] = None,
    inbox: _Inbox = None,
    home: _Home = None,
    published_at: Annotated[
        str | None, typer.Option(help="The moment of publication, ISO 8601; now if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
) -> None:
    """Process a month (or a span) and publish one release."""
    from cchc_pipeline.period import Month, require_ended
    from cchc_pipeline.settings import load_settings
    from cchc_pipeline.units import load_register

    settings = load_settings(home=home, inbox=inbox)
    moment = _moment(published_at)
    first = Month.parse(month)
    months = list(first.to(Month.parse(to or month)))
    if not months:
        raise UsageError(f"{to} lies before {month}", where="--to")
    require_ended(months[-1], moment)
    if inbox is not None and not inbox.is_dir():
        raise UsageError("no such folder", where=f"--inbox {inbox}", todo="check the path")
    load_register(settings.inbox_dir)
    if dry_run:
        _print_plan(settings.inbox_dir, settings.portal_dir, [str(m) for m in months])
        return
    _run(months, moment, settings.home, settings.inbox)


def _moment(text: str | None) -> datetime:
    """The moment given, or the clock: the one place where it is read."""
    from cchc_pipeline.period import TIMEZONE

    if text is None:
        return datetime.now(TIMEZONE).replace(microsecond=0)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a moment", where="--published-at", todo="say 2026-10-12T08:30:00+07:00"
        ) from None
    return given.replace(tzinfo=TIMEZONE) if given.tzinfo is None else given


def _print_plan(inbox: Path, portal: Path, months: list[str]) -> None:
    from publish.plan import publication_plan

    for line in publication_plan(inbox, portal, months):
        typer.echo(line)


def _run(months: list, moment: datetime, home: Path, inbox: Path | None) -> None:  # type: ignore[type-arg]
    from assets.execution import persistent_instance, run_months, run_publication
    from assets.resources import Workspace

    workspace = Workspace(
        home=str(home), inbox=str(inbox) if inbox else "", moment=moment.isoformat()
    )
    with (
        workspace.portal.lock(moment),
        persistent_instance(workspace.settings.dagster_dir) as instance,
    ):
        run_months(workspace, months, instance, _progress)
        release = run_publication(workspace, instance, _progress)
    if release is None:
        typer.echo("nothing to publish: the content is that of the last release")
    else:
        typer.echo(f"published {release}: {workspace.portal.current / 'index.html'}")


def _progress(line: str) -> None:
    """Plain lines; the last one stays in place on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{line}")
        sys.stderr.write("" if line.startswith(" ") else "\n")
        sys.stderr.flush()
    else:
        typer.echo(line, err=True)


@app.command()
def status(
    home: _Home = None,
    inbox: _Inbox = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Months and stages: what is there, what is missing, who owes it."""
    import json

    from cchc_pipeline.settings import load_settings
    from publish.overview import overview, overview_lines

    settings = load_settings(home=home, inbox=inbox)
    seen = overview(settings)
    if as_json:
        typer.echo(json.dumps(seen, ensure_ascii=False, indent=2))
        return
    for line in overview_lines(seen):
        typer.echo(line)


@app.command()
def serve(
    home: _Home = None,
    port: Annotated[int, typer.Option(help="0 chooses a free one.")] = 8766,
) -> None:
    """Preview the portal on 127.0.0.1."""
    from cchc_pipeline.settings import load_settings
    from publish.preview import preview_server

    root = load_settings(home=home).portal_dir / "current"
    if not root.is_dir():
        raise UsageError("nothing is published yet", where=str(root), todo="cchc run MONTH")
    with preview_server(root, port) as server:
        typer.echo(f"http://127.0.0.1:{server.server_port}/  (Ctrl+C ends)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("ended")


def main() -> None:
    """Run the command line; an error is one line and an exit code."""
    try:
        app()
    except CchcError as error:
        _fail(str(error), error.exit_code, error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}", 1, error)


def _fail(line: str, code: int, error: BaseException) -> None:
    if _Debug.on:
        raise error
    typer.echo(f"cchc: {line}", err=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
