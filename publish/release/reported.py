"""The release that a report is made of, and its rows as the report takes them.

Belongs here: which release was shown at a moment, what of it a report needs, and one line for what
there is no report of. Does not: what a report says (``cchc_pipeline.reports``), or writing files.
"""

import difflib
from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.errors import UsageError
from cchc_pipeline.core.period import Month, utc_text
from cchc_pipeline.core.written import moment_text
from cchc_pipeline.indicators.reconciliation import reconciliation_rules
from cchc_pipeline.reports.released import ALL, NULL_METRIC, TOTAL, Released
from cchc_pipeline.reports.span import ReportSpan
from cchc_pipeline.reports.wording import month_name, say
from publish.model import Published
from publish.store.state import shown_after
from publish.store.store import Portal, read_tables

_NEEDED = (
    "scores", "plan_indicators", "plan_tasks", "dossier_statistics", "petition_statistics",
    "submissions", "quarantine_summary", "revisions", "units", "metrics", "indicators",
    "procedures", "procedure_changes",
)  # fmt: skip


def reported_release(portal: Portal, span: ReportSpan, moment: datetime | None) -> Published:
    """The release that is shown, or was at a moment, where it has the month of a report.

    Raises:
        UsageError: Nothing was shown, what was shown is retracted, or it lacks the month.
    """
    acts = portal.acts()
    at = utc_text(moment) if moment else ""
    chosen = shown_after(act for act in acts if not at or act.at <= at)
    if chosen is None:
        told = say("refusals.nothing_then", moment=moment_text(at, "vi")) if at else say(
            "refusals.nothing"
        )  # fmt: skip
        raise UsageError(told, todo=say("refusals.run_first", month=span.last))
    for act in acts:
        if act.kind == "retracted" and act.release == chosen:
            raise UsageError(
                say("refusals.retracted", release=chosen, moment=moment_text(at or act.at, "vi"),
                    reason=act.reason),
                where="--as-of", todo=say("refusals.other_date"),
            )  # fmt: skip
    release = portal.read(chosen)
    if span.last not in release.periods:
        months = ", ".join(str(month) for month in release.periods)
        raise UsageError(
            say("refusals.unreleased", month=month_name(span.last), release=chosen),
            todo=say("refusals.released", months=months, month=span.last),
        )
    return release


def released_rows(release: Published, span: ReportSpan, root: str, unit: str = "") -> Released:
    """What a report or a letter takes of a release: what is known up to its last month.

    Of scores only totals, the unit's and the root's own, those of groups that cannot be compared,
    and what is counted of dossiers: a city of many communes has a hundred thousand others.
    """
    tables = read_tables(release)
    months = tuple(month for month in release.periods if month <= span.last)
    rows = {
        name: _until(_of_interest(tables[name], name, {root, unit}, span), months).to_pylist()
        for name in _NEEDED
        if name in tables
    }
    return Released(str(release.id), release.published_at, root, months, rows)


def _of_interest(table: pa.Table, name: str, units: Iterable[str], span: ReportSpan) -> pa.Table:
    own = {"scores": ("metric_code", TOTAL), "dossier_statistics": ("field_code", ALL)}
    if name not in own:
        return table
    column, value = own[name]
    codes = pa.array(sorted(units))
    chosen = pc.or_(
        pc.is_in(table["unit_code"], value_set=codes), pc.equal(table[column], value)
    )  # fmt: skip
    if name == "scores":
        has_gaps = pc.match_substring(table["quality_flag"], NULL_METRIC)
        chosen = pc.or_(chosen, pc.fill_null(has_gaps, fill_value=False))
        chosen = pc.or_(chosen, _is_compared(table, span))
    return table.filter(chosen)


def _is_compared(table: pa.Table, span: ReportSpan) -> pa.Array:
    """Whether a score counts what the city's dossiers count too, at the end of the span."""
    named = pa.array(sorted({one.metric for one in reconciliation_rules().measures}))
    is_last = pc.equal(table["period"], str(span.last))
    return pc.and_(pc.is_in(table["metric_code"], value_set=named), is_last)


def _until(table: pa.Table, months: Iterable[Month]) -> pa.Table:
    if "period" not in table.column_names:
        return table
    return table.filter(
        pc.is_in(table["period"], value_set=pa.array([str(month) for month in months]))
    )


def require_unit(released: Released, span: ReportSpan, unit: str) -> None:
    """Refuse a letter to a unit that is none of the month.

    Raises:
        UsageError: The unit is not known in the month, or is the root itself.
    """
    if unit == released.root:
        raise UsageError(
            say("refusals.root", unit=unit), where="--unit", todo=say("refusals.without_unit")
        )
    known = released.units(span.last)
    if unit in known:
        return
    like = difflib.get_close_matches(unit, known, n=3)
    raise UsageError(
        say("refusals.unit", unit=unit, month=month_name(span.last)),
        where="--unit",
        todo=say("refusals.like", codes=", ".join(like)) if like else say("refusals.units"),
    )
