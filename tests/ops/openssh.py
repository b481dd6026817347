"""OpenSSH's own server for a trial, with a key for this account and links.

Belongs here: its keys, its configuration, starting and ending it. Does not: what is tried.
"""

import getpass
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from publish.places.declared import DeclaredPlace
from tests.publish.places.servers import free_port
from tests.serving import served


@dataclass(frozen=True)
class OpenSsh:
    """A running ``sshd``.

    Args:
        folder: Where its keys are: ``host``, ``user``, and ``known`` for who asks.
        port: On 127.0.0.1.
    """

    folder: Path
    port: int

    @property
    def root(self) -> Path:
        """Where what it takes lies."""
        return self.folder / "noi-thu"

    def remote(self, **more: str) -> Mapping[str, str]:
        """Rclone's options for it."""
        return {
            "type": "sftp", "host": "127.0.0.1", "port": str(self.port), "user": getpass.getuser(),
            "shell_type": "none", "key_file": str(self.folder / "user"),
            "known_hosts_file": str(self.folder / "known"), "copy_is_hardlink": "true", **more,
        }  # fmt: skip

    def pin(self, key: Path, *ports: int) -> None:
        """Expect this host's key from now on."""
        kind, code = key.with_suffix(".pub").read_text().split()[:2]
        lines = (f"[127.0.0.1]:{port} {kind} {code}\n" for port in (self.port, *ports))
        (self.folder / "known").write_text("".join(lines))


def new_key(path: Path) -> Path:
    """A pair of keys."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@contextmanager
def openssh(
    folder: Path, sshd: Path, pointer: str = "link"
) -> Iterator[tuple[OpenSsh, DeclaredPlace]]:
    """The server, and the place that it is."""
    found = OpenSsh(folder, free_port())
    found.root.mkdir(parents=True)
    found.pin(new_key(folder / "host"))
    shutil.copy(new_key(folder / "user").with_suffix(".pub"), folder / "authorized")
    server = sshd.parents[1] / "lib" / "openssh" / "sftp-server"
    (folder / "config").write_text("\n".join((
        f"ListenAddress 127.0.0.1:{found.port}", f"HostKey {folder}/host", "StrictModes no",
        f"AuthorizedKeysFile {folder}/authorized", f"Subsystem sftp {server}", "UsePAM no",
        f"PidFile {folder}/pid", "PermitRootLogin prohibit-password", "",
    )))  # fmt: skip
    command = [sshd, "-D", "-e", "-f", folder / "config"]
    process = subprocess.Popen(command, stderr=(folder / "log").open("wb"))
    time.sleep(1)
    shown = found.root / "current" if pointer == "link" else found.root
    try:
        with served(shown, [found.root]) as address:
            yield found, DeclaredPlace.model_validate({
                "name": "noi_thu", "title": {"vi": "Nơi thử", "en": "Trial place"},
                "kind": "files", "shown_at": address, "path": str(found.root), "pointer": pointer,
                "remote": found.remote(), "wait_seconds": 2, "required": True,
            })  # fmt: skip
    finally:
        process.terminate()
        process.wait()
