"""``datapackage.json``: a Data Package 2.0, written by us as a projection of the draft.

Belongs here: the descriptor of package and resources. Does not: the fields of a table, which its
contract projects, or validation (``gates``). frictionless rewrites what it saves, so it only reads.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.release_calendar import load_calendar
from publish.release import PACKAGE, Draft

SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
_DIALECT = {
    "$schema": "https://datapackage.org/profiles/2.0/tabledialect.json",
    "delimiter": ",",
    "lineTerminator": "\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "skipInitialSpace": False,
    "header": True,
}
_MEDIA = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def describe(draft: Draft, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The descriptor of a draft.

    Args:
        draft: The release.
        files: The bytes of every data file by its path in the release.
    """
    words = read_yaml("pages/package.yaml")
    identity = draft.identity
    descriptor: dict[str, Any] = {
        "$schema": SCHEMA,
        "name": PACKAGE,
        "id": f"{PACKAGE}/{draft.id}",
        "title": words["title"]["vi"],
        "titleEn": words["title"]["en"],
        "description": _description(words, draft),
        "version": draft.version,
        "created": draft.published_text,
        "keywords": words["keywords"],
        "licenses": [{"title": identity.license_name, "path": identity.license_path}],
        "contributors": [{"title": identity.publisher, "roles": ["publisher"]}],
        "sources": _sources(draft),
        "languages": ["vi", "en"],
        "temporalCoverage": f"{draft.periods[0]}/{draft.periods[-1]}" if draft.periods else "",
        "spatialCoverage": "VN-HP",
        "accrualPeriodicity": "P1M",
        "release": str(draft.id),
        "previousVersion": draft.previous.version if draft.previous else None,
        "nextRelease": load_calendar().next_release(draft.published_at).moment.isoformat(),
        "provenance": draft.provenance,
        "generatedBy": {"version": draft.generator, "inputDigest": f"sha256:{draft.input_digest}"},
        "resources": [
            resource for name in draft.tables for resource in _resources(load_contract(name), files)
        ],
    }
    if identity.public_url:
        descriptor["homepage"] = identity.public_url
    return {key: value for key, value in descriptor.items() if value not in (None, "")}


def _description(words: Mapping[str, Any], draft: Draft) -> str:
    notice = f"{words['sample']['vi']} " if draft.is_sample else ""
    return notice + str(words["description"]["vi"])


def _sources(draft: Draft) -> list[dict[str, str]]:
    return [
        {
            "title": source.title,
            "capturedAt": source.captured_at,
            "provenance": source.provenance,
            "period": source.period,
            "basis": source.basis,
        }
        for source in draft.sources
    ]


def _resources(contract: Contract, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The canonical CSV as a table resource, its other forms as plain files beside it.

    Their format is written in capitals: frictionless opens ``xlsx`` and ``parquet`` as tables of
    their own, and the 2.0 profile allows no type ``file`` that would tell it not to.
    """
    name = contract.table.replace("_", "-")
    main = _file_entry(name, f"data/{contract.table}.csv", "csv", contract, files)
    main |= {
        "type": "table",
        "encoding": "utf-8",
        "dialect": _DIALECT,
        "schema": contract.table_schema("vi"),
    }
    others = [
        _file_entry(
            f"{name}-{ending}", f"formats/{contract.table}.{ending}", ending, contract, files
        )
        | {"format": ending.upper(), "alternateOf": name}
        for ending in ("parquet", "json", "xlsx")
    ]
    return [main, *others]


def _file_entry(
    name: str, path: str, ending: str, contract: Contract, files: Mapping[str, bytes]
) -> dict[str, Any]:
    content = files[path]
    return {
        "name": name,
        "path": path,
        "title": contract.title.vi,
        "titleEn": contract.title.en,
        "description": contract.description.vi,
        "format": ending,
        "mediatype": _MEDIA[ending],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
