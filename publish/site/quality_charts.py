"""The chart of the quality page: the share of dossier rows that were set aside, month by month.

Belongs here: choosing points, the scale and the finding. Does not: geometry (``charts``).
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from markupsafe import Markup

from cchc_pipeline.decision766 import round_score
from publish.site.charts.trend import Point, Scale, trend_chart
from publish.site.extract import Row
from publish.site.forms import Forms
from publish.site.quality import QualityFacts

_STEPS = (1, 2, 5)


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
