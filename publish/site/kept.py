"""Pages that are made and kept: anew where something changed, linked where nothing did.

Belongs here: the recipe of a page, with the files attached to it; the key by which a kept page is
known again; which are taken over from the release before; writing the folder. Does not: what a kind
of page shows (``pages``), the files of a release (``publish.portal.publication``), or showing pages
(``publish.portal.links``).

A page that is taken over is the same file (a hard link), imprint included: it names the release in
which its figures last changed. Pages of a retracted release are not taken over.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.files import write_whole
from publish.model import ReleaseId
from publish.package.formats import to_csv
from publish.site.charts.standalone import drawings
from publish.site.extract import Extract
from publish.site.page import Imprint, in_each_language, render
from publish.store.store import sync_tree

_PROGRAM = ("cchc_pipeline", "publish", "schemas")
_SOURCES = (".py", ".html", ".css", ".js", ".yaml", ".ttf")
ATTACHMENTS = "kem"
"""The folder of files that stand beside pages; they go when their page goes."""
RECORD = ".pages.json"


@dataclass(frozen=True)
class Attachment:
    """A file beside a page.

    Args:
        name: Its path below ``ATTACHMENTS``.
        table: The table whose rows it holds.
        rows: How many.
        content: Its bytes.
    """

    name: str
    table: str
    rows: int
    content: bytes

    @property
    def path(self) -> str:
        """Its path in the site."""
        return f"{ATTACHMENTS}/{self.name}"

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def rows_attached(page: str, table: str, rows: pa.Table) -> Attachment:
    """Rows of a table as CSV in its canonical form.

    Args:
        page: The name of the page, which the file stands beside.
        table: The table.
        rows: Those of its rows that the page shows.
    """
    name = f"{page.removesuffix('.html')}/{table}.csv"
    return Attachment(name, table, rows.num_rows, to_csv(rows, load_contract(table)))


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
class PageRecipe:
    """A page and its twin, not yet rendered.

    Args:
        name: Their path within their language.
        template: The name of the template.
        extract: All that they may show.
        material: Makes from the extract what the template needs; a function of a module, since its
            name is part of the key.
        lasting: The name under which the content can be found again; ``name`` if empty.
        keeps_charts: Whether its charts are files too.
    """

    name: str
    template: str
    extract: Extract
    material: Callable[[Extract], Material]
    lasting: str = ""
    keeps_charts: bool = False

    @property
    def key(self) -> str:
        """The same for two exactly if they would give the same pages, but for the imprint."""
        maker = f"{self.material.__module__}.{self.material.__qualname__}"
        parts = (program_digest(), self.name, self.lasting, self.template, maker)
        return hashlib.sha256("\n".join((*parts, self.extract.digest)).encode()).hexdigest()

    def rendered(self, imprint: Imprint) -> Iterator[tuple[str, bytes]]:
        """The pages and what stands beside them, by their paths in the site."""
        material = self.material(self.extract)
        table = self.extract.tables.get("obs_status")
        statuses = {row["code"]: row for row in table.to_pylist()} if table is not None else {}
        folder = f"{ATTACHMENTS}/{(self.lasting or self.name).removesuffix('.html')}"
        values = {**material.values, "chart_files": folder if self.keeps_charts else ""}
        for page in in_each_language(self.name, imprint.identity, lasting=self.lasting):
            content = render(self.template, page, imprint, values, statuses)
            yield page.path, content
            if self.keeps_charts and page.lasting == self.name:
                for chart, drawn in drawings(content.decode()):
                    yield f"{folder}/{chart}.{page.language}.svg", drawn
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


@dataclass(frozen=True)
class KeptPage:
    """A page and its twin as they lie in the folder of a release.

    Args:
        key: What they were made from (``PageRecipe.key``).
        release: The release that they were rendered for.
        files: Their paths in the site, attachments included.
        digests: SHA-256 of each; none of what an earlier version wrote.
    """

    key: str
    release: str
    files: tuple[str, ...]
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageCount:
    """How many pages were rendered, and how many were taken over."""

    rendered: int = 0
    kept: int = 0


def make_pages(
    folder: Path,
    recipes: Iterable[PageRecipe],
    imprint: Imprint,
    before: Path | None = None,
    withdrawn: Container[ReleaseId] = (),
) -> PageCount:
    """Fill the folder of a release with its pages and write it through to the disk.

    Args:
        folder: A folder that does not exist yet.
        recipes: Every page of the release.
        imprint: The release that they speak for.
        before: The folder of the release before, or None.
        withdrawn: Releases whose pages are not taken over.
    """
    kept = {} if before is None else _takeable(read_record(before), withdrawn)
    folder.mkdir(parents=True)
    record, taken = {}, 0
    for recipe in recipes:
        old = kept.get(recipe.name)
        if before is not None and old is not None and old.key == recipe.key:
            _take_over(old, before, folder)
            record[recipe.name], taken = old, taken + 1
        else:
            record[recipe.name] = _render(recipe, folder, imprint)
    content = {name: asdict(page) for name, page in record.items()}
    write_whole(folder / RECORD, json.dumps(content, indent=1, sort_keys=True).encode())
    sync_tree(folder)
    return PageCount(len(record) - taken, taken)


def read_record(folder: Path) -> Mapping[str, KeptPage]:
    """What lies in the folder of a release; nothing where that was not written down."""
    if not (folder / RECORD).exists():
        return {}
    content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return {
        name: KeptPage(
            entry["key"], entry["release"], tuple(entry["files"]), tuple(entry.get("digests", ()))
        )
        for name, entry in content.items()
    }


def _takeable(
    record: Mapping[str, KeptPage], withdrawn: Container[ReleaseId]
) -> Mapping[str, KeptPage]:
    return {
        name: page
        for name, page in record.items()
        if ReleaseId.parse(page.release) not in withdrawn
    }


def _take_over(page: KeptPage, before: Path, folder: Path) -> None:
    for path in page.files:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(before / path, place)
        except OSError:  # a disk without hard links
            shutil.copyfile(before / path, place)


def _render(recipe: PageRecipe, folder: Path, imprint: Imprint) -> KeptPage:
    paths, digests = [], []
    for path, content in recipe.rendered(imprint):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(content)
        paths.append(path)
        digests.append(hashlib.sha256(content).hexdigest())
    return KeptPage(recipe.key, str(imprint.id), tuple(paths), tuple(digests))
