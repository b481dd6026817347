"""What a check says: which of its rules failed, on how many rows, as a table that Dagster keeps.

Belongs here: writing that table into a result, and reading it back from the log. Does not: the
rules (contracts, ``checks``, ``dossier_checks``, gates), or what follows from a failure.

A table has one check a severity, so that a month logs two results a table and not one a rule.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

FAILED, _JUDGED = "failed", "rules"
_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("rule", description="The id of the expectation, rule or gate."),
        dg.TableColumn("rows", "int", description="How many rows or lines break it."),
        dg.TableColumn("said", description="What is wrong, in a line."),
    ]
)
_SHOWN = 3


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
    more = f" and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
    return dg.AssetCheckResult(
        passed=not broken,
        asset_key=asset,
        check_name=check,
        severity=severity_of(severity),
        description="; ".join(item.line for item in broken[:_SHOWN]) + more,
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
