"""The kept pages of a release: made anew where something changed, linked where nothing did.

Belongs here: which pages can be taken over from the release before, and writing the folder. Does
not: rendering (``planned``), or showing the pages (``publish.assembly``).

A page that is taken over is the same file (a hard link), imprint included: it names the release in
which its figures last changed. Pages of a retracted release are not taken over.
"""

import json
import os
import shutil
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cchc_pipeline.durable import write_whole
from publish.portal import sync_tree
from publish.release import ReleaseId
from publish.site.page import Imprint
from publish.site.planned import PlannedPage

RECORD = ".pages.json"


@dataclass(frozen=True)
class KeptPage:
    """A page and its twin as they lie in the folder of a release.

    Args:
        key: What they were made from (``PlannedPage.key``).
        release: The release that they were rendered for.
        files: Their paths in the site, attachments included.
    """

    key: str
    release: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class PageCount:
    """How many planned pages were rendered, and how many were taken over."""

    rendered: int = 0
    kept: int = 0


def make_pages(
    folder: Path,
    plans: Iterable[PlannedPage],
    imprint: Imprint,
    before: Path | None = None,
    withdrawn: Container[ReleaseId] = (),
) -> PageCount:
    """Fill the folder of a release with its pages and write it through to the disk.

    Args:
        folder: A folder that does not exist yet.
        plans: Every page of the release.
        imprint: The release that they speak for.
        before: The folder of the release before, or None.
        withdrawn: Releases whose pages are not taken over.
    """
    kept = {} if before is None else _takeable(read_record(before), withdrawn)
    folder.mkdir(parents=True)
    record, taken = {}, 0
    for plan in plans:
        old = kept.get(plan.name)
        if before is not None and old is not None and old.key == plan.key:
            _take_over(old, before, folder)
            record[plan.name], taken = old, taken + 1
        else:
            record[plan.name] = _render(plan, folder, imprint)
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
        name: KeptPage(entry["key"], entry["release"], tuple(entry["files"]))
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


def _render(plan: PlannedPage, folder: Path, imprint: Imprint) -> KeptPage:
    paths = []
    for path, content in plan.rendered(imprint):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        paths.append(path)
    return KeptPage(plan.key, str(imprint.id), tuple(paths))
