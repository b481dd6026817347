"""The checks of ``cchc verify``: files, figures, revisions, and two copies of one release.

Belongs here: what is judged on bytes, on the tables of one release, on the log of revisions cell by
cell; which files of two folders differ, and in a CSV file the first cell that does. Does not:
reading the release (``package``), making the log (``publish.release.revisions``), or which checks
are asked (``places``). All values are compared as the texts of the CSV files, in which the log
gives them.
"""

import csv
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from pathlib import Path

from cchc_pipeline.contracts import Contract, ForeignKey
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.errors import CheckFailedError, SchemaDataError
from cchc_pipeline.methodology import Methodology, load_methodology
from publish.package.formats import Rows, first_difference, from_json, from_parquet
from publish.package.signature import SIGNATURE, check_signature
from publish.package.workbook import from_xlsx
from publish.store.store import SUMS
from publish.verify.package import NotCheckedError, Package, PublishedTable

_READERS: Mapping[str, Callable[[bytes, Contract], Rows]] = {
    ".parquet": from_parquet,
    ".json": from_json,
    ".xlsx": from_xlsx,
}
_RULES = "verification/rules.yaml"
REVISIONS = "revisions"
Cells = Mapping[str, Mapping[str, str]]
"""The rows of a table by the text of their primary key, as the log writes it."""


def files_match_digests(package: Package) -> Iterable[str]:
    """Every file that SHA256SUMS lists is there, and is what was published."""
    for name, digest in package.sums.items():
        if not package.holds(name):
            yield f"{name} is missing"
        elif _digest(package.read(name)) != digest:
            yield f"{name} was changed"


def no_file_is_unlisted(package: Package) -> Iterable[str]:
    """The folder holds no file that SHA256SUMS does not list."""
    if not package.subject.is_whole:
        raise NotCheckedError("an address does not list its files")
    folder = package.subject.folder
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(found - package.sums.keys() - {SUMS, SIGNATURE}):
        yield f"{name} is not listed"


def digests_are_those_of_the_index(package: Package) -> Iterable[str]:
    """The digest of SHA256SUMS is the one that the portal's index.json gives."""
    if not package.subject.digest:
        raise NotCheckedError("no index.json that lists the release is at hand")
    found = _digest(package.read(SUMS))
    if found != package.subject.digest:
        yield f"{SUMS} has the digest {found}, the index says {package.subject.digest}"


def descriptor_matches_files(package: Package) -> Iterable[str]:
    """Sizes and digests in datapackage.json are those of the files, which are all listed."""
    for resource in package.resources:
        path = resource["path"]
        content = package.read(path)
        if path not in package.sums:
            yield f"{path} is described, and not listed in {SUMS}"
        if len(content) != resource["bytes"]:
            yield f"{path} has {len(content)} bytes, the descriptor says {resource['bytes']}"
        if f"sha256:{_digest(content)}" != resource["hash"]:
            yield f"{path} is not what the descriptor describes"


def formats_are_equal(package: Package) -> Iterable[str]:
    """CSV, Parquet, JSON and XLSX carry the same cells, read as the descriptor declares them."""
    for name, table in package.tables.items():
        rows, copies = table.rows, package.copies(name)
        for ending in sorted(_READERS.keys() - copies.keys()):
            yield f"{name} has no {ending}"
        for ending, path in copies.items():
            difference = _unlike(rows, package, path, _READERS[ending], table.contract)
            if difference:
                yield f"{path}: {difference}"


def _unlike(
    rows: Rows,
    package: Package,
    path: str,
    reader: Callable[[bytes, Contract], Rows],
    contract: Contract,
) -> str:
    try:
        return first_difference(rows, reader(package.read(path), contract))
    except CheckFailedError as error:
        return error.what
    except Exception as error:  # a library's own error on bytes that are no such file
        return f"cannot be read: {type(error).__name__}: {error}"


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


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class _Account:
    table: str
    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """What is held beyond the descriptor; the fields are those of ``rules.yaml``."""

    basis: str
    stated_values: dict[str, str]
    account: _Account


@cache
def load_rules() -> Rules:
    """The shipped rules.

    Raises:
        SchemaDataError: The file cannot be used.
    """
    return typed(Rules, read_yaml(_RULES), f"schemas/{_RULES}")


def keys_are_unique(package: Package) -> Iterable[str]:
    """No two rows of a table have the same primary key."""
    for name, table in package.tables.items():
        keys = table.pick(*table.contract.primary_key)
        seen: set[tuple[object, ...]] = set()
        for key in keys if table.contract.primary_key else ():
            if key in seen:
                yield f"{name}: {_words(key)} twice"
            seen.add(key)


def foreign_keys_resolve(package: Package) -> Iterable[str]:
    """Each code that a table refers to stands in its code list."""
    for name, table in package.tables.items():
        for key in table.contract.foreign_keys:
            yield from _dangling(name, table, key, package.tables[key.table])


def _dangling(
    name: str, table: PublishedTable, key: ForeignKey, target: PublishedTable
) -> Iterable[str]:
    known = set(target.pick(*key.reference))
    used = {row for row in table.pick(*key.fields) if None not in row}
    for row in sorted(used - known, key=str):
        yield f"{name}: {_words(row)} stands not in {key.table}"


def groups_sum_to_total(package: Package) -> Iterable[str]:
    """A total is the sum of its groups, by the methodology that its rows name."""
    units: dict[tuple[str, ...], dict[str, float | None]] = {}
    named: dict[tuple[str, ...], str | None] = {}
    columns = ("period", "basis", "unit_code", "metric_code", "methodology", "score")
    for *unit, metric, methodology, score in package.table("scores").pick(*columns):
        units.setdefault(tuple(unit), {})[metric] = score
        if metric == "TOTAL":
            named[tuple(unit)] = methodology
    for key, scores in units.items():
        code = named.get(key)
        if code is not None:
            yield from _off_total(" ".join(key), scores, _methodology(code))


def _off_total(
    where: str, scores: Mapping[str, float | None], methodology: Methodology
) -> Iterable[str]:
    total, groups = scores.get("TOTAL"), methodology.summed_groups(scores)
    if total is None or not groups:
        return
    added = sum(scores[group] or 0 for group in groups)
    if abs(round(total - added, 4)) > float(methodology.tolerance):
        yield f"{where}: total {total}, groups add up to {added:.2f}"


def _methodology(code: str) -> Methodology:
    try:
        return load_methodology(code)
    except SchemaDataError:
        raise NotCheckedError(f"the methodology {code} is not known to this version") from None


def gaps_have_a_status(package: Package) -> Iterable[str]:
    """A value is empty exactly if the status of its row allows none."""
    allowed: dict[object, object] = dict(package.table("obs_status").pick("code", "value_allowed"))
    for name, column in load_rules().stated_values.items():
        table = package.table(name)
        keys = table.pick(*table.contract.primary_key)
        for key, (value, status) in zip(keys, table.pick(column, "obs_status"), strict=True):
            if allowed.get(status) is not (value is not None):
                yield f"{name}: {_words(key)}: {column} is {value}, obs_status {status}"


def submissions_add_up(package: Package) -> Iterable[str]:
    """Rows received are accepted, quarantined or duplicates."""
    account = load_rules().account
    table = package.table(account.table)
    keys = table.pick(*table.contract.primary_key)
    cells = table.pick(account.whole, *account.parts)
    for key, (whole, *parts) in zip(keys, cells, strict=True):
        if whole is not None and whole != sum(part or 0 for part in parts):
            yield f"{_words(key)}: {whole} rows, {sum(part or 0 for part in parts)} accounted for"


def _words(key: Iterable[object]) -> str:
    return " ".join("–" if cell is None else str(cell) for cell in key)


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
