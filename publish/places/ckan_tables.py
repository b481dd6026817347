"""A release as CKAN takes it: resources, fields with their dictionary, rows, and what differs.

Belongs here: pure functions from a release's descriptor and CSV, and from what stands there, to
what is to be asked. Does not: asking (``ckan``). Rows are texts as the CSV has them, empty for no
value: a number keeps its decimals on the way there and back.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cchc_pipeline.core.data import load
from cchc_pipeline.core.files import digest_of
from publish.places.rclone import RcloneFault

RELEASE, SITE, STATE = "cchc_release", "cchc_site", "cchc_state"
LATEST = "latest/"
_PATH = "places/ckan.yaml"
_TRUE = {"t": "true", "True": "true", "f": "false", "False": "false"}

Key = tuple[str, ...]
Row = tuple[str, ...]


@dataclass(frozen=True)
class CkanWords:
    """The content of ``schemas/places/ckan.yaml``."""

    basis: str
    license_id: str
    notes: str
    types: Mapping[str, str]
    seconds: int
    rows_at_once: int
    faults: tuple[RcloneFault, ...]


@cache
def ckan_words() -> CkanWords:
    """What is said and asked of a CKAN.

    Raises:
        SchemaDataError: The shipped file is not usable.
    """
    return load(CkanWords, _PATH)


@dataclass(frozen=True)
class CkanTable:
    """A table of a release as a resource.

    Args:
        id: The resource's id: of package and table alone, so that it stays.
        path: Where its CSV lies in the site.
        about: What the resource says of itself.
        fields: Its columns as the DataStore takes them, with type and dictionary.
        key: The columns of its primary key.
    """

    id: str
    path: str
    about: Mapping[str, str]
    fields: tuple[Mapping[str, Any], ...] = field(repr=False)
    key: tuple[str, ...]

    @property
    def state(self) -> str:
        """The digest of all that is sent of it: the same needs no sending."""
        return digest_of([json.dumps([self.about, self.fields, self.key], sort_keys=True)])

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""
        return tuple(one["id"] for one in self.fields)

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple(row[self.names.index(name)] for name in self.key)

    def record(self, row: Row) -> dict[str, str | None]:
        """A row as it is sent."""
        return {name: value or None for name, value in zip(self.names, row, strict=True)}


def tables_of(descriptor: Mapping[str, Any], package: str, base: str) -> tuple[CkanTable, ...]:
    """The tables of a release.

    Args:
        descriptor: Its ``datapackage.json``; empty if no release is shown.
        package: The data set's name there.
        base: The portal's own public address, with a slash at its end.
    """
    resources = descriptor.get("resources", ())
    return tuple(_table(one, package, base) for one in resources if one.get("type") == "table")


def _table(resource: Mapping[str, Any], package: str, base: str) -> CkanTable:
    path = f"{LATEST}{resource['path']}"
    about = {
        "name": resource["title"],
        "description": resource["description"],
        "format": "CSV",
        "mimetype": resource["mediatype"],
        "url": f"{base}{path}",
        "hash": resource["hash"],
    }
    schema = resource["schema"]
    return CkanTable(
        str(uuid5(NAMESPACE_URL, f"{package}/{resource['name']}")), path, about,
        tuple(_field(one) for one in schema["fields"]), tuple(schema["primaryKey"]),
    )  # fmt: skip


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    """A column: Vietnamese label and notes, which CKAN shows as its data dictionary."""
    unit = str(one.get("unit", ""))
    notes = [str(one.get("description", "")), f"Đơn vị tính: {unit}." if unit.strip("—- ") else ""]
    codes = "; ".join(f"{c['value']}: {c['label']}" for c in one.get("categories", ()))
    info = {
        "label": one["title"],
        "notes": " ".join(text for text in [*notes, f"{codes}." if codes else ""] if text),
        "label_en": one.get("titleEn", ""),
    }
    return {"id": one["name"], "type": ckan_words().types[one["type"]], "info": info}


def package_fields(descriptor: Mapping[str, Any], base: str) -> dict[str, Any]:
    """What the data set says of itself, apart from which release is whole there."""
    words = ckan_words()
    return {
        "title": descriptor["title"],
        "notes": words.notes.format(
            description=descriptor["description"], release=descriptor["release"],
            version=descriptor["version"], terms=descriptor["licenses"][0]["title"],
            address=f"{base}{LATEST}",
        ),
        "url": base,
        "version": descriptor["version"],
        "author": descriptor["contributors"][0]["title"],
        "license_id": words.license_id,
        "tags": [{"name": word} for word in descriptor["keywords"]],
        "private": False,
        "state": "active",
    }  # fmt: skip


def with_extras(
    there: Iterable[Mapping[str, str]], ours: Mapping[str, str]
) -> list[dict[str, str]]:
    """The data set's extras with ours; what the portal's people put there stays."""
    kept = [{"key": e["key"], "value": e["value"]} for e in there if e["key"] not in ours]
    return [*kept, *({"key": key, "value": value} for key, value in ours.items())]


def extra_of(package: Mapping[str, Any], key: str) -> str:
    """One of the data set's extras; empty if it is not there."""
    found = (e["value"] for e in package.get("extras", ()) if e["key"] == key)
    return str(next(found, ""))


def unlike(tables: Iterable[CkanTable], package: Mapping[str, Any]) -> tuple[CkanTable, ...]:
    """The tables that do not stand there as they are, by what their resources say."""
    there = {one["id"]: one for one in package.get("resources", ())}
    return tuple(
        table
        for table in tables
        if not ({**table.about, STATE: table.state}.items() <= there.get(table.id, {}).items())
    )


def said_otherwise(wanted: Mapping[str, Any], package: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of the data set that say something else than they should: somebody changed them.

    Args:
        wanted: Those of ``package_fields``.
        package: The data set as it is there.
    """
    return tuple(
        name for name, value in wanted.items() if _plain(package.get(name)) != _plain(value)
    )


def _plain(value: Any) -> Any:
    """Tags by their names alone, in any order; lines however they end."""
    if isinstance(value, list):
        return sorted(one["name"] for one in value)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def left_over(tables: Iterable[CkanTable], package: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of resources of ours that no table has any more; others' are left alone."""
    wanted = {table.id for table in tables}
    ours = (one["id"] for one in package.get("resources", ()) if STATE in one)
    return tuple(one for one in ours if one not in wanted)


def same_columns(table: CkanTable, there: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the DataStore's columns are the table's, in order and type."""
    own = [(one["id"], one["type"]) for one in table.fields]
    return own == [(one["id"], one["type"]) for one in there if one["id"] != "_id"]


def rows_of(table: CkanTable, content: bytes) -> dict[Key, Row]:
    """The rows of the published CSV, by their key."""
    _, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return {table.key_of(row): row for row in map(tuple, rows)}


def rows_told(table: CkanTable, text: str) -> Iterator[Row]:
    """The rows that CKAN answers as CSV: its own number first, and truth by a letter."""
    truths = [one["type"] == "bool" for one in table.fields]
    for row in csv.reader(io.StringIO(text, newline="")):
        yield tuple(
            _TRUE.get(value, value) if is_truth else value
            for value, is_truth in zip(row[1:], truths, strict=True)
        )


@dataclass(frozen=True)
class TableDifference:
    """What makes the rows there those of a release.

    Args:
        records: The rows that are new or other, to be put in by their key.
        gone: Filters, each of which removes rows that are gone and no other.
    """

    records: tuple[dict[str, str | None], ...] = ()
    gone: tuple[dict[str, str], ...] = ()


def is_same(ours: Mapping[Key, Row], there: Iterable[Row]) -> bool:
    """Whether every row is there, and no other."""
    found = [*there]
    return len(found) == len(ours) and {*found} == {*ours.values()}


def change(table: CkanTable, ours: Mapping[Key, Row], there: Iterable[Row]) -> TableDifference:
    """Compare the rows of a table with those that are there."""
    old = {table.key_of(row): row for row in there}
    records = tuple(table.record(row) for key, row in ours.items() if old.get(key) != row)
    return TableDifference(
        records, tuple(_filters(table.key, ours, (key for key in old if key not in ours)))
    )


def _filters(names: Key, ours: Iterable[Key], gone: Iterable[Key]) -> Iterator[dict[str, str]]:
    """The shortest beginnings of keys that only rows that are gone have: a month goes by one."""
    stays = {key[:length] for key in ours for length in range(len(key) + 1)}
    found = dict[Key, None]()
    for key in gone:
        lengths = (n for n in range(1, len(key) + 1) if key[:n] not in stays)
        found[key[: next(lengths)]] = None
    return (dict(zip(names, start, strict=False)) for start in found)


def batches(records: tuple[dict[str, str | None], ...]) -> Iterator[list[dict[str, str | None]]]:
    """As many rows as one call sends."""
    most = ckan_words().rows_at_once
    return (list(records[at : at + most]) for at in range(0, len(records), most))


def kind_of(said: str) -> str:
    """Which kind of refusal words mean; empty if none that is known."""
    faults = ckan_words().faults
    return next((f.kind for f in faults if any(words in said for words in f.said)), "")
