"""``cchc``: the command line.

Belongs here: arguments, progress, exit codes, errors as one line. Does not: work; commands import
what they need when they run, so that ``cchc --help`` answers at once.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.server import HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline import (
    backup_commands,
    diff_command,
    input_commands,
    release_commands,
    verify_command,
)
from cchc_pipeline.arguments import moment_of, settings_for
from cchc_pipeline.errors import CchcError, SchemaDataError, UsageError, disk_error, disk_refusal

if TYPE_CHECKING:
    from assets.resources import Workspace
    from cchc_pipeline.period import Month
    from cchc_pipeline.settings import Settings
    from publish.release import Acceptance

DEBUG = "--debug"
app = typer.Typer(
    name="cchc",
    help="Monthly open data on the quality of public service: extract, validate, compute, publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_Home = Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")]
_Inbox = Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")]


input_commands.register(app)
release_commands.register(app)
diff_command.register(app)
verify_command.register(app)
backup_commands.register(app)


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show tracebacks; may stand anywhere in the line.")
    ] = False,
) -> None:
    """Declare what holds for every command; ``main`` acts on it."""


@app.command()
def run(
    month: Annotated[str, typer.Argument(help="The month, as 2026-09.")],
    to: Annotated[str | None, typer.Option("--to", help="The last month of a span.")] = None,
    inbox: _Inbox = None,
    home: _Home = None,
    published_at: Annotated[
        str | None, typer.Option(help="The moment of publication, ISO 8601; now if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    accept_revisions: Annotated[
        str | None, typer.Option(help="Revisions are right, for the reason SRC, ERR, MET or LATE.")
    ] = None,
    note: Annotated[
        str | None, typer.Option(help="What readers are told of these revisions.")
    ] = None,
) -> None:
    """Process a month (or a span) and publish one release."""
    from publish.revisions import acceptance_of

    acceptance = acceptance_of(accept_revisions, note)
    settings = settings_for(home, inbox)
    moment = moment_of(published_at)
    months = _months(month, to, moment)
    _require_lists(settings)
    if dry_run:
        _print_plan(settings, months)
    else:
        _run(settings, months, moment, acceptance)


def _months(first: str, last: str | None, moment: datetime) -> list["Month"]:
    """The months of a span, all of them over and none before Decision 766."""
    from assets.partitions import FIRST_MONTH
    from cchc_pipeline.period import Month, require_ended

    months = list(Month.parse(first).to(Month.parse(last or first)))
    if not months:
        raise UsageError(f"{last} lies before {first}", where="--to", todo="give a later month")
    if months[0] < FIRST_MONTH:
        raise UsageError(
            f"{first} lies before Decision 766/QĐ-TTg", todo=f"begin with {FIRST_MONTH}"
        )
    require_ended(months[-1], moment)
    return months


def _require_lists(settings: "Settings") -> None:
    """Read what every month needs before the first is begun."""
    from cchc_pipeline.decision766 import load_methodology
    from cchc_pipeline.units import load_register

    load_register(settings.inbox_dir)
    try:
        load_methodology(settings.methodology)
    except SchemaDataError as error:
        raise UsageError(
            str(error), where="setting CCHC_METHODOLOGY", todo="name one of schemas/decision-766"
        ) from None


def _print_plan(settings: "Settings", months: Sequence["Month"]) -> None:
    from publish.plan import publication_plan

    names = [str(month) for month in months]
    for line in publication_plan(settings.inbox_dir, settings.portal_dir, names):
        typer.echo(line)


def _run(
    settings: "Settings",
    months: Sequence["Month"],
    moment: datetime,
    acceptance: "Acceptance | None",
) -> None:
    from assets.execution import run_months, run_publication
    from assets.instance import end_dead_runs, persistent_instance
    from assets.resources import Workspace

    inbox = str(settings.inbox) if settings.inbox else ""
    said = {"accept": acceptance.reason, "note": acceptance.note} if acceptance else {}
    workspace = Workspace(home=str(settings.home), inbox=inbox, moment=moment.isoformat(), **said)
    with (
        workspace.portal.lock(moment),
        _progress_line(),
        persistent_instance(settings.dagster_dir) as instance,
    ):
        end_dead_runs(instance)
        _tell_settled(workspace)
        run_months(workspace, months, instance, _progress)
        release = run_publication(workspace, instance, _progress)
    if release is None:
        typer.echo("nothing to publish: the content is that of the last release")
    else:
        typer.echo(f"published {release}: {workspace.portal.current / 'index.html'}")


def _tell_settled(workspace: "Workspace") -> None:
    """End what a killed process left open, and say so."""
    from publish.acts import settle

    found = settle(workspace.portal)
    if found:
        _progress(f"the last act did not end: {found}")


def _progress(line: str) -> None:
    """Plain lines; on a terminal each step replaces the one before."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{line}")
        sys.stderr.write("" if line.startswith(" ") else "\n")
        sys.stderr.flush()
    else:
        typer.echo(line, err=True)


@contextmanager
def _progress_line() -> Iterator[None]:
    """Leave the terminal at the beginning of an empty line, whatever happens."""
    try:
        yield
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


@app.command()
def status(
    home: _Home = None,
    inbox: _Inbox = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Months and stages: what is there, what is missing, who owes it."""
    import json

    from publish.overview import overview, overview_lines

    seen = overview(settings_for(home, inbox))
    if as_json:
        typer.echo(json.dumps(seen, ensure_ascii=False, indent=2))
        return
    for line in overview_lines(seen):
        typer.echo(line)


@app.command()
def serve(
    home: _Home = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 8766,
) -> None:
    """Preview the portal on 127.0.0.1."""
    root = settings_for(home).portal_dir / "current"
    if not root.is_dir():
        raise UsageError("nothing is published yet", where=str(root), todo="cchc run MONTH")
    with _server(root, port) as server:
        typer.echo(f"http://127.0.0.1:{server.server_port}/  (Ctrl+C ends)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("ended")


def _server(root: Path, port: int) -> HTTPServer:
    from publish.preview import preview_server

    try:
        return preview_server(root, port)
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}",
            where="--port",
            todo="choose another, or 0 for a free one",
        ) from None


def main() -> None:
    """Run the command line; an error is one line and an exit code, or its traceback."""
    arguments = [argument for argument in sys.argv[1:] if argument != DEBUG]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        app(arguments, prog_name="cchc")
    except Exception as error:
        if debug:
            raise
        line, code = _said(error)
        typer.echo(f"cchc: {line}", err=True)
        raise SystemExit(code) from None


def _said(error: Exception) -> tuple[str, int]:
    """An error's line and exit code; of one that nobody foresaw, what a report needs."""
    if isinstance(error, CchcError):
        return str(error), error.exit_code
    refusal = disk_refusal(error)
    if refusal is not None:
        return str(disk_error(refusal, "CCHC_HOME")), 1
    first = next(iter(str(error).strip().splitlines()), "")
    return f"unexpected {type(error).__name__}: {first} -> run it with {DEBUG} and report it", 1


if __name__ == "__main__":
    main()
