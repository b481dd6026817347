"""Every kind of damage to every kind of file of an installation, told and mended.

Belongs here: doing the damage, what each command says of it, doing what it says. Does not:
expectations, but for those of the command: ``python -m tests.assets.damages`` tries every pair and
prints what it found; the suite tries some (``tests/assets/test_damage.py``).
"""

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.command_line import SAMPLE_INBOX, SECOND, Outcome, cchc, copy_home, run, tree_digest

MONTH = "2024-03"
ZONES: Mapping[str, str] = {
    "table of the lake": "lake/dossier_statistics/*/*/part-0.parquet",
    "units of the lake": "lake/portal_units/*/*/part-0.parquet",
    "rows set aside": "raw/quarantine/dossiers/2024-03.parquet",
    "record of what was made": "made-from/2024-03/alone.json",
    "bytes of the raw archive": "raw/blobs/*/*",
    "record of a delivery": "raw/deliveries/dossiers/2024-03/*.json",
    "delivery that stands": "raw/deliveries/dossiers/2024-03/last",
    "record of a release": "portal/store/2024-03/r1/release.json",
    "table of a release": "portal/store/2024-03/r1/formats/scores.parquet",
    "digests of a release": "portal/store/2024-03/r1/SHA256SUMS",
    "page": "portal/pages/2024-03.r1/index.html",
    "index": "portal/sites/*/index.json",
    "journal": "portal/journal.jsonl",
    "releases ever shown": "portal/shown",
    "runs of Dagster": "dagster/history/runs.db",
    "events of Dagster": "dagster/history/runs/index.db",
}


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in (0, len(content) // 2):  # of a database, a page in the middle may be unused
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _remove(path: Path) -> None:
    path.unlink()


def _put_beside(path: Path) -> None:
    shutil.copy(path, path.with_name(f"ban-sao{path.suffix}"))


DAMAGES: Mapping[str, Callable[[Path], None]] = {
    "cut": _cut, "flipped": _flip, "empty": _empty, "removed": _remove, "foreign": _put_beside,
}  # fmt: skip
_UNENDED = "the last act did not end"
_NOTHING_BESIDE = frozenset(
    {
        "record of what was made", "journal", "releases ever shown", "runs of Dagster",
        "events of Dagster", "rows set aside", "digests of a release",
    }
)  # fmt: skip
"""Zones where a further file means nothing, or is another zone's."""
_NEVER_MADE = ("record of what was made", "removed")
"""A month without a record is one that was not made as a whole, which is no damage."""
CASES = [
    (zone, damage)
    for zone in ZONES
    for damage in DAMAGES
    if (damage != "foreign" or zone not in _NOTHING_BESIDE) and (zone, damage) != _NEVER_MADE
]


@dataclass
class Case:
    """A damaged home, and what was said of it.

    Attributes:
        home: The home.
        place: The damaged file, or the foreign one, by its path below the home.
        said: What each command said.
        faults: What should not have been said, or was not.
    """

    home: Path
    place: str
    said: dict[str, Outcome] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def damaged(home: Path, zone: str, damage: str) -> Case:
    """Do a damage to the largest file of a zone."""
    path = max(home.glob(ZONES[zone]), key=lambda path: path.stat().st_size)
    DAMAGES[damage](path)
    place = path.with_name(f"ban-sao{path.suffix}") if damage == "foreign" else path
    return Case(home, place.relative_to(home).as_posix())


def commands_named(outcome: Outcome, place: str) -> Iterator[list[str]]:
    """The command that the line on a place names, as its arguments."""
    for line in (outcome.out + outcome.err).splitlines():
        found = re.search(r"-> .*\bcchc (\w+.*)$", line)
        if place in line and found:
            yield found[1].split()


def tried(case: Case, copy: Path, inbox: Path = SAMPLE_INBOX) -> Case:
    """Look, prove, run; then do what the line says, and look again.

    Args:
        case: The damage.
        copy: A backup from before.
        inbox: What lies in the inbox.
    """
    home = ("--home", case.home, "--inbox", inbox)
    case.said["status"] = cchc("status", *home)
    case.said["verify"] = cchc("verify", "--installation", *home)
    case.said["run"] = run(case.home, inbox, month=MONTH, at=SECOND)
    for command, outcome in case.said.items():
        _judge(case, command, outcome)
    named = next(commands_named(case.said["verify"], case.place), [])
    if not named:
        case.faults.append("no command is named")
        return case
    given = [str(copy) if word == "FILE" else word for word in named]
    at = ("--published-at", SECOND) if given[0] == "run" else ()
    case.said["mend"] = cchc(*given, *home, *at)
    if case.said["mend"].code and "run --all" not in case.said["mend"].out:
        case.faults.append(f"mend: {case.said['mend']}")
    case.said["after"] = cchc("verify", "--installation", *home)
    if case.said["after"].code:
        case.faults.append(f"after: {case.said['after']}")
    return case


def _judge(case: Case, command: str, outcome: Outcome) -> None:
    said = outcome.out + outcome.err
    lines = [line for line in said.splitlines() if case.place in line or _UNENDED in line]
    if command == "run" and _UNENDED in said:
        return
    if "unexpected" in said or "Traceback" in said:
        case.faults.append(f"{command}: {said}")
    if len(lines) != 1 or "-> " not in lines[0]:
        case.faults.append(f"{command}: {len(lines)} lines on {case.place}: {said}")
    if command != "run" and outcome.code != 1:
        case.faults.append(f"{command}: exit code {outcome.code}")


def main() -> int:
    """Every pair, one after the other; the number of those that went wrong."""
    work = Path(tempfile.mkdtemp(prefix="cchc-damages-"))
    whole, copy, wrong = work / "whole", work / "copy.tar.zst", 0
    assert run(whole, SAMPLE_INBOX, month=MONTH).code == 0
    made = cchc("backup", copy, "--home", whole)
    assert made.code == 0, made.err
    store = tree_digest(whole / "portal/store")
    for zone, damage in CASES:
        begun, home = time.monotonic(), copy_home(whole, work / "home")
        case = tried(damaged(home, zone, damage), copy)
        if tree_digest(home / "portal/store") != store:
            case.faults.append("the release is another")
        wrong += bool(case.faults)
        seconds = time.monotonic() - begun
        verdict = "\n    ".join(case.faults) or "told and mended"
        sys.stdout.write(f"{zone}, {damage} ({seconds:.1f} s): {verdict}\n")
        sys.stdout.flush()
        shutil.rmtree(home)
    shutil.rmtree(work)
    sys.stdout.write(f"{len(CASES)} cases, {wrong} wrong\n")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main()))
