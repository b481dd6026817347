"""The quality page: who did not report, what was set aside, what does not fit.

Belongs here: the rows that it is made from, their choice, counts and order; points, scale and
finding of its chart. Does not: judging anything (``publish.gates``), geometry (``charts``), words,
HTML.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.indicators.observations import continuity_rows
from cchc_pipeline.methodology import load_methodology, round_score
from publish.model import STATISTICS
from publish.site.blocks.reconciliation import (
    ReconciliationFacts,
    reconciliation_facts,
    reconciliation_tables,
)
from publish.site.charts.trend import Point, Scale, trend_chart
from publish.site.extract import Extract, Figures, Row
from publish.site.forms import Forms, Names, flags_of
from publish.site.kept import Material, PageRecipe
from publish.site.words import collation_key

COURSE, BREAKS, LARGEST = 13, 50, 20
"""Months that are looked back on, and the most breaks and differences that are listed."""
DOSSIERS, RULES = "dossiers", "quarantine_summary"
_STEPS = (1, 2, 5)
QUALITY_PAGE = "chat-luong.html"
_WHOLE = ("corrections", "units", "metrics", "obs_status")


@dataclass(frozen=True)
class ShownAccount:
    """What was handed in of a table for a month.

    Args:
        row: The row of the whole; without a status where only units hand the table in.
        missing: The codes of the units that handed nothing in.
    """

    row: Row
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Break:
    """What a unit carried over is not what it left open the month before; counts of dossiers."""

    month: Month
    unit: str
    left: int
    carried: int
    difference: int


@dataclass(frozen=True)
class Recomputation:
    """Published scores against recomputed ones.

    Args:
        rows: How many scores are published.
        known: How many of them could be computed again.
        beyond: How many of those lie farther apart than is allowed.
        largest: The rows that differ at all, the largest difference first.
    """

    rows: int
    known: int
    beyond: int
    largest: tuple[Row, ...]


@dataclass(frozen=True)
class QualityFacts:
    """Everything that the quality page says."""

    newest: Month
    is_sample: bool
    names: Names
    accounts: tuple[tuple[Month, tuple[ShownAccount, ...]], ...]
    quarantine_month: Month | None
    by_unit: tuple[Row, ...]
    by_rule: tuple[Row, ...]
    breaks: tuple[Break, ...]
    scores_month: Month | None
    flags: tuple[tuple[str, int, bool], ...]
    recomputation: Recomputation
    statuses: Mapping[str, Mapping[str, int]]
    corrections: tuple[Row, ...]
    reconciliation: ReconciliationFacts
    files_left: tuple[Row, ...] = ()

    @property
    def shown_breaks(self) -> tuple[Break, ...]:
        """The breaks that are listed."""
        return self.breaks[:BREAKS]

    @property
    def dossiers(self) -> tuple[tuple[Month, Row], ...]:
        """The months that have dossiers with the row of the whole, oldest first."""
        found = [
            (month, account.row)
            for month, accounts in self.accounts
            for account in accounts
            if account.row["table"] == DOSSIERS and account.row["rows"]
        ]
        return tuple(reversed(found))


def quality_facts(extract: Extract) -> QualityFacts:
    """Choose and order what the page shows."""
    months = [Month.parse(text) for text in extract.more["months"]]
    root, names = extract.identity.root_unit, names_of_all(extract)
    submissions, scores = extract.rows("submissions"), extract.rows("scores")
    held = max((r["period"] for r in submissions if r["quarantined"]), default="")
    scored = extract.more["scored"]
    return QualityFacts(
        newest=months[-1],
        is_sample=extract.is_sample,
        names=names,
        accounts=tuple(_accounts(submissions, root)),
        quarantine_month=Month.parse(held) if held else None,
        by_unit=_by_unit(submissions, held, root),
        by_rule=_by_rule(extract, held, root),
        breaks=tuple(_breaks(extract.tables[STATISTICS], months)),
        scores_month=Month.parse(scored) if scored else None,
        flags=_flags(scores, root),
        recomputation=_recomputation(scores, extract.more["published"]),
        statuses=extract.more["statuses"],
        corrections=tuple(extract.rows("corrections")),
        reconciliation=reconciliation_facts(extract),
        files_left=tuple(
            {**row, "month": Month.parse(row["period"])} for row in extract.more["files_left"]
        ),
    )


def names_of_all(extract: Extract) -> Names:
    """Every unit by its latest span, whether it still exists or not."""
    ordered = sorted(extract.rows("units"), key=lambda row: row["valid_from"])
    metrics = {row["metric_code"]: row for row in extract.rows("metrics")}
    return Names({row["unit_code"]: row for row in ordered}, metrics)


def by_name(codes: Iterable[str], names: Names) -> list[Row]:
    """The rows of units, as Vietnamese readers sort their names."""
    return sorted(map(names.unit, codes), key=lambda unit: collation_key(unit["name_vi"]))


def _accounts(rows: Sequence[Row], root: str) -> Iterator[tuple[Month, tuple[ShownAccount, ...]]]:
    """By month, newest first, and by table."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(row["period"], {}).setdefault(row["table"], []).append(row)
    for period in sorted(found, reverse=True):
        tables = found[period]
        yield Month.parse(period), tuple(_account(tables[name], root) for name in sorted(tables))


def _account(rows: Sequence[Row], root: str) -> ShownAccount:
    missing = tuple(
        row["unit_code"] for row in rows if row["status"] == "missing" and row["unit_code"] != root
    )
    nothing = dict.fromkeys(rows[0]) | {name: rows[0][name] for name in ("period", "table")}
    whole = next((row for row in rows if row["unit_code"] == root), nothing)
    return ShownAccount(whole, missing)


def _by_unit(rows: Iterable[Row], period: str, root: str) -> tuple[Row, ...]:
    """The units with rows set aside in a month, those with most first."""
    held = [
        row
        for row in rows
        if row["period"] == period and row["quarantined"] and row["unit_code"] != root
    ]
    return tuple(sorted(held, key=lambda row: (-row["quarantined"], row["unit_code"])))


def _by_rule(extract: Extract, period: str, root: str) -> tuple[Row, ...]:
    """The rules broken in a month, the most frequent first; each followed by its units."""
    if RULES not in extract.tables:
        return ()
    rows = [row for row in extract.rows(RULES) if row["period"] == period]
    whole = {
        (row["table"], row["rule"]): row["quarantined"]
        for row in rows
        if row["unit_code"] == root
    }  # fmt: skip

    def place(row: Row) -> tuple[object, ...]:
        rule = (row["table"], row["rule"])
        count = row["quarantined"]
        return -whole.get(rule, 0), rule, row["unit_code"] != root, -count, row["unit_code"]

    return tuple(sorted(rows, key=place))


def _breaks(table: pa.Table, months: Sequence[Month]) -> Iterator[Break]:
    """Between consecutive months that have dossiers, newest first, the largest first in each."""
    given = table.filter(pc.not_equal(table["obs_status"], "O"))
    parts = {month: given.filter(pc.equal(given["period"], str(month))) for month in months}
    for before, after in reversed(list(pairwise(months))):
        if before.next() == after and parts[before].num_rows and parts[after].num_rows:
            rows = continuity_rows(after, parts[before], parts[after])
            for row in sorted(rows, key=lambda r: (-abs(r["difference"]), r["unit_code"])):
                if row["difference"]:
                    yield Break(
                        after, row["unit_code"], row["previous_open"], row["carried_over"],
                        row["difference"],
                    )  # fmt: skip


def _flags(rows: Iterable[Row], root: str) -> tuple[tuple[str, int, bool], ...]:
    """Each flag, how many scores carry it, and whether one of the root's does; most first."""
    flagged = [row for row in rows if row["quality_flag"]]
    counts = Counter(flag for row in flagged for flag in flags_of(row))
    own = {flag for row in flagged if row["unit_code"] == root for flag in flags_of(row)}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((flag, count, flag in own) for flag, count in ordered)


def _recomputation(rows: Iterable[Row], published: int) -> Recomputation:
    known = [row for row in rows if row["difference"] is not None]
    differing = [row for row in known if row["difference"]]
    ordered = sorted(differing, key=lambda r: (-_apart(r), r["unit_code"], r["metric_code"]))
    beyond = sum(_apart(r) > load_methodology(r["methodology"]).tolerance for r in differing)
    return Recomputation(published, len(known), beyond, tuple(ordered[:LARGEST]))


def _apart(row: Row) -> Decimal:
    return abs(Decimal(str(row["difference"])))


def held_chart(facts: QualityFacts, forms: Forms) -> Markup:
    """The course of the share that was set aside; nothing where there are no dossiers."""
    if not facts.dossiers:
        return Markup("")
    names = (held_finding(facts, forms), forms.words("quality.held_how"), "chart-held")
    shares = [_share(row) for _, row in facts.dossiers]
    return trend_chart(
        list(_points(facts, forms)), _scale(shares, forms), names, _said(shares[-1], forms)
    )


def held_finding(facts: QualityFacts, forms: Forms) -> Markup:
    """The share of the newest month that has dossiers."""
    if not facts.dossiers:
        return forms.words("quality.held_plain")
    month, row = facts.dossiers[-1]
    share = _said(_share(row), forms)
    return forms.words("quality.held_finding", month=forms.month(month), share=share)


def _points(facts: QualityFacts, forms: Forms) -> Iterator[Point]:
    """Every month of the calendar between the first and the last: one without data is a gap."""
    rows = dict(facts.dossiers)
    for month in facts.dossiers[0][0].to(facts.dossiers[-1][0]):
        label = f"{month.month}/{month.year % 100:02d}"
        if month not in rows:
            yield Point(label, None, "")
            continue
        share = _share(rows[month])
        said = forms.words(
            "quality.held_point", month=forms.month(month), share=_said(share, forms)
        )
        yield Point(label, float(share), said)


def _share(row: Row) -> Fraction:
    return Fraction(100 * row["quarantined"], row["rows"])


def _said(share: Fraction, forms: Forms) -> str:
    return forms.percent(round_score(float(share)))


def _scale(shares: Iterable[Fraction], forms: Forms) -> Scale:
    """From 0 to a round number above all shares."""
    high = _round_above(max(shares))
    ticks = [(float(value), f"{forms.points(float(value))} %") for value in (0, high / 2, high)]
    return Scale(0.0, float(high), tuple(ticks))


def _round_above(value: Fraction) -> Fraction:
    """The next of 0.1, 0.2, 0.5, 1, 2, 5 and so on."""
    scale = Fraction(1, 10)
    while True:
        for step in _STEPS:
            if step * scale > value:
                return step * scale
        scale *= 10


def quality_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """The one page on the quality of the release."""
    yield PageRecipe(QUALITY_PAGE, "quality.html", quality_extract(figures), quality_material)


def quality_extract(figures: Figures) -> Extract:
    """What the page is made from."""
    period, scores = _newest_scores(figures)
    tables = {name: figures.whole(name) for name in _WHOLE}
    if RULES in figures.draft.tables:
        tables[RULES] = figures.whole(RULES)
    tables["submissions"] = figures.of_months("submissions", *figures.months[-COURSE:])
    tables["scores"] = scores.filter(
        pc.or_(pc.is_valid(scores["quality_flag"]), pc.is_valid(scores["difference"]))
    )
    tables[STATISTICS] = figures.part(STATISTICS, "field_code", ALL)
    compared, window = reconciliation_tables(figures)
    return figures.extract(
        tables | compared,
        **window,
        months=[str(month) for month in figures.months],
        scored=period,
        published=scores.num_rows - scores["score"].null_count,
        statuses=_statuses(figures),
        files_left=_files_left(figures),
    )


def _files_left(figures: Figures) -> list[dict[str, Any]]:
    """What lay untaken in the inbox, of the months that the page looks back on; newest first."""
    shown = {str(month) for month in figures.months[-COURSE:]}
    left = [dict(row) for row in figures.draft.files_left if row["period"] in shown]
    return sorted(left, key=lambda row: row["period"], reverse=True)


def _newest_scores(figures: Figures) -> tuple[str, pa.Table]:
    """The newest month with a score, and its rows."""
    for month in reversed(figures.months):
        rows = figures.of_months("scores", month)
        if rows["score"].null_count < rows.num_rows:
            return str(month), rows
    return "", figures.whole("scores").slice(0, 0)


def _statuses(figures: Figures) -> Mapping[str, Mapping[str, int]]:
    """How many rows of each table have which observation status, over all periods."""
    return {
        name: _counts(table.column("obs_status"))
        for name, table in figures.draft.tables.items()
        if "obs_status" in table.column_names
    }


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    entries = column.value_counts().to_pylist()
    return dict(sorted((entry["values"], entry["counts"]) for entry in entries))


def quality_material(extract: Extract) -> Material:
    """What the template needs."""
    return Material(
        {
            "facts": quality_facts(extract),
            "gates": tuple(read_yaml("release/gates.yaml")["gates"]),
            "by_name": by_name,
            "held_chart": held_chart,
            "held_finding": held_finding,
        }
    )
