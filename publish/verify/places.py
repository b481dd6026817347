"""Where a release lies: from what the user named to a folder, over the network too.

Belongs here: finding a release by the portal's index; one request at a time, bounded in bytes,
number and seconds, and no redirect to another host. Does not: reading the release
(``publish.store.reading``), or judging it (``checks``).
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

from cchc_pipeline import __version__
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.errors import CheckFailedError, SourceError, UsageError
from publish.model import RECORD, SUMS, ReleaseId
from publish.package.signature import SIGNATURE
from publish.store.reading import Subject, read_sums
from publish.store.store import INDEX, Portal

_BOUNDS = "verification/download.yaml"
_AGENT = f"cchc-pipeline/{__version__} (cchc verify)"
_RELEASE_FOLDER = re.compile(
    r"(?P<root>.*/)(?:releases/(?P<month>[^/]+)/(?P<number>r[^/]+)|latest)/"
)
_SCHEMES = ("https", "http", "file")
Index = Mapping[str, Any]


@dataclass(frozen=True)
class Bounds:
    """How far a server is trusted; the fields are those of ``download.yaml``."""

    basis: str
    largest_file_bytes: int
    largest_release_bytes: int
    most_files: int
    answer_seconds: float
    whole_seconds: float
    most_redirects: int


@cache
def load_bounds() -> Bounds:
    """The shipped bounds.

    Raises:
        SchemaDataError: The file cannot be used.
    """
    return typed(Bounds, read_yaml(_BOUNDS), f"schemas/{_BOUNDS}")


@dataclass
class Download:
    """One release's worth of requests.

    Args:
        client: Sends them; it must follow no redirect by itself.
        clock: Seconds that only grow.
        bounds: What is refused.
    """

    client: httpx.Client
    clock: Callable[[], float]
    bounds: Bounds = field(default_factory=load_bounds)

    def __post_init__(self) -> None:
        self._began, self._bytes, self._files = self.clock(), 0, 0

    def get(self, address: str) -> bytes | None:
        """The content of an address; None if there is nothing.

        Args:
            address: http, https or file; its path is not quoted yet.

        Raises:
            SourceError: The server refused, did not answer, or went beyond a bound.
        """
        self._files += 1
        self._require(self._files <= self.bounds.most_files, address, "too many files")
        parts = urlsplit(address)
        if parts.scheme == "file":
            path = Path(unquote(parts.path))
            return path.read_bytes() if path.is_file() else None
        return self._ask(parts._replace(path=quote(unquote(parts.path))).geturl())

    def _ask(self, address: str) -> bytes | None:
        asked = address
        for _ in range(self.bounds.most_redirects + 1):
            try:
                with self.client.stream("GET", asked) as answer:
                    if not answer.has_redirect_location:
                        return self._content(answer, asked)
                    asked = self._next(asked, answer.headers["location"])
            except httpx.HTTPError as error:
                told = str(error) or type(error).__name__
                raise SourceError(told, where=asked, todo="check the address") from None
        raise SourceError("too many redirects", where=address)

    def _next(self, asked: str, location: str) -> str:
        """Where a redirect leads, on the same host, and not from https to http."""
        target = urljoin(asked, location)
        try:
            old, new = httpx.URL(asked), httpx.URL(target)
        except httpx.InvalidURL:
            raise SourceError("leads to no address", where=asked) from None
        is_host = old.raw_host.lower() == new.raw_host.lower()
        is_same = is_host and (old.port, old.scheme) == (new.port, new.scheme)
        is_upgrade = is_host and (old.scheme, new.scheme) == ("http", "https")
        if not (is_same or is_upgrade):
            raise SourceError(f"leads to another host: {target}", where=asked, todo="name that one")
        return target

    def _content(self, answer: httpx.Response, address: str) -> bytes | None:
        if answer.status_code in {404, 410}:
            return None
        self._require(answer.status_code == 200, address, f"answered {answer.status_code}")
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            self._bytes += len(chunk)
            is_small = len(content) <= self.bounds.largest_file_bytes
            self._require(is_small, address, f"longer than {self.bounds.largest_file_bytes} bytes")
            is_small = self._bytes <= self.bounds.largest_release_bytes
            self._require(is_small, address, "the release is longer than is read")
            is_quick = self.clock() - self._began <= self.bounds.whole_seconds
            self._require(
                is_quick, address, f"took more than {self.bounds.whole_seconds:g} seconds"
            )
        return bytes(content)

    def _require(self, holds: bool, address: str, otherwise: str) -> None:
        if not holds:
            raise SourceError(otherwise, where=address)


def http_client(bounds: Bounds) -> httpx.Client:
    """A client that waits no longer than is allowed, and follows no redirect by itself."""
    return httpx.Client(timeout=bounds.answer_seconds, headers={"User-Agent": _AGENT})


def is_within(address: str, place: str) -> bool:
    """Whether an address is one of a place: the same host however it is written, below its path."""
    try:
        asked, own = httpx.URL(address), httpx.URL(place)
        hosts = {(url.raw_host.lower().rstrip(b"."), url.port) for url in (asked, own)}
    except (httpx.InvalidURL, ValueError):
        return False
    is_open = asked.scheme in {"http", "https"} and not asked.userinfo
    return is_open and len(hosts) == 1 and f"{asked.path}/".startswith(f"{own.path.rstrip('/')}/")


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
    transfer: Download,
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


def _find(address: str, release: ReleaseId | None, transfer: Download) -> _Place:
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


def _fetch(address: str, transfer: Download, folder: Path) -> None:
    """Write the listed files of a release into a folder; what is not there is left out."""
    sums = transfer.get(address + SUMS)
    if sums is None:
        raise UsageError(f"there is no {SUMS}", where=address, todo="name a release's folder")
    for name in (SUMS, SIGNATURE, *read_sums(sums)):
        content = sums if name == SUMS else transfer.get(address + name)
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
