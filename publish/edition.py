"""What readers are shown at one moment: every release with its state, and how it came to be so.

Belongs here: the acts (published, rolled back, retracted) and what follows from them. Does not: a
release's content (``release``), the pages and feeds made of an edition (``directory``), or the
moves that show it (``publication``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from publish.release import Identity, Published, ReleaseId

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
