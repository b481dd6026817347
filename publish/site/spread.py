"""The spread of a league: a dot for each unit, and the one in the middle.

Belongs here: choosing dots, the axis and the finding. Does not: geometry (``charts``).
"""

from markupsafe import Markup

from publish.site.charts.dots import Axis, Dot, dot_plot
from publish.site.forms import Forms
from publish.site.leagues import League
from publish.vietnamese import number_text

FEWEST = 5
"""Below so many units a spread shows nothing that the table does not show better."""


def has_spread(league: League) -> bool:
    """Whether a drawing of the league tells anything."""
    return len({standing.total["score"] for standing in league.scored}) >= FEWEST


def spread_chart(league: League, forms: Forms, identifier: str) -> Markup:
    """The totals of a league on one axis."""
    middle = league.median or 0.0
    dots = [
        Dot(
            standing.total["score"],
            f"{forms.name(standing.unit)}: {forms.plain(standing.total, 'score')}",
            standing.is_root,
        )
        for standing in league.scored
    ]
    low, high = _ends([dot.value for dot in dots])
    ticks = tuple((value, _round(value, forms)) for value in (low, (low + high) / 2, high))
    said = forms.words("spread.median", score=number_text(middle, 2, forms.language))
    names = (spread_finding(league, forms), forms.words("spread.how"), identifier)
    return dot_plot(dots, Axis(low, high, ticks, (middle, str(said))), names)


def spread_finding(league: League, forms: Forms) -> Markup:
    """Between which totals the units lie, and how far the publishing one is from the middle."""
    scores = sorted(standing.total["score"] for standing in league.scored)
    return forms.words(
        "spread.finding",
        count=forms.count(len(scores)),
        lowest=number_text(scores[0], 2, forms.language),
        highest=number_text(scores[-1], 2, forms.language),
    )


def _ends(values: list[float]) -> tuple[float, float]:
    """Round numbers on both sides of all totals."""
    low, high = min(values) // 10 * 10, -(-max(values) // 10) * 10
    return (low, high) if high > low else (low, low + 10)


def _round(value: float, forms: Forms) -> str:
    return number_text(value, 0 if value == int(value) else 1, forms.language)
