"""What goes wrong at places of files, by hand: what readers are shown then, and what is told.

Belongs here: each fault on a real server, met by the commands as an officer meets them. Does not:
servers (``tests.publish.places.servers``, ``openssh``), bad lines (``tests.publish.places.lines``).

A fault holds if the command ends with 4 and one line, `cchc status` says the same, readers saw the
old or the new all the while, and `cchc mirror` ends it once what was wrong is mended.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml

from publish.places.declared import DeclaredPlace
from tests.ops.openssh import OpenSsh, new_key, openssh
from tests.publish.places.lines import cut_after, slow_line, stalled_after
from tests.publish.places.rounds import sight, watched
from tests.publish.places.servers import (
    PASSWORD,
    Server,
    also_known,
    mounted,
    place_at,
    secrets_of,
    serving,
)

OLD, NEW = "published", "revised"
SHOWN = {OLD: "1: 2024-03.r1", NEW: "2: 2024-04.r1"}
KINDS = ("sftp", "s3", "webdav")
PARTS = ("servers", "openssh", "disks")
_ROOM = 60_000


@dataclass
class Told:
    """What a command came to."""

    code: int
    lines: tuple[str, ...]


@dataclass
class Installation:
    """A home whose portal is that of a stage, and its one place.

    Args:
        home: Its folder.
        stages: The homes of the story.
        place: What it is sent to, as things should be.
        secrets: What the environment gives beside.
    """

    home: Path
    stages: Path
    place: DeclaredPlace
    secrets: Mapping[str, str] = field(default_factory=dict)

    def cchc(self, *arguments: str, **more: str) -> Told:
        """A command, in Vietnamese."""
        done = subprocess.run(
            [sys.executable, "-m", "cchc_pipeline", *arguments, "--home", str(self.home)],
            env={**os.environ, **self.secrets, "CCHC_LANG": "vi", **more}, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        return Told(done.returncode, tuple((done.stdout + done.stderr).splitlines()))

    def show(self, stage: str) -> None:
        """The portal is that of a stage."""
        self.home.mkdir(exist_ok=True)
        link = self.home / "portal"
        link.unlink(missing_ok=True)
        link.symlink_to(self.stages / stage / "portal")

    def declare(self, place: DeclaredPlace) -> None:
        """Write ``places.yaml``."""
        content = {"places": [place.model_dump(mode="json") | {"title": {"vi": "Nơi", "en": "P"}}]}
        (self.home / "places.yaml").write_text(yaml.safe_dump(content, allow_unicode=True))


def say(*cells: object) -> None:
    """A row of the table."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


def meet(
    name: str,
    one: Installation,
    wrong: AbstractContextManager[DeclaredPlace],
    *,
    ends: int = 4,
    **more: str,
) -> bool:
    """One fault from its beginning to its end; whether all that must hold does."""
    one.show(OLD)
    one.declare(one.place)
    first = one.cchc("mirror", "noi_thu")
    if first.code:
        say(name, "THE FIRST SENDING FAILED", *first.lines)
        return False
    with httpx.Client(timeout=20) as client:
        with watched(one.place) as seen, wrong as bad:
            one.show(NEW)
            one.declare(bad)
            began = time.monotonic()
            out = one.cchc("mirror", "noi_thu", **more)
            seconds = time.monotonic() - began
            status = one.cchc("status")
            then = sight(one.place, client)
        one.declare(one.place)
        again = one.cchc("mirror", "noi_thu")
        after = sight(one.place, client)
    of_place = [line for line in status.lines if line.startswith("nơi ")]
    holds = (
        out.code == ends and again.code == 0 and after == SHOWN[NEW]
        and seen | {then} <= {*SHOWN.values()} and (ends == 0 or then == SHOWN[OLD])
    )  # fmt: skip
    say("holds" if holds else "DOES NOT HOLD", name, f"{out.code}, {seconds:.0f} s",
        " / ".join(out.lines), f"status: {' / '.join(of_place)}", f"readers: {sorted(seen)}",
        f"then {again.code}: {after}")  # fmt: skip
    if again.code:
        say("", *again.lines)
    return holds


@contextmanager
def over(
    place: DeclaredPlace, line: AbstractContextManager[int], server: Server | OpenSsh
) -> Iterator[DeclaredPlace]:
    """The place behind a bad line."""
    with line as port:
        if isinstance(server, OpenSsh):
            server.pin(server.folder / "host", port)
            yield place.model_copy(update={"remote": server.remote(port=str(port))})
        elif server.kind == "sftp":
            also_known(server, port)
            yield place.model_copy(update={"remote": server.remote(port=str(port))})
        else:
            address = {"s3": "endpoint", "webdav": "url"}[server.kind]
            remote = server.remote(**{address: f"http://127.0.0.1:{port}"})
            yield place.model_copy(update={"remote": remote})


@contextmanager
def filled(place: DeclaredPlace, disk: Path) -> Iterator[DeclaredPlace]:
    """The disk has next to no room."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        room = os.statvfs(disk)
        file.write(bytes(room.f_bavail * room.f_frsize - _ROOM))
    try:
        yield place
    finally:
        filler.unlink()


@contextmanager
def not_writable(place: DeclaredPlace, disk: Path) -> Iterator[DeclaredPlace]:
    """The disk may only be read."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        yield place
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


@contextmanager
def as_it_is(place: DeclaredPlace) -> Iterator[DeclaredPlace]:
    """Nothing is wrong with the place; something else is."""
    yield place


@contextmanager
def another_key(place: DeclaredPlace, known: Path, key: str) -> Iterator[DeclaredPlace]:
    """The server's key is not the one that is expected."""
    old = known.read_text()
    known.write_text("".join(f"{line.split()[0]} {key}\n" for line in old.splitlines()))
    try:
        yield place
    finally:
        known.write_text(old)


@contextmanager
def disk_of(folder: Path) -> Iterator[Path]:
    """A small disk."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def faults(stages: Path, work: Path, sshd: Path | None, part: str | None) -> None:
    """Those of a part, or all, each on a server of its own."""
    parts = {"servers": lambda: _at_servers(stages, work)}
    if sshd:
        parts["openssh"] = lambda: _at_openssh(stages, work, sshd)
    if os.geteuid() == 0:
        parts["disks"] = lambda: _disks(stages, work)
    say("", "fault", "code, seconds", "told", "status", "readers saw", "afterwards")
    held = [one for name, of_part in parts.items() if part in {None, name} for one in of_part()]
    say(f"{sum(held)} of {len(held)} hold")


def _at_servers(stages: Path, work: Path) -> Iterator[bool]:
    for kind in KINDS:
        for name, line in _lines().items():
            folder = work / f"{kind}-{name.replace(' ', '-')}"
            with serving(kind, folder) as server, place_at(server) as place:
                one = Installation(work / f"home-{folder.name}", stages, place)
                wrong = over(place, line(server.port), server)
                yield meet(f"{kind}, {name}", one, wrong, ends=0 if name == "slow" else 4)
        with serving(kind, work / f"{kind}-khoa") as server, place_at(server) as place:
            one = Installation(work / f"home-{kind}-khoa", stages, place)
            secrets = secrets_of(kind, PASSWORD[::-1])
            yield meet(f"{kind}, wrong key", one, as_it_is(place), **secrets)
    with serving("sftp", work / "ghim") as server, place_at(server) as place:
        assert server.known_hosts is not None
        key = " ".join(new_key(work / "la").with_suffix(".pub").read_text().split()[:2])
        one = Installation(work / "home-ghim", stages, place)
        yield meet("sftp, changed host key", one, another_key(place, server.known_hosts, key))


def _lines() -> Mapping[str, Callable[[int], AbstractContextManager[int]]]:
    return {
        "cut at once": lambda port: cut_after(port, 2_000),
        "cut in the middle": lambda port: cut_after(port, 200_000),
        "cut late": lambda port: cut_after(port, 500_000),
        "stalled": lambda port: stalled_after(port, 200_000),
        "slow": lambda port: slow_line(port, 100_000, 0.1),
    }


def _at_openssh(stages: Path, work: Path, sshd: Path) -> Iterator[bool]:
    with ExitStack() as open_ones:
        for name in ("cut", "slow", "key", "pinned", "pinned at the link"):
            folder = work / f"ssh-{name.replace(' ', '-')}"
            server, place = open_ones.enter_context(openssh(folder, sshd))
            one = Installation(work / f"home-{folder.name}", stages, place)
            other = new_key(folder / "other")
            key = " ".join(other.with_suffix(".pub").read_text().split()[:2])
            wrong = {
                "cut": over(place, cut_after(server.port, 200_000), server),
                "slow": over(place, slow_line(server.port, 100_000, 0.1), server),
                "key": as_it_is(place.model_copy(update={
                    "remote": server.remote(key_file=str(other)),
                })),
                "pinned": another_key(place, folder / "known", key),
                "pinned at the link": as_it_is(place.model_copy(update={
                    "remote": server.remote(known_hosts_file="/dev/null", host_keys=" ".join(
                        (folder / "host.pub").read_text().split()[:2])),
                })),
            }[name]  # fmt: skip
            yield meet(f"OpenSSH, {name}", one, wrong, ends=0 if name == "slow" else 4)


def _disks(stages: Path, work: Path) -> Iterator[bool]:
    for name, bad in (("full disk", filled), ("read-only disk", not_writable)):
        for kind in (*KINDS, "link", "page"):
            mark = f"{name.replace(' ', '-')}-{kind}"
            there = work / f"disk-{mark}"
            with disk_of(there / "noi-thu") as disk, _at(there, kind) as place:
                one = Installation(work / f"home-{mark}", stages, place)
                yield meet(f"{kind}, {name}", one, bad(place, disk))


@contextmanager
def _at(folder: Path, kind: str) -> Iterator[DeclaredPlace]:
    if kind in KINDS:
        with serving(kind, folder) as server, place_at(server) as place:
            yield place
    else:
        with mounted(folder / "noi-thu", kind) as place:
            yield place
