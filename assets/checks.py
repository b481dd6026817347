"""Checks: every contract's expectations as asset checks, one result an expectation.

Belongs here: the factory that turns a contract into a blocking check, and the checks that look at
the portal's findings and quarantine. Does not: the expectations (contracts), their engines
(``cchc_pipeline.quality``).

An expectation of severity error blocks what comes after in the same run; a warning never does.
Publication judges every published table again, because a block holds inside one run only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg

from assets.dossier_checks import DOSSIER_CHECKS
from assets.partitions import month_of
from assets.resources import Workspace
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.errors import CheckFailedError
from cchc_pipeline.indicators.scores import latest_snapshots
from cchc_pipeline.quality import CheckResult, check_table
from cchc_pipeline.sources.portal_tables import require_within_limit

CHECKED_TABLES = (
    "inbox_account",
    "raw_portal", "portal_scores", "portal_units", "portal_quarantine", "portal_findings",
    "portal_submissions",
    "score_recomputation", "unit_rankings", "scores", "year_to_date", "plan_indicators",
    "plan_tasks",
    "submissions",
    "raw_dossiers", "dossier_accounts", "dossier_statistics",
    "dossier_continuity",
    "raw_corrections", "corrections",
    "raw_procedures", "raw_petitions", "raw_agency_forms", "procedure_catalogue",
    "procedure_quarantine", "petitions", "petition_quarantine", "agency_reports",
    "agency_quarantine", "input_submissions", "petition_statistics", "quarantine_summary",
)  # fmt: skip

BLOCKING_FINDINGS: Mapping[str, str] = {
    "SCORE_OUT_OF_BOUNDS": "No score lies outside 0 and its maximum.",
    "GROUPS_DO_NOT_ADD_UP": "A total is the sum of its groups, within the tolerance.",
}


def check_name(identifier: str) -> str:
    """An expectation's id as a name that Dagster accepts."""
    return identifier.replace(".", "__")


def contract_checks(contract: Contract) -> dg.AssetChecksDefinition:
    """The expectations of a contract as one multi-asset check on its table."""
    specs = [
        dg.AssetCheckSpec(
            check_name(item.id),
            asset=contract.table,
            blocking=item.severity == "error",
            description=item.message.en,
        )
        for item in contract.expectations()
    ]

    @dg.multi_asset_check(name=f"{contract.table}_expectations", specs=specs)
    def judge(
        context: dg.AssetCheckExecutionContext, workspace: Workspace
    ) -> Iterable[dg.AssetCheckResult]:
        table = workspace.lake.read(contract.table, month_of(context))
        for result in check_table(table, contract):
            yield _as_check_result(result, contract.table)

    return judge


def _as_check_result(result: CheckResult, table: str) -> dg.AssetCheckResult:
    severe = result.severity == "error"
    return dg.AssetCheckResult(
        passed=result.passed,
        asset_key=table,
        check_name=check_name(result.id),
        severity=dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN,
        description="" if result.passed else result.line(),
        metadata={"unexpected_rows": result.unexpected},
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(rule, asset="portal_findings", blocking=True, description=text)
        for rule, text in BLOCKING_FINDINGS.items()
    ]
)
def portal_identities(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> Iterator[dg.AssetCheckResult]:
    """What the portal's figures must satisfy before anything is computed from them."""
    month = month_of(context)
    latest = latest_snapshots(workspace.lake.read("portal_scores", month).to_pylist())
    findings = workspace.lake.read("portal_findings", month).to_pylist()
    for rule in BLOCKING_FINDINGS:
        lines = [
            f"{row['basis']} {row['message_en']}"
            for row in findings
            if row["rule"] == rule and row["snapshot_id"] in latest
        ]
        yield dg.AssetCheckResult(
            passed=not lines,
            asset_key="portal_findings",
            check_name=rule,
            description=_with_todo(lines, "ask the source, drop a corrected capture, run again"),
            metadata={"findings": len(lines)},
        )


def _with_todo(lines: Sequence[str], todo: str) -> str:
    """The first three failures, how many more there are, and what to do; empty if there is none."""
    if not lines:
        return ""
    more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
    return f"{'; '.join(lines[:3])}{more} -> {todo}"


@dg.asset_check(asset="portal_submissions", blocking=True)
def quarantine_within_limit(
    context: dg.AssetCheckExecutionContext, workspace: Workspace
) -> dg.AssetCheckResult:
    """Not more than the set share of the portal's entries was quarantined."""
    lake, month = workspace.lake, month_of(context)
    rows = lake.read("portal_submissions", month).to_pylist()
    latest = latest_snapshots(lake.read("portal_scores", month).to_pylist())
    quarantined = [
        entry
        for entry in lake.read("portal_quarantine", month).to_pylist()
        if entry["snapshot_id"] in latest
    ]
    try:
        for row in rows:
            require_within_limit(row, workspace.settings.quarantine_limit, quarantined)
    except CheckFailedError as error:
        first = "; ".join(f"{q['file']} row {q['row']}: {q['rule']}" for q in quarantined[:3])
        return dg.AssetCheckResult(passed=False, description=f"{error} ({first})")
    return dg.AssetCheckResult(passed=True)


CHECKS = [
    *(contract_checks(load_contract(name)) for name in CHECKED_TABLES),
    portal_identities,
    quarantine_within_limit,
    *DOSSIER_CHECKS,
]
