"""A small, complete release of a place that does not exist (Z00), for the tests of publishing.

Belongs here: rows of every published table, the draft and the lake made of them, and a candidate
for the gates. Does not: assertions, or fixtures (``conftest``).
"""

import json
import pickle
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import (
    indicator_rows,
    metric_rows,
    obs_status_rows,
    succession_rows,
    unit_rows,
)
from cchc_pipeline.indicators.dossier_measures import MEASURE_NAMES
from cchc_pipeline.indicators.plan_indicators import plan_indicator_rows
from cchc_pipeline.indicators.task_progress import task_rows, task_states
from cchc_pipeline.plan import PublicationLog
from cchc_pipeline.registers.units import Provenance, Succession, Unit, UnitRegister
from cchc_pipeline.storage.lake import Lake, table_from_rows
from publish.disclosure.rule import disclosed_table
from publish.model import (
    DESCRIPTOR,
    PUBLISHED_TABLES,
    REVISIONS,
    STATISTICS,
    SUMS,
    Draft,
    Identity,
    Published,
    ReleaseId,
    Source,
)
from publish.package.bundle import bundle, bundle_name
from publish.package.croissant import CROISSANT, croissant
from publish.package.descriptor import describe
from publish.package.formats import json_bytes
from publish.portal.publication import Built, closing_files, release_files
from publish.release.assemble import MONTHLY, Ingredients
from publish.release.comparison import Candidate, RowChange, Terms, comparable, compare
from publish.release.provenance import Samples, with_provenance
from publish.release.revisions import Causes, revision_rows, revisions_table
from publish.store.store import write_files

Row = dict[str, Any]
ROOT, FIRST, SECOND = "Z00", "Z00.01", "Z00.02"
MARCH, APRIL = Month(2024, 3), Month(2024, 4)
METHODOLOGY = "766-2026"
THRESHOLD = 5
MOMENT = datetime(2024, 5, 10, 1, 0, tzinfo=UTC)
GROUPS = {
    "CKMB": 18.0, "TDGQ": 20.0, "CLGQ": 12.0, "TTTT": 10.0, "MDHL": 18.0, "MDSH": 22.0,
}  # fmt: skip
IDENTITY = Identity(
    publisher="Cơ quan thử nghiệm",
    contact="Cơ quan thử nghiệm",
    license_name="Điều khoản thử nghiệm",
    license_path="LICENSE.md",
    public_url="",
    root_unit=ROOT,
)


def unit(code: str, provenance: Provenance = "official", **other: Any) -> Unit:
    """A unit of the place, an agency below the root unless something else is said."""
    values: Row = {
        "code": code, "name_vi": f"Đơn vị thử {code}", "name_en": f"Trial unit {code}",
        "level": "agency", "parent_code": ROOT, "valid_from": date(2024, 1, 1), "valid_to": None,
        "provenance": provenance, "basis": "Danh mục thử nghiệm",
    }  # fmt: skip
    return Unit(**(values | other))


def register(provenance: Provenance = "official") -> UnitRegister:
    """The root and two agencies."""
    root = unit(ROOT, level="city", parent_code=None)
    change = Succession(
        FIRST, "Đơn vị cũ", SECOND, "Đơn vị mới", date(2024, 2, 1), "merged", "Văn bản thử nghiệm"
    )
    return UnitRegister((root, unit(FIRST, provenance), unit(SECOND)), successions=(change,))


def score_rows(month: Month = MARCH, part: float = 8.25, **other: Any) -> list[Row]:
    """Total and groups of the three units; each group has ``part`` points."""
    scores = {"TOTAL": (6 * part, 100.0), **{g: (part, top) for g, top in GROUPS.items()}}
    return [
        {
            "period": str(month), "basis": "month", "unit_code": code, "metric_code": metric,
            "score": score, "max_score": top, "numerator": 33, "denominator": 40, "ratio": 82.5,
            "rank": None, "obs_status": "A", "quality_flag": None, "source_system": "dvcqg-2026",
            "methodology": METHODOLOGY, "captured_at": f"{month.next()}-05T03:00:00Z",
            "recomputed_score": None, "difference": None, "release": None,
        } | other
        for code in (ROOT, FIRST, SECOND)
        for metric, (score, top) in scores.items()
    ]  # fmt: skip


def submission_rows(month: Month = MARCH) -> list[Row]:
    """What was handed in: one table in full, one not at all."""
    received: Row = {
        "period": str(month), "unit_code": ROOT, "table": "scores",
        "received_at": f"{month.next()}-05T03:00:00Z", "rows": 21, "accepted": 20,
        "quarantined": 1, "duplicates": 0, "status": "received", "release": None,
    }  # fmt: skip
    nothing = dict.fromkeys(("received_at", "rows", "accepted", "quarantined", "duplicates"))
    missing = received | nothing | {"table": "dossiers", "status": "missing"}
    return [received, missing]


CELLS = {
    (FIRST, "LV1"): 10, (FIRST, "LV2"): 20, (FIRST, "LV3"): 2, (FIRST, "LV4"): 9,
    (SECOND, "LV1"): 12, (SECOND, "LV2"): 8, (SECOND, "LV3"): 7, (SECOND, "LV4"): 3,
}  # fmt: skip
"""Dossiers of the place by unit and field; two of them are few enough to be secret."""


def statistics_rows(month: Month = MARCH) -> list[Row]:
    """The full statistics of ``CELLS``: all received, finished on time and in person."""
    sums: dict[tuple[str, str], int] = {}
    for (code, field), count in CELLS.items():
        for key in ((code, field), (code, "ALL"), (ROOT, field), (ROOT, "ALL")):
            sums[key] = sums.get(key, 0) + count
    measures = dict.fromkeys(MEASURE_NAMES, 0)
    return [
        {
            "period": str(month), "unit_code": code, "field_code": field, **measures,
            "received": count, "finished": count, "on_time": count, "received_direct": count,
            "source": "dossiers", "obs_status": "A", "conf_status": "F", "release": None,
        }
        for (code, field), count in sums.items()
    ]  # fmt: skip


def full_statistics(months: Iterable[Month] = (MARCH,)) -> pa.Table:
    """The statistics before disclosure control."""
    return table(STATISTICS, [row for month in months for row in statistics_rows(month)])


def petition_rows(month: Month = MARCH) -> list[Row]:
    """Nobody handed in petitions."""
    names = [field.name for field in load_contract("petition_statistics").fields]
    nothing = dict.fromkeys(names)
    return [
        nothing | {"period": str(month), "unit_code": code, "obs_status": "O"}
        for code in (ROOT, FIRST, SECOND)
    ]


def monthly_rows(month: Month = MARCH) -> dict[str, list[Row]]:
    """The rows of each monthly table; of the plan the first targets and tasks only."""
    indicators = plan_indicator_rows(month, ROOT, PublicationLog())
    states = task_states(month, (), register(), ROOT, PublicationLog())
    return {
        "scores": score_rows(month),
        "plan_indicators": indicators[:4],
        "plan_tasks": task_rows(month, states)[:3],
        STATISTICS: statistics_rows(month),
        "petition_statistics": petition_rows(month),
        "submissions": submission_rows(month),
        "quarantine_summary": [],
        "corrections": [],
    }


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of its contract."""
    return table_from_rows(load_contract(name), rows)


def edited(content: pa.Table, name: str, change: Callable[[Row], Row | None]) -> pa.Table:
    """A table with every row passed through ``change``; a row that becomes None is left out."""
    changed = (change(dict(row)) for row in content.to_pylist())
    return table(name, [row for row in changed if row is not None])


def small_tables(
    months: Iterable[Month] = (MARCH,), provenance: Provenance = "official"
) -> dict[str, pa.Table]:
    """All published tables, each row stamped with the first release."""
    units = register(provenance)
    rows: dict[str, list[Row]] = {
        "units": unit_rows(units),
        "successions": succession_rows(units),
        "metrics": metric_rows(METHODOLOGY),
        "indicators": indicator_rows({2024}),
        "procedures": [],
        "procedure_changes": [],
        "obs_status": obs_status_rows(),
        "revisions": [],
    }
    for month in months:
        for name, monthly in monthly_rows(month).items():
            stamped = [r | ({"release": "2024-03.r1"} if "release" in r else {}) for r in monthly]
            rows.setdefault(name, []).extend(stamped)
    samples = Samples(ROOT, frozenset(u.code for u in units.units if u.provenance == "sample"))
    tables = {
        name: with_provenance(name, table(name, rows[name]), samples) for name in PUBLISHED_TABLES
    }
    shown = disclosed_table(tables[STATISTICS], None, ROOT, THRESHOLD)
    return {**tables, STATISTICS: shown}


def source(provenance: str = "official", month: Month = MARCH) -> Source:
    """Where the scores came from."""
    return Source(
        "Nguồn thử nghiệm", f"{month.next()}-05T03:00:00Z", provenance, str(month), "month"
    )


def small_draft(*, sample: bool = False, **changes: Any) -> Draft:
    """The first release of March 2024, with any of its parts changed."""
    parts: Row = {
        "id": ReleaseId(MARCH, 1),
        "published_at": MOMENT,
        "tables": small_tables(provenance="sample" if sample else "official"),
        "periods": (MARCH,),
        "sources": (source("sample" if sample else "official"),),
        "identity": IDENTITY,
        "schema_digests": dict.fromkeys(PUBLISHED_TABLES, "0123456789abcdef"),
        "generator": "test",
        "input_digest": "0" * 64,
        "full_statistics": full_statistics(),
    }
    return Draft(**(parts | changes))


def with_table(draft: Draft, name: str, change: Callable[[Row], Row | None]) -> Draft:
    """The draft with the rows of one table changed."""
    changed = edited(draft.tables[name], name, change)
    return replace(draft, tables={**draft.tables, name: changed})


def row_changes(new: pa.Table, old: pa.Table, name: str) -> list[RowChange]:
    """The rows in which two states of a table differ, by its contract."""
    contract = load_contract(name)
    compared = compare(new, old, contract.primary_key, comparable(contract))
    return list(compared.row_changes(name))


FIRST_RELEASE = Published(
    id=ReleaseId(MARCH, 1),
    version="1.0.0",
    published_at="2024-04-10T01:00:00Z",
    provenance="official",
    periods=(MARCH,),
    schema_digests=dict.fromkeys(PUBLISHED_TABLES, "0123456789abcdef"),
    folder=Path("absent"),
    digest="0" * 64,
)
"""What readers are told of ``small_draft`` once it is out."""


def second_release(
    first: Draft, name: str, change: Callable[[Row], Row | None], causes: Causes | None = None
) -> Draft:
    """The release after the first: one table is changed, and the change is logged."""
    after = replace(
        with_table(first, name, change),
        id=ReleaseId(MARCH, 2),
        previous=FIRST_RELEASE,
        before=first.tables,
        acceptance=causes.acceptance if causes else None,
    )
    changes = row_changes(after.tables[name], first.tables[name], name)
    rows = revision_rows(changes, causes or Causes(), {str(MARCH)})
    log = revisions_table(rows, first.tables[REVISIONS], str(after.id), after.published_text)
    return replace(after, tables={**after.tables, REVISIONS: log})


def candidate(
    draft: Draft,
    folder: Path,
    *,
    files: Mapping[str, bytes] | None = None,
    describing: Callable[[Row], None] = lambda descriptor: None,
    **other: Any,
) -> Candidate:
    """A candidate whose bytes, descriptor and folder agree, whatever was changed.

    Args:
        draft: The draft.
        folder: A folder that does not exist yet.
        files: Bytes that replace those of the draft.
        describing: Changes the descriptor in place, after it was made anew.
        other: Other fields of the candidate, or of its terms.
    """
    content = {**written_once(draft), **(files or {})}
    if not files or DESCRIPTOR not in files:
        descriptor = describe(draft, content)
        if files and CROISSANT not in files:
            content[CROISSANT] = json_bytes(croissant(descriptor, draft.identity))
        describing(descriptor)
        content[DESCRIPTOR] = json.dumps(descriptor, ensure_ascii=False).encode()
    packed = bundle_name(draft.identity.package)
    if files and packed not in files and DESCRIPTOR not in files:
        content[packed] = bundle(draft.identity.package, content, draft.published_at)
    write_files(folder, content)
    terms: Row = {"production": False, "threshold": THRESHOLD}
    terms |= {name: other.pop(name) for name in (*terms, "revision_limit") if name in other}
    fields = {"now": draft.published_at, **other}
    return Candidate(draft, content, folder, terms=Terms(**terms), **fields)


_WRITTEN: dict[bytes, dict[str, bytes]] = {}


def written_once(draft: Draft) -> dict[str, bytes]:
    """The files of a release that are judged, written once for all drafts of the same content.

    They are the same wherever the release before lies, which its digest tells of.
    """
    previous = draft.previous and replace(draft.previous, folder=Path("absent"))
    key = pickle.dumps(replace(draft, previous=previous))
    if key not in _WRITTEN:
        _WRITTEN[key] = release_files(draft)
    return dict(_WRITTEN[key])


def whole_once(draft: Draft) -> dict[str, bytes]:
    """All files of a release, with the report, the digests and no signature."""
    files = written_once(draft)
    return files | closing_files(draft, files, (), None)


def unjudged(draft: Draft, scratch: Path) -> Built:
    """A draft written to a folder without the gates, which the tests of going out do not need."""
    files, folder = whole_once(draft), scratch / str(draft.id)
    write_files(folder, files)
    return Built(draft, folder, (), files[SUMS], sum(map(len, files.values())))


def fill_lake(lake: Lake, month: Month = MARCH, **rows: Iterable[Row]) -> None:
    """Write a month into a lake, with its snapshot; a keyword replaces the rows of a table."""
    given = {**monthly_rows(month), "raw_portal": [snapshot_row(month)], **rows}
    for name in (*MONTHLY, "raw_portal"):
        lake.write(name, month, table(name, given[name]))


def snapshot_row(month: Month = MARCH, **other: Any) -> Row:
    """A snapshot of the source."""
    return {
        "period": str(month), "basis": "month", "root_code": ROOT, "snapshot_id": "0" * 16,
        "captured_at": f"{month.next()}-05T03:00:00Z", "source": "Nguồn thử nghiệm",
        "provenance": "official", "channel": "file", "answers": 1, "bytes": 1,
    } | other  # fmt: skip


def ingredients(provenance: Provenance = "official") -> Ingredients:
    """What a draft is made of, apart from the lake."""
    asked = frozenset({MARCH, APRIL})
    known = register(provenance)
    return Ingredients(known, METHODOLOGY, IDENTITY, "test", THRESHOLD, asked=asked)
