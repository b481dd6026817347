"""What kind of change a release was, read from the versions: for readers of lists and feeds.

Belongs here: comparing the versions of releases that followed each other. Does not: the changed
cells (``revisions``), or choosing a version (``release``).
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from publish.release import Published, ReleaseId

ChangeKind = Literal["first", "period", "correction", "schema"]


def change_kinds(releases: Sequence[Published]) -> Mapping[ReleaseId, ChangeKind]:
    """The kind of each release, given all in the order of publication."""
    found: dict[ReleaseId, ChangeKind] = {}
    seen: list[str] = []
    for release in releases:
        found[release.id] = _kind(release.version, seen)
        seen.append(release.version)
    return found


def _kind(version: str, earlier: Sequence[str]) -> ChangeKind:
    """A release may follow another than the last one, if that was taken back in between."""
    if not earlier:
        return "first"
    major, minor, patch = version.split(".")
    if patch != "0":
        return "correction"
    return "period" if minor != "0" or any(v.split(".")[0] == major for v in earlier) else "schema"
