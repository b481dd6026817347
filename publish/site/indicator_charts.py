"""The charts of indicators: the series of a metric, its spread, the course of a target.

Belongs here: choosing points, scales and findings. Does not: geometry (``charts``).
"""

from collections.abc import Iterable, Sequence
from statistics import median

from markupsafe import Markup

from cchc_pipeline.period import Month
from publish.site.charts.dots import Axis, Dot, dot_plot
from publish.site.charts.trend import Point, Scale, trend_chart
from publish.site.forms import Forms
from publish.site.metric import MetricFacts, Place
from publish.site.naming import Row, is_comparable
from publish.site.spread import FEWEST
from publish.site.target import TargetFacts
from publish.vietnamese import number_text


def series_chart(facts: MetricFacts, forms: Forms) -> Markup:
    """The score of the publishing unit over the months, against the maximum."""
    rows = [row for row in facts.rows if row["score"] is not None]
    if not rows:
        return Markup("")
    top = rows[0]["max_score"] or 100.0
    scale = Scale(0.0, top, tuple((value, _short(value, forms)) for value in (0.0, top / 2, top)))
    names = (series_finding(facts, forms), forms.words("indicator.how"), "chart-series")
    last = forms.plain(rows[0], "score")
    return trend_chart(list(_points(facts.series, "score", forms)), scale, names, last)


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
) -> Iterable[Point]:
    before: Row | None = None
    for month, row in series:
        label = f"{month.month}/{month.year % 100:02d}"
        if row is None or row[column] is None:
            yield Point(label, None, "")
            continue
        shown = number_text(row[column], 2, forms.language)
        said = forms.words("indicator.point", month=forms.month(month), value=shown)
        is_score = "methodology" in row
        broken = is_score and before is not None and not is_comparable(before, row)
        yield Point(label, row[column], said, row["obs_status"] == "P", broken)
        before = row


def _short(value: float, forms: Forms) -> str:
    return number_text(value, 0 if value == int(value) else 1, forms.language)


def has_places(places: Sequence[Place]) -> bool:
    """Whether a drawing of the units tells anything."""
    return len({place.row["score"] for place in places}) >= FEWEST


def places_chart(places: Sequence[Place], root: str, forms: Forms, identifier: str) -> Markup:
    """The units' scores on one axis."""
    top = max(place.row["max_score"] or place.row["score"] for place in places)
    dots = [
        Dot(
            place.row["score"],
            f"{forms.name(place.unit)}: {forms.plain(place.row, 'score')}",
            place.unit["unit_code"] == root,
        )
        for place in places
    ]
    middle = median(dot.value for dot in dots)
    said = forms.words("spread.median", score=number_text(middle, 2, forms.language))
    ticks = tuple((value, _short(value, forms)) for value in (0.0, top / 2, top))
    names = (places_finding(places, forms), forms.words("spread.how"), identifier)
    return dot_plot(dots, Axis(0.0, top, ticks, (middle, str(said))), names)


def places_finding(places: Sequence[Place], forms: Forms) -> Markup:
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
    top = 100.0 if facts.indicator["unit"] == "percent" else max([*values, wanted, 1.0]) * 1.1
    said = forms.words("indicator.target_line", target=forms.points(wanted))
    ticks = tuple((value, _short(value, forms)) for value in (0.0, top / 2, round(top, 1)))
    scale = Scale(0.0, max(top, *values), ticks, (wanted, str(said)))
    names = (target_finding(facts, forms), forms.words("indicator.how"), "chart-target")
    return trend_chart(list(_points(series, "value", forms)), scale, names)


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
