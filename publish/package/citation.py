"""How to cite a release, as a sentence and for BibTeX.

Belongs here: both texts, from the descriptor. Does not: where they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.core.written import day_of
from publish.model import Identity, ReleaseId

_SENTENCE = "{publisher} ({year}). {title}. Bản phát hành {release}, phiên bản {version}, {day}."
_ENTRY = """@misc{{hp_chat_luong_{key},
  author = {{{{{publisher}}}}},
  title = {{{title}}},
  year = {{{year}}},
  note = {{{release}, {version}}},
  url = {{{address}}}
}}"""


@dataclass(frozen=True)
class Citation:
    """Both texts."""

    sentence: str
    bibtex: str


def release_address(descriptor: Mapping[str, Any], identity: Identity) -> str:
    """The folder of a release in the site, which never changes; absolute where that is known.

    Args:
        descriptor: Its ``datapackage.json``.
        identity: Who publishes, and where.
    """
    base = f"{identity.public_url.rstrip('/')}/" if identity.public_url else ""
    return f"{base}releases/{ReleaseId.parse(descriptor['release']).path}/"


def citation(descriptor: Mapping[str, Any], identity: Identity) -> Citation:
    """How to cite a release.

    Args:
        descriptor: Its ``datapackage.json``.
        identity: Who publishes, and where.
    """
    release, day = descriptor["release"], day_of(descriptor["created"])
    address = release_address(descriptor, identity)
    values = {
        "publisher": identity.publisher, "title": descriptor["title"], "year": day.year,
        "release": release, "version": descriptor["version"], "day": day.isoformat(),
        "address": address, "key": release.replace("-", "_").replace(".", "_"),
    }  # fmt: skip
    sentence = _SENTENCE.format(**values)
    told = f"{sentence} {address}" if identity.public_url else sentence
    return Citation(told, _ENTRY.format(**values))
