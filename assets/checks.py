"""Checks: of each table one for its errors, which blocks, one for its warnings; and their results.

Belongs here: the factory that makes them of a contract and the rules of its table; the rules on the
portal's findings and quarantine; a result as a table, written and read back from the log. Does not:
running expectations (``cchc_pipeline.contracts.checks``), the rules on dossiers (``month_checks``),
the gates (``publish.gates``), or what follows from a failure.

A table has one check a severity, so that a month logs two results a table and not one a rule.

A check has a result for each month, so that a good January does not hide a bad September; which
rules failed stands in it as a table. Publication judges every published table again, because a
block holds inside one run only.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from assets import month_checks
from assets.resources import MONTHS, Workspace, month_of
from cchc_pipeline.alerts.rules import WITHIN_LIMIT
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.checks import check_table
from cchc_pipeline.contracts.sources import declared_sources
from cchc_pipeline.core.errors import CheckFailedError
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.scores import latest_snapshots
from cchc_pipeline.sources.national_portal.tables import require_within_limit

FAILED, _JUDGED = "failed", "rules"
_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("rule", description="The id of the expectation, rule or gate."),
        dg.TableColumn("rows", "int", description="How many rows or lines break it."),
        dg.TableColumn("said", description="What is wrong, in a line."),
    ]
)
_SHOWN_ROWS = 3
CHECKED_TABLES = (
    "inbox_account",
    *(table for source in declared_sources() for table in source.checked),
    "input_submissions", "submissions", "quarantine_summary",
    "observed_scores", "score_recomputation", "unit_rankings", "scores", "year_to_date",
    "plan_indicators", "plan_tasks", "dossier_statistics", "dossier_continuity",
    "petition_statistics",
)  # fmt: skip
BLOCKING_FINDINGS: Mapping[str, str] = {
    "SCORE_OUT_OF_BOUNDS": "No score lies outside 0 and its maximum.",
    "GROUPS_DO_NOT_ADD_UP": "A total is the sum of its groups, within the tolerance.",
}
_ASK_THE_SOURCE = "ask the source, drop a corrected capture, run again"
_SHOWN_CASES = 3
NAMES = {"error": "errors", "warning": "warnings"}
"""The check of each severity, which Dagster calls by the same name for every table."""


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: its id, how many rows or lines break it, and a line about it."""

    rule: str
    rows: int
    line: str


def told(
    asset: str, check: str, severity: str, judged: int, broken: Sequence[Broken]
) -> dg.AssetCheckResult:
    """The result of a check.

    Args:
        asset: The table.
        check: The name of the check.
        severity: ``error`` or ``warning``.
        judged: How many rules were asked.
        broken: Those that do not hold.
    """
    more = f" and {len(broken) - _SHOWN_ROWS} more" if len(broken) > _SHOWN_ROWS else ""
    return dg.AssetCheckResult(
        passed=not broken,
        asset_key=asset,
        check_name=check,
        severity=severity_of(severity),
        description="; ".join(item.line for item in broken[:_SHOWN_ROWS]) + more,
        metadata={_JUDGED: judged, **({FAILED: _table(broken)} if broken else {})},
    )


def severity_of(severity: str) -> dg.AssetCheckSeverity:
    """A contract's word for it, as Dagster's."""
    return dg.AssetCheckSeverity.ERROR if severity == "error" else dg.AssetCheckSeverity.WARN


def broken_of(check: dg.AssetCheckEvaluation) -> Iterable[Broken]:
    """The rules that a stored result says are broken; a check without a table is its own rule."""
    if check.passed:
        return
    stored = check.metadata.get(FAILED)
    if not isinstance(stored, dg.TableMetadataValue):
        yield Broken(check.check_name, 0, check.description or check.check_name)
        return
    for record in stored.records:
        row = record.data
        yield Broken(str(row["rule"]), int(row["rows"] or 0), str(row["said"]))


def _table(broken: Iterable[Broken]) -> dg.TableMetadataValue:
    records = [
        dg.TableRecord({"rule": item.rule, "rows": item.rows, "said": item.line}) for item in broken
    ]
    return dg.MetadataValue.table(records, schema=_COLUMNS)


@dataclass(frozen=True)
class CheckRule:
    """What must hold of a table and is no expectation of its contract.

    ``judge`` gives a line for each place where it does not; ``todo`` is what to do then.
    """

    id: str
    asks: str
    judge: Callable[[Workspace, Month], Iterable[str]]
    severity: str = "error"
    todo: str = ""

    def broken(self, workspace: Workspace, month: Month) -> list[Broken]:
        """The rule with the first lines and how many more there are; nothing if it holds."""
        lines = list(self.judge(workspace, month))
        if not lines:
            return []
        more = f" and {len(lines) - _SHOWN_CASES} more" if len(lines) > _SHOWN_CASES else ""
        todo = f" -> {self.todo}" if self.todo else ""
        return [Broken(self.id, len(lines), f"{'; '.join(lines[:_SHOWN_CASES])}{more}{todo}")]


def has_no_finding(rule: str) -> Callable[[Workspace, Month], Iterator[str]]:
    """Whether the national portal's latest figures have no finding of a rule."""

    def judge(workspace: Workspace, month: Month) -> Iterator[str]:
        latest = latest_snapshots(workspace.lake.read("portal_scores", month).to_pylist())
        for row in workspace.lake.read("portal_findings", month).to_pylist():
            if row["rule"] == rule and row["snapshot_id"] in latest:
                yield f"{row['basis']} {row['message_en']}"

    return judge


def entries_within_limit(workspace: Workspace, month: Month) -> Iterator[str]:
    """A line if more than the set share of the national portal's entries was quarantined."""
    lake = workspace.lake
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
        yield f"{error} ({first})"


RULES: Mapping[str, Sequence[CheckRule]] = {
    "portal_findings": [
        CheckRule(name, asks, has_no_finding(name), todo=_ASK_THE_SOURCE)
        for name, asks in BLOCKING_FINDINGS.items()
    ],
    "portal_submissions": [
        CheckRule(
            WITHIN_LIMIT,
            "Not more than the set share of the portal's entries was quarantined.",
            entries_within_limit,
        )
    ],
    "dossiers": [
        CheckRule(
            "columns_are_those_declared",
            "Accepted dossiers have the columns and types of their contract, and no other.",
            month_checks.undeclared_columns,
        )
    ],
    "dossier_accounts": [
        CheckRule(
            "no_row_is_lost",
            "What is kept of each file and unit is as its account says, and no row has two fates.",
            month_checks.lost_rows,
            todo="report it as a fault",
        ),
        CheckRule(
            WITHIN_LIMIT,
            "Not more than the set share of the month's dossier rows was quarantined.",
            month_checks.above_limit,
        ),
    ],
    "dossier_statistics": [
        CheckRule(
            "sums_add_up",
            "Fields add up to ALL, units to the city, and each unit to the rows accepted of it.",
            month_checks.wrong_sums,
        )
    ],
    "dossier_continuity": [
        CheckRule(
            "months_join",
            "What a month carried over is what the month before left open.",
            month_checks.breaks,
            severity="warning",
        )
    ],
}


def rules_of(table: str) -> dict[str, dict[str, str]]:
    """By severity, the id of each expectation and rule of a table and what it asks."""
    expectations = load_contract(table).expectations() if table in CHECKED_TABLES else ()
    found: dict[str, dict[str, str]] = {}
    for item in expectations:
        found.setdefault(item.severity, {})[item.id] = item.message.en
    for rule in RULES.get(table, ()):
        found.setdefault(rule.severity, {})[rule.id] = rule.asks
    return found


def table_checks(table: str) -> dg.AssetChecksDefinition:
    """The checks of a table, one a severity, made by one step."""
    rules = rules_of(table)

    @dg.multi_asset_check(
        name=f"{table}_checks",
        specs=[_spec(table, severity, rules[severity]) for severity in rules],
    )
    def judge(
        context: dg.AssetCheckExecutionContext, workspace: Workspace
    ) -> Iterable[dg.AssetCheckResult]:
        broken = _broken(workspace, table, month_of(context))
        for severity, asked in rules.items():
            found = [item for item in broken if item.rule in asked]
            yield told(table, NAMES[severity], severity, len(asked), found)

    return judge


def _spec(table: str, severity: str, rules: Mapping[str, str]) -> dg.AssetCheckSpec:
    blocks = severity == "error"
    with warnings.catch_warnings():
        # a check's months are a preview of Dagster; the version that was tested is pinned
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            NAMES[severity],
            asset=table,
            blocking=blocks,
            description=f"{len(rules)} rules, {'which block' if blocks else 'which only warn'}.",
            metadata=dict(rules),
            partitions_def=MONTHS,
        )


def _broken(workspace: Workspace, table: str, month: Month) -> list[Broken]:
    """The expectations and rules that do not hold of a table's month."""
    broken = []
    if table in CHECKED_TABLES:
        results = check_table(workspace.lake.read(table, month), load_contract(table))
        broken = [Broken(r.id, r.unexpected, r.line()) for r in results if not r.passed]
    rules = RULES.get(table, ())
    return [*broken, *(item for rule in rules for item in rule.broken(workspace, month))]


CHECKS = [
    table_checks(name)
    for name in (*CHECKED_TABLES, *(name for name in RULES if name not in CHECKED_TABLES))
]
