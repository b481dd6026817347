"""Two folders that should hold the same release, file by file.

Belongs here: which files differ, and in a CSV file the first cell that does. Does not: how either
came to be.
"""

import csv
from collections.abc import Collection, Iterator
from itertools import zip_longest
from pathlib import Path


def differences(
    published: Path, again: Path, leave_out: Collection[str] = frozenset()
) -> Iterator[str]:
    """One line for each file that is not the same in both; tables first.

    Args:
        published: The folder of the release.
        again: The folder that should equal it.
        leave_out: Paths that are not compared.
    """
    names = (_names(published) | _names(again)) - set(leave_out)
    for name in sorted(names, key=lambda name: (not name.startswith("data/"), name)):
        one, other = published / name, again / name
        if not other.is_file():
            yield f"{name} would not be made"
        elif not one.is_file():
            yield f"{name} is not in the release"
        elif one.read_bytes() != other.read_bytes():
            cell = _first_cell(one, other) if name.endswith(".csv") else ""
            yield f"{name} differs{cell}"


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _first_cell(one: Path, other: Path) -> str:
    with one.open(encoding="utf-8", newline="") as left, other.open(
        encoding="utf-8", newline=""
    ) as right:  # fmt: skip
        published, again = csv.reader(left), csv.reader(right)
        columns = next(published, [])
        if columns != next(again, []):
            return ": other columns"
        for number, (was, now) in enumerate(zip_longest(published, again), start=1):
            if was is None or now is None:
                return f": row {number} is only {'made again' if was is None else 'published'}"
            for column, old, new in zip_longest(columns, was, now, fillvalue=""):
                if old != new:
                    key = " ".join(was[:4])
                    return f": row {number} ({key}), {column}: {old!r}, made again {new!r}"
    return ""
