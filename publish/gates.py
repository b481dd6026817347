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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import jsonschema

from cchc_pipeline.contracts import ForeignKey, load_contract
from cchc_pipeline.decision766 import load_methodology
from cchc_pipeline.quality import blocking_lines, check_table
from publish.formats import first_difference, from_csv, from_json, from_parquet, rows_of
from publish.release import CODE_LISTS, PUBLISHED_TABLES, Draft
from publish.workbook import from_xlsx

DESCRIPTOR = "datapackage.json"
_PROFILE_PACKAGE = "check-datapackage"
_PROFILE_FILE = "check_datapackage/schemas/data-package-2-0.json"
_FORMULA = re.compile(r"[=+\-@\t]")
_PERSONAL = {
    "identity number": re.compile(r"(?<![\w.])\d{12}(?![\w.])"),
    "phone number": re.compile(r"(?<![\w.])(?:\+84|0)[35789]\d{8}(?![\w.])"),
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "dossier code": re.compile(r"H\d{2}(?:\.\w+)*-\d{6}-\d{4,}"),
}


@dataclass(frozen=True)
class Candidate:
    """A draft with the bytes that it would publish, and the moment at which it is judged.

    ``folder`` holds the same bytes as files, for the checks that read a package from disk.
    """

    draft: Draft
    files: Mapping[str, bytes]
    folder: Path
    now: datetime
    production: bool
    methodology: str


@dataclass(frozen=True)
class GateResult:
    """A gate's verdict; it passed if it has no failures."""

    name: str
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the draft may go on."""
        return not self.failures


def judge(candidate: Candidate) -> tuple[GateResult, ...]:
    """Run every gate; none is skipped because another failed."""
    return tuple(
        GateResult(name, tuple(_guarded(gate, candidate))) for name, gate in GATES.items()
    )


def _guarded(gate: "_Gate", candidate: Candidate) -> list[str]:
    try:
        return list(gate(candidate))
    except Exception as error:  # noqa: BLE001 - a gate that breaks has not been passed
        return [f"could not be judged: {type(error).__name__}: {error}"]


_Gate = Callable[[Candidate], Iterable[str]]


def profile_is_valid(candidate: Candidate) -> Iterable[str]:
    """The descriptor meets the official Data Package 2.0 JSON Schema."""
    try:
        package = distribution(_PROFILE_PACKAGE)
    except PackageNotFoundError:
        yield f"the 2.0 profile is not installed: install {_PROFILE_PACKAGE} (see docs/operating.md)"
        return
    profile = json.loads(str(package.locate_file(_PROFILE_FILE).read_text(encoding="utf-8")))
    validator = jsonschema.Draft7Validator(profile)
    descriptor = json.loads(candidate.files[DESCRIPTOR])
    for error in validator.iter_errors(descriptor):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def frictionless_agrees(candidate: Candidate) -> Iterable[str]:
    """frictionless reads the finished package from disk and finds no error."""
    import frictionless  # noqa: PLC0415 - half a second that only a publication pays

    report = frictionless.Package(str(candidate.folder / DESCRIPTOR)).validate()
    for path, title, note in report.flatten(["name", "title", "note"])[:20]:
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
    units: dict[tuple[str, ...], dict[str, float | None]] = {}
    for row in candidate.draft.tables["scores"].to_pylist():
        key = (row["period"], row["basis"], row["unit_code"])
        units.setdefault(key, {})[row["metric_code"]] = row["score"]
    for key, scores in units.items():
        total = scores.get("TOTAL")
        groups = methodology.summed_groups(scores)
        if total is None or not groups:
            continue
        off = abs(round(total - sum(scores[g] or 0 for g in groups), 4))
        if off > float(methodology.tolerance):
            yield f"{' '.join(key)}: total {total}, groups add up to {total - off:.2f} or so"


def every_unit_has_every_metric(candidate: Candidate) -> Iterable[str]:
    """Within a period and basis, the units of one level have the same metrics."""
    level = {
        row["unit_code"]: row["level"] for row in candidate.draft.tables["units"].to_pylist()
    }
    seen: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for row in candidate.draft.tables["scores"].to_pylist():
        key = (row["period"], row["basis"], level.get(row["unit_code"], "unknown"))
        seen.setdefault(key, {}).setdefault(row["unit_code"], set()).add(row["metric_code"])
    for key, units in seen.items():
        expected = set.union(*units.values())
        for code, metrics in units.items():
            if expected - metrics:
                yield f"{' '.join(key)}: {code} lacks {', '.join(sorted(expected - metrics))}"


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
    """CSV is UTF-8, NFC, LF, no BOM, final newline; no text runs as a formula; no NaN."""
    for path, content in candidate.files.items():
        if path.endswith(".csv"):
            yield from (f"{path}: {fault}" for fault in _csv_faults(content))


def _csv_faults(content: bytes) -> Iterable[str]:
    text = content.decode("utf-8")
    if text.startswith("\ufeff"):
        yield "begins with a BOM"
    if "\r" in text or not text.endswith("\n"):
        yield "lines do not end with LF"
    if unicodedata.normalize("NFC", text) != text:
        yield "is not NFC"
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        for cell in row:
            if _FORMULA.match(cell) and not re.fullmatch(r"-?\d+(\.\d+)?", cell):
                yield f"row {number}: {cell[:20]!r} begins like a formula"
            if cell.casefold() in {"nan", "inf", "-inf", "null", "none"}:
                yield f"row {number}: {cell!r} is no value"


def formats_are_equal(candidate: Candidate) -> Iterable[str]:
    """CSV, Parquet, JSON and XLSX carry the same cells as the tables, read back from the bytes."""
    files = candidate.files
    for name, table in candidate.draft.tables.items():
        contract, rows = load_contract(name), rows_of(table)
        csv_path, parquet, as_json, xlsx = _paths(name)
        back = {
            csv_path: from_csv(files[csv_path], contract),
            parquet: from_parquet(files[parquet]),
            as_json: from_json(files[as_json], contract),
            xlsx: from_xlsx(files[xlsx], contract),
        }
        for path, cells in back.items():
            difference = first_difference(rows, cells)
            if difference:
                yield f"{path}: {difference}"


def nothing_personal(candidate: Candidate) -> Iterable[str]:
    """No personal column, and no cell that looks like personal data or a dossier code."""
    for name, table in candidate.draft.tables.items():
        contract = load_contract(name)
        yield from (f"{name}.{f.name} is personal" for f in contract.fields if f.personal)
        for column in (c for c in table.column_names if contract.field(c).type == "string"):
            for kind, pattern in _PERSONAL.items():
                cells = table.column(column).unique().to_pylist()
                if any(value is not None and pattern.search(value) for value in cells):
                    yield f"{name}.{column}: a cell looks like a {kind}"


def schema_change_is_announced(candidate: Candidate) -> Iterable[str]:
    """A changed column is a new major version."""
    draft = candidate.draft
    if draft.previous is None:
        return
    changed = [
        name
        for name, digest in draft.schema_digests.items()
        if draft.previous.schema_digests.get(name) != digest
    ]
    same_major = draft.version.split(".")[0] == draft.previous.version.split(".")[0]
    if changed and same_major:
        yield f"columns of {', '.join(changed)} changed without a major version"


def no_row_is_lost(candidate: Candidate) -> Iterable[str]:
    """Rows received are accepted, quarantined or duplicates; no published period disappears."""
    for row in candidate.draft.tables["submissions"].to_pylist():
        parts = (row["accepted"] or 0) + (row["quarantined"] or 0) + (row["duplicates"] or 0)
        if row["rows"] is not None and row["rows"] != parts:
            yield f"{row['period']} {row['unit_code']} {row['table']}: {row['rows']} rows, {parts} accounted for"
    for name, change in candidate.draft.changes.items():
        if change.removed and name not in CODE_LISTS:
            yield f"{name}: {change.removed} published row(s) would disappear"


def sample_stays_out_of_production(candidate: Candidate) -> Iterable[str]:
    """Sample data can never reach a portal that is marked production."""
    if candidate.production and candidate.draft.is_sample:
        yield "the release contains sample data and the portal is marked production"


def _paths(table: str) -> tuple[str, str, str, str]:
    return (
        f"data/{table}.csv",
        f"formats/{table}.parquet",
        f"formats/{table}.json",
        f"formats/{table}.xlsx",
    )


GATES: Mapping[str, _Gate] = {
    gate.__name__: gate
    for gate in (
        profile_is_valid, frictionless_agrees, every_table_is_there, tables_meet_their_contracts, foreign_keys_resolve,
        groups_sum_to_total, every_unit_has_every_metric, period_is_over, text_is_clean,
        formats_are_equal, nothing_personal, schema_change_is_announced, no_row_is_lost,
        sample_stays_out_of_production,
    )
}  # fmt: skip
