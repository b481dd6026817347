"""What readers can copy: code that reads the data, and how to cite a release.

Belongs here: filling the shipped code and the citation with the portal's address and the release.
Does not: their words, which are data (``schemas/pages/snippets.yaml``), or where they stand on a
page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.contracts import Text
from cchc_pipeline.core.data import read_yaml
from publish.model import Identity, ReleaseId
from publish.site.words import day_of

PLACEHOLDER = "https://…/"
"""Stands for the portal's address where that is not known."""
_SENTENCE = "{publisher} ({year}). {title}. Bản phát hành {release}, phiên bản {version}, {day}."
_ENTRY = """@misc{{hp_chat_luong_{key},
  author = {{{{{publisher}}}}},
  title = {{{title}}},
  year = {{{year}}},
  note = {{{release}, {version}}},
  url = {{{address}}}
}}"""


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


@dataclass(frozen=True)
class Citation:
    """Both texts."""

    sentence: str
    bibtex: str


def citation(descriptor: Mapping[str, Any], identity: Identity) -> Citation:
    """How to cite a release.

    Args:
        descriptor: Its ``datapackage.json``.
        identity: Who publishes, and where.
    """
    release = ReleaseId.parse(descriptor["release"])
    base = f"{identity.public_url.rstrip('/')}/" if identity.public_url else ""
    address = f"{base}releases/{release.path}/"
    day = day_of(descriptor["created"])
    values = {
        "publisher": identity.publisher, "title": descriptor["title"], "year": day.year,
        "release": release, "version": descriptor["version"], "day": day.isoformat(),
        "address": address, "key": str(release).replace("-", "_").replace(".", "_"),
    }  # fmt: skip
    sentence = _SENTENCE.format(**values)
    return Citation(f"{sentence} {address}" if base else sentence, _ENTRY.format(**values))
