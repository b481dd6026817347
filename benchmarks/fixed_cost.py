"""What a command costs before any data: time, processor and memory of ``cchc`` as installed.

Belongs here: measuring and a small table. Does not: thresholds; nothing is written but a temporary
folder. Figures of a machine stand in ``benchmarks/README.md``.

    python -m benchmarks.fixed_cost [RUNS]
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.process_cost import Cost, cost_of

CCHC = Path(sys.executable).with_name("cchc")
SAMPLE = Path(__file__).parents[1] / "schemas" / "sample" / "inbox"
IMPORT = (sys.executable, "-c", "import dagster")
AT = "2026-10-12T08:30:00+07:00"


def _run(home: Path, month: str, *more: str) -> list[object]:
    return [CCHC, "run", month, "--home", home, "--inbox", SAMPLE, "--published-at", AT, *more]


def cases(folder: Path, runs: int) -> Iterator[tuple[str, list[Cost]]]:
    """Each case with its costs; every run of a case begins from the same state."""
    yield "python -c 'import dagster'", [cost_of(IMPORT) for _ in range(runs)]
    yield "cchc --help", [cost_of([CCHC, "--help"]) for _ in range(runs)]
    homes = [folder / f"home-{number}" for number in range(runs)]
    empty = [cost_of(_run(folder / f"empty-{n}", "2024-05", "--empty")) for n in range(runs)]
    yield "run of a month without input, fresh home", empty
    yield "run of the sample month, fresh home", [cost_of(_run(h, "2026-09")) for h in homes]
    yield "run with nothing to publish", [cost_of(_run(h, "2026-09")) for h in homes]
    yield "status", [cost_of([CCHC, "status", "--home", home]) for home in homes]


def main(runs: int) -> None:
    """Print the table; the first case is what the processor time of the others is told in."""
    print(f"{os.cpu_count()} processors, median of {runs}")
    print(f"{'case':42} {'wall s':>7} {'least':>7} {'cpu s':>7} {'times':>6} {'peak MB':>8}")
    unit = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, costs in cases(Path(folder), runs):
            walls, used = [cost.wall for cost in costs], median(cost.processor for cost in costs)
            unit = unit or used
            print(
                f"{name:42} {median(walls):7.2f} {min(walls):7.2f} {used:7.2f} "
                f"{used / unit:6.1f} {max(c.peak for c in costs):8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
