"""Thousands of damaged inputs of every kind, read as a month reads them.

    python -m benchmarks.bad_inputs --cases 10000 --seed 1 [--kind "dossiers CSV"] [--case 17]

Belongs here: running them in bounded processes of their own, and the table of what came of them.
Does not: the kinds and what a good answer is (``tests.builders.bad_inputs``). Nothing is sent
anywhere.
"""

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.builders.bad_inputs import Kind, damaged, kinds, try_to_read

_SECONDS = 25.0
_A_PROCESS = 250
"""Cases that one process reads: its peak of memory is told for these."""
_FINE = ("read", "refused")


@dataclass(frozen=True)
class Result:
    """What came of a case; ``rise`` is how far its process's peak lies above the start, in MB."""

    case: int
    kind: str
    outcome: str
    line: str
    seconds: float
    rise: int


def main() -> None:
    """Read the arguments, run the cases, print the table; exit 1 if any case ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", help="only this kind")
    parser.add_argument("--case", type=int, help="only this case, in this process")
    given = parser.parse_args()
    if given.case is not None:
        print(*_one(given.case, given.seed, Path(tempfile.mkdtemp())), sep="\n")
        return
    wanted = [c for c in range(given.cases) if given.kind in (None, _kind(c).name)]
    results = list(_run(wanted, given.seed))
    bad = [result for result in results if result.outcome not in _FINE]
    _tell(results, bad)
    sys.exit(bool(bad))


def _kind(case: int) -> Kind:
    known = kinds()
    return known[case % len(known)]


def _run(cases: Sequence[int], seed: int) -> Iterator[Result]:
    """The results of all cases; a process that dies or hangs costs its case only."""
    rest = list(cases)
    while rest:
        taken = 0
        for result in _in_a_process(rest[:_A_PROCESS], seed):
            taken += 1
            yield result
        rest = rest[taken:]


def _in_a_process(cases: Sequence[int], seed: int) -> Iterator[Result]:
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe()
    process = spawned.Process(target=_work, args=(list(cases), seed, theirs))
    process.start()
    theirs.close()
    try:
        ours.recv()  # its imports are done
        for case in cases:
            name = _kind(case).name
            if not ours.poll(_SECONDS):
                yield Result(case, name, "too slow", "", _SECONDS, 0)
                return
            try:
                yield ours.recv()
            except EOFError:
                yield Result(case, name, "abort", "", 0.0, 0)
                return
    finally:
        process.kill()
        process.join()


def _work(cases: Sequence[int], seed: int, answers: Connection) -> None:
    answers.send("ready")
    start = _peak()
    for case in cases:
        folder = Path(tempfile.mkdtemp(prefix="cchc-bad-"))
        before = time.perf_counter()
        try:
            verdict = try_to_read(_kind(case), damaged(_kind(case), f"{seed}-{case}"), folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        seconds = time.perf_counter() - before
        rise = _peak() - start
        outcome = verdict.outcome if rise <= 700 else "too much memory"
        answers.send(Result(case, _kind(case).name, outcome, verdict.line, seconds, rise))


def _one(case: int, seed: int, folder: Path) -> tuple[str, ...]:
    kind = _kind(case)
    content = damaged(kind, f"{seed}-{case}")
    (folder / f"bad-{kind.file}").write_bytes(content)
    verdict = try_to_read(kind, content, folder)
    return kind.name, str(folder / f"bad-{kind.file}"), verdict.outcome, verdict.line


def _peak() -> int:
    """The highest memory of this process and of those that it started, in MB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024


def _tell(results: Sequence[Result], bad: Sequence[Result]) -> None:
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        outcomes[result.kind][result.outcome] += 1
    for kind, counts in outcomes.items():
        print(f"{kind:45}", ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    slowest, rise = max(r.seconds for r in results), max(r.rise for r in results)
    print(f"{len(results)} cases, {len(bad)} bad; slowest {slowest:.1f} s, highest rise {rise} MB")
    for result in bad[:40]:
        print(f"  case {result.case} {result.kind}: {result.outcome}: {result.line[:200]}")


if __name__ == "__main__":
    main()
