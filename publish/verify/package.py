"""A release as it is read for verification, from a disk or an address, by its own descriptor.

Belongs here: the way from a Table Schema back to a contract, so that the readers of every format
can be used on a release of any age; one request at a time, bounded in bytes, number and seconds,
and no redirect to another host; what is known of the release that is verified, and reading its
files. Does not: today's contracts (``schemas/tables``); which addresses (``places``), or what is in
an answer; finding it (``places``), or judging it (the checks).
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any, get_args
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

from cchc_pipeline import __version__
from cchc_pipeline.contracts import Contract, Field, FieldType, ForeignKey, Text
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.errors import CheckFailedError, SourceError
from publish.model import DESCRIPTOR
from publish.package.formats import Rows, from_csv
from publish.store.store import RECORD, SUMS

Resource = Mapping[str, Any]
_NOT_STATED = "not in the descriptor"
"""What a contract must say, and the descriptor of a release need not."""


def described_contract(resource: Resource, tables: Mapping[str, str]) -> Contract:
    """The contract of a table by its resource.

    Args:
        resource: A resource with a schema.
        tables: The names of the tables by the names of their resources.

    Raises:
        CheckFailedError: The schema is not one that this project ever wrote.
    """
    name, schema = tables[resource["name"]], resource["schema"]
    try:
        return Contract(
            table=name,
            title=_text(resource, "title"),
            description=_text(resource, "description"),
            basis=_NOT_STATED,
            public=True,
            partitioned=False,
            primary_key=tuple(schema.get("primaryKey", ())),
            foreign_keys=tuple(_key(key, name, tables) for key in schema.get("foreignKeys", ())),
            fields=tuple(_field(field) for field in schema["fields"]),
            rules=(),
        )
    except (KeyError, TypeError) as error:
        raise CheckFailedError(f"the schema cannot be used: {error!r}", where=name) from None


def table_names(resources: list[Resource]) -> dict[str, str]:
    """The names of the tables, by the names of their resources."""
    return {one["name"]: PurePosixPath(one["path"]).stem for one in resources if "schema" in one}


def _field(field: Mapping[str, Any]) -> Field:
    if field["type"] not in get_args(FieldType):
        raise CheckFailedError(f"{field['type']!r} is no type of a column", where=field["name"])
    return Field(
        name=field["name"],
        type=field["type"],
        title=_text(field, "title"),
        description=_text(field, "description"),
        unit=_text(field, "unit"),
        basis=_NOT_STATED,
        required=bool(field.get("constraints", {}).get("required")),
        decimals=0 if field["type"] == "number" else None,
    )


def _key(key: Mapping[str, Any], table: str, tables: Mapping[str, str]) -> ForeignKey:
    reference = key["reference"]
    target = tables[reference["resource"]] if "resource" in reference else table
    return ForeignKey(tuple(key["fields"]), target, tuple(reference["fields"]))


def _text(described: Mapping[str, Any], name: str) -> Text:
    vi = str(described.get(name) or _NOT_STATED)
    return Text(vi, str(described.get(f"{name}En") or vi))


_BOUNDS = "verification/download.yaml"
_AGENT = f"cchc-pipeline/{__version__} (cchc verify)"


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
        old, new = urlsplit(asked), urlsplit(target)
        is_same = (old.hostname, old.port) == (new.hostname, new.port) and old.scheme == new.scheme
        is_upgrade = old.hostname == new.hostname and (old.scheme, new.scheme) == ("http", "https")
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


class NotCheckedError(Exception):
    """Why a check cannot be made, which is no failure."""


@dataclass(frozen=True)
class Subject:
    """A release to be verified, and what is known of it from elsewhere.

    Args:
        name: Its id, or where it lies.
        folder: Its files.
        state: ``current``, ``superseded`` or ``retracted``; empty if no index lists it.
        reason: Why it was retracted.
        digest: That of its ``SHA256SUMS`` by the index; empty if no index lists it.
        is_whole: Whether the folder shows every file; over the network only listed ones are seen.
        previous: The folder of the release before it, if that is at hand.
        public_key: The content of the publisher's ``minisign.pub``, if it was given.
    """

    name: str
    folder: Path
    state: str = ""
    reason: str = ""
    digest: str = ""
    is_whole: bool = True
    previous: Path | None = None
    public_key: bytes | None = None


@dataclass(frozen=True)
class PublishedTable:
    """A table of a release: what its descriptor declares, and its CSV file."""

    contract: Contract
    path: str
    content: bytes

    @cached_property
    def rows(self) -> Rows:
        """Its typed cells.

        Raises:
            CheckFailedError: The CSV file is not as declared.
        """
        try:
            return from_csv(self.content, self.contract)
        except (ValueError, KeyError) as error:
            raise CheckFailedError(f"not as declared: {error}", where=self.path) from None

    def pick(self, *names: str) -> Rows:
        """These columns of every row.

        Raises:
            NotCheckedError: The release has no such column.
        """
        columns = [field.name for field in self.contract.fields]
        absent = [name for name in names if name not in columns]
        if absent:
            raise NotCheckedError(f"{self.contract.table} has no column {', '.join(absent)}")
        places = [columns.index(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]

    def texts(self) -> list[dict[str, str]]:
        """Its cells as the texts that stand in the CSV file."""
        return list(csv.DictReader(io.StringIO(self.content.decode("utf-8"), newline="")))


class Package:
    """The files of a release in a folder, read when they are needed."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            CheckFailedError: It is missing, or its name leads out of the folder.
        """
        if not is_inside(name):
            raise CheckFailedError("leads out of the release's folder", where=repr(name))
        try:
            return (self.subject.folder / name).read_bytes()
        except OSError as error:
            raise CheckFailedError(f"cannot be read: {error.strerror}", where=name) from None

    def holds(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.subject.folder / name).is_file()

    @cached_property
    def sums(self) -> Mapping[str, str]:
        """The digest of every listed file, by its path."""
        return read_sums(self.read(SUMS))

    @cached_property
    def resources(self) -> list[Resource]:
        """What the descriptor describes."""
        return list(self._json(DESCRIPTOR)["resources"])

    @cached_property
    def record(self) -> Mapping[str, Any]:
        """The content of ``release.json``."""
        return self._json(RECORD)

    @cached_property
    def tables(self) -> Mapping[str, PublishedTable]:
        """The tables by their names."""
        names = table_names(self.resources)
        return {
            names[one["name"]]: PublishedTable(
                described_contract(one, names), one["path"], self.read(one["path"])
            )
            for one in self.resources
            if one["name"] in names
        }

    def table(self, name: str) -> PublishedTable:
        """A table.

        Raises:
            NotCheckedError: The release has none of that name.
        """
        if name not in self.tables:
            raise NotCheckedError(f"the release has no table {name}")
        return self.tables[name]

    def copies(self, table: str) -> dict[str, str]:
        """The paths of a table's other formats, by their endings."""
        names = table_names(self.resources)
        paths = [
            one["path"] for one in self.resources if names.get(one.get("alternateOf", "")) == table
        ]
        return {PurePosixPath(path).suffix: path for path in paths}

    def _json(self, name: str) -> Mapping[str, Any]:
        try:
            content: Mapping[str, Any] = json.loads(self.read(name))
        except ValueError as error:
            raise CheckFailedError(f"is not JSON: {error}", where=name) from None
        return content


def read_sums(content: bytes) -> dict[str, str]:
    """The digests of a ``SHA256SUMS`` by path.

    Raises:
        CheckFailedError: A line is none, or names a file outside the release.
    """
    found: dict[str, str] = {}
    for line in content.decode("utf-8", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not is_inside(name):
            raise CheckFailedError(f"not a line of digests: {line[:80]!r}", where=SUMS)
        found[name] = digest
    return found


def is_inside(name: str) -> bool:
    """Whether a path is relative and stays below its folder."""
    path = PurePosixPath(name)
    is_plain = bool(name) and not path.is_absolute() and "\\" not in name and ":" not in name
    return is_plain and ".." not in path.parts
