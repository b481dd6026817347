"""A backup that only who has the key can read: sealed and opened by the host's ``age`` or ``gpg``.

Belongs here: which program a recipient or a sealed file is for, and a pipe to it. Does not: what is
in a backup (``backup``), or keys: they are the program's, and no line of ours holds one.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from cchc_pipeline.core.errors import CheckFailedError, UsageError
from cchc_pipeline.core.masking import visible

_OF_AGE = ("age1", "ssh-ed25519 ", "ssh-rsa ")
_AGE_BEGINS = b"age-encryption.org/"
_ZSTD_BEGINS = b"\x28\xb5\x2f\xfd"
_PACKET = 0x80
"""The first bit of every OpenPGP packet."""
_HEAD = len(_AGE_BEGINS)
_SAID = 160


@contextmanager
def sealed(out: BinaryIO, recipient: str) -> Iterator[BinaryIO]:
    """A pipe whose other end writes to a file what only the recipient can read.

    Args:
        out: The file.
        recipient: A recipient of age (``age1…``, or a public SSH key), else a key of gpg; empty
            for the file itself.

    Raises:
        UsageError: The program is not installed.
        CheckFailedError: It refused.
    """
    if not recipient:
        yield out
        return
    with _program(_sealing(recipient), stdin=subprocess.PIPE, stdout=out) as process:
        if process.stdin is None:
            raise RuntimeError("a pipe was asked for")
        try:
            yield process.stdin  # type: ignore[misc]  # a pipe is a binary file
        finally:
            process.stdin.close()


@contextmanager
def opened(file: Path, identity: Path | None) -> Iterator[BinaryIO]:
    """A backup as it was before it was sealed, if it was.

    Args:
        file: The backup.
        identity: The file with age's secret key.

    Raises:
        UsageError: The program is not installed, or needs an identity.
        CheckFailedError: It refused.
    """
    with file.open("rb") as beginning:
        command = _opening(beginning.read(_HEAD), identity, file)
    with file.open("rb") as packed:  # opened anew: a program begins where the system stands
        if not command:
            yield packed
            return
        with _program(command, stdin=packed, stdout=subprocess.PIPE) as process:
            if process.stdout is None:
                raise RuntimeError("a pipe was asked for")
            yield process.stdout  # type: ignore[misc]  # a pipe is a binary file


def _sealing(recipient: str) -> Sequence[str]:
    if recipient.startswith(_OF_AGE):
        return ("age", "--recipient", recipient)
    return ("gpg", "--batch", "--quiet", "--trust-model", "always", "--recipient", recipient,
            "--output", "-", "--encrypt")  # fmt: skip


def _opening(head: bytes, identity: Path | None, file: Path) -> Sequence[str]:
    if head.startswith(_AGE_BEGINS):
        if identity is None:
            raise UsageError("is encrypted with age", where=str(file), todo="give --identity FILE")
        return ("age", "--decrypt", "--identity", str(identity))
    if not head.startswith(_ZSTD_BEGINS) and head[:1] and head[0] & _PACKET:
        return ("gpg", "--batch", "--quiet", "--decrypt")
    return ()


@contextmanager
def _program(
    command: Sequence[str], *, stdin: BinaryIO | int, stdout: BinaryIO | int
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program at work; where it ended badly, that is the error, whatever followed from it."""
    name = command[0]
    if shutil.which(name) is None:
        raise UsageError(
            f"{name} is not installed", where="encryption of the backup", todo=f"install {name}"
        )
    with subprocess.Popen(  # noqa: S603 - a program by its name, and no shell
        command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        except (Exception, BrokenPipeError) as error:
            _close(process.stdout)
            if process.wait():
                raise _refused(name, process) from error
            raise
        _close(process.stdout)
        if process.wait():
            raise _refused(name, process)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()


def _refused(name: str, process: "subprocess.Popen[bytes]") -> CheckFailedError:
    said = process.stderr.read() if process.stderr else b""
    first = next(iter(said.decode(errors="replace").strip().splitlines()), "it did not say why")
    return CheckFailedError(f"{name} refused: {visible(first, _SAID)}", where="the backup")
