"""The checks of ``cchc verify``: those of a draft, and those that only what is out can be asked.

Belongs here: which checks there are and asking them; the digests, the signature, the log of
revisions cell by cell; which files of two folders differ, and in a CSV file the first cell that
does. Does not: the checks that a draft passed too (``publish.gates.gates``), reading the release
(``publish.store.reading``), or making the log (``publish.release.revisions``).

All values are compared as the texts of the CSV files, in which the log gives them.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from cchc_pipeline.core.errors import CheckFailedError
from publish.gates import figures
from publish.gates.gates import CHECKS as OF_A_DRAFT
from publish.gates.gates import Check, Verdict, asked, by_name
from publish.model import REVISIONS, SUMS
from publish.package.signature import SIGNATURE, check_signature, require_public_key
from publish.store.reading import (
    NotCheckedError,
    Package,
    Subject,
    files_match_digests,
    no_file_is_unlisted,
    sha256,
)

Cells = Mapping[str, Mapping[str, str]]
"""The rows of a table by the text of their primary key, as the log writes it."""


def digests_are_those_of_the_index(package: Package) -> Iterable[str]:
    """The digest of SHA256SUMS is the one that the portal's index.json gives."""
    if not package.subject.digest:
        raise NotCheckedError("no index.json that lists the release is at hand")
    found = sha256(package.read(SUMS))
    if found != package.subject.digest:
        yield f"{SUMS} has the digest {found}, the index says {package.subject.digest}"


def signature_is_good(package: Package) -> Iterable[str]:
    """SHA256SUMS was signed with the secret key of the public key that was given."""
    key = package.subject.public_key
    if key is None:
        raise NotCheckedError("no public key was given (--public-key FILE)")
    if not package.holds(SIGNATURE):
        yield f"{SIGNATURE} is missing, and a public key was given"
        return
    try:
        check_signature(package.read(SUMS), package.read(SIGNATURE), key)
    except CheckFailedError as error:
        yield error.what


def descriptor_matches_files(package: Package) -> Iterable[str]:
    """Sizes and digests in datapackage.json are those of the files, which are all listed."""
    for resource in package.resources:
        path = resource["path"]
        content = package.read(path)
        if path not in package.sums:
            yield f"{path} is described, and not listed in {SUMS}"
        if len(content) != resource["bytes"]:
            yield f"{path} has {len(content)} bytes, the descriptor says {resource['bytes']}"
        if f"sha256:{sha256(content)}" != resource["hash"]:
            yield f"{path} is not what the descriptor describes"


def revisions_stand_in_the_figures(package: Package) -> Iterable[str]:
    """Every cell that this release says it revised has the new value that the log gives."""
    yield from _unlike_the_log(package, package, "new_value")


def revisions_begin_at_the_release_before(package: Package) -> Iterable[str]:
    """Every cell that this release says it revised had the old value in the release before."""
    if package.record["previous"] is None:
        raise NotCheckedError("it is the first release")
    folder = package.subject.previous
    if folder is None:
        raise NotCheckedError(f"{package.record['previous']} is not at hand")
    before = Package(replace(package.subject, folder=folder, previous=None))
    yield from _unlike_the_log(package, before, "old_value")


def _unlike_the_log(package: Package, figures: Package, column: str) -> Iterable[str]:
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


CHECKS: Mapping[str, Check] = {
    **by_name(
        files_match_digests,
        no_file_is_unlisted,
        digests_are_those_of_the_index,
        signature_is_good,
        descriptor_matches_files,
    ),
    **OF_A_DRAFT,
    **by_name(
        figures.keys_are_unique,
        figures.gaps_have_a_status,
        figures.submissions_add_up,
        revisions_stand_in_the_figures,
        revisions_begin_at_the_release_before,
    ),
}


def verify(subject: Subject, checks: Mapping[str, Check] = CHECKS) -> tuple[Verdict, ...]:
    """Make every check; none is left out because another failed.

    Args:
        subject: The release.
        checks: Checks by their names.

    Raises:
        UsageError: The public key that was given is none.
    """
    if subject.public_key is not None:
        require_public_key(subject.public_key)
    return asked(checks, Package(subject))


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
