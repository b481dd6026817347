"""``datapackage.json`` and the texts beside the data of a release.

Belongs here: the descriptor of package and resources; ``CHANGES.md`` and ``LICENSE.md``, in the
words of ``schemas/pages``. Does not: the fields of a table, which its contract projects, or
validation (``publish.gates.package``). frictionless rewrites what it saves, so it only reads.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.core.data import read_yaml
from publish.model import Draft, Identity

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
    identity, place = draft.identity, draft.identity.government
    words = package_words(identity)
    descriptor: dict[str, Any] = {
        "$schema": SCHEMA,
        "name": identity.package,
        "id": f"{identity.package}/{draft.id}",
        "title": words["title"][place.language],
        "titleEn": words["title"]["en"],
        "description": _description(words, draft),
        "version": draft.version,
        "created": draft.published_text,
        "keywords": words["keywords"],
        "licenses": [{"title": draft.terms.name.vi, "path": identity.license_path}],
        "contributors": [{"title": identity.publisher, "roles": ["publisher"]}],
        "sources": _sources(draft),
        "languages": ["vi", "en"],
        "temporalCoverage": f"{draft.periods[0]}/{draft.periods[-1]}" if draft.periods else "",
        "spatialCoverage": place.iso or place.place.vi,
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


def package_words(identity: Identity) -> dict[str, Any]:
    """Title, description and keywords of the data package, of the place that publishes it."""
    words, place = dict(read_yaml("pages/package.yaml")), identity.government
    for key in ("title", "description"):
        words[key] = {
            language: text.format(
                place=getattr(place.place, language), noun=getattr(place.noun, language)
            )
            for language, text in words[key].items()
        }
    return words | {"keywords": [*words["keywords"], place.place.vi]}


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


def changes_text(draft: Draft, revised: Sequence[str] = ()) -> str:
    """What changed since the release before: values in words, rows by table, columns.

    Args:
        draft: The release.
        revised: Its revisions in words, a line each; the first tells how many there are.
    """
    words = read_yaml("pages/notes.yaml")["changes"]
    before = str(draft.previous.id) if draft.previous else words["none_before"]
    lines = [
        f"# {draft.id} ({draft.version})", "",
        f"{words['since']}: {before}. {words['published_at']}: {draft.published_text}.", "",
        *((*revised, "", f"## {words['rows']}", "") if revised else ()),
        f"| {words['table']} | {words['added']} | {words['revised']} | {words['removed']} |",
        "|---|---:|---:|---:|",
    ]  # fmt: skip
    for name, change in draft.changes.items():
        counts = f"{change.added} | {change.revised} | {change.removed}"
        lines.append(f"| {load_contract(name).title.vi} (`{name}`) | {counts} |")
    lines += _column_lines(draft, words)
    if draft.is_sample:
        lines += ["", words["sample"]]
    return "\n".join(lines) + "\n"


def _column_lines(draft: Draft, words: Mapping[str, str]) -> list[str]:
    """The columns that came, went or changed their type; nothing before the second release."""
    if not draft.columns_before:
        return []
    lines = [line for name in _all_tables(draft) for line in _columns_of(draft, name, words)]
    return _paragraphs([[f"{words['columns']}:"], lines]) if lines else []


def _paragraphs(blocks: Iterable[list[str]]) -> list[str]:
    """Blocks of lines with an empty line before each."""
    return [line for block in blocks if block for line in ("", *block)]


def _all_tables(draft: Draft) -> list[str]:
    return [*draft.columns_before, *(n for n in draft.tables if n not in draft.columns_before)]


def _columns_of(draft: Draft, name: str, words: Mapping[str, str]) -> Iterator[str]:
    """A table's changes of columns, a line each."""
    before = draft.columns_before.get(name)
    if before is None:
        yield f"- `{name}`: {words['new_table']}"
        return
    if name not in draft.tables:
        yield f"- `{name}`: {words['gone_table']}"
        return
    now = {f.name: f.type.removeprefix("local_") for f in load_contract(name).fields}
    changes = {
        "new_columns": [c for c in now if c not in before],
        "gone_columns": [c for c in before if c not in now],
        "retyped_columns": [c for c in now if c in before and before[c] != now[c]],
    }
    for word, columns in changes.items():
        if columns:
            yield f"- `{name}`: {words[word]} {', '.join(f'`{column}`' for column in columns)}"


def license_text(draft: Draft) -> str:
    """The terms of reuse in both languages, with the legal basis of the day of publication."""
    words, terms = read_yaml("pages/notes.yaml")["license"], draft.terms
    paragraphs = (
        words["text"][language].format(
            publisher=draft.identity.publisher,
            license=getattr(terms.name, language),
            terms=getattr(terms.text, language),
        )
        for language in ("vi", "en")
    )
    return "\n\n".join((f"# {words['title']}", *paragraphs)) + "\n"
