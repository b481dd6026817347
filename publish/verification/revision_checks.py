"""Checks on what a release says that it revised, against its figures and those before it.

Belongs here: the log of revisions, cell by cell. Does not: making the log (``publish.revisions``).
All values are compared as the texts of the CSV files, in which the log gives them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from publish.verification.package import NotCheckedError, Package

REVISIONS = "revisions"
Cells = Mapping[str, Mapping[str, str]]
"""The rows of a table by the text of their primary key, as the log writes it."""


def revisions_stand_in_the_figures(package: Package) -> Iterable[str]:
    """Every cell that this release says it revised has the new value that the log gives."""
    yield from _unlike(package, package, "new_value")


def revisions_begin_at_the_release_before(package: Package) -> Iterable[str]:
    """Every cell that this release says it revised had the old value in the release before."""
    if package.record["previous"] is None:
        raise NotCheckedError("it is the first release")
    folder = package.subject.previous
    if folder is None:
        raise NotCheckedError(f"{package.record['previous']} is not at hand")
    before = Package(replace(package.subject, folder=folder, previous=None))
    yield from _unlike(package, before, "old_value")


def _unlike(package: Package, figures: Package, column: str) -> Iterable[str]:
    """Lines on the cells that a log names and that are another in the figures."""
    known: dict[str, Cells] = {}
    for row in package.table(REVISIONS).texts():
        if row["release"] != package.record["id"]:
            continue
        name = row["table"]
        if name not in known:
            known[name] = _cells(figures, name)
        found = known[name].get(row["key"], {}).get(row["column"], "")
        if found != row[column]:
            where = f"{name}: {row['key']}: {row['column']}"
            yield f"{where} is {found!r}, the log says {row[column]!r}"


def _cells(package: Package, name: str) -> Cells:
    if name not in package.tables:
        return {}
    table = package.tables[name]
    return {
        ";".join(f"{column}={row[column]}" for column in table.contract.primary_key): row
        for row in table.texts()
    }
