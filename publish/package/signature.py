"""The detached signature of a release: ``SHA256SUMS.minisig``, as minisign makes and checks it.

Belongs here: signing, checking, and which secret key may be used. Does not: when a release is
signed (``publish.portal.publication``), or where the settings stand. The secret key lies outside
``CCHC_HOME``, its passphrase in the environment only; neither is ever written or logged.

A signature is deterministic: Ed25519 over BLAKE2b, and a trusted comment without a clock.
"""

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cchc_pipeline.core.errors import CheckFailedError, UsageError, with_extra
from cchc_pipeline.settings import SIGNING_PASSPHRASE
from publish.model import ReleaseId

SIGNATURE = "SHA256SUMS.minisig"
PUBLIC_KEY = "minisign.pub"
_LARGEST_KEY = 10_000


@dataclass(frozen=True)
class Signer:
    """A secret key that releases are signed with.

    Args:
        key_file: The secret key, as minisign keeps it.
        passphrase: What it is encrypted with; None if it is not.
    """

    key_file: Path
    passphrase: str | None = field(default=None, repr=False)

    def sign(self, sums: bytes, comment: str) -> bytes:
        """The signature of a release's digests (see ``sign``)."""
        return sign(sums, self.key_file, self.passphrase, comment)

    def public_key(self) -> bytes:
        """What readers check it with (see ``public_key``)."""
        return public_key(self.key_file, self.passphrase)


def trusted_comment(package: str, release: ReleaseId, published_at: str) -> str:
    """What the signature vouches for beside the digests.

    Args:
        package: The name of the data package.
        release: The release.
        published_at: Its moment, ISO 8601 in UTC.
    """
    return f"{package} {release} published {published_at}"


def require_safe_key(key_file: Path, home: Path) -> None:
    """Refuse a secret key that others could read, or that a copy of the home would carry away.

    Raises:
        UsageError: It is not there, lies inside the home, or others than its owner may read it.
    """
    where = f"setting CCHC_SIGNING_KEY ({key_file})"
    if not key_file.is_file():
        raise UsageError("no such file", where=where, todo="name the secret key of minisign -G")
    if key_file.resolve().is_relative_to(home.resolve()):
        raise UsageError("the secret key lies inside CCHC_HOME", where=where, todo="keep it apart")
    if key_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        todo = f"chmod 600 {key_file.name}"
        raise UsageError("others may read the secret key", where=where, todo=todo)


def sign(sums: bytes, key_file: Path, passphrase: str | None, comment: str) -> bytes:
    """The content of ``SHA256SUMS.minisig``.

    Args:
        sums: The content of ``SHA256SUMS``.
        key_file: The secret key, as minisign keeps it.
        passphrase: What it is encrypted with; None if it is not.
        comment: The trusted comment, printable ASCII.

    Raises:
        UsageError: The key cannot be used; the line never repeats what is in it.
    """
    with _secret_key(key_file, passphrase) as key:
        content: bytes = bytes(key.sign(sums, trusted_comment=comment)) + b"\n"
        return content


def public_key(key_file: Path, passphrase: str | None) -> bytes:
    """The content of ``minisign.pub``, which readers check with.

    Raises:
        UsageError: The key cannot be used.
    """
    with _secret_key(key_file, passphrase) as key:
        content: bytes = bytes(key.get_public_key()) + b"\n"
        return content


def require_public_key(key: bytes) -> Any:
    """A public key, from the content of a ``minisign.pub``, or its last line alone.

    Raises:
        UsageError: It is none.
    """
    minisign, lines = _library(), key.strip().splitlines()
    try:
        return minisign.PublicKey.from_base64(lines[-1] if lines else b"")
    except minisign.Error:
        todo = f"give the publisher's {PUBLIC_KEY}"
        raise UsageError("not a public key of minisign", where="--public-key", todo=todo) from None


def check_signature(sums: bytes, signature: bytes, key: bytes) -> str:
    """Hold a signature to the digests and to a public key.

    Args:
        sums: The content of ``SHA256SUMS``.
        signature: The content of ``SHA256SUMS.minisig``.
        key: The content of a ``minisign.pub``, or its last line alone.

    Returns:
        The trusted comment.

    Raises:
        UsageError: The public key is none.
        CheckFailedError: The signature is not of that key, or not of these digests.
    """
    minisign, public = _library(), require_public_key(key)
    try:
        stated = minisign.Signature.from_bytes(signature)
        public.verify(sums, stated)
    except minisign.Error as error:
        raise CheckFailedError(f"the signature is not good: {error}", where=SIGNATURE) from None
    comment: str = stated.trusted_comment
    return comment


def _library() -> Any:
    """The library that knows minisign's formats; an extra, since few installations sign."""
    try:
        import minisign  # noqa: PLC0415
    except ModuleNotFoundError:
        todo = with_extra("sign")
        raise UsageError("signatures need py-minisign", where="signing", todo=todo) from None
    return minisign


def _secret_key(key_file: Path, passphrase: str | None) -> Any:
    """The secret key, decrypted; it wipes itself at the end of a ``with``."""
    minisign, where = _library(), f"setting CCHC_SIGNING_KEY ({key_file})"
    try:
        with key_file.open("rb") as file:
            key = minisign.SecretKey.from_bytes(file.read(_LARGEST_KEY))
    except OSError as error:
        raise UsageError(str(error.strerror), where=where, todo="check the path") from None
    except minisign.Error:
        raise UsageError("not a secret key of minisign", where=where) from None
    if key.is_encrypted():
        _decrypt(key, passphrase, where)
    return key


def _decrypt(key: Any, passphrase: str | None, where: str) -> None:
    if not passphrase:
        raise UsageError("the key is encrypted", where=where, todo=f"set {SIGNING_PASSPHRASE}")
    try:
        key.decrypt(passphrase)
    except (_library().Error, MemoryError):
        raise UsageError(
            "cannot be decrypted", where=where, todo=f"check {SIGNING_PASSPHRASE}"
        ) from None
