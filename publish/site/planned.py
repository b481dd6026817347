"""A page that is planned: its place, its extract, and how it would be made from it.

Belongs here: the key by which a kept page is known again, and rendering in both languages. Does
not: what a kind of page shows (its own module), or where pages are kept (``kept``).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from publish.site.extract import Extract
from publish.site.page import Imprint, in_each_language, render

_PROGRAM = ("cchc_pipeline", "publish", "schemas")
_SOURCES = (".py", ".html", ".css", ".js", ".yaml", ".ttf")
ATTACHMENTS = "kem"
"""The folder of files that stand beside pages; they go when their page goes."""


@dataclass(frozen=True)
class Material:
    """What a template is filled with, and the files that stand beside the page.

    Args:
        values: By name; the same for both languages.
        files: Attachments by their path below ``ATTACHMENTS``.
    """

    values: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedPage:
    """A page and its twin, not yet rendered.

    Args:
        name: Their path within their language.
        template: The name of the template.
        extract: All that they may show.
        material: Makes from the extract what the template needs; a function of a module, since its
            name is part of the key.
        lasting: The name under which the content can be found again; ``name`` if empty.
    """

    name: str
    template: str
    extract: Extract
    material: Callable[[Extract], Material]
    lasting: str = ""

    @property
    def key(self) -> str:
        """The same for two plans exactly if they would give the same pages, but for the imprint."""
        maker = f"{self.material.__module__}.{self.material.__qualname__}"
        parts = (program_digest(), self.name, self.lasting, self.template, maker)
        return hashlib.sha256("\n".join((*parts, self.extract.digest)).encode()).hexdigest()

    def rendered(self, imprint: Imprint) -> Iterator[tuple[str, bytes]]:
        """The pages and what stands beside them, by their paths in the site."""
        material = self.material(self.extract)
        table = self.extract.tables.get("obs_status")
        statuses = {row["code"]: row for row in table.to_pylist()} if table is not None else {}
        for page in in_each_language(self.name, imprint.identity, lasting=self.lasting):
            yield page.path, render(self.template, page, imprint, material.values, statuses)
        for path, content in material.files.items():
            yield f"{ATTACHMENTS}/{path}", content


@cache
def program_digest() -> str:
    """SHA-256 of this program: its code, templates and words; other code makes other pages."""
    found = hashlib.sha256()
    for package in _PROGRAM:
        for name, entry in _below(files(package), package):
            found.update(f"{name} {hashlib.sha256(entry.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{path}/{entry.name}"
        if entry.is_dir() and entry.name not in {"__pycache__", "sample"}:
            yield from _below(entry, name)
        elif entry.name.endswith(_SOURCES):
            yield name, entry
