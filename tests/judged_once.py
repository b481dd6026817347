"""What was judged in this process is not judged again: of the same bytes the same is said.

Belongs here: remembering what Great Expectations, frictionless and the gates of a site said of a
table, a package or a page that the tests make again and again. Does not: judging, which the product does of whatever differs by a
byte, or what is rendered.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import Contract, Expectation
from cchc_pipeline.contracts.checks import CheckResult
from tests.command_line import tree_digest

Judge = Callable[[pa.Table, Sequence[Expectation], Contract], Iterable[CheckResult]]


def tables_judged_once(judge: Judge) -> Judge:
    """The same judgement, asked once of each content and what is expected of it."""
    said: dict[tuple[bytes, str, str], tuple[CheckResult, ...]] = {}

    def judged(
        table: pa.Table, expectations: Sequence[Expectation], contract: Contract
    ) -> Iterable[CheckResult]:
        key = (_digest(table), contract.table, repr(expectations))
        if key not in said:
            said[key] = tuple(judge(table, expectations, contract))
        return said[key]

    return judged


def _digest(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).digest()


def packages_judged_once(judge: Callable[[Path], list[str]]) -> Callable[[Path], list[str]]:
    """The same judgement, asked once of each folder's content."""
    said: dict[str, list[str]] = {}

    def judged(descriptor: Path) -> list[str]:
        key = f"{descriptor.name} {tree_digest(descriptor.parent)}"
        if key not in said:
            said[key] = judge(descriptor)
        return list(said[key])

    return judged


def texts_judged_once(judge: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """The same judgement, asked once of each text."""
    said: dict[bytes, list[str]] = {}

    def judged(text: str) -> list[str]:
        key = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        if key not in said:
            said[key] = judge(text)
        return list(said[key])

    return judged


def pages_judged_once(
    judge: Callable[[str, Any], Iterable[str]],
) -> Callable[[str, Any], Iterable[str]]:
    """The same judgement, asked once of each page and the tables of the release that it shows."""
    said: dict[tuple[bytes, str], list[str]] = {}

    def judged(page: str, published: Any) -> list[str]:
        of_release = vars(published)
        if "told_apart_by" not in of_release:
            of_release["told_apart_by"] = tree_digest(published._folder)
        key = (hashlib.sha256(page.encode()).digest(), of_release["told_apart_by"])
        if key not in said:
            said[key] = list(judge(page, published))
        return list(said[key])

    return judged
