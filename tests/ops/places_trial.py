"""Places tried in full, by hand: every kind of server, what goes wrong, what a small change costs.

Belongs here: the servers of this machine with nginx before them, the acts, a table of figures. Does
not: what goes wrong (``places_faults``), what the suite asserts (``tests.publish.places``). Run as
``python -m tests.ops.places_trial HOME REVISED [--sshd FILE]``: a home that has published, the same
after a release that revises a little, and OpenSSH's ``sshd`` (with ``sftp-server`` in
``../lib/openssh`` beside it) if it is to be tried. As root it also fills a disk.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from publish.places.declared import DeclaredPlace
from publish.places.tree import difference, shown_site
from publish.store.store import Portal
from tests.ops.nginx import nginx
from tests.ops.openssh import openssh
from tests.ops.places_faults import PARTS, faults
from tests.publish.places.rounds import bring, watched
from tests.publish.places.servers import PASSWORD, mounted, place_at, secrets_of, serving
from tests.publish.places.stages import STAGES, make_stages

HOMES = ("first", "second")
_MANY = {"rate=20r/s": "rate=9999r/s"}
"""A reader every 20 ms, from one address, is more than the shipped configuration lets one ask."""


def say(*cells: object) -> None:
    """A row of the table."""
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


@contextmanager
def places(work: Path, sshd: Path | None) -> Iterator[list[tuple[str, DeclaredPlace]]]:
    """Every kind of place, each behind an nginx of its own."""
    with ExitStack() as open_ones:
        enter = open_ones.enter_context
        found = [
            (f"folder, {pointer}", enter(mounted(work / pointer, pointer)), work / pointer)
            for pointer in ("link", "page")
        ]
        for kind in ("sftp", "s3", "webdav"):
            taking = enter(serving(kind, work / kind))
            found.append((f"rclone {kind}", enter(place_at(taking)), taking.root))
        if sshd is not None:
            server, by_ssh = enter(openssh(work / "ssh", sshd))
            found.append(("OpenSSH, link", by_ssh, server.root))
        fronts = [enter(nginx(_web_root(place, root), work / f"nginx-{number}", _MANY))
                  for number, (_, place, root) in enumerate(found)]  # fmt: skip
        yield [(name, place.model_copy(update={"shown_at": address}))
               for (name, place, _), address in zip(found, fronts, strict=True)]  # fmt: skip


def _web_root(place: DeclaredPlace, root: Path) -> Path:
    return root / "current" if place.pointer == "link" else root


def follow(stages: Path, names: Sequence[str], work: Path, sshd: Path | None) -> None:
    """Every place comes to show each stage; what it cost, and what a reader saw meanwhile."""
    say("place", "step", "state", "files", "MB", "seconds", "readers saw")
    with places(work, sshd) as found:
        for name, place in found:
            for stage in names:
                with watched(place) as seen:
                    out = bring(stages, stage, place, work / name)
                say(name, stage, out.state, out.files, f"{out.sent / 1e6:.1f}",
                    f"{out.seconds:.1f}", sorted(seen), out.line)  # fmt: skip


def told_difference(stages: Path) -> None:
    """How the second site differs from the first."""
    one, two = (shown_site(Portal(stages / home / "portal")) for home in HOMES)
    assert one is not None
    assert two is not None
    changed = difference(two, one.name, one.files)
    whole, part = (sum(map(two.size_of, paths)) for paths in (two.files, changed.sent))
    say("site", f"{len(two.files)} files", f"{whole / 1e6:.1f} MB", "differs in",
        f"{len(changed.sent)} files", f"{part / 1e6:.1f} MB")  # fmt: skip


def main() -> None:
    """Everything, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--sshd", type=Path)
    parser.add_argument("--only", choices=["acts", "costs", *PARTS])
    asked = parser.parse_args()
    os.environ.update(secrets_of("sftp", PASSWORD) | secrets_of("s3", PASSWORD))
    with TemporaryDirectory(prefix="cchc-places-") as folder:
        work = Path(folder)
        stages = work / "stages"
        for path in (stages, work / "acts", work / "costs", work / "faults"):
            path.mkdir()
        make_stages(stages)
        for name, home in zip(HOMES, (asked.first, asked.second), strict=True):
            (stages / name).mkdir()
            (stages / name / "portal").symlink_to((home / "portal").resolve())
        if asked.only in {None, "acts"}:
            follow(stages, STAGES, work / "acts", asked.sshd)
        if asked.only in {None, "costs"}:
            told_difference(stages)
            follow(stages, HOMES, work / "costs", asked.sshd)
        if asked.only in {None, *PARTS}:
            faults(stages, work / "faults", asked.sshd, asked.only)


if __name__ == "__main__":
    main()
