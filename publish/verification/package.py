"""A release as it is read for verification: digests, descriptor, record, tables.

Belongs here: what is known of the release that is verified, and reading its files. Does not:
finding it (``places``), or judging it (the checks).
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from cchc_pipeline.contracts import Contract
from cchc_pipeline.errors import CheckFailedError
from publish.formats import Rows, from_csv
from publish.portal import RECORD, SUMS
from publish.release import DESCRIPTOR
from publish.verification.described import Resource, described_contract, table_names


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
class Table:
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
    def tables(self) -> Mapping[str, Table]:
        """The tables by their names."""
        names = table_names(self.resources)
        return {
            names[one["name"]]: Table(
                described_contract(one, names), one["path"], self.read(one["path"])
            )
            for one in self.resources
            if one["name"] in names
        }

    def table(self, name: str) -> Table:
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
