"""The data set in the words of DCAT 3 and of schema.org.

Belongs here: the markup of one release, safe inside a ``script`` element, and the catalogue of all:
the series, a data set for each readable release, its distributions. Does not: the descriptor of a
release, of which both are projections (``publish.package.descriptor``). Nothing is read from disk.

Addresses are absolute where the site's own is known, else relative to the catalogue's. The current
release has every file as a distribution, an earlier one its descriptor and its list of digests;
retracted releases are not in it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from publish.model import DESCRIPTOR, QUALITY, SET, Identity, Published
from publish.package.descriptor import package_words
from publish.release.diff import change_kinds
from publish.store.state import Edition

_SHORTEST, _LONGEST = 50, 5000
"""How many characters a description may have."""
CATALOGUE = "catalog.jsonld"
Node = dict[str, Any]
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "adms": "http://www.w3.org/ns/adms#",
    "spdx": "http://spdx.org/rdf/terms#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "oa": "http://www.w3.org/ns/oa#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def dataset_markup(
    descriptor: Mapping[str, Any], identity: Identity, root: str = ""
) -> dict[str, Any]:
    """The data set as schema.org/Dataset.

    Args:
        descriptor: The release's ``datapackage.json``.
        identity: Who publishes, and where.
        root: The way from the page to the site's root, where its address is not known.
    """
    base = f"{identity.public_url.rstrip('/')}/" if identity.public_url else root
    month, number = descriptor["release"].split(".")
    folder = f"{base}releases/{month}/{number}/"
    organization = {"@type": "Organization", "name": identity.publisher}
    variables = [r["title"] for r in descriptor["resources"] if r.get("type") == "table"]
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": descriptor["title"],
        "description": _description(descriptor),
        "identifier": descriptor["id"],
        "url": base or folder,
        "version": descriptor["version"],
        "dateModified": descriptor["created"],
        "keywords": descriptor["keywords"],
        "license": _license(descriptor, folder),
        "creator": organization,
        "publisher": organization,
        "isAccessibleForFree": True,
        "inLanguage": descriptor["languages"],
        "temporalCoverage": descriptor["temporalCoverage"],
        "spatialCoverage": {"@type": "Place", "name": descriptor["spatialCoverage"]},
        "variableMeasured": variables,
        "distribution": [_download(resource, folder) for resource in descriptor["resources"]],
    }


def _description(descriptor: Mapping[str, Any]) -> str:
    text = str(descriptor["description"])[:_LONGEST]
    return text if len(text) >= _SHORTEST else f"{descriptor['title']}. {text}"


def _license(descriptor: Mapping[str, Any], folder: str) -> str:
    path = str(descriptor["licenses"][0]["path"])
    return path if path.startswith(("https://", "http://")) else f"{folder}{path}"


def _download(resource: Mapping[str, Any], folder: str) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "name": resource["title"],
        "contentUrl": f"{folder}{resource['path']}",
        "encodingFormat": resource["mediatype"],
        "contentSize": f"{resource['bytes']} B",
        "sha256": resource["hash"].removeprefix("sha256:"),
    }


def script_text(markup: Mapping[str, Any]) -> Markup:
    """JSON that cannot end the ``script`` element that it stands in, whatever its names hold."""
    text = json.dumps(markup, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that HTML would read is escaped above


def catalogue(edition: Edition) -> bytes:
    """The catalogue as JSON-LD."""
    words = read_yaml("pages/catalogue.yaml")
    nodes = list(_nodes(edition, words))
    content = {"@context": _CONTEXT, "@graph": [*nodes, *_terms(nodes, words)]}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _terms(nodes: Iterable[Node], words: Mapping[str, Any]) -> Iterable[Node]:
    """Each term of a public vocabulary that is pointed to, once, with what it is."""
    classes, labels = words["classes"], words["labels"]
    found = {(term, classes[name]) for name, term in _pointed(nodes) if name in classes}
    for term in sorted({term for term, _ in found}):
        kinds = sorted(kind for one, kind in found if one == term)
        named = "dct:title" if "skos:ConceptScheme" in kinds else "skos:prefLabel"
        label = {named: _both(labels[term])} if term in labels else {}
        yield {"@id": term, "@type": kinds, **label}


def _pointed(nodes: Iterable[Node]) -> Iterable[tuple[str, str]]:
    """What points where, in all nodes and those within them."""
    for node in nodes:
        for name, values in node.items():
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, dict) and "@id" in value:
                    yield name, value["@id"]
                if isinstance(value, dict):
                    yield from _pointed([value])


def address(edition: Edition, path: str) -> str:
    """The address of a path in the site; relative if the site's own is not known."""
    base = edition.identity.public_url.rstrip("/")
    return f"{base}/{path}" if base else path


def _node(edition: Edition, name: str) -> str:
    return address(edition, f"{CATALOGUE}#{name}")


def _nodes(edition: Edition, words: Mapping[str, Any]) -> Iterable[Node]:
    yield _catalogue_node(edition, words)
    yield _publisher(edition, words)
    yield from _licences(edition, words["terms"])
    yield {
        "@id": _node(edition, "contact"),
        "@type": ["vcard:Organization", "vcard:Kind"],
        "vcard:fn": edition.identity.contact,
    }
    yield _place(edition)
    yield _series(edition, words)
    readable, kinds = edition.readable, change_kinds(edition.releases)
    for release, before in zip(readable, (None, *readable), strict=False):
        yield _dataset(edition, release, before, words, words["changes"][kinds[release.id]])


def _catalogue_node(edition: Edition, words: Mapping[str, Any]) -> Node:
    first = [_moment(release.published_at) for release in edition.releases[:1]]
    members = [_folder(edition, release) for release in edition.readable]
    return {
        "@id": _node(edition, "catalogue"),
        "@type": "dcat:Catalog",
        **_titles(edition),
        "dct:publisher": {"@id": _node(edition, "publisher")},
        "dct:license": _licence(edition, edition.updated_at),
        "dct:language": [{"@id": term} for term in words["terms"]["languages"]],
        "dct:spatial": {"@id": _node(edition, "place")},
        "foaf:homepage": {"@id": address(edition, ""), "@type": "foaf:Document"},
        "dct:issued": first,
        "dct:modified": _moment(edition.updated_at),
        "dcat:themeTaxonomy": {"@id": words["terms"]["taxonomy"]},
        "dcat:resource": {"@id": _node(edition, "series")},
        "dcat:dataset": [{"@id": member} for member in members],
    }


def _publisher(edition: Edition, words: Mapping[str, Any]) -> Node:
    return {
        "@id": _node(edition, "publisher"),
        "@type": "foaf:Agent",
        "foaf:name": {"@value": edition.identity.publisher, "@language": "vi"},
        "dct:type": {"@id": words["terms"]["publisher"]},
    }


def _place(edition: Edition) -> Node:
    place = edition.identity.government
    label = {"skos:prefLabel": _both({"vi": place.place.vi, "en": place.place.en})}
    known: Node = {"dct:identifier": place.iso} if place.iso else {}
    if place.box is not None:
        known["dcat:bbox"] = _geometry(place.box.wkt)
        known["dcat:centroid"] = _geometry(place.box.middle)
    return {"@id": _node(edition, "place"), "@type": "dct:Location", **known, **label}


def _geometry(text: str) -> Node:
    return {"@value": text, "@type": "http://www.opengis.net/ont/geosparql#wktLiteral"}


def _licences(edition: Edition, terms_of: Mapping[str, str]) -> Iterable[Node]:
    """The terms of each release by the law of its day, and those of the catalogue itself."""
    place = edition.identity.license_path
    where = {"dct:source": {"@id": place}} if place.startswith(("https://", "http://")) else {}
    moments = [edition.updated_at, *(release.published_at for release in edition.readable)]
    for terms in {t.id: t for t in map(edition.identity.terms_at, moments)}.values():
        title = _both({"vi": terms.name.vi, "en": terms.name.en})
        yield {
            "@id": _node(edition, f"licence/{terms.id}"), "@type": "dct:LicenseDocument",
            "dct:title": title, **where,
            "dct:type": {"@id": terms_of["licence_unknown" if terms.id == SET else "licence"]},
        }  # fmt: skip


def _licence(edition: Edition, moment: str) -> Node:
    """The node of the terms of a moment."""
    return {"@id": _node(edition, f"licence/{edition.identity.terms_at(moment).id}")}


def _series(edition: Edition, words: Mapping[str, Any]) -> Node:
    readable = edition.readable
    ends = {}
    if readable:
        ends = {
            "dcat:first": {"@id": _folder(edition, readable[0])},
            "dcat:last": {"@id": _folder(edition, readable[-1])},
            "dct:issued": _moment(readable[0].published_at),
            "dct:temporal": _temporal([month for r in readable for month in r.periods]),
        }
    return {
        "@id": _node(edition, "series"),
        "@type": "dcat:DatasetSeries",
        **_titles(edition),
        **_about(edition, words),
        "dct:identifier": edition.identity.package,
        "dct:alternative": _both(words["series"]),
        "dct:accrualPeriodicity": {"@id": words["terms"]["frequency"]},
        "dct:modified": _moment(edition.updated_at),
        **ends,
    }


def _dataset(
    edition: Edition,
    release: Published,
    before: Published | None,
    words: Mapping[str, Any],
    notes: Mapping[str, str],
) -> Node:
    previous = {"dcat:prev": {"@id": _folder(edition, before)}} if before else {}
    return {
        "@id": _folder(edition, release),
        "@type": "dcat:Dataset",
        **_titles(edition, f" – {release.id}", is_sample=release.is_sample),
        **_about(edition, words),
        **previous,
        "dct:identifier": f"{edition.identity.package}/{release.id}",
        "dcat:inSeries": {"@id": _node(edition, "series")},
        "dcat:version": release.version,
        "adms:versionNotes": _both(notes),
        "dct:issued": _moment(release.published_at),
        "dct:temporal": _temporal(release.periods),
        "dct:accessRights": {"@id": words["terms"]["access"]},
        "dqv:hasQualityAnnotation": _quality(_folder(edition, release)),
        "dcat:distribution": list(_distributions(edition, release, words)),
    }


def _quality(folder: str) -> Node:
    """Where the release's own account of its quality lies."""
    return {
        "@type": "dqv:QualityAnnotation",
        "oa:motivatedBy": {"@id": "dqv:qualityAssessment"},
        "oa:hasTarget": {"@id": folder},
        "oa:hasBody": {"@id": f"{folder}{QUALITY}"},
    }


def _about(edition: Edition, words: Mapping[str, Any]) -> Node:
    return {
        "dct:publisher": {"@id": _node(edition, "publisher")},
        "dcat:contactPoint": {"@id": _node(edition, "contact")},
        "dct:spatial": {"@id": _node(edition, "place")},
        "dct:language": [{"@id": term} for term in words["terms"]["languages"]],
        "dcat:theme": {"@id": words["terms"]["theme"]},
        "dcat:keyword": [
            {"@value": word, "@language": "vi"} for word in edition.descriptor.get("keywords", [])
        ],
    }


def _distributions(
    edition: Edition, release: Published, words: Mapping[str, Any]
) -> Iterable[Node]:
    current = edition.current
    if current is not None and release.id == current.id:
        for resource in edition.descriptor["resources"]:
            yield _distribution(edition, release, words, resource)
    plain = {"mediatype": "application/json", "format": "json", **_named(words["descriptor"])}
    yield _distribution(edition, release, words, {"path": DESCRIPTOR, **plain})
    sums = {"mediatype": "text/plain", "format": "txt", **_named(words["sums"])}
    hashed = {"path": "SHA256SUMS", "hash": f"sha256:{release.digest}", **sums}
    yield _distribution(edition, release, words, hashed)


def _named(text: Mapping[str, str]) -> dict[str, str]:
    return {"title": text["vi"], "titleEn": text["en"]}


def _distribution(
    edition: Edition, release: Published, words: Mapping[str, Any], file: Mapping[str, Any]
) -> Node:
    place, terms = f"{_folder(edition, release)}{file['path']}", words["terms"]
    node: Node = {
        "@id": _node(edition, f"{release.id}/{file['path']}"),
        "@type": "dcat:Distribution",
        "dct:title": _both({"vi": file["title"], "en": file["titleEn"]}),
        "dct:description": _description_of(file),
        "dcatap:availability": {"@id": terms["availability"]},
        "dcat:accessURL": {"@id": place},
        "dcat:downloadURL": {"@id": place},
        "dcat:mediaType": {"@id": f"{terms['media']}{file['mediatype']}"},
        "dct:format": {"@id": f"{terms['formats']}{file['format'].upper()}"},
        "dct:license": _licence(edition, release.published_at),
    }
    if "bytes" in file:
        node["dcat:byteSize"] = {"@value": str(file["bytes"]), "@type": "xsd:nonNegativeInteger"}
    if "hash" in file:
        node["spdx:checksum"] = {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": terms["algorithm"]},
            "spdx:checksumValue": {
                "@value": file["hash"].removeprefix("sha256:"), "@type": "xsd:hexBinary",
            },
        }  # fmt: skip
    return node


def _description_of(file: Mapping[str, Any]) -> Node:
    """What a file holds; its title and name where nothing more is said."""
    said = file.get("description") or f"{file['title']} ({file['path']})"
    return {"@value": said, "@language": "vi"}


def _folder(edition: Edition, release: Published) -> str:
    return address(edition, f"releases/{release.id.path}/")


def _titles(edition: Edition, more: str = "", *, is_sample: bool | None = None) -> Node:
    """Title and description in both languages; of samples they say so."""
    words = package_words(edition.identity)
    current = edition.current
    sample = is_sample if is_sample is not None else bool(current and current.is_sample)
    marks = words["sample"] if sample else {"vi": "", "en": ""}
    said = {code: f"{marks[code]} ".lstrip() for code in marks}
    title = {code: f"{said[code]}{words['title'][code]}{more}" for code in said}
    about = {code: f"{said[code]}{words['description'][code]}" for code in said}
    return {"dct:title": _both(title), "dct:description": _both(about)}


def _both(text: Mapping[str, str]) -> list[Node]:
    return [{"@value": text[language], "@language": language} for language in ("vi", "en")]


def _moment(text: str) -> Node:
    return {"@value": text, "@type": "xsd:dateTime"}


def _temporal(periods: Sequence[Month]) -> Node:
    first, last = min(periods).first_day, max(periods).last_day
    return {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": {"@value": first.isoformat(), "@type": "xsd:date"},
        "dcat:endDate": {"@value": last.isoformat(), "@type": "xsd:date"},
    }
