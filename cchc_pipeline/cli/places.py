"""Places beside the portal: ``cchc mirror``, ``cchc confirm``, and what follows a publication.

Belongs here: their arguments, and the order of what they do. Does not: words (``place_words``), or
the work (``publish.places``), which are imported when a command runs.
"""

import json
import time
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cchc_pipeline.cli.options import AsJson, Home, moment_of, settings_for
from cchc_pipeline.core.errors import CheckFailedError, SourceError, UsageError

if TYPE_CHECKING:
    from cchc_pipeline.core.period import Month
    from cchc_pipeline.settings import Settings
    from publish.places.declared import DeclaredPlace
    from publish.places.manual import Sighting
    from publish.places.rounds import MirrorRound, Outcome


def register(app: typer.Typer) -> None:
    """Add the commands, in this order."""
    for command in (mirror, confirm):
        app.command()(command)


def mirror(
    place: Annotated[
        str | None, typer.Argument(help="One of places.yaml; all of them if left out.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Bring places to what the portal shows, and prove it by reading them back."""
    from cchc_pipeline.cli.place_words import as_data, outcome_lines, require_shown, say
    from cchc_pipeline.cli.run_summary import Speech
    from publish.places.declared import place_named, read_places

    settings = settings_for(home)
    places, speech = read_places(settings.home), Speech(settings.lang)
    chosen = (place_named(places, place, settings.home),) if place else places
    with _round(settings) as round_, round_.portal.lock(round_.now):
        outcomes = list(round_.mirror(chosen))
    if as_json:
        typer.echo(json.dumps([as_data(o) for o in outcomes], ensure_ascii=False, indent=2))
    else:
        nothing = say("unpublished" if chosen else "none", speech)
        typer.echo("\n".join(outcome_lines(outcomes, speech)) or nothing)
    require_shown([o for o in outcomes if o.fails or (place and o.state == "behind")], speech)


def bring(settings: "Settings") -> "tuple[Outcome, ...]":
    """After an act: every place that is not known to show it; the caller holds the lock."""
    from publish.places.declared import read_places

    places = read_places(settings.home)
    if not places:
        return ()
    with _round(settings) as round_:
        return tuple(round_.mirror(places, trusting=True))


def _round(settings: "Settings") -> "AbstractContextManager[MirrorRound]":
    from publish.places.rounds import opened
    from publish.store.store import Portal

    portal = Portal(settings.portal_dir)
    return opened(
        portal, settings.home, moment_of(None), time.monotonic, time.sleep, settings.public_url
    )


def confirm(
    place: Annotated[str, typer.Argument(help="One of places.yaml that others fill.")],
    month: Annotated[str, typer.Argument(help="The month, as 2026-09.")],
    url: Annotated[str, typer.Option(help="Where it was seen: the page's public address.")],
    by: Annotated[str, typer.Option(help="Which office saw it; else the publisher.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Look for a month's release on the page where others put it, and write it down."""
    from cchc_pipeline.cli.place_words import called, load_place_words, say
    from cchc_pipeline.cli.run_summary import Speech
    from cchc_pipeline.core.period import Month
    from publish.places.declared import place_named, read_places

    settings, of = settings_for(home), Month.parse(month)
    found = place_named(read_places(settings.home), place, settings.home)
    _require_there(found, url)
    speech = Speech(settings.lang)
    with _round(settings) as round_, round_.portal.lock(round_.now):
        seen = _look_for(round_, settings, of, url)
        if seen.why:
            words = load_place_words().not_seen
            what = speech.of(words[seen.why]).format(release=seen.release, month=of)
            if not _moved_on(seen, of) and round_.missed(found, of, url, what):
                what = f"{what}; {speech.of(words['gone']).format(month=of)}"
            raise CheckFailedError(what, where=url, todo=speech.of(words["todo"]))
        line = round_.sighted(found, seen.release, of, url, by.strip() or settings.publisher)
    if as_json:
        typer.echo(json.dumps(asdict(line), ensure_ascii=False, indent=2))
        return
    said = {"place": called(found, speech), "release": seen.release, "month": of}
    typer.echo(say("seen", speech, **said, address=url, at=line.at))
    if not line.counts:
        typer.echo(say("seen_sample", speech, place=said["place"]))


def _moved_on(seen: "Sighting", month: "Month") -> bool:
    """Whether the page has gone on to a later month, which takes nothing back."""
    return seen.why == "other_month" and seen.release[:7] > str(month)


def _require_there(place: "DeclaredPlace", url: str) -> None:
    """Only a page of the place itself shows that it stands there."""
    from publish.verify.places import is_within

    if place.kind != "manual":
        raise UsageError(
            "is sent to, and confirmed by being read back", where=f"place {place.name}",
            todo=f"cchc mirror {place.name}",
        )  # fmt: skip
    if not is_within(url, place.shown_at):
        raise UsageError(
            f"is no address of {place.shown_at}", where=f"--url {url}",
            todo="give the page's address at that place, or correct shown_at in places.yaml",
        )  # fmt: skip


def _look_for(round_: "MirrorRound", settings: "Settings", month: "Month", url: str) -> "Sighting":
    from publish.places.manual import look_for
    from publish.places.rclone import PlaceError

    portal = round_.portal
    gone = {act.release for act in portal.acts() if act.kind == "retracted"}
    readable = [release for release in portal.published() if release.id not in gone]
    try:
        own, root = (settings.public_url,), settings.root_unit
        return look_for(url, month, readable, own, round_.downloads, root)
    except PlaceError as error:
        raise SourceError(error.line, todo="check the address") from None
