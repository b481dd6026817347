"""The page of provinces and cities side by side, from the national portal's table.

Belongs here: which month has such a table, the rows that the page is made from, the middle and the
quarters of each score, who is absent; dots and finding of the chart. Does not: ranks, which the
domain computes (``cchc_pipeline.indicators.scores``), the order of units (``blocks.leagues``),
geometry (``charts``), words, HTML.

The publishing province is one row among the others, and nothing else tells it from them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.scores import expected_bases
from cchc_pipeline.methodology import load_methodology
from publish.site.blocks.leagues import League, Scores, Standing, leagues_of
from publish.site.blocks.peers import Peers, peers_of
from publish.site.charts.bars import shade
from publish.site.charts.dots import Axis, Dot, dot_plot
from publish.site.charts.frame import round_ends
from publish.site.extract import Extract, Figures
from publish.site.forms import TOTAL, Forms, Names, Row, flags_of, has_score, names_of
from publish.site.kept import Attachment, Material, PageRecipe, rows_attached
from publish.site.words import collation_key, day_of

PROVINCES_PAGE = "cac-tinh.html"
LEVEL = "province"
_LISTS = ("metrics", "obs_status")


def national_month(figures: Figures) -> Month | None:
    """The newest month of which the source scores any other province; None without any."""
    scores = figures.whole("scores")
    of_peers = pc.is_in(scores["unit_code"], _peer_codes(figures))
    newest = pc.max(
        scores["period"].filter(pc.and_(of_peers, pc.is_valid(scores["score"])))
    ).as_py()
    return Month.parse(newest) if newest else None


def _peer_codes(figures: Figures) -> pa.Array:
    return figures.part("units", "level", LEVEL)["unit_code"].combine_chunks().unique()


def province_pages(figures: Figures, descriptor: Mapping[str, Any]) -> Iterator[PageRecipe]:
    """The one page; it says so where no month has a national table.

    Args:
        figures: The tables of the release.
        descriptor: Its ``datapackage.json``.
    """
    month = national_month(figures)
    codes = pa.concat_arrays([_peer_codes(figures), pa.array([figures.root], pa.string())])
    shown = (month.previous(), month) if month else (figures.newest,)
    tables = {"units": figures.whole("units"), "scores": figures.of_months("scores", *shown)}
    of_provinces = {n: t.filter(pc.is_in(t["unit_code"], codes)) for n, t in tables.items()}
    extract = figures.extract(
        of_provinces | {name: figures.whole(name) for name in _LISTS},
        month=str(month) if month else None,
        newest=str(figures.newest),
        sites=dict(figures.draft.identity.neighbours),
    )
    yield PageRecipe(
        PROVINCES_PAGE, "provinces.html", extract, province_material, keeps_charts=True
    )


@dataclass(frozen=True)
class Spread:
    """A total or a group over all provinces that can be compared by it.

    Args:
        metric: Its row in the list of metrics.
        own: The publishing province's row of scores, or None.
        rows: The rows with a comparable score, the publishing province's among them.
    """

    metric: Row
    own: Row | None
    rows: tuple[Row, ...]

    @property
    def peers(self) -> Peers:
        """The scores, with their middle and their quarters."""
        own = self.own["score"] if self.own is not None else None
        return peers_of([(row["score"], None) for row in self.rows], own)

    @property
    def points(self) -> Mapping[str, Decimal | None]:
        """The least, the quarters, the middle and the most as they are shown; None of too few."""
        scores = [row["score"] for row in self.rows]
        low, high = self.peers.quarters or (None, None)
        found = {
            "lowest": min(scores, default=None), "low": low, "median": self.peers.median,
            "high": high, "highest": max(scores, default=None),
        }  # fmt: skip
        return {name: None if v is None else Decimal(str(round(v, 2))) for name, v in found.items()}

    @property
    def gap(self) -> Decimal | None:
        """The points of the publishing province above the middle; None where it lacks either."""
        middle = self.points["median"]
        if middle is None or self.own is None or self.own not in self.rows:
            return None
        return Decimal(str(self.own["score"])) - middle


@dataclass(frozen=True)
class Capture:
    """A row of scores that says when and where its figures were taken, and of how many units."""

    row: Row
    units: int


@dataclass(frozen=True)
class ProvinceWindow:
    """The national table of a month in one basis."""

    month: Month
    basis: Basis
    league: League
    spreads: tuple[Spread, ...]
    captures: tuple[Capture, ...]
    absent: tuple[Row, ...]

    @property
    def total(self) -> Spread:
        """The totals."""
        return self.spreads[0]

    @property
    def without_total(self) -> tuple[Standing, ...]:
        """The provinces of which the source gives no total."""
        return tuple(s for s in self.league.standings if not has_score(s.total))

    @property
    def is_provisional(self) -> bool:
        """Whether a score may still change."""
        return any(row["obs_status"] == "P" for row in self.total.rows)

    @property
    def reaches_beyond(self) -> bool:
        """Whether the figures cover days after the month: a year to date taken after its end."""
        return self.basis is Basis.YTD and any(
            day_of(capture.row["captured_at"]) > self.month.last_day for capture in self.captures
        )


@dataclass(frozen=True)
class ProvinceFacts:
    """What the page says.

    Args:
        month: The month that is shown; None where no month has a national table.
        newest: The newest month with any figures.
        windows: A table for each basis that has one.
        lacking: The other bases of the month.
        names: The code lists.
    """

    month: Month | None
    newest: Month
    windows: tuple[ProvinceWindow, ...]
    lacking: tuple[Basis, ...]
    names: Names


def province_facts(extract: Extract) -> ProvinceFacts:
    """Choose and order what the page shows."""
    newest = Month.parse(extract.more["newest"])
    month = Month.parse(extract.more["month"]) if extract.more["month"] else None
    names, root = names_of(extract, month or newest), extract.identity.root_unit
    if month is None:
        return ProvinceFacts(None, newest, (), (), names)
    found = [
        province_window(month, basis, _scores_of(extract, month, basis),
                        _scores_of(extract, month.previous(), basis), root, names)
        for basis in Basis
    ]  # fmt: skip
    windows = tuple(window for window in found if window is not None)
    shown = {window.basis for window in windows}
    lacking = tuple(basis for basis in expected_bases(month) if basis not in shown)
    return ProvinceFacts(month, newest, windows, lacking, names)


def _scores_of(extract: Extract, month: Month, basis: Basis) -> Scores:
    table = extract.tables["scores"]
    wanted = pc.and_(pc.equal(table["period"], str(month)), pc.equal(table["basis"], basis.value))
    return {(r["unit_code"], r["metric_code"]): r for r in table.filter(wanted).to_pylist()}


def province_window(
    month: Month, basis: Basis, rows: Scores, before: Scores, root: str, names: Names
) -> ProvinceWindow | None:
    """The table of a month in one basis; None where no other province has a score.

    Args:
        month: The month.
        basis: The basis.
        rows: Scores of provinces by unit and metric.
        before: Those of the month before, in the same basis.
        root: The publishing province.
        names: The code lists.
    """
    if not any(has_score(row) for (code, _), row in rows.items() if code != root):
        return None
    leagues = leagues_of(rows, before, root, _groups(rows, root), names)
    league = next((one for one in leagues if one.level == LEVEL), None)
    if league is None:
        return None
    shown = {standing.unit["unit_code"] for standing in league.standings}
    absent = (names.unit(code) for code in names.units if names.league(code) == LEVEL)
    return ProvinceWindow(
        month, basis, league, tuple(_spreads(league, names)), tuple(_captures(league)),
        tuple(sorted((unit for unit in absent if unit["unit_code"] not in shown),
                     key=lambda unit: collation_key(unit["name_vi"]))),
    )  # fmt: skip


def _groups(rows: Scores, root: str) -> tuple[str, ...]:
    """The groups that add up to the totals, six or five, as the other provinces have them."""
    for unit in dict.fromkeys(code for code, _ in rows if code != root):
        own = {metric: row for (code, metric), row in rows.items() if code == unit}
        named = next((row["methodology"] for row in own.values() if row["methodology"]), None)
        scores = {metric: row["score"] for metric, row in own.items()}
        groups = load_methodology(named).summed_groups(scores) if named else ()
        if groups:
            return groups
    return ()


def _spreads(league: League, names: Names) -> Iterator[Spread]:
    """The totals, then the groups in the order of the table."""
    for place, metric in enumerate((names.metric(TOTAL), *league.groups)):
        parts = [(s, s.groups[place - 1] if place else s.total) for s in league.standings]
        own = next((row for standing, row in parts if standing.is_root), None)
        yield Spread(metric, own, tuple(_comparable(row for _, row in parts)))


def _comparable(rows: Iterable[Row | None]) -> Iterator[Row]:
    for row in rows:
        if row is not None and has_score(row) and "NULL_METRIC" not in flags_of(row):
            yield row


def _captures(league: League) -> Iterator[Capture]:
    """When and where the scores were taken: once, unless the units differ in it."""
    found: dict[tuple[str, str], list[Row]] = {}
    for standing in league.standings:
        row = standing.total
        if row["captured_at"] is not None:
            found.setdefault((row["captured_at"], row["source_system"]), []).append(row)
    for rows in found.values():
        yield Capture(rows[0], len(rows))


def province_material(extract: Extract) -> Material:
    """What the template needs."""
    facts = province_facts(extract)
    attached = _attached(extract, facts)
    values = {
        "facts": facts,
        "sites": extract.more["sites"],
        "attached": attached,
        "is_sample_release": extract.is_sample,
        "shade": shade,
        "spread_chart": province_chart,
        "spread_finding": province_finding,
    }
    return Material(values, {attached.name: attached.content} if attached else {})


def _attached(extract: Extract, facts: ProvinceFacts) -> Attachment | None:
    """The rows that the page shows."""
    if not facts.windows:
        return None
    scores = extract.tables["scores"]
    metrics = {spread.metric["metric_code"] for w in facts.windows for spread in w.spreads}
    bases = [window.basis.value for window in facts.windows]
    shown = pc.and_(
        pc.equal(scores["period"], str(facts.month)),
        pc.and_(
            pc.is_in(scores["basis"], pa.array(bases)),
            pc.is_in(scores["metric_code"], pa.array(sorted(metrics))),
        ),
    )
    return rows_attached(PROVINCES_PAGE, "scores", scores.filter(shown))


def province_chart(window: ProvinceWindow, forms: Forms, identifier: str) -> Markup:
    """The totals on one axis, with the middle half of them."""
    dots = [
        Dot(
            standing.total["score"],
            f"{forms.name(standing.unit)}: {forms.plain(standing.total, 'score')}",
            standing.is_root,
        )
        for standing in window.league.scored
    ]
    low, high, steps = round_ends([dot.value for dot in dots])
    middle = window.total.peers.median or 0.0
    said = forms.words("spread.median", score=forms.score(Decimal(str(middle))))
    axis = Axis(
        low, high, tuple((value, forms.tick(value)) for value in steps), (middle, str(said)),
        window.total.peers.quarters,
    )  # fmt: skip
    names = (province_finding(window, forms), forms.words("provinces.how"), identifier)
    return dot_plot(dots, axis, names)


def province_finding(window: ProvinceWindow, forms: Forms) -> Markup:
    """Between which totals the provinces lie, the middle, and where half of them are."""
    points = window.total.points
    shown = {name: forms.score(p) if p is not None else "–" for name, p in points.items()}
    return forms.words("provinces.finding", count=forms.count(len(window.total.rows)), **shown)
