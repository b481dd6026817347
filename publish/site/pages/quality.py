"""The quality page: who did not report, what was set aside, what does not fit.

Belongs here: the rows that it is made from, their choice, counts and order. Does not: judging
anything (``publish.gates``), its chart (``blocks.held``), words, HTML.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.data import read_yaml
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.dossier_statistics import ALL
from cchc_pipeline.indicators.observations import continuity_rows
from cchc_pipeline.methodology import load_methodology
from publish.model import STATISTICS
from publish.site.blocks.held import held_chart, held_finding
from publish.site.blocks.reconciliation import (
    ReconciliationFacts,
    reconciliation_facts,
    reconciliation_tables,
)
from publish.site.extract import Extract, Figures, Row
from publish.site.forms import SAMPLE, Names, flags_of, is_sample
from publish.site.kept import Material, PageRecipe
from publish.site.words import collation_key

COURSE, BREAKS, LARGEST = 13, 50, 20
"""Months that are looked back on, and the most breaks and differences that are listed."""
DOSSIERS, RULES = "dossiers", "quarantine_summary"
QUALITY_PAGE = "chat-luong.html"
_WHOLE = ("corrections", "units", "metrics", "obs_status")


@dataclass(frozen=True)
class ShownAccount:
    """What was handed in of a table for a month.

    Args:
        row: The row of the whole; without a status where only units hand the table in.
        missing: The codes of the units that handed nothing in.
        is_by_unit: Whether it is known of each unit.
    """

    row: Row
    missing: tuple[str, ...]
    is_by_unit: bool = True


@dataclass(frozen=True)
class Break:
    """What a unit carried over is not what it left open the month before; counts of dossiers."""

    month: Month
    unit: str
    left: int
    carried: int
    difference: int
    is_sample: bool = False


@dataclass(frozen=True)
class Flag:
    """A warning of the source: how many scores carry it, whether one of the root's does.

    Args:
        code: The flag.
        scores: How many.
        is_own: Whether one of the publishing unit's scores does.
        is_sample: Whether one of those scores is a sample's.
    """

    code: str
    scores: int
    is_own: bool
    is_sample: bool


@dataclass(frozen=True)
class RowCount:
    """A number of rows, and whether one of them is a sample's."""

    rows: int
    is_sample: bool


@dataclass(frozen=True)
class Recomputation:
    """Published scores against recomputed ones.

    Args:
        rows: How many scores are published.
        known: How many of them could be computed again.
        beyond: How many of those lie farther apart than is allowed.
        largest: The rows that differ at all, the largest difference first.
        is_sample: Whether one of the published scores is a sample's.
    """

    rows: int
    known: int
    beyond: int
    largest: tuple[Row, ...]
    is_sample: bool = False


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
    flags: tuple[Flag, ...]
    recomputation: Recomputation
    statuses: Mapping[str, Mapping[str, RowCount]]
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
        recomputation=_recomputation(scores, RowCount(*extract.more["published"])),
        statuses={
            table: {code: RowCount(*counted) for code, counted in counts.items()}
            for table, counts in extract.more["statuses"].items()
        },
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
    return ShownAccount(whole, missing, any(row["unit_code"] != root for row in rows))


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
            samples = _sample_units(parts[before], parts[after])
            for row in sorted(rows, key=lambda r: (-abs(r["difference"]), r["unit_code"])):
                if row["difference"]:
                    yield Break(
                        after, row["unit_code"], row["previous_open"], row["carried_over"],
                        row["difference"], row["unit_code"] in samples,
                    )  # fmt: skip


def _sample_units(*parts: pa.Table) -> set[str]:
    """The units of which a row is a sample's."""
    columns = [pair for part in parts for pair in zip(
        part["unit_code"].to_pylist(), part["provenance"].to_pylist(), strict=True
    )]  # fmt: skip
    return {unit for unit, stated in columns if stated == SAMPLE}


def _flags(rows: Iterable[Row], root: str) -> tuple[Flag, ...]:
    """The flags that scores carry; most first."""
    carriers: dict[str, list[Row]] = {}
    for row in rows:
        for flag in flags_of(row):
            carriers.setdefault(flag, []).append(row)
    ordered = sorted(carriers.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Flag(flag, len(found), any(r["unit_code"] == root for r in found), is_sample(found))
        for flag, found in ordered
    )


def _recomputation(rows: Iterable[Row], published: RowCount) -> Recomputation:
    known = [row for row in rows if row["difference"] is not None]
    differing = [row for row in known if row["difference"]]
    ordered = sorted(differing, key=lambda r: (-_apart(r), r["unit_code"], r["metric_code"]))
    beyond = sum(_apart(r) > load_methodology(r["methodology"]).tolerance for r in differing)
    return Recomputation(
        published.rows, len(known), beyond, tuple(ordered[:LARGEST]), published.is_sample
    )


def _apart(row: Row) -> Decimal:
    return abs(Decimal(str(row["difference"])))


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
        published=_counted(scores.filter(pc.is_valid(scores["score"]))),
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


def _statuses(figures: Figures) -> Mapping[str, Mapping[str, tuple[int, bool]]]:
    """How many rows of each table have which observation status, over all periods."""
    return {
        name: {
            code: _counted(table.filter(pc.equal(table["obs_status"], code)))
            for code in sorted(table["obs_status"].unique().to_pylist())
        }
        for name, table in figures.draft.tables.items()
        if "obs_status" in table.column_names
    }


def _counted(rows: pa.Table) -> tuple[int, bool]:
    """How many rows, and whether one of them is a sample's."""
    return rows.num_rows, SAMPLE in rows["provenance"].unique().to_pylist()


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
