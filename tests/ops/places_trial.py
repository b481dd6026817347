"""Places tried in full, by hand: every kind of server, every cut, and what a small change costs.

Belongs here: servers of this machine, faults, a table of figures. Does not: what the suite asserts
(``tests.publish.places``). Run as ``python -m tests.ops.places_trial HOME REVISED [--sshd FILE]``:
a home that has published, the same after a release that revises a little, and OpenSSH's ``sshd``
(with ``sftp-server`` in ``../lib/openssh`` beside it) if it is to be tried. As root it also fills a
disk.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from publish.places.declared import DeclaredPlace
from publish.places.rounds import Outcome
from publish.places.tree import difference, shown_site
from publish.store.store import Portal
from tests.publish.places.rounds import bring, sight, watched
from tests.publish.places.servers import (
    PASSWORD,
    also_known,
    cut_after,
    free_port,
    mounted,
    place_at,
    secrets_of,
    serving,
)
from tests.serving import served

HOMES = ("first", "second")


def say(*cells: object) -> None:
    """A row of the table."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


@contextmanager
def places(work: Path, sshd: Path | None) -> Iterator[list[tuple[str, DeclaredPlace]]]:
    """Every kind of place, each with its readers' address."""
    with (
        mounted(work / "link", "link") as link, mounted(work / "page", "page") as page,
        serving("sftp", work / "sftp") as sftp, place_at(sftp) as by_sftp,
        serving("s3", work / "s3") as s3, place_at(s3) as by_s3,
        serving("webdav", work / "webdav") as webdav, place_at(webdav) as by_webdav,
    ):  # fmt: skip
        found = [("folder, link", link), ("folder, page", page), ("rclone sftp", by_sftp),
                 ("rclone s3", by_s3), ("rclone webdav", by_webdav)]  # fmt: skip
        if sshd is None:
            yield found
            return
        with openssh(work / "ssh", sshd) as by_ssh:
            yield [*found, ("OpenSSH, link", by_ssh)]


@contextmanager
def openssh(folder: Path, sshd: Path) -> Iterator[DeclaredPlace]:
    """OpenSSH's server with a key for this account, and links."""
    there, port = folder / "noi-thu", free_port()
    there.mkdir(parents=True)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    shutil.copy(folder / "user.pub", folder / "authorized")
    known = (folder / "host.pub").read_text().split()[:2]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {' '.join(known)}\n")
    server = sshd.parents[1] / "lib" / "openssh" / "sftp-server"
    (folder / "config").write_text("\n".join((
        f"ListenAddress 127.0.0.1:{port}", f"HostKey {folder}/host", "StrictModes no", "UsePAM no",
        f"AuthorizedKeysFile {folder}/authorized", f"Subsystem sftp {server}",
        f"PidFile {folder}/pid", "PermitRootLogin prohibit-password", "",
    )))  # fmt: skip
    command = [sshd, "-D", "-e", "-f", folder / "config"]
    process = subprocess.Popen(command, stderr=(folder / "log").open("wb"))
    time.sleep(1)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    remote = {
        "type": "sftp", "host": "127.0.0.1", "port": str(port), "user": user, "shell_type": "none",
        "key_file": str(folder / "user"), "known_hosts_file": str(folder / "known"),
        "copy_is_hardlink": "true",
    }  # fmt: skip
    try:
        with served(there / "current", [there]) as address:
            yield DeclaredPlace.model_validate({
                "name": "mo_ssh", "title": {"vi": "SSH", "en": "SSH"}, "kind": "files",
                "shown_at": address, "path": str(there), "pointer": "link", "remote": remote,
                "wait_seconds": 2, "required": True,
            })  # fmt: skip
    finally:
        process.terminate()
        process.wait()


def costs(stages: Path, work: Path, sshd: Path | None) -> None:
    """Bytes and seconds of a whole sending, and of a small change; what a reader saw meanwhile."""
    one, two = (shown_site(Portal(stages / home / "portal")) for home in HOMES)
    assert one is not None
    assert two is not None
    changed = difference(two, one.name, one.files)
    whole, part = (sum(map(two.size_of, paths)) for paths in (two.files, changed.sent))
    say("site", f"{len(two.files)} files", f"{whole / 1e6:.1f} MB", "differs in",
        f"{len(changed.sent)} files", f"{part / 1e6:.1f} MB")  # fmt: skip
    say("place", "step", "state", "files", "MB", "seconds", "readers saw")
    with places(work, sshd) as found:
        for name, place in found:
            for home in HOMES:
                with watched(place) as seen:
                    out = bring(stages, home, place, work / "home" / name)
                say(name, home, out.state, out.files, f"{out.sent / 1e6:.1f}", f"{out.seconds:.1f}",
                    sorted(seen), out.line)  # fmt: skip


def faults(stages: Path, work: Path) -> None:
    """What is shown, and what is said, after each thing that may go wrong."""
    say("fault", "state", "why", "shown then", "shown after another try")
    for limit in (50_000, 500_000, 3_000_000, 9_000_000):
        with serving("sftp", work / f"cut{limit}") as server, place_at(server) as place:
            home = work / f"home{limit}"
            bring(stages, "first", place, home)
            with cut_after(server.port, limit) as port:
                also_known(server, port)
                broken = place.model_copy(update={"remote": server.remote(port=str(port))})
                out = bring(stages, "second", broken, home)
            report(f"line cut after {limit} bytes", out, place, stages, home)
    if os.geteuid() == 0:
        full_disk(stages, work)


def full_disk(stages: Path, work: Path) -> None:
    """A disk on which the first site has room and the second has not."""
    disk = work / "disk"
    disk.mkdir()
    one = shown_site(Portal(stages / "first" / "portal"))
    assert one is not None
    room = sum(map(one.size_of, one.files)) * 12 // 10
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", disk], check=True)
    try:
        for name, pointer in (("link", "link"), ("page", "page")):
            with mounted(disk / "there", pointer) as place:
                home = work / f"full-{name}"
                bring(stages, "first", place, home)
                out = bring(stages, "second", place, home)
                report(f"full disk, {name}", out, place, stages, home)
            shutil.rmtree(disk / "there")
        with serving("webdav", disk / "there") as server, place_at(server) as place:
            home = work / "full-webdav"
            bring(stages, "first", place, home)
            out = bring(stages, "second", place, home)
            report("full disk, WebDAV", out, place, stages, home)
    finally:
        subprocess.run(["umount", disk], check=False)


def report(name: str, out: Outcome, place: DeclaredPlace, stages: Path, home: Path) -> None:
    """A fault's row: then, and after another try."""
    with httpx.Client() as client:
        then = sight(place, client)
        again = bring(stages, "second", place, home)
        say(name, out.state, f"{out.fault}: {out.line}", then,
            f"{again.state}: {sight(place, client)}")  # fmt: skip


def main() -> None:
    """Everything, one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--sshd", type=Path)
    asked = parser.parse_args()
    os.environ.update(secrets_of("sftp", PASSWORD) | secrets_of("s3", PASSWORD))
    with TemporaryDirectory() as folder:
        stages, work = Path(folder) / "stages", Path(folder) / "work"
        for path in (stages, work, work / "home"):
            path.mkdir()
        for name, home in zip(HOMES, (asked.first, asked.second), strict=True):
            (stages / name).mkdir()
            (stages / name / "portal").symlink_to((home / "portal").resolve())
        costs(stages, work, asked.sshd)
        faults(stages, work)


if __name__ == "__main__":
    main()
