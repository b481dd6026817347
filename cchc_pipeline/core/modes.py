"""Who may read what of an installation: one table, and what sets and compares rights by it.

Belongs here: the rights of each place below the home, whatever the caller's umask is; making a home
with them, and mending one that was made otherwise. Does not: who the accounts are
(``docs/deployment``), or what is said of a place that is too wide.

Everything is for its owner only, unless the table says otherwise. A process that writes is narrow
from its first moment (``private_by_default``), so that files written by DuckDB, pyarrow, Dagster or
SQLite are too; what readers are given is opened by name (``let_in``). A draft is built as it will
be shown, behind a shut door. The inbox belongs to whoever drops files there.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_UMASK = 0o077
_ALL = 0o777
_OTHERS = 0o007


@dataclass(frozen=True)
class Rights:
    """The mode of folders, and that of files."""

    folder: int
    file: int


PRIVATE = Rights(0o700, 0o600)
PUBLIC = Rights(0o755, 0o644)
_PASSED_THROUGH = Rights(0o711, 0o600)
_LISTED = Rights(0o755, 0o600)
_PORTAL, _PREVIEW, INBOX, ROOTS = "portal", "preview", "inbox", "roots"
PLACES: Mapping[tuple[str, ...], Rights] = {
    (): _PASSED_THROUGH,
    (_PORTAL,): _LISTED,
    (ROOTS,): _LISTED,
}
"""Folders with rights of their own, by their path below the home: a web server passes through.
What lies in the last are homes themselves."""
SHOWN = frozenset({(_PORTAL, "store"), (_PORTAL, "pages"), (_PORTAL, "sites")})
"""What readers are given, with all that lies below it."""
_DRAFTS = (_PORTAL, "scratch")
_MAY_BE_LINKS = frozenset({"raw", "lake", "error-sheets", "store", "pages", "sites"})
"""Folders that may be links to another disk."""


@dataclass(frozen=True)
class Deviation:
    """A place whose rights are not those of the table."""

    path: Path
    found: int
    declared: int

    @property
    def is_wider(self) -> bool:
        """Whether somebody may do there what he should not."""
        return bool(self.found & ~self.declared)


def rights_of(parts: tuple[str, ...]) -> Rights | None:
    """The rights of a place by its path below the home; None if they are not ours to set."""
    if parts in PLACES:
        return PLACES[parts]
    if parts[0] == INBOX or (len(parts) > 2 and parts[:2] == _DRAFTS):
        return None
    return PUBLIC if parts[:2] in SHOWN else PRIVATE


def keep_private() -> None:
    """From now on, whatever this process and those that it starts write is for its owner only."""
    os.umask(_UMASK)


@contextmanager
def private_by_default() -> Iterator[None]:
    """The same for a while."""
    before = os.umask(_UMASK)
    try:
        yield
    finally:
        os.umask(before)


def let_in(folder: Path) -> None:
    """Open a folder that was just written, and all that is in it, to readers; links are left."""
    for path, state in _below(folder):
        _set(path, state, PUBLIC)


def shut(folder: Path) -> None:
    """Close a folder and all that is in it; a file that readers have too stays as it is."""
    for path, state in _below(folder):
        if state.st_nlink == 1 or stat.S_ISDIR(state.st_mode):
            _set(path, state, PRIVATE)


def make_home(home: Path) -> None:
    """Make a home if there is none; bring the rights of an older one to those of the table.

    A door that is shut shuts what lies behind it: only behind one that is not as declared
    everything is looked at. What belongs to another account is left; ``cchc status`` tells of it.
    """
    for folder in reversed([place for place in home.parents if not place.exists()]):
        folder.mkdir(exist_ok=True)
        folder.chmod(PUBLIC.folder)
    home.mkdir(exist_ok=True)
    for door in _doors(home):
        rights = rights_of(_parts(home, door))
        if rights and _deviation(door, door.stat(), rights):
            _mend(_behind(home, door))


def mend(home: Path) -> int:
    """Give every place of a home its rights; how many had others."""
    return _mend(deviations(home))


def deviations(home: Path) -> Iterator[Deviation]:
    """Every place that has not the rights of the table, folders before what lies in them."""
    for door in _doors(home):
        yield from _behind(home, door)


def _mend(found: Iterable[Deviation]) -> int:
    count = 0
    for one in list(found):
        with suppress(OSError):  # another account's, or a service may not write there
            one.path.chmod(one.declared)
            count += 1
    return count


def _doors(home: Path) -> Iterator[Path]:
    """The folders by which the home's zones are entered, the home first; none if there is none."""
    if not home.is_dir():
        return
    yield home
    for folder in (home, home / _PORTAL):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.is_dir() and (not path.is_symlink() or path.name in _MAY_BE_LINKS):
                yield path


def _behind(home: Path, door: Path) -> Iterator[Deviation]:
    """What deviates of a door and of what is entered by it."""
    parts = _parts(home, door)
    if parts == (INBOX,):
        yield from _open_to_others(door)
        return
    whole = parts not in PLACES
    for path, state in _below(door) if whole else _files_of(door):
        rights = rights_of((*parts, *path.relative_to(door).parts))
        if parts == (_PREVIEW,) and state.st_nlink > 1 and stat.S_ISREG(state.st_mode):
            rights = PUBLIC  # the very file that readers have
        if rights and (found := _deviation(path, state, rights)):
            yield found


def _open_to_others(inbox: Path) -> Iterator[Deviation]:
    mode = stat.S_IMODE(inbox.stat().st_mode)
    if mode & _OTHERS:
        yield Deviation(inbox, mode, mode & ~_OTHERS)


def _deviation(path: Path, state: os.stat_result, rights: Rights) -> Deviation | None:
    """What is too wide; or, where readers come, too narrow."""
    declared = rights.folder if stat.S_ISDIR(state.st_mode) else rights.file
    found = state.st_mode & _ALL
    is_too_narrow = declared & _OTHERS & ~found
    return Deviation(path, found, declared) if found & ~declared or is_too_narrow else None


def _parts(home: Path, place: Path) -> tuple[str, ...]:
    return place.relative_to(home).parts


_Found = Iterator[tuple[Path, os.stat_result]]


def _files_of(folder: Path) -> _Found:
    """A folder and the files in it."""
    yield folder, folder.stat()
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            yield path, path.stat()


def _below(folder: Path) -> _Found:
    """A folder and all that is in it, but for links."""
    yield folder, folder.stat()
    with suppress(PermissionError), os.scandir(folder) as entries:  # another account's
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    yield Path(entry.path), entry.stat(follow_symlinks=False)


def _set(path: Path, state: os.stat_result, rights: Rights) -> None:
    wanted = rights.folder if stat.S_ISDIR(state.st_mode) else rights.file
    if state.st_mode & _ALL != wanted:
        path.chmod(wanted)
