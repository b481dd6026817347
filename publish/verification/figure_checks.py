"""Checks on the figures of a release: keys, sums, statuses, accounts.

Belongs here: what is judged on the tables of one release. Does not: files (``file_checks``) or what
a release says that it revised (``revision_checks``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from cchc_pipeline.contracts import ForeignKey
from cchc_pipeline.decision766 import Methodology, load_methodology
from cchc_pipeline.errors import SchemaDataError
from cchc_pipeline.reference import read_yaml
from cchc_pipeline.typed_data import typed
from publish.verification.package import NotCheckedError, Package, Table

_RULES = "verification/rules.yaml"


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


def _dangling(name: str, table: Table, key: ForeignKey, target: Table) -> Iterable[str]:
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
