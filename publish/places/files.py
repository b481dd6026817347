"""A place made of files: SFTP, S3, WebDAV, a mounted folder, by ``rclone``.

Belongs here: the order (new folders first, the pointer last), taking over what did not change,
and that every byte count is there before anybody is led to it. Does not: which files those are
(``tree``), starting rclone (``rclone``), or what readers see (``seen``).
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from publish.places.rclone import NOT_WHOLE, PlaceError, Rclone, fault_of, listed
from publish.places.secure_copy import link_over_sftp
from publish.places.tree import (
    POINTER_LINK,
    SITES,
    Difference,
    SiteTree,
    difference,
    newest_whole,
    parse_sums,
    pointer_page,
    to_remove,
)
from publish.site.page import INDEX_PAGE
from publish.store.store import sync_tree


@dataclass(frozen=True)
class FilesPlace:
    """A folder somewhere.

    Args:
        rclone: The program with the place's options.
        damaged: The name of a site whose files there were seen to be others than its list says.
    """

    rclone: Rclone
    damaged: str = ""

    @property
    def _here(self) -> Path | None:
        """The folder itself, if it is mounted on this machine."""
        place = self.rclone.place
        return Path(place.path) if place.remote["type"] == "local" else None

    def differ(self, site: SiteTree) -> Difference:
        """What lacks there, by digest; of the sites that are whole the newest is compared with."""
        if site.name == self.damaged:
            self._disown(site.name)
            return Difference(is_there=False, sent=tuple(site.files))
        whole = newest_whole(self.rclone.names_in(SITES))
        base = site.name if site.name in whole else next(reversed(whole), "")
        content = self.rclone.run("cat", self.rclone.at(SITES, f"{base}.sums")) if base else b""
        return difference(site, base, parse_sums(content))

    def _disown(self, name: str) -> None:
        """Its list goes, so that nothing is taken over from it until it is whole again."""
        if f"{name}.sums" in self.rclone.names_in(SITES):
            self.rclone.run("deletefile", self.rclone.at(SITES, f"{name}.sums"))

    def send(self, site: SiteTree, found: Difference) -> tuple[str, ...]:
        """Make the whole site there, which nobody is led to yet.

        Returns:
            The files that were sent.

        Raises:
            PlaceError: The place refused, or has not what was sent.
        """
        if found.is_there:
            return ()
        sent = found.sent if self._can_copy else tuple(site.files)
        if self._can_copy:
            self._copy(found.taken, found.base, site.name)
        self._upload(site, sent)
        if self._can_copy:
            self._copy(found.again, site.name, site.name)
        self._require_whole(site)
        if self._here:
            with _told():
                sync_tree(self._here / SITES / site.name)
        self.rclone.put(site.sums, SITES, f"{site.name}.sums")
        return sent

    @cached_property
    def _can_copy(self) -> bool:
        """Whether a file can be had twice there without being sent twice."""
        if self._here:
            return can_link(self._here)
        return self.rclone.can_copy

    def _copy(self, paths: Mapping[str, str], base: str, name: str) -> None:
        if self._here:
            with _told():
                _link_all(self._here / SITES, paths, base, name)
        else:
            self.rclone.copy_within(
                SITES, {f"{name}/{path}": f"{base}/{old}" for path, old in paths.items()}
            )

    def _upload(self, site: SiteTree, paths: Iterable[str]) -> None:
        anew = ("--ignore-times",) if site.name == self.damaged else ()
        self.rclone.run(
            "copy", str(site.root), self.rclone.at(SITES, site.name), "--copy-links", *anew,
            "--files-from-raw", "-", given=listed(paths),
        )  # fmt: skip

    def _require_whole(self, site: SiteTree) -> None:
        there = self.rclone.sizes_in(SITES, site.name)
        for path in site.files:
            if there.get(path) != site.size_of(path):
                raise PlaceError(NOT_WHOLE, f"{path}: {there.get(path, 'absent')}")

    def point(self, name: str, release: str) -> None:
        """Lead readers to a site that is whole there: the one commit point."""
        if self.rclone.place.pointer == "page":
            self._put_page(pointer_page(name, release))
        elif self._here:
            with _told():
                _switch(self._here, name)
        else:
            link_over_sftp(self.rclone, name)

    def _put_page(self, page: bytes) -> None:
        """By ``copyto``, which on a file system writes beside and renames."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / INDEX_PAGE
            file.write_bytes(page)
            self.rclone.run("copyto", str(file), self.rclone.at(INDEX_PAGE), "--ignore-times")

    def tidy(self, site: SiteTree, before: Difference) -> None:
        """Remove older sites: first what says that they are whole, then they."""
        for name in to_remove(site, before, self.rclone.names_in(SITES)):
            self.rclone.run("delete", self.rclone.at(SITES), "--include", f"/{name}.sums")
            self.rclone.run("purge", self.rclone.at(SITES, name))


def can_link(folder: Path) -> bool:
    """Whether a disk knows links, of which a mounted share may know none."""
    one, two = folder / ".link.old", folder / ".link.new"
    try:
        one.touch()
        two.unlink(missing_ok=True)
        os.link(one, two)
    except OSError:
        return False
    finally:
        with suppress(OSError):
            one.unlink(missing_ok=True)
            two.unlink(missing_ok=True)
    return True


@contextmanager
def _told() -> Iterator[None]:
    """What the machine refuses in a mounted folder is a refusal of the place."""
    try:
        yield
    except OSError as error:
        raise fault_of(f"{Path(str(error.filename)).name}: {error.strerror}") from None


def _link_all(sites: Path, paths: Mapping[str, str], base: str, name: str) -> None:
    """The same bytes at another path, or in another site, without sending them."""
    for path, before in paths.items():
        new = sites / name / path
        new.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        os.link(sites / base / before, new)


def _switch(folder: Path, name: str) -> None:
    scratch = folder / f".{POINTER_LINK}.next"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(f"{SITES}/{name}")
    scratch.replace(folder / POINTER_LINK)
