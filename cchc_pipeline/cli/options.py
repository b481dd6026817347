"""What commands take in common: where things are, a moment, and an answer for scripts.

Belongs here: options that several commands have alike; the language, and saying a line in it;
turning arguments into settings and moments, with one clear line where they are wrong. Does not:
commands.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cchc_pipeline.core.errors import ROOT, UsageError
from cchc_pipeline.core.unforeseen import AT_WORK
from cchc_pipeline.core.wording import worded

if TYPE_CHECKING:
    from cchc_pipeline.settings import Settings

Home = Annotated[Path | None, typer.Option("--home", help="Where everything is kept.")]
Inbox = Annotated[Path | None, typer.Option("--inbox", help="Where files are dropped.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


def language() -> Literal["vi", "en"]:
    """The language that is spoken: as the command line says, else the settings, else the locale."""
    from cchc_pipeline.settings import spoken

    told = AT_WORK.settings.get("lang")
    return spoken(str(told)) if told else spoken(AT_WORK.lang or None)


def say(line: str, *, err: bool = False) -> None:
    """Print a line for people, which the program has in English, in the language that is spoken."""
    typer.echo(worded(line, language()), err=err)


def settings_for(home: Path | None, inbox: Path | None = None) -> "Settings":
    """The settings; an inbox that was named but is not there would look like a silent source.

    Raises:
        UsageError: A setting is wrong, or the inbox is not there.
    """
    from cchc_pipeline.settings import load_settings

    settings = load_settings(home=home, inbox=inbox, lang=AT_WORK.lang or None)
    if AT_WORK.root not in {"", settings.root_unit}:
        settings = _of_further_root(settings, inbox, AT_WORK.root)
    AT_WORK.home, AT_WORK.settings = settings.home, dict(settings)
    if settings.inbox is not None and not settings.inbox.is_dir():
        raise UsageError(
            "no such folder", where=f"inbox {settings.inbox}", todo="check --inbox or CCHC_INBOX"
        )
    return settings


def _of_further_root(settings: "Settings", inbox: Path | None, root: str) -> "Settings":
    """The settings of a further root of the same installation.

    Raises:
        UsageError: Nothing is known of the place, or the home is that of a further root itself.
    """
    from cchc_pipeline.government import require_government
    from cchc_pipeline.roots import home_of
    from cchc_pipeline.settings import load_settings

    require_government(root)
    if settings.is_further:
        raise UsageError(
            f"this is the home of {settings.root_unit}",
            where=f"home {settings.home}",
            todo=f"name the home above it, or leave out {ROOT}",
        )
    home = home_of(settings.home, root)
    return load_settings(home=home, inbox=inbox, lang=AT_WORK.lang or None)


def moment_of(text: str | None) -> datetime:
    """The moment given, or the clock: the one place where it is read.

    Raises:
        UsageError: It is no moment, or the clock has not reached it: readers would be told a time
            at which nothing was published, and no later release could follow it.
    """
    from cchc_pipeline.core.period import TIMEZONE

    clock = datetime.now(TIMEZONE).replace(microsecond=0)
    if text is None:
        return clock
    given = _moment(text, "--published-at")
    if given > clock:
        raise UsageError(
            f"{text} lies in the future", where="--published-at", todo="leave it out, or correct it"
        )
    return given


def end_of(text: str, where: str) -> datetime:
    """A moment, or the last second of a date in the city.

    Raises:
        UsageError: It is neither.
    """
    given = _moment(text, where)
    is_date = len(text) == len("2026-10-12")
    return given + timedelta(days=1, seconds=-1) if is_date else given


def _moment(text: str, where: str) -> datetime:
    from cchc_pipeline.core.period import TIMEZONE

    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a moment", where=where, todo="say 2026-10-12T08:30:00+07:00"
        ) from None
    return given.replace(tzinfo=TIMEZONE) if given.tzinfo is None else given
