"""What the page of a month shows: figures chosen and ordered, and its first chart.

Belongs here: the rows of a month, the order of groups and units, which figures are samples,
provisional or absent; bars and finding of the chart. Does not: the plan (``month_plan``), which
months have a page (``periods``), geometry (``charts``), words, HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.comparability import is_comparable
from cchc_pipeline.methodology import Methodology, load_methodology
from publish.site.blocks.answer import (
    FirstScreen,
    OwedTable,
    Shown,
    comparable_course,
    debts,
    flow_course,
    flow_move,
    movements,
    rating_of,
)
from publish.site.blocks.beside import Beside, months_beside
from publish.site.blocks.dossiers import Flow, MonthDossiers, month_dossiers
from publish.site.blocks.leagues import League, leagues_of
from publish.site.blocks.peers import Peers, peers_of
from publish.site.charts.bars import Bar, bar_chart
from publish.site.extract import Extract
from publish.site.forms import (
    TOTAL,
    Forms,
    Names,
    Row,
    flags_of,
    has_score,
    is_sample,
    names_of,
    total_of,
)
from publish.site.pages.month_plan import PlanFacts, plan_facts
from publish.site.words import collation_key, day_of


@dataclass(frozen=True)
class MetricBlock:
    """A group of the root unit with its metrics, by their rows of ``scores``."""

    group: Row
    metrics: tuple[Row, ...]


@dataclass(frozen=True)
class MonthWindow:
    """All scores of a month in one basis."""

    month: Month
    basis: Basis
    total: Row
    blocks: tuple[MetricBlock, ...]
    leagues: tuple[League, ...]
    methodology: Methodology
    level: str
    before: Row | None = None

    @property
    def change(self) -> Decimal | None:
        """The points that the total gained since the month before, if both can be compared."""
        if self.before is None:
            return None
        return Decimal(str(self.total["score"])) - Decimal(str(self.before["score"]))

    def is_of_province(self, row: Row) -> bool:
        """Whether a unit below the province repeats the province's figure."""
        code, names = row["metric_code"], self.methodology
        below = self.level not in {"city", "province"}
        return below and names.is_metric(code) and names.metric(code).of_province

    @property
    def total_flags(self) -> tuple[str, ...]:
        """Flags on the root's total, which a reader of the headline must know."""
        return flags_of(self.total)

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags on any figure of the root unit."""
        rows = [row for block in self.blocks for row in (block.group, *block.metrics)]
        return tuple(flag for row in (self.total, *rows) for flag in flags_of(row))

    @property
    def is_among_provinces(self) -> bool:
        """Whether the root is ranked among provinces and cities."""
        return any(
            league.level == "province" and any(s.is_root for s in league.standings)
            for league in self.leagues
        )

    @property
    def has_subordinates(self) -> bool:
        """Whether any unit below the root has a total."""
        below = (league for league in self.leagues if league.level != "province")
        return any(s.total["score"] is not None for league in below for s in league.standings)

    @property
    def peers(self) -> int:
        """How many units the root's rank is among."""
        return self._home.ranked if self._home else 0

    @property
    def rivals(self) -> Peers:
        """The units that the root is ranked among, with their totals."""
        totals = [s.total["score"] for s in self._home.scored] if self._home else []
        return peers_of([(score, None) for score in totals], self.total["score"])

    @property
    def of_groups(self) -> Mapping[str, Row]:
        """The total and the groups by metric."""
        groups = {block.group["metric_code"]: block.group for block in self.blocks}
        return {TOTAL: self.total, **groups}

    @property
    def _home(self) -> League | None:
        """The league that the root is ranked in."""
        homes = (league for league in self.leagues if any(s.is_root for s in league.standings))
        return next(homes, None)

    @property
    def reaches_beyond(self) -> bool:
        """Whether the figures cover days after the month: a year to date taken after its end."""
        captured = self.total["captured_at"]
        return (
            self.basis is Basis.YTD
            and captured is not None
            and day_of(captured) > self.month.last_day
        )

    @property
    def is_provisional(self) -> bool:
        """Whether the root's total may still change."""
        return bool(self.total["obs_status"] == "P")

    def differs(self, row: Row) -> bool:
        """Whether the recomputed score lies farther from the published one than is allowed."""
        return row["difference"] is not None and abs(row["difference"]) > self.tolerance

    @property
    def tolerance(self) -> float:
        """How far a recomputed score may lie from the published one, in points."""
        return float(self.methodology.tolerance)


@dataclass(frozen=True)
class SampleNotice:
    """Which figures of a page are samples."""

    kind: str
    count: int = 0
    periods: tuple[str, ...] = ()


@dataclass(frozen=True)
class MonthFacts:
    """Everything that the page of a month says."""

    month: Month
    root: Row
    windows: tuple[MonthWindow, ...]
    absent: tuple[Row, ...]
    sample: SampleNotice | None
    plan: PlanFacts | None
    dossiers: MonthDossiers | None
    submissions: tuple[Row, ...]
    names: Names
    answer: FirstScreen | None = None
    owed: tuple[OwedTable, ...] | None = None
    shares: tuple[Shown, ...] = ()
    listed: tuple[Row, ...] = ()
    beside: Beside | None = None

    @property
    def share_move(self) -> Decimal | None:
        """The percentage points of dossiers in time gained since the month before."""
        return flow_move(self.shares)

    @property
    def headline(self) -> MonthWindow | None:
        """The best window there is, the month's own before the quarter's and the year's."""
        return next(iter(self.windows), None)

    @property
    def captures(self) -> tuple[Row, ...]:
        """The totals that say when they were taken."""
        return tuple(w.total for w in self.windows if w.total["captured_at"] is not None)

    @property
    def is_provisional(self) -> bool:
        """Whether a total on the page may still change."""
        return any(window.is_provisional for window in self.windows)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags on the root's figures, each once."""
        return tuple(dict.fromkeys(flag for window in self.windows for flag in window.flags))

    @property
    def methodologies(self) -> tuple[Methodology, ...]:
        """The methodologies of the scores on the page, each once."""
        codes = {window.methodology.code: window.methodology for window in self.windows}
        return tuple(codes.values())


def rows_of_month(table: pa.Table, month: Month) -> list[dict[str, Any]]:
    """The rows of one period, in the table's order."""
    rows: list[dict[str, Any]] = table.filter(pc.equal(table["period"], str(month))).to_pylist()
    return rows


def month_facts(extract: Extract, month: Month) -> MonthFacts:
    """Choose and order what the page of a month shows."""
    root, names = extract.identity.root_unit, names_of(extract, month)
    by_basis = _by_basis(extract, month)
    earlier = _by_basis(extract, month.previous())
    given = {basis: total_of(by_basis.get(basis, {}), root) for basis in Basis}
    totals = {basis: total for basis, total in given.items() if total is not None}
    scored = {row["basis"] for part in by_basis.values() for row in _scored(part, root)}
    windows = tuple(
        window_of(month, basis, by_basis[basis], root, names, earlier.get(basis))
        for basis in totals
        if basis in scored
    )
    submissions = tuple(rows_of_month(extract.tables["submissions"], month))
    owed = debts(submissions, root)
    return MonthFacts(
        month=month,
        root=names.unit(root),
        windows=windows,
        absent=tuple(total for basis, total in totals.items() if basis not in scored),
        sample=_sample_notice(extract, month, names, by_basis),
        plan=plan_facts(extract, month),
        dossiers=month_dossiers(extract.rows("dossier_statistics"), month, root, names),
        submissions=submissions,
        names=names,
        answer=_answer(extract, windows, earlier, owed),
        owed=owed,
        shares=flow_course(
            Flow(Month.parse(row["period"]), row)
            for row in extract.rows("flows")
            if row["finished"] is not None
        ),
        listed=tuple(_listed(extract.more["listed"], names)),
        beside=_beside(extract, month, next(iter(windows), None)),
    )


def _answer(
    extract: Extract,
    windows: Sequence[MonthWindow],
    earlier: Mapping[str, Mapping[tuple[str, str], Row]],
    owed: tuple[OwedTable, ...] | None,
) -> FirstScreen | None:
    """The first screen beside the total; None without any scores."""
    if not windows:
        return None
    window, root = windows[0], extract.identity.root_unit
    before = {
        metric: row for (code, metric), row in earlier.get(window.basis, {}).items() if code == root
    }
    totals = [row for row in extract.rows("course") if row["basis"] == window.basis]
    return FirstScreen(
        rating_of(window.total), window.rivals, comparable_course(totals),
        movements(before, window.of_groups), owed,
    )  # fmt: skip


def _beside(extract: Extract, month: Month, window: MonthWindow | None) -> Beside:
    """The publishing unit's month beside earlier ones."""
    table = extract.tables["scores"]
    basis = window.basis.value if window else ""
    ours = pc.equal(table["unit_code"], extract.identity.root_unit)
    scores = table.filter(pc.and_(ours, pc.equal(table["basis"], basis))).to_pylist()
    groups = [block.group["metric_code"] for block in window.blocks] if window else []
    return months_beside(month, scores, extract.rows("flows"), groups)


def _listed(codes: Iterable[str], names: Names) -> Iterable[Row]:
    """The units that have a page, by name."""
    units = (names.unit(code) for code in codes)
    return sorted(units, key=lambda unit: collation_key(unit["name_vi"]))


def _scored(rows: Mapping[tuple[str, str], Row], unit: str) -> Iterable[Row]:
    return (row for (code, _), row in rows.items() if code == unit and has_score(row))


def _by_basis(extract: Extract, month: Month) -> dict[str, dict[tuple[str, str], Row]]:
    found: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows_of_month(extract.tables["scores"], month):
        found.setdefault(row["basis"], {})[row["unit_code"], row["metric_code"]] = row
    return found


def window_of(
    month: Month,
    basis: Basis,
    rows: Mapping[tuple[str, str], Row],
    root: str,
    names: Names,
    before: Mapping[tuple[str, str], Row] | None = None,
) -> MonthWindow:
    """The scores of a month in one basis, as they stand for a unit.

    Args:
        month: The month.
        basis: The basis.
        rows: Rows of ``scores`` of that month and basis by unit and metric.
        root: The unit.
        names: The code lists.
        before: The rows of the month before, where they are known.
    """
    total = total_of(rows, root)
    if total is None:
        raise ValueError(f"nothing is known of {root} in {month}")
    methodology = load_methodology(total["methodology"])
    groups = _groups(rows, root, methodology)
    return MonthWindow(
        month, basis, total,
        tuple(_blocks(rows, root, groups, methodology)),
        tuple(leagues_of(rows, before or {}, root, groups, names)),
        methodology,
        names.unit(root)["level"],
        _before(before or {}, total),
    )  # fmt: skip


def _before(rows: Mapping[tuple[str, str], Row], total: Row) -> Row | None:
    row = rows.get((total["unit_code"], TOTAL))
    if row is None or None in (row["score"], total["score"]) or not is_comparable(row, total):
        return None
    return row


def _groups(
    rows: Mapping[tuple[str, str], Row], root: str, methodology: Methodology
) -> tuple[str, ...]:
    """The groups that add up to the root's total, six or five; six where that cannot be told."""
    scores = {metric: row["score"] for (unit, metric), row in rows.items() if unit == root}
    return methodology.summed_groups(scores) or tuple(g.code for g in methodology.groups)


def _blocks(
    rows: Mapping[tuple[str, str], Row], root: str, groups: Iterable[str], methodology: Methodology
) -> Iterable[MetricBlock]:
    for group in groups:
        if (root, group) in rows:
            metrics = (rows.get((root, m.code)) for m in methodology.metrics_of(group))
            yield MetricBlock(rows[root, group], tuple(row for row in metrics if row is not None))


def _sample_notice(
    extract: Extract,
    month: Month,
    names: Names,
    by_basis: Mapping[str, Mapping[tuple[str, str], Row]],
) -> SampleNotice | None:
    """What the banner of a release with sample data has to say on this page."""
    if not extract.is_sample:
        return None
    scored = [r for part in by_basis.values() for r in part.values() if r["score"] is not None]
    marked = {row["unit_code"] for row in scored if is_sample([row, names.unit(row["unit_code"])])}
    if marked:
        kind = "all" if marked == {row["unit_code"] for row in scored} else "some"
        return SampleNotice(kind, len(marked))
    periods = tuple(extract.more["sample_periods"])
    kind = "sources" if str(month) in periods else "elsewhere"
    return SampleNotice(kind, periods=periods)


def group_chart(window: MonthWindow, names: Names, forms: Forms) -> Markup:
    """The groups of the root unit as bars, each against its maximum."""
    return bar_chart(
        [_bar(block, names, forms) for block in window.blocks],
        group_finding(window, names, forms),
        forms.words("groups.description"),
        f"chart-{window.basis}",
    )


def group_finding(window: MonthWindow, names: Names, forms: Forms) -> Markup:
    """The group nearest to its maximum and the farthest; no finding where none stands out."""
    scored = [
        b.group for b in window.blocks if b.group["score"] is not None and b.group["max_score"]
    ]
    if len({_share(row) for row in scored}) < 2:
        return forms.words("groups.no_finding")
    places = {}
    for place, row in (("best", max(scored, key=_share)), ("worst", min(scored, key=_share))):
        places[place] = forms.name(names.metric(row["metric_code"]))
        places[f"{place}_score"] = forms.plain(row, "score")
        places[f"{place}_maximum"] = forms.plain(row, "max_score")
    return forms.words("groups.finding", **places)


def _bar(block: MetricBlock, names: Names, forms: Forms) -> Bar:
    row = block.group
    name = forms.name(names.metric(row["metric_code"]))
    if row["score"] is None:
        return Bar(name, None, row["max_score"], f"– {forms.status(row)}")
    score, maximum = forms.plain(row, "score"), forms.plain(row, "max_score")
    return Bar(
        name, row["score"], row["max_score"],
        forms.words("groups.bar", score=score, maximum=maximum),
    )  # fmt: skip


def _share(row: Row) -> float:
    return float(row["score"] / row["max_score"])
