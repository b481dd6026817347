"""All benchmarks one after the other, after a line that says on what: ``make bench``.

Belongs here: the order, the machine and the versions. Does not: any measurement. What it prints on
a machine of ours stands in ``docs/performance.md``.

    python -m benchmarks.report --folder DIR [--only NAME …]
"""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

MEASURED = (
    "dagster", "great_expectations", "duckdb", "pyarrow", "pandas", "frictionless",
    "ibis-framework",
)  # fmt: skip
BENCHMARKS = (
    "fixed_cost", "dossiers", "alternatives", "engines", "history", "site", "lake", "backfill",
)  # fmt: skip
_WITH_FOLDER = {"dossiers", "alternatives", "engines"}


def machine() -> str:
    """Processors, memory, system and versions in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in MEASURED)
    return (
        f"{os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, {versions}"
    )


def main() -> None:
    """Run them; one that fails does not hold up the others."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True, help="keeps the exports")
    parser.add_argument("--only", nargs="*", default=BENCHMARKS, choices=BENCHMARKS)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"{machine()}\n", flush=True)
    failed = []
    for name in given.only:
        print(f"## {name}\n", flush=True)
        more = ["--folder", given.folder] if name in _WITH_FOLDER else []
        command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, more)]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
        print(flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
