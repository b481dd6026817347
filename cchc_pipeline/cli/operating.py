"""Commands that keep an installation going, from ``alerts`` to ``dagster``.

Belongs here: their arguments, what they print, and which of Dagster's programs is started with
which environment. Does not: the work (``assets.alerting``, ``publish.installation.backup``), which
is imported when a command runs, or the services of a server (``docs/deployment``).
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.cli.options import AsJson, Home, Inbox, end_of, moment_of, say, settings_for
from cchc_pipeline.core.errors import UsageError

if TYPE_CHECKING:
    import dagster as dg

    from assets.resources import Workspace
    from cchc_pipeline.alerts.message import Message
    from cchc_pipeline.alerts.rules import Alert
    from cchc_pipeline.settings import Settings
    from publish.installation.backup import Contents


Identity = Annotated[
    Path | None, typer.Option("--identity", help="The file with age's secret key.")
]
_PRINTED = "print"
_GRAPH = "cchc_pipeline.definitions"


def register(app: typer.Typer) -> None:
    """Add the commands, in this order."""
    for command in (alerts, backup, restore, mend, dagster):
        app.command()(command)


def alerts(
    home: Home = None,
    inbox: Inbox = None,
    at: Annotated[
        str | None, typer.Option("--at", help="As of this moment, ISO 8601; now if left out.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send what was not told yet.")] = False,
    digest: Annotated[
        bool, typer.Option("--digest", help="As one message, ended ones too.")
    ] = False,
    as_json: AsJson = False,
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
    from cchc_pipeline.alerts.telling import Wish, would_be_sent

    found = open_alerts(workspace, instance)
    messages = [worded(alert) for alert in found]
    if digest:
        file, wish = workspace.settings.alerts_file, Wish(digest=True)
        messages = [o.message for o in would_be_sent(file, found, [_PRINTED], workspace.now, wish)]
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
        say("nothing is open")


def _send(
    workspace: "Workspace", instance: "dg.DagsterInstance | None", *, digest: bool, as_json: bool
) -> int:
    """Send what is due, and say what went where; a failed channel is a line on stderr."""
    import json

    from assets.alerting import tell_round
    from cchc_pipeline.alerts.telling import read_memory

    done = tell_round(workspace, instance, is_digest=digest)
    still_open = sorted(read_memory(workspace.settings.alerts_file).open)
    sent = [{"channel": one.channel, "key": one.message.key} for one in done.sent]
    if as_json:
        content = {"open": still_open, "sent": sent, "failed": done.failures}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        for one in sent:
            say(f"sent by {one['channel']}: {one['key']}")
        say(f"open: {len(still_open)}, sent now: {len(sent)}")
    for line in done.failures:
        say(f"not sent: {line}", err=True)
    return 1 if still_open or done.failures else 0


def backup(
    file: Annotated[Path, typer.Argument(help="A new file, such as cchc-2026-10-12.tar.zst.")],
    home: Annotated[Path | None, typer.Option("--home", help="What is copied.")] = None,
    encrypt_to: Annotated[
        str, typer.Option(help="Only this recipient of age, or this key of gpg, can read it.")
    ] = "",
) -> None:
    """Copy everything below CCHC_HOME into one file, as of one moment."""
    from publish.installation.backup import back_up, outside_of
    from publish.store.store import Portal

    settings, moment = settings_for(home), moment_of(None)
    if not settings.home.is_dir():
        raise UsageError("no such folder", where=f"home {settings.home}", todo="check CCHC_HOME")
    with Portal(settings.portal_dir).lock(moment):
        contents = back_up(settings.home, file, moment, encrypt_to)
    say(f"{_said(contents)} in {file} ({file.stat().st_size / 1e6:.1f} MB)")
    for name in outside_of(settings.home):
        say(f"not in it: {name} is a link out of the home", err=True)
    if not settings.inbox_dir.resolve().is_relative_to(settings.home.resolve()):
        say(f"not in it: the inbox, {settings.inbox_dir}", err=True)


def restore(
    file: Annotated[Path, typer.Argument(help="What cchc backup wrote.")],
    home: Annotated[Path, typer.Option("--home", help="A folder that is empty or absent.")],
    identity: Identity = None,
) -> None:
    """Make an installation of its copy, each file proved, or leave nothing."""
    from publish.installation.restoring import restore as unpack

    contents = unpack(file, home, identity)
    say(f"{_said(contents)}, copied at {contents.made_at}, in {home}")


def _said(contents: "Contents") -> str:
    return f"{contents.release or 'nothing published'}: {len(contents.files)} files"


def mend(
    home: Home = None,
    inbox: Inbox = None,
    backup_file: Annotated[
        Path | None, typer.Option("--from", help="A copy by cchc backup, for what it alone has.")
    ] = None,
    identity: Identity = None,
    as_json: AsJson = False,
) -> None:
    """Mend what verify --installation finds damaged; exit code 1 if anything is left."""
    import json

    from assets.damage import mended, whole_look
    from assets.instance import persistent_instance
    from publish.installation.findings import damage_lines, damage_words
    from publish.store.store import Portal

    settings, moment = settings_for(home, inbox), moment_of(None)
    with Portal(settings.portal_dir).lock(moment):
        done = mended(settings, moment, backup_file, identity)
        if any(one.mend == "anew" for one in done):
            with persistent_instance(settings.dagster_dir):
                pass  # begins its databases anew
    left, _ = whole_look(settings, moment)
    if as_json:
        told = {"mended": [one.path for one in done], "left": [one.as_dict() for one in left]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        words, lang = damage_words(), settings.lang
        for one in done:
            typer.echo(words.say("mended", lang, path=one.path))
        for line in damage_lines(left, lang):
            typer.echo(words.say("left", lang, line=line))
        if not done and not left:
            typer.echo(words.say("nothing", lang))
    if left:
        raise typer.Exit(1)


def dagster(
    home: Home = None,
    inbox: Inbox = None,
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
    say(f"http://127.0.0.1:{port}/  ({doing}; Ctrl+C ends)")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *program(port, is_on=settings.automation)])  # noqa: S606 - no shell is what is wanted


def program(port: int, *, is_on: bool) -> list[str]:
    """The module to start and its arguments: with the daemon, or pages that change nothing."""
    place = ["-h", "127.0.0.1", "-p", str(port), "-m", _GRAPH]
    if is_on:
        return ["-m", "dagster", "dev", *place]
    return ["-m", "dagster_webserver", *place, "--read-only"]
