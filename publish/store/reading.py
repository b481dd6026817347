"""A release as its files show it, read when they are needed: by its own descriptor once it is out.

Belongs here: reading the files, and whether they are those that ``SHA256SUMS`` lists; from a Table
Schema back to a contract, so that the readers of every format serve a release of any age; a draft
in the same form, so that one check serves both. Does not: finding a release
(``publish.verify.places``), or judging what it says (``publish.gates.gates``).
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from cchc_pipeline.contracts import Contract, Field, FieldType, ForeignKey, Text, load_contract
from cchc_pipeline.core.errors import CheckFailedError
from publish.model import DESCRIPTOR, RECORD, SUMS
from publish.package.formats import Rows, from_csv, paths_of
from publish.package.signature import SIGNATURE

Resource = Mapping[str, Any]
_UNTOLD = "—"
"""For words that a descriptor does not have."""


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

    def is_intact(self, name: str) -> bool:
        """Whether a file is there, and is the one that ``SHA256SUMS`` lists."""
        return self.holds(name) and sha256(self.read(name)) == self.sums.get(name)

    @property
    def names(self) -> list[str]:
        """The files that are listed, in the order of the list, and are there."""
        return [name for name in self.sums if self.holds(name)]

    @cached_property
    def sums(self) -> Mapping[str, str]:
        """The digest of every listed file, by its path."""
        return read_sums(self.read(SUMS))

    @cached_property
    def descriptor(self) -> Mapping[str, Any]:
        """The content of ``datapackage.json``."""
        return self._json(DESCRIPTOR)

    @property
    def resources(self) -> list[Resource]:
        """What the descriptor describes."""
        return list(self.descriptor["resources"])

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


class DraftPackage(Package):
    """A draft: its bytes before they went anywhere, its tables by their contracts of today."""

    def __init__(self, subject: Subject, files: Mapping[str, bytes], tables: Iterable[str]) -> None:
        super().__init__(subject)
        self._files, self._tables = files, tuple(tables)

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            CheckFailedError: It is missing.
        """
        if name not in self._files:
            raise CheckFailedError("is missing", where=name)
        return self._files[name]

    @property
    def names(self) -> list[str]:
        """Its files."""
        return list(self._files)

    @cached_property
    def tables(self) -> Mapping[str, PublishedTable]:
        """The tables by their names."""
        paths = {name: paths_of(name)[0] for name in self._tables}
        return {
            name: PublishedTable(load_contract(name), path, self.read(path))
            for name, path in paths.items()
        }

    def copies(self, table: str) -> dict[str, str]:
        """The paths of a table's other formats, by their endings."""
        return {PurePosixPath(path).suffix: path for path in paths_of(table)[1:]}


def files_match_digests(package: Package) -> Iterable[str]:
    """Every file that SHA256SUMS lists is there, and is what was published."""
    for name in package.sums:
        if not package.holds(name):
            yield f"{name} is missing"
        elif not package.is_intact(name):
            yield f"{name} was changed"


def no_file_is_unlisted(package: Package) -> Iterable[str]:
    """The folder holds no file that SHA256SUMS does not list."""
    if not package.subject.is_whole:
        raise NotCheckedError("an address does not list its files")
    folder = package.subject.folder
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(found - package.sums.keys() - {SUMS, SIGNATURE}):
        yield f"{name} is not listed"


def verify_sums(folder: Path) -> None:
    """Re-read every file of a release against its ``SHA256SUMS``; its signature is not in it.

    Raises:
        CheckFailedError: A file is missing, changed or not listed.
    """
    package = Package(Subject(str(folder), folder))
    faults = [*files_match_digests(package), *no_file_is_unlisted(package)]
    if faults:
        raise CheckFailedError(f"digests differ: {'; '.join(faults)}", where=str(folder))


def sha256(content: bytes) -> str:
    """The digest of bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def listed_sums(files: Mapping[str, bytes]) -> bytes:
    """A ``SHA256SUMS`` of files by their paths."""
    lines = (f"{sha256(files[name])}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


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
            basis="",
            public=True,
            partitioned=False,
            primary_key=tuple(schema.get("primaryKey", ())),
            foreign_keys=tuple(_key(key, name, tables) for key in schema.get("foreignKeys", ())),
            fields=tuple(_field(field) for field in schema["fields"]),
            rules=(),
        )
    except (KeyError, TypeError, ValueError) as error:
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
        basis="",
        required=bool(field.get("constraints", {}).get("required")),
    )


def _key(key: Mapping[str, Any], table: str, tables: Mapping[str, str]) -> ForeignKey:
    reference = key["reference"]
    target = tables[reference["resource"]] if "resource" in reference else table
    return ForeignKey(tuple(key["fields"]), target, tuple(reference["fields"]))


def _text(described: Mapping[str, Any], name: str) -> Text:
    vi = str(described.get(name) or _UNTOLD)
    return Text(vi, str(described.get(f"{name}En") or vi))
