"""What the quality page shows: who did not report, what was set aside, what does not fit.

Belongs here: choosing, counting and ordering rows. Does not: which rows the page is made from
(``quality_pages``), charts, words, HTML.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.decision766 import load_methodology
from cchc_pipeline.indicators.continuity import continuity_rows
from cchc_pipeline.period import Month
from publish.release import STATISTICS
from publish.site.extract import Extract, Row
from publish.site.naming import Names, flags_of
from publish.vietnamese import collation_key

COURSE, BREAKS, LARGEST = 13, 50, 20
"""Months that are looked back on, and the most breaks and differences that are listed."""
DOSSIERS, RULES = "dossiers", "quarantine_summary"


@dataclass(frozen=True)
class Account:
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
    accounts: tuple[tuple[Month, tuple[Account, ...]], ...]
    quarantine_month: Month | None
    by_unit: tuple[Row, ...]
    by_rule: tuple[Row, ...]
    breaks: tuple[Break, ...]
    scores_month: Month | None
    flags: tuple[tuple[str, int, bool], ...]
    recomputation: Recomputation
    statuses: Mapping[str, Mapping[str, int]]
    corrections: tuple[Row, ...]
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


def _accounts(rows: Sequence[Row], root: str) -> Iterator[tuple[Month, tuple[Account, ...]]]:
    """By month, newest first, and by table."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(row["period"], {}).setdefault(row["table"], []).append(row)
    for period in sorted(found, reverse=True):
        tables = found[period]
        yield Month.parse(period), tuple(_account(tables[name], root) for name in sorted(tables))


def _account(rows: Sequence[Row], root: str) -> Account:
    missing = tuple(
        row["unit_code"] for row in rows if row["status"] == "missing" and row["unit_code"] != root
    )
    nothing = dict.fromkeys(rows[0]) | {name: rows[0][name] for name in ("period", "table")}
    whole = next((row for row in rows if row["unit_code"] == root), nothing)
    return Account(whole, missing)


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
