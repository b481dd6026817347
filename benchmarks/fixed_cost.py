"""What a command costs before any data: wall time and peak memory of ``cchc`` as installed.

Belongs here: measuring and a small table. Does not: thresholds; nothing is written but a temporary
folder. Figures of a machine stand in ``benchmarks/README.md``.

    python benchmarks/fixed_cost.py [RUNS]
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

CCHC = Path(sys.executable).with_name("cchc")
SAMPLE = Path(__file__).parents[1] / "schemas" / "sample" / "inbox"
AT = "2026-10-12T08:30:00+07:00"


@dataclass(frozen=True)
class Cost:
    """Of one process: wall and processor seconds, peak memory in MB."""

    wall: float
    processor: float
    peak: float


def cost_of(arguments: Sequence[object]) -> Cost:
    """Run ``cchc`` once and wait for it.

    Raises:
        RuntimeError: It ended with an error.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [CCHC, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"cchc {' '.join(map(str, arguments))} ended with {process.returncode}")
    wall = time.perf_counter() - began
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _run(home: Path, month: str) -> list[object]:
    return ["run", month, "--home", home, "--inbox", SAMPLE, "--published-at", AT]


def cases(folder: Path, runs: int) -> Iterator[tuple[str, list[Cost]]]:
    """Each case with its costs; every run of a case begins from the same state."""
    yield "cchc --help", [cost_of(["--help"]) for _ in range(runs)]
    homes = [folder / f"home-{number}" for number in range(runs)]
    empty = [cost_of(_run(folder / f"empty-{n}", "2024-05")) for n in range(runs)]
    yield "run of a month without input, fresh home", empty
    yield "run of the sample month, fresh home", [cost_of(_run(h, "2026-09")) for h in homes]
    yield "run with nothing to publish", [cost_of(_run(h, "2026-09")) for h in homes]
    yield "status", [cost_of(["status", "--home", home]) for home in homes]


def main(runs: int) -> None:
    """Print the table."""
    print(f"{os.cpu_count()} processors, median of {runs}")
    print(f"{'case':42} {'wall s':>7} {'least':>7} {'cpu s':>7} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, costs in cases(Path(folder), runs):
            walls = [cost.wall for cost in costs]
            print(
                f"{name:42} {median(walls):7.2f} {min(walls):7.2f} "
                f"{median(c.processor for c in costs):7.2f} {max(c.peak for c in costs):8.0f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
