"""Compute: scores, ranks, statistics and the plan, from validated rows.

Belongs here: one asset a table. Does not: formulas (``cchc_pipeline.indicators``).
"""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.jobs import begins
from assets.resources import (
    BEFORE,
    MONTHS,
    WITH_THE_ONE_BEFORE,
    Workspace,
    month_of,
    of_table,
    versioned,
)
from assets.staleness import OF_YEAR, YEAR_TO_DATE, month_rested_on
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import count_dossiers, statistics_table
from cchc_pipeline.indicators.dossier_targets import dossier_values, month_tallies
from cchc_pipeline.indicators.observations import (
    continuity_rows,
    correct_observations,
    correction_rows,
)
from cchc_pipeline.indicators.plan_indicators import (
    Key,
    Measured,
    plan_indicator_rows,
    reported_values,
)
from cchc_pipeline.indicators.quarantine_summary import QUARANTINES, quarantine_rows
from cchc_pipeline.indicators.records import (
    catalogue_shares,
    petition_rows,
    procedure_values,
)
from cchc_pipeline.indicators.scores import (
    ScoreContext,
    latest_observations,
    ranking_rows,
    recomputation_rows,
    score_rows,
)
from cchc_pipeline.indicators.task_progress import task_rows, task_states, tracker_values
from cchc_pipeline.indicators.year_to_date import (
    Place,
    Tally,
    YearToDate,
    sums_of_rows,
    year_to_date_rows,
)
from cchc_pipeline.methodology import methodology_in_force
from cchc_pipeline.plan import PublicationLog
from cchc_pipeline.sources.agency_forms.forms import reports_from_rows
from cchc_pipeline.sources.dossiers.month import submission_rows
from cchc_pipeline.sources.dossiers.quarantine import lacking_columns
from cchc_pipeline.sources.records.corrections import Entry, read_corrections, todo_of_replayed
from cchc_pipeline.sources.records.petitions import petitions_from_rows
from cchc_pipeline.sources.records.procedures import procedures_from_rows
from cchc_pipeline.storage.lake import table_from_rows
from publish.release.publication_log import read_publications

JUDGED = (
    "portal_units", "portal_quarantine", "portal_findings", "portal_submissions", "corrections",
)  # fmt: skip
"""What must have passed its checks before anything is computed from ``portal_scores``."""


def _table(name: str, rows: list[dict[str, Any]]) -> dg.Output[pa.Table]:
    return versioned(table_from_rows(load_contract(name), rows))


def _context(month: Month, workspace: Workspace) -> ScoreContext:
    settings = workspace.settings
    return ScoreContext(
        month, settings.root_unit, workspace.register,
        methodology_in_force(workspace.methodology, month.last_day), settings.provisional_days,
    )  # fmt: skip


def _corrections(workspace: Workspace, month: Month) -> tuple[tuple[Entry, ...], str]:
    """The corrections that stand for a month, and what their file is called."""
    files = workspace.lake.read("raw_corrections", month).to_pylist()
    entries = [
        entry
        for file in files
        for entry in read_corrections(
            workspace.archive.get(file["sha256"]),
            file["file"],
            todo_of_replayed(file["file"], month, file["received_at"]),
        )
    ]
    return tuple(entries), ", ".join(file["file"] for file in files)


def _computed(
    *deps: str | dg.AssetDep,
) -> Callable[[Callable[..., dg.Output[pa.Table]]], dg.AssetsDefinition]:
    """A monthly table of this group; ``deps`` are what it reads from the lake by itself."""

    def declared(make: Callable[..., dg.Output[pa.Table]]) -> dg.AssetsDefinition:
        told = of_table(make.__name__, "parquet")
        return dg.asset(deps=deps, partitions_def=MONTHS, group_name="compute", **told)(make)

    return declared


@_computed("raw_corrections")
def corrections(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """The scores that were corrected by hand, with what the source said."""
    month = month_of(context)
    return _table("corrections", correction_rows(month, _corrections(workspace, month)[0]))


@_computed("raw_corrections", *JUDGED)
def observed_scores(
    context: dg.AssetExecutionContext, workspace: Workspace, portal_scores: pa.Table
) -> dg.Output[pa.Table]:
    """The latest observations with the month's corrections applied: what scores are made from."""
    latest = latest_observations(portal_scores.to_pylist())
    rows = correct_observations(latest, *_corrections(workspace, month_of(context)))
    return _table("observed_scores", [dict(row) for row in rows])


@_computed()
def score_recomputation(
    context: dg.AssetExecutionContext, workspace: Workspace, observed_scores: pa.Table
) -> dg.Output[pa.Table]:
    """Scores recomputed from the published counts by the rules of Decision 766."""
    context_of_month = _context(month_of(context), workspace)
    rows = recomputation_rows(observed_scores.to_pylist(), context_of_month)
    return _table("score_recomputation", rows)


@_computed()
def unit_rankings(
    context: dg.AssetExecutionContext, workspace: Workspace, observed_scores: pa.Table
) -> dg.Output[pa.Table]:
    """Ranks among comparable peers: provinces, agencies and communes apart, ties sharing a rank."""
    rows = ranking_rows(observed_scores.to_pylist(), _context(month_of(context), workspace))
    return _table("unit_rankings", rows)


@_computed()
def scores(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    observed_scores: pa.Table,
    score_recomputation: pa.Table,
    unit_rankings: pa.Table,
) -> dg.Output[pa.Table]:
    """The latest published score of each unit and metric, the recomputed one beside it."""
    rows = score_rows(
        observed_scores.to_pylist(),
        score_recomputation.to_pylist(),
        unit_rankings.to_pylist(),
        _context(month_of(context), workspace),
    )
    return _table("scores", rows)


@_computed("dossiers", "dossier_accounts")
def dossier_counts(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.Output[pa.Table]:
    """Accepted dossiers counted by unit, field and procedure; nothing after this sees a dossier."""
    month = month_of(context)
    accounts = workspace.lake.read("dossier_accounts", month).to_pylist()
    if not accounts:
        return _table("dossier_counts", [])
    path = workspace.lake.path("dossiers", month)
    with workspace.means_for(month).opened() as engine:
        return versioned(count_dossiers(path, month, engine, lacking_columns(accounts)))


@_computed("dossier_accounts", "dossier_summaries")
def dossier_statistics(
    context: dg.AssetExecutionContext, workspace: Workspace, dossier_counts: pa.Table
) -> dg.Output[pa.Table]:
    """Dossiers by unit and field, complete; what is published of it passes disclosure control."""
    month = month_of(context)
    counts = dossier_counts if _has_export(workspace, month) else None
    root, units = workspace.settings.root_unit, workspace.units_of(month)
    summaries = workspace.lake.read("dossier_summaries", month).to_pylist()
    return versioned(statistics_table(month, root, units, counts, summaries))


@_computed(
    "dossier_accounts", dg.AssetDep("dossier_statistics", partition_mapping=WITH_THE_ONE_BEFORE),
    YEAR_TO_DATE,  # which notes for the whole stage what it is made from
)  # fmt: skip
def dossier_continuity(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.Output[pa.Table]:
    """What the month before left open against what this month carried over; never mended."""
    month = month_of(context)
    before, now = (
        workspace.lake.read("dossier_statistics", of) if _has_export(workspace, of) else None
        for of in (month.previous(), month)
    )
    return _table("dossier_continuity", continuity_rows(month, before, now))


def _has_export(workspace: Workspace, month: Month) -> bool:
    return bool(workspace.lake.read("dossier_accounts", month).num_rows)


def _tallies(workspace: Workspace, month: Month, counts: pa.Table) -> dict[Place, Tally]:
    """What the month's own export counts towards the plan's targets."""
    root, units = workspace.settings.root_unit, workspace.units_of(month)
    return month_tallies(month, root, units, counts if _has_export(workspace, month) else None)


@_computed(
    "month_by_itself", "dossier_accounts", "agency_reports", "procedure_catalogue",
    "national_procedures", dg.AssetDep(YEAR_TO_DATE, partition_mapping=BEFORE),
)  # fmt: skip
def year_to_date(
    context: dg.AssetExecutionContext, workspace: Workspace, dossier_counts: pa.Table
) -> dg.Output[pa.Table]:
    """The year's running sums: those of the month before with the month's own; anew in January."""
    begins(context, workspace, OF_YEAR)
    month, lake = month_of(context), workspace.lake
    before = month_rested_on(lake, month)
    sums = sums_of_rows(lake.read(YEAR_TO_DATE, before).to_pylist()) if before else YearToDate()
    reports = reports_from_rows(lake.read("agency_reports", month).to_pylist())
    catalogue = procedures_from_rows(lake.read("procedure_catalogue", month).to_pylist())
    own = YearToDate(
        _tallies(workspace, month, dossier_counts),
        catalogue_shares(catalogue, month),
        tuple(report for report in reports if report.status),
        frozenset({month} if catalogue or lake.read("national_procedures", month).num_rows else ()),
    )
    root = workspace.settings.root_unit
    return _table(YEAR_TO_DATE, year_to_date_rows(month, root, sums.with_month(own)))


@_computed("dossier_accounts", "agency_reports")
def plan_indicators(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    dossier_counts: pa.Table,
    year_to_date: pa.Table,
) -> dg.Output[pa.Table]:
    """Every target of the year's plan, with its value or with who owes it."""
    root, month = workspace.settings.root_unit, month_of(context)
    log, sums = _publications(workspace, month), sums_of_rows(year_to_date.to_pylist())
    measured = dossier_values(
        month,
        root,
        lambda of: frozenset(workspace.units_of(of)),
        _tallies(workspace, month, dossier_counts),
        sums.tallies,
    )
    reported = _reported(workspace, month, sums, log)
    return _table("plan_indicators", plan_indicator_rows(month, root, log, measured | reported))


def _reported(
    workspace: Workspace, month: Month, sums: YearToDate, log: PublicationLog
) -> dict[Key, Measured]:
    """What forms and the catalogue say of the plan's targets."""
    root, register = workspace.settings.root_unit, workspace.register
    reports = reports_from_rows(workspace.lake.read("agency_reports", month).to_pylist())
    states = task_states(month, sums.reports, register, root, log, sums.catalogued)
    return {
        **reported_values(reports, month, register, root),
        **tracker_values(month, root, states),
        **procedure_values(sums.catalogue, month, root),
    }


def _publications(workspace: Workspace, month: Month) -> PublicationLog:
    settings = workspace.settings
    return read_publications(
        workspace.portal,
        settings.inbox_dir,
        month=month,
        now=workspace.now,
        production=settings.production,
    )


@_computed()
def plan_tasks(
    context: dg.AssetExecutionContext, workspace: Workspace, year_to_date: pa.Table
) -> dg.Output[pa.Table]:
    """The rows of the plan's annex with their state."""
    month, root = month_of(context), workspace.settings.root_unit
    sums, log = sums_of_rows(year_to_date.to_pylist()), _publications(workspace, month)
    register = workspace.register
    states = task_states(month, sums.reports, register, root, log, sums.catalogued)
    return _table("plan_tasks", task_rows(month, states))


@_computed("input_submissions")
def petition_statistics(
    context: dg.AssetExecutionContext, workspace: Workspace, petitions: pa.Table
) -> dg.Output[pa.Table]:
    """Petitions counted by unit and for the city."""
    month, root = month_of(context), workspace.settings.root_unit
    handed_in = workspace.lake.read("input_submissions", month).to_pylist()
    states = {row["status"] for row in handed_in if row["table"] == "petitions"} - {"missing"}
    counted = petitions_from_rows(petitions.to_pylist()) if states else None
    rows = petition_rows(counted, month, workspace.register, root, is_whole="partial" not in states)
    return _table("petition_statistics", rows)


@_computed("portal_quarantine", "input_submissions", *JUDGED[:3])
def quarantine_summary(
    context: dg.AssetExecutionContext, workspace: Workspace
) -> dg.Output[pa.Table]:
    """How many rows each rule set aside, by unit."""
    month, lake = month_of(context), workspace.lake
    found = {name: lake.read(name, month).to_pylist() for name in QUARANTINES}
    root, units = workspace.settings.root_unit, workspace.units_of(month)
    return _table("quarantine_summary", quarantine_rows(month, root, units, found))


@_computed("portal_scores", *JUDGED[:3])
def submissions(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    portal_submissions: pa.Table,
    dossier_accounts: pa.Table,
    raw_dossiers: pa.Table,
    input_submissions: pa.Table,
) -> dg.Output[pa.Table]:
    """Who handed in what: rows received, accepted, quarantined, duplicated."""
    month = month_of(context)
    dossiers = submission_rows(
        month,
        workspace.settings.root_unit,
        workspace.units_of(month),
        dossier_accounts.to_pylist(),
        max(raw_dossiers.column("received_at").to_pylist(), default=None),
    )
    others = [{**row, "release": None} for row in input_submissions.to_pylist()]
    return _table("submissions", [*portal_submissions.to_pylist(), *dossiers, *others])
