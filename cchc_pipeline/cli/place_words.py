"""What a round of places, a sighting and the state of places are in words, and as plain data.

Belongs here: filling the words of ``schemas/commands/places.yaml``, and the shape for ``--json``.
Does not: the facts (``publish.places``), or when they are told (``places``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cchc_pipeline.cli.run_summary import Speech
from cchc_pipeline.contracts import Text
from cchc_pipeline.core.data import load
from cchc_pipeline.core.errors import AfterwardsError

if TYPE_CHECKING:
    from publish.places.declared import DeclaredPlace
    from publish.places.rounds import Outcome
    from publish.places.standing import PlaceState

_PATH = "commands/places.yaml"


@dataclass(frozen=True)
class FaultWords:
    """Why a place is behind, and what to do."""

    what: Text
    todo: Text


@dataclass(frozen=True)
class PlacesText:
    """All words; the fields are those of the file."""

    basis: str
    lines: dict[str, Text]
    faults: dict[str, FaultWords]
    not_seen: dict[str, Text]


@cache
def load_place_words() -> PlacesText:
    """The shipped words.

    Raises:
        SchemaDataError: They cannot be used; the line says where.
    """
    return load(PlacesText, _PATH)


def say(line: str, speech: Speech, **values: object) -> str:
    """A line by its name, its braces filled."""
    return speech.of(load_place_words().lines[line]).format_map(values)


def called(place: "DeclaredPlace", speech: Speech) -> str:
    """What a place is called in a language."""
    return place.title.vi if speech.language == "vi" else place.title.en


def require_shown(failed: "Sequence[Outcome]", speech: Speech) -> None:
    """End with what is left to do, where a place that must show a release does not.

    Raises:
        AfterwardsError: There is such a place.
    """
    if failed:
        places = ", ".join(called(outcome.place, speech) for outcome in failed)
        release = failed[0].release or say("nothing_shown", speech)
        told = say("left", speech, release=release, places=places)
        raise AfterwardsError(told, todo=say("again", speech))


def outcome_lines(outcomes: "Iterable[Outcome]", speech: Speech) -> Iterator[str]:
    """A round in words, a line a place."""
    nothing = say("nothing_shown", speech)
    for one in outcomes:
        line = _line_of(one)
        why, todo = fault_words(one.fault, one.line, speech) if one.fault else ("", "")
        values = {
            "place": called(one.place, speech),
            "code": one.place.name,
            "release": one.release or nothing,
            "shows": one.shows or nothing,
            "since": one.since,
            "address": one.place.address,
            "files": speech.number(one.files),
            "size": speech.number(round(one.sent / 1e6, 2)),
            "seconds": speech.number(round(one.seconds, 1)),
            "showing": say("showing" if one.shows else "showing_nothing", speech, shows=one.shows),
            "why": why,
            "todo": todo,
        }
        yield say(line, speech, **values)


def _line_of(one: "Outcome") -> str:
    if one.state == "by_hand" and not one.shows:
        return "by_hand_never"
    return "confirmed_rows" if (one.state, one.place.kind) == ("confirmed", "ckan") else one.state


def fault_words(fault: str, line: str, speech: Speech) -> tuple[str, str]:
    """Why a place is behind, and what to do."""
    words = load_place_words().faults[fault]
    return speech.of(words.what).format(line=line), speech.of(words.todo)


def as_data(outcome: "Outcome") -> dict[str, Any]:
    """A place's outcome for a script; the fields are those of ``docs/commands.md``."""
    place = outcome.place
    return {
        "name": place.name,
        "kind": place.kind,
        "required": place.required,
        "state": outcome.state,
        "release": outcome.release or None,
        "shows": outcome.shows or None,
        "since": outcome.since or None,
        "sent_files": outcome.files,
        "sent_bytes": outcome.sent,
        "fault": outcome.fault or None,
        "line": outcome.line or None,
    }


def state_lines(states: "Iterable[PlaceState]", lang: str) -> Iterator[str]:
    """What each place shows, for ``cchc status``."""
    speech = Speech("vi" if lang == "vi" else "en")
    for one in states:
        release = one.release or say("nothing_shown", speech)
        why = _why(one, speech)
        behind = say("state_behind", speech, release=release, why=why) if one.is_behind else ""
        line, place = ("state" if one.shows else "state_never"), called(one.place, speech)
        yield say(line, speech, place=place, shows=one.shows, since=one.since, behind=behind)


def _why(one: "PlaceState", speech: Speech) -> str:
    """The reason that the last round told, in the same words."""
    if not one.fault:
        return ""
    why, todo = fault_words(one.fault, one.line, speech)
    return say("state_why", speech, why=why, todo=todo)
