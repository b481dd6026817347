"""How to cite a release: a sentence, and an entry for BibTeX.

Belongs here: both texts. Does not: where they stand on a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publish.release import Identity, ReleaseId
from publish.vietnamese import day_of

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
