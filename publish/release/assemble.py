"""From the lake and the code lists to a draft: the tables as they would be published.

Belongs here: gathering, stamping and the question whether there is anything to publish. Does not:
bytes (``publish.package.formats``), judging (``publish.gates.gates``).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.calendar import load_calendar
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import (
    indicator_rows,
    metric_rows,
    obs_status_rows,
    procedure_list,
    succession_rows,
    unit_rows,
)
from cchc_pipeline.indicators.procedure_changes import TABLES as CATALOGUES
from cchc_pipeline.indicators.procedure_changes import catalogue_of, change_rows
from cchc_pipeline.registers.units import UnitRegister
from cchc_pipeline.sources.inbox.files import FORMS_FOLDER
from cchc_pipeline.sources.records.procedures import Procedure, procedures_from_rows
from cchc_pipeline.storage.lake import Lake, content_digest, table_from_rows
from publish.disclosure.rule import disclosed_table
from publish.model import (
    DESCRIPTOR,
    PROCEDURE_CHANGES,
    PUBLISHED_TABLES,
    RECORD,
    REVISIONS,
    STATISTICS,
    Acceptance,
    Draft,
    Identity,
    Published,
    ReleaseId,
    Source,
    TableChange,
)
from publish.release.approval import ready_months, speaks
from publish.release.comparison import Comparison, comparable, compare, stamp
from publish.release.provenance import read_samples, with_provenance
from publish.release.revisions import (
    Causes,
    correction_reasons,
    revision_rows,
    revisions_table,
    with_late_parts,
)
from publish.store.state import input_digests, read_digests, renewal
from publish.store.store import Portal, read_tables

MONTHLY = (
    "scores", "plan_indicators", "plan_tasks", STATISTICS, "petition_statistics", "submissions",
    "quarantine_summary", "corrections",
)  # fmt: skip


@dataclass(frozen=True)
class Ingredients:
    """What a draft is made of, apart from the lake.

    ``threshold`` is that of disclosure control: fewer dossiers are not shown apart. ``acceptance``
    is what was said of this release's revisions; ``asked`` are months that may go out before their
    announced date, since whoever publishes named them, with ``empty`` also those of which no source
    gave figures; ``backfill`` marks a release of past months; ``stale`` are the months that are not
    what they would be made from now, with what changed.
    """

    register: UnitRegister
    methodology: str
    identity: Identity
    generator: str
    threshold: int
    empty: bool = field(default=False, kw_only=True)
    acceptance: Acceptance | None = None
    asked: frozenset[Month] = frozenset()
    backfill: bool = False
    stale: Mapping[Month, tuple[str, ...]] = field(default_factory=dict)


def release_months(lake: Lake) -> tuple[Month, ...]:
    """The months for which every monthly table is there."""
    held = [set(lake.months(table)) for table in MONTHLY]
    return tuple(sorted(set.intersection(*held)))


def silent_months(lake: Lake, months: Iterable[Month]) -> frozenset[Month]:
    """Those of some computed months for which no source gave figures."""
    return frozenset(month for month in months if not speaks(lake.read("submissions", month)))


def assemble(
    lake: Lake, portal: Portal, ingredients: Ingredients, published_at: datetime
) -> Draft | None:
    """The next release as a draft, or None if nothing differs from the one before.

    Raises:
        CheckFailedError: No month has been computed, none may go out yet, or nobody gave figures
            for the months that were named.
        UsageError: The portal is another place's.
    """
    portal.require_package(ingredients.identity.package)
    previous = portal.latest()
    months = _months(lake, previous, ingredients, published_at)
    before, columns = (read_tables(previous), columns_of(previous)) if previous else ({}, {})
    samples = read_samples(lake, months, ingredients.register, ingredients.identity.root_unit)
    tables = {
        name: _tidy(with_provenance(name, table, samples))
        for name, table in _tables(lake, months, ingredients)
    }
    full = tables[STATISTICS]
    tables[STATISTICS] = disclosed_table(
        full, before.get(STATISTICS), ingredients.identity.root_unit, ingredients.threshold
    )
    draft = Draft(
        id=next_id(portal, months[-1]),
        published_at=published_at.replace(microsecond=0),
        tables=tables,
        periods=months,
        sources=tuple(_sources(lake, months)),
        identity=ingredients.identity,
        previous=previous,
        before=before,
        schema_digests={name: _schema_digest(name) for name in PUBLISHED_TABLES},
        generator=ingredients.generator,
        input_digest=_digest(tables),
        full_statistics=full,
        columns_before=columns,
        inputs=input_digests(lake, months),
        acceptance=ingredients.acceptance,
        backfill=ingredients.backfill,
        stale={month: ingredients.stale[month] for month in months if month in ingredients.stale},
        files_left=tuple(_files_left(lake, months)),
    )
    compared = {name: _compared(name, table, before, columns) for name, table in tables.items()}
    return _logged(draft, compared, _log(draft, compared))


def _files_left(lake: Lake, months: Iterable[Month]) -> Iterator[dict[str, Any]]:
    """How many files were not taken, by period, reason and right place; no name is published."""
    for month in months:
        rows = lake.read("inbox_account", month).to_pylist()
        left = Counter(
            (row["why"], _public_place(row)) for row in rows if row["fate"] == "not_taken"
        )
        for (why, place), count in sorted(left.items()):
            yield {"period": str(month), "why": why, "should_be": place, "files": count}


def _public_place(row: Mapping[str, Any]) -> str:
    """The place that a file should have; a form's own name says whose it is, and is left out."""
    place = row["should_be"] or ""
    return f"{FORMS_FOLDER}/*.xlsx" if place.startswith(f"{FORMS_FOLDER}/") else place


def _months(
    lake: Lake, previous: Published | None, ingredients: Ingredients, at: datetime
) -> tuple[Month, ...]:
    computed, calendar = release_months(lake), load_calendar()
    if not computed:
        raise CheckFailedError("no month has been computed", where=str(lake.root))
    out = previous.periods if previous else ()
    _require_all(lake, out, computed)
    silent = silent_months(lake, set(computed) - set(out))
    if ingredients.empty:
        silent -= ingredients.asked
    _require_figures(silent, ingredients.asked)
    told = [month for month in computed if month not in silent]
    ready = ready_months(told, out, ingredients.asked, calendar, at)
    if not ready:
        _require_figures(silent, frozenset(computed))
        due = calendar.release_date(told[0]).moment
        raise CheckFailedError(
            f"the results are announced for {due:%d/%m/%Y %H:%M}",
            where=str(told[0]),
            todo=f"wait, or publish it before that with: cchc run {told[0]}",
        )
    return ready


def _require_figures(silent: frozenset[Month], months: frozenset[Month]) -> None:
    """Not all of some months are silent: a month without figures goes out if named as one."""
    if months and months <= silent:
        raise CheckFailedError(
            "no source gave figures",
            where=", ".join(map(str, sorted(months)[:3])),
            todo=f"drop the files, or publish it without: cchc run {max(months)} --empty",
        )


def _require_all(lake: Lake, out: Collection[Month], computed: Collection[Month]) -> None:
    """No month that is out lacks a table, say one that the code did not know when it was made."""
    lacking = sorted(set(out) - set(computed))
    if not lacking:
        return
    tables = {name for name in MONTHLY if not {*lacking} <= {*lake.months(name)}}
    further = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    raise CheckFailedError(
        f"{', '.join(map(str, lacking[:3]))}{further}: out, and not whole in the lake"
        f" ({', '.join(sorted(tables))})",
        todo="cchc run each of them again; what the last of them completes is published",
    )


def columns_of(release: Published) -> dict[str, dict[str, str]]:
    """The columns of each table of a release with their types, as its descriptor declares them."""
    descriptor = json.loads((release.folder / DESCRIPTOR).read_text(encoding="utf-8"))
    return {
        resource["name"].replace("-", "_"): {
            column["name"]: column["type"] for column in resource["schema"]["fields"]
        }
        for resource in descriptor["resources"]
        if resource.get("type") == "table"
    }


def _recorded_inputs(release: Published | None) -> Mapping[str, Mapping[str, str]]:
    if release is None:
        return {}
    record = json.loads((release.folder / RECORD).read_text(encoding="utf-8"))
    return read_digests(record.get("inputs"))


def _compared(
    name: str,
    table: pa.Table,
    before: Mapping[str, pa.Table],
    columns: Mapping[str, Mapping[str, str]],
) -> Comparison:
    contract = load_contract(name)
    chosen = comparable(contract, columns.get(name))
    return compare(table, before.get(name), contract.primary_key, chosen)


def _log(draft: Draft, compared: Mapping[str, Comparison]) -> pa.Table:
    """The log of revisions; what a table that was not published before holds revises nothing."""
    anew = with_late_parts(
        renewal(_recorded_inputs(draft.previous), draft.inputs),
        draft.before.get("submissions"),
        draft.tables["submissions"],
        draft.identity.root_unit,
    )
    changes = (
        change
        for name, comparison in compared.items()
        if name in draft.before
        for change in comparison.row_changes(name)
    )
    published = {str(month) for month in draft.previous.periods} if draft.previous else set()
    corrected = correction_reasons(draft.tables, draft.before)
    rows = revision_rows(changes, Causes(anew, draft.acceptance, corrected), published)
    before = draft.before.get(REVISIONS)
    return revisions_table(rows, before, str(draft.id), draft.published_text)


def _logged(draft: Draft, compared: Mapping[str, Comparison], log: pa.Table) -> Draft | None:
    """The draft with its rows stamped, its log and what changed; None if nothing did."""
    before = draft.before.get(REVISIONS)
    entries = log.num_rows - (before.num_rows if before is not None else 0)
    tables = {name: stamp(item, str(draft.id)) for name, item in compared.items()}
    changes = {name: item.change for name, item in compared.items()}
    tables[REVISIONS], changes[REVISIONS] = log, TableChange(added=entries)
    complete = replace(
        draft,
        tables={name: tables[name] for name in PUBLISHED_TABLES},
        changes={name: changes[name] for name in PUBLISHED_TABLES},
    )
    return complete if _is_news(complete, draft.previous) else None


def next_id(portal: Portal, month: Month) -> ReleaseId:
    """The month's next release; what a crash left unpublished does not count.

    A number that was ever shown is not given again, even if the current site does not name it.
    """
    numbers = [release.number for release in portal.shown() if release.month == month]
    return ReleaseId(month, max(numbers, default=0) + 1)


def _is_news(draft: Draft, previous: Published | None) -> bool:
    if previous is None or any(change.any for change in draft.changes.values()):
        return True
    return dict(draft.schema_digests) != dict(previous.schema_digests)


def _tables(
    lake: Lake, months: Iterable[Month], ingredients: Ingredients
) -> Iterable[tuple[str, pa.Table]]:
    """Each table that is made from the lake or a list, sorted by its key."""
    months = tuple(months)
    register = ingredients.register
    code_lists = {
        "units": unit_rows(register),
        "successions": succession_rows(register),
        "metrics": [
            row for code in _methodologies(lake, months, ingredients) for row in metric_rows(code)
        ],
        "indicators": indicator_rows(
            {month.year for month in months}, ingredients.identity.root_unit
        ),
        "procedures": procedure_list(_catalogues(lake, months)),
        PROCEDURE_CHANGES: _procedure_changes(lake, months),
        "obs_status": obs_status_rows(),
    }
    for name in PUBLISHED_TABLES:
        if name in code_lists:
            yield name, table_from_rows(load_contract(name), code_lists[name])
        elif name in MONTHLY:
            yield name, pa.concat_tables([lake.read(name, month) for month in months])


def _methodologies(lake: Lake, months: Iterable[Month], ingredients: Ingredients) -> list[str]:
    """The methodology of the settings, and those that scores name."""
    columns = (lake.read("scores", month).column("methodology") for month in months)
    named = {code for column in columns for code in pc.unique(column).to_pylist() if code}
    return sorted({ingredients.methodology, *named})


def _catalogues(lake: Lake, months: Iterable[Month]) -> dict[Month, tuple[Procedure, ...]]:
    return {
        month: procedures_from_rows(lake.read("procedure_catalogue", month).to_pylist())
        for month in months
    }


def _procedure_changes(lake: Lake, months: Iterable[Month]) -> list[dict[str, Any]]:
    """What the catalogues of these months say of each other."""
    read = {
        name: [
            catalogue_of(
                name,
                month,
                lake.read(table, month).to_pylist(),
                lake.read("submissions", month).to_pylist(),
            )
            for month in months
        ]
        for name, table in CATALOGUES.items()
    }
    units = {
        row["department_id"]: row["unit_code"]
        for month in months
        for row in lake.read("portal_units", month).to_pylist()
    }
    return [
        row
        for name, found in read.items()
        for row in change_rows(name, (one for one in found if one is not None), units)
    ]


def _tidy(table: pa.Table) -> pa.Table:
    """One chunk a column, and no minus zero: JSON, XLSX and Parquet would show its sign."""
    for position, column in enumerate(table.schema):
        if pa.types.is_floating(column.type):
            table = table.set_column(position, column, pc.add(table.column(position), 0.0))
    return table.combine_chunks()


def _schema_digest(table: str) -> str:
    """A digest of names, types and keys: what a program that reads the table depends on."""
    contract = load_contract(table)
    shape = [*((f.name, f.type) for f in contract.fields), *contract.primary_key]
    return hashlib.sha256(repr(shape).encode()).hexdigest()[:16]


def _digest(tables: Mapping[str, pa.Table]) -> str:
    digest = hashlib.sha256()
    for name, table in tables.items():
        columns = load_contract(name).value_columns
        digest.update(f"{name} {content_digest(table, columns)}\n".encode())
    return digest.hexdigest()


def _sources(lake: Lake, months: Iterable[Month]) -> Iterable[Source]:
    """What each month was taken from: portal snapshots, then what was handed in."""
    for month in months:
        yield from _snapshots(lake, month)
        yield from _deliveries(lake, month)


def _deliveries(lake: Lake, month: Month) -> Iterable[Source]:
    """The city's dossiers, as they were received last, and each smaller source that is cited."""
    received = lake.read("raw_dossiers", month).column("received_at").to_pylist()
    provenances = set(lake.read("dossier_accounts", month).column("provenance").to_pylist())
    cited = {one.source: one.cited for one in declared_sources() if one.cited}
    if received and provenances:
        provenance = "sample" if "sample" in provenances else "official"
        yield Source(cited["dossiers"], max(received), provenance, str(month), "month")
    for row in lake.read("input_submissions", month).to_pylist():
        title = cited.get(row["table"])
        if row["status"] != "missing" and title:
            yield Source(title, row["received_at"], row["provenance"], str(month), "month")


def _snapshots(lake: Lake, month: Month) -> Iterable[Source]:
    """The snapshot that each basis was taken from: the one captured last."""
    latest: dict[str, Source] = {}
    snapshots = lake.read("raw_portal", month).to_pylist()
    for row in sorted(snapshots, key=lambda r: r["captured_at"]):
        latest[row["basis"]] = Source(
            row["source"], row["captured_at"], row["provenance"], row["period"], row["basis"]
        )
    yield from latest.values()
