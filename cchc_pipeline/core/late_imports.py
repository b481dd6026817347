"""Modules that libraries import and we do not use: loaded when something touches them, or never.

Belongs here: which modules, and how they are put off. Does not: our own imports, which stand where
they are needed.

Great Expectations imports the statistics of SciPy and the charts of Altair for expectations that no
contract has; they are four tenths of its two and a half seconds. The loader is Python's own: a
module that is put off is whole as soon as one of its names is asked for. frictionless brings the
widths of characters on a terminal, for tables that nobody prints: half of its time.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

UNUSED = frozenset({"altair", "scipy.stats", "wcwidth"})


class _Late(MetaPathFinder):
    """Finds the modules of a list as the other finders do, and puts off running them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in UNUSED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


@contextmanager
def unused_modules_late() -> Iterator[None]:
    """Within it, an import of one of the modules costs nothing."""
    finder = _Late()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
