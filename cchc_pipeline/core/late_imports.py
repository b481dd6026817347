"""Modules that libraries import and we do not use: loaded when something touches them, or never.

Belongs here: which modules, and how they are put off or done without. Does not: our own imports,
which stand where they are needed.

Great Expectations imports the statistics of SciPy and the charts of Altair for expectations that no
contract has; they are four tenths of its two and a half seconds and a sixth of an installation, so
the locks leave them out, as ``pyproject.toml`` says. The loader is Python's own: a module that
is put off is whole as soon as one of its names is asked for, and one that is not installed says so
then. frictionless brings the widths of characters on a terminal, for tables that nobody prints:
half of its time.
"""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

UNUSED = frozenset({"altair", "scipy.stats", "wcwidth"})


class _Absent(Loader):
    """Stands in for a module that is not installed: it can be imported, and not be used."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = object.__getattribute__(module, "__name__")
        raise ModuleNotFoundError(f"{name} is not installed: no contract uses it", name=name)


class _Around(_Absent):
    """Stands in for the package of such a module."""

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


class _Late(MetaPathFinder):
    """Finds the modules of a list as the other finders do, and puts off running them."""

    def __init__(self, unused: frozenset[str]) -> None:
        self.unused = unused
        self.around = {name.rpartition(".")[0] for name in unused if "." in name}
        self.absent: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.unused | self.around:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None:
            self.absent.add(fullname)
            is_around = fullname in self.around
            spec = ModuleSpec(fullname, _Around() if is_around else _Absent(), is_package=is_around)
        if fullname in self.unused and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


@contextmanager
def unused_modules_late(unused: frozenset[str] = UNUSED) -> Iterator[None]:
    """Within it, an import of one of the modules costs nothing, and need not find it."""
    finder = _Late(unused)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in finder.absent:  # whoever else asks is to learn that it is not there
            sys.modules.pop(name, None)
