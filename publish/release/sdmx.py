"""A release in SDMX 3.0: its observations as SDMX-CSV 2.0, their structure as SDMX-JSON 2.0.

Belongs here: which tables are observations, what their columns are there (dimensions, measures,
attributes), code lists, and the bytes. Does not: where the files go (``export``), or names of
official lists and types (``schemas/release/sdmx.yaml``).

A table is one of observations if its key has the time and its rows have a status. All is taken from
the release's own descriptor and CSV files, so that earlier releases are told as they were. Codes of
SDMX have no dots: ``H24.M01`` is written ``H24_M01``, and the list tells the code itself.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cchc_pipeline.contracts import Field
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.errors import CheckFailedError, UsageError
from publish.model import Published
from publish.package.formats import json_bytes
from publish.store.reading import Package, PublishedTable, Subject

SDMX, STRUCTURE = "sdmx", "structure.json"
SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/"
    "tools/schemas/2.0.0/sdmx-json-structure-schema.json"
)
_STATUS, _CODE = "obs_status", "CODE"
_NO_CODE = re.compile(r"[^A-Za-z0-9_@$-]")
_NUMBERS = frozenset({"integer", "number"})
_URN = "urn:sdmx:org.sdmx.infomodel"
Node = dict[str, Any]


@dataclass(frozen=True)
class CodeListOf:
    """A code list: whose it is, and its codes with their names, in order."""

    agency: str
    id: str
    version: str
    names: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]
    is_part: bool = False

    @property
    def urn(self) -> str:
        """Its name in the world."""
        return f"{_URN}.codelist.Codelist={self.agency}:{self.id}({self.version})"


@dataclass(frozen=True)
class Observations:
    """A table of observations of a release.

    Args:
        table: The table.
        package: The release.
        agency: The code of the unit that publishes.
    """

    table: PublishedTable
    package: Package
    agency: str

    @property
    def name(self) -> str:
        """The table's name, as the identifiers in the message end."""
        return self.table.contract.table.upper()

    @property
    def version(self) -> str:
        """That of the release."""
        return str(self.package.descriptor["version"])

    def parts(self) -> tuple[list[Field], list[Field], list[Field]]:
        """Dimensions, measures and attributes, each in the order of the table."""
        key, fields = self.table.contract.primary_key, self.table.contract.fields
        others = [field for field in fields if field.name not in key]
        return (
            [field for field in fields if field.name in key],
            [field for field in others if field.type in _NUMBERS],
            [field for field in others if field.type not in _NUMBERS],
        )

    @cached_property
    def lists(self) -> Mapping[str, CodeListOf]:
        """The code list of each column that has one."""
        return dict(self._lists())

    def _lists(self) -> Iterator[tuple[str, CodeListOf]]:
        keys = {k.fields[0]: k for k in self.table.contract.foreign_keys if len(k.fields) == 1}
        for field in self.table.contract.fields:
            codes: Mapping[str, Mapping[str, str]] = {}
            if field.name in keys and (other := self.package.tables.get(keys[field.name].table)):
                codes = _codes_of(other, keys[field.name].reference[0])
            elif labels := self._labels(field.name):
                codes = labels
            if codes:
                yield field.name, self._list(field, codes)

    def _labels(self, column: str) -> dict[str, Mapping[str, str]]:
        """The codes that the descriptor allows a column, with their names."""
        (own,) = (one for one in self.package.resources if one["path"] == self.table.path)
        (field,) = (one for one in own["schema"]["fields"] if one["name"] == column)
        allowed = field.get("constraints", {}).get("enum", ())
        named = {one["value"]: {"vi": one["label"]} for one in field.get("categories", ())}
        return {code: named.get(code, {"vi": code}) for code in allowed}

    def _list(self, field: Field, codes: Mapping[str, Mapping[str, str]]) -> CodeListOf:
        official = read_yaml("release/sdmx.yaml")["official"].get(field.name)
        names = {"vi": field.title.vi, "en": field.title.en}
        if official:
            place = official["agency"], official["id"], official["version"]
            return CodeListOf(*place, names, codes, is_part=True)
        return CodeListOf(self.agency, f"CL_{field.name.upper()}", self.version, names, codes)


def _codes_of(table: PublishedTable, column: str) -> dict[str, Mapping[str, str]]:
    """The codes of a list of the release with their names; of several spans the last one's."""
    return {
        row[column]: {"vi": row["name_vi"], "en": row["name_en"] or row["name_vi"]}
        for row in table.texts()
    }


def sdmx_files(release: Published, tables: Collection[str], agency: str) -> dict[str, bytes]:
    """The structure and a file for each table of observations.

    Args:
        release: The release.
        tables: Only these tables; all that are observations if empty.
        agency: The code of the unit that publishes.

    Raises:
        UsageError: A table is none of observations.
    """
    package = Package(Subject(str(release.id), release.folder))
    found = {name: table for name, table in package.tables.items() if is_observed(table)}
    unknown = sorted(set(tables) - found.keys())
    if unknown:
        raise UsageError(
            f"{', '.join(unknown)}: not a table of observations",
            where="--table",
            todo=f"use {', '.join(found)}",
        )
    chosen = [
        Observations(table, package, agency)
        for name, table in found.items()
        if not tables or name in tables
    ]
    files = {f"{one.table.contract.table}.csv": csv_bytes(one) for one in chosen}
    return {STRUCTURE: json_bytes(structure(chosen)), **files}


def is_observed(table: PublishedTable) -> bool:
    """Whether a table's key has the time, and its rows a status."""
    columns = {field.name for field in table.contract.fields}
    time = read_yaml("release/sdmx.yaml")["time"]["column"]
    return time in table.contract.primary_key and _STATUS in columns


def csv_bytes(observations: Observations) -> bytes:
    """The rows in SDMX-CSV 2.0: dimensions, measures, attributes."""
    columns = [field.name for part in observations.parts() for field in part]
    coded = {name: written_codes(one.codes) for name, one in observations.lists.items()}
    flow = f"{observations.agency}:DF_{observations.name}({observations.version})"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["STRUCTURE", "STRUCTURE_ID", "ACTION", *map(_component, columns)])
    for row in observations.table.texts():
        cells = (coded.get(name, {}).get(row[name], row[name]) for name in columns)
        writer.writerow(["dataflow", flow, "I", *cells])
    return out.getvalue().encode()


def _component(column: str) -> str:
    time = read_yaml("release/sdmx.yaml")["time"]
    return str(time["id"]) if column == time["column"] else column.upper()


def written_codes(codes: Iterable[str]) -> dict[str, str]:
    """How each code is written.

    Raises:
        CheckFailedError: Two would be written alike.
    """
    written = {code: _NO_CODE.sub("_", code) for code in codes}
    if len(set(written.values())) < len(written):
        raise CheckFailedError("two codes of a list are one in SDMX", where=", ".join(written))
    return written


def structure(tables: Sequence[Observations]) -> Node:
    """The message with code lists, concepts, structures and dataflows.

    Args:
        tables: The tables of observations of one release.
    """
    descriptor, agency = tables[0].package.descriptor, tables[0].agency
    lists = {one.urn: one for table in tables for one in table.lists.values()}
    return {
        "meta": {
            "schema": SCHEMA,
            "id": _NO_CODE.sub("_", f"{agency}_{descriptor['release']}"),
            "test": descriptor.get("provenance") == "sample",
            "prepared": descriptor["created"],
            "contentLanguages": descriptor["languages"],
            "sender": {"id": agency},
        },
        "data": {
            "codelists": [_code_list(one) for one in lists.values()],
            "conceptSchemes": [_concepts(table) for table in tables],
            "dataStructures": [_data_structure(table) for table in tables],
            "dataflows": [_dataflow(table) for table in tables],
        },
    }


def _named(names: Mapping[str, str]) -> Node:
    return {"name": names["vi"], "names": dict(names)}


def _code_list(one: CodeListOf) -> Node:
    written = written_codes(one.codes)
    return {
        "id": one.id, "agencyID": one.agency, "version": one.version, **_named(one.names),
        "isPartial": one.is_part,
        "codes": [
            {"id": written[code], **_named(names), **_itself(code, written[code])}
            for code, names in one.codes.items()
        ],
    }  # fmt: skip


def _itself(code: str, written: str) -> Node:
    """The code as the release has it, where SDMX writes it otherwise."""
    return {} if code == written else {"annotations": [{"type": _CODE, "title": code}]}


def _maintained(table: Observations, prefix: str) -> Node:
    title, words = table.table.contract.title, read_yaml("release/sdmx.yaml")["sample"]
    names = {"vi": title.vi, "en": title.en}
    if table.package.descriptor.get("provenance") == "sample":
        names = {language: f"{words[language]}: {text}" for language, text in names.items()}
    return {
        "id": f"{prefix}_{table.name}", "agencyID": table.agency, "version": table.version,
        **_named(names),
    }  # fmt: skip


def _concepts(table: Observations) -> Node:
    concepts = [
        {
            "id": _component(field.name),
            **_named({"vi": field.title.vi, "en": field.title.en}),
            "description": field.description.vi,
            "descriptions": {"vi": field.description.vi, "en": field.description.en},
        }
        for field in table.table.contract.fields
    ]
    return {**_maintained(table, "CS"), "concepts": concepts}


def _data_structure(table: Observations) -> Node:
    dimensions, measures, attributes = table.parts()
    time = read_yaml("release/sdmx.yaml")["time"]
    plain = [field for field in dimensions if field.name != time["column"]]
    (moment,) = (field for field in dimensions if field.name == time["column"])
    of_time = {"format": {"dataType": "ObservationalTimePeriod"}}
    components = {
        "dimensionList": {
            "id": "DimensionDescriptor",
            "dimensions": [
                {**_member(table, field), "position": number}
                for number, field in enumerate(plain, start=1)
            ],
            "timeDimension": _member(table, moment) | {"localRepresentation": of_time},
        },
        "measureList": {
            "id": "MeasureDescriptor",
            "measures": [_member(table, field) | _usage(field) for field in measures],
        },
        "attributeList": {
            "id": "AttributeDescriptor",
            "attributes": [
                _member(table, field)
                | _usage(field)
                | {"attributeRelationship": {"observation": {}}}
                for field in attributes
            ],
        },
    }
    return {**_maintained(table, "DSD"), "dataStructureComponents": components}


def _usage(field: Field) -> Node:
    return {"usage": "mandatory" if field.required else "optional"}


def _member(table: Observations, field: Field) -> Node:
    """A column as a component: its concept, and its code list or type."""
    name = _component(field.name)
    scheme = f"{table.agency}:CS_{table.name}({table.version})"
    listed = table.lists.get(field.name)
    types = read_yaml("release/sdmx.yaml")["types"]
    shown = {"enumeration": listed.urn} if listed else {"format": {"dataType": types[field.type]}}
    return {
        "id": name,
        "conceptIdentity": f"{_URN}.conceptscheme.Concept={scheme}.{name}",
        "localRepresentation": shown,
    }


def _dataflow(table: Observations) -> Node:
    place = f"{table.agency}:DSD_{table.name}({table.version})"
    return {
        **_maintained(table, "DF"),
        "structure": f"{_URN}.datastructure.DataStructure={place}",
    }
