"""Gates on the figures: contracts, codes, sums, every unit, no small count shown.

Belongs here: what is judged on the tables of one release. Does not: the files made of them
(``package``), or the comparison with the release before (``changes``).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import ForeignKey, load_contract
from cchc_pipeline.contracts.checks import blocking_lines, check_table
from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.dossier_targets import load_formulas
from cchc_pipeline.methodology import load_methodology
from cchc_pipeline.plan import load_plan
from cchc_pipeline.registers.units import Unit, UnitRegister
from publish.disclosure.gate import suppression_is_complete
from publish.model import STATISTICS, Draft
from publish.package.formats import rows_of
from publish.release.comparison import Candidate
from publish.release.provenance import COLUMN, SAMPLE


def tables_meet_their_contracts(candidate: Candidate) -> Iterable[str]:
    """Types, keys, enums, bounds, value against status: every expectation of every table."""
    for name, table in candidate.draft.tables.items():
        contract = load_contract(name)
        if not table.schema.equals(contract.arrow_schema()):
            yield f"{name}: the columns are not those of the contract"
            continue
        yield from blocking_lines(check_table(table, contract))


def foreign_keys_resolve(candidate: Candidate) -> Iterable[str]:
    """Each code that a table refers to stands in its code list."""
    tables = candidate.draft.tables
    for name, table in tables.items():
        for key in load_contract(name).foreign_keys:
            if key.table not in tables:
                yield f"{name}: refers to the absent table {key.table}"
                continue
            yield from _dangling(name, table, key, tables[key.table])


def _dangling(name: str, table: Any, key: ForeignKey, target: Any) -> Iterable[str]:
    known = set(rows_of(target.select(list(key.reference))))
    used = {row for row in rows_of(table.select(list(key.fields))) if None not in row}
    for row in sorted(used - known)[:5]:
        yield f"{name}: {dict(zip(key.fields, row, strict=True))} stands not in {key.table}"


def groups_sum_to_total(candidate: Candidate) -> Iterable[str]:
    """The total is the plain sum of its groups, within the tolerance of its methodology."""
    units: dict[tuple[str, str, str], dict[str, float | None]] = {}
    named: dict[tuple[str, str, str], str] = {}
    for row in candidate.draft.tables["scores"].to_pylist():
        unit = (row["period"], row["basis"], row["unit_code"])
        units.setdefault(unit, {})[row["metric_code"]] = row["score"]
        if row["methodology"]:
            named[unit] = row["methodology"]
    for key, scores in units.items():
        methodology = load_methodology(named.get(key, candidate.terms.methodology))
        total = scores.get("TOTAL")
        groups = methodology.summed_groups(scores)
        if total is None or not groups:
            continue
        added = sum(scores[group] or 0 for group in groups)
        if abs(round(total - added, 4)) > float(methodology.tolerance):
            yield f"{' '.join(key)}: total {total}, groups add up to {added:.2f}"


def every_unit_has_every_metric(candidate: Candidate) -> Iterable[str]:
    """Within a period and basis, units of one level have the same metrics, and all valid ones any.

    Who is valid stands in the table of units; of a basis that the source left silent, only the
    root must have rows.
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
    """The units that lack a metric which another of their level has."""
    expected: dict[str, set[str]] = {}
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
