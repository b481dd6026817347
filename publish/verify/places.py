"""Where a release lies, and the verdicts on what lies there.

Belongs here: from what the user named to a subject, by the portal's index; which checks there are,
and asking them. Does not: a check itself (``checks``), the transfer, or reading the files
(``package``).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import unquote, urlsplit

from cchc_pipeline.core.errors import CchcError, CheckFailedError, UsageError
from publish.model import ReleaseId
from publish.package.signature import SIGNATURE
from publish.store.store import INDEX, RECORD, SUMS, Portal
from publish.verify import checks as figure_checks
from publish.verify import checks as file_checks
from publish.verify import checks as revision_checks
from publish.verify.package import NotCheckedError, Package, Subject, read_sums

Result = Literal["passed", "failed", "not checked"]
Check = Callable[[Package], Iterable[str]]
"""A check yields one line a failure; none is a pass."""
CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        file_checks.files_match_digests,
        file_checks.no_file_is_unlisted,
        file_checks.digests_are_those_of_the_index,
        file_checks.signature_is_good,
        file_checks.descriptor_matches_files,
        file_checks.formats_are_equal,
        figure_checks.keys_are_unique,
        figure_checks.foreign_keys_resolve,
        figure_checks.groups_sum_to_total,
        figure_checks.gaps_have_a_status,
        figure_checks.submissions_add_up,
        revision_checks.revisions_stand_in_the_figures,
        revision_checks.revisions_begin_at_the_release_before,
    )
}
_RELEASE_FOLDER = re.compile(
    r"(?P<root>.*/)(?:releases/(?P<month>[^/]+)/(?P<number>r[^/]+)|latest)/"
)
_SCHEMES = ("https", "http", "file")
Index = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What came of a check.

    Args:
        name: Its name.
        title: What it proves.
        failures: One line each.
        reason: Why it could not be made.
    """

    name: str
    title: str
    failures: tuple[str, ...] = ()
    reason: str = ""

    @property
    def result(self) -> Result:
        """The verdict in a word."""
        if self.failures:
            return "failed"
        return "not checked" if self.reason else "passed"


def verify(subject: Subject, checks: Mapping[str, Check] = CHECKS) -> tuple[Verdict, ...]:
    """Make every check; none is left out because another failed.

    Args:
        subject: The release.
        checks: Checks by their names.

    Raises:
        UsageError: The public key that was given is none.
    """
    package = Package(subject)
    return tuple(_verdict(name, check, package) for name, check in checks.items())


def _verdict(name: str, check: Check, package: Package) -> Verdict:
    title = (check.__doc__ or "").strip().splitlines()[0].rstrip(".")
    failures: list[str] = []
    reason = ""
    try:
        failures += check(package)
    except NotCheckedError as why:
        reason = str(why)
    except UsageError:
        raise
    except Exception as error:  # a check that breaks has not been passed
        told = str(error) if isinstance(error, CchcError) else f"{type(error).__name__}: {error}"
        failures.append(told)
    return Verdict(name, title, tuple(failures), reason)


class Transfer(Protocol):
    """Reads addresses, within bounds (``download.Download``)."""

    def get(self, address: str) -> bytes | None:
        """The content of an address; None if there is nothing."""


@dataclass(frozen=True)
class _Place:
    """A release at an address, and its entry in the index, if there is one."""

    address: str
    entry: Mapping[str, str]
    reason: str = ""


def home_subject(portal: Portal, release: ReleaseId | None, key: bytes | None = None) -> Subject:
    """A release of this installation; retracted ones too, whose bytes stay in the store.

    Args:
        portal: The portal.
        release: Which; the one that is shown if None.
        key: The content of the publisher's ``minisign.pub``.

    Raises:
        UsageError: Nothing is published, or not that release.
    """
    path = portal.current / INDEX
    if not path.is_file():
        raise UsageError("nothing is published yet", where=str(portal.root), todo="cchc run MONTH")
    index = _index(path.read_bytes(), str(path))
    entry = _entry(index, str(release) if release else "", str(path))
    folder = portal.release_folder(ReleaseId.parse(entry["id"]))
    return Subject(
        entry["id"], folder, entry["status"], _reason(index, entry), entry["digest"],
        previous=_previous(portal, folder), public_key=key,
    )  # fmt: skip


def _previous(portal: Portal, folder: Path) -> Path | None:
    """The folder of the release that a release names as the one before it."""
    try:
        named = json.loads((folder / RECORD).read_bytes())["previous"]
        before = portal.release_folder(ReleaseId.parse(named)) if named else None
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        return None  # the checks will say what is wrong with the record
    return before if before and before.is_dir() else None


def subject_at(
    address: str,
    release: ReleaseId | None,
    transfer: Transfer,
    scratch: Path,
    key: bytes | None = None,
) -> Subject:
    """A release at an address, fetched into a folder.

    Args:
        address: Of a portal's root, or of a release's folder; http, https or file.
        release: Which of a portal; the one that is shown if None.
        transfer: Reads addresses.
        scratch: An empty folder for the files.
        key: The content of the publisher's ``minisign.pub``.

    Raises:
        UsageError: The address is none, or nothing is published there.
        CheckFailedError: The release was retracted: its files are not shown any more.
        SourceError: The server refused, or went beyond a bound.
    """
    parts = urlsplit(address)
    if parts.scheme not in _SCHEMES or parts.query or parts.fragment:
        raise UsageError("not an address", where=address, todo="https://…/ or file:///…/")
    place = _find(address.rstrip("/") + "/", release, transfer)
    if place.entry.get("status") == "retracted":
        raise CheckFailedError(f"was retracted: {place.reason}", where=place.entry["id"])
    is_local = parts.scheme == "file"
    folder = Path(unquote(urlsplit(place.address).path)) if is_local else scratch
    if not is_local:
        _fetch(place.address, transfer, scratch)
    entry = place.entry
    return Subject(
        entry.get("id", address), folder, entry.get("status", ""), place.reason,
        entry.get("digest", ""), is_whole=is_local, public_key=key,
    )  # fmt: skip


def _find(address: str, release: ReleaseId | None, transfer: Transfer) -> _Place:
    match = _RELEASE_FOLDER.fullmatch(address)
    root = match["root"] if match else address
    content = transfer.get(root + INDEX)
    if content is None:
        if match is None and transfer.get(address + SUMS) is None:
            todo = "name a portal's root, or the folder of a release"
            raise UsageError(f"neither {INDEX} nor {SUMS}", where=address, todo=todo)
        return _Place(address, {})
    index = _index(content, root + INDEX)
    named = f"{match['month']}.{match['number']}" if match and match["month"] else ""
    if named and release and named != str(release):
        raise UsageError(f"is of {named}, not of {release}", where=address, todo="leave one out")
    entry = _entry(index, named or (str(release) if release else ""), root + INDEX)
    return _Place(root + entry["path"].strip("/") + "/", entry, _reason(index, entry))


def _index(content: bytes, where: str) -> Index:
    try:
        index: Index = json.loads(content)
        entries = [(entry["id"], entry["path"], entry["digest"]) for entry in index["releases"]]
        is_usable = "latest" in index and all(map(_is_entry, entries))
    except (ValueError, KeyError, TypeError):
        is_usable = False
    if not is_usable:
        raise CheckFailedError("is no index of releases", where=where)
    return index


def _is_entry(entry: Iterable[object]) -> bool:
    release, path, digest = map(str, entry)
    month, _, number = release.partition(".")
    return path.strip("/") == f"releases/{month}/{number}" and len(digest) == 64


def _entry(index: Index, release: str, where: str) -> Mapping[str, str]:
    """The entry of a release; of the one that is shown if it is not named."""
    wanted = release or index["latest"]
    if wanted is None:
        raise UsageError("no release is shown: all were retracted", where=where)
    for entry in index["releases"]:
        if entry["id"] == wanted:
            found: Mapping[str, str] = {"status": "", **entry}
            return found
    known = ", ".join(entry["id"] for entry in index["releases"][-5:])
    raise UsageError(f"{wanted} was never published", where=where, todo=f"out are: {known}")


def _reason(index: Index, entry: Mapping[str, str]) -> str:
    """Why a release was retracted, as its act says."""
    acts = [act for act in index.get("acts", ()) if act.get("kind") == "retracted"]
    return next((str(act.get("reason")) for act in acts if act.get("release") == entry["id"]), "")


def _fetch(address: str, transfer: Transfer, folder: Path) -> None:
    """Write the listed files of a release into a folder; what is not there is left out."""
    sums = transfer.get(address + SUMS)
    if sums is None:
        raise UsageError(f"there is no {SUMS}", where=address, todo="name a release's folder")
    for name in (SUMS, SIGNATURE, *read_sums(sums)):
        content = sums if name == SUMS else transfer.get(address + name)
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
