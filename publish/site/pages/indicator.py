"""What the page of a metric, a group or a target shows, and its charts.

Belongs here: a metric's series for the publishing unit and its newest month by unit; a target's
series in both bases and the units that have figures of their own; points, scales and findings of
the charts. Does not: which indicators have a page (``indicators``), geometry (``charts``), words,
HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from cchc_pipeline.core.period import Basis, Month
from cchc_pipeline.indicators.comparability import is_comparable
from cchc_pipeline.methodology import Group, MergedGroup, Methodology, Metric, load_methodology
from publish.site.blocks.peers import FEWEST, middle_of
from publish.site.charts.dots import Axis, Dot, dot_plot
from publish.site.charts.frame import round_ends
from publish.site.charts.trend import Point, in_time, month_label, trend_chart
from publish.site.extract import Extract
from publish.site.forms import LEVELS, Forms, Names, Row, names_of
from publish.site.pages.unit import change_scale
from publish.site.words import collation_key, number_text

SERIES = 24
"""Months of the drawn series."""


@dataclass(frozen=True)
class UnitScore:
    """A unit with its score."""

    unit: Row
    row: Row


@dataclass(frozen=True)
class MetricFacts:
    """Everything that the page of a metric says.

    ``definition`` is the metric or group in the newest methodology, or None for the total.
    """

    code: str
    name: Row
    names: Names
    methodology: Methodology
    basis: Basis
    series: tuple[tuple[Month, Row | None], ...]
    places: tuple[tuple[str, tuple[UnitScore, ...]], ...]
    targets: tuple[Row, ...]
    newest: Month

    @property
    def metric(self) -> Metric | None:
        """The metric, if it is one."""
        return self.methodology.metric(self.code) if self.methodology.is_metric(self.code) else None

    @property
    def group(self) -> Group | MergedGroup | None:
        """The group, if it is one."""
        return self.methodology.group(self.code) if self.methodology.is_group(self.code) else None

    @property
    def parts(self) -> tuple[Metric, ...]:
        """The metrics of a group."""
        return self.methodology.metrics_of(self.code) if self.group else ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The months that have a row, the newest first."""
        return tuple(row for _, row in reversed(self.series) if row is not None)

    @property
    def breaks(self) -> tuple[Row, ...]:
        """The rows that were measured otherwise than the one before."""
        given = [row for _, row in self.series if row is not None and row["score"] is not None]
        return tuple(after for before, after in pairwise(given) if not is_comparable(before, after))


def metric_facts(extract: Extract) -> MetricFacts:
    """Choose and order what the page of a metric shows."""
    code = extract.more["metric"]
    months = [Month.parse(text) for text in extract.more["months"]]
    names = names_of(extract, months[-1])
    own = extract.rows("series")
    basis = _best_basis(own)
    by_month = {row["period"]: row for row in own if row["basis"] == basis.value}
    return MetricFacts(
        code=code,
        name=names.metric(code),
        names=names,
        methodology=load_methodology(extract.more["methodology"]),
        basis=basis,
        series=_from_first([(month, by_month.get(str(month))) for month in months[-SERIES:]]),
        places=tuple(_places(extract.rows("newest"), basis, names)),
        targets=tuple(row for row in extract.rows("indicators") if row["related_metric"] == code),
        newest=months[-1],
    )


def _best_basis(rows: Iterable[Row]) -> Basis:
    given = [row for row in rows if row["score"] is not None or row["ratio"] is not None]
    last = max((row["period"] for row in given), default="")
    held = {row["basis"] for row in given if row["period"] == last}
    return next((basis for basis in Basis if basis.value in held), Basis.MONTH)


def _from_first(
    series: Sequence[tuple[Month, Row | None]],
) -> tuple[tuple[Month, Row | None], ...]:
    given = [place for place, (_, row) in enumerate(series) if row is not None]
    return tuple(series[given[0] :]) if given else ()


def _places(
    rows: Iterable[Row], basis: Basis, names: Names
) -> Iterable[tuple[str, tuple[UnitScore, ...]]]:
    """Units with a score by league, the best first."""
    by_level: dict[str, list[UnitScore]] = {}
    for row in rows:
        if row["basis"] == basis.value and row["score"] is not None:
            unit = names.unit(row["unit_code"])
            by_level.setdefault(names.league(row["unit_code"]), []).append(UnitScore(unit, row))
    for level in LEVELS:
        found = by_level.get(level, [])
        found.sort(key=lambda place: (-place.row["score"], collation_key(place.unit["name_vi"])))
        if found:
            yield level, tuple(found)


def newest_methodology(scores: Iterable[Mapping[str, str | None]], default: str) -> str:
    """The methodology of the newest score; ``default`` where there is none."""
    given = [(row["period"] or "", row["methodology"]) for row in scores if row["methodology"]]
    return str(max(given, default=("", default))[1])


@dataclass(frozen=True)
class TargetFacts:
    """Everything that the page of a target says.

    ``series`` holds each month's rows of the publishing unit by basis, oldest first.
    """

    indicator: Row
    names: Names
    series: tuple[tuple[Month, Mapping[str, Row]], ...]
    units: tuple[tuple[Row, Row], ...]
    newest: Month

    @property
    def id(self) -> str:
        """The target's published id."""
        return str(self.indicator["indicator_id"])

    @property
    def year(self) -> int:
        """The year of its plan."""
        return int(self.indicator["year"])

    @property
    def basis(self) -> str:
        """The basis that is drawn: the year to date if it has any value."""
        ytd = any("ytd" in rows and rows["ytd"]["value"] is not None for _, rows in self.series)
        return "ytd" if ytd else "month"

    @property
    def drawn(self) -> list[Row]:
        """The rows that are drawn, if any has a value."""
        rows = (rows.get(self.basis) for _, rows in self.series)
        return [row for row in rows if row is not None and row["value"] is not None]


def target_facts(extract: Extract) -> TargetFacts:
    """Choose and order what the page of a target shows."""
    (indicator,) = extract.rows("indicators")
    months = [Month.parse(text) for text in extract.more["months"]]
    root = extract.identity.root_unit
    names = names_of(extract, months[-1])
    by_month: dict[str, dict[str, Row]] = {}
    units: list[tuple[Row, Row]] = []
    for row in extract.rows("plan_indicators"):
        if row["unit_code"] == root:
            by_month.setdefault(row["period"], {})[row["basis"]] = row
        elif row["period"] == str(months[-1]) and row["basis"] == "ytd":
            units.append((names.unit(row["unit_code"]), row))
    units.sort(key=lambda pair: collation_key(pair[0]["name_vi"]))
    return TargetFacts(
        indicator,
        names,
        tuple((month, by_month.get(str(month), {})) for month in months),
        tuple(pair for pair in units if pair[1]["value"] is not None),
        months[-1],
    )


def series_chart(facts: MetricFacts, forms: Forms) -> Markup:
    """The score of the publishing unit over the months, against the maximum."""
    rows = [row for row in facts.rows if row["score"] is not None]
    if not rows:
        return Markup("")
    top = rows[0]["max_score"] or 100.0
    scale = change_scale([row["score"] for row in rows], forms, high=top)
    names = (series_finding(facts, forms), forms.words("indicator.how"), "chart-series")
    last = forms.plain(rows[0], "score")
    return trend_chart(in_time(list(_points(facts.series, "score", forms))), scale, names, last)


def series_finding(facts: MetricFacts, forms: Forms) -> Markup:
    """The newest score against its maximum."""
    row = next((row for row in facts.rows if row["score"] is not None), None)
    if row is None or row["max_score"] is None:
        return forms.words("indicator.plain")
    return forms.words(
        "indicator.finding",
        window=forms.window_of(row["period"], row["basis"]),
        score=forms.plain(row, "score"),
        maximum=forms.plain(row, "max_score"),
    )


def _points(
    series: Iterable[tuple[Month, Row | None]], column: str, forms: Forms
) -> Iterable[tuple[Month, Point]]:
    before: Row | None = None
    for month, row in series:
        label = month_label(month)
        if row is None or row[column] is None:
            yield month, Point(label, None, "")
            continue
        shown = number_text(row[column], 2, forms.language)
        said = forms.words("indicator.point", month=forms.month(month), value=shown)
        is_score = "methodology" in row
        broken = is_score and before is not None and not is_comparable(before, row)
        yield month, Point(label, row[column], said, row["obs_status"] == "P", broken)
        before = row


def has_places(places: Sequence[UnitScore]) -> bool:
    """Whether a drawing of the units tells anything."""
    return len({place.row["score"] for place in places}) >= FEWEST


def places_chart(places: Sequence[UnitScore], root: str, forms: Forms, identifier: str) -> Markup:
    """The units' scores on one axis."""
    top = max(place.row["max_score"] or place.row["score"] for place in places)
    low, high, steps = round_ends([place.row["score"] for place in places], 0.0, top)
    dots = [
        Dot(
            place.row["score"],
            f"{forms.name(place.unit)}: {forms.plain(place.row, 'score')}",
            place.unit["unit_code"] == root,
        )
        for place in places
    ]
    middle = middle_of(dot.value for dot in dots)
    said = forms.words("spread.median", score=number_text(middle, 2, forms.language))
    ticks = tuple((value, forms.tick(value)) for value in steps)
    names = (places_finding(places, forms), forms.words("spread.how"), identifier)
    return dot_plot(dots, Axis(low, high, ticks, (middle, str(said))), names)


def places_finding(places: Sequence[UnitScore], forms: Forms) -> Markup:
    """Between which scores the units lie."""
    scores = sorted(place.row["score"] for place in places)
    return forms.words(
        "spread.finding",
        count=forms.count(len(scores)),
        lowest=number_text(scores[0], 2, forms.language),
        highest=number_text(scores[-1], 2, forms.language),
    )


def target_chart(facts: TargetFacts, forms: Forms) -> Markup:
    """The value of a target over the months, with the line that it must reach."""
    series = [(month, rows.get(facts.basis)) for month, rows in facts.series]
    values = [row["value"] for _, row in series if row is not None and row["value"] is not None]
    wanted = facts.indicator["target"]
    top = max(100.0, *values) if facts.indicator["unit"] == "percent" else None
    said = forms.words("indicator.target_line", target=forms.points(wanted))
    scale = change_scale([*values, wanted], forms, high=top, target=(wanted, str(said)))
    names = (target_finding(facts, forms), forms.words("indicator.how"), "chart-target")
    return trend_chart(in_time(list(_points(series, "value", forms))), scale, names)


def target_finding(facts: TargetFacts, forms: Forms) -> Markup:
    """Whether the target is attained in the newest month that has a value."""
    series = [rows.get(facts.basis) for _, rows in facts.series]
    given = [row for row in series if row is not None and row["value"] is not None]
    if not given or given[-1]["attained"] is None:
        return forms.words("indicator.target_plain")
    row = given[-1]
    return forms.words(
        "indicator.target_attained" if row["attained"] else "indicator.target_behind",
        month=forms.period(row["period"]),
        value=forms.number(row["value"], "plan_indicators", "value"),
        target=forms.points(facts.indicator["target"]),
    )
