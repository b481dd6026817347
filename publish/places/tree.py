"""What a place is to show: a whole site under a name of its own, and what leads readers to it.

Belongs here: the site as a list of files by digest, how it differs from what a place has, the
pointer, which sites may go. Does not: moving bytes (``files``), or looking (``seen``).

At a place each site is a folder ``sites/<name>`` that is never changed once it is whole; beside it
``sites/<name>.sums`` lists its files. The pointer goes last: readers are led to the old site or the
new one, never to something between.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, PackageLoader

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.files import digest_of, digest_of_file
from publish.model import SUMS
from publish.site.page import INDEX_PAGE
from publish.store.store import INDEX, Portal

SITES, POINTER_LINK = "sites", "current"
_DIGITS = 12
_SITE_NAME = re.compile(r"\d{4,}-\d{4}-\d{2}\.r\d+-[0-9a-f]{12}")
_META = re.compile(rb'<meta name="cchc-site" content="([^"]*)">')
_WORDS = "pages/pointer.yaml"


@dataclass(frozen=True)
class SiteTree:
    """The site that the portal shows, as it is copied.

    Args:
        root: Its folder here.
        release: The release that it shows; empty if none.
        files: The SHA-256 of each file, by its path.
    """

    root: Path
    release: str
    files: Mapping[str, str] = field(repr=False)

    @cached_property
    def name(self) -> str:
        """What it is called at a place: another byte anywhere gives another name."""
        return f"{self.root.name}-{digest_of(_lines(self.files))[:_DIGITS]}"

    @property
    def sums(self) -> bytes:
        """Its list of files, as ``sha256sum`` reads it."""
        return "".join(f"{line}\n" for line in _lines(self.files)).encode()

    @property
    def proof(self) -> tuple[str, ...]:
        """The files that prove over the public address that it is there, the smallest first.

        What everything is found by, and every file of the release that is shown.
        """
        if not self.release:
            return (INDEX,)
        month, _, number = self.release.partition(".")
        folder = f"releases/{month}/{number}/"
        return (INDEX, INDEX_PAGE, folder + SUMS, *(f for f in self.files if f.startswith(folder)))

    def size_of(self, path: str) -> int:
        """The bytes of one of its files."""
        return (self.root / path).stat().st_size


def shown_site(portal: Portal) -> SiteTree | None:
    """What the portal shows; None before the first publication."""
    site = portal.current_site()
    if site is None:
        return None
    index = json.loads((site / INDEX).read_bytes())
    paths = sorted(_below(site))
    return SiteTree(site, index["latest"] or "", {p: digest_of_file(site / p) for p in paths})


def _below(site: Path) -> Iterable[str]:
    """Every file that readers can ask for; nothing hidden."""
    for folder, folders, names in os.walk(site, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        at = Path(folder).relative_to(site)
        yield from ((at / name).as_posix() for name in names if not name.startswith("."))


def _lines(files: Mapping[str, str]) -> Iterable[str]:
    return (f"{digest}  {path}" for path, digest in sorted(files.items()))


def parse_sums(content: bytes) -> Mapping[str, str]:
    """The files that a place's list names; nothing of a line that is none."""
    found = (line.partition("  ") for line in content.decode(errors="replace").splitlines())
    return {path: digest for digest, mark, path in found if mark and len(digest) == 64}


@dataclass(frozen=True)
class Difference:
    """How a place differs from what it is to show.

    Args:
        is_there: The whole site is there already, perhaps not pointed at.
        base: The name of a whole site that is there, of which files can be taken over.
        taken: The files whose bytes the base has, each with the path that has them there.
        again: The files whose bytes stand in the site before, each with that path.
        sent: The files that must be sent.
        kept: Every path of the base.
    """

    is_there: bool
    base: str = ""
    taken: Mapping[str, str] = field(default_factory=dict)
    again: Mapping[str, str] = field(default_factory=dict)
    sent: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def difference(site: SiteTree, base: str, base_files: Mapping[str, str]) -> Difference:
    """Compare by digest with a whole site that is there; ``base`` is empty if there is none.

    Where a file stands does not matter: a new release has most of its bytes from the one before,
    and a site shows the newest release at three addresses.
    """
    known = {digest: path for path, digest in base_files.items()}
    taken, again, first = {}, {}, dict[str, str]()
    for path, digest in site.files.items():
        if digest in known:
            taken[path] = path if base_files.get(path) == digest else known[digest]
        elif digest in first:
            again[path] = first[digest]
        else:
            first[digest] = path
    return Difference(base == site.name, base, taken, again, (*first.values(),), (*base_files,))


def newest_whole(names: Iterable[str]) -> tuple[str, ...]:
    """The names of whole sites in a list of what lies in ``sites``, oldest first."""
    ended = (name.removesuffix(".sums") for name in names if name.endswith(".sums"))
    return tuple(sorted(name for name in ended if _SITE_NAME.fullmatch(name)))


def to_remove(site: SiteTree, before: Difference, names: Iterable[str]) -> tuple[str, ...]:
    """The sites that may go once a place shows a new one.

    The one before it stays, for who is reading; not if it holds a release that is no longer shown.
    """
    shown, held = ({*_releases(paths)} for paths in (site.files, before.kept))
    stays = {site.name, *({before.base} if held <= shown else ())}
    found = (name.rstrip("/").removesuffix(".sums") for name in names)
    return tuple(sorted({n for n in found if _SITE_NAME.fullmatch(n) and n not in stays}))


def _releases(paths: Iterable[str]) -> Iterable[str]:
    """The releases whose files are among these paths; of a retracted one there is a tombstone."""
    return (p for p in paths if p.startswith("releases/") and p.endswith(f"/{SUMS}"))


def pointer_page(name: str, release: str) -> bytes:
    """The page that leads readers to a site, and says to programs which it is."""
    target = f"{SITES}/{name}/{INDEX_PAGE}"
    words = read_yaml(_WORDS)
    template = Environment(loader=PackageLoader("publish.places"), autoescape=True)
    text = template.get_template("pointer.html").render(
        name=name, release=release, target=target, **words
    )
    return f"{text}\n".encode()


def pointed_at(page: bytes) -> str:
    """The site that a pointer leads to; empty if it is none."""
    found = _META.search(page)
    name = found[1].decode(errors="replace") if found else ""
    return name if _SITE_NAME.fullmatch(name) else ""
