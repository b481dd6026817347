"""``croissant.json``: the release in the words of Croissant 1.1, for programs that learn from it.

Belongs here: the data set, a file for each CSV with its digest, a record set for each table with
its columns, key and references. Does not: anything that ``datapackage.json`` does not say, of which
it is a projection (``descriptor``), or the markup of pages (``publish.catalogue.dcat``).

Addresses are absolute where the site's own is known, else relative to the file itself, so that a
folder that was taken away can be read too.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publish.model import Identity
from publish.package.citation import citation, release_address

CROISSANT = "croissant.json"
VERSION = "http://mlcommons.org/croissant/1.1"
Node = dict[str, Any]
_OWN = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field",
    "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset",
    "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
    "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip
"""The terms of Croissant; all others are those of schema.org."""
CONTEXT: Mapping[str, Any] = {
    "@language": "vi",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{term: f"cr:{term}" for term in _OWN},
}
TYPES: Mapping[str, str] = {
    "string": "sc:Text",
    "yearmonth": "sc:Text",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
}
"""What each type of a column is there; a month is a text: as a date it would be its first day."""


def croissant(descriptor: Mapping[str, Any], identity: Identity) -> Node:
    """A release in the words of Croissant.

    Args:
        descriptor: Its ``datapackage.json``.
        identity: Who publishes, and where.
    """
    folder = release_address(descriptor, identity) if identity.public_url else ""
    tables = [resource for resource in descriptor["resources"] if resource.get("type") == "table"]
    keys = {table["name"]: table["schema"]["primaryKey"] for table in tables}
    publisher = {"@type": "Organization", "name": {"vi": identity.publisher}}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": {"vi": descriptor["title"], "en": descriptor["titleEn"]},
        "description": {"vi": descriptor["description"]},
        "identifier": descriptor["id"],
        **({"url": identity.public_url} if identity.public_url else {}),
        **{name: descriptor[name] for name in ("temporalCoverage",) if name in descriptor},
        "version": descriptor["version"],
        "datePublished": descriptor["created"],
        "inLanguage": descriptor["languages"],
        "keywords": descriptor["keywords"],
        "license": _address(folder, descriptor["licenses"][0]["path"]),
        "citeAs": citation(descriptor, identity).bibtex,
        "creator": publisher,
        "publisher": publisher,
        "isLiveDataset": False,
        "distribution": [_file(table, folder) for table in tables],
        "recordSet": [_record_set(table, keys) for table in tables],
    }


def _address(folder: str, path: str) -> str:
    return path if path.startswith(("https://", "http://")) else f"{folder}{path}"


def _both(node: Mapping[str, Any], key: str) -> dict[str, str]:
    """A text in the languages in which the descriptor has it."""
    said = {"vi": node.get(key), "en": node.get(f"{key}En")}
    return {language: str(text) for language, text in said.items() if text}


def _file(table: Mapping[str, Any], folder: str) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": table["path"],
        "name": {"vi": table["path"]},
        "description": _both(table, "title"),
        "contentUrl": _address(folder, table["path"]),
        "contentSize": f"{table['bytes']} B",
        "encodingFormat": table["mediatype"],
        "sha256": table["hash"].removeprefix("sha256:"),
    }


def _record_set(table: Mapping[str, Any], keys: Mapping[str, Sequence[str]]) -> Node:
    name, schema = table["name"], table["schema"]
    referred = dict(_references(schema, keys))
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": _both(table, "title"),
        "description": _both(table, "description"),
        "key": [{"@id": f"{name}/{column}"} for column in keys[name]],
        "field": [_field(table, column, referred) for column in schema["fields"]],
    }


def _references(
    schema: Mapping[str, Any], keys: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """The column of another table that a column refers to, where it is that table's whole key.

    Readers of Croissant join by a reference: by the code of a unit alone, which may have several
    spans, they would give rows twice.
    """
    for key in schema.get("foreignKeys", ()):
        table, others = key["reference"].get("resource"), key["reference"]["fields"]
        if table and others == keys[table] and len(others) == 1:
            yield key["fields"][0], f"{table}/{others[0]}"


def _field(
    table: Mapping[str, Any], column: Mapping[str, Any], referred: Mapping[str, str]
) -> Node:
    name = column["name"]
    reference = {"references": {"field": {"@id": referred[name]}}} if name in referred else {}
    return {
        "@type": "cr:Field",
        "@id": f"{table['name']}/{name}",
        "name": {"vi": name},
        "description": _both(column, "description"),
        "dataType": TYPES[column["type"]],
        "source": {"fileObject": {"@id": table["path"]}, "extract": {"column": name}},
        **reference,
    }
