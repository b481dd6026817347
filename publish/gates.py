"""The gates that a draft must pass before anything of it can be seen.

Belongs here: one named pure function a gate, each returning one line a failure. Does not: the
expectations of a table (its contract), or what happens after a failure (``publication``).
Every gate fails closed: one that cannot be judged has failed.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa

from cchc_pipeline.contracts import Field, ForeignKey, load_contract
from cchc_pipeline.decision766 import load_methodology
from cchc_pipeline.period import Month
from cchc_pipeline.quality import blocking_lines, check_table
from cchc_pipeline.units import Unit, UnitRegister
from publish.candidate import Candidate
from publish.disclosure_gate import suppression_is_complete
from publish.formats import first_difference, from_csv, from_json, from_parquet, rows_of
from publish.personal_data import personal_marks
from publish.portal import read_tables
from publish.release import CODE_LISTS, PUBLISHED_TABLES, Draft
from publish.workbook import from_xlsx

DESCRIPTOR = "datapackage.json"
STATISTICS = "dossier_statistics"
_PROFILE_PACKAGE = "check-datapackage"
_PROFILE_FILE = "check_datapackage/schemas/data-package-2-0.json"
_FORMULA = re.compile(r"[=+\-@\t]")
_NO_VALUE = frozenset({"nan", "inf", "-inf", "null", "none"})


@dataclass(frozen=True)
class GateResult:
    """A gate's verdict; it passed if it has no failures."""

    name: str
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the draft may go on."""
        return not self.failures


def judge(
    candidate: Candidate, gates: "Mapping[str, Gate] | None" = None
) -> tuple[GateResult, ...]:
    """Run every gate; none is skipped because another failed.

    Args:
        candidate: What is to be published.
        gates: Gates by their names; all of ``GATES`` if None.
    """
    chosen = GATES if gates is None else gates
    return tuple(
        GateResult(name, tuple(_guarded(gate, candidate))) for name, gate in chosen.items()
    )


def _guarded(gate: "Gate", candidate: Candidate) -> list[str]:
    try:
        return list(gate(candidate))
    except Exception as error:  # a gate that breaks has not been passed
        return [f"could not be judged: {type(error).__name__}: {error}"]


Gate = Callable[[Candidate], Iterable[str]]
"""A gate yields one line a failure; none is a pass."""


def profile_is_valid(candidate: Candidate) -> Iterable[str]:
    """The descriptor meets the official Data Package 2.0 JSON Schema."""
    try:
        package = distribution(_PROFILE_PACKAGE)
    except PackageNotFoundError:
        yield f"the 2.0 profile is absent: install {_PROFILE_PACKAGE} (see docs/operating.md)"
        return
    profile = json.loads(Path(str(package.locate_file(_PROFILE_FILE))).read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(profile)
    descriptor = json.loads(candidate.files[DESCRIPTOR])
    for error in validator.iter_errors(descriptor):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def frictionless_agrees(candidate: Candidate) -> Iterable[str]:
    """Read the finished package from disk with frictionless, which must find no error."""
    import frictionless  # noqa: PLC0415 - half a second that only a publication pays

    report = frictionless.Package(str(candidate.folder / DESCRIPTOR)).validate()
    found = report.flatten(["name", "title", "note"])
    if not report.valid and not found:
        yield "the package is not valid"
    for path, title, note in found[:20]:
        yield f"{path}: {title}: {note}"


def every_table_is_there(candidate: Candidate) -> Iterable[str]:
    """Each published table has its resource and its four files (frictionless accepts none)."""
    descriptor = json.loads(candidate.files[DESCRIPTOR])
    named = {resource["path"] for resource in descriptor["resources"]}
    for table in PUBLISHED_TABLES:
        for path in _paths(table):
            if path not in named or path not in candidate.files:
                yield f"{path} is missing"


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
    """The total is the plain sum of its groups, within the tolerance of the methodology."""
    methodology = load_methodology(candidate.methodology)
    units: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for row in candidate.draft.tables["scores"].to_pylist():
        unit = (row["period"], row["basis"], row["unit_code"])
        units.setdefault(unit, {})[row["metric_code"]] = row["score"]
    for key, scores in units.items():
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


def period_is_over(candidate: Candidate) -> Iterable[str]:
    """No month of the release is still running, and the release is named for its newest month."""
    draft = candidate.draft
    for month in draft.periods:
        if not month.has_ended(candidate.now):
            yield f"{month} is not over"
    if not draft.periods or draft.id.month != max(draft.periods):
        yield f"{draft.id} is not named for the newest month"
    if draft.previous and draft.id <= draft.previous.id:
        yield f"{draft.id} does not follow {draft.previous.id}"
    if draft.previous and draft.published_text <= draft.previous.published_at:
        yield f"published_at {draft.published_text} is not after {draft.previous.published_at}"


def text_is_clean(candidate: Candidate) -> Iterable[str]:
    """CSV is UTF-8, NFC, LF, no BOM, final newline, fixed decimals; no formula, no NaN."""
    for name in candidate.draft.tables:
        path, contract = _paths(name)[0], load_contract(name)
        faults = _csv_faults(candidate.files[path], [_form(field) for field in contract.fields])
        yield from (f"{path}: {fault}" for fault in faults)


def _form(field: Field) -> str:
    """The pattern of a column's numbers: no exponent, the declared decimals; empty for text."""
    if field.type not in {"integer", "number"}:
        return ""
    return rf"-?\d+\.\d{{{field.decimals}}}" if field.decimals else r"-?\d+"


def _csv_faults(content: bytes, forms: Sequence[str]) -> Iterable[str]:
    """Faults of the bytes, then of the cells.

    Args:
        content: A CSV file.
        forms: For each column the pattern of its numbers; empty for a column of text.
    """
    text = content.decode("utf-8")
    if text.startswith("\ufeff"):
        yield "begins with a BOM"
    if "\r" in text or not text.endswith("\n"):
        yield "lines do not end with LF"
    if unicodedata.normalize("NFC", text) != text:
        yield "is not NFC"
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        for cell, form in zip(row, forms, strict=True):
            fault = _cell_fault(cell, form if number > 1 else "")
            if fault:
                yield f"row {number}: {cell[:20]!r} {fault}"


def _cell_fault(cell: str, form: str) -> str:
    if form and cell:
        return "" if re.fullmatch(form, cell) else "is no number in the fixed form"
    if _FORMULA.match(cell):
        return "begins like a formula"
    return "is no value" if cell.casefold() in _NO_VALUE else ""


def formats_are_equal(candidate: Candidate) -> Iterable[str]:
    """CSV, Parquet, JSON and XLSX carry the same cells as the tables, read back from the bytes."""
    files = candidate.files
    for name, table in candidate.draft.tables.items():
        contract, rows = load_contract(name), rows_of(table)
        csv_path, parquet, as_json, xlsx = _paths(name)
        back = {
            csv_path: from_csv(files[csv_path], contract),
            parquet: from_parquet(files[parquet], contract),
            as_json: from_json(files[as_json], contract),
            xlsx: from_xlsx(files[xlsx], contract),
        }
        for path, cells in back.items():
            difference = first_difference(rows, cells)
            if difference:
                yield f"{path}: {difference}"


def nothing_personal(candidate: Candidate) -> Iterable[str]:
    """No personal column; no text or cell that looks like personal data or a dossier code.

    The cells of the tables are those of every format (``formats_are_equal``); the texts are all
    other files of the release.
    """
    for path, content in candidate.files.items():
        if not path.startswith(("data/", "formats/")):
            yield from (f"{path}: holds what looks like a {kind}" for kind in _looks(content))
    for name, table in candidate.draft.tables.items():
        contract = load_contract(name)
        yield from (f"{name}.{f.name} is personal" for f in contract.fields if f.personal)
        for column in (c for c in table.column_names if contract.field(c).type == "string"):
            cells = "\n".join(filter(None, table.column(column).unique().to_pylist()))
            yield from (f"{name}.{column}: a cell looks like a {k}" for k in _looks(cells.encode()))


def _looks(content: bytes) -> Iterable[str]:
    return personal_marks(content.decode("utf-8"))


def small_counts_are_hidden(candidate: Candidate) -> Iterable[str]:
    """Few dossiers of a unit's field are neither shown nor to be worked out."""
    draft = candidate.draft
    if draft.full_statistics is None:
        yield "the full statistics are not there to compare with"
        return
    yield from suppression_is_complete(
        draft.tables[STATISTICS],
        draft.full_statistics,
        _before(draft),
        draft.identity.root_unit,
        candidate.threshold,
    )


def schema_change_is_announced(candidate: Candidate) -> Iterable[str]:
    """The descriptor states a version by the rules: a changed or removed column is a major one."""
    draft = candidate.draft
    version = str(json.loads(candidate.files[DESCRIPTOR])["version"])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"the version {version!r} is not three numbers"
    if draft.previous is None:
        return
    now, before = draft.schema_digests, draft.previous.schema_digests
    changed = [name for name in {**before, **now} if now.get(name) != before.get(name)]
    if changed and version.startswith(f"{draft.previous.version.split('.', 1)[0]}."):
        yield f"columns of {', '.join(changed)} changed without a major version"


def no_row_is_lost(candidate: Candidate) -> Iterable[str]:
    """Rows received are accepted, quarantined or duplicates; no published period disappears."""
    for row in candidate.draft.tables["submissions"].to_pylist():
        parts = (row["accepted"] or 0) + (row["quarantined"] or 0) + (row["duplicates"] or 0)
        if row["rows"] is not None and row["rows"] != parts:
            key = f"{row['period']} {row['unit_code']} {row['table']}"
            yield f"{key}: {row['rows']} rows, {parts} accounted for"
    for name, change in candidate.draft.changes.items():
        if change.removed and name not in CODE_LISTS | {STATISTICS}:
            yield f"{name}: {change.removed} published row(s) would disappear"
    lost = _totals(_before(candidate.draft)) - _totals(candidate.draft.tables[STATISTICS])
    if lost:
        yield f"{STATISTICS}: {len(lost)} published total(s) would disappear"


def _before(draft: Draft) -> pa.Table | None:
    """The dossier statistics as published last."""
    return read_tables(draft.previous).get(STATISTICS) if draft.previous else None


def _totals(statistics: pa.Table | None) -> set[tuple[str, str]]:
    """The periods and units that have a total; rows by field may join ``OTHER`` on revision."""
    rows = statistics.to_pylist() if statistics is not None else []
    return {(row["period"], row["unit_code"]) for row in rows if row["field_code"] == "ALL"}


def sample_stays_out_of_production(candidate: Candidate) -> Iterable[str]:
    """Sample data can never reach a portal that is marked production, nor already be there."""
    if not candidate.production:
        return
    if candidate.draft.is_sample:
        yield "the release contains sample data and the portal is marked production"
    samples = [str(release.id) for release in candidate.shown if release.is_sample]
    if samples:
        yield f"the portal is marked production and shows samples: {', '.join(samples)}"


def _paths(table: str) -> tuple[str, str, str, str]:
    return (
        f"data/{table}.csv",
        f"formats/{table}.parquet",
        f"formats/{table}.json",
        f"formats/{table}.xlsx",
    )


GATES: Mapping[str, Gate] = {
    gate.__name__: gate
    for gate in (
        profile_is_valid, frictionless_agrees, every_table_is_there, tables_meet_their_contracts,
        foreign_keys_resolve, groups_sum_to_total, every_unit_has_every_metric, period_is_over,
        text_is_clean, formats_are_equal, nothing_personal, schema_change_is_announced,
        no_row_is_lost, small_counts_are_hidden, sample_stays_out_of_production,
    )
}  # fmt: skip
