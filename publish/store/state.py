"""What is out and what it was made from: every release's state, and digests of its inputs.

Belongs here: the acts (published, rolled back, retracted) and what follows from them; which inputs
a table rests on (``schemas/release/revisions.yaml``), and telling one delivery from another. Does
not: a release's content (``publish.model``), the reason of a changed value
(``publish.release.revisions``), what is made of an edition (``publish.portal.links``), or the moves
that show it (``publish.portal.acts``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from cchc_pipeline.contracts.sources import declared_sources, owed_sources
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.period import Month
from cchc_pipeline.storage.lake import Lake, content_digest
from publish.model import Identity, Published, ReleaseId

Digests = Mapping[str, Mapping[str, str]]
"""By period, then by input (``scores``, ``dossiers`` …): a digest of what was handed in."""

_PATH = "release/revisions.yaml"
_DIGITS = 16
ActKind = Literal["published", "rolled_back", "retracted"]
State = Literal["current", "superseded", "retracted"]


@dataclass(frozen=True)
class Act:
    """Something that was done in public, once.

    Args:
        at: The moment, ISO 8601 in UTC.
        kind: What was done.
        release: To which release; after a roll-back it is the one that is shown.
        reason: Why; empty for a publication.
        approved_by: Who approved it; empty for a publication.
    """

    at: str
    kind: ActKind
    release: ReleaseId
    reason: str = ""
    approved_by: str = ""


def shown_after(acts: Iterable[Act]) -> ReleaseId | None:
    """The release that is shown after these acts, or None.

    Retracting the one that is shown brings back the one that was shown before it.
    """
    order: list[ReleaseId] = []
    for act in acts:
        if act.kind == "retracted":
            order = [release for release in order if release != act.release]
        else:
            order.append(act.release)
    return order[-1] if order else None


@dataclass(frozen=True)
class Edition:
    """The portal after one act.

    Args:
        releases: Every release that was ever published, in the order of publication.
        acts: Everything that was done, in order.
        identity: Who publishes, and where.
        root: The publishing unit's row in the list of units.
        descriptor: The ``datapackage.json`` of the current release; empty if there is none.
        pages: The paths in the site of the pages that came with the current release.
    """

    releases: tuple[Published, ...]
    acts: tuple[Act, ...]
    identity: Identity
    root: Mapping[str, Any] = field(default_factory=dict)
    descriptor: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[str, ...] = ()

    @property
    def current(self) -> Published | None:
        """The release that is shown."""
        chosen = shown_after(self.acts)
        return next((release for release in self.releases if release.id == chosen), None)

    @property
    def retractions(self) -> Mapping[ReleaseId, Act]:
        """The retracted releases, each with its act."""
        return {act.release: act for act in self.acts if act.kind == "retracted"}

    @property
    def withdrawn(self) -> Mapping[ReleaseId, Act]:
        """The releases that a roll-back or retraction took away, each with that act.

        One that was shown again since is not among them.
        """
        found: dict[ReleaseId, Act] = {}
        for number, act in enumerate(self.acts):
            before = shown_after(self.acts[:number])
            if act.kind == "rolled_back" and before is not None:
                found[before] = act
            if act.kind == "retracted":
                found[act.release] = act
            else:
                found.pop(act.release, None)
        return found

    def state(self, release: ReleaseId) -> State:
        """What has become of a release."""
        if release in self.retractions:
            return "retracted"
        return "current" if release == shown_after(self.acts) else "superseded"

    @property
    def readable(self) -> tuple[Published, ...]:
        """The releases that are not retracted, in the order of publication."""
        return tuple(release for release in self.releases if release.id not in self.retractions)

    @property
    def updated_at(self) -> str:
        """The moment of the last act."""
        return self.acts[-1].at if self.acts else ""


@dataclass(frozen=True)
class Origin:
    """What a published table is made from.

    Args:
        carried: Whether a month also rests on the earlier months of its year.
        inputs: The sources, by the names that the table ``submissions`` gives them; where the file
            names none, all that somebody owes.
    """

    carried: bool
    inputs: tuple[str, ...] = field(
        default_factory=lambda: tuple(one.source for one in owed_sources())
    )


@dataclass(frozen=True)
class Provenance:
    """The content of ``schemas/release/revisions.yaml``."""

    basis: str
    tables: dict[str, Origin]


@cache
def load_provenance() -> Provenance:
    """What each published table is made from.

    Raises:
        SchemaDataError: The shipped file is not usable.
    """
    return typed(Provenance, read_yaml(_PATH), f"schemas/{_PATH}")


def input_digests(lake: Lake, months: Iterable[Month]) -> dict[str, dict[str, str]]:
    """A digest of each input of each month; an input that was not handed in has none."""
    return {
        str(month): {
            name: content_digest(held.sort_by([(c, "ascending") for c in columns]), columns)[
                :_DIGITS
            ]
            for name, held, columns in (
                (one.source, lake.read(one.raw, month).select(list(chosen)), chosen)
                for one in declared_sources()
                for chosen in (one.told_apart_by,)
            )
            if held.num_rows
        }
        for month in months
    }


def read_digests(recorded: Any) -> Digests:
    """The digests that a release's record tells; none of a release from before they were."""
    return TypeAdapter(dict[str, dict[str, str]]).validate_python(recorded or {})


@dataclass(frozen=True)
class Renewal:
    """What was handed in since the release before, as pairs of period and input.

    Args:
        arrived: Nothing had been handed in before.
        replaced: Something else had been, or it was taken back.
    """

    arrived: frozenset[tuple[str, str]] = frozenset()
    replaced: frozenset[tuple[str, str]] = frozenset()


def renewal(before: Digests, now: Digests) -> Renewal:
    """Compare the inputs of two releases."""
    old, new = _flat(before), _flat(now)
    differing = {place for place in old.keys() | new.keys() if old.get(place) != new.get(place)}
    return Renewal(
        frozenset(place for place in differing if place not in old),
        frozenset(place for place in differing if place in old),
    )


def _flat(digests: Digests) -> dict[tuple[str, str], str]:
    return {
        (period, name): digest
        for period, found in digests.items()
        for name, digest in found.items()
    }
