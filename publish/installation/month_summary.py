"""What an operator wants to know of a month once it is made: what came, what is missing, the score.

Belongs here: reading these facts from lake, inbox and error sheets into values that do not change.
Does not: words (``cchc_pipeline.cli.run_summary``), what a release changed (``release_summary``),
the state of all months (``status``), or changing anything.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.contracts import Text
from cchc_pipeline.contracts.sources import owed_sources
from cchc_pipeline.core.masking import visible
from cchc_pipeline.core.period import Month
from cchc_pipeline.indicators.code_lists import metric_rows
from cchc_pipeline.methodology import load_methodology, methodology_in_force
from cchc_pipeline.registers.unit_lists import load_register
from cchc_pipeline.registers.units import Unit
from cchc_pipeline.reports.error_sheets import sheet_path
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.dossiers.rules import UNKNOWN_UNIT
from cchc_pipeline.sources.inbox.account import InboxFile, account_of, untaken
from cchc_pipeline.storage.lake import Lake
from publish.installation.status import owed_targets

DOSSIERS, SCORES = "dossiers", "scores"
_COUNTS = ("rows", "accepted", "quarantined", "duplicates")
_LONGEST_NAME = 120
Row = Mapping[str, Any]


@dataclass(frozen=True)
class RowAccount:
    """Rows that came: ``rows`` is the sum of the others."""

    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0


@dataclass(frozen=True)
class Came:
    """What came in of a source.

    Attributes:
        table: The source, as in the column ``table`` of ``submissions``.
        files: How many files, or answers of the national portal, it was taken from.
        is_partial: Whether a part could not be read.
        account: Its rows.
        by_file: The rows of each file, where they are known.
    """

    table: str
    files: int
    is_partial: bool
    account: RowAccount
    by_file: Mapping[str, RowAccount]


@dataclass(frozen=True)
class OwingUnit:
    """A unit: its code, and its name in Vietnamese or the code again."""

    code: str
    name: str


@dataclass(frozen=True)
class Sheet:
    """A workbook of refused rows that goes back to a unit; None: the unit cannot be told."""

    path: Path
    unit: OwingUnit | None
    rows: int


@dataclass(frozen=True)
class Missing:
    """A source that gave nothing; ``units`` are those that owe it, none where it comes whole."""

    table: str
    units: tuple[OwingUnit, ...] = ()


@dataclass(frozen=True)
class Owed:
    """Targets of the plan that nobody reported, and the unit that owes them."""

    unit: OwingUnit
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """A score of the city: the total or a group; ``rank`` among ``peers`` where it is ranked."""

    basis: str
    metric_code: str
    name: Text
    score: float
    max_score: float | None
    rank: int | None
    peers: int | None


@dataclass(frozen=True)
class MonthSummary:
    """The facts of a month, as the lake and the inbox hold them now.

    Attributes:
        month: The month.
        root: The city.
        came: What came in, by source.
        sheets: The error sheets that are to be sent back; ``sheets_folder`` holds them.
        not_taken: Files of the inbox that are not taken.
        missing: Sources without anything, and units that owe theirs.
        owed: Targets of the plan that nobody reported.
        scores: The city's total and groups, of every basis that has one.
        corrections: How many figures were corrected by hand.
    """

    month: Month
    root: OwingUnit
    came: tuple[Came, ...]
    sheets_folder: Path
    sheets: tuple[Sheet, ...]
    not_taken: tuple[InboxFile, ...]
    missing: tuple[Missing, ...]
    owed: tuple[Owed, ...]
    scores: tuple[Score, ...]
    corrections: int


def month_summary(settings: Settings, month: Month) -> MonthSummary:
    """Collect the facts of a month that was made."""
    lake, root = Lake(settings.lake_dir, settings.root_unit), settings.root_unit
    units = {
        u.code: u for u in load_register(settings.inbox_dir, settings.root_unit).valid_in(month)
    }
    submissions = lake.read("submissions", month).to_pylist()
    accounts = lake.read("dossier_accounts", month).to_pylist()
    folder = settings.error_sheets_dir / str(month)
    return MonthSummary(
        month,
        _named(root, units),
        tuple(_came(lake, month, submissions, _by_file(accounts), root)),
        folder,
        tuple(_sheets(folder, accounts, units)),
        tuple(untaken(account_of(settings.inbox_dir / str(month)))),
        tuple(_missing(submissions, units, root)),
        tuple(
            Owed(_named(code, units), tuple(ids))
            for code, ids in owed_targets(lake, month, root).items()
        ),
        tuple(_scores(lake, month, root, _groups(settings, month))),
        lake.read("corrections", month).num_rows,
    )


def _named(code: str, units: Mapping[str, Unit]) -> OwingUnit:
    return OwingUnit(code, units[code].name_vi if code in units else code)


def _sum(rows: Iterable[Row]) -> RowAccount:
    totals: Counter[str] = Counter()
    for row in rows:
        totals.update({name: row[name] or 0 for name in _COUNTS})
    return RowAccount(*(totals[name] for name in _COUNTS))


def _by_file(accounts: Sequence[Row]) -> dict[str, RowAccount]:
    """The rows of each file of dossiers."""
    names = dict.fromkeys(row["file"] for row in accounts)
    return {
        visible(name, _LONGEST_NAME): _sum(row for row in accounts if row["file"] == name)
        for name in names
    }


def _came(
    lake: Lake,
    month: Month,
    submissions: Sequence[Row],
    by_file: Mapping[str, RowAccount],
    root: str,
) -> Iterable[Came]:
    """Each source of which something came; of one that comes by units, the sum of them."""
    for source in owed_sources():
        table = source.source
        rows = [row for row in submissions if row["table"] == table and _has_come(row)]
        whole = [row for row in rows if row["unit_code"] == root]
        if not rows:
            continue
        held = lake.read(source.raw, month)
        files = sum(held.column("answers").to_pylist()) if table == SCORES else held.num_rows
        is_partial = any(row["status"] == "partial" for row in rows)
        own = by_file if table == DOSSIERS else {}
        yield Came(table, files, is_partial, _sum(whole or rows), own)


def _has_come(row: Row) -> bool:
    return row["status"] in ("received", "partial")


def _missing(submissions: Iterable[Row], units: Mapping[str, Unit], root: str) -> Iterable[Missing]:
    """Whole sources first, then the units that owe theirs."""
    absent: dict[str, list[str]] = {}
    for row in submissions:
        if row["status"] == "missing":
            absent.setdefault(row["table"], []).append(row["unit_code"])
    whole = [table for table, codes in absent.items() if root in codes]
    yield from (Missing(table) for table in whole)
    for table, codes in absent.items():
        if table not in whole:
            yield Missing(table, tuple(_named(code, units) for code in sorted(codes)))


def _sheets(folder: Path, accounts: Iterable[Row], units: Mapping[str, Unit]) -> Iterable[Sheet]:
    """The sheets of the units with refused rows, most rows first; those that are there."""
    refused: Counter[str] = Counter()
    for row in accounts:
        refused[row["unit"]] += row["quarantined"]
    for code, rows in refused.most_common():
        is_known = code != UNKNOWN_UNIT
        path = sheet_path(folder, code if is_known else None)
        if rows and path.is_file():
            yield Sheet(path, _named(code, units) if is_known else None, rows)


def _scores(lake: Lake, month: Month, root: str, groups: Mapping[str, Text]) -> Iterable[Score]:
    """The city's total and groups that have a score, of every basis."""
    rankings = lake.read("unit_rankings", month).to_pylist()
    peers = {_place(row): row["peers"] for row in rankings if row["unit_code"] == root}
    for row in lake.read("scores", month).to_pylist():
        if row["unit_code"] == root and row["metric_code"] in groups and row["score"] is not None:
            yield Score(
                row["basis"], row["metric_code"], groups[row["metric_code"]], row["score"],
                row["max_score"], row["rank"], peers.get(_place(row)),
            )  # fmt: skip


def _groups(settings: Settings, month: Month) -> dict[str, Text]:
    """The total and the groups of the methodology in force, by code."""
    chosen = methodology_in_force(load_methodology(settings.methodology), month.last_day)
    return {
        row["metric_code"]: Text(row["name_vi"], row["name_en"])
        for row in metric_rows(chosen.code)
        if row["group_code"] is None
    }


def _place(row: Row) -> tuple[str, str]:
    return row["basis"], row["metric_code"]
