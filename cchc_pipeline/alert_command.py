"""``cchc alerts``: what somebody must act on, printed or sent.

Belongs here: arguments and what is printed. Does not: the work (``assets.alerting``,
``cchc_pipeline.alerts``), which is imported when the command runs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.arguments import end_of, moment_of, settings_for

if TYPE_CHECKING:
    import dagster as dg

    from assets.resources import Workspace
    from cchc_pipeline.alerts.message import Message
    from cchc_pipeline.alerts.rules import Alert
    from cchc_pipeline.settings import Settings

_PRINTED = "print"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(alerts)


def alerts(
    home: Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")] = None,
    inbox: Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="As of this moment, ISO 8601; now if left out.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send what was not told yet.")] = False,
    digest: Annotated[
        bool, typer.Option("--digest", help="As one message, ended ones too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say what somebody must act on; exit code 1 if anything is open."""
    settings = settings_for(home, inbox)
    workspace = _workspace(settings, end_of(at, "--at") if at else moment_of(None))
    with _instance(settings) as instance:
        code = (
            _send(workspace, instance, digest=digest, as_json=as_json)
            if send
            else _show(workspace, instance, digest=digest, as_json=as_json)
        )
    if code:
        raise typer.Exit(code)


def _workspace(settings: "Settings", moment: datetime) -> "Workspace":
    from assets.resources import Workspace

    inbox = str(settings.inbox) if settings.inbox else ""
    return Workspace(home=str(settings.home), inbox=inbox, moment=moment.isoformat())


@contextmanager
def _instance(settings: "Settings") -> "Iterator[dg.DagsterInstance | None]":
    """The runs of the installation; looking must not make an instance where there is none."""
    from assets.instance import persistent_instance

    if not (settings.dagster_dir / "dagster.yaml").is_file():
        yield None
        return
    with persistent_instance(settings.dagster_dir) as instance:
        yield instance


def _show(
    workspace: "Workspace", instance: "dg.DagsterInstance | None", *, digest: bool, as_json: bool
) -> int:
    """Print what would be sent to somebody who was told nothing yet."""
    from assets.alerting import open_alerts
    from cchc_pipeline.alerts.message import worded
    from cchc_pipeline.alerts.state import Wish
    from cchc_pipeline.alerts.telling import planned

    found = open_alerts(workspace, instance)
    messages = [worded(alert) for alert in found]
    if digest:
        file, wish = workspace.settings.alerts_file, Wish(digest=True)
        messages = [o.message for o in planned(file, found, [_PRINTED], workspace.now, wish)]
    _print(messages, found, as_json)
    return 1 if found else 0


def _print(messages: "Sequence[Message]", found: "Sequence[Alert]", as_json: bool) -> None:
    import json
    from dataclasses import asdict

    if as_json:
        content = {"open": [a.key for a in found], "messages": [asdict(m) for m in messages]}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    for message in messages:
        typer.echo(f"{message.title}\n\n{message.text}")
    if not messages:
        typer.echo("nothing is open")


def _send(
    workspace: "Workspace", instance: "dg.DagsterInstance | None", *, digest: bool, as_json: bool
) -> int:
    """Send what is due, and say what went where; a failed channel is a line on stderr."""
    import json

    from assets.alerting import tell_round
    from cchc_pipeline.alerts.state import read_memory

    done = tell_round(workspace, instance, is_digest=digest)
    still_open = sorted(read_memory(workspace.settings.alerts_file).open)
    sent = [{"channel": one.channel, "key": one.message.key} for one in done.sent]
    if as_json:
        content = {"open": still_open, "sent": sent, "failed": done.failures}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        for one in sent:
            typer.echo(f"sent by {one['channel']}: {one['key']}")
        typer.echo(f"open: {len(still_open)}, sent now: {len(sent)}")
    for line in done.failures:
        typer.echo(f"not sent: {line}", err=True)
    return 1 if still_open or done.failures else 0
