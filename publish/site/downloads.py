"""What the page of downloads shows: every file of a release with its size and digest.

Belongs here: reading a release's ``datapackage.json`` for readers. Does not: making files, words,
HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publish.release import ReleaseId

FORMS = ("csv", "xlsx", "parquet", "json")


@dataclass(frozen=True)
class File:
    """A file of a release.

    Args:
        form: Its format.
        stable: Its address in the site that always gives the newest.
        permanent: Its address in the site that never changes.
        size: Bytes.
        digest: SHA-256 in hexadecimal.
    """

    form: str
    stable: str
    permanent: str
    size: int
    digest: str


@dataclass(frozen=True)
class TableFiles:
    """A table and its files, in the order of ``FORMS``."""

    table: str
    rows: int
    files: tuple[File, ...]


def table_files(descriptor: Mapping[str, Any], rows: Mapping[str, int]) -> tuple[TableFiles, ...]:
    """The files of each table, tables in the order of the release.

    Args:
        descriptor: The release's ``datapackage.json``.
        rows: How many rows each table has.
    """
    folder = f"releases/{ReleaseId.parse(descriptor['release']).path}/"
    found: dict[str, dict[str, File]] = {}
    for resource in descriptor["resources"]:
        form = resource["format"].lower()
        table = str(resource.get("alternateOf", resource["name"])).replace("-", "_")
        found.setdefault(table, {})[form] = File(
            form, f"data/{table}.{form}", f"{folder}{resource['path']}", resource["bytes"],
            resource["hash"].removeprefix("sha256:"),
        )  # fmt: skip
    return tuple(
        TableFiles(table, rows.get(table, 0), tuple(files[form] for form in FORMS if form in files))
        for table, files in found.items()
    )
