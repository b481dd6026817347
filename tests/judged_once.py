"""What was judged is not judged again: of the same bytes the same is said.

Belongs here: remembering what Great Expectations, frictionless and the gates of a site said of a
table, a package or a page that the tests make again and again. Does not: judging, which the product
does of whatever differs by a byte, or what is rendered.
"""

import hashlib
import pickle
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from cchc_pipeline.contracts import Contract, Expectation, checks
from cchc_pipeline.contracts.checks import CheckResult
from publish.gates import marks, package, site
from tests.command_line import tree_digest

Said = TypeVar("Said")


class Memory:
    """What was said of what was asked: in this process, and in a folder that its forks share."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._said: dict[str, Any] = {}
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def once(self, asked: Sequence[str], judge: Callable[[], Said]) -> Said:
        """What was said the first time that this was asked."""
        key = hashlib.sha256("\n".join(asked).encode(errors="surrogatepass")).hexdigest()
        if key not in self._said:
            self._said[key] = self._from_folder(key, judge)
        said: Said = self._said[key]
        return said

    def _from_folder(self, key: str, judge: Callable[[], Said]) -> Said:
        if self._folder is None:
            return judge()
        path = self._folder / key
        if not path.exists():  # whoever writes it may be killed at any moment
            half = path.with_suffix(".half")
            half.write_bytes(pickle.dumps(judge()))
            half.rename(path)
        said: Said = pickle.loads(path.read_bytes())  # noqa: S301 - written by these tests
        return said


def judge_once(put: Callable[[Any, str, Any], object], memory: Memory) -> None:
    """From now on, what judges tables, packages and pages is asked once of each.

    Args:
        put: Sets a name of a module, as ``setattr`` does.
        memory: Where it is remembered.
    """
    put(checks, "_run_suite", tables_judged_once(checks._run_suite, memory))
    put(package, "_frictionless", packages_judged_once(package._frictionless, memory))
    put(site, "personal_marks", texts_judged_once(site.personal_marks, memory))
    put(marks, "_unmarked", pages_judged_once(marks._unmarked, memory))


Judge = Callable[[pa.Table, Sequence[Expectation], Contract], Iterable[CheckResult]]


def tables_judged_once(judge: Judge, memory: Memory) -> Judge:
    """The same judgement, asked once of each content and what is expected of it."""

    def judged(
        table: pa.Table, expectations: Sequence[Expectation], contract: Contract
    ) -> Iterable[CheckResult]:
        asked = ("table", _digest(table), contract.table, repr(expectations))
        return memory.once(asked, lambda: tuple(judge(table, expectations, contract)))

    return judged


def _digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


def packages_judged_once(
    judge: Callable[[Path], list[str]], memory: Memory
) -> Callable[[Path], list[str]]:
    """The same judgement, asked once of each folder's content."""

    def judged(descriptor: Path) -> list[str]:
        asked = ("package", descriptor.name, tree_digest(descriptor.parent))
        return list(memory.once(asked, lambda: judge(descriptor)))

    return judged


def texts_judged_once(
    judge: Callable[[str], list[str]], memory: Memory
) -> Callable[[str], list[str]]:
    """The same judgement, asked once of each text."""

    def judged(text: str) -> list[str]:
        return list(memory.once(("text", text), lambda: judge(text)))

    return judged


def pages_judged_once(
    judge: Callable[[str, Any], Iterable[str]], memory: Memory
) -> Callable[[str, Any], Iterable[str]]:
    """The same judgement, asked once of each page and the tables of the release that it shows."""
    digests: dict[int, tuple[Any, str]] = {}

    def judged(page: str, published: Any) -> list[str]:
        if id(published) not in digests:
            digests.clear()
            digests[id(published)] = (published, tree_digest(published._folder))
        asked = ("page", page, digests[id(published)][1])
        return list(memory.once(asked, lambda: list(judge(page, published))))

    return judged
