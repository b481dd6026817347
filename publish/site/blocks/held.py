"""The share of dossier rows that was set aside, month by month.

Belongs here: points, scale and finding of this chart. Does not: geometry (``charts``), the choice
of months (``pages.quality``), words, HTML.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from markupsafe import Markup

from cchc_pipeline.core.period import Month
from cchc_pipeline.methodology import round_score
from publish.site.charts.trend import Point, Scale, trend_chart
from publish.site.extract import Row
from publish.site.forms import Forms

_STEPS = (1, 2, 5)
Dossiers = Sequence[tuple[Month, Row]]
"""Months with the account of their dossiers as a whole, oldest first."""


def held_chart(dossiers: Dossiers, forms: Forms) -> Markup:
    """The course of the share that was set aside; nothing where there are no dossiers."""
    if not dossiers:
        return Markup("")
    names = (held_finding(dossiers, forms), forms.words("quality.held_how"), "chart-held")
    shares = [_share(row) for _, row in dossiers]
    return trend_chart(
        list(_points(dossiers, forms)), _scale(shares, forms), names, _said(shares[-1], forms)
    )


def held_finding(dossiers: Dossiers, forms: Forms) -> Markup:
    """The share of the newest month that has dossiers."""
    if not dossiers:
        return forms.words("quality.held_plain")
    month, row = dossiers[-1]
    share = _said(_share(row), forms)
    return forms.words("quality.held_finding", month=forms.month(month), share=share)


def _points(dossiers: Dossiers, forms: Forms) -> Iterator[Point]:
    """Every month of the calendar between the first and the last: one without data is a gap."""
    rows = dict(dossiers)
    for month in dossiers[0][0].to(dossiers[-1][0]):
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
