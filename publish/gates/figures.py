"""What figures must fulfil: contracts, codes, sums, every unit and row there, no small count shown.

Belongs here: what is judged on the tables of one release; of a draft by its contracts, of one that
is out by what its own files declare. Does not: the files made of them (``package``), or what may
change between releases (``changes``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import ForeignKey, load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.data import read_yaml, typed
from cchc_pipeline.core.errors import SchemaDataError
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_targets import load_formulas
from cchc_pipeline.methodology import Methodology, load_methodology
from cchc_pipeline.plan import load_plan
from cchc_pipeline.registers.units import Unit, UnitRegister
from publish.disclosure.gate import suppression_is_complete
from publish.model import CODE_LISTS, PROCEDURE_CHANGES, SET_ASIDE, STATISTICS, Draft
from publish.release.comparison import Candidate
from publish.release.provenance import COLUMN, SAMPLE
from publish.release.revisions import CORRECTIONS
from publish.store.reading import NotCheckedError, Package, PublishedTable

_MAY_LOSE_ROWS = CODE_LISTS | {STATISTICS, CORRECTIONS, SET_ASIDE, PROCEDURE_CHANGES}
"""Tables whose rows may end: fields join ``OTHER``, a correction is withdrawn, a mended file breaks
a rule no more. Each row that ends is logged as a revision all the same."""
_RULES = "verification/rules.yaml"


def tables_meet_their_contracts(candidate: Candidate) -> Iterable[str]:
    """Types, keys, enums, bounds, value against status: every expectation of every table."""
    for name, table in candidate.draft.tables.items():
        contract = load_contract(name)
        if not table.schema.equals(contract.arrow_schema()):
            yield f"{name}: the columns are not those of the contract"
            continue
        yield from blocking_lines(check_table(table, contract))


def foreign_keys_resolve(package: Package) -> Iterable[str]:
    """Each code that a table refers to stands in its code list."""
    for name, table in package.tables.items():
        for key in table.contract.foreign_keys:
            if key.table not in package.tables:
                yield f"{name}: refers to the absent table {key.table}"
                continue
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


def every_unit_has_every_metric(candidate: Candidate) -> Iterable[str]:
    """Within a period and basis, units of one level have the same metrics, and all valid ones any.

    Who is valid stands in the table of units; of a basis that the source left silent, only the
    root must have rows. Peers of the root have what the source's national table gives of each.
    """
    draft = candidate.draft
    level = {row["unit_code"]: row["level"] for row in draft.tables["units"].to_pylist()}
    seen: dict[tuple[str, str], dict[str, set[str]]] = {}
    answered = set()
    for row in draft.tables["scores"].to_pylist():
        key = (row["period"], row["basis"])
        seen.setdefault(key, {}).setdefault(row["unit_code"], set()).add(row["metric_code"])
        if row["score"] is not None:
            answered.add(key)
    for key, units in seen.items():
        for code in sorted(_expected_units(draft, key[0], key in answered) - units.keys()):
            yield f"{' '.join(key)}: {code} has no row -> run {key[0]} again"
        yield from (f"{' '.join(key)}: {line}" for line in _uneven(units, level))


def _uneven(units: Mapping[str, set[str]], level: Mapping[str, str]) -> Iterable[str]:
    """The units that lack a metric which another of their level has; peers owe none."""
    expected: dict[str, set[str]] = {}
    units = {code: metrics for code, metrics in units.items() if level.get(code) != "province"}
    for code, metrics in units.items():
        expected.setdefault(level.get(code, "unknown"), set()).update(metrics)
    for code, metrics in units.items():
        lacking = expected[level.get(code, "unknown")] - metrics
        if lacking:
            yield f"{code} lacks {', '.join(sorted(lacking))}"


def _expected_units(draft: Draft, period: str, is_answered: bool) -> set[str]:
    """The root, and the units below it in the month if the source answered for it."""
    month, root = Month.parse(period), draft.identity.root_unit
    register = UnitRegister(tuple(_unit(row) for row in draft.tables["units"].to_pylist()))
    below = register.below(root, month) if is_answered else ()
    return {root, *(unit.code for unit in below)}


def _unit(row: Mapping[str, Any]) -> Unit:
    values = {name: value for name, value in row.items() if name != "unit_code"}
    return Unit(code=row["unit_code"], **values)


def every_month_is_current(candidate: Candidate) -> Iterable[str]:
    """Each month is what it would be made from now: inputs, program, lists, months before it."""
    stale = candidate.draft.stale
    for month, changed in sorted(stale.items())[:3]:
        yield f"{month} is not current ({', '.join(changed)}) -> cchc run --all"
    if len(stale) > 3:
        yield f"{len(stale) - 3} more month(s) are not current"


def year_to_date_is_the_sum_of_months(candidate: Candidate) -> Iterable[str]:
    """What a target counts since January is what the months of the release count.

    Distinct procedures do not add up: theirs lie between the largest month and the sum.
    """
    counts: dict[tuple[str, str, str], dict[str, dict[str, tuple[float, float]]]] = {}
    for row in candidate.draft.tables["plan_indicators"].to_pylist():
        place = (row["period"][:4], row["unit_code"], row["indicator_id"])
        counted = (row["numerator"] or 0, row["denominator"] or 0)
        counts.setdefault(place, {}).setdefault(row["basis"], {})[row["period"]] = counted
    for (year, unit, target), by_basis in counts.items():
        how = _how_counted(int(year)).get(target)
        months = by_basis.get(Basis.MONTH, {})
        for period, to_date in by_basis.get(Basis.YTD, {}).items() if how else ():
            parts = [counted for month, counted in months.items() if month <= period]
            if not _adds_up(how, to_date, parts):
                added = " of ".join(f"{sum(side):g}" for side in zip(*parts, strict=True))
                said = " of ".join(f"{side:g}" for side in to_date)
                yield f"{period} {unit} {target}: {said} to date, its months add up to {added}"


@cache
def _how_counted(year: int) -> Mapping[str, str]:
    """The targets of a year's plan that are counted month by month, and what is counted."""
    plan = load_plan(year)
    logged = [t.id for t in plan.targets if t.measured_from == "release_log"] if plan else []
    counted = {formula.target: formula.counted for formula in load_formulas(year)}
    return dict.fromkeys(logged, "publications") | counted


def _adds_up(
    how: str | None, to_date: tuple[float, float], months: Sequence[tuple[float, float]]
) -> bool:
    """Whether a year to date can be that of these months, on both sides of the line."""
    for side in (0, 1) if how != "publications" else (0,):
        parts = [counted[side] for counted in months]
        if how == "procedures" and not max(parts, default=0) <= to_date[side] <= sum(parts):
            return False
        if how != "procedures" and to_date[side] != sum(parts):
            return False
    return True


def small_counts_are_hidden(candidate: Candidate) -> Iterable[str]:
    """Few dossiers of a unit's field are neither shown nor to be worked out."""
    draft = candidate.draft
    if draft.full_statistics is None:
        yield "the full statistics are not there to compare with"
        return
    yield from suppression_is_complete(
        draft.tables[STATISTICS],
        draft.full_statistics,
        draft.before.get(STATISTICS),
        draft.identity.root_unit,
        candidate.terms.threshold,
    )


def every_row_says_its_provenance(candidate: Candidate) -> Iterable[str]:
    """Each row of figures is official or a sample, and one of a unit that is a sample is one."""
    tables = candidate.draft.tables
    units = tables["units"].to_pylist()
    made_up = pa.array([u["unit_code"] for u in units if u[COLUMN] == SAMPLE], pa.string())
    for name, table in tables.items():
        if COLUMN not in table.column_names:
            continue
        stated = table[COLUMN]
        if stated.null_count:
            yield f"{name}: {stated.null_count} row(s) do not say whether they are sample data"
        if "unit_code" in table.column_names:
            of_these = table.filter(pc.is_in(table["unit_code"], made_up))
            wrong = of_these.filter(pc.not_equal(of_these[COLUMN], SAMPLE)).num_rows
            if wrong:
                yield f"{name}: {wrong} row(s) of sample units say that they are official"


def sample_stays_out_of_production(candidate: Candidate) -> Iterable[str]:
    """Sample data can never reach a portal that is marked production, nor already be there."""
    if not candidate.terms.production:
        return
    if candidate.draft.is_sample:
        yield "the release contains sample data and the portal is marked production"
    samples = [str(release.id) for release in candidate.shown if release.is_sample]
    if samples:
        yield f"the portal is marked production and shows samples: {', '.join(samples)}"


def no_row_is_lost(candidate: Candidate) -> Iterable[str]:
    """Rows received are accepted, quarantined or duplicates; no published period disappears."""
    yield from submissions_add_up(candidate.package)
    for name, change in candidate.draft.changes.items():
        if change.removed and name not in _MAY_LOSE_ROWS:
            yield f"{name}: {change.removed} published row(s) would disappear"
    lost = _totals(candidate.draft.before.get(STATISTICS)) - _totals(
        candidate.draft.tables[STATISTICS]
    )
    if lost:
        yield f"{STATISTICS}: {len(lost)} published total(s) would disappear"


def _totals(statistics: pa.Table | None) -> set[tuple[str, str]]:
    """The periods and units that have a total; rows by field may join ``OTHER`` on revision."""
    rows = statistics.to_pylist() if statistics is not None else []
    return {(row["period"], row["unit_code"]) for row in rows if row["field_code"] == "ALL"}


def keys_are_unique(package: Package) -> Iterable[str]:
    """No two rows of a table have the same primary key."""
    for name, table in package.tables.items():
        keys = table.pick(*table.contract.primary_key)
        seen: set[tuple[object, ...]] = set()
        for key in keys if table.contract.primary_key else ():
            if key in seen:
                yield f"{name}: {_words(key)} twice"
            seen.add(key)


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
