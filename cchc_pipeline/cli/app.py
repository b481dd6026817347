"""``cchc``: the command line.

Belongs here: the list of commands, exit codes, errors as one line. Does not: work; commands import
what they need when they run, so that ``cchc --help`` answers at once.
"""

import atexit
import gc
import io
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cchc_pipeline.cli import inputs, operating, places, releases, reports, run
from cchc_pipeline.cli.interruption import guard
from cchc_pipeline.cli.options import AsJson, Home, Inbox, language, moment_of, say, settings_for
from cchc_pipeline.core.errors import DEBUG, LANG, ROOT, CchcError, UsageError
from cchc_pipeline.core.modes import private_by_default
from cchc_pipeline.core.unforeseen import AT_WORK, foreseen
from cchc_pipeline.core.wording import worded_error

if TYPE_CHECKING:
    from cchc_pipeline.settings import Settings
    from publish.places.standing import PlaceState
    from publish.portal.server import LocalServer
    from publish.store.store import Portal

_OBJECTS_BEFORE_COLLECTION = 1_500_000
"""Importing and checking makes objects that stay, 1.2 million in a month: looking through them is
a twentieth of a run, and never to look costs 60 MB."""
_NOT_UNDERSTOOD: Any = typer.BadParameter.__bases__[0]
"""What typer raises of a command line that is none: of this kind is each error that it names."""
_FOR_OTHERS = frozenset({"diff", "export", "form", "simulate"})
"""The commands that write outside the home, what others may read: with the rights of who calls."""
_OF_NO_PLACE = "restore"
"""The command that reads no settings: it takes no place."""
_OF_SEVERAL = frozenset(
    {"alerts", "backfill", "mend", "mirror", "preview", "run", "status", "verify"}
)
"""The commands that may go through several places in one call."""
app = typer.Typer(
    name="cchc",
    help="Monthly open data on the quality of public service: extract, validate, compute, publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
run.register(app)
inputs.register(app)
releases.register(app)
reports.register(app)
places.register(app)
operating.register(app)


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show tracebacks; may stand anywhere in the line.")
    ] = False,
    lang: Annotated[
        str | None, typer.Option(LANG, help="vi or en; by the locale if left out; anywhere too.")
    ] = None,
    root: Annotated[
        str | None,
        typer.Option(ROOT, help="Of this place, or of several: H24,H44; anywhere too."),
    ] = None,
) -> None:
    """Declare what holds for every command; ``main`` acts on it."""


@app.command()
def status(
    home: Home = None,
    inbox: Inbox = None,
    health: Annotated[
        bool, typer.Option("--health", help="One line, at once; exit code 1 if not in order.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Months and stages: what is there, what is missing, who owes it, what is not current."""
    if health:
        _tell_health(settings_for(home), as_json=as_json)
    else:
        _tell_state(settings_for(home, inbox), as_json=as_json)


def _tell_state(settings: "Settings", *, as_json: bool) -> None:
    """For people, or all of it for programs; exit code 1 where something is damaged."""
    import json

    from assets.damage import quick_look
    from assets.staleness import MadeFrom
    from cchc_pipeline.cli.place_words import state_lines
    from publish.installation.damage import rights_damage
    from publish.installation.findings import damage_lines
    from publish.installation.reporting import first_publication, report_lines, report_state
    from publish.installation.status import installation_lines, installation_state
    from publish.places.standing import place_states
    from publish.store.store import Portal

    made_from, portal = MadeFrom(settings, moment_of(None)), Portal(settings.portal_dir)
    found = quick_look(settings, made_from)
    seen: dict[str, Any] = {}
    states: tuple[PlaceState, ...] = ()
    with suppress(CchcError) if found else nullcontext():  # it may be told already
        stale = {str(month): list(why) for month, why in made_from.stale().items()}
        states = place_states(settings.home, portal)
        seen = installation_state(settings) | {"not_current": stale}
        seen["reports"] = report_state(settings, first_publication(portal), moment_of(None))
        seen["places"] = [state.as_dict() for state in states]
    told = [*found, *rights_damage(settings)]
    if as_json:
        seen["damaged"] = [one.as_dict() for one in told]
        typer.echo(json.dumps(seen, ensure_ascii=False, indent=2))
    else:
        for line in (
            *damage_lines(told, settings.lang),
            *(installation_lines(seen, settings.lang) if seen else ()),
            *(report_lines(seen["reports"], settings.lang) if "reports" in seen else ()),
            *state_lines(states, settings.lang),
        ):
            typer.echo(line)
    if found:
        raise typer.Exit(1)


def _tell_health(settings: "Settings", *, as_json: bool) -> None:
    """For the watcher of a container or of a machine, which asks each minute."""
    import json

    from publish.installation.health import ailments, shown_release
    from publish.store.store import Portal

    portal = Portal(settings.portal_dir)
    found, shown = list(ailments(settings.home, portal)), shown_release(portal)
    told = str(shown) if shown else None
    if as_json:
        typer.echo(json.dumps({"healthy": not found, "latest": told, "found": found}))
    else:
        say("; ".join(found) or f"healthy: {told or 'nothing published yet'}")
    if found:
        raise typer.Exit(1)


@app.command()
def serve(
    home: Home = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 8766,
) -> None:
    """Show the portal on 127.0.0.1, and those of further places below their codes."""
    from publish.store.store import Portal

    settings = settings_for(home)
    portal = Portal(settings.portal_dir)
    if not portal.current.is_dir():
        where = str(portal.current)
        raise UsageError("nothing is published yet", where=where, todo="cchc run MONTH")
    with _server(settings, portal, port) as server:
        say(f"{server.address}  (Ctrl+C ends)")
        for place in server.further:
            say(f"{server.address}{place}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("ended")


def _server(settings: "Settings", portal: "Portal", port: int) -> "LocalServer":
    from publish.portal.server import LocalServer, further_web_roots, web_root_of

    try:
        return LocalServer(web_root_of(portal), port, further_web_roots(settings.home))
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}",
            where="--port",
            todo="choose another, or 0 for a free one",
        ) from None


def main() -> None:
    """Run the command line; an error is one line and an exit code, or its traceback."""
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION, *gc.get_threshold()[1:])
    arguments, AT_WORK.lang = _without(LANG, sys.argv[1:])
    arguments, of_places = _without(ROOT, arguments)
    AT_WORK.words, AT_WORK.settings = [word for word in arguments if word != DEBUG], {}
    command = next((word for word in arguments if not word.startswith("-")), "")
    rights = nullcontext() if command in _FOR_OTHERS else private_by_default()
    with rights:
        _for_each(of_places, command, debug=DEBUG in arguments)


def _for_each(of_places: str, command: str, *, debug: bool) -> None:
    """Run the command once, or for one place after the other: one that fails stops no other.

    Raises:
        SystemExit: With the exit code of the first that was not 0.
    """
    codes: list[object] = []
    try:
        places = _places(of_places, command)
    except UsageError as error:
        raise SystemExit(_told(error)) from None
    for place in places:
        AT_WORK.root, AT_WORK.step, AT_WORK.file, AT_WORK.settings = place, "", "", {}
        if len(places) > 1:
            typer.echo(f"== {place}", err=True)
        try:
            _called(AT_WORK.words)
        except SystemExit as end:
            codes.append(end.code)
        except Exception as error:
            if debug:
                raise
            codes.append(_told(error))
    if codes:
        raise SystemExit(next((code for code in codes if code), 0))


def _told(error: Exception) -> int:
    """Tell an error as one line; its exit code."""
    told = foreseen(error)
    typer.echo(f"cchc: {worded_error(told, language())}", err=True)
    return told.exit_code


def _places(of_places: str, command: str) -> tuple[str, ...]:
    """The places that the command line names; one without a name where it names none.

    Raises:
        UsageError: The command takes none, or not several, or one of them is not known.
    """
    from cchc_pipeline.government import require_government

    places = tuple(dict.fromkeys(part.strip() for part in of_places.split(",") if part.strip()))
    if any(word.partition("=")[0] == ROOT for word in sys.argv[1:]) and not places:
        raise UsageError("names no place", where=ROOT, todo="say H24, or H24,H44")
    for place in places:
        require_government(place)
    if places and command == _OF_NO_PLACE:
        raise UsageError(f"cchc {command} asks for no place", where=ROOT, todo=f"leave out {ROOT}")
    alone = command not in _OF_SEVERAL or "--json" in AT_WORK.words
    if len(places) > 1 and alone:
        what = f"cchc {command} takes one place at a time"
        raise UsageError(what, where=ROOT, todo="give the command once for each")
    return places or ("",)


def _called(arguments: Sequence[str]) -> None:
    """Run the command; a line that cannot be understood is told as every other error is.

    Raises:
        UsageError: There is no such command or option, or a part of the line is missing.
    """
    if language() == "en":
        app(arguments, prog_name="cchc")
        return
    try:
        code = app(arguments, prog_name="cchc", standalone_mode=False)
    except _NOT_UNDERSTOOD as error:
        path = error.ctx.command_path if error.ctx else "cchc"
        raise UsageError(error.format_message(), todo=f"{path} --help") from None
    if isinstance(code, int) and code:
        raise SystemExit(code)


def _without(option: str, arguments: Sequence[str]) -> tuple[list[str], str]:
    """The command line without an option, and what it says; the last one counts."""
    rest: list[str] = []
    told, words = "", iter(arguments)
    for word in words:
        if word == option:
            told = next(words, "")
        elif word.startswith(f"{option}="):
            told = word.partition("=")[2]
        else:
            rest.append(word)
    return rest, told


def command() -> None:
    """What the process does: ``main``, and then an end at once.

    Whatever was to be closed is closed by then, and what libraries left for the end is done here.
    To take two million objects apart before the process goes would be another tenth of a run.
    """
    guard(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # a name that is not UTF-8, or a lone surrogate, is told by its escape and ends nothing
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    atexit._run_exitfuncs()
    with suppress(OSError):  # whoever read has left
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    command()
