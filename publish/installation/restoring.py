"""An installation out of its copy, whole or not at all; or some files of it.

Belongs here: unpacking a copy, proving it, putting it in place. Does not: what belongs to a copy
(``backup``), the key of one that is encrypted (``encryption``), or where a single file goes
(``mending``).

Everything is unpacked into a folder of its own within the new home, since the home may be a mounted
disk and can then not be renamed. Only what was proved is moved up, the portal last: until then
nothing is shown.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import zstandard
from pydantic import TypeAdapter

from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.core.files import digest_of_file
from cchc_pipeline.core.modes import PRIVATE, ROOTS, make_home, rights_of
from publish.installation.backup import FORMAT, LIST, Contents
from publish.installation.encryption import opened

_STAGED = ".restoring"
_NOT_OURS = frozenset({_STAGED, "lost+found", ROOTS})
_PORTAL = "portal"
_CONTENTS = TypeAdapter(Contents)


def contents_from(text: bytes) -> Contents:
    """The list of an archive, as ``back_up`` wrote it.

    Raises:
        UsageError: A newer version of this program wrote it.
        ValueError: It is no such list.
    """
    content: Any = json.loads(text)
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise ValueError("no list of contents")
    if content["format"] > FORMAT:
        raise UsageError(f"made by {content.get('made_by')}", todo="unpack it with that version")
    return _CONTENTS.validate_python(content)


def restore(archive: Path, home: Path, identity: Path | None = None) -> Contents:
    """Make a home of a copy.

    Args:
        archive: What ``back_up`` wrote.
        home: A folder that is empty or absent.
        identity: The file with age's secret key, if the archive is encrypted for it.

    Raises:
        UsageError: There is no such archive, or the home is in use.
        CheckFailedError: The archive is damaged, or no copy of an installation.
    """
    _require_file(archive)
    _require_empty(home)
    with _staging(home) as staged:
        contents = _unpacked(archive, staged, identity)
        _require_equal(staged, contents, archive)
        os.sync()
        for part in sorted(staged.iterdir(), key=lambda part: part.name == _PORTAL):
            part.rename(home / part.name)
    return contents


def _require_file(archive: Path) -> None:
    if not archive.is_file():
        raise UsageError("no such file", where=str(archive))


def take_out(archive: Path, names: Collection[str], staged: Path, identity: Path | None) -> None:
    """Unpack some files of an archive into a folder, each proved; those that it has.

    Args:
        archive: What ``back_up`` wrote.
        names: Their paths below the home.
        staged: The folder.
        identity: As for ``restore``.

    Raises:
        UsageError: There is no such archive.
        CheckFailedError: The archive is damaged, or no copy of an installation.
    """
    _require_file(archive)
    with _read(archive, identity) as tar:
        whole = {member.name: member.linkname for member in tar if member.islnk()}
    wanted = {*names, *(whole[name] for name in names if name in whole), LIST}
    with _read(archive, identity) as tar:
        chosen = (member for member in tar if member.name in wanted)
        tar.extractall(staged, members=chosen, filter=_safe)  # noqa: S202 - judged one by one
    try:
        contents = contents_from((staged / LIST).read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise _damaged(archive, str(error)) from None
    for name in wanted & contents.files.keys():
        if digest_of_file(staged / name) != contents.files[name]:
            raise _damaged(archive, f"{name} is not what was copied")


@contextmanager
def _read(archive: Path, identity: Path | None) -> Iterator[tarfile.TarFile]:
    """An archive as a stream of members.

    Raises:
        CheckFailedError: It is damaged.
    """
    try:
        with (
            opened(archive, identity) as packed,
            zstandard.ZstdDecompressor().stream_reader(packed) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            yield tar
    except (zstandard.ZstdError, tarfile.TarError, EOFError, ValueError) as error:
        raise _damaged(archive, str(error)) from None


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
    make_home(home)
    staged.mkdir(mode=PRIVATE.folder)
    try:
        yield staged
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        if is_new:
            home.rmdir()
        raise
    staged.rmdir()


def _unpacked(archive: Path, staged: Path, identity: Path | None) -> Contents:
    try:
        with _read(archive, identity) as tar:
            tar.extractall(staged, filter=_safe)  # noqa: S202 - judged one by one
        listed = staged / LIST
        contents = contents_from(listed.read_bytes())
        listed.unlink()
    except ValueError as error:
        raise _damaged(archive, str(error)) from None
    except FileNotFoundError:
        raise _damaged(archive, "its list of contents is missing") from None
    return contents


def _safe(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """A member that may be unpacked, with the rights of its place; those of the inbox it had.

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
    rights = rights_of(name.parts)
    declared = (rights.folder if member.isdir() else rights.file) if rights else member.mode & 0o777
    return safe.replace(mode=declared, deep=False)


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
    files = {name[path]: digest_of_file(path) for path in below if not path.is_symlink()}
    wrong = sorted({*(links.items() ^ contents.links.items())})
    wrong += sorted({*(files.items() ^ contents.files.items())})
    if wrong:
        raise _damaged(archive, f"{wrong[0][0]} is not what was copied")
