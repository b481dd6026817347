"""Pages to look things up: methodology, dictionary, downloads.

Belongs here: what they are made from, which is declarations, code lists and a release's own
``datapackage.json``; the code that reads the data, for readers to copy. Does not: making files or
the citation (``publish.package``), words (``schemas/pages/snippets.yaml`` and
``messages/method.yaml``), HTML.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.contracts import Text, load_code_list, load_contract
from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.methodology import Methodology, load_methodology, load_ratings
from publish.catalogue.dcat import dataset_markup, script_text
from publish.model import PUBLISHED_TABLES, Identity, ReleaseId
from publish.package.citation import citation
from publish.site.extract import Extract, Figures
from publish.site.glossary import glossary
from publish.site.kept import Material, PageRecipe
from publish.site.page import DOWNLOADS_PAGE

METHOD_PAGE, DICTIONARY_PAGE = "phuong-phap.html", "tu-dien.html"
TOPICS = ("source", "recomputed", "comparable", "windows", "missing", "dossiers", "in_time",
          "disclosure", "plan", "revisions")  # fmt: skip
"""The sections of the methodology in words, in their order."""
_UNSURE = ("believed", "open")
FORMS = ("csv", "xlsx", "parquet", "json")
PLACEHOLDER = "https://…/"
"""Stands for the portal's address where that is not known."""


def reference_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """Both pages."""
    used = [code for code in figures.whole("metrics").column("methodology").to_pylist() if code]
    lists = {"obs_status": figures.whole("obs_status")}
    method = figures.extract(lists, methodologies=sorted(set(used)))
    yield PageRecipe(METHOD_PAGE, "method.html", method, method_material)
    yield PageRecipe(DICTIONARY_PAGE, "dictionary.html", figures.extract({}), dictionary_material)


def method_material(extract: Extract) -> Material:
    """What the template of the methodology needs."""
    methodologies = [load_methodology(code) for code in extract.more["methodologies"]]
    return Material(
        {
            "methodologies": methodologies,
            "confidences": [confidences(used) for used in methodologies],
            "unsure": [unsure(used) for used in methodologies],
            "topics": TOPICS,
            "glossary": glossary(),
            "ratings": load_ratings(),
            "reasons": load_code_list("reason_codes").codes,
            "statuses": extract.rows("obs_status"),
        }
    )


def confidences(used: Methodology) -> Mapping[str, int]:
    """How many rules of a methodology are known how well; of groups alone, how many groups."""
    known: tuple[Any, ...] = used.metrics or (*used.groups, *used.merged_groups)
    return dict(sorted(Counter(item.confidence for item in known).items()))


def unsure(used: Methodology) -> list[Any]:
    """The metrics whose rule no source decides."""
    return [metric for metric in used.metrics if metric.confidence in _UNSURE]


def dictionary_material(extract: Extract) -> Material:
    """What the template of the dictionary needs: every published table."""
    return Material({"contracts": [load_contract(name) for name in PUBLISHED_TABLES]})


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


def download_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """The one page."""
    rows = {name: table.num_rows for name, table in figures.draft.tables.items()}
    extract = figures.extract({}, descriptor=descriptor, rows=rows)
    yield PageRecipe(DOWNLOADS_PAGE, "downloads.html", extract, download_material)


def download_material(extract: Extract) -> Material:
    """What the template needs."""
    descriptor = extract.more["descriptor"]
    return Material(
        {
            "tables": table_files(descriptor, extract.more["rows"]),
            "descriptor": descriptor,
            "snippets": snippets(extract.identity),
            "citation": citation(descriptor, extract.identity),
            "markup": script_text(dataset_markup(descriptor, extract.identity)),
            "is_sample_release": extract.is_sample,
        }
    )


@dataclass(frozen=True)
class Snippet:
    """A piece of code with what it is for."""

    name: str
    language: str
    title: Text
    note: Text
    code: str


def snippets(identity: Identity, base: str = "") -> tuple[Snippet, ...]:
    """The code for readers of a portal.

    Args:
        identity: Who publishes, and where.
        base: The address that the code reads from; that of the portal if empty.
    """
    known = f"{identity.public_url.rstrip('/')}/" if identity.public_url else PLACEHOLDER
    places = {"base": base or known, "unit": identity.root_unit}
    return tuple(
        Snippet(
            name, entry["language"], Text(**entry["title"]), Text(**entry["note"]),
            entry["code"].format(**places),
        )
        for name, entry in read_yaml("pages/snippets.yaml").items()
    )  # fmt: skip
