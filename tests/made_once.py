"""What takes long to make and is only read: made once for all processes that share the tests.

Belongs here: waiting for the process that makes it, and a copy for each of the others. Does not:
what is made, which the fixture that asks for it says.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import copy_home


class MadeOnce:
    """Folders by their names.

    Each process is given a copy of its own, so that a command that locks an installation, or reads
    it for long, never meets the test of another process. Within a process whoever changes the
    folder copies it first.
    """

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        own = factory.getbasetemp()  # below that of all processes, if there are several
        self._shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "made-once"
        self._factory = factory
        self._own: dict[str, Path] = {}

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """This process's copy of the folder of this name.

        Args:
            name: Tells it from all others of the tests.
            make: Makes a folder that does not exist yet.
        """
        if name not in self._own:
            made = self._made(name, make)
            self._own[name] = copy_home(made, self._factory.mktemp(name) / name)
        return self._own[name]

    def _made(self, name: str, make: Callable[[Path], object]) -> Path:
        self._shared.mkdir(exist_ok=True)
        made = self._shared / name
        with _alone(made.with_suffix(".lock")):
            if not made.exists():
                half = made.with_suffix(".half")
                shutil.rmtree(half, ignore_errors=True)
                make(half)
                half.rename(made)
        return made


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """While no other process is here."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
