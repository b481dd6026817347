"""The one move over SFTP that rclone does not know: a link, renamed over the one before.

Belongs here: OpenSSH's ``sftp`` with the place's own key, its server's key pinned. Does not: files,
which rclone sends. On a server that follows links, addresses then stay the same from release to
release.
"""

import shutil
import subprocess

from cchc_pipeline.core.errors import UsageError
from publish.places.rclone import PlaceError, Rclone, fault_of
from publish.places.tree import POINTER_LINK, SITES

_SECONDS = 60


def link_over_sftp(rclone: Rclone, name: str) -> None:
    """Lead readers to a site by the link ``current``.

    Raises:
        PlaceError: The server refused.
        UsageError: The program is not installed.
    """
    program = shutil.which("sftp")
    if program is None:
        raise UsageError("sftp is not installed", todo="apt-get install openssh-client")
    folder = rclone.place.path.rstrip("/")
    scratch = f"{folder}/.{POINTER_LINK}.next"
    moves = (
        f"-rm {scratch}",
        f"symlink {SITES}/{name} {scratch}",
        f"rename {scratch} {folder}/{POINTER_LINK}",
    )
    try:
        done = subprocess.run(  # noqa: S603 - options of the installation, no shell
            [program, *_options(rclone)],
            input="\n".join([*moves, ""]).encode(),
            capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise PlaceError("unreachable", f"sftp: no end after {_SECONDS} s") from None
    if done.returncode:
        raise fault_of(done.stderr.decode(errors="replace"))


def _options(rclone: Rclone) -> list[str]:
    option = rclone.option
    said = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": option("known_hosts_file"),
        "IdentityFile": option("key_file"),
        "Port": option("port") or "22",
    }
    options = [part for name, value in said.items() for part in ("-o", f"{name}={value}")]
    return [*options, "-b", "-", f"{option('user')}@{option('host')}"]
