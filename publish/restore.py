"""An installation taken out of its copy again: whole, or not at all.

Belongs here: unpacking, proving, putting in place. Does not: making the copy (``publish.backup``).

Everything is unpacked into a folder of its own within the new home, since the home may be a mounted
disk and can then not be renamed. Only what was proved is moved up, the portal last: until then
nothing is shown.
"""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import zstandard

from cchc_pipeline.errors import CheckFailedError, UsageError
from publish.backup import LIST, Contents, contents_from

_STAGED = ".restoring"
_NOT_OURS = frozenset({_STAGED, "lost+found"})
_PORTAL = "portal"


def restore(archive: Path, home: Path) -> Contents:
    """Make a home of a copy.

    Args:
        archive: What ``back_up`` wrote.
        home: A folder that is empty or absent.

    Raises:
        UsageError: There is no such archive, or the home is in use.
        CheckFailedError: The archive is damaged, or no copy of an installation.
    """
    if not archive.is_file():
        raise UsageError("no such file", where=str(archive))
    _require_empty(home)
    with _staging(home) as staged:
        contents = _unpacked(archive, staged)
        _require_equal(staged, contents, archive)
        os.sync()
        for part in sorted(staged.iterdir(), key=lambda part: part.name == _PORTAL):
            part.rename(home / part.name)
    return contents


def _require_empty(home: Path) -> None:
    if home.exists() and not home.is_dir():
        raise UsageError("is no folder", where=str(home), todo="name a new one")
    if home.is_dir() and {path.name for path in home.iterdir()} - _NOT_OURS:
        raise UsageError("is not empty", where=str(home), todo="restore into a new folder")


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A folder to unpack into; neither it nor a home that was made for it stays after a failure."""
    is_new = not home.exists()
    staged = home / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True, mode=0o700)
    try:
        yield staged
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        if is_new:
            home.rmdir()
        raise
    staged.rmdir()


def _unpacked(archive: Path, staged: Path) -> Contents:
    try:
        with (
            archive.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            tar.extractall(staged, filter=_safe)  # noqa: S202 - judged one by one
        listed = staged / LIST
        contents = contents_from(listed.read_bytes())
        listed.unlink()
    except (zstandard.ZstdError, tarfile.TarError, EOFError, ValueError) as error:
        raise _damaged(archive, str(error)) from None
    except FileNotFoundError:
        raise _damaged(archive, "its list of contents is missing") from None
    return contents


def _safe(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """A member that may be unpacked, with the rights that it had.

    Raises:
        ValueError: It is no file, folder or link, or lies elsewhere.
        tarfile.FilterError: It leads elsewhere.
    """
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{member.name} lies outside")
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise ValueError(f"{member.name} is neither a file nor a folder nor a link")
    safe = tarfile.data_filter(member, folder)
    rights = member.mode & (0o2777 if member.isdir() else 0o777)
    return safe.replace(mode=rights, deep=False)


def _damaged(archive: Path, why: str) -> CheckFailedError:
    first = next(iter(why.strip().splitlines()), "it cannot be read")
    return CheckFailedError(
        f"the archive is damaged or cut off: {first}", where=str(archive), todo="take another copy"
    )


def _require_equal(staged: Path, contents: Contents, archive: Path) -> None:
    """Read every file again, as the disk has it, against the list."""
    below = [path for path in staged.rglob("*") if path.is_symlink() or path.is_file()]
    name = {path: path.relative_to(staged).as_posix() for path in below}
    links = {name[path]: str(path.readlink()) for path in below if path.is_symlink()}
    files = {name[path]: _digest(path) for path in below if not path.is_symlink()}
    wrong = sorted({*(links.items() ^ contents.links.items())})
    wrong += sorted({*(files.items() ^ contents.files.items())})
    if wrong:
        raise _damaged(archive, f"{wrong[0][0]} is not what was copied")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
